package notes_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/wasgi/wasgi/guest-sdk/go/examples/internal/notes"
)

func TestStore(t *testing.T) {
	t.Parallel()
	var s notes.Store
	if got := string(s.JSON()); got != `{"notes":[]}` {
		t.Errorf("empty: %s", got)
	}
	for _, text := range []string{"a", "b", "c"} {
		s.Add(text)
	}
	if !s.Delete(2) || s.Delete(2) || s.Delete(0) || s.Delete(4) {
		t.Error("of the ids 0, 2 and 4 only 2 can be deleted, and but once")
	}
	if n, ok := s.Get(3); !ok || n != (notes.Note{ID: 3, Text: "c"}) {
		t.Errorf("3 is %v, %t", n, ok)
	}
	if _, ok := s.Get(2); ok {
		t.Error("2 is still there")
	}
	s.Delete(3)
	if n := s.Add("d"); n.ID != 4 {
		t.Errorf("after 3 comes %d", n.ID)
	}
	if got := string(s.JSON()); got != `{"notes":[{"id":1,"text":"a"},{"id":4,"text":"d"}]}` {
		t.Errorf("%s", got)
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{"/1": 1, "/10": 10, "/999999999": 999999999} {
		if id, ok := notes.ID(path); id != want || !ok {
			t.Errorf("%s is %d, %t", path, id, ok)
		}
	}
	for _, path := range []string{"", "/", "1", "12", "/0", "/01", "/1/", "/a", "/1a", "/-1", "/+1", "/1000000000", "/１"} {
		if id, ok := notes.ID(path); ok {
			t.Errorf("%q is %d", path, id)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	for _, c := range []struct {
		contentType, body, text string
		status                  int
	}{
		{json, `{"text":" a\n"}`, "a", 0},
		{"Application/JSON ; charset=utf-8", `{"text":"a"}`, "a", 0},
		{"text/json", `{"text":"a"}`, "", 415},
		{"", `{"text":"a"}`, "", 415},
		{json, strings.Repeat(" ", notes.MaxBody+1), "", 413},
		{json, `{"Text":"a"}`, "", 400},
		{json, `{"text":null}`, "", 400},
		{json, `null`, "", 400},
		{json, "{\"text\":\"\xff\"}", "", 400},
		{json, `{"text":"` + strings.Repeat("ä", 201) + `"}`, "", 422},
		{json, `{"text":"\ud83d\ude00\ud83d"}`, "😀\ufffd", 0},
	} {
		text, problem := notes.Text(c.contentType, strings.NewReader(c.body))
		status := 0
		if problem != nil {
			status = problem.Status
		}
		if text != c.text || status != c.status {
			t.Errorf("%.40q as %q: %q, %d", c.body, c.contentType, text, status)
		}
	}
	if _, problem := notes.Text(json, iotest.ErrReader(errors.New("broken"))); problem == nil || problem.Status != 400 {
		t.Errorf("a body that breaks off: %v", problem)
	}
}

// FuzzJSON: what is written is JSON, and reads as the same text.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{"", "a", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "ä€😀\u2028<>&"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip()
		}
		var back struct{ Text string }
		out := notes.Note{ID: 1, Text: text}.JSON()
		if err := json.Unmarshal(out, &back); err != nil || back.Text != text {
			t.Errorf("%q is written as %s: %v", text, out, err)
		}
	})
}
