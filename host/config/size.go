package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const (
	// page is the unit of a guest's memory, in bytes.
	page = 64 << 10
	// maxMemory is all that a 32-bit guest can address.
	maxMemory = 4 << 30
	// maxModule is what an int can hold on every platform, with room to spare: a module is read into memory whole.
	maxModule = 1 << 30
	// maxRate is faster than clients are.
	maxRate = 1 << 30
	maxSize = math.MaxInt64
)

// units are the suffixes of a size, longest first, so that B matches last.
var units = [...]struct {
	suffix string
	bytes  int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// sizeBetween returns a kind of sizes in bytes. Both bounds are allowed.
func sizeBetween(least, most int64) kind[int64] {
	return kind[int64]{
		name: "size",
		text: sizeText,
		file: sizeFile,
		show: func(n int64) string { return strconv.Quote(showSize(n)) },
		rules: []rule[int64]{func(n int64) (int64, error) {
			switch {
			case n < least:
				return 0, fmt.Errorf("%s is less than %s", showSize(n), showSize(least))
			case n > most:
				return 0, fmt.Errorf("%s is more than %s", showSize(n), showSize(most))
			}
			return n, nil
		}},
	}
}

// wholePages rounds down, so that a guest never gets more than was granted.
func wholePages(n int64) (int64, error) { return n - n%page, nil }

// sizeText reads a number with a unit, or a bare number of bytes. Units are read in any case.
func sizeText(s string) (int64, error) {
	for _, u := range units {
		at := len(s) - len(u.suffix)
		if at > 0 && strings.EqualFold(s[at:], u.suffix) && digits(s[:at]) {
			return multiply(s, s[:at], u.bytes)
		}
	}
	if digits(s) {
		return multiply(s, s, 1)
	}
	return 0, notSize(s)
}

// sizeFile reads a string with a unit, or a whole number of bytes.
func sizeFile(raw any) (int64, error) {
	if s, ok := raw.(string); ok {
		if digits(s) {
			return 0, fmt.Errorf("%s has no unit; write %q, or the number of bytes without quotes", shown(s), brief(s)+"B")
		}
		return sizeText(s)
	}
	n, ok := whole(raw)
	if !ok {
		return 0, notSize(raw)
	}
	return n, nil
}

func multiply(s, number string, unit int64) (int64, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > maxSize/unit {
		return 0, fmt.Errorf("%s is more than %s", shown(s), showSize(maxSize))
	}
	return n * unit, nil
}

func notSize(raw any) error {
	return fmt.Errorf(`%s is not a size; write a whole number with a unit, like "64KiB", "64MiB" or "1GB"`, shown(raw))
}

// showSize writes a size in the largest binary unit that divides it.
func showSize(n int64) string {
	best := units[len(units)-1]
	for _, u := range units[:4] {
		if n != 0 && n%u.bytes == 0 {
			best = u
		}
	}
	return strconv.FormatInt(n/best.bytes, 10) + best.suffix
}
