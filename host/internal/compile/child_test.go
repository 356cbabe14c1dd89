package compile

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Each bound ends the child with an error that names it and says how to raise it, and the parent goes on.
func TestBounds(t *testing.T) {
	t.Parallel()
	c, log := newCompiler(t, Options{})
	for name, test := range map[string]struct {
		data   []byte
		bounds Bounds
		kind   Kind
		text   string
	}{
		"processor time": {slow(), Bounds{CPU: 700 * time.Millisecond, Wall: hang}, KindCPU,
			"compile: took more than 700ms of processor time; raise compile_timeout if the module is to be trusted"},
		"the clock": {slow(), Bounds{CPU: hang, Wall: 700 * time.Millisecond}, KindWall,
			"compile: took more than 700ms on the clock, most of it waiting for a processor; " +
				"try again when the machine is less busy, or raise compile_timeout"},
		"memory, bit by bit": {functions(4000, 50_000), Bounds{Memory: 96 << 20}, KindMemory,
			"compile: took more than 96MiB of memory; raise compile_memory if the module is to be trusted"},
		"memory, at once": {functions(1, 1<<32-1), Bounds{Memory: 1 << 30}, KindMemory,
			"compile: took more than 1GiB of memory; raise compile_memory if the module is to be trusted"},
		"memory for a count alone": {[]byte("\x00asm\x01\x00\x00\x00\x02\x05\xff\xff\xff\xff\x0f"), Bounds{Memory: 1<<30 + 1}, KindMemory,
			"compile: took more than 1073741825 bytes of memory; raise compile_memory if the module is to be trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			_, err := c.Load(t.Context(), test.data, test.bounds)
			if kindOf(err) != test.kind || err.Error() != test.text {
				t.Errorf("Load() = %v\n   want %s", err, test.text)
			}
			if took := time.Since(begin); took > hang/4 {
				t.Errorf("it took %s", took)
			}
			load(t, c, page(t, byte(len(name))))
		})
	}
	t.Cleanup(func() { quiet(t, log) })
}

// What the compiler refuses is reported in its own words.
func TestInvalid(t *testing.T) {
	t.Parallel()
	c, log := newCompiler(t, Options{Dir: t.TempDir()})
	for text, data := range map[string][]byte{
		"compile: invalid magic number": []byte("#!/bin/sh"),
		"compile: invalid function[0]: invalid drop: invalid operation: trying to pop at 0 with limit 0": functions(1, 0, []byte{0x1a}),
	} {
		for range 2 {
			if _, err := c.Load(t.Context(), data, Bounds{}); kindOf(err) != KindInvalid || err.Error() != text {
				t.Errorf("Load() = %v, want %s", err, text)
			}
		}
	}
	quiet(t, log)
}

// A child that is no longer wanted is killed; so is the wait for another's.
func TestCancel(t *testing.T) {
	t.Parallel()
	c, _ := newCompiler(t, Options{Parallel: 1})
	superseded := errors.New("superseded")
	first, cancelFirst := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Load(first, slow(), Bounds{})
		ended <- err
	}()
	pid := childOf(t, c, os.Getpid())
	// One waits for the same module, one for the only place.
	for _, data := range [][]byte{slow(), page(t, 1)} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Millisecond, func() { cancel(superseded) })
		if _, err := c.Load(ctx, data, Bounds{}); !errors.Is(err, superseded) || err.Error() != "compile: superseded" {
			t.Errorf("Load() = %v", err)
		}
	}
	cancelFirst(superseded)
	if err := <-ended; !errors.Is(err, superseded) {
		t.Errorf("Load() = %v", err)
	}
	if isAlive(pid) {
		t.Errorf("the child %d is still there, or was not waited for", pid)
	}
	load(t, c, page(t, 1))
	if left, _ := filepath.Glob(filepath.Join(c.staging.dir, "build-*")); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}

// A child that dies leaves the first line of its last words.
func TestCrash(t *testing.T) {
	t.Parallel()
	c, _ := newCompiler(t, Options{})
	ended := make(chan error, 1)
	go func() {
		_, err := c.Load(t.Context(), slow(), Bounds{})
		ended <- err
	}()
	crash(t, childOf(t, c, os.Getpid()))
	if err := <-ended; kindOf(err) != KindCrash || err.Error() != "compile: the compiler crashed: SIGQUIT: quit" {
		t.Errorf("Load() = %v", err)
	}
}

// A child does not outlive the process that wants its answer, however that one ends.
func TestOrphan(t *testing.T) {
	if os.Getenv(roleVariable) == "parent" {
		c := New(t.Context(), Options{Dir: os.Getenv("DIR"), Log: slog.New(slog.DiscardHandler)})
		_, _ = c.Load(t.Context(), slow(), Bounds{})
		return
	}
	t.Parallel()
	c, _ := newCompiler(t, Options{Dir: t.TempDir()})
	cmd := play(t, "parent", "DIR="+filepath.Dir(c.store.dir))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := childOf(t, c, cmd.Process.Pid)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for deadline := time.Now().Add(hang); isAlive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the child %d goes on", pid)
		}
	}
}

// A program that does not call Main is never started as a child: it compiles in process, and keeps what came out all the same.
func TestWithoutMain(t *testing.T) {
	if os.Getenv(roleVariable) == "" {
		t.Parallel()
		mustRun(t, play(t, "does not call Main", variable+"={}"))
		return
	}
	c, log := newCompiler(t, Options{Dir: t.TempDir()})
	for range 2 {
		closeModule(t, load(t, c, page(t, 0)))
	}
	if _, err := os.Stat(filepath.Join(c.store.dir, c.key(page(t, 0)).String())); err != nil {
		t.Error(err)
	}
	if _, err := c.Load(t.Context(), []byte("\x00asm\x01\x00\x00\x00\x03"), Bounds{}); kindOf(err) != KindInvalid {
		t.Errorf("Load() = %v", err)
	}
	quiet(t, log)
}

// A child looks at its order before anything else.
func TestOrders(t *testing.T) {
	t.Parallel()
	stranger, err := json.Marshal(order{Build: "another one", Bounds: Bounds{}.orDefaults()})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		string(stranger): `{"Kind":"host","Message":"the program's file was replaced since it started; restart it"}` + "\n",
		"not JSON":       "",
	} {
		cmd := exec.CommandContext(t.Context(), program())
		cmd.Env = []string{variable + "=" + text}
		if out, err := cmd.Output(); string(out) != want || (err == nil) != (want != "") {
			t.Errorf("asked for %s it says %q, %v", text, out, err)
		}
	}
}
