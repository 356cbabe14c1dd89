//go:build unix

package static_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/wasgi/wasgi/host/internal/static"
)

// What is no regular file does not answer, and is not waited for.
func TestSpecialFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"a.css": "plain"})
	must(t, syscall.Mkfifo(filepath.Join(s.dir, "fifo"), 0o600))
	must(t, syscall.Mkfifo(filepath.Join(s.dir, "a.css.gz"), 0o600))
	must(t, os.Mkdir(filepath.Join(s.dir, "sub"), 0o700))
	must(t, syscall.Mkfifo(filepath.Join(s.dir, "sub", "index.html"), 0o600))
	if listener, err := net.Listen("unix", filepath.Join(s.dir, "socket")); err == nil { // its path may be too long
		defer listener.Close()
	}
	for _, path := range []string{"/fifo", "/socket", "/sub", "/sub/"} {
		if _, err := s.folder.Find(path, nil); !errors.Is(err, static.ErrNone) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got := s.ask("/a.css", "Accept-Encoding: gzip"); got.Code != 200 || got.Body.String() != "plain" {
		t.Errorf("with a FIFO for its coding: %d %q", got.Code, got.Body)
	}
}

// A file that is there and cannot be read is the operator's mistake, and not the app's business.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	s := newSite(t, map[string]string{"a.txt": "a"})
	must(t, os.Chmod(filepath.Join(s.dir, "a.txt"), 0))
	if _, err := s.folder.Find("/a.txt", nil); !errors.Is(err, os.ErrPermission) {
		t.Errorf("%v", err)
	}
}
