package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// optionalAddress is host:port, as net.Listen takes it, or "".
var optionalAddress = stringKind("host:port", "127.0.0.1:8080", func(s string) (string, error) {
	if s == "" {
		return s, nil
	}
	return listenAddress(s)
})

func listenAddress(s string) (string, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", fmt.Errorf("%s is not host:port; write one like \"127.0.0.1:8080\", or \":8080\" for all interfaces", shown(s))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || !digits(port) {
		return "", fmt.Errorf("%s: port %s is not a number from 0 to 65535", shown(s), shown(port))
	} else if canonical := strconv.FormatUint(n, 10); canonical != port {
		return "", fmt.Errorf("%s: write the port as %s", shown(s), canonical)
	}
	if _, err := netip.ParseAddr(host); host == "" || err == nil {
		return s, nil
	}
	if _, err := hostName(host); err != nil {
		return "", fmt.Errorf("%s: host %w", shown(s), err)
	}
	return s, nil
}

// hostList is the names an app answers for.
var hostList = listKind("list of host names", "example.com", hostNames)

// domainList is the names that certificates are asked for.
var domainList = listKind("list of host names", "example.com", noWildcards, hostNames)

// noWildcards refuses names that a server cannot prove to an authority to be its own.
func noWildcards(list []string) ([]string, error) {
	var errs []error
	for i, s := range list {
		if strings.Contains(s, "*") {
			errs = append(errs, fmt.Errorf("entry %d: %s: automatic certificates are for single names; write each", i+1, shown(s)))
		}
	}
	return list, joinLine(errs)
}

// directoryURL is where an ACME server says what it offers.
var directoryURL = stringKind("URL", LetsEncrypt, func(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Fragment != "" {
		return "", fmt.Errorf("%s is not the URL of an ACME directory; write one like %q", shown(s), LetsEncrypt)
	}
	return s, nil
})

// hostNames returns the names in lower case, in the same order.
func hostNames(list []string) ([]string, error) {
	var lower []string
	var errs []error
	seen := map[string]bool{}
	for i, s := range list {
		name, err := hostPattern(s)
		if err == nil && seen[name] {
			err = fmt.Errorf("%s is there twice", shown(s))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("entry %d: %w", i+1, err))
		}
		seen[name] = true
		lower = append(lower, name)
	}
	return lower, joinLine(errs)
}

// hostPattern checks a name, or one with a wildcard for its first label, and returns it in lower case.
func hostPattern(s string) (string, error) {
	parent, ok := strings.CutPrefix(s, "*.")
	if !ok {
		return hostName(s)
	}
	name, err := hostName(parent)
	if err != nil {
		return "", fmt.Errorf("%s: after the wildcard, %w", shown(s), err)
	}
	return "*." + name, nil
}

// hostName checks a name as RFC 1123 writes it, and returns it in lower case.
func hostName(s string) (string, error) {
	name := strings.ToLower(s)
	switch {
	case name == "":
		return "", fmt.Errorf("%s is empty", shown(s))
	case len(name) > 253:
		return "", fmt.Errorf("%s is longer than 253 bytes", shown(s))
	case strings.Contains(name, "*"):
		return "", fmt.Errorf("%s: a wildcard stands for the whole first part of an app's host alone: \"*.example.com\"", shown(s))
	case strings.Contains(name, ":"):
		return "", fmt.Errorf("%s: write the name alone, without scheme or port", shown(s))
	}
	for label := range strings.SplitSeq(name, ".") {
		if !hostLabel(label) {
			return "", fmt.Errorf("%s is not a host name: parts between dots are 1 to 63 letters, digits and inner hyphens (other alphabets as xn--)", shown(s))
		}
	}
	return name, nil
}

func hostLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// proxyList is whom to believe about a request's origin.
var proxyList = listKind("list of addresses", "10.0.0.0/8", proxies)

// unixPeer stands for every peer at a Unix socket, which has no address.
const unixPeer = "unix"

// proxies returns addresses and networks in their usual form, in the same order.
func proxies(list []string) ([]string, error) {
	var usual []string
	var errs []error
	for i, s := range list {
		proxy, err := proxyAddress(s)
		if err == nil && slices.Contains(usual, proxy) {
			err = fmt.Errorf("%s is there twice", shown(s))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("entry %d: %w", i+1, err))
		}
		usual = append(usual, proxy)
	}
	return usual, joinLine(errs)
}

func proxyAddress(s string) (string, error) {
	if s == unixPeer {
		return s, nil
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" && !addr.Is4In6() {
		return addr.String(), nil
	}
	network, err := netip.ParsePrefix(s)
	switch {
	case err != nil || network.Addr().Is4In6():
		return "", fmt.Errorf("%s is no address; write one like \"10.1.2.3\", a network like \"10.0.0.0/8\", or \"unix\"", shown(s))
	case network.Masked() != network:
		return "", fmt.Errorf("%s is an address within a network; write %s for the network", shown(s), network.Masked())
	}
	return network.String(), nil
}
