package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pelletier/go-toml/v2"
)

// WAGIModule is one [[module]] of WAGI's modules.toml, as far as an app can have the same.
type WAGIModule struct {
	// Route is the path with /... at its end for all that is below it; Module a path or URL.
	Route, Module string
	// Entrypoint is the function to call; "" is _start.
	Entrypoint string
	// Hosts are the names that the module answers for; none is every name.
	Hosts []string
	// Env is the environment of the module alone, as "NAME=value", in lexical order.
	Env []string
	// Lost are the other keys that were set, in lexical order.
	Lost []string
}

// ReadWAGI reads WAGI's modules.toml; name is for messages.
func ReadWAGI(name string, data []byte) ([]WAGIModule, error) {
	var file map[string]any
	if err := toml.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	tables := slices.Concat(list(file["module"]), list(file["modules"]))
	if len(tables) == 0 {
		return nil, fmt.Errorf("%s: holds no [[module]]", name)
	}
	var modules []WAGIModule
	var problems []error
	for n, table := range tables {
		m, err := wagiModule(table)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: module %d: %w", name, n+1, err))
		}
		modules = append(modules, m)
	}
	return modules, errors.Join(problems...)
}

func list(value any) []any {
	l, _ := value.([]any)
	return l
}

// wagiModule reads one table. The error has all that is wrong with it.
func wagiModule(value any) (m WAGIModule, err error) {
	table, ok := value.(map[string]any)
	if !ok {
		return m, errors.New("is no table")
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(table)) {
		var err error
		switch value := table[key]; key {
		case "route":
			m.Route, err = text(value)
		case "module":
			m.Module, err = text(value)
		case "entrypoint":
			m.Entrypoint, err = text(value)
		case "host":
			var host string
			host, err = text(value)
			m.Hosts = []string{host}
		case "environment":
			m.Env, err = environment(value)
		default:
			m.Lost = append(m.Lost, key)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		}
	}
	for _, key := range []string{"route", "module"} {
		if _, set := table[key]; !set {
			problems = append(problems, fmt.Errorf("%s: is missing", key))
		}
	}
	return m, errors.Join(problems...)
}

func text(value any) (string, error) {
	s, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("must be a string, not %v", value)
	}
	return s, nil
}

func environment(value any) ([]string, error) {
	table, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be a table of strings, not %v", value)
	}
	var env []string
	for _, name := range slices.Sorted(maps.Keys(table)) {
		value, err := text(table[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		env = append(env, name+"="+value)
	}
	return env, nil
}

// wagiManifest is what a manifest says of an app that was a module.
type wagiManifest struct {
	Mount string   `toml:"mount,omitempty"`
	Hosts []string `toml:"hosts,omitempty"`
	Env   []string `toml:"env,omitempty"`
}

// Manifest returns the manifest of an app that is to be like the module, "" for one that needs none. mount is what its file's name does
// not say, or "". The error is that of a manifest which the app could not have.
func (m WAGIModule) Manifest(mount string) ([]byte, error) {
	if mount == "" && len(m.Hosts) == 0 && len(m.Env) == 0 {
		return nil, nil
	}
	data, err := toml.Marshal(wagiManifest{Mount: mount, Hosts: m.Hosts, Env: m.Env})
	if err != nil {
		return nil, err
	}
	_, err = LoadManifest("manifest.toml", data, Default().Defaults)
	return data, err
}
