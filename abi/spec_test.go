package abi_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"go/constant"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// specConstants returns the rows of SPEC.md's tables whose first cell is a constant's name: the cells after it.
func specConstants(t *testing.T, known map[string]constant.Value) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	table := false // within a table whose first column is headed "constant"
	for line := range strings.Lines(readFile(t, "SPEC.md")) {
		if !strings.HasPrefix(line, "|") {
			table = false
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[0] == "constant" {
			table = true
			continue
		}
		if !table || strings.HasPrefix(cells[0], "---") {
			continue
		}
		name := strings.Trim(cells[0], "`")
		if _, ok := known[name]; !ok {
			t.Errorf("SPEC.md has the constant %s, abi.go has not", name)
		}
		if rows[name] != nil {
			t.Errorf("SPEC.md has the constant %s twice", name)
		}
		rows[name] = cells[1:]
	}
	return rows
}

func TestSpecAndPackageHaveTheSameConstants(t *testing.T) {
	t.Parallel()
	known := constants(t)
	rows := specConstants(t, known)
	for name, value := range known {
		row, ok := rows[name]
		if !ok {
			t.Errorf("abi.go has the constant %s, SPEC.md has not", name)
			continue
		}
		want := value.ExactString()
		if value.Kind() == constant.String {
			want = constant.StringVal(value)
		}
		if got := strings.Trim(row[0], "`"); got != want {
			t.Errorf("%s is %s in SPEC.md and %s in abi.go", name, got, want)
		}
	}
}

func TestSpecHasTheCodesAsTheyAreReturned(t *testing.T) {
	t.Parallel()
	for name, row := range specConstants(t, constants(t)) {
		if !strings.HasPrefix(name, "Code") {
			continue
		}
		n, err := strconv.Atoi(strings.Trim(row[0], "`"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := []string{fmt.Sprint(abi.Code(n).Errno()), abi.Code(n).Error()}; row[1] != want[0] || row[2] != want[1] {
			t.Errorf("%s: SPEC.md has %q, the package %q", name, row[1:], want)
		}
	}
}

func TestSpecsWorkedExamplesAreWhatIsEncoded(t *testing.T) {
	t.Parallel()
	spec := readFile(t, "SPEC.md")
	examples := map[string][][2]string{
		"environ": {{"REQUEST_METHOD", "GET"}, {"SCRIPT_NAME", "/hello"}, {"PATH_INFO", "/\xe9"}},
		"event": {{"QUERY_STRING", "room=1"}, {"websocket.event", "message"},
			{"websocket.connection", "4Q7WUKX3NBM2PYRA6CDFJHLSTV"}, {"websocket.type", "text"}},
		"headers": {{"Content-Type", "text/html"}, {"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}},
	}
	for name, list := range examples {
		var e wire.Encoder
		for _, p := range list {
			e.Add(p[0], p[1])
		}
		b, err := e.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if dump := "```\n" + hex.Dump(b) + "```\n"; !strings.Contains(spec, dump) {
			t.Errorf("%s: SPEC.md lacks\n%s", name, dump)
		}
		if size := fmt.Sprintf("%d bytes:\n", len(b)); !strings.Contains(spec, size) {
			t.Errorf("%s: SPEC.md does not say %q", name, size)
		}
	}
}

// The offsets beside the first dump must point at what they say.
func TestSpecsOffsetsAreRight(t *testing.T) {
	t.Parallel()
	var e wire.Encoder
	e.Add("REQUEST_METHOD", "GET")
	e.Add("SCRIPT_NAME", "/hello")
	e.Add("PATH_INFO", "/\xe9")
	b, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(readFile(t, "SPEC.md")) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "0x") {
			continue
		}
		rows++
		offset, err := strconv.ParseInt(strings.TrimSpace(cells[1]), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		first, last, short := strings.Cut(strings.Trim(strings.TrimSpace(cells[2]), "`"), " … ")
		want, err := hex.DecodeString(strings.ReplaceAll(first, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(b[offset:], want) {
			t.Errorf("at %#x: % x, SPEC.md says %s", offset, b[offset:int(offset)+len(want)], first)
		}
		if meaning := strings.Trim(strings.TrimSpace(cells[3]), "`"); short {
			if end := b[offset+int64(len(meaning))-1]; !bytes.HasPrefix(b[offset:], []byte(meaning)) || fmt.Sprintf("%02x", end) != last {
				t.Errorf("at %#x: not %s up to the byte %s", offset, meaning, last)
			}
		}
	}
	if rows != 13 {
		t.Errorf("%d offsets, want 13: a count, and four fields of each of three pairs", rows)
	}
}

func TestSpecsGuestIsTheFixture(t *testing.T) {
	t.Parallel()
	_, rest, ok := strings.Cut(readFile(t, "SPEC.md"), "```wat\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("SPEC.md has no block of wat")
	}
	if block != readFile(t, "testdata/minimal.wat") {
		t.Error("the guest in SPEC.md is not testdata/minimal.wat")
	}
	if size := fmt.Sprintf("a module of %d bytes", len(readFile(t, "testdata/minimal.wasm"))); !strings.Contains(readFile(t, "SPEC.md"), size) {
		t.Errorf("SPEC.md does not say %q", size)
	}
}

func TestTheFixtureIsAssembledFromItsText(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("wat2wasm")
	if err != nil {
		t.Skip("wat2wasm (of wabt) is not installed")
	}
	out := filepath.Join(t.TempDir(), "minimal.wasm")
	if message, err := exec.Command(tool, "testdata/minimal.wat", "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, message)
	}
	if readFile(t, out) != readFile(t, "testdata/minimal.wasm") {
		t.Error("testdata/minimal.wasm is stale: run wat2wasm testdata/minimal.wat -o testdata/minimal.wasm")
	}
}
