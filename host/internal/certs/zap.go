package certs

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// bridge returns a zap logger that writes to ours.
func bridge(log *slog.Logger) *zap.Logger { return zap.New(core{log: log}) }

// core implements [zapcore.Core].
type core struct{ log *slog.Logger }

// level is one of ours. The steps of an authority's protocol are for those who look for a fault in it; what comes of them is told by
// [automatic.event].
func level(l zapcore.Level) slog.Level {
	switch {
	case l >= zapcore.ErrorLevel:
		return slog.LevelError
	case l == zapcore.WarnLevel:
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

// Enabled implements [zapcore.LevelEnabler].
func (c core) Enabled(l zapcore.Level) bool { return c.log.Enabled(context.Background(), level(l)) }

// With implements [zapcore.Core].
func (c core) With(fields []zapcore.Field) zapcore.Core {
	return core{log: c.log.With(attributes(fields)...)}
}

// Check implements [zapcore.Core].
func (c core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write implements [zapcore.Core]. That something ended because it was told to is no error.
func (c core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	at := level(entry.Level)
	for _, field := range fields {
		if err, ok := field.Interface.(error); ok && errors.Is(err, context.Canceled) {
			at = slog.LevelDebug
		}
	}
	c.log.Log(context.Background(), at, "certificates: "+entry.Message, attributes(fields)...)
	return nil
}

// Sync implements [zapcore.Core].
func (core) Sync() error { return nil }

// attributes are zap's fields as slog has them, sorted by name.
func attributes(fields []zapcore.Field) []any {
	encoder := zapcore.NewMapObjectEncoder()
	for _, field := range fields {
		field.AddTo(encoder)
	}
	list := make([]any, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(encoder.Fields)) {
		list = append(list, slog.Any(name, encoder.Fields[name]))
	}
	return list
}
