package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// program is a fake guest.Program whose requests end as the test says.
type program struct {
	serve func(guest.Exchange) error
	made  func() error // may be nil
}

func (p *program) Kind() string { return "fake" }

func (p *program) Isolation() (guest.Isolation, string) { return guest.IsolationRequest, "" }
func (p *program) Bytes() int64                         { return 0 }
func (p *program) Close() error                         { return nil }

func (p *program) New(context.Context) (guest.Instance, error) {
	if p.made != nil {
		if err := p.made(); err != nil {
			return nil, err
		}
	}
	return &instance{p}, nil
}

type instance struct{ program *program }

func (i *instance) Serve(_ context.Context, exchange guest.Exchange) error {
	if err := i.program.serve(exchange); err != nil {
		return err
	}
	if err := exchange.StartResponse([]byte("200 OK"), nil, false); err != nil {
		return err
	}
	return exchange.Finish([]byte("well"))
}

func (i *instance) Reset() bool  { return true }
func (i *instance) Bytes() int64 { return 0 }
func (i *instance) Close()       {}

func serveFake(t testing.TB, p *program, change func(*guest.Settings)) *site {
	t.Helper()
	return serve(t, "fake", change, func(guest.Settings, *slog.Logger) (guest.Program, error) { return p, nil })
}

// Each cause has its kind, its status and its line in the log.
func TestStatusOfCauses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		retry  string
		log    string
	}{
		{guest.ErrCPU, 504, "", `level=WARN msg="request failed" app=fake request_id=ID generation=7 phase=call kind=budget ` +
			`cause="the app used more processor time than it may; raise cpu in its manifest"`},
		{guest.ErrStack, 500, "", `level=WARN msg="request failed" app=fake request_id=ID generation=7 phase=call kind=budget ` +
			`cause="the app's calls lie deeper than its stack; raise stack in its manifest"`},
		{guest.ErrHostCalls, 500, "", `kind=budget cause="the app called the host more often than it may; raise host_calls in its manifest"`},
		{guest.ErrResponse, 500, "", `kind=budget cause="the response is longer than it may be; raise max_response in the app's manifest"`},
		{guest.ErrHostMemory, 503, "1", `level=WARN msg="request failed" app=fake request_id=ID generation=7 phase=call kind=busy ` +
			`cause="the memory budget of the server is used up; raise server.memory"`},
		{guest.ErrQueue, 503, "1", `kind=busy cause="no instance is free and as many requests wait as may; raise queue_length or instances.max"`},
		{guest.ErrSlowBody, 408, "", `level=DEBUG msg="request failed" app=fake request_id=ID generation=7 phase=call kind=client ` +
			`cause="the request's body did not arrive within timeout"`},
		{guest.ErrTimeout, 504, "", `level=WARN`},
		{context.Canceled, 400, "", `kind=client`},
		{&guest.Fault{Phase: guest.PhaseInit, Kind: guest.KindBudget, Cause: guest.ErrCPU}, 504, "", `phase=init kind=budget`},
		{&guest.Fault{Kind: guest.KindQuarantined, Cause: errors.New("x"), RetryAfter: 1500 * time.Millisecond}, 503, "2", `level=DEBUG`},
		{&guest.Fault{Kind: guest.KindQuarantined, Cause: errors.New("x"), RetryAfter: time.Minute}, 503, "60", `kind=quarantined`},
		{&guest.Fault{Kind: guest.KindMemory, Cause: errors.New("x")}, 500, "", `level=ERROR`},
	} {
		s := serveFake(t, &program{serve: func(guest.Exchange) error { return c.err }}, nil)
		response, body := s.ask(t, "GET", "/app", nil)
		if response.StatusCode != c.status || response.Header.Get("Retry-After") != c.retry {
			t.Errorf("%v: %s, Retry-After %q, want %d and %q", c.err, response.Status, response.Header.Get("Retry-After"), c.status, c.retry)
		}
		_, id, _ := strings.Cut(strings.TrimSpace(body), "request ")
		if want := strings.ReplaceAll(c.log, "ID", id); !strings.Contains(s.log.String(), want) {
			t.Errorf("%v: the log says\n%s\nwant %s", c.err, s.log.String(), want)
		}
	}
}

// A response ends where the app may send no more: before its headers with 500, after them with a cut connection.
func TestMaxResponse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		guest, method string
		limit         int64
		status        int
		cut           bool
	}{
		{"hello", "GET", 11, 200, false},
		{"hello", "GET", 10, 500, false},
		{"hello", "HEAD", 10, 200, false}, // sends none of it
		{"hello", "GET", 0, 200, false},
		{"code_over_length", "GET", 4, 500, false}, // it declares more
		{"code_over_length", "GET", 5, 200, false},
		{"stream", "GET", 100_001, 200, true},
	} {
		s := newSite(t, c.guest, func(s *guest.Settings) { s.MaxResponse = c.limit })
		response, err := http.DefaultClient.Do(request(t, c.method, s.URL+"/app"))
		if err != nil {
			t.Fatal(err)
		}
		n, err := discardAll(response)
		if response.StatusCode != c.status || c.cut != (err != nil) || c.cut && n > c.limit {
			t.Errorf("%s %s within %d bytes: %s, %d bytes, %v", c.method, c.guest, c.limit, response.Status, n, err)
		}
		if failed := c.status == 500 || c.cut; failed {
			eventually(t, func() bool { return strings.Contains(s.log.String(), "kind=budget cause=\"the response is longer") })
		}
	}
}

func request(t testing.TB, method, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func discardAll(response *http.Response) (int64, error) {
	defer response.Body.Close()
	return io.Copy(io.Discard, response.Body)
}

// Too many variables are refused before the app is asked: it has not failed, and keeps its instance.
func TestMaxEnviron(t *testing.T) {
	t.Parallel()
	s := newSite(t, "counter", func(s *guest.Settings) {
		s.MaxEnviron, s.Isolation, s.MaxInstances = 2000, guest.IsolationInstance, 1
		s.Env = []string{"GRANTED=" + strings.Repeat("x", 2000)} // is not the client's
	})
	ask := func(extra int) (*http.Response, string) {
		return s.ask(t, "GET", "/app?"+strings.Repeat("q", extra), nil)
	}
	if _, body := ask(0); body != "1" {
		t.Errorf("the first: %q", body)
	}
	response, _ := ask(1500) // counts twice: as a query and as a part of the URI
	if response.StatusCode != 431 {
		t.Errorf("%s", response.Status)
	}
	if _, body := ask(10); body != "2" {
		t.Errorf("the second: %q", body)
	}
	if log := s.log.String(); !strings.Contains(log, " bytes and may have 2000; raise max_environ in the app's manifest") {
		t.Errorf("the log says\n%s", log)
	}
}

// A body that does not come is the client's fault, even where the guest waits for it: it must not count against the app.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, "count", func(s *guest.Settings) {
		s.Timeout, s.WriteTimeout, s.QuarantineAfter = 300*time.Millisecond, 300*time.Millisecond, 1
	})
	answer := s.raw(t, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na")
	if !strings.HasPrefix(answer, "HTTP/1.1 408 Request Timeout\r\n") {
		t.Errorf("got %q", answer)
	}
	if _, body := s.ask(t, "POST", "/app", strings.NewReader("abc")); body != count(3, 0) {
		t.Errorf("then %q", body)
	}
}

// slow is a site for clients that are too slow for it and nothing else.
func slow(t *testing.T, serve func(guest.Exchange) error) (*site, net.Conn) {
	t.Helper()
	s := serveFake(t, &program{serve: serve}, func(s *guest.Settings) {
		s.Timeout, s.WriteTimeout, s.MinRate = time.Minute, time.Minute, 240
	})
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return s, conn
}

// A client that sends something now and then is still too slow, long before timeout.
func TestMinRateOfRequests(t *testing.T) {
	t.Parallel()
	s, conn := slow(t, func(exchange guest.Exchange) error {
		for buffer := make([]byte, 100); ; {
			if n, err := exchange.Read(buffer); n == 0 {
				return err
			}
		}
	})
	began := time.Now()
	go func() {
		_, err := io.WriteString(conn, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n")
		for ; err == nil; time.Sleep(100 * time.Millisecond) { // until the server has enough of it, or the test
			_, err = io.WriteString(conn, "x")
		}
	}()
	if got, err := bufio.NewReader(conn).ReadString('\n'); got != "HTTP/1.1 408 Request Timeout\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	if took := time.Since(began); took < 5*time.Second {
		t.Errorf("it had %v", took)
	}
	if said := s.log.String(); !strings.Contains(said, `kind=client cause="the client sends or takes less than min_rate"`) {
		t.Errorf("the log says\n%s", said)
	}
}

// So is one that takes nothing of a stream of small blocks, long before write_timeout.
func TestMinRateOfResponses(t *testing.T) {
	t.Parallel()
	s, conn := slow(t, func(exchange guest.Exchange) error {
		err := exchange.StartResponse([]byte("200 OK"), nil, false)
		for block := make([]byte, 1000); err == nil; {
			err = exchange.Write(block)
		}
		return err
	})
	if _, err := io.WriteString(conn, "GET /app HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return strings.Contains(s.log.String(), "takes less than min_rate") })
}

// A stream in which nothing happens is not slow: neither side waits for its client to take or send what it could.
func TestMinRateOfQuietStreams(t *testing.T) {
	t.Parallel()
	_, conn := slow(t, func(exchange guest.Exchange) error {
		if err := errors.Join(exchange.StartResponse([]byte("200 OK"), nil, false), exchange.Write([]byte("one"))); err != nil {
			return err
		}
		time.Sleep(5500 * time.Millisecond) // longer than anybody's patience
		if n, err := exchange.Read(make([]byte, 10)); n != 1 || err != nil {
			return fmt.Errorf("read %d: %w", n, err)
		}
		return exchange.Finish([]byte("two"))
	})
	if _, err := io.WriteString(conn, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(11*time.Second, func() { _, _ = io.WriteString(conn, "x") })
	if got, err := io.ReadAll(conn); err != nil || !strings.Contains(string(got), "one") || !strings.Contains(string(got), "two") {
		t.Errorf("%q, %v", got, err)
	}
}

// A guest that fails over a client's rudeness has an excuse; without one it is quarantined.
func TestExcuses(t *testing.T) {
	t.Parallel()
	p := &program{serve: func(exchange guest.Exchange) error {
		for buffer := make([]byte, 100); ; {
			switch n, err := exchange.Read(buffer); {
			case err != nil:
				return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindTrap, Cause: fmt.Errorf("cannot read: %w", err)}
			case n == 0:
				return nil
			case buffer[0] == '!':
				return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindTrap, Cause: errors.New("unreachable")}
			}
		}
	}}
	s := serveFake(t, p, func(s *guest.Settings) { s.MaxBody, s.QuarantineAfter = 10, 1 })
	for _, c := range []struct {
		body   io.Reader
		status int
	}{
		{struct{ io.Reader }{strings.NewReader("much too long")}, 413},
		{strings.NewReader("well"), 200},
		{strings.NewReader("!"), 500},
		{strings.NewReader("well"), 503},
	} {
		if response, _ := s.ask(t, "POST", "/app", c.body); response.StatusCode != c.status {
			t.Errorf("%s, want %d", response.Status, c.status)
		}
	}
	if log := s.log.String(); !strings.Contains(log, `cause="cannot read: over a limit"`) {
		t.Errorf("the log says\n%s", log)
	}
}

// As many wait as may; the next is sent away at once, long before queue_timeout.
func TestQueueLength(t *testing.T) {
	t.Parallel()
	leave := make(chan struct{})
	s := serveFake(t, &program{serve: func(guest.Exchange) error { <-leave; return nil }}, func(s *guest.Settings) {
		s.MaxInstances, s.QueueLength = 1, 2
	})
	answers := make(chan int, 8)
	for range 8 {
		go func() {
			response, err := http.Get(s.URL + "/app")
			if err != nil {
				t.Error(err)
				answers <- 0
				return
			}
			_, _ = discardAll(response)
			answers <- response.StatusCode
		}()
	}
	for range 5 { // one runs, two wait
		if status := <-answers; status != 503 {
			t.Errorf("sent away with %d", status)
		}
	}
	close(leave)
	for range 3 {
		if status := <-answers; status != 200 {
			t.Errorf("one that waited got %d", status)
		}
	}
}

// An app that keeps failing is left alone: its requests get 503 at once, with the time of the next probe.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	s := newSite(t, "trap", func(s *guest.Settings) { s.QuarantineAfter = 3 })
	for i := range 3 {
		if response, _ := s.ask(t, "GET", "/app", nil); response.StatusCode != 500 {
			t.Errorf("request %d: %s", i, response.Status)
		}
	}
	response, body := s.ask(t, "GET", "/app", nil)
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	// On a very slow machine this is the probe, which fails.
	if probe := response.StatusCode == 500; !probe && (response.StatusCode != 503 || seconds < 1 || strings.Contains(body, "quarantine")) {
		t.Errorf("%s, Retry-After %q: %q", response.Status, response.Header.Get("Retry-After"), body)
	}
	const begun = `level=WARN msg="app quarantined: it fails again and again; requests get 503 until a probe succeeds" app=trap generation=7 ` +
		`faults=3 probe_in=1s cause="call: trap: unreachable"`
	if log := s.log.String(); strings.Count(log, begun) != 1 {
		t.Errorf("the log says\n%s", log)
	}
}

// What a guest logs is bounded, by whichever way it logs; what the host says about it is not.
func TestLogLines(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"log":   {"one", "three", `"two`}, // errors_write
		"print": {"unfinished"},           // WASI
	} {
		s := newSite(t, name, func(s *guest.Settings) { s.LogLines, s.QuarantineAfter = 1, 0 })
		const requests = 20
		for range requests {
			s.ask(t, "GET", "/app", nil)
		}
		eventually(t, func() bool { return strings.Contains(s.log.String(), "log lines dropped") })
		log, lines := s.log.String(), 0
		for _, text := range want {
			lines += strings.Count(log, fmt.Sprintf("level=INFO msg=%s", text))
		}
		if lines < 1 || lines >= requests {
			t.Errorf("%s: %d lines", name, lines)
		}
		if name == "print" && strings.Count(log, `msg="request failed"`) != requests {
			t.Errorf("not each fault of %d was logged", requests)
		}
		if record := `level=WARN msg="log lines dropped: the app writes more than log_lines a second" app=` + name + ` dropped=`; !strings.Contains(log, record) {
			t.Errorf("the log says\n%s", log)
		}
	}
}

// A server without memory for another instance says so to the client, and to nobody's blame.
func TestHostMemory(t *testing.T) {
	t.Parallel()
	full := false
	p := &program{serve: func(guest.Exchange) error { return nil }}
	p.made = func() error {
		if full {
			return &guest.Fault{Phase: guest.PhaseInit, Kind: guest.KindBusy, Cause: guest.ErrHostMemory}
		}
		full = true
		return nil
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	p.serve = func(guest.Exchange) error {
		close(entered)
		<-leave
		return nil
	}
	s := serveFake(t, p, func(s *guest.Settings) { s.QuarantineAfter = 1 })
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /app HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	<-entered
	for range 3 {
		response, _ := s.ask(t, "GET", "/app", nil)
		if response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" {
			t.Errorf("%s, Retry-After %q", response.Status, response.Header.Get("Retry-After"))
		}
	}
	close(leave)
	if response, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || response.StatusCode != 200 {
		t.Errorf("the one that has an instance: %v", err)
	}
	if strings.Contains(s.log.String(), "quarantined") {
		t.Error("the app was blamed")
	}
}
