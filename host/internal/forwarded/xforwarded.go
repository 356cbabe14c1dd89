package forwarded

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// xForwarded reads X-Forwarded-*. Of a list that is as long as that of the hops, the value counts that belongs to the client's hop; of
// any other the last, which the nearest proxy wrote.
func (t *Trust) xForwarded(o *Origin, header map[string][]string) error {
	hops, fromEnd, err := 0, 0, error(nil)
	if values := header["X-Forwarded-For"]; len(values) > 0 {
		hops = length(values)
		fromEnd, err = t.hops(o, values)
	}
	read := func(name string, set func(string) error) {
		values := header[name]
		if len(values) == 0 {
			return
		}
		n := 0
		if length(values) == hops {
			n = fromEnd
		}
		if bad := set(element(values, n)); bad != nil {
			err = errors.Join(err, fmt.Errorf("header %s: %w", name, bad))
		}
	}
	read("X-Forwarded-Proto", o.setScheme)
	read("X-Forwarded-Host", o.setHost)
	read("X-Forwarded-Port", o.setPort)
	return err
}

// hops follows X-Forwarded-For, and returns which element, counted from the end, is the client's.
func (t *Trust) hops(o *Origin, values []string) (int, error) {
	n := 0
	for node := range backwards(values) {
		more, err := t.follow(o, node)
		if err != nil {
			return max(0, n-1), fmt.Errorf("header X-Forwarded-For: %w", err)
		}
		if !more {
			return n, nil
		}
		n++
	}
	return n - 1, nil
}

// length counts the elements of a header's values.
func length(values []string) (n int) {
	for _, value := range values {
		n += 1 + strings.Count(value, ",")
	}
	return n
}

// element returns the nth element of a header's values, counted from the end.
func element(values []string, n int) string {
	for s := range backwards(values) {
		if n == 0 {
			return s
		}
		n--
	}
	return ""
}

// backwards ranges over the elements of a header's values, the last one first.
func backwards(values []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, value := range slices.Backward(values) {
			for comma := 0; comma >= 0; {
				comma = strings.LastIndexByte(value, ',')
				if !yield(strings.Trim(value[comma+1:], " \t")) {
					return
				}
				value = value[:max(comma, 0)]
			}
		}
	}
}
