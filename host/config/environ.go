package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	envPrefix = "WASGI_"
	// envFile names the configuration file.
	envFile = "WASGI_CONFIG"
	// envListen is short for the variable of server.listen.
	envListen = "WASGI_LISTEN"
	listenKey = "server.listen"
)

// envName returns the variable of a key.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// variables returns the variables of ours that are set, by name. As in a command's environment, the last of several holds.
func variables(environ []string) map[string]string {
	found := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && strings.HasPrefix(name, envPrefix) {
			found[name] = value
		}
	}
	return found
}

// fromEnviron returns the layer of the environment.
func (t table) fromEnviron(environ []string) (layer, []problem) {
	vars := variables(environ)
	l := layer{values: map[string]any{}, names: map[string]string{}}
	var found []problem
	for _, s := range t {
		name := s.Env
		if short := vars[envListen]; s.Name == listenKey && short != "" {
			if long := vars[name]; long != "" && long != short {
				found = append(found, problem{source: envListen, text: "differs from " + name + ", which means the same; set one of them"})
			}
			name = envListen
		}
		text := vars[name]
		if text == "" {
			continue
		}
		v, err := s.text(text)
		if err != nil {
			found = append(found, problem{source: name, text: err.Error()})
			continue
		}
		l.values[s.Name], l.names[s.Name] = v, name
	}
	return l, append(found, t.unknownVariables(vars)...)
}

// unknownVariables finds the variables that look like a key's. Others are none of our business: Kubernetes sets
// WASGI_PORT and WASGI_SERVICE_HOST in a namespace that has a service called wasgi.
func (t table) unknownVariables(vars map[string]string) []problem {
	known := map[string]bool{}
	for _, s := range t {
		known[s.Env] = true
	}
	var found []problem
	for name, value := range vars {
		prefix := t.owner(name)
		if prefix == "" || known[name] || serviceLink(name, value) {
			continue
		}
		text := "unknown variable" + didYouMean(nearestVariable(name, prefix, known))
		if name == envName("defaults."+mountKey) {
			text = mountOfOne
		}
		found = append(found, problem{source: name, text: text})
	}
	return found
}

// owner returns the start of the variable's name that makes it one of ours: that of a table.
func (t table) owner(name string) string {
	for _, word := range t.children("") {
		if prefix := envName(word) + "_"; strings.HasPrefix(name, prefix) {
			return prefix
		}
	}
	return ""
}

// nearestVariable compares what follows the prefix only: all of our names are near to one another otherwise.
func nearestVariable(name, prefix string, known map[string]bool) string {
	var rests []string
	for _, k := range slices.Sorted(maps.Keys(known)) {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			rests = append(rests, rest)
		}
	}
	if near := nearest(strings.TrimPrefix(name, prefix), rests); near != "" {
		return prefix + near
	}
	return ""
}

// linkName is how Kubernetes and Docker name the variables that lead to a service.
var linkName = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// serviceLink reports whether a variable describes a service that is called wasgi-server, say. One that ends in _PORT
// could be a person's mistake, unless its value is a URL.
func serviceLink(name, value string) bool {
	return linkName.MatchString(name) || strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
}
