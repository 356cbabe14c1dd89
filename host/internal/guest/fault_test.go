package guest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// Whatever ends an exchange has a kind, also when it is wrapped; what nobody knows is the guest's.
func TestKindOf(t *testing.T) {
	t.Parallel()
	for kind, causes := range map[guest.FaultKind][]error{
		guest.KindDeadline: {guest.ErrTimeout, guest.ErrMaxDuration, guest.ErrShutdown, guest.ErrEvent, context.DeadlineExceeded},
		guest.KindBudget:   {guest.ErrCPU, guest.ErrStack, guest.ErrHostCalls, guest.ErrResponse},
		guest.KindBusy:     {guest.ErrQueue, guest.ErrHostMemory, guest.ErrRemoved},
		guest.KindClient:   {guest.ErrStalled, guest.ErrSlowBody, guest.ErrNoEvents, context.Canceled},
		guest.KindMemory:   {&guest.Fault{Kind: guest.KindMemory, Cause: guest.ErrCPU}}, // what has a kind keeps it
		guest.KindTrap:     {errors.New("anything"), nil},
	} {
		for _, cause := range causes {
			if got := guest.KindOf(cause); got != kind {
				t.Errorf("%v: %s, want %s", cause, got, kind)
			}
			if wrapped := fmt.Errorf("wrapped: %w", cause); guest.KindOf(wrapped) != kind {
				t.Errorf("%v, wrapped: %s, want %s", cause, guest.KindOf(wrapped), kind)
			}
		}
	}
}

func TestFaultText(t *testing.T) {
	t.Parallel()
	fault := &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindBudget, Cause: guest.ErrStack}
	const unsigned = "call: budget: the app's calls lie deeper than its stack; raise stack in its manifest"
	if fault.Error() != unsigned || !errors.Is(fault, guest.ErrStack) {
		t.Errorf("%v", fault)
	}
	fault.App, fault.Generation = "api/users", 3
	if want := `app "api/users" generation 3: ` + unsigned; fault.Error() != want {
		t.Errorf("%v, want %s", fault, want)
	}
}
