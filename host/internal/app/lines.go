package app

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// lines bounds what an app writes to the log: a bucket of tokens, one a line, that holds a second's worth. All instances of
// all its generations share it. What is over is dropped, counted, and reported once a second. Its methods may be called
// concurrently.
type lines struct {
	mu      sync.Mutex
	tokens  float64
	filled  time.Time // when tokens was right
	dropped int64     // since the last report
	timer   *time.Timer
	report  func(dropped int64)
}

// allow takes a token, or counts a line that report will be told of within a second. rate is lines a second.
func (l *lines) allow(rate int, report func(dropped int64)) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.filled.IsZero() {
		l.tokens = float64(rate)
	}
	l.tokens = min(l.tokens+now.Sub(l.filled).Seconds()*float64(rate), float64(rate))
	l.filled = now
	if l.tokens >= 1 {
		l.tokens--
		return true
	}
	if l.dropped == 0 {
		l.timer = time.AfterFunc(time.Second, l.flush)
	}
	l.dropped++
	l.report = report
	return false
}

// flush reports what was dropped. It holds the lock while it does, so that nothing is logged after it has returned, unless
// more lines come.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped == 0 {
		return
	}
	l.timer.Stop()
	l.report(l.dropped)
	l.dropped, l.report, l.timer = 0, nil, nil
}

// Log returns the logger for what guests of this app write: log with the app's name, and rate lines a second over all its
// instances and generations; 0 is no bound. What the host has to say of the app does not go there: a guest could drown it.
func (a *App) Log(log *slog.Logger, rate int) *slog.Logger {
	log = log.With("app", a.name)
	if rate == 0 {
		return log
	}
	return slog.New(&lineHandler{Handler: log.Handler(), lines: &a.lines, rate: rate, report: func(dropped int64) {
		log.Warn("log lines dropped: the app writes more than log_lines a second", "dropped", dropped)
	}})
}

// lineHandler passes on as many records as the bucket has tokens.
type lineHandler struct {
	slog.Handler
	lines  *lines
	rate   int
	report func(dropped int64)
}

// Handle implements [slog.Handler].
func (h *lineHandler) Handle(ctx context.Context, record slog.Record) error {
	if !h.lines.allow(h.rate, h.report) {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements [slog.Handler].
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.around(h.Handler.WithAttrs(attrs))
}

// WithGroup implements [slog.Handler].
func (h *lineHandler) WithGroup(name string) slog.Handler {
	return h.around(h.Handler.WithGroup(name))
}

// around returns h with another handler below it.
func (h *lineHandler) around(below slog.Handler) slog.Handler {
	derived := *h
	derived.Handler = below
	return &derived
}
