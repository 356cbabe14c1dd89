package main

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/wasgi/wasgi/host/config"
)

// textLog returns a logger whose records have no time, and what it writes.
func textLog(t *testing.T, level string) (*slog.Logger, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	log, err := newLogger(config.Log{Level: level, Format: "text"}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return log, &out
}

// untimed strips the time, which each record begins with.
func untimed(t *testing.T, text string) string {
	t.Helper()
	if _, err := time.Parse(time.TimeOnly, text[:min(len(text), 8)]); err != nil {
		t.Errorf("%q begins with no time: %v", text, err)
		return text
	}
	return text[9:]
}

func TestTextLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		log  func(*slog.Logger)
		want string
	}{
		"info":     {func(l *slog.Logger) { l.Info("app loaded", "app", "hello", "size", 265) }, "INFO  app loaded app=hello size=265\n"},
		"error":    {func(l *slog.Logger) { l.Error("no", "cause", "out of bounds") }, "ERROR no cause=\"out of bounds\"\n"},
		"empty":    {func(l *slog.Logger) { l.Warn("odd", "a", "", "b", "x=y", "c", `"`) }, `WARN  odd a="" b="x=y" c="\""` + "\n"},
		"list":     {func(l *slog.Logger) { l.Error("trap", "stack", []string{"in\ner", "outer"}, "app", "a") }, "ERROR trap app=a\n               in\\ner\n               outer\n"},
		"with":     {func(l *slog.Logger) { l.With("app", "a", "list", []string{"x"}).Info("m", "k", "v") }, "INFO  m app=a k=v\n               x\n"},
		"group":    {func(l *slog.Logger) { l.WithGroup("g").With("a", 1).Info("m", slog.Group("h", "b", 2)) }, "INFO  m g.a=1 g.h.b=2\n"},
		"inlined":  {func(l *slog.Logger) { l.Info("m", slog.Group("", "b", 2)) }, "INFO  m b=2\n"},
		"a record": {func(l *slog.Logger) { l.Info("x\n12:00:00 INFO y") }, `INFO  "x\n12:00:00 INFO y"` + "\n"},
		"an app":   {func(l *slog.Logger) { l.Info("hi app=other", "app", "a") }, `INFO  "hi app=other" app=a` + "\n"},
		"terminal": {func(l *slog.Logger) { l.Info("\x1b[2J", "k", "\x9b\u202e") }, `INFO  "\x1b[2J" k="\x9b\u202e"` + "\n"},
		"letters":  {func(l *slog.Logger) { l.Info("grüße, 世界", "k", "é") }, "INFO  grüße, 世界 k=é\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, out := textLog(t, "info")
			c.log(log)
			if got := untimed(t, out.String()); got != c.want {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	log, out := textLog(t, "warn")
	log.Info("quiet")
	log.Warn("loud")
	if got := untimed(t, out.String()); got != "WARN  loud\n" {
		t.Errorf("%q", got)
	}
	if _, err := newLogger(config.Log{Level: "shrill"}, out); err == nil {
		t.Error("an unknown level is no error")
	}
}

// What is no terminal gets JSON unless text is asked for.
func TestLogFormat(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"": "{", "json": "{", "text": "2"} {
		var out bytes.Buffer
		log, err := newLogger(config.Log{Level: "info", Format: format}, &out)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("m")
		if isJSON := strings.HasPrefix(out.String(), "{"); isJSON != (want == "{") {
			t.Errorf("format %q: %s", format, out.String())
		}
	}
}

// The contract of slog's handlers, as its own tests have it.
func TestTextLogContract(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return &textHandler{w: &out, turn: &sync.Mutex{}}
	}, func(t *testing.T) map[string]any { return parse(t, out.String()) })
}

// parse reads a record whose values hold no spaces.
func parse(t *testing.T, line string) map[string]any {
	record := map[string]any{}
	words := strings.Fields(line)
	if _, err := time.Parse(time.TimeOnly, words[0]); err == nil {
		record[slog.TimeKey], words = words[0], words[1:]
	}
	record[slog.LevelKey], record[slog.MessageKey], words = words[0], words[1], words[2:]
	for _, word := range words {
		path, value, ok := strings.Cut(word, "=")
		if !ok {
			t.Errorf("%q is no attribute", word)
		}
		keys, at := strings.Split(path, "."), record
		for _, group := range keys[:len(keys)-1] {
			if at[group] == nil {
				at[group] = map[string]any{}
			}
			at = at[group].(map[string]any)
		}
		at[keys[len(keys)-1]] = value
	}
	return record
}

// Many goroutines write to one log; each record stays whole.
func TestTextLogHammer(t *testing.T) {
	t.Parallel()
	log, out := textLog(t, "info")
	var group sync.WaitGroup
	for i := range 8 {
		mine := log.With("by", i)
		group.Go(func() {
			for range 200 {
				mine.Info("message", "list", []string{"one"})
			}
		})
	}
	group.Wait()
	for record := range strings.SplitSeq(strings.TrimSuffix(out.String(), "               one\n"), "               one\n") {
		if got := untimed(t, record); !strings.HasPrefix(got, "INFO  message by=") || strings.Count(got, "\n") != 1 {
			t.Fatalf("%q", got)
		}
	}
}

// No byte that a guest can log ends a record or reaches the terminal as a command.
func FuzzTextLog(f *testing.F) {
	f.Add("plain", "value")
	f.Add("\x1b[2J\r\n", "\x00\xff\u2028\u202e=\" ")
	f.Fuzz(func(t *testing.T, text, value string) {
		log, out := textLog(t, "info")
		log.Info(text, "k", value, "list", []string{value})
		if lines := strings.Count(out.String(), "\n"); lines != 2 {
			t.Errorf("%d lines: %q", lines, out)
		}
		if strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), func(r rune) bool { return r != ' ' && escaped(string(r)) != string(r) }) {
			t.Errorf("%q", out)
		}
	})
}
