package host_test

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/http-wasm/http-wasm-host-go/tck"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// TestHTTPWasmConformance plays the conformance kit of http-wasm: its guest stands before an app that does what the kit's own backend
// does.
func TestHTTPWasmConformance(t *testing.T) {
	t.Parallel()
	h, _ := serveFolder(t, map[string][]byte{
		"_tck.wasm":  tck.GuestWASM,
		"index.wasm": guesttest.Go(t, filepath.Join("testdata", "apps", "reflect")),
		"index.toml": []byte("middleware = [\"tck\"]\nquarantine_after = 0\n"),
	})
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			server := httptest.NewUnstartedServer(h)
			t.Cleanup(server.Close)
			if server.EnableHTTP2 = protocol == "HTTP/2.0"; server.EnableHTTP2 {
				server.StartTLS()
			} else {
				server.Start()
			}
			tck.Run(t, server.Client(), server.URL)
		})
	}
}
