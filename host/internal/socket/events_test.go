package socket_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"request", "instance", "fresh"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "isolation = '"+isolation+"'", nil)
			c := s.dial(t, "")
			c.want("welcome1")
			for _, text := range []string{"hello", "", "grüße, 世界", strings.Repeat("x", 60_000)} {
				c.send("e" + text)
				c.want(text)
			}
			c.write(websocket.MessageBinary, []byte("b\x00\xff\x80"))
			if kind, data, err := c.read(); err != nil || kind != websocket.MessageBinary || string(data) != "\x00\xff\x80" {
				t.Errorf("got %v %q, %v", kind, data, err)
			}
			c.send("y")
			c.want("text")
			c.write(websocket.MessageBinary, []byte("y"))
			c.want("binary")
			for n := range 100 { // in their order, though nobody waits for the answers
				c.send("e" + strings.Repeat("n", n))
			}
			for n := range 100 {
				c.want(strings.Repeat("n", n))
			}
			c.send("glogged by the guest")
			c.send("eto see that it is over")
			c.want("to see that it is over")
			if !strings.Contains(s.log.String(), "logged by the guest") {
				t.Errorf("log:\n%s", s.log)
			}
			if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// An event has no response.
func TestRespondingIsRefused(t *testing.T) {
	t.Parallel()
	c := newSite(t, "", nil).dial(t, "?n")
	c.send("w")
	for range 3 { // start_response, write, and accept_protocol outside of open
		c.wantResult(-4)
	}
}

func TestTheHandshakeIsTheGuests(t *testing.T) {
	t.Parallel()
	s := newSite(t, "timeout = '1s'", nil)
	for query, status := range map[string]int{"r": 403, "x": 500, "t": 500, "l": 504} {
		_, response, err := s.tryDial("/socket?"+query, nil)
		if err == nil || response == nil || response.StatusCode != status {
			t.Errorf("?%s: %v, %+v, want %d", query, err, response, status)
		}
	}
	s.until(t, "returned 7 for the event open; must be 0, or a status from 400 to 599")
	s.until(t, "the event was not handled within timeout")
	if strings.Contains(s.log.String(), "status=101") {
		t.Errorf("an access record of a connection:\n%s", s.log)
	}
	s.dial(t, "").want("welcome1")
	s.until(t, "status=101")
	s.dial(t, "?c").wantClosed(4000, "bye") // what open asks for happens when it has been answered
}

func TestSubprotocols(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	for _, test := range []struct {
		offered []string
		taken   string
		result  int32
	}{
		{[]string{"v1.chat", "v2.chat"}, "v2.chat", 0},
		{[]string{"v1.chat"}, "", -2},
		{nil, "", -2},
	} {
		c, _, err := s.tryDial("/socket?p", &websocket.DialOptions{Subprotocols: test.offered})
		if err != nil {
			t.Fatal(err)
		}
		if c.Subprotocol() != test.taken {
			t.Errorf("offered %q, taken %q, want %q", test.offered, c.Subprotocol(), test.taken)
		}
		(&client{c, t}).wantResult(test.result)
		_ = c.CloseNow()
	}
}

func TestBadHandshakes(t *testing.T) {
	t.Parallel()
	s := newSite(t, "websocket.origins = ['*.friend.test', 'https://only.test']", nil)
	s.write(t, "hello.wasm", guesttest.Wasm(t, "hello"))
	s.reload(t)
	good := map[string]string{
		"Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}
	for name, test := range map[string]struct {
		path   string
		change map[string]string
		status int
	}{
		"good":                      {"/socket", nil, 101},
		"same origin":               {"/socket", map[string]string{"Origin": "http://" + s.address}, 101},
		"a friend":                  {"/socket", map[string]string{"Origin": "https://a.friend.test"}, 101},
		"a friend by scheme":        {"/socket", map[string]string{"Origin": "https://only.test"}, 101},
		"a friend by another":       {"/socket", map[string]string{"Origin": "http://only.test"}, 403},
		"another origin":            {"/socket", map[string]string{"Origin": "https://evil.test"}, 403},
		"an origin that poses":      {"/socket", map[string]string{"Origin": "https://friend.test.evil.test"}, 403},
		"origin null":               {"/socket", map[string]string{"Origin": "null"}, 403},
		"an old version":            {"/socket", map[string]string{"Sec-WebSocket-Version": "8"}, 426},
		"no version":                {"/socket", map[string]string{"Sec-WebSocket-Version": ""}, 426},
		"no key":                    {"/socket", map[string]string{"Sec-WebSocket-Key": ""}, 400},
		"a short key":               {"/socket", map[string]string{"Sec-WebSocket-Key": "c2hvcnQ="}, 400},
		"no upgrade":                {"/socket", map[string]string{"Upgrade": ""}, 200},
		"another upgrade":           {"/socket", map[string]string{"Upgrade": "h2c"}, 200},
		"a connection that stays":   {"/socket", map[string]string{"Connection": "keep-alive"}, 426},
		"a body":                    {"/socket", map[string]string{"Content-Length": "1"}, 400},
		"much to keep":              {"/socket", map[string]string{"Cookie": strings.Repeat("a", 15<<10)}, 431},
		"refused by the app":        {"/socket?r", nil, 403},
		"refused before it is told": {"/socket?t", map[string]string{"Origin": "https://evil.test"}, 403},
		"an app without events":     {"/hello", nil, 200},
		"no app":                    {"/nobody", nil, 404},
	} {
		r, err := http.NewRequest(http.MethodGet, "http://"+s.address+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, headers := range []map[string]string{good, test.change} {
			for key, value := range headers {
				r.Header.Set(key, value)
			}
		}
		if r.Header.Get("Content-Length") != "" {
			r.Body, r.ContentLength = http.NoBody, 0
			r = r.Clone(context.Background())
			r.Body, r.ContentLength = nopCloser{strings.NewReader("x")}, 1
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", name, response.StatusCode, test.status)
		}
		if test.status == 426 && response.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Errorf("%s: headers %v", name, response.Header)
		}
	}
}

type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }

func TestTopics(t *testing.T) {
	t.Parallel()
	s := newSite(t, "websocket.max_topics = 3", nil)
	a, b := s.dial(t, ""), s.dial(t, "")
	a.want("welcome1")
	b.want("welcome1")
	a.send("phello")
	a.want("hello") // who publishes is no exception
	b.want("hello")
	if status, body := s.get(t, "/socket?news"); status != 200 || body != "2" {
		t.Errorf("a request to publish: %d %q", status, body)
	}
	a.want("news")
	b.want("news")
	for topic, result := range map[string]int32{"x": 0, "": -2, strings.Repeat("t", 257): -5} {
		a.send("s" + topic)
		a.wantResult(result)
	}
	a.send("sx")
	a.wantResult(0) // again
	a.send("sy")
	a.wantResult(0)
	a.send("sz")
	a.wantResult(-5) // the fourth
	b.send("Txto those at x")
	b.wantResult(1)
	a.want("to those at x")
	a.send("ux")
	a.wantResult(0)
	a.send("ux")
	a.wantResult(0) // again
	b.send("Txto nobody")
	b.wantResult(0)
	b.send("uall")
	b.wantResult(0)
	if _, body := s.get(t, "/socket?once"); body != "1" {
		t.Errorf("%q got it", body)
	}
	a.want("once")
}

// A connection is reached by its id, and from its own app alone.
func TestIDs(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	s.write(t, "other.wasm", guesttest.Wasm(t, "socket"))
	s.reload(t)
	a, b := s.dial(t, "?n"), s.dial(t, "?n")
	a.send("i")
	_, id, err := a.read()
	if err != nil || len(id) != 26 {
		t.Fatalf("id %q, %v", id, err)
	}
	b.send("S" + string(id) + "hello from b")
	b.wantResult(0)
	a.want("hello from b")
	c, _, err := s.tryDial("/other?n", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	stranger := &client{c, t}
	stranger.send("S" + string(id) + "hello from elsewhere")
	stranger.wantResult(-7)
	b.send("S" + strings.Repeat("A", 26) + "hello nobody")
	b.wantResult(-7)
	b.write(websocket.MessageBinary, append([]byte("S"+string(id)), "\xff"...))
	b.wantResult(-2) // no text
	stranger.send("sall")
	stranger.wantResult(0)
	if _, body := s.get(t, "/socket?here"); body != "0" {
		t.Errorf("%q of another app got it", body)
	}
	if err := a.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(hang); ; { // the client knows a moment before the app
		b.send("S" + string(id) + "hello again")
		_, result, err := b.read()
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%x, %v", result, err)
		}
		if string(result) == "\xf9\xff\xff\xff" { // -7
			return
		}
	}
}

func TestHowConnectionsEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, "timeout = '1s'\nwebsocket.max_message = '4KiB'\nquarantine_after = 0", nil)
	watcher := s.dial(t, "")
	watcher.want("welcome1")
	for name, test := range map[string]struct {
		act    func(*client)
		code   websocket.StatusCode
		reason string
		told   string
	}{
		"the guest closes":        {func(c *client) { c.send("c") }, 4000, "bye", "left 4000"},
		"the guest traps":         {func(c *client) { c.send("t") }, 1011, "the app failed", "left 1011"},
		"the guest spins":         {func(c *client) { c.send("l") }, 1011, "the app failed", "left 1011"},
		"the guest says nonsense": {func(c *client) { c.send("x") }, 1011, "the app failed", "left 1011"},
		"too long":                {func(c *client) { c.send(strings.Repeat("z", 4<<10+1)) }, 1009, "the message is longer than it may be", "left 1009"},
		"much too long":           {func(c *client) { c.send(strings.Repeat("z", 1<<20)) }, 1009, "the message is longer than it may be", "left 1009"},
		"no text":                 {func(c *client) { c.write(websocket.MessageText, []byte("e\xff")) }, 1007, "a text message is not UTF-8", "left 1007"},
	} {
		c := s.dial(t, "?n")
		test.act(c)
		func() {
			defer func() {
				if t.Failed() {
					t.Log(name)
				}
			}()
			c.wantClosed(test.code, test.reason)
			watcher.want(test.told)
		}()
	}
	c := s.dial(t, "?n")
	if err := c.Close(4321, "enough"); err != nil {
		t.Error(err)
	}
	watcher.want("left 4321")
	if err := s.dial(t, "?n").CloseNow(); err != nil {
		t.Error(err)
	}
	watcher.want("left 1006")
	c = s.dial(t, "?n")
	c.send("z" + strings.Repeat("x", 4<<10-1)) // as long as it may be
	c.wantResult(4<<10 - 1)
	if err := s.dial(t, "?C").Close(1000, ""); err != nil { // a fault at close is nobody's but the log's
		t.Error(err)
	}
	s.until(t, "unreachable")
	watcher.send("estill here")
	watcher.want("still here")
}

func TestQuarantine(t *testing.T) {
	t.Parallel()
	s := newSite(t, "quarantine_after = 1", nil)
	a, b := s.dial(t, ""), s.dial(t, "")
	a.send("t")
	a.wantClosed(1011, "the app failed")
	s.until(t, "app quarantined")
	b.send("ehello")
	b.wantClosed(1013, "the app is busy")
	if _, response, err := s.tryDial("/socket", nil); err == nil || response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("%v, %+v", err, response)
	}
}

func TestMaxConnections(t *testing.T) {
	t.Parallel()
	s := newSite(t, "websocket.max_connections = 1", nil)
	first := s.dial(t, "")
	if _, response, err := s.tryDial("/socket", nil); err == nil || response.StatusCode != 503 {
		t.Errorf("%v, %+v", err, response)
	}
	if err := first.Close(1000, ""); err != nil {
		t.Error(err)
	}
	s.subscribers(t, "/socket?gone", "0")
	s.dial(t, "").want("welcome1")
}

// Compression is not offered, whatever the client asks for.
func TestNoCompression(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	c, response, err := s.tryDial("/socket?n", &websocket.DialOptions{CompressionMode: websocket.CompressionContextTakeover})
	if err != nil || response.Header.Get("Sec-WebSocket-Extensions") != "" {
		t.Fatalf("%v, %+v", err, response)
	}
	defer c.CloseNow()
	text := bytes.Repeat([]byte("compressible "), 1000)
	if err := c.Write(t.Context(), websocket.MessageText, append([]byte("e"), text...)); err != nil {
		t.Fatal(err)
	}
	(&client{c, t}).want(string(text))
}
