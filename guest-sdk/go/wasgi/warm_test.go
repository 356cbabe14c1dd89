package wasgi_test

import (
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// warmed is what the functions have done that warmOnce registers: once a process, as in a module.
var warmed []string

var warmOnce = sync.OnceFunc(func() {
	wasgi.WarmUp(func() { warmed = append(warmed, "first") })
	wasgi.WarmUp(func() { warmed = append(warmed, "second") })
})

func TestWarmUpsRunInOrder(t *testing.T) {
	warmOnce()
	warmed = nil
	wasgi.PlayWarmUp()
	if want := []string{"first", "second"}; !slices.Equal(warmed, want) {
		t.Errorf("%q ran, want %q", warmed, want)
	}
}

func TestWarmUpRefusesNil(t *testing.T) {
	t.Parallel()
	defer func() {
		if got, want := recover(), "wasgi: WarmUp: the function is nil"; got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	wasgi.WarmUp(nil)
}

func TestRehearsalIsARequest(t *testing.T) {
	t.Parallel()
	played := 0
	wasgi.Rehearse(func(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		played++
		for key, want := range map[string]string{
			"REQUEST_METHOD": "GET", "PATH_INFO": "/a b", "QUERY_STRING": "c=d", "HTTP_USER_AGENT": "wasgi-warm-up",
		} {
			if got := env.Get(key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		if body, err := io.ReadAll(env.Input()); len(body) > 0 || err != nil {
			t.Errorf("the body is %q, %v", body, err)
		}
		w, err := start("200 OK", nil)
		if err != nil {
			t.Error(err)
		}
		if _, err := w.Write([]byte("x")); err != abi.CodeClosed {
			t.Errorf("Write: %v, want %v", err, abi.CodeClosed)
		}
		return wasgi.Text("thrown away")
	}, "/a b?c=d")
	if played != 1 {
		t.Errorf("played %d times", played)
	}
}

func TestRehearsalOfAnEndlessBodyEnds(t *testing.T) {
	t.Parallel()
	asked := 0
	wasgi.Rehearse(func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		start("200 OK", nil)
		return wasgi.Stream(func(yield func([]byte) bool) {
			for yield([]byte(strings.Repeat("x", 100))) {
				asked++
			}
		})
	}, "/")
	if asked != 0 {
		t.Errorf("%d blocks were taken", asked)
	}
}
