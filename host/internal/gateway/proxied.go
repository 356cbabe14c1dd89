package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/forwarded"
)

// believe takes what the peer says about where the request came from, if it is a proxy that is trusted. What cannot be understood
// costs a line in the log, and the request goes on with the rest.
func (x *exchange) believe(trust *forwarded.Trust) {
	peer, err := netip.ParseAddrPort(x.request.RemoteAddr)
	if local := x.local(); err != nil && (local == nil || local.Network() != "unix") {
		return // a peer without an address is one at a Unix socket, or a request without a connection
	}
	x.origin, x.proxied, err = trust.Origin(peer, x.request.Header)
	x.trust = trust
	if err != nil {
		x.hostLog().Debug("a proxy's word was not understood", "remote", x.request.RemoteAddr, "error", err)
	}
}

// host is what the client wrote in its Host header.
func (x *exchange) host() string {
	if x.origin.Host != "" {
		return x.origin.Host
	}
	return x.request.Host
}

// secure reports whether the client's connection is encrypted, be it one to a proxy.
func (x *exchange) secure() bool {
	if x.origin.Scheme != "" {
		return x.origin.Scheme == "https"
	}
	return x.request.TLS != nil
}

// Secure reports whether the client's connection is encrypted, be it one to a proxy that is trusted.
func (g *Gateway) Secure(r *http.Request) bool {
	if r.TLS != nil || g.options.Proxies == nil {
		return r.TLS != nil
	}
	x := exchange{request: r, log: g.options.Log}
	x.believe(g.options.Proxies)
	return x.secure()
}

// remote is who sent the request, for the log.
func (x *exchange) remote() string {
	switch client := x.origin.Client; {
	case !client.IsValid():
		return x.request.RemoteAddr
	case client.Port() == 0:
		return client.Addr().String()
	default:
		return client.String()
	}
}

// addClient adds who sent a request that a proxy has passed on. Its port is left out where nobody told it.
func (x *exchange) addClient(e *wire.Encoder) {
	client := x.origin.Client
	if !client.IsValid() {
		return
	}
	e.Add("REMOTE_ADDR", client.Addr().String())
	if client.Port() != 0 {
		e.Add("REMOTE_PORT", strconv.Itoa(int(client.Port())))
	}
}

// proxiedPort returns where the client's connection came in at the proxy, as far as that is known: the port that the proxy names, or
// the one in the host that the client asked for, or the one that it left out. Where the proxy says nothing it is local.
func (x *exchange) proxiedPort(local net.Addr) net.Addr {
	port := int(x.origin.Port)
	if port == 0 && x.origin.Host != "" {
		if _, text, err := net.SplitHostPort(x.origin.Host); err == nil {
			port, _ = strconv.Atoi(text) // 0 for what is no number
		}
	}
	switch {
	case port > 0 && port <= 65535:
		return &net.TCPAddr{Port: port}
	case x.origin.Scheme != "" || x.origin.Host != "":
		return nil // the one that belongs to the scheme
	}
	return local
}

// withheld reports whether a header tells where a request came from, and nobody who is trusted has written it, or let it pass: an app
// might believe it. The same goes for the dialect that the proxies do not speak.
func (x *exchange) withheld(name string) bool {
	if name != "Forwarded" && name != "X-Real-Ip" && !strings.HasPrefix(name, "X-Forwarded-") {
		return false
	}
	return !x.proxied || !x.trust.Speaks(name)
}
