package host_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// logBuffer is a log that a test may read while the host writes it.
type logBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}

// program is the sample that is a plain program, and no guest of the project's own ABI.
const program = "plain"

// serveSamples builds the sample apps and serves them as `wasgi dev plugins` does.
func serveSamples(t *testing.T) (*httptest.Server, *logBuffer) {
	t.Helper()
	plugins := filepath.Join("..", "plugins")
	dir := t.TempDir()
	entries, err := os.ReadDir(plugins)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case name == "public":
			if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(plugins, name))); err != nil {
				t.Fatal(err)
			}
		case entry.IsDir():
			build := guesttest.Go
			if name == program {
				build = guesttest.GoProgram
			}
			write(t, filepath.Join(dir, name+".wasm"), build(t, filepath.Join(plugins, name)))
		case filepath.Ext(name) == ".toml":
			manifest, err := os.ReadFile(filepath.Join(plugins, name))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, name), manifest)
		}
	}
	log := &logBuffer{}
	cfg := config.Default()
	patientWithCompilers(&cfg)
	cfg.Apps.Dir = dir
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range h.Status() {
		if app.State != "serving" {
			t.Errorf("%s is %s: %v", app.Name, app.State, app.Err)
		}
		want := guest.IsolationRequest
		if app.Name == "notes" { // its manifest says why
			want = guest.IsolationInstance
		}
		if app.Isolation != want || app.Why != "" {
			t.Errorf("%s runs as %s, want %s: %s", app.Name, app.Isolation, want, app.Why)
		}
	}
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, log
}

// body reads a response that is expected to be whole and to have that status.
func body(t *testing.T, response *http.Response, err error, status int) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		t.Errorf("%s: %s, want %d: %v", response.Request.URL, response.Status, status, err)
	}
	return string(data)
}

func TestSamples(t *testing.T) {
	server, log := serveSamples(t)
	t.Run("hello", func(t *testing.T) {
		response, err := http.Get(server.URL + "/hello")
		if got := body(t, response, err, 200); got != "<h1>hello world</h1>" || response.Header.Get("name") != "wanghui" {
			t.Errorf("%q, name %q", got, response.Header.Get("name"))
		}
	})
	t.Run("public", func(t *testing.T) {
		response, err := http.Get(server.URL + "/favicon.svg")
		if got := body(t, response, err, 200); !strings.HasPrefix(got, "<svg ") || response.Header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%.20q, %v", got, response.Header)
		}
	})
	t.Run("echo", func(t *testing.T) {
		sent := make([]byte, 1<<20)
		_, _ = rand.Read(sent)
		response, err := http.Post(server.URL+"/echo", "application/octet-stream", bytes.NewReader(sent))
		if body(t, response, err, 200) != string(sent) {
			t.Error("the body came back changed")
		}
		response, err = http.Get(server.URL + "/echo/a?b=c")
		if got := body(t, response, err, 200); !strings.Contains(got, `"QUERY_STRING": "b=c"`) {
			t.Errorf("%s", got)
		}
	})
	t.Run(program, func(t *testing.T) {
		response, err := http.Post(server.URL+"/plain/a?b=c", "text/plain", strings.NewReader("hello"))
		want := "POST from 127.0.0.1 asks for " + server.URL + "/plain/a?b=c with 5 bytes.\n"
		if got := body(t, response, err, 200); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
	t.Run("clock", func(t *testing.T) {
		response, err := http.Get(server.URL + "/clock?count=2")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("Content-Type %q", got)
		}
		events := 0
		for in := bufio.NewScanner(response.Body); in.Scan(); {
			if strings.HasPrefix(in.Text(), "data: ") {
				events++
			}
		}
		if events != 2 {
			t.Errorf("%d events, want 2", events)
		}
	})
	t.Run("notes", func(t *testing.T) {
		response, err := http.PostForm(server.URL+"/notes/", url.Values{"text": {"buy <milk>"}})
		if got := body(t, response, err, 200); !strings.Contains(got, "buy &lt;milk&gt;") {
			t.Errorf("the note is not in the list:\n%s", got)
		}
		response, err = http.PostForm(server.URL+"/notes/", url.Values{"text": {" "}})
		body(t, response, err, http.StatusUnprocessableEntity)
	})
	t.Run("chat", func(t *testing.T) { chat(t, server) })
	t.Run("index", func(t *testing.T) {
		response, err := http.Get(server.URL + "/")
		got := body(t, response, err, 200)
		for _, name := range []string{"hello", "echo", "clock", "notes", "chat", program, "mischief"} {
			if !strings.Contains(got, `href="/`+name) {
				t.Errorf("%s is not linked", name)
			}
		}
	})
	t.Run("mischief", func(t *testing.T) { mischief(t, server, log) })
}

// mischief asks for each path that the app lists, and checks that the client sees what the list says, that the neighbours
// answer, and that the log says what happened.
func mischief(t *testing.T, server *httptest.Server, log *logBuffer) {
	response, err := http.Get(server.URL + "/mischief/")
	list := body(t, response, err, 200)
	cases := regexp.MustCompile(`(/mischief/\S+)\n\s+(\d+)(, then a cut connection)?`).FindAllStringSubmatch(list, -1)
	if len(cases) < 15 {
		t.Fatalf("the list holds %d paths:\n%s", len(cases), list)
	}
	for _, c := range cases {
		path, status, cut := c[1], c[2], c[3] != ""
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if got := response.Status[:3]; got != status || cut != (err != nil) {
			t.Errorf("%s: %s, %v; want %s, cut %t", path, got, err, status, cut)
		}
		if response, err := http.Get(server.URL + "/hello"); body(t, response, err, 200) != "<h1>hello world</h1>" {
			t.Errorf("after %s, hello answers otherwise", path)
		}
	}
	for _, want := range []string{
		`kind=trap cause="out of bounds memory access" method=GET path=/mischief/trap stack="[main.trap`,
		`kind=deadline cause="no first byte of the response within timeout" method=GET path=/mischief/spin stack="[main.spin`,
		`main.exit`, `main.memory`,
		`level=WARN msg="log lines dropped: the app writes more than log_lines a second" app=mischief dropped=`,
	} {
		if !eventually(func() bool { return strings.Contains(log.String(), want) }) {
			t.Errorf("the log does not say %s", want)
		}
	}
	if lines := strings.Count(log.String(), "msg=\"mischief: line "); lines < 100 || lines > 9000 { // what was logged before takes its share
		t.Errorf("%d lines of a flood of 10,000 are in the log", lines)
	}
	if t.Failed() {
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "request failed") {
				t.Log(line)
			}
		}
	}
}

// eventually waits for what another goroutine is about to do.
func eventually(done func() bool) bool {
	for deadline := time.Now().Add(hang); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// The README's ten lines are an app.
func TestReadmeApp(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```go\n")
	source, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md holds no Go source")
	}
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(t.TempDir(), "greet")
	if err := os.Mkdir(app, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(app, "main.go"), []byte(source))
	write(t, filepath.Join(app, "go.sum"), sums)
	write(t, filepath.Join(app, "go.mod"), []byte("module greet\n\ngo 1.26.0\n\nrequire github.com/wasgi/wasgi v0.0.0\n\n"+
		"replace github.com/wasgi/wasgi => "+repository+"\n"))
	dir := t.TempDir()
	write(t, filepath.Join(dir, "greet.wasm"), guesttest.Go(t, app))
	until(t, open(t, dir), "/greet?you", 200, "hello you\n")
}
