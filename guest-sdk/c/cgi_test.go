package c_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
)

// The CGI program as a module: it has no trace of the app's contract, so that a server takes it for what it is.
func TestCGIProgramIsPlain(t *testing.T) {
	t.Parallel()
	module := string(build(t, command, sources(t, "examples/notes-cgi")...))
	t.Logf("notes-cgi: %d bytes", len(module))
	for name, want := range map[string]bool{"_start": true, "wasi_snapshot_preview1": true, "wasgi_v1": false, "application": false} {
		// Names of imports and exports stand behind their length.
		if got := strings.Contains(module, string(rune(len(name)))+name); got != want {
			t.Errorf("%q is there: %v, want %v", name, got, want)
		}
	}
}

// The CGI program, compiled for this machine, as any CGI server would run it.
func TestCGIProgramAnswers(t *testing.T) {
	t.Parallel()
	const source = "examples/notes-cgi/main.c"
	run := slices.Concat(compiler(t, source), strict, []string{"-g", "-o", "{out}", source})
	program := toolchain.Recipe{Command: run, Inputs: inputs([]string{source})}.Build(t)
	const head, json = "Status: ", "\r\nContent-Type: application/json\r\n"
	for _, c := range []struct {
		variables, body, want string
	}{
		{"REQUEST_METHOD=GET", "", "200 OK" + json + "\r\n" + `{"notes":[]}`},
		{"REQUEST_METHOD=POST CONTENT_TYPE=application/json SCRIPT_NAME=/n", `{"text":"a"}`,
			"201 Created" + json + "Location: /n/1\r\n\r\n" + `{"id":1,"text":"a"}`},
		{"REQUEST_METHOD=POST CONTENT_TYPE=application/json", strings.Repeat(" ", 4097),
			"413 Content Too Large" + json + "\r\n" + `{"error":"body must have at most 4096 bytes"}`},
		{"REQUEST_METHOD=PUT PATH_INFO=/1", "", "405 Method Not Allowed" + json + "Allow: GET, DELETE\r\n\r\n" + `{"error":"method not allowed"}`},
		{"REQUEST_METHOD=DELETE PATH_INFO=/1", "", "404 Not Found" + json + "\r\n" + `{"error":"not found"}`},
	} {
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Env = strings.Fields(c.variables)
		cmd.Stdin = strings.NewReader(c.body)
		if got, err := cmd.Output(); err != nil || string(got) != head+c.want {
			t.Errorf("%s: %q, %v, want %q", c.variables, got, err, head+c.want)
		}
	}
}
