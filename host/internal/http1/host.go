package http1

import (
	"bytes"
	"net/netip"
)

// readHost reads the value of a Host header or the authority of a URL: a name or an address, and maybe a port. It must not be
// empty, and has no user: RFC 9110, sections 4.2.1, 4.2.4 and 7.2.
func readHost(value []byte) *violation {
	name, port := value, []byte(nil)
	if i := bytes.LastIndexByte(value, ':'); i >= 0 && bytes.IndexByte(value[i:], ']') < 0 {
		name, port = value[:i], value[i+1:]
	}
	switch {
	case len(name) == 0:
		return bad("the host is empty")
	case len(port) > 5 || run(port, inDigits) != len(port):
		return bad("the host has no valid port")
	case name[0] == '[' && isIPv6(name), all(name, inHost):
		return nil
	}
	return bad("the host %q is none", short(value))
}

// isIPv6 reports whether name is an address in brackets.
func isIPv6(name []byte) bool {
	if name[len(name)-1] != ']' {
		return false
	}
	address, err := netip.ParseAddr(string(name[1 : len(name)-1]))
	return err == nil && address.Is6() && address.Zone() == ""
}
