package config

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Source says where the layers of a configuration come from. The process itself is never asked.
type Source struct {
	// File is the file to read. "" is the one that WASGI_CONFIG names, or else wasgi.toml, .yaml, .yml or .json in Dir, of
	// which there may be one or none.
	File string
	// Dir is where the file is looked for; "" is ".".
	Dir string
	// Environ is the environment, as os.Environ returns it.
	Environ []string
	// Flags are the flags that were given, by key: "server.listen". An empty value is one.
	Flags map[string]string
}

// Load reads and lays the layers over one another. The error joins everything that is wrong in any of them. It may be
// called concurrently.
func Load(source Source) (Config, error) {
	t := configTable()
	file, found, err := t.fromFile(source)
	if err != nil {
		return Config{}, err
	}
	environ, more := t.fromEnviron(source.Environ)
	found = append(found, more...)
	flags, more := t.fromFlags(source.Flags)
	found = append(found, more...)
	layers := []layer{file, environ, flags}
	c := t.merge(Default(), layers)
	if len(found) == 0 {
		found = append(instanceRange(&c, "defaults.", layers), listenerRules(&c, layers)...)
	}
	if err := join(found); err != nil {
		return Config{}, err
	}
	return c, nil
}

// LoadManifest reads an app's manifest and lays it over the defaults. The name says its format and is used in errors. The
// error joins everything that is wrong. The result shares nothing with the defaults. It may be called concurrently.
func LoadManifest(name string, data []byte, defaults App) (App, error) {
	t := manifestTable()
	tree, p := decode(name, data)
	if p != nil {
		return App{}, join([]problem{*p})
	}
	file, found := t.read(name, tree)
	defaults.Hosts, defaults.Env = slices.Clone(defaults.Hosts), slices.Clone(defaults.Env)
	layers := []layer{file}
	c := t.merge(Config{Defaults: defaults}, layers)
	if len(found) == 0 {
		found = instanceRange(&c, "", layers)
	}
	if err := join(found); err != nil {
		return App{}, err
	}
	return c.Defaults, nil
}

// fromFile returns the layer of the file, if there is one. An error is about the file as a whole, before its content.
func (t table) fromFile(source Source) (layer, []problem, error) {
	name, err := locate(source)
	if name == "" || err != nil {
		return layer{}, nil, err
	}
	data, err := readFile(name)
	if err != nil {
		return layer{}, nil, err
	}
	tree, p := decode(name, data)
	if p != nil {
		return layer{}, []problem{*p}, nil
	}
	l, found := t.read(name, tree)
	return l, found, nil
}

// locate returns the name of the file to read, or "".
func locate(source Source) (string, error) {
	if source.File != "" {
		return source.File, nil
	}
	if name := variables(source.Environ)[envFile]; name != "" {
		return name, nil
	}
	var present []string
	for _, ext := range []string{".toml", ".yaml", ".yml", ".json"} {
		name := filepath.Join(source.Dir, "wasgi"+ext)
		if _, err := os.Lstat(name); err == nil {
			present = append(present, name)
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("config file %q: %w", name, err)
		}
	}
	if len(present) > 1 {
		return "", fmt.Errorf("config file: %s are both there; keep one", strings.Join(present, " and "))
	}
	return strings.Join(present, ""), nil
}

// readFile reads a regular file, of which no more than can be decoded.
func readFile(name string) ([]byte, error) {
	// Asked before it is opened: opening a pipe would wait for a writer.
	if info, err := os.Stat(name); err != nil {
		return nil, fmt.Errorf("config file %q: %w", name, cause(err))
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("config file %q: is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("config file %q: %w", name, cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("config file %q: %w", name, cause(err))
	}
	return data, nil
}

// cause drops the operation and the name from an error of package os, which the caller has said already.
func cause(err error) error {
	var of *os.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// fromFlags returns the layer of the flags.
func (t table) fromFlags(flags map[string]string) (layer, []problem) {
	l := layer{source: "flags", values: map[string]any{}}
	var found []problem
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		s, ok := t.find(name)
		if !ok {
			found = append(found, problem{source: l.source, key: name, text: "unknown key" + didYouMean(nearest(name, t.names()))})
			continue
		}
		v, err := s.text(flags[name])
		if err != nil {
			found = append(found, problem{source: l.source, key: name, text: err.Error()})
			continue
		}
		l.values[name] = v
	}
	return l, found
}
