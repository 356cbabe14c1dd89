package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// problem is one thing that is wrong. Its parts are kept apart until all are known.
type problem struct {
	// source is a file, a variable or a flag.
	source string
	// line counts from 1; 0 is unknown.
	line int
	// key is the whole name; "" where the source as a whole is wrong.
	key  string
	text string
}

// Error implements error.
func (p problem) Error() string {
	var parts []string
	if p.source != "" {
		source := p.source
		if p.line > 0 {
			source += ":" + strconv.Itoa(p.line)
		}
		parts = append(parts, source)
	}
	if p.key != "" {
		parts = append(parts, p.key)
	}
	return strings.Join(append(parts, p.text), ": ")
}

// join returns all problems as one error, sorted by their text, or nil.
func join(found []problem) error {
	slices.SortFunc(found, func(a, b problem) int { return strings.Compare(a.Error(), b.Error()) })
	errs := make([]error, len(found))
	for i, p := range found {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// didYouMean ends an error with a suggestion, if there is one.
func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}

// nearest returns the candidate that a slip of the hand turns into s, or "".
func nearest(s string, candidates []string) string {
	// Longer words are not compared: the time would grow with their square, and none is near.
	if len(s) > longestShown {
		return ""
	}
	best, least := "", 1+min(3, max(1, len(s)/3))
	for _, c := range candidates {
		if d := distance(strings.ToLower(s), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
