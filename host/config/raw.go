package config

import (
	"math"
	"strconv"
)

// longestShown is how many bytes of a value an error repeats.
const longestShown = 60

// whole returns the whole number that a decoder found. JSON has floats only, and YAML returns whatever fits.
func whole(raw any) (int64, bool) {
	switch n := raw.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case uint64:
		return int64(n), n <= math.MaxInt64
	case float64:
		// 1<<63 itself is a float64 and does not fit; every float64 below it does.
		return int64(n), n == math.Trunc(n) && n >= -1<<63 && n < 1<<63
	}
	return 0, false
}

// shown writes a value into an error: what it is, or what kind of thing it is.
func shown(raw any) string {
	switch v := raw.(type) {
	case string:
		if len(v) > longestShown {
			return strconv.Quote(v[:longestShown]) + "…"
		}
		return strconv.Quote(v)
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		return "a list"
	case map[string]any, map[any]any:
		return "a table"
	case nil:
		return "null"
	}
	// What remains are the dates of TOML and YAML.
	return "a date"
}
