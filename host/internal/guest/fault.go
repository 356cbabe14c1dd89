package guest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
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
	// KindBudget: the guest used up something else that it is given a measure of. The cause names the key to raise.
	KindBudget FaultKind = "budget"
	// KindBusy: no instance was free in time, or none could be made for want of room.
	KindBusy FaultKind = "busy"
	// KindQuarantined: the app has failed too often of late and was not asked.
	KindQuarantined FaultKind = "quarantined"
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
	// RetryAfter is when another request may fare better; 0 where nobody can say.
	RetryAfter time.Duration
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

// The causes that end an exchange whose guest has used up a budget. Each names the key of the manifest to raise.
var (
	ErrCPU       = errors.New("the app used more processor time than it may; raise cpu in its manifest")
	ErrStack     = errors.New("the app's calls lie deeper than its stack; raise stack in its manifest")
	ErrHostCalls = errors.New("the app called the host more often than it may; raise host_calls in its manifest")
	ErrResponse  = errors.New("the response is longer than it may be; raise max_response in the app's manifest")
)

// The causes for which nobody's app is to blame.
var (
	ErrSlowBody   = errors.New("the request's body did not arrive within timeout")
	ErrMinRate    = errors.New("the client sends or takes less than min_rate")
	ErrQueue      = errors.New("no instance is free and as many requests wait as may; raise queue_length or instances.max")
	ErrHostMemory = errors.New("the memory budget of the server is used up; raise server.memory")
)

// KindOf sorts an error that ended an exchange into a fault's kind. A context that was cancelled without a cause is a client
// that went away: nothing else cancels a request.
func KindOf(err error) FaultKind {
	var fault *Fault
	switch {
	case errors.As(err, &fault):
		return fault.Kind
	case isAny(err, ErrTimeout, ErrMaxDuration, ErrShutdown, ErrEvent):
		return KindDeadline
	case isAny(err, ErrCPU, ErrStack, ErrHostCalls, ErrResponse):
		return KindBudget
	case isAny(err, ErrQueue, ErrHostMemory, ErrRemoved):
		return KindBusy
	case isAny(err, ErrStalled, ErrSlowBody, ErrMinRate, ErrNoEvents, context.Canceled):
		return KindClient
	case errors.Is(err, context.DeadlineExceeded):
		return KindDeadline
	}
	return KindTrap
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
