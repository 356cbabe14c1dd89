package socket

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// accept answers with 101 and takes the connection over.
func (c *conn) accept(w http.ResponseWriter, r *http.Request, protocol string) error {
	options := &websocket.AcceptOptions{
		InsecureSkipVerify: true, // check has looked at the origin
		OnPongReceived:     func(context.Context, []byte) { c.heard.Store(true) },
	}
	if protocol != "" {
		options.Subprotocols = []string{protocol}
	}
	// A response without a connection needs no deadline; and taking it over takes this one back.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(c.writeTimeout))
	u := &upgrader{ResponseWriter: w}
	ws, err := websocket.Accept(u, r, options)
	if err != nil {
		return err
	}
	ws.SetReadLimit(-1) // readAll has its own, and says so in its own words
	c.begin(ws, u.conn)
	return nil
}

// upgrader takes the connection of a response over, with smaller buffers: most connections are idle, and there are many.
type upgrader struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements [http.Hijacker].
func (u *upgrader) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	u.conn = certain{conn}
	if strict, ok := conn.(interface{ PassThrough() }); ok {
		strict.PassThrough() // what comes is HTTP no longer
	}
	early := buffers.Reader.Buffered() // what the client has sent without waiting for the answer
	reader := bufio.NewReaderSize(u.conn, max(bufferSize, early))
	if early > 0 {
		sent, _ := buffers.Reader.Peek(early) // that much is there
		reader.Reset(io.MultiReader(bytes.NewReader(bytes.Clone(sent)), u.conn))
		_, _ = reader.Peek(early)
	}
	return u.conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(u.conn, bufferSize)), nil
}

// certain is a connection whose end is no [io.EOF]: the library returns that for the end of a message, and where a client has
// vanished between the fragments of one too, which would make half a message pass for a whole one.
type certain struct{ net.Conn }

// Read implements [net.Conn].
func (c certain) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
