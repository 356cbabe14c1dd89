package wasm

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// TestHeightsAreExact walks through modules that are known to be valid, and looks at each end that can be reached: as many operands
// must lie there as the block gives. Which operand is a store's address is told by that height.
func TestHeightsAreExact(t *testing.T) {
	t.Parallel()
	var h heights
	for _, path := range validModules(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := Parse(data, DefaultLimits()); err == nil {
			h.module(t, path, m)
		}
	}
	for name, data := range map[string][]byte{
		"a Go program": guesttest.Go(t, filepath.Join("..", "guesttest", "work")),
		"table.size":   []byte(tableSize),
	} {
		m, err := Parse(data, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		h.module(t, name, m)
	}
	t.Logf("%d ends that can be reached", h.ends)
	for n, table := range []*[256]instruction{&plain, &misc, &vector} {
		for number, in := range table {
			isPrefix := n == 0 && (number == prefixMisc || number == prefixVector)
			if in.imm != immInvalid && in.imm != immRefused && !isPrefix && !h.seen[n][number] {
				t.Errorf("no module has instruction %#x of table %d where it can be reached", number, n)
			}
		}
	}
}

// tableSize is a function that drops the size of a table: the suite's modules that ask for it are refused for other reasons.
const tableSize = "\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x04\x04\x01\x70\x00\x01" +
	"\x0a\x08\x01\x06\x00\xfc\x10\x00\x1a\x0b"

// validModules are those of the specification's own test suite, as the runtime's source carries it.
func validModules(t *testing.T) (paths []string) {
	out, _ := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	scripts, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "internal", "integration_test", "spectest", "v*", "testdata", "*.json"))
	if len(scripts) == 0 {
		t.Skip("the source of the runtime, with the specification's test suite, is not at hand")
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		var script struct {
			Commands []struct{ Type, Filename string }
		}
		if err != nil || json.Unmarshal(text, &script) != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, c := range script.Commands {
			if c.Type == "module" {
				paths = append(paths, filepath.Join(filepath.Dir(path), c.Filename))
			}
		}
	}
	return paths
}

// heights checks functions one by one.
type heights struct {
	seen [3][256]bool // instructions that can be reached, by the table that they stand in
	ends int
	dead []bool // by frame: control does not come here
}

func (h *heights) module(t *testing.T, name string, m *Module) {
	w := walker{bounds: unlimited(), m: m}
	for i, code := range m.Code {
		w.reader = &reader{data: m.Data, pos: code.Body, end: code.End}
		w.locals = len(m.Types[m.Functions[i]].Params) + code.Locals
		w.cost.begin(w.locals)
		w.frames = append(w.frames[:0], frame{imm: immBlock, out: len(m.Types[m.Functions[i]].Results), loop: -1})
		h.dead = append(h.dead[:0], false)
		for len(w.frames) > 0 && w.err == nil {
			if at := w.pos; !h.step(&w) {
				t.Errorf("%s: function %d, at %#x: the height is %d", name, i, at, w.cost.height)
				return
			}
		}
		if w.err != nil {
			t.Errorf("%s: %v", name, w.err)
		}
	}
}

// step goes over one instruction, and reports whether the height was right before it.
func (h *heights) step(w *walker) (right bool) {
	op, top, depth := w.data[w.pos], w.frames[len(w.frames)-1], len(w.frames)
	right = true
	if reached := !h.dead[depth-1]; reached {
		h.see(w.data[w.pos:w.end])
		if op == opEnd || op == opElse {
			h.ends++
			right = w.cost.height == top.base+top.out
		}
	}
	w.instruction()
	switch {
	case len(w.frames) > depth:
		h.dead = append(h.dead, h.dead[depth-1])
	case len(w.frames) < depth:
		h.dead = h.dead[:depth-1]
	case op == opElse:
		h.dead[depth-1] = depth > 1 && h.dead[depth-2]
	case op == 0x00 || op == opBranch || op == 0x0e || op == opReturn: // unreachable, br_table
		h.dead[depth-1] = true
	}
	return right
}

func (h *heights) see(code []byte) {
	table, number := 0, uint32(code[0])
	if code[0] == prefixMisc || code[0] == prefixVector {
		table = map[byte]int{prefixMisc: 1, prefixVector: 2}[code[0]]
		number = (&reader{data: code, pos: 1, end: len(code)}).u32()
	}
	h.seen[table][number] = true
}
