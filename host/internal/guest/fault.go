package guest

import (
	"context"
	"errors"
	"fmt"
)

// Phase says when a fault happened.
type Phase string

const (
	PhaseLoad Phase = "load"
	PhaseInit Phase = "init"
	PhaseCall Phase = "call"
)

// FaultKind says what went wrong, and with it who is to blame and what a client is told.
type FaultKind string

const (
	// KindTrap: the guest trapped or exited.
	KindTrap FaultKind = "trap"
	// KindDeadline: the exchange's time was over.
	KindDeadline FaultKind = "deadline"
	// KindBusy: no instance was free in time.
	KindBusy FaultKind = "busy"
	// KindMemory: the guest asked for more memory than it may have before it could run.
	KindMemory FaultKind = "memory"
	// KindProtocol: the guest broke the contract of its kind.
	KindProtocol FaultKind = "protocol"
	// KindClient: the client went away or broke off its request. Nobody's app is to blame.
	KindClient FaultKind = "client"
	// KindHost: the host failed.
	KindHost FaultKind = "host"
)

// Fault is the one error type for what a guest did or met. App and Generation are filled in by the app that ran it.
type Fault struct {
	App        string
	Generation uint64
	Phase      Phase
	Kind       FaultKind
	Cause      error
	// Stack is the wasm stack as function names, innermost first; empty where there is none.
	Stack []string
}

// Error names app, generation, phase and kind before the cause. The stack is left out: it goes to the log as a field.
func (f *Fault) Error() string {
	if f.App == "" {
		return fmt.Sprintf("%s: %s: %v", f.Phase, f.Kind, f.Cause)
	}
	return fmt.Sprintf("app %q generation %d: %s: %s: %v", f.App, f.Generation, f.Phase, f.Kind, f.Cause)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Cause }

// The causes that the gateway ends an exchange's context with.
var (
	ErrTimeout     = errors.New("no first byte of the response within timeout")
	ErrStalled     = errors.New("no progress within write_timeout")
	ErrMaxDuration = errors.New("response took longer than max_duration")
	ErrShutdown    = errors.New("the server is shutting down")
)

// KindOf sorts an error that ended an exchange into a fault's kind. A context that was cancelled without a cause is a client
// that went away: nothing else cancels a request.
func KindOf(err error) FaultKind {
	var fault *Fault
	switch {
	case errors.As(err, &fault):
		return fault.Kind
	case errors.Is(err, ErrTimeout), errors.Is(err, ErrMaxDuration), errors.Is(err, ErrShutdown):
		return KindDeadline
	case errors.Is(err, ErrStalled), errors.Is(err, context.Canceled):
		return KindClient
	case errors.Is(err, context.DeadlineExceeded):
		return KindDeadline
	}
	return KindTrap
}
