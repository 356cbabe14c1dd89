package http1_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/http1"
)

// TestHammer has clients that pipeline, dribble, break the rules and leave, while the server's deadlines pass: each answer is that of
// its request, in order, and after a refusal there is none.
func TestHammer(t *testing.T) {
	t.Parallel()
	o := options()
	o.HeaderTimeout, o.HalfClosed = 200*time.Millisecond, time.Millisecond
	address := start(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(hang)) // as the gateway does, while net/http reads in the background
		if len(r.URL.Path)%3 == 0 {
			time.Sleep(time.Millisecond)
		}
		_ = control.SetReadDeadline(time.Time{})
		echo(w, r)
	}), ReadHeaderTimeout: hang, IdleTimeout: hang}, o)
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range 15 {
				hammer(t, address, random)
			}
		})
	}
	group.Wait()
}

// hammer plays one connection.
func hammer(t *testing.T, address string, random *rand.Rand) {
	c := dial(t, address)
	defer c.Close()
	var out strings.Builder
	var want []string
	requests := 1 + random.IntN(20)
	for i := range requests {
		path := fmt.Sprintf("/%d-%s", i, strings.Repeat("x", random.IntN(20)))
		switch body := strings.Repeat("y", random.IntN(5000)); random.IntN(3) {
		case 0:
			fmt.Fprintf(&out, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path)
			want = append(want, "GET "+path)
		case 1:
			fmt.Fprintf(&out, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
			want = append(want, strings.TrimSpace("POST "+path+" "+body))
		case 2:
			fmt.Fprintf(&out, "POST %s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\nz%s\r\n0\r\nX: 1\r\n\r\n", path, len(body)+1, body)
			want = append(want, "POST "+path+" z"+body)
		}
	}
	refused := random.IntN(2) == 0
	if refused {
		out.WriteString(noHost + get)
	}
	leaves := random.IntN(4) == 0
	go sendInPieces(c.TCPConn, out.String(), random.Uint64(), leaves)
	if leaves {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	for _, body := range want {
		c.expect(200, body)
	}
	if refused {
		c.expect(400, "no Host header")
		c.expectEnd()
	}
}

func sendInPieces(conn *net.TCPConn, text string, seed uint64, leaves bool) {
	random := rand.New(rand.NewPCG(2, seed))
	if leaves {
		text = text[:random.IntN(len(text))]
		defer conn.Close()
	}
	for len(text) > 0 {
		n := min(len(text), 1+random.IntN(1000))
		if _, err := io.WriteString(conn, text[:n]); err != nil {
			return // refused
		}
		text = text[n:]
		if random.IntN(10) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestHammerDeadlines reads from a connection whose deadlines are changed, which is closed in the end, and must see all bytes and
// no others.
func TestHammerDeadlines(t *testing.T) {
	t.Parallel()
	for range 50 {
		server, peer := net.Pipe()
		c := http1.Guard(server, http1.Options{MaxHeader: maxHeader, HeaderTimeout: hang})
		want := strings.Repeat(get, 20)
		var group sync.WaitGroup
		group.Go(func() {
			_, _ = io.WriteString(peer, want)
		})
		stop := make(chan struct{})
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				switch i % 4 {
				case 0:
					_ = c.SetReadDeadline(time.Unix(1, 0))
				case 1:
					_ = c.SetReadDeadline(time.Time{})
				case 2:
					_ = c.SetDeadline(time.Now().Add(hang))
				case 3:
					_ = c.SetWriteDeadline(time.Now().Add(hang))
				}
			}
		})
		got := make([]byte, len(want))
		if _, err := io.ReadFull(patient{c}, got); err != nil || string(got) != want {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		close(stop)
		group.Go(func() { _ = c.Close() })
		group.Go(func() { _ = c.Close() })
		_, _ = c.Read(got)
		group.Wait()
		_ = peer.Close()
	}
}
