package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// bareWASI makes an instance of a module that imports wazero's own WASI.
func bareWASI(ctx context.Context, data []byte, config wazero.ModuleConfig) (api.Module, error) {
	runtime := wazero.NewRuntimeWithConfig(ctx, bareConfig())
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return nil, err
	}
	return runtime.InstantiateWithConfig(ctx, data, config.WithStartFunctions())
}

// answer calls a guest's application, and returns what it does.
func answer(ctx context.Context, i api.Module, params ...uint64) (int64, error) {
	results, err := i.ExportedFunction("application").Call(ctx, append(params, 0, 0)[:2]...)
	if err != nil {
		return 0, err
	}
	return int64(results[0]), nil
}

// answerHere does the same for an instance of this host.
func answerHere(t *testing.T, data []byte, params ...uint64) int64 {
	t.Helper()
	i := instantiateBytes(t, data, 1<<20)
	stack := append(params, 0, 0)[:2]
	if err := i.Call(t.Context(), i.Function("application"), stack); err != nil {
		t.Fatal(err)
	}
	return int64(stack[0])
}

// A guest reads what a link in its directory points to, wherever that is: one that it finds, and one that it makes. And with any
// descriptor that it has opened it can make the host allocate gigabytes, by giving it a large number.
func TestFact9_Descriptors(t *testing.T) {
	escape, renumber := guesttest.Wasm(t, "symlink"), guesttest.Wasm(t, "renumber")
	t.Run("bare/link", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) (err error) {
			found, made := inside(t), inside(t)
			if err := os.Symlink("../secret", filepath.Join(found, "secret")); err != nil {
				return err
			}
			for name, mount := range map[string]wazero.FSConfig{
				"found": wazero.NewFSConfig().WithReadOnlyDirMount(found, "/"),
				"made":  wazero.NewFSConfig().WithDirMount(made, "/"),
			} {
				i, err := bareWASI(ctx, escape, wazero.NewModuleConfig().WithFSConfig(mount))
				if err != nil {
					return err
				}
				if m[name], err = answer(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if want := int64(len("secret")); got.measured["found"] != want || got.measured["made"] != want {
			t.Errorf("a link that is there leads to %d bytes, one that was made to %d", got.measured["found"], got.measured["made"])
		}
	})
	t.Run("bare/number", func(t *testing.T) {
		needsLimit(t)
		got := bare(t, func(ctx context.Context, m measured) error {
			mount := wazero.NewFSConfig().WithReadOnlyDirMount(inside(t), "/")
			i, err := bareWASI(ctx, renumber, wazero.NewModuleConfig().WithFSConfig(mount))
			if err != nil {
				return err
			}
			m["errno"], err = answer(ctx, i, 0)
			return err
		})
		if got.died == "" {
			t.Errorf("fd_renumber answers %d", got.measured["errno"])
		}
	})
	t.Run("here/link", func(t *testing.T) {
		if got := answerHere(t, escape); got >= 0 {
			t.Errorf("path_open and fd_read answer %d", got)
		}
	})
	t.Run("here/number", func(t *testing.T) {
		for descriptor := range uint64(8) {
			if got := answerHere(t, renumber, descriptor); got == 0 {
				t.Errorf("fd_renumber(%d, 2147483632) succeeds", descriptor)
			}
		}
	})
}

// inside returns a new folder that has a file "secret" beside it.
func inside(t *testing.T) string {
	t.Helper()
	outer := t.TempDir()
	dir := filepath.Join(outer, "inside")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(outer, "secret"), []byte("secret"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A guest that sleeps is not woken by its deadline.
func TestFact10_Sleep(t *testing.T) {
	sleep := guesttest.Wasm(t, "sleep_for")
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			i, err := bareWASI(ctx, sleep, wazero.NewModuleConfig().WithSysNanosleep())
			if err != nil {
				return err
			}
			m.note(timed(ctx, soon, func(ctx context.Context) error {
				_, err := answer(ctx, i, 0, uint64(8*soon))
				return err
			}))
			return nil
		})
		if got.duration("took") < 8*soon {
			t.Errorf("a sleep of %v ended after %v", 8*soon, got.duration("took"))
		}
	})
	t.Run("here", func(t *testing.T) {
		const century = 1 << 29 // of 2^32 nanoseconds
		stopped(t, sleep, lateDeadline, 0, uint64(20*time.Second))
		stopped(t, sleep, lateDeadline, century, 0)
	})
}

// A descriptor that one request closed is closed for the next: bringing the memory back does not bring it back.
func TestFact20_ClosedDescriptors(t *testing.T) {
	closes := guesttest.Wasm(t, "fd_close")
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			i, err := bareWASI(ctx, closes, wazero.NewModuleConfig())
			if err != nil {
				return err
			}
			memory := i.Memory()
			view, _ := memory.Read(0, memory.Size())
			image := append([]byte(nil), view...)
			m["first"], err = answer(ctx, i)
			if err != nil {
				return err
			}
			memory.Write(0, image)
			m["second"], err = answer(ctx, i)
			return err
		})
		const badDescriptor = 8
		if got.measured["first"] != 0 || got.measured["second"] != badDescriptor {
			t.Errorf("fd_write answers %d, then %d", got.measured["first"], got.measured["second"])
		}
	})
	t.Run("here", func(t *testing.T) {
		i := instantiateBytes(t, closes, 1<<20)
		i.SetLog(func() *slog.Logger { return slog.New(slog.DiscardHandler) })
		application := i.Function("application")
		for n := range 3 {
			stack := []uint64{0, 0}
			if err := i.Call(t.Context(), application, stack); err != nil || stack[0] != 0 {
				t.Errorf("call %d: fd_write answers %d, %v", n, stack[0], err)
			}
		}
	})
}
