// Package listen is the server's front door. It accepts connections, bounds how many there are, does the TLS handshakes, and hands
// what is left to net/http: HTTP/2 as a [*tls.Conn], which net/http knows, and HTTP/1 behind a guard of the caller's.
package listen

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Options says what a Door holds its connections to.
type Options struct {
	// MaxConnections is how many there may be at once; it gives way to what the process may open.
	MaxConnections int
	// MaxPerClient is how many of them one client may have: an IPv4 address, or an IPv6 network of 64 bits. 0 is no bound.
	MaxPerClient int
	// Exempt names clients that MaxPerClient does not hold for; nil is none.
	Exempt func(netip.Addr) bool
	// HandshakeTimeout is how long a TLS handshake may take.
	HandshakeTimeout time.Duration
	// TLS is what handshakes are done with.
	TLS *tls.Config
	// Guard is put around each connection that speaks HTTP/1; nil is nothing.
	Guard func(net.Conn) net.Conn
	// Log takes what happens to connections. Never nil.
	Log *slog.Logger
}

// Door lets connections in, through any number of listeners with common limits. Its methods may be called concurrently.
type Door struct {
	options Options
	census  census
	refused digest
	short   digest // of descriptors

	// stopping is done when no more connections are wanted; closed when those that are being let in are not either.
	stopping, closed context.Context
	stop, close      context.CancelFunc

	mu        sync.Mutex
	listeners []net.Listener
}

// New returns a door with no listeners.
func New(options Options) *Door {
	if options.Guard == nil {
		options.Guard = func(c net.Conn) net.Conn { return c }
	}
	if most := descriptors(); most < options.MaxConnections {
		options.Log.Warn("server.max_connections is lowered to what the process may open; raise its limit of open files",
			"wanted", options.MaxConnections, "connections", most)
		options.MaxConnections = most
	}
	d := &Door{options: options}
	d.census = census{
		most: options.MaxConnections, mostPerClient: options.MaxPerClient,
		places: map[*place]struct{}{}, clients: map[netip.Prefix]int{}, empty: make(chan struct{}),
	}
	d.stopping, d.stop = context.WithCancel(context.Background())
	d.closed, d.close = context.WithCancel(context.Background())
	return d
}

// Plain returns a listener of connections without TLS. Only its Accept may take from the one that it is given.
func (d *Door) Plain(listener net.Listener) net.Listener {
	d.add(listener)
	return &plain{source: &source{Listener: listener}, door: d}
}

// TLS returns a listener of connections with it, which have shaken hands.
func (d *Door) TLS(listener net.Listener) net.Listener {
	d.add(listener)
	s := &secure{source: &source{Listener: listener}, door: d, ready: make(chan net.Conn)}
	go s.run()
	return s
}

func (d *Door) add(listener net.Listener) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listeners = append(d.listeners, listener)
	d.census.add()
}

// Stop ends accepting: connections that the system has made already are let in, and then the listeners are closed, and end with
// [net.ErrClosed] when the last handshake is over.
func (d *Door) Stop() {
	d.stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, listener := range d.listeners {
		if !deadline(listener) { // which makes its accept loop close it
			_ = listener.Close() // what is lost by that, nobody has accepted
		}
	}
}

// CloseSilent closes the connections whose clients have not sent anything yet, as browsers keep them in store: nobody could tell
// them otherwise that the server ends, and net/http would wait for them.
func (d *Door) CloseSilent() {
	for _, conn := range d.census.silent() {
		_ = conn.Close() // whoever reads from it closes it again
	}
}

// Empty is closed when the last connection is gone, and no listener accepts any more.
func (d *Door) Empty() <-chan struct{} { return d.census.empty }

// Open is how many connections there are.
func (d *Door) Open() int { return d.census.count() }

// Close closes the listeners and ends handshakes. Connections that were let in stay.
func (d *Door) Close() {
	d.stop()
	d.close()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, listener := range d.listeners {
		_ = listener.Close() // it may be closed
	}
}

// plain is a listener without TLS.
type plain struct {
	*source
	door *Door
}

// Accept implements [net.Listener].
func (p *plain) Accept() (net.Conn, error) {
	conn, err := p.door.accept(p.source, sayBusy)
	if err != nil {
		return nil, err
	}
	conn.place.silent.Store(true)
	return p.door.options.Guard(conn), nil
}
