package wasgiapps_test

import (
	"errors"
	"io"
	"maps"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgiapps"
)

// users is a host with one app, "users", which answers with what it was asked.
type users struct {
	environ []wire.Pair
	body    []byte
	open    int
}

func (u *users) Call(app string, environ, body []byte, rest bool) int32 {
	if app != "users" || rest {
		return abi.CodeForbidden.Errno()
	}
	u.environ, _ = wire.Decode(environ)
	u.body = body
	u.open++
	return 1
}

func (u *users) ReadHead(_ int32, p []byte) int32 {
	var e wire.Encoder
	e.Add(abi.StatusKey, "200 Fine")
	for _, pair := range u.environ {
		e.AddBytes(pair.Key, pair.Value)
	}
	head, _ := e.Bytes() // it is far from too long
	return int32(copy(p, head))
}

func (u *users) ReadBody(_ int32, p []byte) int32 {
	n := copy(p, u.body)
	u.body = u.body[n:]
	return int32(n)
}

func (u *users) Close(int32) int32 {
	u.open--
	return 0
}

func TestCall(t *testing.T) {
	t.Parallel()
	u := &users{}
	wasgiapps.With(u, func() {
		got, err := wasgiapps.Call("users", maps.All(map[string]string{"PATH_INFO": "/7"}), []byte("body"), false)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(got)
		if err != nil || string(body) != "body" || got.Status != "200 Fine" || len(got.Headers) != 1 || got.Headers[0].Value != "/7" {
			t.Errorf("%s, %v, %q, %v", got.Status, got.Headers, body, err)
		}
		if err := got.Close(); err != nil || u.open != 0 {
			t.Errorf("Close() = %v, %d left", err, u.open)
		}
		if _, err := wasgiapps.Call("index", maps.All(map[string]string{}), nil, false); !errors.Is(err, abi.CodeForbidden) {
			t.Errorf("another app: %v", err)
		}
	})
	if _, err := wasgiapps.Call("users", maps.All(map[string]string{}), nil, false); !errors.Is(err, abi.CodeState) {
		t.Errorf("outside of a request: %v", err)
	}
}
