package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

func TestGetShowsTheEnviron(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(echo, wasgitest.Request{
		Mount: "/echo", Path: "/a%20b%FF?q=1",
		Environ: []wasgi.Header{{Name: "X", Value: "1"}, {Name: "X", Value: "2"}},
	})
	if got.Status != "200 OK" || got.Header("Content-Type") != "application/json" || got.Fault != nil {
		t.Errorf("%s, %q, fault %v", got.Status, got.Header("Content-Type"), got.Fault)
	}
	body := string(got.Body)
	if want := "{\n  \"REQUEST_METHOD\": \"GET\",\n  \"SCRIPT_NAME\": \"/echo\",\n  \"PATH_INFO\": \"/a b\\udcff\",\n"; !strings.HasPrefix(body, want) {
		t.Errorf("starts with\n%.200s\nwant\n%s", body, want)
	}
	if want := ",\n  \"X\": \"1\",\n  \"X\": \"2\"\n}\n"; !strings.HasSuffix(body, want) {
		t.Errorf("ends with\n%s\nwant\n%s", body[max(0, len(body)-100):], want)
	}
	if !json.Valid(got.Body) {
		t.Error("not JSON")
	}
	if got := wasgitest.Call(echo, wasgitest.Request{Method: "HEAD"}); got.Code != 200 || len(got.Body) != 0 {
		t.Errorf("HEAD: %s, %q", got.Status, got.Body)
	}
}

func TestPostGivesTheBodyBack(t *testing.T) {
	t.Parallel()
	want := make([]byte, 100_000)
	for i := range want {
		want[i] = byte(i * i >> 3)
	}
	for _, test := range []struct {
		method string
		body   io.Reader
		length string
	}{
		{"POST", bytes.NewReader(want), "100000"},
		{"PUT", iotest.HalfReader(bytes.NewReader(want)), ""},
		{"PATCH", bytes.NewReader(want), "100000"},
	} {
		got := wasgitest.Call(echo, wasgitest.Request{
			Method: test.method, Body: test.body, Headers: []wasgi.Header{{Name: "Content-Type", Value: "image/png"}},
		})
		if got.Status != "200 OK" || !bytes.Equal(got.Body, want) || got.Fault != nil {
			t.Errorf("%s: %s, %d bytes, fault %v", test.method, got.Status, len(got.Body), got.Fault)
		}
		if got.Header("Content-Type") != "image/png" || got.Header("Content-Length") != test.length {
			t.Errorf("%s: headers %v", test.method, got.Headers)
		}
	}
	got := wasgitest.Call(echo, wasgitest.Request{Method: "POST"})
	if got.Header("Content-Type") != "application/octet-stream" || len(got.Body) != 0 || got.Code != 200 {
		t.Errorf("empty: %s %v", got.Status, got.Headers)
	}
}

func TestBlocksGoBackBeforeTheBodyEnds(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	go io.WriteString(out, "one")
	got := wasgitest.Call(echo, wasgitest.Request{Method: "POST", Body: in, OnBlock: func(block []byte) error {
		// The second part is written only now that the first has come back.
		if string(block) == "one" {
			go func() {
				io.WriteString(out, "two")
				out.Close()
			}()
		}
		return nil
	}})
	if string(got.Body) != "onetwo" || len(got.Blocks) != 2 {
		t.Errorf("%q in %d blocks", got.Body, len(got.Blocks))
	}
}

func TestBrokenUploadIsNoShortEcho(t *testing.T) {
	t.Parallel()
	body := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("reset")))
	got := wasgitest.Call(echo, wasgitest.Request{Method: "POST", Body: body})
	if !got.Cut || got.Errors != "wasgi: body: request body ended early\n" {
		t.Errorf("cut %v, errors %q", got.Cut, got.Errors)
	}
}

func TestOtherMethods(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(echo, wasgitest.Request{Method: "DELETE"})
	if got.Status != "405 Method Not Allowed" || got.Header("Allow") != "GET, HEAD, POST, PUT, PATCH" {
		t.Errorf("%s %v", got.Status, got.Headers)
	}
}

// FuzzAppendString: valid text comes back as it was; other bytes can be told from it.
func FuzzAppendString(f *testing.F) {
	f.Add("a\"\\\n\x7f\u2028\ufffd")
	f.Add("\xff\xc3(\xed\xb3\xbf")
	f.Fuzz(func(t *testing.T, s string) {
		encoded := appendString(nil, s)
		if !json.Valid(encoded) {
			t.Fatalf("%q gives %s, which is not JSON", s, encoded)
		}
		if got := decode(t, encoded); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	})
}

// escapes are all that appendString writes.
var escapes = regexp.MustCompile(`\\u(00|dc)([0-9a-f]{2})|\\(["\\])`)

// decode is json.Unmarshal, but for the escapes of bytes, which it turns back into them.
func decode(t *testing.T, encoded []byte) string {
	return escapes.ReplaceAllStringFunc(string(encoded[1:len(encoded)-1]), func(escape string) string {
		if len(escape) == 2 {
			return escape[1:]
		}
		c, err := strconv.ParseUint(escape[4:], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		return string([]byte{byte(c)})
	})
}
