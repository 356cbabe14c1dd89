package host_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
)

// spyListener counts what its connections are handed as a file, which the kernel can copy.
type spyListener struct {
	net.Listener
	files atomic.Int64
}

func (l *spyListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &spyConn{conn.(*net.TCPConn), l}, nil
}

type spyConn struct {
	*net.TCPConn
	listener *spyListener
}

func (c *spyConn) ReadFrom(src io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(src)
	if limited, ok := src.(*io.LimitedReader); ok {
		if _, ok := limited.R.(*os.File); ok {
			c.listener.files.Add(n)
		}
	}
	return n, err
}

// bigFile is more than the buffers of a connection hold, in bytes.
const bigFile = 48 << 20

// serveBigFile serves a file, with the whole server around it, and returns its address.
func serveBigFile(t *testing.T, log *slog.Logger, change func(*config.Config)) (string, *spyListener) {
	t.Helper()
	dir := t.TempDir()
	lay(t, dir, "site.public/big", "")
	must(t, os.Truncate(filepath.Join(dir, "site.public", "big"), bigFile))
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Watch, cfg.Log.Access = dir, false, true
	change(&cfg)
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: log})
	must(t, err)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	listener := &spyListener{Listener: inner}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		must(t, <-served)
		must(t, h.Close())
	})
	return inner.Addr().String(), listener
}

// Nothing between the file and the connection keeps the kernel from copying the one to the other.
func TestPublicFilesAreCopiedByTheKernel(t *testing.T) {
	t.Parallel()
	address, listener := serveBigFile(t, testLog(t), func(*config.Config) {})
	response, err := http.Get("http://" + address + "/site/big")
	must(t, err)
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); n != bigFile || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if least := int64(bigFile - 1<<10); listener.files.Load() < least {
		t.Errorf("the connection was handed %d bytes as a file, want %d", listener.files.Load(), least)
	}
}

// A client that is slow and goes on gets its file, however long that takes; one that takes nothing more is cut off.
func TestSlowClientsOfPublicFiles(t *testing.T) {
	t.Parallel()
	const patience = 300 * time.Millisecond
	out := &logBuffer{}
	address, _ := serveBigFile(t, slog.New(slog.NewTextHandler(out, nil)), func(c *config.Config) { c.Defaults.WriteTimeout = patience })
	ask := func() net.Conn {
		conn, err := net.Dial("tcp", address)
		must(t, err)
		t.Cleanup(func() { conn.Close() })
		must(t, conn.SetDeadline(time.Now().Add(hang)))
		_, err = fmt.Fprintf(conn, "GET /site/big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		must(t, err)
		return conn
	}
	slow, begun, read := ask(), time.Now(), int64(0)
	for {
		n, err := io.CopyN(io.Discard, slow, bigFile/100)
		read += n
		if err == io.EOF {
			break
		}
		must(t, err)
		time.Sleep(patience / 25) // a hundred of these are longer than a client may take for one piece
	}
	if took := time.Since(begun); read < bigFile || took < 2*patience {
		t.Errorf("a slow client got %d bytes in %v", read, took)
	}
	stalled := ask()
	_, err := io.CopyN(io.Discard, stalled, 1000)
	must(t, err)
	for deadline := time.Now().Add(hang); strings.Count(out.String(), "msg=request ") < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("a client that stalls is waited for:\n%s", out)
		}
	}
	if n, err := io.Copy(io.Discard, stalled); n > bigFile-1000 {
		t.Errorf("and got all of it: %d bytes, %v", n, err)
	}
}
