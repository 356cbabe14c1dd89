package host_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// lay writes a file below dir, with the folders that it lies in.
func lay(t testing.TB, dir, rel, content string) {
	t.Helper()
	name := filepath.Join(dir, filepath.FromSlash(rel))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, name, []byte(content))
}

// request plays a request on a host.
func request(h http.Handler, method, target, name string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	r := httptest.NewRequest(method, target, nil)
	if name != "" {
		r.Host = name
	}
	h.ServeHTTP(recorder, r)
	return recorder
}

// Which of folders and apps answers a request.
func TestPublicFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lay(t, dir, "public/robots.txt", "robots")
	lay(t, dir, "public/app/below.txt", "of the site, and not of the app")
	lay(t, dir, "public/404.html", "nothing here")
	lay(t, dir, "app.public/style.css", "p{}")
	lay(t, dir, "app.public/docs/index.html", "docs")
	lay(t, dir, "app.public/_below.txt", "underscore")
	lay(t, dir, "app.public/.env", "secret")
	lay(t, dir, "app.public/a b.txt", "space")
	write(t, filepath.Join(dir, "app.wasm"), guesttest.Wasm(t, "hello"))
	lay(t, dir, "site.public/index.html", "a site")
	lay(t, dir, "site.toml", "hosts = ['*.site.test']\nmount = '/'\ncache_control = 'max-age=5'\n")
	lay(t, dir, "off.public/a.txt", "off")
	lay(t, dir, "off.toml", "enabled = false\n")
	lay(t, dir, "two/public/a.txt", "one")
	lay(t, dir, "two/index.public/a.txt", "other")
	lay(t, dir, "_hidden.public/a.txt", "hidden")
	lay(t, dir, "deep/er.public/a.txt", "deep")
	h := open(t, dir, func(c *config.Config) { c.Apps.Watch = false })

	for _, c := range []struct {
		method, target, host string
		status               int
		body                 string
	}{
		{"GET", "/robots.txt", "", 200, "robots"},
		{"HEAD", "/robots.txt", "", 200, ""},
		{"GET", "/app/style.css", "", 200, "p{}"},
		{"GET", "/app/st%79le.css", "", 200, "p{}"},
		{"GET", "/app/a%20b.txt", "", 200, "space"},
		{"GET", "/app/_below.txt", "", 200, "underscore"},
		{"GET", "/app/below.txt", "", 200, hello},
		{"GET", "/app", "", 200, hello},
		{"GET", "/app/", "", 200, hello},
		{"GET", "/app/none", "", 200, hello},
		{"GET", "/app/.env", "", 200, hello},
		{"GET", "/app/%2eenv", "", 200, hello},
		{"GET", "/app//style.css", "", 200, hello},
		{"GET", "/app/style.css/", "", 200, hello},
		{"GET", "/app%2fstyle.css", "", 404, "nothing here"},
		{"GET", "/app/docs%2findex.html", "", 200, hello},
		{"GET", "/app/docs/", "", 200, "docs"},
		{"GET", "/app/docs", "", 308, ""},
		{"POST", "/app/style.css", "", 200, hello},
		{"OPTIONS", "/app/style.css", "", 200, hello},
		{"GET", "/app/../robots.txt", "", 400, ""},
		{"GET", "/none", "", 404, "nothing here"},
		{"HEAD", "/none", "", 404, ""},
		{"POST", "/none", "", 405, ""},
		{"GET", "/app/", "www.site.test", 404, ""},
		{"GET", "/", "www.site.test", 200, "a site"},
		{"GET", "/", "site.test", 404, "nothing here"},
		{"GET", "/off/a.txt", "", 404, "nothing here"},
		{"GET", "/two/a.txt", "", 404, "nothing here"},
		{"GET", "/_hidden/a.txt", "", 404, "nothing here"},
		{"GET", "/deep/er/a.txt", "", 200, "deep"},
	} {
		got := request(h, c.method, c.target, c.host)
		if body := got.Body.String(); got.Code != c.status || c.body != "" && body != c.body || c.method == "HEAD" && body != "" {
			t.Errorf("%s %s%s: %d %q, want %d %q", c.method, c.host, c.target, got.Code, body, c.status, c.body)
		}
	}
	upgrade := httptest.NewRequest("GET", "/app/style.css", nil)
	upgrade.Header.Set("Connection", "Upgrade")
	upgrade.Header.Set("Upgrade", "websocket")
	recorder := httptest.NewRecorder()
	if h.ServeHTTP(recorder, upgrade); recorder.Body.String() != hello {
		t.Errorf("a request for a WebSocket: %d %q", recorder.Code, recorder.Body)
	}
	if got := request(h, "POST", "/none", "").Header().Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow: %q", got)
	}
	if got := request(h, "GET", "/app/docs?a=b", "").Header().Get("Location"); got != "./docs/?a=b" {
		t.Errorf("Location: %q", got)
	}
	if got := request(h, "GET", "/robots.txt", "").Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control: %q", got)
	}
	if got := request(h, "GET", "/none", "").Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control of what is missing: %q", got)
	}
	if got := request(h, "GET", "/", "www.site.test").Header().Get("Cache-Control"); got != "max-age=5" {
		t.Errorf("Cache-Control of the site: %q", got)
	}
	status := map[string]host.Status{}
	for _, s := range h.Status() {
		status[s.Name] = s
	}
	if s := status["app"]; s.Kind != "wasgi" || s.Public != "app.public" {
		t.Errorf("app: %+v", s)
	}
	if s := status["index"]; s.Kind != "static" || s.Public != "public" || s.State != "serving" || s.Size != 0 {
		t.Errorf("index: %+v", s)
	}
	if s := status["off"]; s.State != "disabled" || s.Public != "" {
		t.Errorf("off: %+v", s)
	}
	const want = "two folders of public files, two/index.public and two/public: keep one of them"
	if s := status["two/index"]; s.State != "failed" || s.Err == nil || s.Err.Error() != want {
		t.Errorf("two: %+v", s)
	}
}

// Folders come, go and change while apps are served, and so do the apps beside them.
func TestPublicFilesFollowTheFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app.wasm"), guesttest.Wasm(t, "hello"))
	h := open(t, dir)
	until(t, h, "/app/a.txt", 200, hello)

	lay(t, dir, "app.public/a.txt", "first")
	until(t, h, "/app/a.txt", 200, "first")
	lay(t, dir, "app.public/a.txt", "written over")
	until(t, h, "/app/a.txt", 200, "written over")

	lay(t, dir, "_next/a.txt", "moved here") // another folder in its place
	must(t, os.Rename(filepath.Join(dir, "app.public"), filepath.Join(dir, "_before")))
	must(t, os.Rename(filepath.Join(dir, "_next"), filepath.Join(dir, "app.public")))
	until(t, h, "/app/a.txt", 200, "moved here")

	must(t, os.Remove(filepath.Join(dir, "app.wasm"))) // the folder is left
	until(t, h, "/app/", 404, "")
	until(t, h, "/app/a.txt", 200, "moved here")
	lay(t, dir, "app.toml", "mount = '/elsewhere'\n")
	until(t, h, "/elsewhere/a.txt", 200, "moved here")
	until(t, h, "/app/a.txt", 404, "")

	write(t, filepath.Join(dir, "app.wasm"), guesttest.Wasm(t, "hello"))
	until(t, h, "/elsewhere/", 200, hello)
	until(t, h, "/elsewhere/a.txt", 200, "moved here")

	must(t, os.RemoveAll(filepath.Join(dir, "app.public")))
	until(t, h, "/elsewhere/a.txt", 200, hello)
	must(t, os.Remove(filepath.Join(dir, "app.wasm")))
	until(t, h, "/elsewhere/a.txt", 404, "")
	lay(t, dir, "public/a.txt", "the site's")
	until(t, h, "/a.txt", 200, "the site's")
}

// A folder that is a link is swapped like a deployment: each answer is the one or the other.
func TestPublicFilesBehindALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lay(t, dir, "_1/a.txt", "one")
	lay(t, dir, "_2/a.txt", "two")
	link(t, "_1", filepath.Join(dir, "app.public"))
	h := open(t, dir)
	until(t, h, "/app/a.txt", 200, "one")
	link(t, "_2", filepath.Join(dir, "_next"))
	must(t, os.Rename(filepath.Join(dir, "_next"), filepath.Join(dir, "app.public")))
	until(t, h, "/app/a.txt", 200, "two")
}

// A site that is deployed again and again while it is asked for answers each request, with one version or the other.
func TestPublicFilesSwappedUnderLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lay(t, dir, "_0/a.txt", "version 0")
	lay(t, dir, "_1/a.txt", "version 1")
	link(t, "_0", filepath.Join(dir, "site.public"))
	h := open(t, dir)
	var stop atomic.Bool
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for !stop.Load() {
				if status, body := get(h, "/site/a.txt"); status != 200 || !strings.HasPrefix(body, "version ") {
					t.Errorf("%d %q", status, body)
					return
				}
			}
		})
	}
	for i := range 10 {
		target := "_" + strconv.Itoa((i+1)%2)
		link(t, target, filepath.Join(dir, "_next"))
		must(t, os.Rename(filepath.Join(dir, "_next"), filepath.Join(dir, "site.public")))
		until(t, h, "/site/a.txt", 200, "version "+target[1:])
		lay(t, dir, "site.toml", "cache_control = 'max-age="+strconv.Itoa(i)+"'\n") // another reason to open it anew
	}
	stop.Store(true)
	clients.Wait()
}

func link(t testing.TB, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Skip(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The access record of a file names the app, the status and the bytes like any other.
func TestPublicFilesAreLogged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lay(t, dir, "app.public/a.txt", "four")
	out := &logBuffer{}
	log := slog.New(slog.NewTextHandler(out, nil))
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Watch, cfg.Log.Access = dir, false, true
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: log})
	must(t, err)
	defer h.Close()
	request(h, "GET", "/app/a.txt", "")
	if text := out.String(); !strings.Contains(text, "app=app") || !strings.Contains(text, "status=200 bytes=4 ") {
		t.Errorf("log:\n%s", text)
	}
}
