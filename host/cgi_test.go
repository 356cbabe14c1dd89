package host_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// programs are the same plain program in three languages.
var programs = map[string]func(testing.TB) []byte{
	"go": func(t testing.TB) []byte {
		return guesttest.GoProgram(t, filepath.Join("internal", "guesttest", "program"))
	},
	"c":    func(t testing.TB) []byte { return guesttest.CProgram(t, sourceOf("program.c")) },
	"rust": func(t testing.TB) []byte { return guesttest.RustProgram(t, sourceOf("program.rs")) },
}

func sourceOf(name string) string { return filepath.Join("internal", "guesttest", "sources", name) }

// openProgram serves a program at /app.
func openProgram(t testing.TB, module []byte, manifest string) *host.Host {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app.wasm"), module)
	write(t, filepath.Join(dir, "app.toml"), []byte(manifest))
	return open(t, dir, func(c *config.Config) { c.Apps.Watch = false })
}

func TestPrograms(t *testing.T) {
	t.Parallel()
	for language, build := range programs {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			h := openProgram(t, build(t), "env = ['GREETING=hi=there', 'QUERY_STRING=mine']\n")
			for range 2 {
				if status, body := get(h, "/app"); status != 200 || body != "hello\n" {
					t.Errorf("%d %q", status, body)
				}
				if status, body := get(h, "/app/fail"); status != 500 || strings.Contains(body, "exit") {
					t.Errorf("%d %q", status, body)
				}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("HEAD", "/app", nil))
			if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "6" {
				t.Errorf("HEAD: %d %q %v", w.Code, w.Body, w.Header())
			}
			w = httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", "/app/echo", strings.NewReader("\x00\xff bytes")))
			if w.Code != 200 || w.Body.String() != "\x00\xff bytes" {
				t.Errorf("echo: %d %q", w.Code, w.Body)
			}
			checkEnviron(t, h)
		})
	}
}

// checkEnviron holds what a program sees of a request against testdata/cgi_environ.txt.
func checkEnviron(t *testing.T, h http.Handler) {
	t.Helper()
	r := httptest.NewRequest("POST", "/%61pp/env?greet=matt&foo=a%20b&-s", strings.NewReader("12345"))
	r.RequestURI = "/%61pp/env?greet=matt&foo=a%20b&-s"
	r.Header.Set("Content-Type", "text/x-test")
	r.Header.Set("Content-Length", "5")
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Proxy", "http://evil.example")
	r.Header.Set("Connection", "close")
	r.Header.Set("User_Agent", "underscore")
	r.Header.Add("Accept", "text/html")
	r.Header.Add("Accept", "*/*")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var got []string
	for line := range strings.Lines(w.Body.String()) {
		if name, value, _ := strings.Cut(line, "="); name == "X_REQUEST_ID" && len(value) == 17 {
			line = "X_REQUEST_ID=…\n"
		}
		got = append(got, line)
	}
	args := slices.IndexFunc(got, func(line string) bool { return !strings.HasPrefix(line, "arg: ") })
	slices.Sort(got[max(args, 0):])
	want, err := os.ReadFile(filepath.Join("testdata", "cgi_environ.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, "") != string(want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, ""), want)
	}
}

// counter gives n bytes.
type counter struct{ n int64 }

func (c *counter) Read(p []byte) (int, error) {
	if c.n == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), c.n)
	c.n -= n
	return int(n), nil
}

// 100 MiB through a program, in and out, take no memory of their own.
func TestProgramEchoesAnUpload(t *testing.T) {
	t.Parallel()
	const size = 100 << 20
	h := openProgram(t, guesttest.Wasm(t, "cgi_upload"), "")
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	response, err := http.Post(server.URL+"/app", "application/octet-stream", &counter{size})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	runtime.ReadMemStats(&after)
	if err != nil || n != size || response.StatusCode != 200 {
		t.Errorf("%d: %d bytes: %v", response.StatusCode, n, err)
	}
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 64<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
}

// A body that breaks off is an error to the program, and not its end: this one would count what has come, but exits with 1.
func TestProgramSeesABodyBreakOff(t *testing.T) {
	t.Parallel()
	h := openProgram(t, guesttest.CProgram(t, sourceOf("program.c")), "")
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /app/count HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	if strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		t.Errorf("a body that was cut off passed as whole: %q", answer)
	}
}
