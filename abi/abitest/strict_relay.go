package abitest

import (
	"context"
	"errors"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
)

// offerRelay offers wasgi_next_v1 and wasgi_apps_v1 to guests that stand alone, with no app that they may call: what they are told is
// that there is nothing.
func (h *strictHost) offerRelay(ctx context.Context) error {
	return errors.Join(
		h.offerNothing(ctx, abi.NextModule, 5, abi.CodeState),
		h.offerNothing(ctx, abi.AppsModule, 7, abi.CodeForbidden),
	)
}

// offerNothing offers the functions of one of them. call has that many parameters, and answers with a code; there is no handle that the
// others could be called with.
func (h *strictHost) offerNothing(ctx context.Context, module string, params int, answer abi.Code) error {
	builder := h.runtime.NewHostModuleBuilder(module)
	for name, f := range map[string]struct {
		params int
		answer abi.Code
	}{
		abi.ImportCall:     {params, answer},
		abi.ImportReadHead: {3, abi.CodeState},
		abi.ImportReadBody: {3, abi.CodeState},
		abi.ImportClose:    {1, abi.CodeState},
	} {
		builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			stack[0] = uint64(uint32(f.answer.Errno()))
		}), i32s(f.params), i32s(1)).Export(name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}
