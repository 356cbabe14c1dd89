package host_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// listening is a host that serves on loopback as `wasgi serve` does.
type listening struct {
	address string
	log     *logBuffer
}

// serveRaw serves guests, by the names of their files, for the length of a test.
func serveRaw(t testing.TB, guests map[string]string, change ...func(*config.Config)) *listening {
	t.Helper()
	dir := t.TempDir()
	for file, guest := range guests {
		write(t, filepath.Join(dir, file+".wasm"), guesttest.Wasm(t, guest))
	}
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Log.Access = dir, true
	for _, f := range change {
		f(&cfg)
	}
	log := &logBuffer{}
	h, err := host.Open(t.Context(), host.Options{
		Config: cfg, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return &listening{listener.Addr().String(), log}
}

// verdict sends a shape, and POST /last behind it, and returns what comes back, as [shape] has it.
func verdict(t *testing.T, network, address string, raw string) string {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hang))
	const last = "the last"
	_, _ = fmt.Fprintf(conn, "%sPOST /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", raw, len(last), last)
	reader := bufio.NewReader(conn)
	asked := &http.Request{Method: raw[:strings.IndexByte(raw+" ", ' ')]} // a response to HEAD has no body
	var all []string
	for {
		response, err := http.ReadResponse(reader, asked)
		if err != nil {
			return strings.Join(all, " ")
		}
		asked = nil
		body, err := io.ReadAll(response.Body)
		switch {
		case err != nil:
			all = append(all, "cut off")
		case string(body) == last:
			all = append(all, "last")
		default:
			all = append(all, fmt.Sprint(response.StatusCode))
		}
	}
}

func agree(got, want string) bool {
	return got == want || want == broken && (got == "400" || got == "cut off")
}

// served matches the record of a request that reached an app with a target that is in no request but a smuggled one.
var served = regexp.MustCompile(`app=index remote=\S+ method=\S+ target=/smuggled.*`)

func smugglingHost(t *testing.T) *listening {
	return serveRaw(t, map[string]string{"index": "echo"}, func(cfg *config.Config) {
		cfg.Defaults.Timeout = 4 * time.Second // for the shapes whose bodies never end
	})
}

// TestSmuggling plays the corpus: each shape gets the answers that RFC 9112, read strictly, has for it, and no other request is served.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	shapes := corpus()
	if len(shapes) < 60 {
		t.Errorf("the corpus has %d shapes", len(shapes))
	}
	s := smugglingHost(t)
	for _, shape := range shapes {
		if got := verdict(t, "tcp", s.address, shape.raw); !agree(got, shape.want) {
			t.Errorf("%s: %q, want %q", shape.name, got, shape.want)
		}
	}
	if found := served.FindAllString(s.log.String(), -1); found != nil {
		t.Errorf("a smuggled request was served: %s", strings.Join(found, "\n"))
	}
}
