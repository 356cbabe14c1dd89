package watch

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var zero = time.Unix(1_700_000_000, 0)

func at(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }

// seen builds a scan from "a=1 b=2": the paths and the version of each. A word that ends in ! is a path that is blind.
func seen(words string) scanResult {
	r := scanResult{files: map[string]identity{}, blind: map[string]bool{}}
	for _, w := range strings.Fields(words) {
		if b, ok := strings.CutSuffix(w, "!"); ok {
			r.blind[b] = true
			continue
		}
		path, version, _ := strings.Cut(w, "=")
		r.files[path] = identity{there: true, size: int64(version[0])}
	}
	return r
}

// step is one scan at a time, with the paths that events named just before it.
type step struct {
	ms    int
	touch string
	seen  string
	want  string
	// wake is when the next scan is due, in milliseconds; 0 is never.
	wake int
}

func TestSettler(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		baseline string
		steps    []step
	}{
		"nothing changes": {"a=1", []step{{ms: 0, seen: "a=1"}, {ms: 5000, seen: "a=1"}}},
		"added":           {"", []step{{ms: 0, seen: "a=1", wake: 100}, {ms: 99, seen: "a=1", wake: 100}, {ms: 100, seen: "a=1", want: "a"}, {ms: 900, seen: "a=1"}}},
		"changed":         {"a=1", []step{{ms: 0, seen: "a=2", wake: 100}, {ms: 100, seen: "a=2", want: "a"}, {ms: 900, seen: "a=2"}}},
		"removed":         {"a=1", []step{{ms: 0, seen: "", wake: 100}, {ms: 100, seen: "", want: "a"}, {ms: 900, seen: ""}}},
		"written in parts": {"", []step{{ms: 0, seen: "a=1", wake: 100}, {ms: 60, seen: "a=2", wake: 160}, {ms: 120, seen: "a=3", wake: 220},
			{ms: 219, seen: "a=3", wake: 220}, {ms: 220, seen: "a=3", want: "a"}}},
		"removed and re-created": {"a=1", []step{{ms: 0, seen: "", wake: 100}, {ms: 90, seen: "a=2", wake: 190}, {ms: 150, seen: "a=2", wake: 190}, {ms: 190, seen: "a=2", want: "a"}}},
		"away and back":          {"a=1", []step{{ms: 0, seen: "", wake: 100}, {ms: 50, seen: "a=1", wake: 150}, {ms: 150, seen: "a=1"}}},
		"came and went":          {"", []step{{ms: 0, seen: "a=1", wake: 100}, {ms: 50, seen: "", wake: 150}, {ms: 150, seen: ""}}},
		"several": {"a=1 b=1 c=1", []step{{ms: 0, seen: "a=2 b=1 c=1", wake: 100}, {ms: 50, seen: "a=2 b=1", wake: 100},
			{ms: 100, seen: "a=2 b=1", want: "a", wake: 150}, {ms: 150, seen: "a=2 b=1", want: "c"}}},
		"sorted":                     {"", []step{{ms: 0, seen: "b=1 a=1 c=1", wake: 100}, {ms: 100, seen: "c=1 a=1 b=1", want: "a b c"}}},
		"touched, same identity":     {"a=1", []step{{ms: 0, touch: "a", seen: "a=1", wake: 100}, {ms: 100, seen: "a=1", want: "a"}, {ms: 900, seen: "a=1"}}},
		"touched, never there":       {"", []step{{ms: 0, touch: "a", seen: "", wake: 100}, {ms: 100, seen: ""}}},
		"touched while it settles":   {"", []step{{ms: 0, seen: "a=1", wake: 100}, {ms: 80, touch: "a", seen: "a=1", wake: 180}, {ms: 180, seen: "a=1", want: "a"}}},
		"blind is not removed":       {"d/a=1 e=1", []step{{ms: 0, seen: "e=1 d!"}, {ms: 500, seen: "d! e=1"}, {ms: 600, seen: "e=1", wake: 700}, {ms: 700, seen: "e=1", want: "d/a"}}},
		"blind root":                 {"a=1 d/b=1", []step{{ms: 0, seen: ".!"}, {ms: 900, seen: ".!"}}},
		"blind is exact":             {"da/x=1", []step{{ms: 0, seen: "d!", wake: 100}, {ms: 100, seen: "d!", want: "da/x"}}},
		"blind while it settles":     {"a=1", []step{{ms: 0, seen: "a=2", wake: 100}, {ms: 50, seen: "a!", wake: 150}, {ms: 100, seen: "a=2", wake: 150}, {ms: 150, seen: "a=2", want: "a"}}},
		"touched and blind":          {"a=1", []step{{ms: 0, touch: "a", seen: "a!", wake: 100}, {ms: 5000, seen: "a!", wake: 5100}, {ms: 5100, seen: "a=1", want: "a"}}},
		"late scan":                  {"a=1", []step{{ms: 0, seen: "a=2", wake: 100}, {ms: 5000, seen: "a=3", want: "a"}}},
		"settles again after report": {"a=1", []step{{ms: 0, seen: "a=2", wake: 100}, {ms: 100, seen: "a=2", want: "a"}, {ms: 110, seen: "a=3", wake: 210}, {ms: 210, seen: "a=3", want: "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSettler(100*time.Millisecond, seen(test.baseline).files)
			for i, st := range test.steps {
				if st.touch != "" {
					s.touch(at(st.ms), st.touch)
				}
				got, wake := s.observe(at(st.ms), seen(st.seen))
				if !slices.Equal(got, strings.Fields(st.want)) {
					t.Errorf("step %d: settled %q, want %q", i, got, st.want)
				}
				if want := at(st.wake); st.wake == 0 && !wake.IsZero() || st.wake != 0 && !wake.Equal(want) {
					t.Errorf("step %d: wake at %v, want %d ms", i, wake.Sub(zero), st.wake)
				}
			}
			if len(s.pending) != 0 {
				t.Errorf("still pending: %v", s.pending)
			}
		})
	}
}

// A file that changes at every scan is reported after ten times the settle time, again and again.
func TestSettlerPatience(t *testing.T) {
	t.Parallel()
	s := newSettler(100*time.Millisecond, seen("").files)
	var reported []int
	for ms := 0; ms <= 3000; ms += 10 {
		scan := seen("a=1")
		scan.files["a"] = identity{there: true, size: int64(ms)}
		s.touch(at(ms), "a")
		if got, _ := s.observe(at(ms), scan); len(got) > 0 {
			reported = append(reported, ms)
		}
	}
	if want := []int{1000, 2010}; !slices.Equal(reported, want) {
		t.Errorf("reported at %v ms, want %v", reported, want)
	}
}

// A file that is deleted and created without pause is never reported in the moment when it is not there.
func TestSettlerPatienceNeverReportsAbsence(t *testing.T) {
	t.Parallel()
	s := newSettler(100*time.Millisecond, seen("a=1").files)
	reported := 0
	for i := range 400 {
		scan, there := seen(""), i%3 == 0
		if there {
			scan.files["a"] = identity{there: true, size: int64(i)}
		}
		if got, _ := s.observe(at(10*i), scan); len(got) > 0 {
			reported++
			if !there {
				t.Errorf("reported at %d ms, when it was not there", 10*i)
			}
		}
	}
	if reported < 3 {
		t.Errorf("reported %d times in 4 s", reported)
	}
}
