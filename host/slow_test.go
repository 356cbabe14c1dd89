package host_test

import (
	"context"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certtest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// TestSlowClients runs slowhttptest against a host in its three modes: each opens as many connections as all apps together have
// instances, and keeps them busy with next to nothing. Those who want to be served are, all the while, and in the end the server has
// closed every slow connection.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("slowhttptest")
	if err != nil {
		t.Skip("slowhttptest is not installed")
	}
	for name, c := range map[string]struct {
		app   string
		flags []string
	}{
		"headers": {"hello", []string{"-H", "-i", "1", "-x", "8"}},
		"bodies":  {"count", []string{"-B", "-i", "1", "-x", "8", "-s", "8192"}},
		// It reads 512 bytes a second: what it has when it is cut off it can still read, and only then sees that it was.
		"responses": {"flood", []string{"-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "512"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, app := range []string{"hello", "count", "flood"} {
				write(t, filepath.Join(dir, app+".wasm"), guesttest.Wasm(t, app))
			}
			s := serve(t, dir, func(c *config.Config) {
				c.Server.ReadHeaderTimeout, c.Defaults.WriteTimeout = 3*time.Second, 3*time.Second
			})
			ctx, cancel := context.WithTimeout(t.Context(), hang)
			defer cancel()
			// Its limit of time is far beyond what the server's are.
			flags := append(c.flags, "-c", "64", "-r", "200", "-l", "25", "-u", "http://"+s.plain+"/"+c.app)
			attack := exec.CommandContext(ctx, tool, flags...)
			over := make(chan string, 1)
			go func() {
				said, err := attack.CombinedOutput()
				if err != nil {
					said = append(said, err.Error()...)
				}
				over <- string(said)
			}()
			good := client(t, nil)
			for served := 0; ; served++ {
				select {
				case said := <-over:
					if !strings.Contains(said, "No open connections left") || served < 10 {
						t.Errorf("%d requests were served meanwhile; it says\n%s", served, said)
					}
					return
				case <-time.After(50 * time.Millisecond):
				}
				began := time.Now()
				response, err := good.Get("http://" + s.plain + "/hello")
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if err != nil || response.StatusCode != http.StatusOK || string(body) != hello {
					t.Errorf("after %v: %s %q, %v", time.Since(began), response.Status, body, err)
				}
			}
		})
	}
}

// A client of HTTP/2 that takes nothing has its stream reset; the connection, and its other streams, go on.
func TestSlowReaderOfHTTP2(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, app := range []string{"hello", "flood"} {
		write(t, filepath.Join(dir, app+".wasm"), guesttest.Wasm(t, app))
	}
	authority := certtest.New(t)
	s := serve(t, dir, withTLS(t, authority), func(c *config.Config) { c.Defaults.WriteTimeout = 500 * time.Millisecond })
	visitor := client(t, authority)
	response, err := visitor.Get("https://" + s.tls + "/flood")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	time.Sleep(1500 * time.Millisecond) // it takes its time
	if n, err := io.Copy(io.Discard, response.Body); response.ProtoMajor != 2 || err == nil || !strings.Contains(err.Error(), "stream error") {
		t.Errorf("%s: %d bytes, %v", response.Proto, n, err)
	}
	other, err := visitor.Get("https://" + s.tls + "/hello")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Body.Close()
	if body, err := io.ReadAll(other.Body); err != nil || string(body) != hello {
		t.Errorf("then %q, %v", body, err)
	}
}
