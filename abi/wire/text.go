package wire

// Text is a list that was found well-formed and is read where it lies: keys and values are parts of it, and reading allocates
// nothing. It suits whoever looks up a few entries and keeps none but those. The zero Text is empty.
type Text struct {
	pairs string // the list behind its count
	count int
}

// Read checks a list as [Decode] does. The error is a [*FormatError].
func Read(list string) (Text, error) {
	if len(list) < countSize {
		return Text{}, &FormatError{Pair: -1, Part: "count", Want: countSize, Have: uint64(len(list))}
	}
	count, rest := number(list), list[countSize:]
	if least := uint64(count) * prefixSize; least > uint64(len(rest)) {
		return Text{}, &FormatError{Pair: -1, Part: "pairs", Want: least, Have: uint64(len(rest))}
	}
	t := Text{rest, int(count)}
	for i := range t.count {
		var err *FormatError
		if rest, err = skip(rest); err != nil {
			err.Pair = i
			return Text{}, err
		}
	}
	if len(rest) > 0 {
		return Text{}, &FormatError{Pair: -1, Part: "end of the list", Want: 0, Have: uint64(len(rest))}
	}
	return t, nil
}

// skip is cut for a list that is a string.
func skip(s string) (rest string, err *FormatError) {
	if len(s) < prefixSize {
		return "", &FormatError{Part: "lengths", Want: prefixSize, Have: uint64(len(s))}
	}
	key, value := uint64(number(s)), uint64(number(s[4:]))
	switch left := uint64(len(s) - prefixSize); {
	case key > left:
		return "", &FormatError{Part: "key", Want: key, Have: left}
	case value > left-key:
		return "", &FormatError{Part: "value", Want: value, Have: left - key}
	}
	return s[prefixSize+key+value:], nil
}

// All yields keys and values in their order, repeats included.
func (t Text) All() func(yield func(key, value string) bool) {
	return func(yield func(string, string) bool) {
		rest := t.pairs
		for range t.count {
			key, value := number(rest), number(rest[4:])
			rest = rest[prefixSize:]
			if !yield(rest[:key], rest[key:key+value]) {
				return
			}
			rest = rest[key+value:]
		}
	}
}

// number reads the first four bytes, little-endian.
func number(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
