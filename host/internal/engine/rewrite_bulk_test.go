package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// assemble turns text into a module.
func assemble(t testing.TB, text string) *wasm.Module {
	t.Helper()
	if _, err := exec.LookPath("wat2wasm"); err != nil {
		t.Skip("wat2wasm (package wabt) is not installed")
	}
	from := filepath.Join(t.TempDir(), "module.wat")
	to := strings.TrimSuffix(from, "wat") + "wasm"
	if err := os.WriteFile(from, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if messages, err := exec.Command("wat2wasm", "--debug-names", from, "-o", to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, messages)
	}
	data, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Parse(data, wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bulkSegment is the length of a passive segment, in bytes: more than any chunk that a bulk operation may be cut into.
const bulkSegment = 3<<19 + 5

// bulkModule has a memory of 4 MiB and a function for each bulk operation on it.
func bulkModule(t testing.TB) *wasm.Module {
	random := rand.New(rand.NewPCG(1, 1))
	var content strings.Builder
	for range bulkSegment {
		fmt.Fprintf(&content, `\%02x`, random.IntN(256))
	}
	three := `(param i32 i32 i32) local.get 0 local.get 1 local.get 2 `
	return assemble(t, `(module (memory (export "memory") 64 65)
		(data $long "`+content.String()+`") (data $short "0123456789")
		(func (export "fill") `+three+`memory.fill)
		(func (export "copy") `+three+`memory.copy)
		(func (export "init") `+three+`memory.init $long)
		(func (export "init short") `+three+`memory.init $short)
		(func (export "drop") data.drop $long)
		(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`)
}

// TestRewrittenBulk does random bulk operations both ways. Long ones are cut into chunks, and must still do all or, where a
// range does not fit, nothing; ranges that overlap must be copied from the right end.
func TestRewrittenBulk(t *testing.T) {
	skipUnderRace(t)
	t.Parallel()
	m := bulkModule(t)
	ctx := context.Background()
	sides := map[string]*plainRuntime{
		"rewritten": newPlainRuntime(t, rewritten, wazero.NewRuntimeConfig()),
		"as it is":  newPlainRuntime(t, asItIs, wazero.NewRuntimeConfig()),
	}
	for _, b := range sides {
		if _, err := b.instantiate(ctx, m, wazero.NewModuleConfig()); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(2, 2))
	trapped, done := 0, 0
	do := func(name string, args ...uint64) {
		outcomes, memories := map[string]string{}, map[string][]byte{}
		for side, b := range sides {
			_, outcomes[side] = b.call(ctx, b.instances[0].ExportedFunction(name), args...)
			memories[side], _ = b.instances[0].Memory().Read(0, b.instances[0].Memory().Size())
		}
		if done++; strings.HasPrefix(outcomes["as it is"], traps) {
			trapped++
		}
		if outcomes["rewritten"] != outcomes["as it is"] {
			t.Fatalf("%s%#x: %v", name, args, outcomes)
		}
		if !bytes.Equal(memories["rewritten"], memories["as it is"]) {
			t.Fatalf("%s%#x: the memories differ", name, args)
		}
	}
	bulkEdges(do)
	bulkOperations(random, do)
	do("grow", 1)
	bulkOperations(random, do)
	do("drop")
	bulkEdges(do)
	bulkOperations(random, do)
	t.Logf("%d operations, %d of them trapped", done, trapped)
}

// bulkEdges calls the functions with sizes around the chunks that they are cut into, 256 KiB, with ranges that overlap by as much
// as that or by one byte less or more, and with ranges that just fit or just do not.
func bulkEdges(do func(name string, args ...uint64)) {
	const chunk, memory = 256 << 10, 64 << 16
	for _, size := range []uint64{0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 2*chunk + 1, 3*chunk - 1} {
		do("init", 7, 5, size) // something else everywhere
		for _, away := range []uint64{1, chunk - 1, chunk, chunk + 1} {
			do("copy", 100, 100+away, size)
			do("copy", 100+away, 100, size)
		}
		do("copy", 100, 100, size)
		do("fill", 100, size, size)
		for _, beyond := range []uint64{0, 1} {
			do("fill", memory-size+beyond, 0x55, size)
			do("copy", memory-size+beyond, 0, size)
			do("copy", 0, memory-size+beyond, size)
			do("init", memory-size+beyond, 0, size)
			do("init", 0, bulkSegment-size+beyond, size)
		}
	}
}

// bulkOperations calls the functions with ranges of which one in some does not fit.
func bulkOperations(random *rand.Rand, do func(name string, args ...uint64)) {
	place := func(most int) uint64 {
		edge := []uint64{0, 1, uint64(most), uint64(most) - 1, uint64(most) + 1, 1<<32 - 1, 1 << 31, 1 << 18, 1<<18 + 1, 1 << 20}
		if random.IntN(6) == 0 {
			return edge[random.IntN(len(edge))]
		}
		return random.Uint64N(uint64(most))
	}
	const memory = 64 << 16
	for range 150 {
		size := place(memory) >> random.IntN(8)
		do("fill", place(memory)/2, random.Uint64N(1<<32), size)
		do("copy", place(memory)/2, place(memory)/2, size)
		near := place(memory / 2)
		do("copy", near, near+random.Uint64N(300_000), size) // they overlap
		do("copy", near+random.Uint64N(300_000), near, size)
		do("init", place(memory)/2, place(bulkSegment)>>random.IntN(8), place(bulkSegment)>>random.IntN(8))
		do("init short", place(memory), random.Uint64N(12), random.Uint64N(12))
	}
}
