package forwarded

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Origin is a request as the first proxy that is trusted has got it. What nobody said is zero.
type Origin struct {
	// Client is who sent it; its port is 0 where it is not known.
	Client netip.AddrPort
	// Scheme is http or https.
	Scheme string
	// Host is what the client wrote in its Host header, perhaps with a port.
	Host string
	// Port is the port that the client connected to.
	Port uint16
}

// Origin reads what the headers of a request say that came from a peer. peer is not valid for one at a Unix socket. It reports
// false for a peer that is not trusted, whose headers say nothing.
//
// The hops are followed from the nearest on, as long as they are trusted: the first that is not is the client. An error says what could
// not be understood; what was understood nearer to us counts.
func (t *Trust) Origin(peer netip.AddrPort, header map[string][]string) (Origin, bool, error) {
	if peer.IsValid() && !t.Trusts(peer.Addr()) || !peer.IsValid() && !t.TrustsUnix() {
		return Origin{}, false, nil
	}
	origin := Origin{Client: netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())}
	var err error
	if t.dialect == Standard {
		err = t.standard(&origin, header["Forwarded"])
	} else {
		err = t.xForwarded(&origin, header)
	}
	return origin, true, err
}

// follow takes the next hop, from the nearest on, and reports whether it is one that may be believed about the hop before it.
func (t *Trust) follow(o *Origin, node string) (bool, error) {
	client, err := parseNode(node)
	if err != nil {
		return false, err
	}
	o.Client = client
	return t.Trusts(client.Addr()), nil
}

var errNode = errors.New("no address")

// parseNode reads an address, with or without a port. An IPv6 address has brackets where a port follows, and may have them where none
// does. "unknown", and names that a proxy has made up, are no addresses.
func parseNode(s string) (netip.AddrPort, error) {
	port := uint64(0)
	name, rest, bracketed := strings.Cut(strings.TrimPrefix(s, "["), "]")
	switch {
	case bracketed != strings.HasPrefix(s, "["), bracketed && rest != "" && rest[0] != ':':
		return netip.AddrPort{}, fmt.Errorf("%q: %w", shown(s), errNode)
	case bracketed:
		rest = strings.TrimPrefix(rest, ":")
	case strings.Count(s, ":") == 1:
		name, rest, _ = strings.Cut(s, ":")
	}
	addr, err := netip.ParseAddr(name)
	if err != nil || bracketed && !addr.Is6() {
		return netip.AddrPort{}, fmt.Errorf("%q: %w", shown(s), errNode)
	}
	if rest != "" && rest[0] != '_' { // a port may be made up too
		if port, err = strconv.ParseUint(rest, 10, 16); err != nil {
			return netip.AddrPort{}, fmt.Errorf("%q: no port", shown(s))
		}
	}
	return netip.AddrPortFrom(addr.Unmap().WithZone(""), uint16(port)), nil
}

// setScheme takes a scheme; the WebSocket ones are what some proxies call theirs.
func (o *Origin) setScheme(s string) error {
	switch strings.ToLower(s) {
	case "http", "ws":
		o.Scheme = "http"
	case "https", "wss":
		o.Scheme = "https"
	default:
		return fmt.Errorf("%q: no scheme", shown(s))
	}
	return nil
}

// maxHost bounds a host with its port: what DNS allows, a dot at its end, and a port.
const maxHost = 253 + 1 + 6

// setHost takes a host, which may have a port.
func (o *Origin) setHost(s string) error {
	bad := strings.ContainsFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._:[]", r))
	})
	if bad || s == "" || len(s) > maxHost {
		return fmt.Errorf("%q: no host", shown(s))
	}
	o.Host = s
	return nil
}

// setPort takes a port.
func (o *Origin) setPort(s string) error {
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil || port == 0 {
		return fmt.Errorf("%q: no port", shown(s))
	}
	o.Port = uint16(port)
	return nil
}

// shown is as much of a value as an error repeats.
func shown(s string) string { return s[:min(len(s), 64)] }
