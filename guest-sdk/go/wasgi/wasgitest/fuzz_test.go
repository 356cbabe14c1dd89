package wasgitest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

// FuzzStartResponse: what is taken could be written on a connection as it is, and what is not taken ends in a 500.
func FuzzStartResponse(f *testing.F) {
	f.Add("200 OK", "Content-Type", "text/plain")
	f.Add("404 ", "content-length", "0")
	f.Add("2000 OK", "Transfer-Encoding", "x\r\ny")
	f.Fuzz(func(t *testing.T, status, name, value string) {
		var refused error
		got := wasgitest.Call(func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
			_, refused = start(status, header(name, value))
			return nil
		}, wasgitest.Request{Method: http.MethodHead})
		if refused != nil {
			if got.Code != 500 || got.Fault == nil {
				t.Errorf("refused with %v, but %s, fault %v", refused, got.Status, got.Fault)
			}
			return
		}
		if got.Status != status || got.Header(name) != value || got.Fault != nil {
			t.Errorf("%q %q %q: %s %v, fault %v", status, name, value, got.Status, got.Headers, got.Fault)
		}
		if strings.ContainsAny(status+name+value, "\r\n\x00") || strings.ContainsAny(name, ": ") || got.Code < 200 || got.Code > 999 {
			t.Errorf("%q %q %q was taken", status, name, value)
		}
	})
}
