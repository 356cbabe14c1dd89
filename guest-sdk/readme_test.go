package guestsdk_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sizeCell is how README.md gives the size of a hello.
var sizeCell = regexp.MustCompile(`\| ([0-9.]+) KB \|`)

// TestReadmeSizes builds what the first table of README.md is about. Another version of a compiler may be off by a third.
func TestReadmeSizes(t *testing.T) {
	t.Parallel()
	var rows []string
	for _, line := range strings.Split(string(read(t, "README.md")), "\n") {
		if sizeCell.MatchString(line) {
			rows = append(rows, line)
		}
	}
	if len(rows) != len(helloApps) {
		t.Fatalf("%d sizes, but %d apps", len(rows), len(helloApps))
	}
	for i, app := range helloApps {
		t.Run(app.name, func(t *testing.T) {
			t.Parallel()
			info, err := os.Stat(app.build(t, app.dir))
			if err != nil {
				t.Fatal(err)
			}
			said, err := strconv.ParseFloat(sizeCell.FindStringSubmatch(rows[i])[1], 64)
			if got := float64(info.Size()) / 1000; err != nil || said < got*2/3 || said > got*4/3 {
				t.Errorf("it has %.1f KB, %v, but the table says:\n%s", got, err, rows[i])
			}
		})
	}
}
