package main

import (
	"errors"
	"io"
	"strconv"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// What breaks the contract between app and host.

func silent(wasgi.Environ, wasgi.StartResponse) wasgi.Body {
	return wasgi.Text("nobody said what this is\n")
}

func twice(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	start("200 OK", plain())
	if _, err := start("201 Created", plain()); err != nil {
		panic("mischief: the second start_response: " + err.Error())
	}
	return wasgi.Text("the host took both\n")
}

// refused returns an application whose start_response is to be refused.
func refused(status string, headers []wasgi.Header) wasgi.Application {
	return func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		start(status, headers)
		return wasgi.Text("the host took it\n")
	}
}

func status(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	return refused("fine\r\nX-Split: 1", plain())(env, start)
}

func header(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	return refused("200 OK", []wasgi.Header{{Name: "X", Value: "1\r\nX-Split: 1"}})(env, start)
}

func connection(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	return refused("200 OK", []wasgi.Header{{Name: "Transfer-Encoding", Value: "chunked"}})(env, start)
}

func headers(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	var list []wasgi.Header
	for i := range 2000 {
		list = append(list, wasgi.Header{Name: "X-" + strconv.Itoa(i), Value: "1"})
	}
	return refused("200 OK", list)(env, start)
}

// declare starts a response of 5 bytes.
func declare(start wasgi.StartResponse) wasgi.Writer {
	w, _ := start("200 OK", append(plain(), wasgi.Header{Name: "Content-Length", Value: "5"}))
	return w
}

func overrun(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	w := declare(start)
	io.WriteString(w, "five\n")
	if _, err := io.WriteString(w, "and more\n"); err != nil {
		io.WriteString(env.Errors(), "mischief: write: "+err.Error()+"\n")
	}
	return nil
}

func overrunBody(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	declare(start)
	return wasgi.Text("more than five\n")
}

func short(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	declare(start)
	return wasgi.Text("4\r\n\n")
}

func late(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	start("200 OK", plain())
	return wasgi.Stream(func(yield func([]byte) bool) {
		yield([]byte("half of it\n"))
		panic("mischief: a panic in the middle of the body")
	})
}

func change(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	w, _ := start("200 OK", plain())
	io.WriteString(w, "half of it\n")
	start("500 Internal Server Error", plain(), errors.New("mischief: a change of mind"))
	return wasgi.Text("the host took both\n")
}

// flood includes an escape sequence, a forged line and a byte that is no text.
func flood(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	for i := range 10_000 {
		io.WriteString(env.Errors(), "mischief: line "+strconv.Itoa(i)+"\x1b[2J\r{\"level\":\"ERROR\"}\xff\n")
	}
	start("200 OK", plain())
	return wasgi.Text("10,000 lines written\n")
}
