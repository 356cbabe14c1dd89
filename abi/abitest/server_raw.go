package abitest

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
)

// wireConn is a connection that speaks HTTP/1.1 byte by byte.
type wireConn struct {
	*session
	net.Conn
	in *bufio.Reader
}

// dial connects for one case.
func (s *session) dial() *wireConn {
	conn, err := s.connect()
	if err != nil {
		s.fatalf("no connection: %v", err)
	}
	s.cleanup = append(s.cleanup, func() { _ = conn.Close() })
	deadline, _ := s.ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		s.fatalf("%v", err)
	}
	return &wireConn{s, conn, bufio.NewReader(conn)}
}

func (s *session) connect() (net.Conn, error) {
	if s.options.Dial != nil {
		return s.options.Dial(s.ctx)
	}
	address := s.base.Host
	if s.base.Port() == "" {
		address = net.JoinHostPort(s.base.Hostname(), map[string]string{"http": "80", "https": "443"}[s.base.Scheme])
	}
	if s.base.Scheme == "http" {
		return new(net.Dialer).DialContext(s.ctx, "tcp", address)
	}
	config := s.options.TLS.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.NextProtos = []string{"http/1.1"}
	return (&tls.Dialer{Config: config}).DialContext(s.ctx, "tcp", address)
}

// target is the path of the reference guest, and what follows it.
func (s *session) target(suffix string) string {
	path := s.base.EscapedPath()
	if path == "" && !strings.HasPrefix(suffix, "/") {
		path = "/"
	}
	return path + suffix
}

// put sends bytes.
func (c *wireConn) put(text string) {
	if _, err := io.WriteString(c, text); err != nil {
		c.fatalf("the server does not take the request: %v", err)
	}
}

// ask sends the head of a request: its method, the script, and further header lines. What is to follow is put.
func (c *wireConn) ask(method, script string, lines ...string) {
	head := method + " " + c.target("") + " HTTP/1.1\r\nHost: " + c.base.Host + "\r\n" + playHeader + ": " + script + "\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	c.put(head + "\r\n")
}

// head reads the head of the final response.
func (c *wireConn) head() *head {
	for {
		h := c.anyHead()
		if h.status >= 200 {
			return h
		}
	}
}

// anyHead reads the head of the next response, 100 Continue included.
func (c *wireConn) anyHead() *head {
	h, err := readHead(c.in)
	if err != nil {
		c.fatalf("no response: %v", err)
	}
	return h
}

// answer reads a whole response. A body that is cut off is no failure yet.
func (c *wireConn) answer(method string) (*head, string, error) {
	h := c.head()
	body, err := readBody(c.in, h, method)
	return h, string(body), err
}

// whole reads a response that must be a 200 that ends well.
func (c *wireConn) whole(method string) (*head, string) {
	h, body, err := c.answer(method)
	if h.status != 200 || err != nil {
		c.fatalf("got status %d with %s (%v), want a whole 200", h.status, show(body), err)
	}
	return h, body
}
