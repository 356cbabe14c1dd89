package engine

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// instanceKey is how host functions find the instance that calls them.
type instanceKey struct{}

// callContext is the one context that the runtime sees of an instance's calls. It leads host functions to the instance, which knows
// the context of the call that runs.
type callContext struct {
	context.Context // the background
	instance        *Instance
}

// Value implements [context.Context].
func (c *callContext) Value(key any) any {
	if key == (instanceKey{}) {
		return c.instance
	}
	return nil // the runtime asks for what nobody sets
}

func instanceOf(ctx context.Context) *Instance {
	return ctx.Value(instanceKey{}).(*Instance)
}

// ended is what a host function panics with to end the guest's call where it stands.
type ended struct{ cause error }

func (e *ended) Error() string { return e.cause.Error() }
func (e *ended) Unwrap() error { return e.cause }

var errFailed = errors.New("the instance has failed before: it can only be closed")

// End ends the guest's call from within a host function: no guest code runs after it. It does not return.
func End(cause error) { panic(&ended{cause}) }

// run is the one way into a guest: it notes the context for host functions, and turns what comes out into a fault. The context that
// enter gets is the runtime's.
func (i *Instance) run(ctx context.Context, enter func(context.Context) error) (err error) {
	switch {
	case i.failed:
		return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindHost, Cause: errFailed}
	case ctx.Err() != nil:
		return asFault(&ended{context.Cause(ctx)})
	}
	i.ctx = ctx
	i.meter.start()
	defer func() {
		i.meter.stop()
		i.ctx, i.failed = nil, true // true for good where recover passes the panic on
		// An end that found the guest between two of its frames passes wazero by.
		if r := recover(); r != nil {
			end, ok := r.(*ended)
			if !ok {
				panic(r)
			}
			err = end
		}
		if i.failed = err != nil; i.failed {
			err = asFault(err)
		}
	}()
	return enter(i.inside)
}

// What wazero puts between the parts of an error's text.
const (
	stackMark     = "\nwasm stack trace:\n\t"
	recoveredMark = " (recovered by wazero)"
	wasmMark      = "wasm error: "
)

// asFault sorts whatever ended a call. Its phase is call.
func asFault(err error) *guest.Fault {
	if fault, ok := errors.AsType[*guest.Fault](err); ok {
		return fault
	}
	text, trace, _ := strings.Cut(err.Error(), stackMark)
	fault := &guest.Fault{Phase: guest.PhaseCall, Stack: frames(trace)}
	if end, ok := errors.AsType[*ended](err); ok {
		fault.Cause = end.cause
		fault.Kind = guest.KindOf(end.cause)
		return fault
	}
	if bug, ok := errors.AsType[runtime.Error](err); ok {
		fault.Kind, fault.Cause = guest.KindHost, fmt.Errorf("a host function panicked: %w", bug)
		return fault
	}
	if text, ok := strings.CutSuffix(text, recoveredMark); ok {
		fault.Kind, fault.Cause = guest.KindHost, errors.New("a host function panicked: "+text)
		return fault
	}
	fault.Kind, fault.Cause = guest.KindTrap, errors.New(strings.TrimPrefix(text, wasmMark))
	return fault
}

// signature is what wazero writes after a function's name: (i32,i32) i64.
var signature = regexp.MustCompile(`\([a-z0-9,]*\)( [a-z0-9]+| \([a-z0-9,]+\))?$`)

// frames splits wazero's stack trace into function names, innermost first.
func frames(trace string) []string {
	trace, _, _ = strings.Cut(trace, "\n\n")
	var out []string
	for line := range strings.SplitSeq(trace, "\n") {
		line = strings.TrimPrefix(signature.ReplaceAllString(strings.TrimSpace(line), ""), ".")
		if line != "" && !strings.HasPrefix(line, wasm.ReservedPrefix) { // those are the checkpoints'
			out = append(out, line)
		}
	}
	return out
}
