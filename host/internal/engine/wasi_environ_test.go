package engine_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// list asks for a list as libc does.
func (c *caller) list(name string) []string {
	c.t.Helper()
	c.expect(0, name+"_sizes_get", 8, 12)
	count, size := c.u32(8), c.u32(12)
	c.expect(0, name+"_get", 64, 1024)
	var out []string
	end := uint32(1024)
	for k := range count {
		at := c.u32(64 + 4*k)
		if at != end {
			c.t.Errorf("%s: entry %d begins at %d, want %d", name, k, at, end)
		}
		entry, _, _ := bytes.Cut(c.bytes(at, size), []byte{0})
		out = append(out, string(entry))
		end = at + uint32(len(entry)) + 1
	}
	if end != 1024+size {
		c.t.Errorf("%s: %d bytes, want %d", name, end-1024, size)
	}
	return out
}

// A guest sees its name, what it was granted, and nothing of the host's own environment.
func TestWASIArgumentsAndEnvironment(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{
		"none": nil, "empty value": {"A="}, "some": {"GREETING=hi=there", "B=\xff\xfe", "C=" + strings.Repeat("x", 4000)},
	} {
		c := newCaller(t, engine.Config{Name: name, Env: env})
		if got := c.list("args"); !slices.Equal(got, []string{name}) {
			t.Errorf("%s: the arguments are %q", name, got)
		}
		if got := c.list("environ"); !slices.Equal(got, env) {
			t.Errorf("%s: the environment is %q", name, got)
		}
	}
}

// Lists fit exactly, or are not written at all.
func TestWASIListPointers(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{Name: "app", Env: []string{"A=1", "B=2"}})
	c.expect(0, "args_get", top-4, 0)
	c.expect(0, "args_get", 0, top-4)
	c.expect(0, "environ_get", top-8, 0)
	c.expect(0, "environ_get", 0, top-8)
	before := bytes.Clone(c.bytes(0, top))
	c.expect(fault, "args_get", top-3, 64)
	c.expect(fault, "args_get", 64, top-3)
	c.expect(fault, "environ_get", top-7, 64)
	c.expect(fault, "environ_get", 64, top-7)
	c.expect(fault, "environ_get", 1<<32-4, 64)
	for _, name := range []string{"args_sizes_get", "environ_sizes_get"} {
		c.expect(fault, name, 64, top-3)
		c.expect(fault, name, top-3, 64)
		c.expect(fault, name, 1<<32-1, 64)
	}
	if !bytes.Equal(c.bytes(0, top), before) {
		t.Error("a refused call has written")
	}
}

// Random fills what was asked for and nothing else, and never says the same twice.
func TestWASIRandom(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	c.expect(0, "random_get", 1, top-2)
	first := bytes.Clone(c.bytes(0, top))
	if first[0] != 0 || first[top-1] != 0 {
		t.Error("it wrote beyond what it was given")
	}
	for part := range slices.Chunk(first[1:top-1], 64) {
		if len(part) == 64 && bytes.Equal(part, make([]byte, 64)) {
			t.Fatal("a part was left empty")
		}
	}
	c.expect(0, "random_get", 1, top-2)
	if bytes.Equal(c.bytes(0, top), first) {
		t.Error("it repeats itself")
	}
	c.expect(0, "random_get", top, 0)
	c.expect(fault, "random_get", top+1, 0)
	c.expect(fault, "random_get", 0, top+1)
	c.expect(fault, "random_get", 1<<32-1, 1<<32-1)
}

// However much random was asked for, it ends with the call.
func TestWASIRandomEnds(t *testing.T) {
	t.Parallel()
	module, _ := wasiModule(t)
	i, err := module.Instantiate(t.Context(), config(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, guest.ErrTimeout)
	defer cancel()
	for err == nil {
		err = i.Call(ctx, i.Function("random_get"), []uint64{0, top})
	}
	if guest.KindOf(err) != guest.KindDeadline {
		t.Error(err)
	}
}
