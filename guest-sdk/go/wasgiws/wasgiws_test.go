package wasgiws_test

import (
	"errors"
	"strconv"
	"strings"
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

func TestRehearse(t *testing.T) {
	t.Parallel()
	var seen []string
	note := func(c *wasgiws.Conn, what string) {
		seen = append(seen, what+" "+c.Get("QUERY_STRING"))
		if err := c.SendText("x"); !errors.Is(err, abi.CodeState) {
			t.Errorf("%s: sending: %v", what, err)
		}
	}
	wasgiws.Rehearse(wasgiws.Handler{
		Open:    func(c *wasgiws.Conn) error { note(c, "open"); return errors.New("swallowed") },
		Message: func(c *wasgiws.Conn, m *wasgiws.Message) { note(c, "message "+m.Text()) },
		Close:   func(c *wasgiws.Conn, code int, _ string) { note(c, "close "+strconv.Itoa(code)) },
	}, "room=1", "hello")
	if got, want := strings.Join(seen, "|"), "open room=1|message hello room=1|close 1000 room=1"; got != want {
		t.Errorf("seen %q, want %q", got, want)
	}
	wasgiws.Rehearse(wasgiws.Handler{}, "", "") // nothing to do
}
