package wasgiwstest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgiws"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgiws/wasgiwstest"
)

func TestAWholeLife(t *testing.T) {
	t.Parallel()
	var closed []string
	app := wasgiwstest.New(wasgiws.Handler{
		Open: func(c *wasgiws.Conn) error {
			if c.Get("HTTP_COOKIE") == "" {
				return wasgiws.Refuse(401)
			}
			if err := c.SendText("welcome to " + c.Get("QUERY_STRING")); err != nil {
				return err
			}
			return errors.Join(c.AcceptProtocol("v2"), c.Subscribe("room"))
		},
		Message: func(c *wasgiws.Conn, m *wasgiws.Message) {
			switch {
			case m.Binary:
				if err := c.SendBytes(m.Bytes()); err != nil {
					t.Error(err)
				}
			default:
				if n, err := wasgiws.PublishText("room", m.Text()); n != 2 || err != nil {
					t.Errorf("published to %d, %v", n, err)
				}
			}
		},
		Close: func(c *wasgiws.Conn, code int, reason string) {
			closed = append(closed, reason)
			if err := c.SendText("x"); !errors.Is(err, abi.CodeClosed) {
				t.Errorf("sending to a connection that is closed: %v", err)
			}
		},
	})
	request := wasgitest.Request{Path: "/?a", Headers: []wasgi.Header{{Name: "Cookie", Value: "x"}, {Name: "Sec-WebSocket-Protocol", Value: "v1, v2"}}}
	if c := app.Dial(wasgitest.Request{}); c.Status != 401 || c.Code != 0 || len(c.Received()) != 0 {
		t.Errorf("without a cookie: %+v", c)
	}
	a, b := app.Dial(request), app.Dial(request)
	if got := a.Received(); a.Status != 101 || a.Protocol != "v2" || len(got) != 1 || got[0].Text() != "welcome to a" || got[0].Binary {
		t.Errorf("%+v got %v", a, got)
	}
	b.Received()
	a.SendText("hello")
	a.SendBytes([]byte{0xff})
	if got := b.Received(); len(got) != 1 || got[0].Text() != "hello" {
		t.Errorf("b got %v", got)
	}
	if got := a.Received(); len(got) != 2 || got[1].Text() != "\xff" || !got[1].Binary {
		t.Errorf("a got %v", got)
	}
	response := app.Call(func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		if n, err := wasgiws.PublishBytes("room", []byte("news")); n != 2 || err != nil {
			t.Errorf("published to %d, %v", n, err)
		}
		start("200 OK", nil)
		return nil
	}, wasgitest.Request{})
	if got := a.Received(); response.Code != 200 || len(got) != 1 || got[0].Text() != "news" {
		t.Errorf("%+v, a got %v", response, got)
	}
	a.Close(1000, "enough")
	a.Close(1000, "again")
	b.Close(1006, "")
	if len(closed) != 2 || closed[0] != "enough" || closed[1] != "" {
		t.Errorf("closed %q", closed)
	}
}

// What an app does wrong in an event.
func TestFaults(t *testing.T) {
	t.Parallel()
	closes := 0
	app := wasgiwstest.New(wasgiws.Handler{
		Open: func(c *wasgiws.Conn) error {
			switch c.Get("QUERY_STRING") {
			case "panic":
				panic("open")
			case "error":
				return errors.New("no database")
			}
			return nil
		},
		Message: func(c *wasgiws.Conn, m *wasgiws.Message) {
			if m.Text() == "close" {
				if err := c.Close(4000, "bye"); err != nil {
					t.Error(err)
				}
				return
			}
			panic("message")
		},
		Close: func(_ *wasgiws.Conn, code int, reason string) {
			closes++
			if code == 4000 && reason != "bye" {
				t.Errorf("%d %q", code, reason)
			}
		},
	})
	if c := app.Dial(wasgitest.Request{Path: "/?panic"}); c.Status != 500 || c.Fault == nil || !strings.Contains(c.Errors, "panic: open") {
		t.Errorf("%+v", c)
	}
	if c := app.Dial(wasgitest.Request{Path: "/?error"}); c.Status != 500 || c.Fault != nil || c.Errors != "wasgiws: open: no database\n" {
		t.Errorf("%+v", c)
	}
	if closes != 0 {
		t.Errorf("%d closes of connections that never were", closes)
	}
	c := app.Dial(wasgitest.Request{})
	c.SendText("x")
	if c.Code != 1011 || closes != 1 || !strings.Contains(c.Errors, "panic: message") {
		t.Errorf("%+v, %d closes", c, closes)
	}
	c = app.Dial(wasgitest.Request{})
	c.SendText("close")
	if c.Code != 4000 || c.Reason != "bye" || closes != 2 {
		t.Errorf("%+v, %d closes", c, closes)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	check := func(what string, err error, want abi.Code) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	app := wasgiwstest.New(wasgiws.Handler{
		Open: func(c *wasgiws.Conn) error {
			check("a protocol that is not offered", c.AcceptProtocol("v3"), abi.CodeInvalid)
			return nil
		},
		Message: func(c *wasgiws.Conn, m *wasgiws.Message) {
			check("a protocol after open", c.AcceptProtocol("v3"), abi.CodeState)
			check("no text", c.SendText("\xff"), abi.CodeInvalid)
			check("a code of the host", c.Close(1006, ""), abi.CodeInvalid)
			check("a code that is none", c.Close(5000, ""), abi.CodeInvalid)
			check("a reason that is no text", c.Close(1000, "\xff"), abi.CodeInvalid)
			check("a long reason", c.Close(1000, strings.Repeat("x", 124)), abi.CodeTooLarge)
			check("no topic", c.Subscribe(""), abi.CodeInvalid)
			check("a long topic", c.Unsubscribe(strings.Repeat("x", 257)), abi.CodeTooLarge)
			check("a stranger", wasgiws.ID("x").Subscribe("t"), abi.CodeClosed)
			check("a stranger", wasgiws.ID("x").SendBytes(nil), abi.CodeClosed)
			check("a stranger", wasgiws.ID("x").Close(1000, ""), abi.CodeClosed)
			_, err := wasgiws.PublishText("", "x")
			check("to no topic", err, abi.CodeInvalid)
			_, err = wasgiws.PublishText(strings.Repeat("x", 257), "x")
			check("to a long topic", err, abi.CodeTooLarge)
			_, err = wasgiws.PublishText("t", "\xff")
			check("publishing no text", err, abi.CodeInvalid)
			if err := errors.Join(c.Subscribe("t"), c.Unsubscribe("t")); err != nil {
				t.Error(err)
			}
			if n, err := wasgiws.PublishText("t", "x"); n != 0 || err != nil {
				t.Errorf("published to %d, %v", n, err)
			}
		},
	})
	c := app.Dial(wasgitest.Request{})
	c.SendText("x")
	if c.Fault != nil {
		t.Error(c.Fault)
	}
	c.Close(1000, "") // nobody wants to know
}

// Whatever a client sends, an app that sends it back gets it back.
func FuzzEcho(f *testing.F) {
	f.Add(false, "hello")
	f.Add(true, "\x00\xff")
	f.Fuzz(func(t *testing.T, binary bool, data string) {
		app := wasgiwstest.New(wasgiws.Handler{Message: func(c *wasgiws.Conn, m *wasgiws.Message) {
			if m.Binary {
				_ = c.SendBytes(m.Bytes())
			} else {
				_ = c.SendText(m.Text())
			}
		}})
		c := app.Dial(wasgitest.Request{})
		if binary {
			c.SendBytes([]byte(data))
		} else {
			c.SendText(strings.ToValidUTF8(data, ""))
			data = strings.ToValidUTF8(data, "")
		}
		if got := c.Received(); len(got) != 1 || got[0].Text() != data || got[0].Binary != binary {
			t.Errorf("sent %q, got %v", data, got)
		}
	})
}
