package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/wasgi/wasgi/host"
)

// The report of an inspection that has everything is what the file in testdata says.
func TestReport(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "host", "testdata", "everything.json"))
	if err != nil {
		t.Fatal(err)
	}
	var i host.Inspection
	if err := json.Unmarshal(data, &i); err != nil {
		t.Fatal(err)
	}
	i.Manifest = "everything.toml"
	i.Module.Toolchain = "Go go1.26.8"
	i.Module.Rewrite = &host.ModuleRewrite{Functions: 3423, Charged: 3234, Loops: 1, NotesStores: true, CodeBefore: 3 << 20, CodeAfter: 4 << 20}
	i.Module.Compile.Cost = 1234567
	var out bytes.Buffer
	if err := printInspection(&out, &i, false); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "everything.txt")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("got\n%s\nwant what %s says", &out, golden)
	}
}

// hostile is what a name in a module may hold: it clears the screen, writes from right to left, and is not ASCII.
const hostile = "a\x1b[2J\u009b2J\r\n\u202eb\U000e0001é"

func inspectionOf(names string) *host.Inspection {
	i := &host.Inspection{File: names, Kind: "wasgi", Why: "it says so", Refusals: []host.Refusal{{Message: names}, {Message: "more"}}}
	i.Module = &host.ModuleFacts{
		Toolchain: names, Complete: true, Compile: &host.CompileCost{}, Rewrite: &host.ModuleRewrite{},
		Imports: []host.ModuleImport{{Module: names, Access: "always", Functions: []host.ImportedFunction{{Name: names}}}},
		Exports: []host.ModuleExport{{Name: names, Kind: "function"}},
		Start:   &host.ModuleFunction{Name: names},
		Fresh:   []host.FreshReason{{What: "table.set", Where: "function", Name: names}},
		Sections: []host.ModuleSection{
			{Name: "custom", Custom: names, Size: 1}},
	}
	return i
}

// Whatever a module's names are, they do not steer the terminal.
func TestInspectionOfHostileNames(t *testing.T) {
	t.Parallel()
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		if err := printInspection(&out, inspectionOf(hostile), asJSON); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if r != '\n' && !unicode.IsPrint(r) && (asJSON || r != unicode.ReplacementChar) {
				t.Errorf("json %t: %q in\n%s", asJSON, r, &out)
			}
		}
	}
}

// JSON says the same with what steers a terminal escaped.
func TestPrintableJSONSaysTheSame(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	want := inspectionOf(hostile)
	if err := printInspection(&out, want, true); err != nil {
		t.Fatal(err)
	}
	var got host.Inspection
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// Long lists and long names stay within what somebody can read.
func TestInspectionIsBounded(t *testing.T) {
	t.Parallel()
	i := inspectionOf(strings.Repeat("n", 60_000))
	i.File = "app.wasm"
	i.Refusals = nil
	for n := range 20_000 {
		i.Refusals = append(i.Refusals, host.Refusal{Message: fmt.Sprintf("reason %d", n)})
		i.Module.Exports = append(i.Module.Exports, host.ModuleExport{Name: fmt.Sprintf("export%d", n), Kind: "function", Type: "() -> ()"})
	}
	var out bytes.Buffer
	if err := printInspection(&out, i, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"... and 19941 more; --json has all", "... and for 19990 more reasons; --json has all"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) > 120 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if utf8.RuneCountInString(line) > reportWidth+mostOfName {
			t.Errorf("a line of %d characters: %s", utf8.RuneCountInString(line), line)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int]string{12: "12 B", 65536: "64 KiB", 1 << 20: "1 MiB", 1536: "1.5 KiB"} {
		if got := shortSize(n); got != want {
			t.Errorf("shortSize(%d) = %s, want %s", n, got, want)
		}
	}
}
