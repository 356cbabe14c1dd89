package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/supervise"
)

// loader implements [supervise.Loader]: it translates manifests into settings, and finds the kind of a file.
type loader struct {
	kinds    []guest.Kind
	defaults config.App
}

// Settings implements [supervise.Loader].
func (l *loader) Settings(manifest guest.File) (supervise.Settings, error) {
	app := l.defaults
	if manifest.Name != "" {
		var err error
		if app, err = config.LoadManifest(manifest.Name, manifest.Data, l.defaults); err != nil {
			return supervise.Settings{}, err
		}
	}
	return supervise.Settings{
		Mount:        app.Mount,
		Hosts:        app.Hosts,
		Enabled:      app.Enabled,
		CacheControl: app.CacheControl,
		Settings:     guestSettings(app),
	}, nil
}

// guestSettings is the part of a manifest that a running app is held to.
func guestSettings(app config.App) guest.Settings {
	return guest.Settings{
		Timeout:         app.Timeout,
		WriteTimeout:    app.WriteTimeout,
		MaxDuration:     app.MaxDuration,
		CPU:             app.CPU,
		HostCalls:       int64(app.HostCalls),
		Memory:          app.Memory,
		Stack:           app.Stack,
		Tables:          app.Tables,
		MaxEnviron:      app.MaxEnviron,
		MaxBody:         app.MaxBody,
		MaxResponse:     app.MaxResponse,
		MinRate:         app.MinRate,
		Compress:        app.Compress,
		MinInstances:    app.Instances.Min,
		MaxInstances:    app.Instances.Max,
		MaxRequests:     app.Instances.MaxRequests,
		MaxLifetime:     app.Instances.MaxLifetime,
		IdleTimeout:     app.Instances.IdleTimeout,
		QueueTimeout:    app.QueueTimeout,
		QueueLength:     app.QueueLength,
		QuarantineAfter: app.QuarantineAfter,
		MaxModule:       app.MaxModule,
		CompileTimeout:  app.CompileTimeout,
		CompileMemory:   app.CompileMemory,
		WebSocket:       guest.WebSocket(app.WebSocket),
		LogLines:        app.LogLines,
		Isolation:       guest.Isolation(app.Isolation),
		Env:             app.Env,
		Middleware:      app.Middleware,
		Apps:            app.Apps,
		Config:          app.Config,
	}
}

// Load implements [supervise.Loader]: the first kind that recognises the file loads it.
func (l *loader) Load(ctx context.Context, file guest.File, settings guest.Settings, log *slog.Logger) (guest.Program, error) {
	kind, why := l.detect(file)
	if kind == nil {
		return nil, fmt.Errorf("%s: %s", file.Name, why)
	}
	return kind.Load(ctx, file, settings, log)
}

// Check implements [supervise.Loader].
func (l *loader) Check(file guest.File, settings guest.Settings) (string, error) {
	kind, why := l.detect(file)
	if kind == nil {
		return "", fmt.Errorf("%s: %s", file.Name, why)
	}
	return kind.Name(), errors.Join(kind.Examine(file, settings).Problems...)
}

// detect returns the first kind that recognises the file, and what it is taken for; or nil, and why no kind does.
func (l *loader) detect(file guest.File) (guest.Kind, string) {
	var reasons []string
	for _, kind := range l.kinds {
		ok, why := kind.Detect(file)
		if ok {
			return kind, why
		}
		if why != "" && !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
		}
	}
	return nil, strings.Join(reasons, "; ")
}
