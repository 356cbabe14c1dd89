package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// setting is one key with everything that is done with it. Its functions hide the type of its value: what text and file
// return is what put takes.
type setting struct {
	Key
	// text parses what a variable or a flag holds.
	text func(string) (any, error)
	// file parses what a decoder made of a file.
	file func(any) (any, error)
	// check returns the value in its normal form.
	check func(any) (any, error)
	get   func(*Config) any
	put   func(*Config, any)
	show  func(any) string
}

// newSetting joins a name, a kind of value, and the field that holds it.
func newSetting[T any](name, doc string, k kind[T], at func(*Config) *T) setting {
	s := setting{
		Key:   Key{Name: name, Type: k.name, Doc: doc},
		text:  func(s string) (any, error) { return k.checked(k.text(s)) },
		file:  func(raw any) (any, error) { return k.checked(k.file(raw)) },
		check: func(v any) (any, error) { return k.checked(v.(T), nil) },
		get:   func(c *Config) any { return *at(c) },
		put:   func(c *Config, v any) { *at(c) = v.(T) },
		show:  func(v any) string { return k.show(v.(T)) },
	}
	builtin := Default()
	if name != mountKey {
		s.Default = s.show(s.get(&builtin))
	}
	return s
}

// table holds the settings of one kind of file, in reading order.
type table []setting

func (t table) keys() []Key {
	keys := make([]Key, len(t))
	for i, s := range t {
		keys[i] = s.Key
	}
	return keys
}

func (t table) names() []string {
	names := make([]string, len(t))
	for i, s := range t {
		names[i] = s.Name
	}
	return names
}

// find returns the setting of that name.
func (t table) find(name string) (setting, bool) {
	i := slices.IndexFunc(t, func(s setting) bool { return s.Name == name })
	if i < 0 {
		return setting{}, false
	}
	return t[i], true
}

// children returns the last words of the keys and tables that lie directly in the table of that name, sorted; "" is the
// outermost table. There are none if it is no table.
func (t table) children(name string) []string {
	prefix := name + "."
	if name == "" {
		prefix = ""
	}
	var words []string
	for _, s := range t {
		if rest, ok := strings.CutPrefix(s.Name, prefix); ok {
			word, _, _ := strings.Cut(rest, ".")
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// validate reports the values of c that could not have been loaded.
func (t table) validate(c *Config) []problem {
	var found []problem
	for _, s := range t {
		value := s.get(c)
		normal, err := s.check(value)
		if err == nil && !reflect.DeepEqual(normal, value) {
			err = fmt.Errorf("must be given as %s", s.show(normal))
		}
		if err != nil {
			found = append(found, problem{key: s.Name, text: err.Error()})
		}
	}
	return found
}
