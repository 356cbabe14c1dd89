package wasgi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guest/wasgi"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// newKind starts an engine for one test.
func newKind(t testing.TB) *wasgi.Kind {
	t.Helper()
	e, err := engine.New(t.Context(), engine.Options{CacheDir: guesttest.CacheDir(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	kind, err := wasgi.New(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return kind
}

func settings() guest.Settings {
	return guest.Settings{Memory: 1 << 20, Stack: 1 << 20, Tables: 10_000, MinInstances: 1, MaxInstances: 1, Env: []string{"GREETING=hi=there"}}
}

// load loads a guest that is expected to be loadable.
func load(t testing.TB, kind *wasgi.Kind, name string, log *slog.Logger) guest.Program {
	t.Helper()
	file := guest.File{Name: name + ".wasm", Data: guesttest.Wasm(t, name)}
	program, err := kind.Load(t.Context(), file, settings(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return program
}

func newInstance(t testing.TB, kind *wasgi.Kind, name string, log *slog.Logger) guest.Instance {
	t.Helper()
	instance, err := load(t, kind, name, log).New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(instance.Close)
	return instance
}

// recorder is an exchange that keeps what it is told.
type recorder struct {
	log     *slog.Logger
	environ []byte
	input   io.Reader
	status  string
	headers []string
	blocks  []string
	body    string
	ended   bool
	onWrite error
}

func newRecorder(input string) *recorder {
	var e wire.Encoder
	e.Add("REQUEST_METHOD", "GET")
	environ, _ := e.Bytes()
	return &recorder{log: slog.New(slog.DiscardHandler), environ: environ, input: strings.NewReader(input)}
}

func (r *recorder) Environ(extra []wire.Pair) ([]byte, error) {
	pairs, err := wire.Decode(r.environ)
	if err != nil {
		return nil, err
	}
	var e wire.Encoder
	for _, pair := range append(pairs, extra...) {
		e.AddBytes(pair.Key, pair.Value)
	}
	return e.Bytes()
}

func (r *recorder) StartResponse(status []byte, headers []wire.Pair, excInfo bool) error {
	if r.status != "" && !excInfo {
		return abi.CodeState
	}
	r.status, r.headers = string(status), nil
	for _, pair := range headers {
		r.headers = append(r.headers, string(pair.Key)+": "+string(pair.Value))
	}
	return nil
}

func (r *recorder) Write(block []byte) error {
	if r.onWrite != nil {
		return r.onWrite
	}
	r.blocks = append(r.blocks, string(block))
	return nil
}

func (r *recorder) Finish(body []byte) error {
	r.body, r.ended = string(body), true
	return nil
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.input.Read(p)
	if errors.Is(err, io.EOF) {
		return n, nil
	}
	return n, err
}

func (r *recorder) Log() *slog.Logger { return r.log }

func TestServe(t *testing.T) {
	t.Parallel()
	i := newInstance(t, newKind(t), "hello", slog.New(slog.DiscardHandler))
	for range 3 { // the same instance, again and again
		r := newRecorder("")
		if err := i.Serve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if r.status != "200 OK" || !slices.Equal(r.headers, []string{"name: wanghui"}) || r.body != "hello world" || !r.ended {
			t.Fatalf("status %q, headers %q, body %q, ended %t", r.status, r.headers, r.body, r.ended)
		}
	}
	if i.Bytes() != 1<<16 {
		t.Errorf("Bytes() = %d, want one page", i.Bytes())
	}
}

func TestServeStreams(t *testing.T) {
	t.Parallel()
	i := newInstance(t, newKind(t), "echo", slog.New(slog.DiscardHandler))
	sent := strings.Repeat("0123456789abcdef", 4000)
	r := newRecorder(sent)
	if err := i.Serve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.blocks, ""); got != sent {
		t.Errorf("%d bytes came back in %d blocks, want %d", len(got), len(r.blocks), len(sent))
	}
	if len(r.blocks) < 2 {
		t.Errorf("the body came back in %d block", len(r.blocks))
	}
}

// A granted environment reaches a guest by WASI, or in the environ where it has none.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	r := newRecorder("")
	if err := newInstance(t, kind, "environ", slog.New(slog.DiscardHandler)).Serve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	pairs, err := wire.Decode([]byte(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if last := pairs[len(pairs)-1]; string(last.Key) != "wasgi.env.GREETING" || string(last.Value) != "hi=there" {
		t.Errorf("the last variable is %s=%s", last.Key, last.Value)
	}
	r = newRecorder("")
	if err := newInstance(t, kind, "wasi_env", slog.New(slog.DiscardHandler)).Serve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimRight(r.body, "\x00"); got != "GREETING=hi=there" {
		t.Errorf("WASI gives the environment %q", got)
	}
}

// An environ that does not fit the first buffer gets a larger one, and the guest still sees it whole.
func TestLargeEnviron(t *testing.T) {
	t.Parallel()
	i := newInstance(t, newKind(t), "allocate_grow", slog.New(slog.DiscardHandler))
	for _, size := range []int{100, abi.EnvironBuffer, 3 * abi.EnvironBuffer, 100} {
		r := newRecorder("")
		var e wire.Encoder
		e.Add("QUERY_STRING", strings.Repeat("x", size))
		r.environ, _ = e.Bytes()
		if err := i.Serve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		want, _ := r.Environ([]wire.Pair{{Key: []byte("wasgi.env.GREETING"), Value: []byte("hi=there")}})
		if r.body != string(want) {
			t.Errorf("an environ with a value of %d bytes arrived changed", size)
		}
	}
}

// What the host answers to calls that break a rule.
func TestCodes(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for name, want := range map[string]abi.Code{
		"code_pointer":        abi.CodeFault,
		"code_list":           abi.CodeInvalid,
		"code_write_pointer":  abi.CodeFault,
		"code_read_pointer":   abi.CodeFault,
		"code_errors_pointer": abi.CodeFault,
		"code_start_twice":    abi.CodeState,
		"init_early":          abi.CodeState,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecorder("")
			if err := newInstance(t, kind, name, slog.New(slog.DiscardHandler)).Serve(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if got := int32(binary.LittleEndian.Uint32([]byte(r.body))); got != want.Errno() {
				t.Errorf("the guest got %d, want %d (%v)", got, want.Errno(), want)
			}
		})
	}
}

// An error that is no code ends the call where it stands.
func TestExchangeEndsTheCall(t *testing.T) {
	t.Parallel()
	r := newRecorder("")
	r.onWrite = guest.ErrStalled
	err := newInstance(t, newKind(t), "stream", slog.New(slog.DiscardHandler)).Serve(t.Context(), r)
	var fault *guest.Fault
	if !errors.As(err, &fault) || fault.Kind != guest.KindClient || !errors.Is(err, guest.ErrStalled) {
		t.Fatalf("Serve() = %v", err)
	}
	if !slices.Contains(fault.Stack, "application") {
		t.Errorf("the stack is %q", fault.Stack)
	}
	if r.ended {
		t.Error("the exchange was finished all the same")
	}
}

// A code that a guest gets does not end the call: "stream" stops by itself.
func TestGuestHandlesCode(t *testing.T) {
	t.Parallel()
	r := newRecorder("")
	r.onWrite = abi.CodeClosed
	if err := newInstance(t, newKind(t), "stream", slog.New(slog.DiscardHandler)).Serve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for _, c := range []struct {
		name  string
		kind  guest.FaultKind
		text  string
		stack []string
	}{
		{"trap", guest.KindTrap, "call: trap: unreachable", []string{"inner", "outer", "application"}},
		{"exit", guest.KindTrap, "call: trap: the guest exited with code 3", []string{
			"wasi_snapshot_preview1.proc_exit", "application"}},
		{"recurse", guest.KindBudget, "call: budget: the app's calls lie deeper than its stack; raise stack in its manifest",
			append(slices.Repeat([]string{"deeper"}, 28), ".. maybe followed by omitted frames")},
		{"wild_body", guest.KindProtocol, "call: protocol: application returned a body outside its memory: " +
			"pointer 4294967280, length 32, memory 65536 bytes", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := newInstance(t, kind, c.name, slog.New(slog.DiscardHandler)).Serve(t.Context(), newRecorder(""))
			var fault *guest.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("Serve() = %v", err)
			}
			if fault.Kind != c.kind || err.Error() != c.text || fault.Phase != guest.PhaseCall {
				t.Errorf("fault %s: %v", fault.Kind, err)
			}
			if !slices.Equal(fault.Stack, c.stack) {
				t.Errorf("stack %q, want %q", fault.Stack, c.stack)
			}
		})
	}
}

// A context that is done ends a guest that computes, and one that sleeps.
func TestContextEndsTheCall(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for _, name := range []string{"spin", "sleep"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t, kind, name, slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancelCause(t.Context())
			timer := time.AfterFunc(50*time.Millisecond, func() { cancel(guest.ErrTimeout) })
			defer timer.Stop()
			err := i.Serve(ctx, newRecorder(""))
			var fault *guest.Fault
			if !errors.As(err, &fault) || fault.Kind != guest.KindDeadline || !errors.Is(err, guest.ErrTimeout) {
				t.Fatalf("Serve() = %v", err)
			}
			if len(fault.Stack) == 0 || !strings.HasPrefix(fault.Stack[len(fault.Stack)-1], "application") {
				t.Errorf("the stack is %q", fault.Stack)
			}
		})
	}
}

func TestContextDoneBefore(t *testing.T) {
	t.Parallel()
	i := newInstance(t, newKind(t), "hello", slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := i.Serve(ctx, newRecorder(""))
	if guest.KindOf(err) != guest.KindClient {
		t.Errorf("Serve() = %v", err)
	}
}

// Memory stops growing at the app's cap, and the guest may carry on.
func TestMemoryCap(t *testing.T) {
	t.Parallel()
	r := newRecorder("")
	if err := newInstance(t, newKind(t), "grow", slog.New(slog.DiscardHandler)).Serve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if pages := binary.LittleEndian.Uint32([]byte(r.body)); pages != 16 {
		t.Errorf("the guest grew to %d pages, want 16", pages)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for name, want := range map[string]string{
		"load_no_memory":        `memory "memory": not exported; export it under that name`,
		"load_no_allocate":      `function "allocate": not exported; export it as (i32) -> (i32)`,
		"load_no_application":   `function "application": not exported; export it as (i32, i32) -> (i64)`,
		"load_allocate_type":    `function "allocate": has type (i32, i32) -> (i32); must be (i32) -> (i32)`,
		"load_application_type": `function "application": has type (i32) -> (i64); must be (i32, i32) -> (i64)`,
		"load_initialize_type":  `function "_initialize": has type (i32) -> (); must be () -> ()`,
		"load_warm_up_type":     `function "warm_up": has type () -> (i32); must be () -> ()`,
		"load_import_module":    `import "env"."puts": no such host module; this host offers wasgi_v1, wasi_snapshot_preview1`,
		"load_import_function": `import "wasgi_v1"."sendfile": no such function; ` +
			`wasgi_v1 offers errors_write, input_read, start_response, write`,
		"load_import_type": `import "wasgi_v1"."write": has type (i64, i32) -> (i32); must be (i32, i32) -> (i32)`,
		"load_import_memory": `wasm: import section, import 0, offset 0x24: "env"."memory" is a memory: ` +
			`only functions can be imported; define the memory in the module`,
		"load_memory": `memory "memory": starts at 268435456 bytes, the app may have 1048576; raise memory in its manifest`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := guest.File{Name: name + ".wasm", Data: guesttest.Wasm(t, name)}
			_, err := kind.Load(t.Context(), file, settings(), slog.New(slog.DiscardHandler))
			if err == nil || err.Error() != want {
				t.Errorf("Load() = %v\nwant     %s", err, want)
			}
			if err := errors.Join(kind.Examine(file, settings()).Problems...); err == nil || err.Error() != want {
				t.Errorf("Examine() = %v\nwant        %s", err, want)
			}
		})
	}
}

// What Examine says is used is what the guests have that are loaded.
func TestExamineNamesExports(t *testing.T) {
	t.Parallel()
	findings := newKind(t).Examine(guest.File{Name: "hello.wasm", Data: guesttest.Wasm(t, "hello")}, settings())
	if len(findings.Problems) > 0 {
		t.Errorf("problems: %v", findings.Problems)
	}
	var got []string
	for _, use := range findings.Uses {
		got = append(got, strings.TrimSpace(use.Name+" "+use.Type))
	}
	want := []string{"memory", "_initialize () -> ()", "warm_up () -> ()", "allocate (i32) -> (i32)", "application (i32, i32) -> (i64)",
		"websocket_message (i32, i32) -> (i32)"}
	if !slices.Equal(got, want) {
		t.Errorf("uses %q\nwant %q", got, want)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for name, want := range map[string]string{
		"init_trap":          "init: trap: unreachable",
		"init_start":         "init: trap: unreachable",
		"allocate_zero":      "init: protocol: allocate(16384) returned 0: the guest has no memory left",
		"allocate_unaligned": "init: protocol: allocate(16384) returned 32769, which is not divisible by 8",
		"allocate_outside":   "init: protocol: allocate(16384) returned 65528, which lies outside its memory of 65536 bytes",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, kind, name, slog.New(slog.DiscardHandler)).New(t.Context())
			if err == nil || err.Error() != want {
				t.Errorf("New() = %v\nwant    %s", err, want)
			}
		})
	}
}

func TestNewEndsWithContext(t *testing.T) {
	t.Parallel()
	program := load(t, newKind(t), "init_spin", slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, guest.ErrTimeout)
	defer cancel()
	_, err := program.New(ctx)
	var fault *guest.Fault
	if !errors.As(err, &fault) || fault.Kind != guest.KindDeadline || fault.Phase != guest.PhaseInit {
		t.Fatalf("New() = %v", err)
	}
}

// What cannot be allocated during a request is a fault of that request.
func TestEnvironTooLargeForGuest(t *testing.T) {
	t.Parallel()
	i := newInstance(t, newKind(t), "allocate_small", slog.New(slog.DiscardHandler))
	r := newRecorder("")
	var e wire.Encoder
	e.Add("QUERY_STRING", strings.Repeat("x", 40000))
	r.environ, _ = e.Bytes()
	err := i.Serve(t.Context(), r)
	const want = "call: protocol: allocate(40058) returned 0: the guest has no memory left"
	if err == nil || err.Error() != want {
		t.Errorf("Serve() = %v\nwant      %s", err, want)
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for _, c := range []struct {
		data string
		ok   bool
		why  string
	}{
		{"\x00asm\x01\x00\x00\x00", true, "a core WebAssembly module"},
		{"", false, "the file is empty"},
		{"\x7fELF", false, "not WebAssembly: it begins with 7f 45 4c 46, not with 00 61 73 6d"},
		{"\x00a", false, "not WebAssembly: it begins with 00 61, not with 00 61 73 6d"},
		{"\x00asm\x01", false, "the file ends within its first 8 bytes"},
		{"\x00asm\x0d\x00\x01\x00", false,
			"a WebAssembly component; only core modules can be served: build one without the component step"},
		{"\x00asm\x02\x00\x00\x00", false, "WebAssembly of version 02 00 00 00; only version 1 can be served"},
	} {
		ok, why := kind.Detect(guest.File{Data: []byte(c.data)})
		if ok != c.ok || why != c.why {
			t.Errorf("Detect(%q) = %t, %q\nwant %t, %q", c.data, ok, why, c.ok, c.why)
		}
	}
}

// Every truncation of a module is refused with an error.
func TestTruncated(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	whole := guesttest.Wasm(t, "hello")
	for n := range whole {
		file := guest.File{Name: "hello.wasm", Data: whole[:n]}
		if ok, _ := kind.Detect(file); !ok {
			continue
		}
		program, err := kind.Load(t.Context(), file, settings(), slog.New(slog.DiscardHandler))
		if err == nil {
			// Cut between two sections: still a module, and complete but for names.
			if _, err := program.New(t.Context()); err != nil {
				t.Errorf("%d bytes: %v", n, err)
			}
			_ = program.Close()
		}
	}
}

func TestOutputReachesTheLog(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for name, want := range map[string]string{
		"log":    "one errors\ntwo\x1b[31m errors\nthree errors\n",
		"stdout": "to stdout stdout\nto stderr stderr\n",
	} {
		var out bytes.Buffer
		r := newRecorder("")
		r.log = slog.New(lineHandler{&out})
		if err := newInstance(t, kind, name, slog.New(slog.DiscardHandler)).Serve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%s logged %q, want %q", name, out.String(), want)
		}
	}
}

// lineHandler writes message and stream of a record, unescaped.
type lineHandler struct{ w io.Writer }

func (lineHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h lineHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h lineHandler) WithGroup(string) slog.Handler          { return h }
func (h lineHandler) Handle(_ context.Context, record slog.Record) error {
	line := record.Message
	record.Attrs(func(attr slog.Attr) bool {
		line += " " + attr.Value.String()
		return true
	})
	_, err := io.WriteString(h.w, line+"\n")
	return err
}

func TestReset(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for isolation, want := range map[guest.Isolation]bool{
		guest.IsolationInstance: true, guest.IsolationRequest: true, guest.IsolationFresh: false,
	} {
		s := settings()
		s.Isolation = isolation
		file := guest.File{Name: "hello.wasm", Data: guesttest.Wasm(t, "hello")}
		program, err := kind.Load(t.Context(), file, s, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		instance, err := program.New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := instance.Reset(); got != want {
			t.Errorf("isolation %s: Reset() = %t", isolation, got)
		}
		instance.Close()
		_ = program.Close()
	}
}
