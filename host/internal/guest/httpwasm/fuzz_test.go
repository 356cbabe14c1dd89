package httpwasm

import (
	"log/slog"
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
)

// fixed is an exchange with that environ, and nothing else.
type fixed struct{ environ []byte }

func (f fixed) Environ([]wire.Pair) ([]byte, error)         { return f.environ, nil }
func (fixed) StartResponse([]byte, []wire.Pair, bool) error { return nil }
func (fixed) Write([]byte) error                            { return nil }
func (fixed) Finish([]byte) error                           { return nil }
func (fixed) Read([]byte) (int, error)                      { return 0, nil }
func (fixed) Log() *slog.Logger                             { return slog.New(slog.DiscardHandler) }

// FuzzRequest has any request changed in any way: what stands behind the guest gets an environ that decodes, with no variable that no
// header may make.
func FuzzRequest(f *testing.F) {
	f.Add("/app", "/app/x?y=1", "/app/%2e?z", "X-User", "me")
	f.Add("", "http://host/path", "", "Proxy", "evil")
	f.Add("/a", "*", "/b%zz", "a_b", "\r\n")
	f.Fuzz(func(t *testing.T, mount, target, uri, name, value string) {
		var e wire.Encoder
		for _, pair := range [][2]string{
			{"REQUEST_METHOD", "GET"}, {"SCRIPT_NAME", mount}, {"RAW_URI", target}, {"HTTP_COOKIE", value}, {"REMOTE_ADDR", value},
		} {
			e.Add(pair[0], pair[1])
		}
		environ, err := e.Bytes()
		if err != nil {
			t.Skip(err)
		}
		x := &turn{outer: fixed{environ}}
		if err := x.begin(1 << 20); err != nil {
			t.Fatal(err)
		}
		_, _ = x.request.uri(), x.request.source()
		_ = x.request.setURI(uri) // what cannot be unescaped changes nothing
		if checkField(name, value) == nil {
			x.request.fields.set(name, value)
		}
		inner, err := (&inner{x}).Environ(nil)
		if err != nil {
			t.Fatal(err)
		}
		pairs, err := wire.Decode(inner)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range pairs {
			if key := string(pair.Key); key == "HTTP_PROXY" {
				t.Errorf("%q=%q", key, pair.Value)
			}
		}
	})
}
