package compile

import (
	"errors"
	"sync"
	"testing"
)

// Equal modules have one code between them, however many load it, and it goes with the last of them.
func TestCodeIsShared(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"kept": t.TempDir(), "not kept": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := newCompiler(t, Options{Dir: dir})
			data := page(t, 0)
			first := load(t, c, data)
			var all sync.WaitGroup
			for range 1000 {
				all.Go(func() {
					if code, err := c.Load(t.Context(), data, Bounds{}); err != nil || code != first {
						t.Errorf("Load() = %p, %v, want %p", code, err, first)
					}
				})
			}
			all.Wait()
			other := load(t, c, page(t, 1))
			if first.Users() != 1001 || other == first || other.Users() != 1 {
				t.Errorf("%d users, and %d of another module", first.Users(), other.Users())
			}
			for range 1000 {
				closeModule(t, first)
			}
			runs(t, c, first.Module)
			closeModule(t, first)
			if _, err := c.open(data); !errors.Is(err, errMissed) {
				t.Errorf("it is still there when all have closed it: %v", err)
			}
			runs(t, c, other.Module)
			closeModule(t, other)
			if len(c.loaded) != 0 {
				t.Errorf("%d modules are left over", len(c.loaded))
			}
			again := load(t, c, data)
			if again == first || again.Bytes < int64(len(data)) {
				t.Errorf("loaded again: %+v", again)
			}
			closeModule(t, again)
		})
	}
}
