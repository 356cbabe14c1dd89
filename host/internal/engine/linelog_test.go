package engine_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
)

// newLineLog returns a log on an instance, and what it has logged.
func newLineLog(t testing.TB) (*engine.LineLog, *lineHandler, *engine.Instance) {
	t.Helper()
	lines := &lineHandler{}
	i := instantiate(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "trap")
	i.SetLog(func() *slog.Logger { return slog.New(lines) })
	return engine.NewLineLog(i, "test"), lines, i
}

// However a text is cut into writes, its lines are the same.
func TestLineLogPieces(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("one\ntwo\r\n\nthree \r four\n", 40) + strings.Repeat("long", 5000) + "\n" + strings.Repeat("x", 8191) + "\r\nend"
	log, lines, _ := newLineLog(t)
	for size := range 12 {
		lines.got = nil
		for piece := range slices.Chunk([]byte(text), size*size*size*7+1) {
			if n, err := log.Write(piece); n != len(piece) || err != nil {
				t.Fatalf("Write() = %d, %v", n, err)
			}
		}
		log.Flush()
		var want []string
		for range 40 {
			want = append(want, "one", "two", "three \r four")
		}
		long := strings.Repeat("long", 5000)
		want = append(want, long[:8192], long[8192:16384], long[16384:], strings.Repeat("x", 8191), "end")
		if !slices.Equal(lines.got, want) {
			t.Errorf("pieces of %d bytes: %d lines, want %d; the last is %.50q", size*size*size*7+1, len(lines.got), len(want), lines.got[len(lines.got)-1])
		}
	}
}

// Every byte but the line's end reaches the handler unchanged: escaping is the handler's work.
func TestLineLogBytes(t *testing.T) {
	t.Parallel()
	log, lines, _ := newLineLog(t)
	for b := range 256 {
		lines.got = nil
		_, _ = log.Write([]byte{'<', byte(b), '>', '\n'})
		want := []string{"<" + string([]byte{byte(b)}) + ">"}
		if b == '\n' {
			want = []string{"<", ">"}
		}
		if !slices.Equal(lines.got, want) {
			t.Errorf("byte %#02x: logged %q, want %q", b, lines.got, want)
		}
	}
}

// The writer does not keep what it was given, and a written slice is not changed.
func TestLineLogCopies(t *testing.T) {
	t.Parallel()
	log, lines, _ := newLineLog(t)
	buffer := []byte("before")
	_, _ = log.Write(buffer)
	copy(buffer, "after!")
	_, _ = log.Write([]byte("\n"))
	if !slices.Equal(lines.got, []string{"before"}) || string(buffer) != "after!" {
		t.Errorf("logged %q", lines.got)
	}
}

// A line that Close finds unfinished is not lost, and neither is one that the next logger finds.
func TestUnfinishedLines(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	module := compile(t, e, "print")
	first, second := &lineHandler{}, &lineHandler{}
	i, err := module.Instantiate(t.Context(), config(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, lines := range []*lineHandler{first, second} {
		i.SetLog(func() *slog.Logger { return slog.New(lines) })
		if err := call(t, i); err != nil {
			t.Fatal(err)
		}
		if len(lines.got) != 0 {
			t.Errorf("logged too early: %q", lines.got)
		}
	}
	i.Close()
	if want := []string{"unfinished"}; !slices.Equal(first.got, want) || !slices.Equal(second.got, want) {
		t.Errorf("logged %q, then %q, want %q for each", first.got, second.got, want)
	}
}
