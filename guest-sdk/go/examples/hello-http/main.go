// Command hello-http is the shortest net/http handler that can be served.
package main

import (
	"io"
	"net/http"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

func init() { wasgihttp.Serve(http.HandlerFunc(hello)) }

func main() {}

func hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "hello world\n")
}
