package abitest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/wasgi/wasgi/abi/abitest"
)

// A test of a guest in another project reads what was built and checks it.
func ExampleRunGuest() {
	_ = func(t *testing.T) { // func TestContract(t *testing.T)
		module, err := os.ReadFile("app.wasm")
		if err != nil {
			t.Fatal(err)
		}
		abitest.RunGuest(t, module, abitest.GuestOptions{Requests: []abitest.Request{{Path: "/health"}}})
	}
}

// A test of a server loads the reference guest, serves it, and names the URL.
func ExampleRunServer() {
	_ = func(t *testing.T) { // func TestConformance(t *testing.T)
		server := httptest.NewServer(serverFor(abitest.Guest())) // mounts it at /guest
		defer server.Close()
		abitest.RunServer(t, server.URL+"/guest", abitest.ServerOptions{})
	}
}

// What a rule says of a guest can be had without a test.
func ExampleCheck() {
	module, err := os.ReadFile("testdata/G07.wasm") // allocate returns 4097
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := abitest.Check(context.Background(), module, abitest.GuestOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Findings()[0])
	// Output: G07: GET /: allocate(16384) returned 4097
}

// serverFor stands for the server of another project.
func serverFor([]byte) http.Handler { return http.NotFoundHandler() }
