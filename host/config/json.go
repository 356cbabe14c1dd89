package config

import (
	"bytes"
	"encoding/json"
)

// object is one level of a JSON text that is being read.
type object struct {
	// seen holds the keys so far; nil for an array.
	seen map[string]bool
	// value says that the next token of an object is a value.
	value bool
}

// repeatedKey finds a key that is twice in one object. The decoder of encoding/json keeps the last one.
// A syntax error is left to the decoder to report.
func repeatedKey(data []byte) *problem {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var open []object
	for {
		token, err := d.Token()
		if err != nil {
			return nil
		}
		if len(open) > 0 && open[len(open)-1].seen != nil {
			top := &open[len(open)-1]
			if key, ok := token.(string); ok && !top.value {
				if top.seen[key] {
					return &problem{line: lineAt(data, d.InputOffset()), key: quoteOdd([]string{key})[0], text: "is there twice"}
				}
				top.seen[key] = true
				top.value = true
				continue
			}
			top.value = false
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{seen: map[string]bool{}})
		case json.Delim('['):
			open = append(open, object{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
	}
}
