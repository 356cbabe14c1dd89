package abitest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
)

// strictHost runs one guest for the judge. It interprets: there is no machine code that could be wrong, compiling takes no time
// to speak of, and code that never ends does not stop the process.
type strictHost struct {
	options GuestOptions
	judge   *judge
	runtime wazero.Runtime
	module  wazero.CompiledModule
	clock   clock
	// current is the instance that host functions speak of.
	current *strictInstance
	// lost says that a call could not be ended. Its goroutine still runs, so nothing is closed and nothing more is played.
	lost bool
}

func newStrictHost(ctx context.Context, options GuestOptions, j *judge) (*strictHost, error) {
	const page = 64 << 10
	config := wazero.NewRuntimeConfigInterpreter().WithCloseOnContextDone(true).
		WithMemoryLimitPages(uint32(min(options.Memory/page, 1<<16)))
	h := &strictHost{options: options, judge: j, runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if err := errors.Join(h.offerWasgi(ctx), h.offerWASI(ctx)); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *strictHost) close() {
	if !h.lost {
		_ = h.runtime.Close(context.Background())
	}
}

// load checks what can be checked without running the module, and reports whether it can be run.
func (h *strictHost) load(ctx context.Context, module []byte) bool {
	j := h.judge
	j.request = "loading"
	j.touch(ruleModule)
	compiled, err := h.runtime.CompileModule(ctx, module)
	if err != nil {
		j.find(ruleModule, "the module is not valid: %v", err)
		return false
	}
	h.module = compiled
	if n := len(compiled.ImportedMemories()); n > 0 {
		j.find(ruleModule, "the memory is imported")
		return false
	}
	h.checkExports()
	h.checkImports()
	return j.count() == 0
}

// exportTypes are the types of exported functions.
func exportTypes() map[string]string {
	return map[string]string{
		abi.ExportAllocate: "(i32) -> (i32)", abi.ExportApplication: "(i32, i32) -> (i64)",
		abi.ExportInitialize: "() -> ()", abi.ExportWarmUp: "() -> ()",
	}
}

func (h *strictHost) checkExports() {
	h.judge.touch(ruleExports)
	if _, ok := h.module.ExportedMemories()[abi.ExportMemory]; !ok {
		h.judge.find(ruleExports, "no memory is exported under the name %s", abi.ExportMemory)
	}
	functions := h.module.ExportedFunctions()
	for name, want := range exportTypes() {
		function, ok := functions[name]
		switch required := name == abi.ExportAllocate || name == abi.ExportApplication; {
		case ok && typeOf(function) != want:
			h.judge.find(ruleExports, "%s has the type %s, and must have %s", name, typeOf(function), want)
		case !ok && required:
			h.judge.find(ruleExports, "no function is exported under the name %s", name)
		}
	}
}

func (h *strictHost) checkImports() {
	h.judge.touch(ruleImports)
	for _, function := range h.module.ImportedFunctions() {
		module, name, _ := function.Import()
		offered := h.offered(module, name)
		switch {
		case offered == nil:
			h.judge.find(ruleImports, "%q.%q is imported, and nobody offers it", module, name)
		case typeOf(offered) != typeOf(function):
			h.judge.find(ruleImports, "%q.%q is imported with the type %s, and has %s", module, name, typeOf(function), typeOf(offered))
		}
	}
}

func (h *strictHost) offered(module, name string) api.FunctionDefinition {
	if offers := h.runtime.Module(module); offers != nil {
		return offers.ExportedFunctionDefinitions()[name]
	}
	return nil
}

func typeOf(f api.FunctionDefinition) string {
	list := func(types []api.ValueType) string {
		var names []string
		for _, t := range types {
			names = append(names, api.ValueTypeName(t))
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return list(f.ParamTypes()) + " -> " + list(f.ResultTypes())
}

// strictInstance is one instance of the guest.
type strictInstance struct {
	*strictHost
	module   api.Module
	environ  buffer
	exchange *exchange // nil outside of application
	// ended is why a host function has ended the call.
	ended error
}

// buffer is memory that the guest gave away.
type buffer struct{ ptr, size uint32 }

// instance makes an instance and has it ready for a request; nil if that fails, which is a finding.
func (h *strictHost) instance(ctx context.Context, warm bool) *strictInstance {
	i := &strictInstance{strictHost: h}
	h.current = i
	h.judge.touch(ruleInit)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithArgs("app").WithRandSource(rand.Reader).
		WithWalltime(h.clock.wall, 1).WithNanotime(h.clock.nano, 1).WithNanosleep(h.clock.sleep)
	err := h.within(ctx, func(ctx context.Context) (err error) {
		i.module, err = h.runtime.InstantiateModule(ctx, h.module, config)
		return err
	})
	if err != nil {
		rule := ruleInit
		if strings.Contains(err.Error(), "not instantiated") || strings.Contains(err.Error(), "import ") {
			rule = ruleImports
		}
		h.judge.find(rule, "an instance cannot be made: %v", i.why(err))
		return nil
	}
	steps := []string{abi.ExportInitialize}
	if warm {
		steps = append(steps, abi.ExportWarmUp)
	}
	for _, name := range steps {
		if i.module.ExportedFunction(name) == nil {
			continue
		}
		if _, err := i.call(ctx, name); err != nil {
			h.judge.find(ruleInit, "%s does not return: %v", name, err)
			return nil
		}
	}
	if !i.allocate(ctx, abi.EnvironBuffer) {
		return nil
	}
	return i
}

func (i *strictInstance) close() {
	if !i.lost && i.module != nil {
		_ = i.module.Close(context.Background())
	}
}

// call calls an export. The error says in words what ended the call.
func (i *strictInstance) call(ctx context.Context, name string, params ...uint64) (uint64, error) {
	i.current, i.ended = i, nil
	var results []uint64
	err := i.within(ctx, func(ctx context.Context) (err error) {
		results, err = i.module.ExportedFunction(name).Call(ctx, params...)
		return err
	})
	if err != nil {
		return 0, i.why(err)
	}
	if len(results) == 0 {
		return 0, nil
	}
	return results[0], nil
}

var (
	errTime  = errors.New("it did not return in time")
	errGrace = errors.New("it did not return in time, and cannot be stopped")
)

// grace is how long a call may take to notice that its time is over.
const grace = 5 * time.Second

// within runs a call of the guest within the timeout. Code without loops does not see that it should end: it is left alone.
func (h *strictHost) within(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, h.options.Timeout, errTime)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call(ctx) }()
	select {
	case err := <-done:
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	case <-ctx.Done():
	}
	select {
	case <-done:
		return context.Cause(ctx)
	case <-time.After(grace):
		h.lost = true
		return errGrace
	}
}

// why prefers what a host function has ended the call for. Of a trap it keeps what the engine says of the guest, and leaves its
// own frames out.
func (i *strictInstance) why(err error) error {
	if i.ended != nil {
		return i.ended
	}
	if errors.Is(err, errTime) || errors.Is(err, errGrace) {
		return err
	}
	text, _, _ := strings.Cut(err.Error(), "\nGo runtime stack trace")
	cause, stack, _ := strings.Cut(strings.TrimPrefix(text, "wasm error: "), "\nwasm stack trace:\n")
	var frames []string
	for line := range strings.Lines(stack) {
		if frame := strings.TrimPrefix(strings.TrimSpace(line), "."); frame != "" && len(frames) < mostFrames {
			frames = append(frames, frame)
		}
	}
	if len(frames) == 0 {
		return errors.New(cause)
	}
	return fmt.Errorf("%s in %s", cause, strings.Join(frames, ", called by "))
}

// mostFrames is how much of a stack is told.
const mostFrames = 5

// allocate asks for a buffer of that size. What is wrong with it is a finding.
func (i *strictInstance) allocate(ctx context.Context, size uint32) bool {
	j := i.judge
	for _, rule := range []string{ruleAllocate, ruleAligned, ruleInside} {
		j.touch(rule)
	}
	result, err := i.call(ctx, abi.ExportAllocate, uint64(size))
	ptr := uint32(result)
	switch {
	case err != nil:
		j.find(ruleAllocate, "allocate(%d) does not return: %v", size, err)
	case ptr == 0:
		j.find(ruleAllocate, "allocate(%d) returned 0", size)
	case ptr%abi.Alignment != 0:
		j.find(ruleAligned, "allocate(%d) returned %d", size, ptr)
	case uint64(ptr)+uint64(size) > uint64(i.module.Memory().Size()):
		j.find(ruleInside, "allocate(%d) returned %d, and the memory has %d bytes", size, ptr, i.module.Memory().Size())
	default:
		i.environ = buffer{ptr, size}
		return true
	}
	return false
}

// place puts an environ where application finds it, and fill, if there is any, all over the buffer before.
func (i *strictInstance) place(ctx context.Context, environ, fill []byte) bool {
	if size := uint32(len(environ)); size > i.environ.size && !i.allocate(ctx, size) {
		return false
	}
	view, ok := i.module.Memory().Read(i.environ.ptr, i.environ.size)
	if !ok {
		panic(fmt.Sprintf("abitest: memory has shrunk to %d bytes", i.module.Memory().Size()))
	}
	if len(fill) > 0 {
		copy(view, bytes.Repeat(fill, len(view)/len(fill)))
	}
	copy(view, environ)
	return true
}
