package wasgiws_test

import (
	"errors"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgiws"
)

func TestNothingIsReachedOutsideOfACall(t *testing.T) {
	t.Parallel()
	id := wasgiws.ID("x")
	_, text := wasgiws.PublishText("t", "x")
	_, data := wasgiws.PublishBytes("t", nil)
	for _, err := range []error{
		text, data, id.SendText("x"), id.SendBytes(nil), id.Close(1000, ""), id.Subscribe("t"), id.Unsubscribe("t"),
		(&wasgiws.Conn{}).AcceptProtocol("p"),
	} {
		if !errors.Is(err, abi.CodeState) {
			t.Errorf("got %v, want %v", err, abi.CodeState)
		}
	}
}

func TestRefuseWantsAStatusThatRefuses(t *testing.T) {
	t.Parallel()
	if got, want := wasgiws.Refuse(403).Error(), "refused with status 403"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, status := range []int{0, 200, 399, 600} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d is taken", status)
				}
			}()
			_ = wasgiws.Refuse(status)
		}()
	}
}

func TestServeOnce(t *testing.T) {
	t.Parallel()
	wasgiws.Serve(wasgiws.Handler{})
	defer func() {
		if got, want := recover(), "wasgiws: Serve: called twice: a module holds one handler"; got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	wasgiws.Serve(wasgiws.Handler{})
}
