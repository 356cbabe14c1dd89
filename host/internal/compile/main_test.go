package compile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 2 * time.Minute

// roleVariable makes a copy of this test binary play a role in one of its tests.
const roleVariable = "WASGI_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "does not call Main" {
		Main()
	}
	os.Exit(m.Run())
}

// play runs the test of that name in a process of its own, in a role, with further variables.
func play(t *testing.T, role string, env ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(append(os.Environ(), roleVariable+"="+role), env...)
	return cmd
}

func mustRun(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// record is a log that a test may read while others write it.
type record struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

// newCompiler starts a compiler for one test, and returns what it logs.
func newCompiler(t testing.TB, options Options) (*Compiler, *record) {
	t.Helper()
	log := &record{}
	options.Log = slog.New(slog.NewTextHandler(log, nil))
	c := New(t.Context(), options)
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c, log
}

// load loads a good module, and shows that it runs: "application" of the guest "page" grows its memory.
func load(t testing.TB, c *Compiler, data []byte) *Code {
	t.Helper()
	module, err := c.Load(t.Context(), data, Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	runs(t, c, module.Module)
	return module
}

func runs(t testing.TB, c *Compiler, module wazero.CompiledModule) {
	t.Helper()
	instance, err := c.Runtime().InstantiateModule(t.Context(), module, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Error(err)
		return
	}
	defer instance.Close(t.Context())
	if results, err := instance.ExportedFunction("application").Call(t.Context(), 3, 0); err != nil || results[0] != 1 {
		t.Errorf("it answers %v, %v", results, err)
	}
}

func closeModule(t testing.TB, module *Code) {
	t.Helper()
	if err := module.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// page is a module without imports. Each n gives another one that does the same.
func page(t testing.TB, n byte) []byte {
	custom := []byte{0, 3, 1, 'n', n} // a custom section
	return append(bytes.Clone(guesttest.Wasm(t, "page")), custom...)
}

// quiet fails the test if anything was logged.
func quiet(t testing.TB, log *record) {
	t.Helper()
	if log.String() != "" {
		t.Errorf("it logs %s", log)
	}
}

// warnedOnce fails the test unless there is one warning, with that in it.
func warnedOnce(t testing.TB, log *record, part string) {
	t.Helper()
	text := log.String()
	if strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, part) {
		t.Errorf("it logs %q, want one warning with %q", text, part)
	}
}

// kindOf is the kind of an [*Error], "" for others.
func kindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// The helpers that modules are written with.

func leb(n uint64) []byte { return binary.AppendUvarint(nil, n) }

func section(id byte, content ...[]byte) []byte {
	all := bytes.Join(content, nil)
	return bytes.Join([][]byte{{id}, leb(uint64(len(all))), all}, nil)
}

func times(n int, of func(i int) []byte) (all []byte) {
	for i := range n {
		all = append(all, of(i)...)
	}
	return all
}

// functions is a module of n functions with the same locals of type i32 and the same code.
func functions(n int, locals uint64, code ...[]byte) []byte {
	body := bytes.Join([][]byte{{1}, leb(locals), {0x7f}, bytes.Join(code, nil), {0x0b}}, nil)
	return bytes.Join([][]byte{[]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{1, 0x60, 0, 0}),
		section(3, leb(uint64(n)), make([]byte, n)),
		section(10, leb(uint64(n)), times(n, func(int) []byte { return append(leb(uint64(len(body))), body...) })),
	}, nil)
}

// slow compiles for about half a minute on one fast core: 400 loops in one another, each of which changes a local that all the
// others see.
func slow() []byte {
	const n = 400
	local := func(op byte, i int) []byte { return append([]byte{op}, leb(uint64(i))...) }
	return functions(1, n,
		times(n, func(i int) []byte {
			return bytes.Join([][]byte{{0x03, 0x40}, local(0x20, i), {0x41, 1, 0x6a}, local(0x21, i)}, nil)
		}),
		times(n, func(int) []byte { return []byte{0x41, 1, 0x0d, 0, 0x0b} }),
		times(n, func(i int) []byte { return append(local(0x20, i), 0x1a) }))
}
