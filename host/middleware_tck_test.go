package host_test

import (
	"path/filepath"
	"testing"

	"github.com/http-wasm/http-wasm-host-go/tck"

	"github.com/wasgi/wasgi/abi/abitest"
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
	for name, protocol := range map[string]abitest.Protocol{"HTTP1": abitest.HTTP1, "HTTP2": abitest.HTTP2} {
		t.Run(name, func(t *testing.T) {
			server, _ := listen(t, h, protocol, protocol == abitest.HTTP2)
			tck.Run(t, server.Client(), server.URL)
		})
	}
}
