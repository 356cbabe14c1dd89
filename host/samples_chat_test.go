package host_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// chat opens a WebSocket by hand and reads the greeting: one frame of text.
func chat(t *testing.T, server *httptest.Server) {
	response, err := http.Get(server.URL + "/chat")
	if got := body(t, response, err, 200); !strings.Contains(got, "new WebSocket(") {
		t.Errorf("the page:\n%s", got)
	}
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hang))
	_, _ = fmt.Fprintf(conn, "GET /chat?name=Ada&room=test HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", base64.StdEncoding.EncodeToString(make([]byte, 16)))
	from := bufio.NewReader(conn)
	if response, err := http.ReadResponse(from, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%+v, %v", response, err)
	}
	var head [2]byte
	if _, err := io.ReadFull(from, head[:]); err != nil || head[0] != 0x81 {
		t.Fatalf("% x, %v", head, err)
	}
	greeting := make([]byte, head[1])
	if _, err := io.ReadFull(from, greeting); err != nil || !strings.HasPrefix(string(greeting), "you\n") || !strings.HasSuffix(string(greeting), "\nAda\n") {
		t.Errorf("%q, %v", greeting, err)
	}
}

// An app in Go that has no WebSockets is none the wiser of them.
func TestOnlyAppsWithWebSocketsAskForThem(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"chat": true, "hello": false, "notes": false} {
		file := filepath.Join(t.TempDir(), name+".wasm")
		write(t, file, guesttest.Go(t, filepath.Join("..", "plugins", name)))
		i, err := host.Inspect(t.Context(), host.Options{Config: config.Default()}, file)
		if err != nil {
			t.Fatal(err)
		}
		imports := slices.ContainsFunc(i.Module.Imports, func(m host.ModuleImport) bool { return m.Module == "wasgi_websocket_v1" && m.Access == "always" })
		exports := slices.ContainsFunc(i.Module.Exports, func(e host.ModuleExport) bool { return e.Name == "websocket_message" && e.Use != "" })
		if imports != want || exports != want {
			t.Errorf("%s: imports %t, exports %t, want %t", name, imports, exports, want)
		}
	}
}

// Two windows of a real browser, with what happens to them in testdata/chat.mjs. WASGI_TEST_SCREENSHOTS is a folder for pictures.
func TestChatInABrowser(t *testing.T) {
	t.Parallel()
	playwright := filepath.Join(os.Getenv("WASGI_TEST_NODE_MODULES"), "playwright-core")
	if _, err := os.Stat(playwright); os.Getenv("WASGI_TEST_NODE_MODULES") == "" || err != nil {
		t.Skip("playwright-core (of npm, in WASGI_TEST_NODE_MODULES) is not installed")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	module := guesttest.Go(t, filepath.Join("..", "plugins", "chat"))
	dir := t.TempDir()
	file := filepath.Join(dir, "chat.wasm")
	write(t, file, module)
	h := open(t, dir)
	server := httptest.NewServer(h)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	script := exec.CommandContext(ctx, "node", filepath.Join("testdata", "chat.mjs"), playwright, chromium, server.URL+"/chat",
		os.Getenv("WASGI_TEST_SCREENSHOTS"))
	script.Stderr = t.Output()
	answers, err := script.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	asked, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Start(); err != nil {
		t.Skipf("node is not installed: %v", err)
	}
	done := false
	for in := bufio.NewScanner(asked); in.Scan(); {
		switch in.Text() {
		case "replace":
			generation := h.Status()[0].Generation
			write(t, file, withSection(module))
			if !eventually(func() bool { return h.Status()[0].Generation > generation }) {
				t.Errorf("%+v", h.Status())
			}
		case "remove":
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		case "restore":
			write(t, file, module)
		case "done":
			done = true
		}
		_, _ = fmt.Fprintln(answers)
	}
	if err := script.Wait(); err != nil || !done {
		t.Errorf("the script: %v", err)
	}
}

// withSection is a module with an empty custom section more: another version that does the same.
func withSection(module []byte) []byte {
	return append(append([]byte{}, module...), 0, 2, 1, 'x')
}
