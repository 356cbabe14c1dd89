package config

import (
	"strings"

	"github.com/spf13/viper"
)

// layer is what one source says, parsed and checked.
type layer struct {
	// source names it in errors.
	source string
	// values are what a setting takes, by key.
	values map[string]any
	// names are what set each key, where that says more than source.
	names map[string]string
}

// origin says what set a key, if this layer did.
func (l layer) origin(key string) (string, bool) {
	if name, ok := l.names[key]; ok {
		return name, true
	}
	_, ok := l.values[key]
	return l.source, ok
}

// merge lays the layers over base, lowest first, in a viper of its own: viper is not safe for concurrent use, and reads the
// process's environment if it is allowed to.
func (t table) merge(base Config, layers []layer) Config {
	v := viper.New()
	for _, s := range t {
		v.SetDefault(s.Name, s.get(&base))
	}
	for _, l := range layers {
		// The error is always nil: viper declares one and has none to return.
		_ = v.MergeConfigMap(nested(l.values))
	}
	for _, s := range t {
		s.put(&base, v.Get(s.Name))
	}
	return base
}

// nested turns keys with dots into the maps within maps that viper merges.
func nested(values map[string]any) map[string]any {
	root := map[string]any{}
	for key, value := range values {
		words := strings.Split(key, ".")
		at := root
		for _, word := range words[:len(words)-1] {
			inner, ok := at[word].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[word] = inner
			}
			at = inner
		}
		at[words[len(words)-1]] = value
	}
	return root
}
