// Package cgi is the guest kind of plain programs: any WASI command that reads its request from environment and standard input and
// writes a CGI response to standard output, as RFC 3875 has it and WAGI and Spin's wagi executor run it. One exchange is one run of
// its `_start`.
package cgi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// exportStart is the function that is a command's whole life.
const exportStart = "_start"

// Kind loads commands. It is safe for concurrent use.
type Kind struct {
	engine *engine.Engine
}

// New returns the kind. What its guests import is linked by the engine itself.
func New(e *engine.Engine) *Kind { return &Kind{engine: e} }

// Name implements [guest.Kind].
func (*Kind) Name() string { return "cgi" }

// Detect implements [guest.Kind].
func (*Kind) Detect(file guest.File) (bool, string) {
	if ok, why := guest.IsCoreModule(file.Data); !ok {
		return false, why
	}
	head, err := engine.ReadHead(file.Data)
	switch {
	case err != nil:
		return false, err.Error()
	case !head.HasFunction(exportStart):
		return false, "no program: it exports no function _start"
	case head.HasFunction(abi.ExportApplication):
		return false, "no program: it exports application beside _start"
	case !head.HasMemory(abi.ExportMemory):
		return false, "no program: it exports no memory"
	case !head.ImportsFrom(engine.WASI):
		return false, "no program: it imports nothing from " + engine.WASI
	}
	return true, "a program: it exports _start, and no application, and imports " + engine.WASI
}

// Load implements [guest.Kind].
func (k *Kind) Load(ctx context.Context, file guest.File, settings guest.Settings, log *slog.Logger) (guest.Program, error) {
	restore := settings.Isolation != guest.IsolationFresh
	module, err := k.engine.Compile(ctx, file.Data, restore, engine.Bounds{CPU: settings.CompileTimeout, Memory: settings.CompileMemory})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(check(&module.Outline, settings)...); err != nil {
		_ = module.Close(ctx) // the first error is the one that matters
		return nil, err
	}
	p := &program{module: module, granted: granted(settings.Env, log)}
	p.isolation, p.why = isolationOf(module, settings.Isolation)
	p.config = engine.Config{
		Name: file.Name, Memory: settings.Memory, Stack: settings.Stack,
		CPU: settings.CPU, HostCalls: settings.HostCalls, Env: p.granted, Log: log,
	}
	return p, nil
}

// isolationOf is what a program can run under.
func isolationOf(module *engine.Module, asked guest.Isolation) (guest.Isolation, string) {
	switch {
	case asked == guest.IsolationFresh:
		return guest.IsolationFresh, ""
	case !module.Restorable():
		return guest.IsolationFresh, module.Unrestorable()
	case asked == guest.IsolationInstance:
		return guest.IsolationRequest, "a program begins and ends with its request"
	}
	return guest.IsolationRequest, ""
}

// granted leaves out what only a request may say: names that begin with HTTP_.
func granted(env []string, log *slog.Logger) []string {
	var kept []string
	for _, entry := range env {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "HTTP_") {
			log.Warn(fmt.Sprintf("env %q: left out: for a CGI program, names that begin with HTTP_ are the request's", name))
			continue
		}
		kept = append(kept, entry)
	}
	return kept
}
