// Package forwarded finds out where a request came from that proxies have passed on: what they say in headers counts as far as
// those who say it are trusted, and not a hop further.
package forwarded

import (
	"fmt"
	"net/netip"
	"slices"
)

// Dialect is the headers that proxies speak in. What stands in those of another is not read: a proxy that writes the ones passes
// the others on as a client made them up.
type Dialect string

const (
	XForwarded Dialect = "x-forwarded" // X-Forwarded-For, -Proto, -Host and -Port
	Standard   Dialect = "forwarded"   // Forwarded, RFC 7239
)

// Unix stands for all peers at Unix sockets in the list of those who are trusted.
const Unix = "unix"

// Trust says which peers are believed, and in which headers. The nil Trust believes nobody. It never changes, so it may be used
// concurrently.
type Trust struct {
	dialect  Dialect
	networks []netip.Prefix
	unix     bool
}

// NewTrust returns the trust in a list of addresses, networks ("10.0.0.0/8") and [Unix], or nil for an empty one.
func NewTrust(list []string, dialect Dialect) (*Trust, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if dialect != XForwarded && dialect != Standard {
		return nil, fmt.Errorf("trusted proxies: %q is neither %s nor %s", dialect, XForwarded, Standard)
	}
	t := &Trust{dialect: dialect}
	for _, s := range list {
		if s == Unix {
			t.unix = true
			continue
		}
		network, err := netip.ParsePrefix(s)
		if err != nil {
			addr, notAddr := netip.ParseAddr(s)
			if notAddr != nil {
				return nil, fmt.Errorf("trusted proxies: %q is neither an address nor a network: %w", s, err)
			}
			network = netip.PrefixFrom(addr, addr.BitLen())
		}
		t.networks = append(t.networks, network)
	}
	return t, nil
}

// Trusts reports whether the peer with this address is believed. An IPv4 address that is written as IPv6 is the IPv4 one.
func (t *Trust) Trusts(addr netip.Addr) bool {
	if t == nil || !addr.IsValid() {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(t.networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// TrustsUnix reports whether peers at Unix sockets are believed.
func (t *Trust) TrustsUnix() bool { return t != nil && t.unix }

// Speaks reports whether a header that tells of a request's origin belongs to the dialect.
func (t *Trust) Speaks(name string) bool { return (name == "Forwarded") == (t.dialect == Standard) }
