package engine_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
)

const page = 64 << 10

// grow calls the guest "page", and returns what memory.grow answered.
func grow(t testing.TB, i *engine.Instance, pages uint32) int64 {
	t.Helper()
	stack := []uint64{uint64(pages), 0}
	if err := i.Call(t.Context(), i.Function("application"), stack); err != nil {
		t.Fatal(err)
	}
	return int64(stack[0])
}

// Growing keeps what is there, adds zeroes, stops at the cap and is refused without harm.
func TestGrow(t *testing.T) {
	t.Parallel()
	i := instantiate(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "page") // capped at 16 pages
	var want []byte
	for step, c := range []struct {
		pages  uint32
		result int64
	}{
		{0, 1}, {1, 1}, {1 << 16, -1}, {1, 2}, {0xffffffff, -1}, {14, -1}, {7, 3}, {6, 10}, {1, -1}, {0, 16},
	} {
		if got := grow(t, i, c.pages); got != c.result {
			t.Errorf("step %d: memory.grow(%d) = %d, want %d", step, c.pages, got, c.result)
		}
		if c.result >= 0 {
			want = append(want, make([]byte, (int(c.result)+int(c.pages))*page-len(want))...)
		}
		if i.Bytes() != int64(len(want)) {
			t.Fatalf("step %d: Bytes() = %d, want %d", step, i.Bytes(), len(want))
		}
		view, ok := i.View(0, uint32(len(want)))
		if !ok || !bytes.Equal(view, want) {
			t.Errorf("step %d: the memory is not what it was, with zeroes after it", step)
		}
		if _, ok := i.View(0, uint32(len(want))+1); ok {
			t.Errorf("step %d: a view reaches into what has not been grown yet", step)
		}
		for at := range view {
			view[at] = byte(at%251 + step)
		}
		copy(want, view)
	}
}

// The first view stays readable, whether or not the memory has moved: nothing is freed under it before Close.
func TestViewSurvivesGrowth(t *testing.T) {
	t.Parallel()
	i := instantiate(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "page")
	view, _ := i.View(0, page)
	view[0], view[page-1] = 'a', 'z'
	grow(t, i, 15)
	if view[0] != 'a' || view[page-1] != 'z' {
		t.Error("the bytes behind an old view are gone")
	}
}

// A closed instance holds no memory, and has none to look at.
func TestCloseFreesMemory(t *testing.T) {
	t.Parallel()
	i := instantiate(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "page")
	i.Close()
	i.Close()
	if _, ok := i.View(0, 1); ok || i.Bytes() != 0 {
		t.Errorf("a closed instance has %d bytes", i.Bytes())
	}
	if _, ok := i.View(0, 0); !ok {
		t.Error("nothing at 0 lies outside of an empty memory")
	}
}

// A cap of exactly the first page is enough for a guest that has one, and for no more.
func TestTightestCap(t *testing.T) {
	t.Parallel()
	module := compile(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "page")
	if err := module.RequireMemory("memory", page); err != nil {
		t.Error(err)
	}
	const want = `memory "memory": starts at 65536 bytes, the app may have 65535; raise memory in its manifest`
	if err := module.RequireMemory("memory", page-1); err == nil || err.Error() != want {
		t.Errorf("RequireMemory() = %v\nwant %s", err, want)
	}
	tight := config()
	tight.Memory = page
	i, err := module.Instantiate(t.Context(), tight, "")
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	if got := grow(t, i, 1); got != -1 {
		t.Errorf("memory.grow(1) = %d under a cap of one page", got)
	}
}
