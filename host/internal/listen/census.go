package listen

import (
	"net"
	"net/netip"
	"sync"
)

// census counts connections.
type census struct {
	most, mostPerClient int

	mu        sync.Mutex
	listeners int // that accept
	places    map[*place]struct{}
	clients   map[netip.Prefix]int // of those that are bounded
	empty     chan struct{}        // closed when nothing is left that was there
}

// enter counts a connection, or says which setting it would go beyond.
func (c *census) enter(conn net.Conn, client netip.Prefix) (*place, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	bounded := client.IsValid() && c.mostPerClient > 0
	switch {
	case len(c.places) >= c.most:
		return nil, "server.max_connections"
	case bounded && c.clients[client] >= c.mostPerClient:
		return nil, "server.max_connections_per_client"
	}
	p := &place{conn: conn, client: client}
	c.places[p] = struct{}{}
	if bounded {
		c.clients[client]++
	}
	return p, ""
}

// leave takes a connection out of the count, once.
func (c *census) leave(p *place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, in := c.places[p]; !in {
		return
	}
	delete(c.places, p)
	if n, ok := c.clients[p.client]; ok && n > 1 {
		c.clients[p.client] = n - 1
	} else {
		delete(c.clients, p.client)
	}
	c.tell()
}

// silent returns the connections whose clients have not said anything.
func (c *census) silent() []net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	var conns []net.Conn
	for p := range c.places {
		if p.silent.Load() {
			conns = append(conns, p.conn)
		}
	}
	return conns
}

// add counts a listener.
func (c *census) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners++
}

// shut takes a listener out of the count, which accepts no more.
func (c *census) shut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners--
	c.tell()
}

// tell tells once that nothing is left, nor comes any more.
func (c *census) tell() {
	if c.listeners > 0 || len(c.places) > 0 {
		return
	}
	select {
	case <-c.empty:
	default:
		close(c.empty)
	}
}

func (c *census) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.places)
}

// clientOf is who a connection counts for; the zero prefix is nobody.
func (d *Door) clientOf(conn net.Conn) netip.Prefix {
	remote, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	address, ok := netip.AddrFromSlice(remote.IP)
	if !ok {
		return netip.Prefix{}
	}
	address = address.Unmap()
	if d.options.Exempt != nil && d.options.Exempt(address) {
		return netip.Prefix{}
	}
	bits := 32
	if address.Is6() {
		bits = 64 // what one customer gets
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
