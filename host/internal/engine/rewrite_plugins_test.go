package engine_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// TestRewrittenPlugins plays requests on sample apps both ways, and compares every call that they make.
func TestRewrittenPlugins(t *testing.T) {
	skipUnderRace(t)
	for name, requests := range map[string][]request{
		"echo": {{"GET", "/", "a=1&b=%20", ""}, {"POST", "/x", "", strings.Repeat("body", 5000)}},
		"notes": {{"GET", "/", "", ""}, {"POST", "/", "", "text=first+%3Cnote%3E"}, {"POST", "/", "", "text=" + strings.Repeat("long", 9999)},
			{"GET", "/", "", ""}, {"POST", "/delete/1", "", ""}, {"GET", "/style.css", "", ""}, {"GET", "/nowhere", "", ""}},
		"index": {{"GET", "/", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			m := parse(t, guesttest.Go(t, "../../../plugins/"+name))
			want := playRequests(t, m, asItIs, requests)
			if strings.Count(want, "start_response ") != len(requests) {
				t.Errorf("as it is, it does\n%s", want)
			}
			sameText(t, playRequests(t, m, rewritten, requests), want)
		})
	}
}

type request struct{ method, path, query, body string }

// environ is the request in the form that guests get.
func (r request) environ() []byte {
	variables := []string{"REQUEST_METHOD", r.method, "SCRIPT_NAME", "", "PATH_INFO", r.path, "QUERY_STRING", r.query,
		"CONTENT_TYPE", "application/x-www-form-urlencoded", "CONTENT_LENGTH", fmt.Sprint(len(r.body)), "SERVER_NAME", "localhost",
		"SERVER_PORT", "80", "SERVER_PROTOCOL", "HTTP/1.1", "wsgi.url_scheme", "http", "HTTP_HOST", "localhost"}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(variables)/2))
	for i := 0; i < len(variables); i += 2 {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(variables[i])))
		out = binary.LittleEndian.AppendUint32(out, uint32(len(variables[i+1])))
		out = append(append(out, variables[i]...), variables[i+1]...)
	}
	return out
}

// playRequests plays them on one instance, and returns all that it does in between.
func playRequests(t *testing.T, m *wasm.Module, prepare preparation, requests []request) string {
	t.Helper()
	b, output := newWASI(t, prepare)
	ctx := compiling()
	body := linkExchange(t, b)
	instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig().WithStdout(output).WithStderr(output).WithName(""))
	if err != nil {
		t.Fatal(err)
	}
	call := func(export string, args ...uint64) uint64 {
		results, outcome := b.call(ctx, instance.ExportedFunction(export), args...)
		if b.log = append(b.log, export+" "+outcome); strings.HasPrefix(outcome, traps) {
			t.Fatalf("%s %s, after printing\n%s", export, outcome, output)
		}
		return append(results, 0)[0]
	}
	call("_initialize")
	buffer := call("allocate", 16384)
	for _, r := range requests {
		*body = r.body
		environ := r.environ()
		instance.Memory().Write(uint32(buffer), environ)
		returned := call("application", buffer, uint64(len(environ)))
		content, _ := instance.Memory().Read(uint32(returned>>32), uint32(returned))
		b.log = append(b.log, fmt.Sprintf("body %q, memory %x", content, memoryHash(m, instance)))
	}
	return strings.Join(append(b.log, output.String()), "\n")
}

// linkExchange provides wasgi_v1, and returns where the body of the next request is to be put.
func linkExchange(t *testing.T, b *plainRuntime) (body *string) {
	t.Helper()
	body = new(string)
	builder := b.NewHostModuleBuilder("wasgi_v1")
	function := func(name string, params int, call func(args []uint64, memory api.Memory) int) {
		types := make([]api.ValueType, params)
		for i := range types {
			types[i] = api.ValueTypeI32
		}
		builder = builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(
			func(_ context.Context, caller api.Module, values []uint64) {
				result := call(values, caller.Memory())
				b.log = append(b.log, fmt.Sprintf("%s %x", name, result))
				values[0] = uint64(result)
			}), types, []api.ValueType{api.ValueTypeI32}).Export(name)
	}
	logged := func(args []uint64, memory api.Memory) int {
		for ; len(args) >= 2; args = args[2:] {
			content, _ := memory.Read(uint32(args[0]), uint32(args[1]))
			b.log = append(b.log, fmt.Sprintf("%q", content))
		}
		return 0
	}
	function("start_response", 5, logged)
	function("write", 2, logged)
	function("errors_write", 2, logged)
	function("input_read", 2, func(args []uint64, memory api.Memory) int {
		n := min(len(*body), int(uint32(args[1])), 1000)
		memory.WriteString(uint32(args[0]), (*body)[:n])
		*body = (*body)[n:]
		return n
	})
	if _, err := builder.Instantiate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return body
}
