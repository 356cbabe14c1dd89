package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
)

// secure is a listener with TLS. A goroutine accepts, and each handshake has one of its own, so that nobody waits for a client
// that takes its time.
type secure struct {
	*source
	door  *Door
	ready chan net.Conn // closed when no more come
	err   error         // why; set before ready is closed
}

// run accepts until the listener is closed.
func (s *secure) run() {
	var handshakes sync.WaitGroup
	for {
		conn, err := s.door.accept(s.source, sayNothing)
		if err != nil {
			s.err = err
			break
		}
		handshakes.Go(func() { s.welcome(conn) })
	}
	handshakes.Wait()
	close(s.ready)
}

// Accept implements [net.Listener].
func (s *secure) Accept() (net.Conn, error) {
	if conn, ok := <-s.ready; ok {
		return conn, nil
	}
	return nil, s.err
}

// welcome shakes hands and hands the connection over.
func (s *secure) welcome(raw *counted) {
	conn, err := s.shake(raw)
	if err != nil {
		_ = raw.Close() // it may be closed
		s.door.options.Log.Debug("TLS handshake failed", "remote", raw.RemoteAddr().String(), "error", err)
		return
	}
	select {
	case s.ready <- conn:
	case <-s.door.closed.Done():
		_ = conn.Close() // nobody takes it any more
	}
}

// errOver ends a connection that was made for its handshake alone, as certificate authorities do.
var errOver = errors.New("the client wanted the handshake alone")

// shake returns the connection as net/http wants it.
func (s *secure) shake(raw *counted) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(s.door.closed, s.door.options.HandshakeTimeout)
	defer cancel()
	conn := tls.Server(raw, s.door.options.TLS)
	if err := conn.HandshakeContext(ctx); err != nil {
		if plain := (tls.RecordHeaderError{}); errors.As(err, &plain) && plain.Conn != nil && looksLikeHTTP(plain.RecordHeader) {
			// The first bytes of a connection always fit into its buffer.
			_, _ = io.WriteString(plain.Conn, "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nThis is a port for HTTPS.\n")
		}
		return nil, err
	}
	switch protocol := conn.ConnectionState().NegotiatedProtocol; protocol {
	case "h2":
		return conn, nil
	case "", "http/1.1":
		raw.place.silent.Store(true) // what came with the handshake has not been read yet
		return &encrypted{Conn: s.door.options.Guard(conn), tls: conn, place: raw.place}, nil
	default:
		return nil, errOver
	}
}

// looksLikeHTTP reports whether five bytes that are no TLS record begin a request.
func looksLikeHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "DELET", "PATCH":
		return true
	}
	return false
}
