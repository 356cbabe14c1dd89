package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

type duration = time.Duration

const (
	// minimum is the least duration where 0 makes no sense.
	minimum = time.Millisecond
	// longest keeps every sum of durations and times far from overflow. It is a year.
	longest = 8760 * time.Hour
	// maxSettle bounds how late a change may be noticed.
	maxSettle = time.Minute
	// defaultPing is shorter than what proxies and routers forget an idle connection after.
	defaultPing = 30 * time.Second
)

// durationFrom returns a kind of durations with a lower bound.
func durationFrom(least duration) kind[duration] { return durationBetween(least, longest) }

// durationBetween returns a kind of durations. Both bounds are allowed.
func durationBetween(least, most duration) kind[duration] {
	return kind[duration]{
		name: "duration",
		text: durationText,
		file: durationFile,
		show: func(d duration) string { return strconv.Quote(showDuration(d)) },
		rules: []rule[duration]{func(d duration) (duration, error) {
			if d < least || d > most {
				return 0, fmt.Errorf("%s is not from %s to %s", showDuration(d), showDuration(least), showDuration(most))
			}
			return d, nil
		}},
	}
}

// durationText reads a duration with a unit, or a bare number of seconds.
func durationText(s string) (duration, error) {
	if digits(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return 0, notDuration(s)
		}
		return seconds(n)
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, notDuration(s)
	}
	return d, nil
}

// durationFile reads a string with a unit, or a whole number of seconds.
func durationFile(raw any) (duration, error) {
	if s, ok := raw.(string); ok {
		if digits(s) {
			return 0, fmt.Errorf("%s has no unit; write %q, or the number of seconds without quotes", shown(s), brief(s)+"s")
		}
		return durationText(s)
	}
	n, ok := whole(raw)
	if !ok {
		return 0, notDuration(raw)
	}
	return seconds(n)
}

func seconds(n int64) (duration, error) {
	if n > math.MaxInt64/int64(time.Second) || n < math.MinInt64/int64(time.Second) {
		return 0, notDuration(n)
	}
	return duration(n) * time.Second, nil
}

func notDuration(raw any) error {
	return fmt.Errorf(`%s is not a duration; write one like "10s", "500ms" or "1h30m", at most "8760h"`, shown(raw))
}

// showDuration writes a duration without the zero parts that its String method adds.
func showDuration(d duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// digits reports whether s is a bare number.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// brief cuts s to what an error may repeat.
func brief(s string) string {
	return s[:min(len(s), longestShown)]
}
