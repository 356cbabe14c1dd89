package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/wasgi/wasgi/host/config"
)

// newLogger logs to w: text for people, JSON for machines.
func newLogger(cfg config.Log, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		return nil, err
	}
	if cfg.Format == "json" || cfg.Format == "" && !isTerminal(w) {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), nil
	}
	return slog.New(&textHandler{w: w, level: level, turn: &sync.Mutex{}}), nil
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// textHandler writes records for people:
//
//	15:04:05 INFO  app loaded app=hello mount=/hello
//	15:04:09 ERROR request failed app=hello cause="out of bounds memory access"
//	               main.hello
//	               application
//
// Lists have a line for each element. A message, which may be a guest's, is quoted where it could pass for more than a
// message, and no control character reaches the terminal.
type textHandler struct {
	w      io.Writer
	level  slog.Level
	turn   *sync.Mutex // held for one write; shared by all handlers that derive from one another
	attrs  string      // written before those of the record
	below  string
	prefix string // of the groups that are open: "a.b."
}

func (h *textHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h *textHandler) Handle(_ context.Context, record slog.Record) error {
	line, below := &bytes.Buffer{}, &bytes.Buffer{}
	if !record.Time.IsZero() {
		line.WriteString(record.Time.Format(time.TimeOnly) + " ")
	}
	fmt.Fprintf(line, "%-5s ", record.Level)
	line.WriteString(message(record.Message))
	line.WriteString(h.attrs)
	below.WriteString(h.below)
	record.Attrs(func(attr slog.Attr) bool {
		writeAttr(line, below, h.prefix, attr)
		return true
	})
	line.WriteByte('\n')
	below.WriteTo(line) // a buffer takes everything
	h.turn.Lock()
	defer h.turn.Unlock()
	_, err := h.w.Write(line.Bytes())
	return err
}

func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	line, below := &bytes.Buffer{}, &bytes.Buffer{}
	for _, attr := range attrs {
		writeAttr(line, below, h.prefix, attr)
	}
	derived := *h
	derived.attrs += line.String()
	derived.below += below.String()
	return &derived
}

func (h *textHandler) WithGroup(name string) slog.Handler {
	derived := *h
	if name != "" {
		derived.prefix += name + "."
	}
	return &derived
}

// writeAttr writes " key=value" to line, or a list to below.
func writeAttr(line, below *bytes.Buffer, prefix string, attr slog.Attr) {
	value := attr.Value.Resolve()
	switch list, isList := value.Any().([]string); {
	case attr.Equal(slog.Attr{}):
	case value.Kind() == slog.KindGroup:
		if attr.Key != "" {
			prefix += attr.Key + "."
		}
		for _, member := range value.Group() {
			writeAttr(line, below, prefix, member)
		}
	case isList:
		for _, element := range list {
			below.WriteString("               " + escaped(element) + "\n")
		}
	default:
		fmt.Fprintf(line, " %s%s=%s", prefix, attr.Key, quoted(value.String()))
	}
}

// message quotes what could be taken for attributes, or is not plain text.
func message(s string) string {
	if strings.ContainsAny(s, `="`) || escaped(s) != s {
		return strconv.Quote(s)
	}
	return s
}

// quoted quotes what would not be seen to be one value.
func quoted(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || r == '"' || r == '=' }) || escaped(s) != s {
		return strconv.Quote(s)
	}
	return s
}

// escaped writes what is not printable, and bytes that are no text, the way Go does.
func escaped(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			out.WriteRune(r)
		} else {
			text := strconv.Quote(s[:size])
			out.WriteString(text[1 : len(text)-1])
		}
		s = s[size:]
	}
	return out.String()
}
