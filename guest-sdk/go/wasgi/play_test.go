package wasgi_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

func TestStartResponsePassesHeadersInOrder(t *testing.T) {
	t.Parallel()
	host := &fakeHost{}
	inApp(host, environ(t), func(_ wasgi.Environ, start wasgi.StartResponse) {
		w, err := start("200 OK", []wasgi.Header{{Name: "Set-Cookie", Value: "a=1"}, {Name: "X", Value: ""}, {Name: "Set-Cookie", Value: "b=2"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Error(err)
		}
		if n, err := io.WriteString(w, "block"); n != 5 || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
		if n, err := w.Write(nil); n != 0 || err != nil {
			t.Errorf("empty Write: %d, %v", n, err)
		}
	})
	var got []string
	for _, header := range host.headers {
		got = append(got, string(header.Key)+"="+string(header.Value))
	}
	if want := []string{"Set-Cookie=a=1", "X=", "Set-Cookie=b=2"}; !slices.Equal(got, want) {
		t.Errorf("headers %q, want %q", got, want)
	}
	if want := []string{"start 200 OK", "write ", "write block"}; !slices.Equal(host.calls, want) {
		t.Errorf("calls %q, want %q", host.calls, want)
	}
	if host.log.Len() > 0 {
		t.Errorf("logged %q", host.log.String())
	}
}

func TestStartResponseRefused(t *testing.T) {
	t.Parallel()
	host := &fakeHost{start: []int32{abi.CodeInvalid.Errno()}}
	inApp(host, environ(t), func(_ wasgi.Environ, start wasgi.StartResponse) {
		w, err := start("200 OK", nil)
		if err != abi.CodeInvalid {
			t.Errorf("start: %v, want %v", err, abi.CodeInvalid)
		}
		if n, err := io.WriteString(w, "x"); n != 0 || err != abi.CodeInvalid {
			t.Errorf("Write: %d, %v, want 0, %v", n, err, abi.CodeInvalid)
		}
		if err := w.Flush(); err != abi.CodeInvalid {
			t.Errorf("Flush: %v, want %v", err, abi.CodeInvalid)
		}
	})
	if want := "wasgi: start_response was refused: malformed status or headers\n"; host.log.String() != want {
		t.Errorf("log %q, want %q", host.log.String(), want)
	}
	if want := []string{"start 200 OK"}; !slices.Equal(host.calls, want) {
		t.Errorf("calls %q, want %q", host.calls, want)
	}
}

func TestRefusalMadeGoodIsNotLogged(t *testing.T) {
	t.Parallel()
	host := &fakeHost{start: []int32{abi.CodeForbidden.Errno()}}
	inApp(host, environ(t), func(_ wasgi.Environ, start wasgi.StartResponse) {
		if _, err := start("200 OK", nil); err != abi.CodeForbidden {
			t.Errorf("first: %v, want %v", err, abi.CodeForbidden)
		}
		if _, err := start("500 Oops", nil); err != nil {
			t.Errorf("second: %v", err)
		}
	})
	if host.log.Len() > 0 {
		t.Errorf("logged %q", host.log.String())
	}
}

func TestExcInfo(t *testing.T) {
	t.Parallel()
	host := &fakeHost{}
	inApp(host, environ(t), func(_ wasgi.Environ, start wasgi.StartResponse) {
		start("200 OK", nil)
		start("200 Again", nil, nil)
		start("500 Oops", nil, nil, errors.New("disk on fire"))
	})
	if want := []string{"start 200 OK", "start 200 Again", "start 500 Oops exc_info"}; !slices.Equal(host.calls, want) {
		t.Errorf("calls %q, want %q", host.calls, want)
	}
	if want := "disk on fire\n"; host.log.String() != want {
		t.Errorf("log %q, want %q", host.log.String(), want)
	}
}

// What an app keeps must not reach the request that comes after its own.
func TestEndedCallIsCutOff(t *testing.T) {
	t.Parallel()
	host := &fakeHost{input: strings.NewReader("body of the next")}
	var env wasgi.Environ
	var start wasgi.StartResponse
	var w wasgi.Writer
	inApp(host, environ(t), func(e wasgi.Environ, s wasgi.StartResponse) {
		env, start = e, s
		w, _ = s("200 OK", nil)
	})
	before := len(host.calls)
	if n, err := w.Write([]byte("x")); n != 0 || err != abi.CodeState {
		t.Errorf("Write: %d, %v", n, err)
	}
	if err := w.Flush(); err != abi.CodeState {
		t.Errorf("Flush: %v", err)
	}
	if late, err := start("200 OK", nil); err != abi.CodeState || late.Flush() != abi.CodeState {
		t.Errorf("start: %v", err)
	}
	if n, err := env.Input().Read(make([]byte, 8)); n != 0 || err != abi.CodeState {
		t.Errorf("Input: %d, %v", n, err)
	}
	if n, err := env.Errors().Write([]byte("x")); n != 0 || err != abi.CodeState {
		t.Errorf("Errors: %d, %v", n, err)
	}
	if len(host.calls) != before || host.log.Len() > 0 {
		t.Errorf("the host saw %q, %q", host.calls[before:], host.log.String())
	}
}

// handleOnce, since tests may run several times in a process, which holds one application as a module does.
var handleOnce = sync.OnceFunc(func() {
	wasgi.Handle(func(wasgi.Environ, wasgi.StartResponse) wasgi.Body { return nil })
})

func TestHandleRefusesNilAndASecondApplication(t *testing.T) {
	t.Parallel()
	handleOnce()
	for _, test := range []struct {
		app  wasgi.Application
		want string
	}{
		{nil, "wasgi: Handle: the application is nil"},
		{func(wasgi.Environ, wasgi.StartResponse) wasgi.Body { return nil }, "wasgi: Handle: called twice: a module holds one application"},
	} {
		func() {
			defer func() {
				if got := recover(); got != test.want {
					t.Errorf("panic %v, want %v", got, test.want)
				}
			}()
			wasgi.Handle(test.app)
		}()
	}
}
