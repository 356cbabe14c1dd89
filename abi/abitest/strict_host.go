package abitest

import (
	"context"
	"errors"
	"strings"
	"sync"

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

	// mu is held while a host function runs, and while lost is set.
	mu sync.Mutex
	// lost says that a call could not be ended. Its goroutine still runs, so nothing is closed and nothing more is played; it ends
	// at the next host function that it calls.
	lost bool
}

func newStrictHost(ctx context.Context, options GuestOptions, j *judge) (*strictHost, error) {
	const page = 64 << 10
	config := wazero.NewRuntimeConfigInterpreter().WithCloseOnContextDone(true).
		WithMemoryLimitPages(uint32(min(options.Memory/page, 1<<16)))
	h := &strictHost{options: options, judge: j, runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if err := errors.Join(h.offer(ctx, abi.Module, wasgiFunctions()), h.offer(ctx, abi.WebSocketModule, webSocketFunctions()),
		h.offerRelay(ctx), h.offerWASI(ctx)); err != nil {
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
	return j.count == 0
}

// exportTypes are the types of exported functions.
func exportTypes() map[string]string {
	return map[string]string{
		abi.ExportAllocate: "(i32) -> (i32)", abi.ExportApplication: "(i32, i32) -> (i64)",
		abi.ExportInitialize: "() -> ()", abi.ExportWarmUp: "() -> ()", abi.ExportWebSocketMessage: "(i32, i32) -> (i32)",
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
