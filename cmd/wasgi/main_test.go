package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 3 * time.Minute

// output is what a command prints, read while it runs.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}

// wasgi runs one command to its end.
func wasgi(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs output
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// guest copies one of the small guests into a folder of its own, and returns its path.
func guest(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "host", "internal", "guesttest", "guests", name+".wasm"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".wasm")
	write(t, path, string(data))
	return path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, out, _ := wasgi(t, "", "version")
	if code != exitOK || !regexp.MustCompile(`^wasgi \S+, abi 1, go\S+ \w+/\w+\n$`).MatchString(out) {
		t.Errorf("%d %q", code, out)
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`wasgi: there is no command "frobnicate"`:                     {"frobnicate"},
		"wasgi: unknown flag: --lisen":                                {"serve", "--lisen", "x"},
		"wasgi: serve: accepts at most 1 arg(s), received 2":          {"serve", "a", "b"},
		"wasgi: dev: accepts 1 arg(s), received 0":                    {"dev"},
		`wasgi: PATH "x": must begin with a slash`:                    {"call", "a.wasm", "x"},
		`wasgi: header "no colon": must be 'Name: value'`:             {"call", "a.wasm", "-H", "no colon"},
		"wasgi: version: unknown command \"x\" for \"wasgi version\"": {"version", "x"},
	} {
		code, _, errs := wasgi(t, "", args...)
		if code != exitUsage || !strings.HasPrefix(errs, want+"\n") {
			t.Errorf("%q: %d %q, want %q", args, code, errs, want)
		}
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "body")
	write(t, file, "from a file")
	for name, c := range map[string]struct {
		guest, stdin string
		args         []string
		want         string
	}{
		"get":   {"hello", "", []string{"/"}, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nServer: wasgi\r\nname: wanghui\r\n\r\nhello world"},
		"head":  {"hello", "", []string{"-X", "HEAD", "/"}, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nServer: wasgi\r\nname: wanghui\r\n\r\n"},
		"text":  {"echo", "", []string{"-d", "some text", "/"}, "HTTP/1.1 200 OK\r\nServer: wasgi\r\n\r\nsome text"},
		"file":  {"echo", "", []string{"-d", "@" + file, "/"}, "HTTP/1.1 200 OK\r\nServer: wasgi\r\n\r\nfrom a file"},
		"stdin": {"echo", "from stdin", []string{"-d", "@-"}, "HTTP/1.1 200 OK\r\nServer: wasgi\r\n\r\nfrom stdin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := wasgi(t, c.stdin, append([]string{"call", guest(t, c.guest)}, c.args...)...)
			if code != exitOK || out != c.want {
				t.Errorf("%d %q\nwant %q\n%s", code, out, c.want, errs)
			}
		})
	}
}

// Method, headers, query and the manifest beside the file reach the app.
func TestCallEnviron(t *testing.T) {
	t.Parallel()
	file := guest(t, "environ")
	write(t, strings.TrimSuffix(file, ".wasm")+".toml", "env = ['GREETING=hi']\nmount = '/elsewhere'\n")
	_, out, _ := wasgi(t, "", "call", file, "-X", "PUT", "-H", "X-A: 1", "-H", "X-A: 2", "-H", "Host: example.org", "/p/q?r=s")
	for _, want := range []string{"REQUEST_METHODPUT", "HTTP_X_A1,2", "HTTP_HOSTexample.org", "PATH_INFO/p/q", "QUERY_STRINGr=s",
		"wasgi.env.GREETINGhi"} {
		// The lengths between key and value are 8 bytes before the key: here they touch.
		if !strings.Contains(out, want) {
			t.Errorf("%q does not hold %q", out, want)
		}
	}
}

func TestCallFails(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "text.wasm")
	write(t, text, "hello")
	bad := guest(t, "hello")
	write(t, strings.TrimSuffix(bad, ".wasm")+".toml", "timout = '1s'\n")
	for name, c := range map[string]struct{ file, page, want string }{
		"trap":     {guest(t, "trap"), "HTTP/1.1 500 Internal Server Error", `wasgi: app "trap" generation 1: call: trap: unreachable`},
		"missing":  {"no.wasm", "", "wasgi: open no.wasm: "},
		"not wasm": {text, "", "text.wasm: not WebAssembly: it begins with 68 65 6c 6c, not with 00 61 73 6d"},
		"exports":  {guest(t, "load_no_allocate"), "", `function "allocate": not exported; export it as (i32) -> (i32)`},
		"manifest": {bad, "", "hello.toml: timout: unknown key; did you mean timeout?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := wasgi(t, "", "call", c.file)
			if code != exitFault || !strings.HasPrefix(out, c.page) || !strings.Contains(errs, c.want) {
				t.Errorf("%d %q\n%s\nwant %s", code, out, errs, c.want)
			}
		})
	}
}

// start runs a command that serves, until stop is called, and returns where it listens.
func start(t *testing.T, args ...string) (url string, out, errs *output, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, errs = &output{}, &output{}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, append(args, "--listen", "127.0.0.1:0"), strings.NewReader(""), out, errs) }()
	stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { stop() })
	address := regexp.MustCompile(` at (http://127\.0\.0\.1:\d+)/\n`)
	for deadline := time.Now().Add(hang); ; time.Sleep(10 * time.Millisecond) {
		if match := address.FindStringSubmatch(out.String()); match != nil {
			return match[1], out, errs, stop
		}
		if time.Now().After(deadline) || len(ended) > 0 {
			t.Fatalf("it does not serve:\n%s\n%s", out, errs)
		}
	}
}

// until asks again until the answer is as wanted.
func until(t *testing.T, url, want string) {
	t.Helper()
	var got string
	for deadline := time.Now().Add(hang); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if got = string(data); got == want {
			return
		}
	}
	t.Fatalf("%s answers %q, want %q", url, got, want)
}

func TestServe(t *testing.T) {
	t.Parallel()
	file := guest(t, "hello")
	url, out, errs, stop := start(t, "serve", filepath.Dir(file), "--access-log", "--log-format", "json")
	until(t, url+"/hello", "hello world")
	table := "APP    MOUNT   KIND   SIZE   STATE\nhello  /hello  wasgi  265 B  serving\n"
	if !strings.HasPrefix(out.String(), table) {
		t.Errorf("it prints\n%s", out)
	}
	if code := stop(); code != exitOK {
		t.Errorf("it ends with %d", code)
	}
	if log := errs.String(); !strings.Contains(log, `"msg":"request"`) || !strings.Contains(log, `"msg":"shutting down"`) {
		t.Errorf("it logs\n%s", log)
	}
}

func TestServeErrors(t *testing.T) {
	t.Parallel()
	file := guest(t, "hello")
	url, _, _, _ := start(t, "serve", filepath.Dir(file))
	taken := strings.TrimPrefix(url, "http://")
	for want, args := range map[string][]string{
		"address already in use; name another address with --listen": {"serve", filepath.Dir(file), "--listen", taken},
		"does not exist; create it or name another":                  {"serve", "none", "--listen", "127.0.0.1:0"},
		"none.toml": {"serve", filepath.Dir(file), "--config", "none.toml"},
		"log.level": {"serve", filepath.Dir(file), "--log-level", "loud"},
	} {
		code, _, errs := wasgi(t, "", args...)
		if code != exitFault || !strings.Contains(errs, want) {
			t.Errorf("%q: %d %s\nwant %s", args, code, errs, want)
		}
	}
}

// newSource copies a sample's source into a module of its own.
func newSource(t *testing.T, dir, name string) (main string) {
	t.Helper()
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(repository, "plugins", "hello", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(dir, name)
	if err := os.Mkdir(app, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(app, "go.sum"), string(sums))
	write(t, filepath.Join(app, "go.mod"), "module "+name+"\n\ngo 1.26.0\n\nrequire github.com/wasgi/wasgi v0.0.0\n\n"+
		"replace github.com/wasgi/wasgi => "+repository+"\n")
	main = filepath.Join(app, "main.go")
	write(t, main, string(source))
	return main
}

// A source that is saved is served; one that does not compile is told, and the version before keeps serving.
func TestDev(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	main := newSource(t, dir, "greet")
	url, out, _, stop := start(t, "dev", dir)
	until(t, url+"/greet", "<h1>hello world</h1>")
	source, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(from, to string) { write(t, main, strings.Replace(string(source), from, to, 1)) }
	edit("hello world", "hello again")
	until(t, url+"/greet", "<h1>hello again</h1>")
	edit("wasgi.Text(", "wasgi.Txt(")
	for deadline := time.Now().Add(hang); !strings.Contains(out.String(), "undefined: wasgi.Txt"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the compiler's error is not told:\n%s", out)
		}
	}
	if !strings.Contains(out.String(), "main.go:") {
		t.Errorf("the error names no file:\n%s", out)
	}
	until(t, url+"/greet", "<h1>hello again</h1>")
	edit("", "")
	until(t, url+"/greet", "<h1>hello world</h1>")
	newSource(t, dir, "another")
	until(t, url+"/another", "<h1>hello world</h1>")
	if code := stop(); code != exitOK {
		t.Errorf("it ends with %d", code)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*.tmp")); len(left) > 0 {
		t.Errorf("it leaves %q", left)
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	main := newSource(t, dir, "greet")
	output := filepath.Join(t.TempDir(), "other.wasm")
	if code, out, errs := wasgi(t, "", "build", filepath.Dir(main), "-o", output); code != exitOK || !strings.HasPrefix(out, "built other.wasm in ") {
		t.Errorf("%d %q %s", code, out, errs)
	}
	if code, out, _ := wasgi(t, "", "call", output); code != exitOK || !strings.HasSuffix(out, "<h1>hello world</h1>") {
		t.Errorf("%d %q", code, out)
	}
	if code, _, errs := wasgi(t, "", "build", dir, "-o", output); code != exitUsage {
		t.Errorf("-o for a folder: %d %s", code, errs)
	}
	if code, _, errs := wasgi(t, "", "build", t.TempDir()); code != exitFault || !strings.Contains(errs, "no folder with a Go package main in it") {
		t.Errorf("nothing to build: %d %s", code, errs)
	}
	write(t, main, "package main\n\nfunc main() {")
	if code, out, _ := wasgi(t, "", "build", dir); code != exitFault || !strings.Contains(out, "main.go:3") {
		t.Errorf("a syntax error: %d %s", code, out)
	}
}
