package compile

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The runtime must never compile when it is asked to open: the fixture would take it half a minute. All else rests on that.
func TestOpenNeverCompiles(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		c, _ := newCompiler(t, Options{Dir: dir})
		begin := time.Now()
		if module, err := c.open(slow()); !errors.Is(err, errMissed) {
			t.Errorf("open() = %v, %v", module, err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	}
}

// Each byte of an entry, changed or missing, is noticed; the load succeeds and the entry is whole again.
func TestCorruptEntries(t *testing.T) {
	t.Parallel()
	c, _ := newCompiler(t, Options{Dir: t.TempDir()})
	data := page(t, 0)
	closeModule(t, load(t, c, data))
	path := filepath.Join(c.store.dir, c.key(data).String())
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(what string, at int, entry []byte) {
		t.Helper()
		if err := os.WriteFile(path, entry, 0o600); err != nil {
			t.Fatal(err)
		}
		if at%41 == 0 { // a whole load takes a process
			closeModule(t, load(t, c, data))
			if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, good) {
				t.Errorf("%s %d: the entry was not replaced: %v", what, at, err)
			}
		} else if module := c.fromStore(c.key(data), data); module != nil {
			t.Errorf("%s %d: accepted", what, at)
		} else if _, err := os.Stat(path); err == nil {
			t.Errorf("%s %d: the entry is still there", what, at)
		}
	}
	for at := range good {
		flipped := bytes.Clone(good)
		flipped[at] ^= 1 << (at % 8)
		refuse("flipped", at, flipped)
		refuse("cut", at, good[:at])
	}
	refuse("with a tail", 0, append(bytes.Clone(good), 0))
}

// An entry that is whole, but not what the runtime looks for, is compiled again by a child: as one from another machine.
func TestForeignEntries(t *testing.T) {
	t.Parallel()
	c, log := newCompiler(t, Options{Dir: t.TempDir()})
	data := page(t, 0)
	closeModule(t, load(t, c, data))
	good, err := c.store.get(c.key(data))
	if err != nil {
		t.Fatal(err)
	}
	_, other := sample()
	for name, a := range map[string]artifact{
		"another name": {name: other.name, code: good.code},
		"no code":      {name: good.name},
		"other code":   {name: good.name, code: []byte("WAZEVO and more")},
	} {
		if err := c.store.put(c.key(data), a); err != nil {
			t.Fatal(err)
		}
		closeModule(t, load(t, c, data))
		if again, err := c.store.get(c.key(data)); err != nil || again.name != good.name || !bytes.Equal(again.code, good.code) {
			t.Errorf("%s: the entry was not replaced: %v", name, err)
		}
	}
	warnedOnce(t, log, "a compiled module that was kept cannot be used, and is compiled again")
}

// A kept module is not compiled again, nor is one whose twin is loaded; another build's is.
func TestKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, _ := newCompiler(t, Options{Dir: dir})
	data := page(t, 0)
	module := load(t, first, data)
	if twin, err := first.open(data); err != nil {
		t.Error(err)
	} else {
		if err := twin.Close(t.Context()); err != nil {
			t.Error(err)
		}
		runs(t, first, module.Module)
	}
	closeModule(t, module)
	if _, err := first.open(data); !errors.Is(err, errMissed) {
		t.Errorf("a closed module is still there: %v", err)
	}
	second, log := newCompiler(t, Options{Dir: dir})
	if second.fromStore(second.key(data), data) == nil {
		t.Error("the next process does not find it")
	}
	other, _ := newCompiler(t, Options{Dir: dir, Build: "other"})
	if other.fromStore(other.key(data), data) != nil {
		t.Error("another build finds it")
	}
	quiet(t, log)
}

// Many goroutines load equal and different modules, while entries are damaged under them.
func TestHammer(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", t.TempDir()} {
		c, _ := newCompiler(t, Options{Dir: dir})
		var workers, vandal sync.WaitGroup
		stop := make(chan struct{})
		if dir != "" {
			vandal.Go(func() { damage(c.store.dir, stop) })
		}
		for worker := range 8 {
			workers.Go(func() {
				for i := range 6 {
					module, err := c.Load(t.Context(), page(t, byte((worker+i)%3)), Bounds{})
					if err != nil {
						t.Error(err)
						return
					}
					runs(t, c, module.Module)
					closeModule(t, module)
				}
			})
		}
		workers.Wait()
		close(stop)
		vandal.Wait()
		if left, _ := os.ReadDir(c.staging.code); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// Modules that were kept are complete when anybody sees them, however many ask for the same one at once: wazero's own issue
// 2547. No instance is made to find out; the lock of each module is what keeps it so.
func TestHammerKept(t *testing.T) {
	t.Parallel()
	c, log := newCompiler(t, Options{Dir: t.TempDir()})
	data := page(t, 0)
	closeModule(t, load(t, c, data))
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 60 {
				module, err := c.Load(t.Context(), data, Bounds{})
				if err != nil {
					t.Error(err)
					return
				}
				runs(t, c, module.Module)
				closeModule(t, module)
			}
		})
	}
	workers.Wait()
	quiet(t, log)
}

// damage flips bytes of entries, cuts them and removes them.
func damage(dir string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(2 * time.Millisecond):
		}
		files, _ := filepath.Glob(filepath.Join(dir, "[0-9a-f]*"))
		for _, path := range files {
			data, err := os.ReadFile(path)
			switch {
			case err != nil || len(data) == 0:
			case rand.IntN(3) == 0:
				_ = os.Remove(path)
			case rand.IntN(2) == 0:
				_ = os.Truncate(path, rand.Int64N(int64(len(data))))
			default:
				data[rand.IntN(len(data))] ^= 1
				_ = os.WriteFile(path, data, 0o600)
			}
		}
	}
}

// Several processes share one store.
func TestProcesses(t *testing.T) {
	if os.Getenv(roleVariable) == "worker" {
		for range 3 {
			c := New(t.Context(), Options{Dir: os.Getenv("DIR"), MaxBytes: 2000, Log: slog.New(slog.DiscardHandler)})
			for i := range 9 {
				closeModule(t, load(t, c, page(t, byte(i%3))))
			}
			if err := c.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
		return
	}
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	for range 3 {
		cmd := play(t, "worker", "DIR="+dir)
		group.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	group.Wait()
	left, err := os.ReadDir(filepath.Join(dir, storeFolder))
	if err != nil || len(left) > 3 {
		t.Errorf("there are %v, %v", left, err)
	}
}

// A closed compiler loads nothing, and leaves only what is kept.
func TestClosed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, _ := newCompiler(t, Options{Dir: dir})
	load(t, c, page(t, 0))
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Load(t.Context(), page(t, 0), Bounds{}); err == nil || err.Error() != "compile: the compiler is closed" {
		t.Errorf("Load() = %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, storeFolder, "*")); len(left) != 1 {
		t.Errorf("there are %s", left)
	}
}
