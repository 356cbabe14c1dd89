// Package certs gives TLS its certificates: from a pair of files that are read again when they change, and from a certificate
// authority that speaks ACME. It is the only importer of certmagic, and of zap, which certmagic logs to.
package certs

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Options says where certificates come from. Without Domains nothing is asked of any authority, and without Cert only Domains are
// served.
type Options struct {
	// Cert and Key name PEM files: a certificate with its chain, and its private key.
	Cert, Key string
	// Look is how often the files are looked at; 0 is a second.
	Look time.Duration

	// Domains are the host names, in lower case, to get certificates for. For no other name one is asked.
	Domains []string
	// Email is what the authority writes to; "" is nobody.
	Email string
	// CA is the URL of the authority's ACME directory.
	CA string
	// CARoot names a PEM file with the root of the authority's own certificate; "" is the system's roots.
	CARoot string
	// Storage is the folder of certificates, keys and the account. It is made if it is not there.
	Storage string
	// Plain and TLS are where the server listens; nil is nowhere. The authority's challenges arrive there.
	Plain, TLS net.Addr

	// Log takes what happens to certificates. Never nil.
	Log *slog.Logger
}

// Source gives certificates to handshakes. Its methods may be called concurrently.
type Source struct {
	domains   []string
	files     *files     // nil without Cert
	automatic *automatic // nil without Domains
}

// Open reads the files, and begins to get certificates, which it does not wait for: the authority wants to see a server first.
func Open(o Options) (*Source, error) {
	s := &Source{domains: o.Domains}
	var err error
	if o.Cert != "" {
		if s.files, err = openFiles(o); err != nil {
			return nil, err
		}
	}
	if len(o.Domains) > 0 {
		if s.automatic, err = openAutomatic(o); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close ends all that goes on in the background, and returns when it has ended. It is called once.
func (s *Source) Close() {
	if s.automatic != nil {
		s.automatic.close()
	}
	if s.files != nil {
		s.files.close()
	}
}

// Config is what TLS handshakes are done with: TLS 1.2 or later, HTTP/2 for those who want it.
func (s *Source) Config() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: s.certificate}
	if s.automatic != nil {
		c.NextProtos = append(c.NextProtos, challengeProtocol)
	}
	return c
}

// errNone ends a handshake that nobody can be proven to.
var errNone = errors.New("there is no certificate for this name")

// certificate finds the certificate for a handshake.
func (s *Source) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	if s.automatic != nil && (s.files == nil || slices.Contains(s.domains, name)) {
		return s.automatic.certificate(hello)
	}
	if s.files != nil {
		return s.files.current.Load(), nil
	}
	return nil, errNone
}

// Challenges answers the authority's questions on plain HTTP, and leaves all else to next.
func (s *Source) Challenges(next http.Handler) http.Handler {
	if s.automatic == nil {
		return next
	}
	return s.automatic.issuer.HTTPChallengeHandler(next)
}
