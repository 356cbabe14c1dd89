package abi_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi/abitest"
)

// obligations are the parts of SPEC.md that the test reads: its text, with each run of spaces as one, and the table of what is
// checked by what.
func obligations(t *testing.T) (text string, checkedBy [][2]string) {
	t.Helper()
	before, rest, ok := strings.Cut(readFile(t, "SPEC.md"), "\n## Conformance\n")
	section, after, closed := strings.Cut(rest, "\n## ")
	if !ok || !closed {
		t.Fatal("SPEC.md has no section Conformance, or nothing behind it")
	}
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) == 4 && strings.Contains(cells[1], "MUST") {
			checkedBy = append(checkedBy, [2]string{strings.TrimSpace(cells[1]), cells[2]})
		}
	}
	text = strings.ReplaceAll(before+after, "MUST, MUST NOT, SHOULD and MAY are used as in", "")
	return strings.Join(strings.Fields(text), " "), checkedBy
}

// Every MUST of SPEC.md stands in its table, word by word, and with what checks it.
func TestEveryMustHasItsCheck(t *testing.T) {
	t.Parallel()
	text, checkedBy := obligations(t)
	covered := make([]bool, len(text))
	for _, row := range checkedBy {
		at := strings.Index(text, row[0])
		if at < 0 {
			t.Errorf("SPEC.md does not say %q, which its table of checks quotes", row[0])
			continue
		}
		for n := range row[0] {
			covered[at+n] = true
		}
	}
	found := regexp.MustCompile(`MUST( NOT)?`).FindAllStringIndex(text, -1)
	if len(found) < 11 {
		t.Errorf("%d MUSTs, want 11 at least", len(found))
	}
	for _, at := range found {
		if !covered[at[0]] {
			t.Errorf("no check is named for %q: add it to the table in SPEC.md, Conformance", text[max(0, at[0]-60):min(len(text), at[1]+60)])
		}
	}
}

// Every check that the table names exists.
func TestEveryNamedCheckExists(t *testing.T) {
	t.Parallel()
	known := abitest.ServerCases()
	for _, rule := range abitest.Rules() {
		known = append(known, rule.ID)
	}
	_, checkedBy := obligations(t)
	for _, row := range checkedBy {
		names := regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(row[1], -1)
		if len(names) == 0 {
			t.Errorf("%q: no check is named", row[0])
		}
		for n, name := range names {
			switch {
			case strings.HasPrefix(name[1], "Test"):
				if n+1 == len(names) || !hasTest(t, names[n+1][1], name[1]) {
					t.Errorf("%q: there is no %s in the package named behind it", row[0], name[1])
				}
			case strings.Contains(name[1], "/"): // the package of a test
			case !slices.Contains(known, name[1]):
				t.Errorf("%q: %s is neither a rule nor a case", row[0], name[1])
			}
		}
	}
}

// hasTest looks for a test in a package of the repository.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		source, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(source), "\nfunc "+name+"(t *testing.T)")
	})
}
