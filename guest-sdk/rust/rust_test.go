// Package rust_test builds what is written against the crate wasgi, and holds it to the contract.
package rust_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi/abitest"
	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
	"github.com/wasgi/wasgi/host"
)

func TestMain(m *testing.M) {
	host.CompilerMain()
	os.Exit(m.Run())
}

// targets are what an app can be built for.
var targets = map[string]func(testing.TB) toolchain.Rust{
	"wasi":    toolchain.RustWASI,
	"unknown": toolchain.RustBare,
}

func get(paths ...string) []abitest.Request {
	var requests []abitest.Request
	for _, path := range paths {
		requests = append(requests, abitest.Request{Path: path})
	}
	return requests
}

func post(path, contentType, body string) abitest.Request {
	return abitest.Request{Method: "POST", Path: path, Headers: [][2]string{{"CONTENT_TYPE", contentType}}, Body: []byte(body)}
}

// apps are all that is written in Rust, with what they are asked.
var apps = map[string][]abitest.Request{
	"starter":        get("/", "/other"),
	"examples/hello": get("/", "/you"),
	"examples/notes": append(get("/", "/1", "/x"), post("/", "application/json", `{"text":"x"}`), post("/", "application/json", "{"), post("/", "", "")),
	"testdata/every": append(
		get("/", "/blocks", "/endless", "/reader", "/large", "/static", "/variables", "/random", "/log", "/fits", "/fails", "/none"),
		post("/echo", "text/plain", "a body")),
}

func TestContract(t *testing.T) {
	t.Parallel()
	for app, requests := range apps {
		for target, find := range targets {
			t.Run(app+"/"+target, func(t *testing.T) {
				t.Parallel()
				module, err := os.ReadFile(find(t).Module(t, ".", app))
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%d bytes", len(module))
				abitest.RunGuest(t, module, abitest.GuestOptions{Requests: requests})
			})
		}
	}
}

// TestNative runs the tests of the crate and of the apps as an author does, without wasm.
func TestNative(t *testing.T) {
	t.Parallel()
	library := filepath.Join("src", "lib.rs")
	for _, tests := range []struct{ dir, file string }{
		{".", library},
		{".", filepath.Join("tests", "requests.rs")},
		{".", filepath.Join("tests", "responses.rs")},
		{"starter", library},
		{filepath.Join("examples", "hello"), library},
		{filepath.Join("examples", "notes"), library},
	} {
		t.Run(filepath.ToSlash(filepath.Join(tests.dir, tests.file)), func(t *testing.T) {
			t.Parallel()
			program := toolchain.FindRust(t, "").Tests(t, ".", tests.dir, tests.file)
			output, err := exec.CommandContext(t.Context(), program).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			t.Logf("%s", output)
		})
	}
}

// TestReadmeBuild runs the lines with which the README builds a sample without cargo.
func TestReadmeBuild(t *testing.T) {
	t.Parallel()
	toolchain.RustAt(t, "/usr/bin/rustc", "wasm32-wasi")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, found := strings.Cut(string(readme), "cd guest-sdk/rust\n")
	lines, _, closed := strings.Cut(lines, "```")
	if !found || !closed {
		t.Fatal("README.md has no such lines")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), toolchain.Find(t, "sh"), "-e", "-c", lines)
	cmd.Dir = dir
	if messages, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, messages)
	}
	var log bytes.Buffer
	recorder := httptest.NewRecorder()
	err = host.Call(t.Context(), options(t, dir, &log), filepath.Join(dir, "hello.wasm"), recorder, httptest.NewRequest("GET", "/you", nil))
	if err != nil || recorder.Body.String() != "hello you\n" {
		t.Errorf("%q, %v\n%s", recorder.Body, err, &log)
	}
}
