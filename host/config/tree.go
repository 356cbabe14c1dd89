package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const mountOfOne = "a mount belongs to one app; write it in that app's manifest"

// reader collects what a decoded file says. It goes through the tree itself, before viper sees it: viper lowers the case of
// keys and splits them at dots, and two keys that it takes for one lose a value without a word.
type reader struct {
	table  table
	source string
	values map[string]any
	found  []problem
}

// read returns the layer of a decoded file, and what is wrong with it.
func (t table) read(source string, tree map[string]any) (layer, []problem) {
	r := reader{table: t, source: source, values: map[string]any{}}
	r.walk("", tree)
	return layer{source: source, values: r.values}, r.found
}

// walk reads the table of that name.
func (r *reader) walk(name string, tree map[string]any) {
	for _, word := range slices.Sorted(maps.Keys(tree)) {
		key := word
		if name != "" {
			key = name + "." + word
		}
		switch s, ok := r.table.find(key); {
		case !plain(word):
			r.odd(name, word)
		case ok:
			r.value(s, tree[word])
		case len(r.table.children(key)) > 0:
			r.inner(key, tree[word])
		default:
			r.refuse(key, r.unknown(name, word))
		}
	}
}

// value reads the value of a key.
func (r *reader) value(s setting, raw any) {
	if sub, ok := asTable(raw); ok {
		text := "is one value (" + s.Type + "), not a table"
		if words := slices.Sorted(maps.Keys(sub)); len(words) > 0 {
			text += "; remove " + strings.Join(quoteOdd(words), ", ")
		}
		r.refuse(s.Name, text)
		return
	}
	v, err := s.file(raw)
	if err != nil {
		r.refuse(s.Name, err.Error())
		return
	}
	r.values[s.Name] = v
}

// inner reads a table inside another. One without any key is null in YAML.
func (r *reader) inner(name string, raw any) {
	sub, ok := asTable(raw)
	if !ok && raw != nil {
		keys := strings.Join(r.table.children(name), ", ")
		r.refuse(name, fmt.Sprintf("%s is not a table; write a table with some of the keys %s", shown(raw), keys))
		return
	}
	r.walk(name, sub)
}

// odd refuses a word that cannot be a key at all. One that holds dots may be meant as a path.
func (r *reader) odd(name, word string) {
	shownWord := shown(word)
	if name != "" {
		shownWord = name + "." + shownWord
	}
	text := "unknown key"
	if _, ok := r.table.find(strings.TrimPrefix(name+"."+word, ".")); ok {
		at := strings.LastIndexByte(word, '.')
		text = fmt.Sprintf("a dot inside a key is no path here; write %s inside the table %s", word[at+1:], word[:at])
	}
	r.refuse(shownWord, text)
}

// unknown says what is near to a key that does not exist: a sibling, or the same word in another table.
func (r *reader) unknown(name, word string) string {
	if name == "defaults" && word == mountKey {
		return mountOfOne
	}
	near := nearest(word, r.table.children(name))
	if near != "" && name != "" {
		near = name + "." + near
	}
	for _, s := range r.table {
		if near == "" && strings.HasSuffix(s.Name, "."+word) {
			near = s.Name
		}
	}
	return "unknown key" + didYouMean(near)
}

func (r *reader) refuse(key, text string) {
	r.found = append(r.found, problem{source: r.source, key: key, text: text})
}

// asTable returns raw as a table. YAML makes a map with keys of any type where one of them is not a string.
func asTable(raw any) (map[string]any, bool) {
	switch m := raw.(type) {
	case map[string]any:
		return m, true
	case map[any]any:
		words := make(map[string]any, len(m))
		for k, v := range m {
			words[fmt.Sprint(k)] = v
		}
		return words, true
	}
	return nil, false
}

// plain reports whether a word may be shown as it is.
func plain(word string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	return word != "" && len(word) <= longestShown && strings.Trim(word, letters) == ""
}

// quoteOdd quotes the words that are not plain.
func quoteOdd(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if !plain(w) {
			out[i] = strconv.Quote(brief(w))
		}
	}
	return out
}
