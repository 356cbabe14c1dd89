package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"

	"github.com/caddyserver/certmagic"
)

// challengeProtocol is what an authority asks for when it wants to see a challenge's certificate.
const challengeProtocol = "acme-tls/1"

// automatic gets certificates from an authority, and new ones before they expire.
type automatic struct {
	log    *slog.Logger
	issuer *certmagic.ACMEIssuer
	magic  *certmagic.Config
	cache  *certmagic.Cache
	cancel context.CancelFunc
}

func openAutomatic(o Options) (*automatic, error) {
	if err := makeStorage(o.Storage); err != nil {
		return nil, err
	}
	roots, err := rootsOf(o.CARoot)
	if err != nil {
		return nil, err
	}
	log := bridge(o.Log)
	a := &automatic{log: o.Log}
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.magic, nil },
		Logger:           log,
	})
	a.magic = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: o.Storage}, Logger: log, OnEvent: a.event,
	})
	a.issuer = certmagic.NewACMEIssuer(a.magic, certmagic.ACMEIssuer{
		CA: o.CA, Email: o.Email, Agreed: true, TrustedRoots: roots, Logger: log,
		// With these addresses certmagic finds that somebody listens there, which is us, and opens no listener of its own.
		ListenHost:           host(o.Plain, o.TLS),
		AltHTTPPort:          port(o.Plain),
		AltTLSALPNPort:       port(o.TLS),
		DisableHTTPChallenge: o.Plain == nil,
	})
	a.magic.Issuers = []certmagic.Issuer{a.issuer}
	var ctx context.Context
	ctx, a.cancel = context.WithCancel(context.Background())
	if err := a.magic.ManageAsync(ctx, o.Domains); err != nil {
		a.close()
		return nil, fmt.Errorf("tls.domains: %w", err)
	}
	return a, nil
}

// event says what came of it all.
func (a *automatic) event(_ context.Context, event string, data map[string]any) error {
	if event == "cert_obtained" {
		a.log.Info("certificate obtained", "name", data["identifier"], "renewal", data["renewal"])
	}
	return nil
}

// close ends what certmagic does in the background.
func (a *automatic) close() {
	a.cancel()
	a.cache.Stop()
}

func (a *automatic) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.magic.GetCertificate(hello)
}

// makeStorage makes the folder of keys, or refuses one that others may look into.
func makeStorage(dir string) error {
	if dir == "" {
		return errors.New("tls.storage: no folder is given and the user has none; name one")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("tls.storage: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("tls.storage: %w", err)
	}
	if open := info.Mode().Perm() &^ 0o700; open != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("tls.storage: %q is open to others (%s) and would hold private keys; take that away with chmod 700", dir, info.Mode())
	}
	return nil
}

// rootsOf reads a file of root certificates; nil is those of the system.
func rootsOf(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("tls.ca_root: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("tls.ca_root: %q holds no certificate in PEM form", file)
	}
	return pool, nil
}

// host is the one host that both addresses are at, or "" for all interfaces.
func host(addresses ...net.Addr) string {
	found := ""
	for _, address := range addresses {
		tcp, ok := address.(*net.TCPAddr)
		switch {
		case !ok:
		case tcp.IP.IsUnspecified() || found != "" && found != tcp.IP.String():
			return ""
		default:
			found = tcp.IP.String()
		}
	}
	return found
}

func port(address net.Addr) int {
	if tcp, ok := address.(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}
