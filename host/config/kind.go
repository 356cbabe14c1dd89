package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// kind is a type of value: what it is called, how it is read, and how it is written.
type kind[T any] struct {
	// name is what the documentation calls the type.
	name string
	// text reads a variable or a flag.
	text func(string) (T, error)
	// file reads what a decoder returned. It is stricter than text: a file has types of its own.
	file func(any) (T, error)
	// show writes the value as TOML does.
	show func(T) string
	// rules check a value and return its normal form, in order.
	rules []rule[T]
}

// rule refuses a value, or returns its normal form.
type rule[T any] func(T) (T, error)

// with returns k with further rules.
func (k kind[T]) with(rules ...rule[T]) kind[T] {
	k.rules = slices.Concat(k.rules, rules)
	return k
}

// checked applies the rules to what a reader returned.
func (k kind[T]) checked(v T, err error) (any, error) {
	for _, r := range k.rules {
		if err != nil {
			return nil, err
		}
		v, err = r(v)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// stringKind returns a kind that is plain text in a file too.
func stringKind(name, example string, rules ...rule[string]) kind[string] {
	return kind[string]{
		name: name,
		text: func(s string) (string, error) { return s, nil },
		file: func(raw any) (string, error) {
			if s, ok := raw.(string); ok {
				return s, nil
			}
			return "", fmt.Errorf("%s is not a string; write one like %q", shown(raw), example)
		},
		show:  strconv.Quote,
		rules: rules,
	}
}

var boolean = kind[bool]{
	name: "boolean",
	text: func(s string) (bool, error) {
		switch s {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return false, fmt.Errorf("%s is not a boolean; write true or false", shown(s))
	},
	file: func(raw any) (bool, error) {
		if b, ok := raw.(bool); ok {
			return b, nil
		}
		return false, fmt.Errorf("%s is not a boolean; write true or false, without quotes", shown(raw))
	},
	show: strconv.FormatBool,
}

// These are far beyond what anybody needs; they catch a slip of the hand.
const (
	maxInstances = 10_000
	maxApps      = 1_000_000
	maxTables    = 10_000_000 // a browser's bound of one table
	// maxConnections is what a machine with every descriptor it can have could hold.
	maxConnections = 1_000_000
	// maxCount fits an int on every platform.
	maxCount = 1_000_000_000
)

// integerBetween returns a kind of whole numbers. Both bounds are allowed.
func integerBetween(least, most int) kind[int] {
	wrong := func(raw any) error {
		return fmt.Errorf("%s is not a whole number from %d to %d", shown(raw), least, most)
	}
	inside := func(n int64, raw any) (int, error) {
		if n < int64(least) || n > int64(most) {
			return 0, wrong(raw)
		}
		return int(n), nil
	}
	return kind[int]{
		name: "integer",
		text: func(s string) (int, error) {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return 0, wrong(s)
			}
			return inside(n, s)
		},
		file: func(raw any) (int, error) {
			n, ok := whole(raw)
			if !ok {
				return 0, wrong(raw)
			}
			return inside(n, raw)
		},
		show:  strconv.Itoa,
		rules: []rule[int]{func(n int) (int, error) { return inside(int64(n), n) }},
	}
}

// listKind returns a kind that is a list of strings in a file and separated by commas elsewhere.
func listKind(name, example string, rules ...rule[[]string]) kind[[]string] {
	return kind[[]string]{
		name: name,
		text: func(s string) ([]string, error) {
			if s == "" {
				return nil, nil
			}
			return strings.Split(s, ","), nil
		},
		file:  func(raw any) ([]string, error) { return stringsOf(raw, example) },
		show:  func(list []string) string { return "[" + strings.Join(quoteAll(list), ", ") + "]" },
		rules: rules,
	}
}

// stringsOf reads a list of strings. An empty one is nil, so that equal settings are equal values.
func stringsOf(raw any, example string) ([]string, error) {
	if s, ok := raw.(string); ok {
		return nil, fmt.Errorf("%s is a string; write a list, such as [%q]", shown(s), example)
	}
	items, ok := raw.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a list; write one like [%q]", shown(raw), example)
	}
	var list []string
	var errs []error
	for i, item := range items {
		s, ok := item.(string)
		if !ok {
			errs = append(errs, fmt.Errorf("entry %d: %s is not a string", i+1, shown(item)))
		}
		list = append(list, s)
	}
	return list, joinLine(errs)
}

// joinLine joins errors on one line, since all of them belong to one key.
func joinLine(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

func quoteAll(list []string) []string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = strconv.Quote(s)
	}
	return quoted
}
