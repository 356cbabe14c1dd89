package gateway_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// teller is a program that takes events, and its instance, which hands them to a function.
type teller struct{ told func(guest.Event) error }

func (teller) Kind() string                                       { return "fake" }
func (teller) Isolation() (isolation guest.Isolation, why string) { return guest.IsolationRequest, "" }
func (t teller) New(context.Context) (guest.Instance, error)      { return tellerInstance(t), nil }
func (teller) Receives() bool                                     { return true }
func (teller) Bytes() int64                                       { return 0 }
func (teller) Close() error                                       { return nil }

type tellerInstance teller

func (t tellerInstance) Serve(_ context.Context, exchange guest.Exchange) error {
	return t.told(exchange.(guest.Event))
}
func (tellerInstance) Reset() bool  { return true }
func (tellerInstance) Bytes() int64 { return 0 }
func (tellerInstance) Close()       {}

func serveTeller(t *testing.T, told func(guest.Event) error) *site {
	limits := guest.WebSocket{MaxConnections: 2, MaxMessage: 1 << 10, Queue: 1 << 10, Memory: 1 << 20}
	return serve(t, "teller", func(s *guest.Settings) { s.WebSocket = limits }, func(guest.Settings, *slog.Logger) (guest.Program, error) {
		return teller{told}, nil
	})
}

func (s *site) upgrade(t *testing.T, path string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		"Cookie": "a=1",
	} {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// A panic of the host in an event costs that connection, and nothing else.
func TestAPanicInAnEvent(t *testing.T) {
	t.Parallel()
	s := serveTeller(t, func(guest.Event) error { panic("a bug") })
	for range 3 { // one more than there may be connections
		if response := s.upgrade(t, "/app"); response.StatusCode != http.StatusInternalServerError {
			t.Errorf("status %d", response.StatusCode)
		}
	}
	if log := s.log.String(); !strings.Contains(log, `kind=host cause="panic: a bug`) || !strings.Contains(log, "method=WEBSOCKET path=/app") {
		t.Errorf("log:\n%s", log)
	}
}

// What an event brings along is what the request for its connection had, and a request id of its own.
func TestTheEnvironOfAnEvent(t *testing.T) {
	t.Parallel()
	environs := make(chan map[string]string, 2)
	s := serveTeller(t, func(event guest.Event) error {
		encoded, err := event.Environ([]wire.Pair{{Key: []byte("wasgi.env.A"), Value: []byte("B")}})
		if err != nil {
			return err
		}
		pairs, err := wire.Decode(encoded)
		if err != nil {
			return err
		}
		environ := map[string]string{}
		for _, pair := range pairs {
			environ[string(pair.Key)] += string(pair.Value)
		}
		environs <- environ
		return event.Answer(0)
	})
	response := s.upgrade(t, "/app/a%20b?q=1")
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("status %d", response.StatusCode)
	}
	_ = response.Body.Close()
	open, left := <-environs, <-environs
	for name, want := range map[string]string{
		"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/app", "PATH_INFO": "/a b", "QUERY_STRING": "q=1", "HTTP_COOKIE": "a=1",
		"HTTP_UPGRADE": "websocket", "REMOTE_ADDR": "127.0.0.1", "wsgi.url_scheme": "http", "wasgi.env.A": "B",
	} {
		if open[name] != want || left[name] != want {
			t.Errorf("%s: %q at open and %q at close, want %q", name, open[name], left[name], want)
		}
	}
	if open["websocket.event"] != "open" || left["websocket.event"] != "close" || left["websocket.code"] != "1006" {
		t.Errorf("open %v\nclose %v", open, left)
	}
	if open["websocket.connection"] == "" || open["websocket.connection"] != left["websocket.connection"] {
		t.Errorf("the connection is %q and then %q", open["websocket.connection"], left["websocket.connection"])
	}
	if len(open["wasgi.request_id"]) != 16 || len(left["wasgi.request_id"]) != 16 || open["wasgi.request_id"] == left["wasgi.request_id"] {
		t.Errorf("request ids %q and %q", open["wasgi.request_id"], left["wasgi.request_id"])
	}
}
