package engine_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// The numbers of the specification.
const (
	badf    = 8
	fault   = 21
	inval   = 28
	nosys   = 52
	notdir  = 54
	notsock = 57
	notsup  = 58
	spipe   = 70
)

const top = 1 << 16 // the end of the caller's memory

// Every function of preview 1 is there, and has the type that compilers import it with: wazero's own list is the witness.
func TestWASIHasEveryFunction(t *testing.T) {
	t.Parallel()
	runtime := bareRuntime(t)
	witness, err := wasi_snapshot_preview1.NewBuilder(runtime).Compile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	linked := newEngine(t, "", slog.New(slog.DiscardHandler)).Linked(engine.WASI)
	for name, f := range witness.ExportedFunctions() {
		want := engine.Signature{Params: f.ParamTypes(), Results: f.ResultTypes()}
		if got, ok := linked[name]; !ok || !got.Equal(want) {
			t.Errorf("%s: linked %t as %s, want %s", name, ok, got, want)
		}
	}
	if len(linked) != 46 || len(witness.ExportedFunctions()) != 46 {
		t.Errorf("%d functions are linked, %d known", len(linked), len(witness.ExportedFunctions()))
	}
}

// What has no effect answers as a system does that has three streams, no file and no socket.
func TestWASIRefusals(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	for name, want := range map[string]uint32{
		"fd_advise": spipe, "fd_allocate": spipe, "fd_close": 0, "fd_datasync": 0, "fd_fdstat_set_rights": nosys,
		"fd_filestat_set_size": inval, "fd_filestat_set_times": notsup, "fd_pread": spipe, "fd_prestat_get": badf,
		"fd_prestat_dir_name": badf, "fd_pwrite": spipe, "fd_readdir": notdir, "fd_renumber": 0, "fd_seek": spipe,
		"fd_sync": 0, "fd_tell": spipe, "path_create_directory": notdir, "path_filestat_get": notdir,
		"path_filestat_set_times": notdir, "path_link": notdir, "path_open": notdir, "path_readlink": notdir,
		"path_remove_directory": notdir, "path_rename": notdir, "path_unlink_file": notdir,
		"sock_accept": notsock, "sock_recv": notsock, "sock_send": notsock, "sock_shutdown": notsock,
	} {
		for _, fd := range []uint64{0, 1, 2, 3, 4, 1<<31 - 16, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			params := make([]uint64, len(c.functions[name].Params))
			params[0] = fd
			if name == "fd_renumber" {
				params[1] = fd
			}
			errno := want
			if fd > 2 {
				errno = badf
			}
			c.expect(errno, name, params...)
		}
	}
	c.expect(notdir, "path_symlink", 0, 0, 1, 0, 0)
	c.expect(badf, "path_symlink", 0, 0, 3, 0, 0)
	c.expect(nosys, "proc_raise", 6)
	c.expect(0, "sched_yield")
	for _, to := range []uint64{3, 1<<31 - 16, 1<<32 - 1} { // a table would have to grow
		c.expect(badf, "fd_renumber", 1, to)
		c.expect(badf, "fd_renumber", to, 1)
	}
	c.expect(notsup, "fd_renumber", 1, 2)
}

// Nothing is kept outside of the guest's memory: what it does to a descriptor is forgotten.
func TestWASIKeepsNoState(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	look := func() []byte {
		for fd := range uint64(3) {
			c.expect(0, "fd_fdstat_get", fd, 1024+100*fd)
			c.expect(0, "fd_filestat_get", fd, 2048+100*fd)
		}
		return bytes.Clone(c.bytes(0, top))
	}
	before := look()
	for fd := range uint64(3) {
		c.expect(0, "fd_fdstat_set_flags", fd, 0b11111)
		c.expect(inval, "fd_fdstat_set_flags", fd, 0b100000)
		c.expect(0, "fd_renumber", fd, fd)
		c.expect(0, "fd_close", fd)
		c.expect(0, "fd_close", fd)
	}
	c.expect(badf, "fd_fdstat_set_flags", 3, 0)
	if !bytes.Equal(look(), before) {
		t.Error("the descriptors are not what they were")
	}
	c.write(1, "still here\n")
	if want := []string{"still here"}; !slices.Equal(c.lines.got, want) {
		t.Errorf("logged %q, want %q", c.lines.got, want)
	}
}

// proc_exit ends the call with its code, and 0 is no better than another.
func TestWASIExit(t *testing.T) {
	t.Parallel()
	module, _ := wasiModule(t)
	for code, text := range map[uint64]string{0: "code 0", 7: "code 7", 1<<32 - 1: "code 4294967295"} {
		i, err := module.Instantiate(t.Context(), config(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		err = i.Call(t.Context(), i.Function("proc_exit"), []uint64{code})
		if guest.KindOf(err) != guest.KindTrap || !strings.HasSuffix(err.Error(), "the guest exited with "+text) {
			t.Errorf("proc_exit(%d): %v", code, err)
		}
	}
}

// A call whose time is over ends in the next function that it calls, be it one that does nothing.
func TestWASIEndsWithTheContext(t *testing.T) {
	t.Parallel()
	module, functions := wasiModule(t)
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		if name == "proc_exit" {
			continue
		}
		i, err := module.Instantiate(t.Context(), config(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		ctx := &lateContext{Context: t.Context()}
		stack := make([]uint64, len(functions[name].Params)+1)
		if err := i.Call(ctx, i.Function(name), stack); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// lateContext is done from the second look on: the first is the engine's, before the call.
type lateContext struct {
	context.Context
	looks int
}

func (c *lateContext) Err() error {
	if c.looks++; c.looks > 1 {
		return context.DeadlineExceeded
	}
	return nil
}
