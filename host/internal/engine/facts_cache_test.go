package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// bareCached compiles a module with a cache folder, in a runtime of its own.
func bareCached(ctx context.Context, dir string, data []byte) error {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return err
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithCompilationCache(cache))
	_, err = runtime.CompileModule(ctx, data)
	return errors.Join(err, cache.Close(ctx))
}

// files lists the files below dir.
func files(dir string) (paths []string, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	return paths, err
}

// one is the only file below dir, and what it holds.
func one(dir string) (path string, data []byte, err error) {
	paths, err := files(dir)
	if err != nil {
		return "", nil, err
	}
	if len(paths) != 1 {
		return "", nil, fmt.Errorf("%d files", len(paths))
	}
	data, err = os.ReadFile(paths[0])
	return paths[0], data, err
}

// count returns where an entry says how many functions it has, in 4 bytes; the offset of the first one follows. It stands behind
// "WAZEVO" and the version with its length.
func count(entry []byte) int { return 6 + 1 + int(entry[6]) }

// An entry of the cache that is cut off fails each later compile of its module, one whose function offsets are wrong is taken for
// good, a wrong count ends the process, where no entry can be written nothing is compiled, and who compiles at once with another gets a
// module that is not whole yet: see https://github.com/wazero/wazero/issues/2547.
func TestFact8_CacheIsTrusted(t *testing.T) {
	data, alone := guesttest.Wasm(t, "hello"), guesttest.Wasm(t, "init_table") // alone imports nothing
	t.Run("bare/cut", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error { return bareSpoiled(ctx, m, t.TempDir(), data) })
		if got.measured["cut"] != 3 || got.measured["offset"] != 0 {
			t.Errorf("cut off, it fails %d of 3 times; with a wrong offset %d times", got.measured["cut"], got.measured["offset"])
		}
	})
	t.Run("bare/count", func(t *testing.T) {
		needsLimit(t)
		got := bare(t, func(ctx context.Context, _ measured) error {
			return spoilAndCompile(ctx, t.TempDir(), data, func(entry []byte) []byte { entry[count(entry)+3] ^= 0xff; return entry })
		})
		if got.died == "" {
			t.Error("a wrong count of functions in an entry leaves the process alive")
		}
	})
	t.Run("bare/no folder", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error { return bareNoFolder(ctx, m, t.TempDir(), data) })
		if got.measured["failed"] != 1 {
			t.Error("a module is compiled although it cannot be kept")
		}
	})
	t.Run("bare/at once", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error { return bareAtOnce(ctx, m, t.TempDir(), alone) })
		if got.died == "" && got.measured["panics"] == 0 {
			t.Errorf("%d times 8 goroutines have taken a module out of the cache at once", got.measured["rounds"])
		}
	})
	t.Run("here/spoiled", func(t *testing.T) { cacheIsDoubted(t, data) })
	t.Run("here/no folder", func(t *testing.T) { cacheIsNotNeeded(t, data) })
	t.Run("here/at once", func(t *testing.T) { atOnce(t, t.TempDir(), data) })
}

// spoilAndCompile fills a new cache folder, spoils the entry, and compiles again.
func spoilAndCompile(ctx context.Context, dir string, data []byte, spoil func([]byte) []byte) error {
	if err := bareCached(ctx, dir, data); err != nil {
		return err
	}
	path, entry, err := one(dir)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path, spoil(entry), 0o600), bareCached(ctx, dir, data))
}

// bareSpoiled counts how often compiling fails, in a folder each, after an entry was cut off and after an offset was changed.
func bareSpoiled(ctx context.Context, m measured, dir string, data []byte) error {
	cut, offset := filepath.Join(dir, "cut"), filepath.Join(dir, "offset")
	if spoilAndCompile(ctx, cut, data, func(entry []byte) []byte { return entry[:len(entry)/2] }) != nil {
		m["cut"]++
	}
	for range 2 { // nothing has mended it
		if bareCached(ctx, cut, data) != nil {
			m["cut"]++
		}
	}
	if spoilAndCompile(ctx, offset, data, func(entry []byte) []byte { entry[count(entry)+4] ^= 0xff; return entry }) != nil {
		m["offset"]++
	}
	return nil
}

// bareNoFolder takes the cache folder away before a module is compiled.
func bareNoFolder(ctx context.Context, m measured, dir string, data []byte) error {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return err
	}
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithCompilationCache(cache))
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if _, err := runtime.CompileModule(ctx, data); err != nil {
		m["failed"] = 1
	}
	return nil
}

// bareAtOnce lets goroutines compile and run a module that is in the cache, until one of them panics.
func bareAtOnce(ctx context.Context, m measured, dir string, data []byte) error {
	if err := bareCached(ctx, dir, data); err != nil {
		return err
	}
	for begin := time.Now(); m["panics"] == 0 && time.Since(begin) < 10*time.Second; m["rounds"]++ {
		cache, err := wazero.NewCompilationCacheWithDir(dir)
		if err != nil {
			return err
		}
		runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().WithCompilationCache(cache))
		var group sync.WaitGroup
		var panics atomic.Int64
		for range 8 {
			group.Go(func() {
				defer func() {
					if recover() != nil {
						panics.Add(1)
					}
				}()
				config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize")
				if i, err := runtime.InstantiateWithConfig(ctx, data, config); err == nil {
					_, _ = answer(ctx, i)
				}
			})
		}
		group.Wait()
		m["panics"] = panics.Load()
		if err := errors.Join(runtime.Close(ctx), cache.Close(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// There is no asking whether the cache has a module: what it does not have is compiled on the spot, in this process, however
// long that takes, and nothing says so.
func TestFact24_CacheMissIsSilent(t *testing.T) {
	slow := guesttest.NestedLoops(100, 100)
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			dir := t.TempDir()
			for _, name := range []string{"miss", "hit"} {
				begin := time.Now()
				if err := bareCached(ctx, dir, slow); err != nil {
					return err
				}
				m[name] = int64(time.Since(begin))
			}
			_, _, err := one(dir)
			return err
		})
		if got.measured["miss"] < 5*got.measured["hit"] {
			t.Errorf("what is not in the cache takes %v, what is takes %v", got.duration("miss"), got.duration("hit"))
		}
	})
	t.Run("here", func(t *testing.T) { missEnds(t, slow) })
}
