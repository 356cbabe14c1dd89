package wasgihttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

// head returns the headers as "Name: value" lines.
func head(r *wasgitest.Response) string {
	var lines strings.Builder
	for _, header := range r.Headers {
		lines.WriteString(header.Name + ": " + header.Value + "\n")
	}
	return lines.String()
}

func TestResponses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		method  string
		handler http.HandlerFunc
		status  string
		head    string
		body    string
	}{
		{"nothing", "GET", func(http.ResponseWriter, *http.Request) {}, "200 OK", "Content-Length: 0\n", ""},
		{"implicit 200", "GET", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<p>hi") }, "200 OK",
			"Content-Type: text/html; charset=utf-8\nContent-Length: 5\n", "<p>hi"},
		{"own type", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "a/b")
			w.WriteHeader(201)
			w.Header().Set("X-Late", "1")
			io.WriteString(w, "x")
		}, "201 Created", "Content-Type: a/b\nContent-Length: 1\n", "x"},
		{"no type wanted", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			io.WriteString(w, "x")
		}, "200 OK", "Content-Length: 1\n", "x"},
		{"encoded", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "x")
		}, "200 OK", "Content-Encoding: gzip\nContent-Length: 1\n", "x"},
		{"unknown status", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) }, "599 status code 599", "Content-Length: 0\n", ""},
		{"interim", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(202) }, "202 Accepted", "Content-Length: 0\n", ""},
		{"204", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			if n, err := io.WriteString(w, "x"); n != 0 || err != http.ErrBodyNotAllowed {
				panic(fmt.Sprint(n, err))
			}
		}, "204 No Content", "", ""},
		{"HEAD", "HEAD", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }, "200 OK",
			"Content-Type: text/plain; charset=utf-8\nContent-Length: 5\n", ""},
		{"declared", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			io.WriteString(w, "ok")
			if n, err := io.WriteString(w, "x"); n != 0 || err != http.ErrContentLength {
				panic(fmt.Sprint(n, err))
			}
		}, "200 OK", "Content-Length: 2\nContent-Type: text/plain; charset=utf-8\n", "ok"},
		{"declared badly", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "-2")
			io.WriteString(w, "ok")
		}, "200 OK", "Content-Type: text/plain; charset=utf-8\nContent-Length: 2\n", "ok"},
		{"declared twice", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Length"] = []string{"0", "0"}
		}, "200 OK", "Content-Length: 0\n", ""},
		{"mended headers", "GET", func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("X-Lines", " a\r\nb\xff\t")
			h.Set("Connection", "close")
			h.Set("Proxy-Authenticate", "x")
			h["Not a token"], h[""] = []string{"x"}, []string{"x"}
			h.Set(http.TrailerPrefix+"X", "1")
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		}, "200 OK", "Set-Cookie: a=1\nSet-Cookie: b=2\nX-Lines: a  b\xff\nContent-Length: 0\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := call(test.handler, wasgitest.Request{Method: test.method})
			if got.Fault != nil || got.Errors != "" {
				t.Errorf("fault %v, errors %q", got.Fault, got.Errors)
			}
			if got.Status != test.status || head(got) != test.head || string(got.Body) != test.body {
				t.Errorf("got %q\n%s%q", got.Status, head(got), got.Body)
			}
			if len(got.Blocks) > 0 {
				t.Errorf("a small body went out in blocks: %q", got.Blocks)
			}
		})
	}
}

func TestLargeBodyStreams(t *testing.T) {
	t.Parallel()
	const block = 32 << 10
	want := bytes.Repeat([]byte("<html>abc\n"), 10_000)
	for _, step := range []int{1 << 20, 4 << 10, 999} {
		got := call(func(w http.ResponseWriter, _ *http.Request) {
			for part := range slices.Chunk(want, step) {
				if n, err := w.Write(part); n != len(part) || err != nil {
					t.Errorf("Write: %d, %v", n, err)
				}
			}
		}, wasgitest.Request{})
		if !bytes.Equal(got.Body, want) || got.Fault != nil {
			t.Errorf("step %d: %d bytes, fault %v", step, len(got.Body), got.Fault)
		}
		if len(got.Blocks) != 3 || len(got.Blocks[0]) != block {
			t.Errorf("step %d: %d blocks, the first of %d bytes", step, len(got.Blocks), len(got.Blocks[0]))
		}
		if want := "Content-Type: text/html; charset=utf-8\n"; head(got) != want {
			t.Errorf("step %d: headers %q, want %q", step, head(got), want)
		}
	}
	whole := call(func(w http.ResponseWriter, _ *http.Request) { w.Write(want[:block]) }, wasgitest.Request{})
	if len(whole.Blocks) != 0 || whole.Header("Content-Length") != "32768" {
		t.Errorf("a body of one buffer: %d blocks, %q", len(whole.Blocks), head(whole))
	}
	headOnly := call(func(w http.ResponseWriter, _ *http.Request) { w.Write(want) }, wasgitest.Request{Method: "HEAD"})
	if len(headOnly.Blocks) != 0 || len(headOnly.Body) != 0 || headOnly.Fault != nil {
		t.Errorf("HEAD: %d blocks, fault %v", len(headOnly.Blocks), headOnly.Fault)
	}
}

func TestFlush(t *testing.T) {
	t.Parallel()
	var sent []string
	got := call(func(w http.ResponseWriter, _ *http.Request) {
		controller := http.NewResponseController(w)
		if err := controller.Flush(); err != nil { // the headers alone
			t.Error(err)
		}
		for _, part := range []string{"one", "two"} {
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
			if sent[len(sent)-1] != part {
				t.Errorf("sent %q after %q", sent, part)
			}
		}
		if err := controller.Flush(); err != nil { // nothing to send
			t.Error(err)
		}
		if err := controller.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		io.WriteString(w, "rest")
	}, wasgitest.Request{OnBlock: func(block []byte) error { sent = append(sent, string(block)); return nil }})
	if want := []string{"one", "two"}; !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
	if string(got.Body) != "onetworest" || head(got) != "" || got.Fault != nil {
		t.Errorf("body %q, headers %q, fault %v", got.Body, head(got), got.Fault)
	}
}

func TestClientGoneEndsTheContext(t *testing.T) {
	t.Parallel()
	var after context.Context
	call(func(w http.ResponseWriter, r *http.Request) {
		controller := http.NewResponseController(w)
		if r.Context().Err() != nil {
			t.Error("the context ended too soon")
		}
		io.WriteString(w, "x")
		if err := controller.Flush(); err != abi.CodeClosed {
			t.Errorf("Flush: %v, want %v", err, abi.CodeClosed)
		}
		<-r.Context().Done()
		if err := controller.Flush(); err != abi.CodeClosed {
			t.Errorf("second Flush: %v, want %v", err, abi.CodeClosed)
		}
		if n, err := w.Write(make([]byte, 40<<10)); n != 32<<10 || err != abi.CodeClosed {
			t.Errorf("Write: %d, %v", n, err)
		}
	}, wasgitest.Request{OnBlock: func([]byte) error { return abi.CodeClosed }})
	call(func(_ http.ResponseWriter, r *http.Request) { after = r.Context() }, wasgitest.Request{})
	if after.Err() != context.Canceled {
		t.Errorf("after the handler: %v", after.Err())
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		value  any
		errors string
	}{
		{"text", "oops", "wasgihttp: panic serving GET \"/x\": oops\ngoroutine "},
		{"error", io.ErrNoProgress, "wasgihttp: panic serving GET \"/x\": multiple Read calls return no data or error\ngoroutine "},
		{"abort", fmt.Errorf("enough: %w", http.ErrAbortHandler), "enough: net/http: abort Handler\n"},
		{"bad status", nil, "wasgihttp: panic serving GET \"/x\": wasgihttp: invalid WriteHeader code 42\ngoroutine "},
	} {
		for _, flushed := range []bool{false, true} {
			got := call(func(w http.ResponseWriter, _ *http.Request) {
				if test.value == nil {
					if flushed {
						w.(http.Flusher).Flush()
					}
					w.WriteHeader(42)
				}
				io.WriteString(w, "half")
				if flushed {
					w.(http.Flusher).Flush()
				}
				panic(test.value)
			}, wasgitest.Request{Path: "/x"})
			if !strings.HasPrefix(got.Errors, test.errors) {
				t.Errorf("%s: errors %q", test.name, got.Errors)
			}
			if flushed {
				if !got.Cut || got.Fault == nil || got.Fault.Error() != "start_response with exc_info after the headers were sent" {
					t.Errorf("%s after headers: %+v", test.name, got)
				}
				continue
			}
			if got.Status != "500 Internal Server Error" || string(got.Body) != "Internal Server Error\n" || got.Fault != nil {
				t.Errorf("%s: %q %q, fault %v", test.name, got.Status, got.Body, got.Fault)
			}
			want := "Content-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff\nContent-Length: 22\n"
			if head(got) != want {
				t.Errorf("%s: headers %q", test.name, head(got))
			}
		}
	}
}

func TestSuperfluousWriteHeaderIsLogged(t *testing.T) {
	t.Parallel()
	got := call(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(404)
		w.WriteHeader(200)
	}, wasgitest.Request{})
	if want := "wasgihttp: superfluous WriteHeader(200): the status is 404\n"; got.Errors != want || got.Code != 404 {
		t.Errorf("errors %q, status %s", got.Errors, got.Status)
	}
}

func TestRefusedHeadersAreLoggedAndFail(t *testing.T) {
	t.Parallel()
	got := call(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Huge", strings.Repeat("x", abi.MaxHeaderBytes))
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, abi.CodeTooLarge) {
			t.Errorf("Flush: %v, want %v", err, abi.CodeTooLarge)
		}
	}, wasgitest.Request{})
	if want := "wasgi: start_response was refused: over a limit\n"; got.Errors != want || got.Code != 500 {
		t.Errorf("errors %q, status %s", got.Errors, got.Status)
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ mount, location, want string }{
		{"/notes", "/login?next=/x", "/notes/login?next=/x"},
		{"/notes", "/", "/notes/"},
		{"/notes", "/notes", "/notes"},
		{"/notes", "/notes/x", "/notes/x"},
		{"/notes", "/notes?x", "/notes?x"},
		{"/notes", "/notebook", "/notes/notebook"},
		{"/notes", "/notesx", "/notes/notesx"},
		{"/notes", "./", "./"},
		{"/notes", "//other.example/", "//other.example/"},
		{"/notes", "https://other.example/x", "https://other.example/x"},
		{"", "/login", "/login"},
		{"/my notes", "/x", "/my%20notes/x"},
	} {
		got := call(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", test.location)
			w.WriteHeader(303)
		}, wasgitest.Request{Mount: test.mount, Path: "/"})
		if location := got.Header("Location"); location != test.want {
			t.Errorf("%s at %s: %q, want %q", test.location, test.mount, location, test.want)
		}
	}
}
