package engine

import (
	"context"
	"errors"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// LinkImports makes the functions of capabilities importable, for guests of all kinds that are loaded afterwards. All functions
// of a module are linked at once.
func (e *Engine) LinkImports(ctx context.Context, imports []guest.Import) error {
	modules := map[string][]HostFunction{}
	for _, i := range imports {
		modules[i.Module] = append(modules[i.Module], capability(i))
	}
	var problems []error
	for module, functions := range modules {
		problems = append(problems, e.Link(ctx, module, functions))
	}
	return errors.Join(problems...)
}

func capability(i guest.Import) HostFunction {
	return HostFunction{
		Name:  i.Name,
		Type:  Signature{Params: i.Params, Results: []byte{I32}},
		Waits: i.Waits,
		Call: func(ctx context.Context, instance *Instance, stack []uint64) {
			result, err := guest.Answer(i.Call(ctx, caller{instance}, stack[:len(i.Params)]))
			if err != nil {
				End(err)
			}
			stack[0] = uint64(uint32(result))
		},
	}
}

// Player is an Owner that knows what its instance plays.
type Player interface {
	// Exchange is nil while nothing is played.
	Exchange() guest.Exchange
}

// caller is an instance as capabilities see it.
type caller struct{ *Instance }

// Exchange implements [guest.Caller]. Without an owner the instance is being initialised.
func (c caller) Exchange() guest.Exchange {
	if player, ok := c.Owner.(Player); ok {
		return player.Exchange()
	}
	return nil
}
