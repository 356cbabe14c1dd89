package config

import "fmt"

// listenerRules checks what the keys of the listeners say together. As with [instanceRange], they may come from several layers.
func listenerRules(c *Config, layers []layer) []problem {
	var found []problem
	wrong := func(key, format string, args ...any) {
		p := problem{key: key, text: fmt.Sprintf(format, args...)}
		for _, l := range layers {
			if from, ok := l.origin(key); ok {
				p.source = from
			}
		}
		found = append(found, p)
	}
	t := c.TLS
	if t.Cert != "" && t.Key == "" {
		wrong("tls.cert", "needs tls.key, the file with its private key")
	}
	if t.Key != "" && t.Cert == "" {
		wrong("tls.key", "needs tls.cert, the file with its certificate")
	}
	switch given := len(t.Domains) > 0 || t.Cert != ""; {
	case t.Listen == "" && len(t.Domains) > 0:
		wrong("tls.domains", "needs tls.listen, such as \":443\"")
	case t.Listen == "" && t.Cert != "":
		wrong("tls.cert", "needs tls.listen, such as \":443\"")
	case t.Listen != "" && !given && t.Key == "":
		wrong("tls.listen", "needs tls.cert and tls.key, or tls.domains")
	}
	if c.Server.Listen == "" && t.Listen == "" {
		wrong(listenKey, "is empty and so is tls.listen; one of them must be given")
	}
	return found
}
