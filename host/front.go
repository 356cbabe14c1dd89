package host

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certs"
	"github.com/wasgi/wasgi/host/internal/http1"
	"github.com/wasgi/wasgi/host/internal/listen"
)

// front is a server with all that stands between it and the network.
type front struct {
	host         *Host
	server       *http.Server
	door         *listen.Door
	listeners    []net.Listener // the door's
	drained      *listen.Drain
	certificates *certs.Source // nil without TLS
}

// openFront puts a front before the host. It owns no listener until it has succeeded.
func (h *Host) openFront(requests context.Context, listeners []net.Listener) (*front, error) {
	f := &front{host: h, drained: listen.NewDrain()}
	options := listen.Options{
		MaxConnections:   h.config.Server.MaxConnections,
		MaxPerClient:     h.config.Server.MaxConnectionsPerClient,
		Exempt:           h.exempt,
		HandshakeTimeout: h.config.Server.ReadHeaderTimeout,
		Guard:            h.guard,
		Log:              h.log,
	}
	handler := http.Handler(h)
	if plain, secure := split(listeners); secure != nil {
		var err error
		if f.certificates, err = h.openCertificates(plain, secure); err != nil {
			return nil, err
		}
		options.TLS = f.certificates.Config()
		if h.config.TLS.Redirect {
			handler = h.redirect(handler, portOf(secure.Addr()))
		}
		handler = f.certificates.Challenges(handler)
	}
	f.server = h.server(requests, f.drained.Handler(http1.Handler(handler, h.gateway.Refuse)))
	f.door = listen.New(options)
	for _, listener := range listeners {
		if secure, ok := listener.(TLSListener); ok {
			f.listeners = append(f.listeners, f.door.TLS(secure.Listener))
		} else {
			f.listeners = append(f.listeners, f.door.Plain(listener))
		}
	}
	return f, nil
}

// exempt reports whether a client may have any number of connections: a proxy has those of its clients, and whoever is on this
// machine needs no bound.
func (h *Host) exempt(client netip.Addr) bool { return client.IsLoopback() || h.proxies.Trusts(client) }

func (f *front) close() {
	if f.certificates != nil {
		f.certificates.Close()
	}
}

// halfClosed is how long a request goes on whose client has ended its side of the connection: some do that when they have sent all
// they have, and a guest should not run for long for those that are gone.
const halfClosed = time.Second

// guard puts the strict reading of HTTP/1 between a connection and net/http.
func (h *Host) guard(conn net.Conn) net.Conn {
	_, encrypted := conn.(*tls.Conn)
	return http1.Guard(conn, http1.Options{
		MaxHeader:     int(h.config.Server.MaxHeaderBytes),
		HeaderTimeout: h.config.Server.ReadHeaderTimeout,
		HalfClosed:    halfClosed,
		H2C:           h.config.Server.H2C && !encrypted,
	})
}

// split finds the first listener of each sort; nil is none.
func split(listeners []net.Listener) (plain, secure net.Listener) {
	for _, listener := range listeners {
		if _, ok := listener.(TLSListener); ok && secure == nil {
			secure = listener
		} else if !ok && plain == nil {
			plain = listener
		}
	}
	return plain, secure
}

// openCertificates gets the certificates for the listeners; plain is nil where there is none.
func (h *Host) openCertificates(plain, secure net.Listener) (*certs.Source, error) {
	c := h.config.TLS
	if c.Cert == "" && len(c.Domains) == 0 {
		return nil, errors.New("serve: a TLSListener needs tls.cert and tls.key, or tls.domains")
	}
	options := certs.Options{
		Cert: c.Cert, Key: c.Key,
		Domains: c.Domains, Email: c.Email, CA: c.CA, CARoot: c.CARoot, Storage: storageDir(c),
		TLS: secure.Addr(), Log: h.log,
	}
	if plain != nil {
		options.Plain = plain.Addr()
	}
	return certs.Open(options)
}

// storageDir is where automatic certificates are kept; "" where the user has no folder for what must not be lost.
func storageDir(c config.TLS) string {
	if c.Storage != "" {
		return c.Storage
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "wasgi", "certificates")
}

// errNowhere is why a request cannot be sent on.
var errNowhere = errors.New("the request does not say where it would be sent to")

// redirect sends requests without TLS to the same place with it. Who came to the port that clients leave out is sent to the one they
// leave out for HTTPS, since the ports may be others outside than here; everybody else to the port that TLS listens at.
func (h *Host) redirect(next http.Handler, port int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.gateway.Secure(r) {
			next.ServeHTTP(w, r)
			return
		}
		target := r.URL.RequestURI()
		if r.Host == "" || !strings.HasPrefix(target, "/") {
			h.gateway.Refuse(w, r, http.StatusBadRequest, errNowhere)
			return
		}
		place := r.Host
		if name, _, err := net.SplitHostPort(r.Host); err == nil {
			place = net.JoinHostPort(name, strconv.Itoa(port))
		}
		w.Header().Set("Server", "wasgi")
		w.Header()["Content-Type"] = nil // there is no body
		w.Header().Set("Location", "https://"+place+target)
		w.WriteHeader(http.StatusPermanentRedirect) // which keeps method and body
	})
}

func portOf(address net.Addr) int {
	if tcp, ok := address.(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 443
}
