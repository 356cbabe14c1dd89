package abitest

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
)

// offerWasgi offers wasgi_v1.
func (h *strictHost) offerWasgi(ctx context.Context) error {
	builder := h.runtime.NewHostModuleBuilder(abi.Module)
	for name, f := range map[string]struct {
		params int
		call   func(*strictInstance, api.Memory, []uint64) int32
	}{
		abi.ImportStartResponse: {5, (*strictInstance).startResponse},
		abi.ImportWrite:         {2, (*strictInstance).write},
		abi.ImportInputRead:     {2, (*strictInstance).inputRead},
		abi.ImportErrorsWrite:   {2, (*strictInstance).errorsWrite},
	} {
		builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, module api.Module, stack []uint64) {
			h.hosted(func() { stack[0] = uint64(uint32(f.call(h.current, module.Memory(), stack))) })
		}), i32s(f.params), i32s(1)).Export(name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}

// view returns what a pointer and a length speak of.
func (i *strictInstance) view(memory api.Memory, function string, ptr, length uint64) ([]byte, bool) {
	i.judge.touch(rulePointers)
	view, ok := memory.Read(uint32(ptr), uint32(length))
	if !ok {
		i.judge.find(rulePointers, "%s: the pointer %d and the length %d, and the memory has %d bytes", function, uint32(ptr), uint32(length), memory.Size())
	}
	return view, ok
}

// outside finds calls that come while there is no request.
func (i *strictInstance) outside(function string) bool {
	i.judge.touch(ruleOutside)
	if i.exchange != nil && (!i.exchange.event || function == abi.ImportInputRead) {
		return false
	}
	i.judge.find(ruleOutside, "%s is called while there is no request", function)
	return true
}

func (i *strictInstance) errorsWrite(memory api.Memory, p []uint64) int32 {
	i.judge.touch(ruleErrors)
	text, ok := i.view(memory, abi.ImportErrorsWrite, p[0], p[1])
	if !ok {
		return abi.CodeFault.Errno()
	}
	if len(text) > abi.MaxErrorsWrite {
		i.judge.find(ruleErrors, "errors_write of %d bytes: those after the first %d are lost", len(text), abi.MaxErrorsWrite)
	}
	return 0
}
