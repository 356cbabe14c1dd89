package static_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A file that becomes shorter while it is sent cannot be completed: the client must see a failure. One that is replaced is sent as
// it was.
func TestChangedWhileSent(t *testing.T) {
	t.Parallel()
	const size = 32 << 20 // more than the buffers of a connection hold
	content := strings.Repeat("x", size)
	for name, change := range map[string]func(path string) error{
		"cut short": func(path string) error { return os.Truncate(path, size/2+1) },
		"replaced": func(path string) error {
			if err := os.WriteFile(path+".new", []byte("new"), 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		},
		"removed": os.Remove,
		"longer": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("more")
			return errors.Join(err, f.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, map[string]string{"big": content})
			server := httptest.NewServer(s)
			defer server.Close()
			response, err := http.Get(server.URL + "/big")
			must(t, err)
			defer response.Body.Close()
			if _, err := io.ReadFull(response.Body, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			if err := change(filepath.Join(s.dir, "big")); err != nil {
				t.Skip(err) // a system that keeps open files from being replaced
			}
			rest, err := io.Copy(io.Discard, response.Body)
			if whole := err == nil && rest == size-1000; whole != (name != "cut short") {
				t.Errorf("%d bytes more, %v", rest, err)
			}
		})
	}
}

// Files are written over, replaced and removed, and the folder is closed, while they are asked for: each answer is one version, and
// whole.
func TestHammer(t *testing.T) {
	t.Parallel()
	const size = 70_000
	s := newSite(t, map[string]string{"a.txt": strings.Repeat("a", size), "sub/index.html": "x"})
	server := httptest.NewServer(s)
	defer server.Close()
	var stop atomic.Bool
	var writers, readers sync.WaitGroup
	writers.Go(func() {
		for i := 0; !stop.Load(); i++ {
			path := filepath.Join(s.dir, "a.txt")
			_ = os.WriteFile(path+".new", []byte(strings.Repeat(string(rune('a'+i%26)), size)), 0o600)
			_ = os.Rename(path+".new", path)
			_ = os.WriteFile(path+".gz", []byte(strings.Repeat("z", size)), 0o600)
			_ = os.Remove(path + ".gz")
			_ = os.RemoveAll(filepath.Join(s.dir, "sub"))
			_ = os.MkdirAll(filepath.Join(s.dir, "sub"), 0o700)
		}
	})
	for range 4 {
		readers.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
			defer client.CloseIdleConnections()
			for range 150 {
				response, err := client.Get(server.URL + "/a.txt")
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if text := string(body); err != nil || response.StatusCode != 200 || text != strings.Repeat(text[:1], size) {
					t.Errorf("%d, %d bytes, %v", response.StatusCode, len(body), err)
					return
				}
				request, _ := http.NewRequest("GET", server.URL+"/a.txt", nil)
				request.Header.Set("Accept-Encoding", "gzip")
				for _, ask := range []func() (*http.Response, error){
					func() (*http.Response, error) { return client.Do(request) },
					func() (*http.Response, error) { return client.Get(server.URL + "/sub/") },
				} {
					if response, err = ask(); err == nil { // one that is written over while it is sent may be cut
						_, _ = io.Copy(io.Discard, response.Body)
						response.Body.Close()
					}
				}
			}
		})
	}
	readers.Wait()
	stop.Store(true)
	writers.Wait()
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"a.txt": "a"})
	file, err := s.folder.Find("/a.txt", nil)
	must(t, err)
	must(t, s.folder.Close())
	if _, err := s.folder.Find("/a.txt", nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	w := httptest.NewRecorder()
	file.Serve(w, httptest.NewRequest("GET", "/a.txt", nil), func(time.Duration) {}, nil)
	if w.Body.String() != "a" {
		t.Errorf("what was found before: %q", w.Body)
	}
}
