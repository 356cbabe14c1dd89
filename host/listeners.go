package host

import (
	"errors"
	"fmt"
	"net"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certs"
)

// TLSListener marks a listener for HTTPS. The listener itself is without TLS: [Host.Serve] does the handshakes, with the certificates
// of the configuration.
type TLSListener struct{ net.Listener }

// Listen opens the listeners of a configuration: server.listen, and tls.listen as a [TLSListener]. Certificate files that cannot be
// served are an error here, before anything is loaded.
func Listen(cfg config.Config) ([]net.Listener, error) {
	var listeners []net.Listener
	if cfg.Server.Listen != "" {
		listener, err := net.Listen("tcp", cfg.Server.Listen)
		if err != nil {
			return nil, fmt.Errorf("server.listen: %w; name another address", err)
		}
		listeners = append(listeners, listener)
	}
	if cfg.TLS.Listen == "" {
		return listeners, nil
	}
	if cfg.TLS.Cert != "" {
		if err := certs.Check(cfg.TLS.Cert, cfg.TLS.Key); err != nil {
			return nil, errors.Join(err, closeAll(listeners))
		}
	}
	listener, err := net.Listen("tcp", cfg.TLS.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("tls.listen: %w; name another address", err), closeAll(listeners))
	}
	return append(listeners, TLSListener{listener}), nil
}

func closeAll(listeners []net.Listener) error {
	var problems []error
	for _, listener := range listeners {
		problems = append(problems, listener.Close())
	}
	return errors.Join(problems...)
}
