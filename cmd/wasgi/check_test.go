package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/wasgi/wasgi/abi/abitest"
)

// checkedOf is a verdict in which a guest's own words stand wherever they can.
func checkedOf(words string) *checked {
	rule := abitest.Rules()[0]
	return &checked{File: words, Size: 1, Broken: 1, Report: abitest.Report{Results: []abitest.Result{
		{Rule: rule, Verdict: abitest.Fail, Findings: []abitest.Finding{{Rule: rule.ID, Request: words, Seen: words}}},
	}}}
}

// Whatever a guest is made to say, it does not steer the terminal.
func TestCheckOfHostileNames(t *testing.T) {
	t.Parallel()
	for _, asJSON := range []bool{false, true} {
		var out bytes.Buffer
		if err := checkedOf(hostile).print(&out, asJSON); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if r != '\n' && !unicode.IsPrint(r) && (asJSON || r != unicode.ReplacementChar) {
				t.Errorf("json %t: %q in\n%s", asJSON, r, &out)
			}
		}
	}
}

// What clients say in text frames is text.
func TestTextMessages(t *testing.T) {
	t.Parallel()
	messages, err := textMessages([]string{"", "h\u00e9llo"})
	want := []abitest.Message{{Data: []byte{}}, {Data: []byte("h\u00e9llo")}}
	if err != nil || !reflect.DeepEqual(messages, want) {
		t.Errorf("got %v, %v, want %v", messages, err, want)
	}
	if _, err := textMessages([]string{"\xff"}); err == nil || err.Error() != `--message: must be UTF-8: "\xff"` {
		t.Errorf("the error is %v", err)
	}
}

// The JSON form has these fields, whose names stay.
func TestCheckAsJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := checkedOf("x.wasm").print(&out, true); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	rule := abitest.Rules()[0]
	want := map[string]any{
		"file": "x.wasm", "size": 1.0, "sha256": "", "broken": 1.0,
		"results": []any{map[string]any{
			"id": rule.ID, "title": rule.Title, "section": rule.Section, "advice": rule.Advice, "verdict": "fail",
			"findings": []any{map[string]any{"rule": rule.ID, "request": "x.wasm", "seen": "x.wasm"}},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if err := checkedOf("x.wasm").broken(); err == nil || !strings.HasSuffix(err.Error(), "x.wasm: breaks "+rule.ID) {
		t.Errorf("the error is %v", err)
	}
}
