package route

import (
	"errors"
	"net/netip"
	"strings"
)

// maxHost bounds a host name: what DNS allows, which is longer than any IP address.
const maxHost = 253

// CanonicalHost returns a host as mounts are compared with it: lower case, without port, without one trailing dot, an IPv6
// address without brackets. host is a Host header's or a mount's. What is no host comes back in lower case, and equals
// no mount's.
func CanonicalHost(host string) string {
	return string(appendCanonical(nil, host))
}

// appendCanonical appends the canonical host to dst, so that a look-up can keep it on its stack.
func appendCanonical(dst []byte, host string) []byte {
	name := strings.TrimSuffix(withoutPort(host), ".")
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// withoutPort cuts the port off, and the brackets around an IPv6 address. More than one colon outside of brackets is an
// IPv6 address that was written without them, and has no port.
func withoutPort(host string) string {
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 || !strings.Contains(host[:end], ":") || !isPort(host[end+1:]) {
			return host
		}
		return host[1:end]
	}
	colon := strings.IndexByte(host, ':')
	if colon < 0 || !isPort(host[colon:]) {
		return host
	}
	return host[:colon]
}

// isPort reports whether s is "", ":" or a colon and digits: all the forms that may follow a host.
func isPort(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != ':' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// mountHost returns the canonical form of the host that a mount names, or says why it could never match. An IPv6 address
// is brought into the one form that RFC 5952 gives it, which is what clients send.
func mountHost(host string) (string, error) {
	name := CanonicalHost(host)
	if parent, ok := strings.CutPrefix(name, wildcard); ok {
		if err := checkParent(parent); err != nil {
			return "", err
		}
	} else if addr, err := netip.ParseAddr(name); err == nil && addr.Zone() == "" {
		name = addr.String()
	} else if err := checkName(name); err != nil {
		return "", err
	}
	if withoutPort(host) != host && !strings.HasSuffix(host, "]") {
		return "", errors.New("a host is written without a port")
	}
	return name, nil
}

// wildcard stands for one label before the rest of a mount's host.
const wildcard = "*."

// checkParent checks what follows a wildcard. A name whose last label is a number is an IPv4 address to whoever asks for it.
func checkParent(name string) error {
	if strings.Trim(name[strings.LastIndexByte(name, '.')+1:], "0123456789") == "" && name != "" {
		return errors.New("a wildcard stands for a label of a name, not for part of an address")
	}
	return checkName(name)
}

// isLabel reports whether a wildcard may stand for it: a host that is none, and another port's, match nothing.
func isLabel(label []byte) bool {
	for _, c := range label {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return len(label) > 0
}

// checkName checks a canonical host that is no IP address.
func checkName(name string) error {
	if name == "" {
		return errors.New("the host is empty")
	}
	if len(name) > maxHost {
		return errors.New("the host is longer than 253 bytes")
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		case c == '.' && i > 0 && name[i-1] != '.' && i < len(name)-1:
		case c == '*':
			return errors.New("a wildcard stands for the first label of a host, and for all of it: *.example.com")
		case c >= 0x80:
			return errors.New("a host is written in its ASCII form (xn--…)")
		default:
			return errors.New("a host holds letters, digits, hyphens and single dots")
		}
	}
	return nil
}
