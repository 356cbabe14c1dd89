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

// TestHammer has clients that pipeline, dribble, break the rules and leave: each answer is that of its request, in order, and after a
// refusal there is none. Of two servers, one is so impatient with heads that it cuts some clients off.
func TestHammer(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(hang)) // as the gateway does, while net/http reads in the background
		if len(r.URL.Path)%3 == 0 {
			time.Sleep(time.Millisecond)
		}
		_ = control.SetReadDeadline(time.Time{})
		echo(w, r)
	})
	patient, impatient := options(), options()
	patient.HalfClosed, impatient.HalfClosed, impatient.HeaderTimeout = time.Millisecond, time.Millisecond, time.Millisecond
	addresses := []string{
		start(t, &http.Server{Handler: handler, ReadHeaderTimeout: hang, IdleTimeout: hang}, patient),
		start(t, &http.Server{Handler: handler, ReadHeaderTimeout: hang, IdleTimeout: hang}, impatient),
	}
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range 15 {
				hammer(t, addresses[i%2], i%2 == 0, random)
			}
		})
	}
	group.Wait()
}

// hammer plays one connection, which the server cuts off in the middle only if it is not patient.
func hammer(t *testing.T, address string, patient bool, random *rand.Rand) {
	c := dial(t, address)
	defer c.Close()
	out, want := program(random)
	leaves := random.IntN(4) == 0
	go sendInPieces(c.TCPConn, out, random.Uint64(), leaves)
	for i, body := range want {
		response, err := http.ReadResponse(c.Reader, nil)
		if err != nil && (leaves || !patient) {
			return
		}
		if err != nil {
			t.Errorf("answer %d of %d: %v", i, len(want), err)
			return
		}
		got, err := io.ReadAll(response.Body)
		if text := strings.TrimSpace(string(got)); (err != nil || text != body) && !leaves {
			t.Errorf("answer %d of %d: %q, %v, want %q", i, len(want), text, err, body)
		}
	}
	if patient && !leaves && want[len(want)-1] == "no Host header" {
		c.expectEnd()
	}
}

// program makes requests, the last of which may be refused, and what their answers are.
func program(random *rand.Rand) (out string, want []string) {
	var all strings.Builder
	for i := range 1 + random.IntN(20) {
		path := fmt.Sprintf("/%d-%s", i, strings.Repeat("x", random.IntN(20)))
		switch body := strings.Repeat("y", random.IntN(5000)); random.IntN(3) {
		case 0:
			fmt.Fprintf(&all, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path)
			want = append(want, "GET "+path)
		case 1:
			fmt.Fprintf(&all, "POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
			want = append(want, strings.TrimSpace("POST "+path+" "+body))
		case 2:
			fmt.Fprintf(&all, "POST %s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\nz%s\r\n0\r\nX: 1\r\n\r\n", path, len(body)+1, body)
			want = append(want, "POST "+path+" z"+body)
		}
	}
	if random.IntN(2) == 0 {
		all.WriteString(noHost + get)
		want = append(want, "no Host header")
	}
	return all.String(), want
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
