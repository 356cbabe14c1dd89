package main

import (
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasginext"
)

// next is the application behind the middleware: its head, its blocks, and how it fails.
type next struct {
	head   [][2]string
	blocks []string
	fails  abi.Code
	closed bool
}

func (n *next) Call(string, []byte, []byte, bool) int32 { return 1 }

func (n *next) ReadHead(_ int32, p []byte) int32 {
	if n.head == nil {
		return n.fails.Errno()
	}
	var e wire.Encoder
	for _, pair := range n.head {
		e.Add(pair[0], pair[1])
	}
	head, _ := e.Bytes() // it is far from too long
	if len(head) <= len(p) {
		copy(p, head)
	}
	return int32(len(head))
}

func (n *next) ReadBody(_ int32, p []byte) int32 {
	if len(n.blocks) == 0 {
		if n.fails != 0 {
			return n.fails.Errno()
		}
		return 0
	}
	m := copy(p, n.blocks[0])
	if n.blocks[0] = n.blocks[0][m:]; n.blocks[0] == "" {
		n.blocks = n.blocks[1:]
	}
	return int32(m)
}

func (n *next) Close(int32) int32 {
	n.closed = true
	return 0
}

func call(n *next, accept string) (got *wasgitest.Response) {
	wasginext.With(n, func() {
		got = wasgitest.Call(compress, wasgitest.Request{Headers: []wasgi.Header{{Name: "Accept-Encoding", Value: accept}}})
	})
	return got
}

func TestCompress(t *testing.T) {
	long := strings.Repeat("long ", 20_000)
	for accept, coded := range map[string]bool{"gzip": true, "br, GZIP ; q=0.1": true, "gzip;q=0.0": false, "br": false, "": false} {
		n := &next{blocks: []string{"a ", long, "c"}, head: [][2]string{
			{":status", "201 Created"}, {"Content-Type", "text/plain"}, {"X-Filler", strings.Repeat("x", 5000)},
		}}
		got := call(n, accept)
		if got.Fault != nil || got.Code != 201 || (got.Header("Content-Encoding") == "gzip") != coded {
			t.Fatalf("%q: %d, %v, %v", accept, got.Code, got.Header("Content-Encoding"), got.Fault)
		}
		body := string(got.Body)
		if coded {
			z, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			body = string(plain)
		}
		if body != "a "+long+"c" {
			t.Errorf("%q: %d bytes", accept, len(body))
		}
	}
}

// What fails behind it must not look like a whole response.
func TestFailuresArePassedOn(t *testing.T) {
	if got := call(&next{fails: abi.CodeClosed}, "gzip"); got.Fault == nil {
		t.Errorf("nothing behind it: %d", got.Code)
	}
	n := &next{fails: abi.CodeTruncated, blocks: []string{"a"}, head: [][2]string{{":status", "200 OK"}}}
	if got := call(n, "gzip"); got.Fault == nil || !got.Cut || !strings.Contains(got.Fault.Error(), abi.CodeTruncated.Error()) {
		t.Errorf("a body that breaks off: %v", got.Fault)
	}
}
