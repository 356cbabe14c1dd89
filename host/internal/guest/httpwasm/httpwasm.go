// Package httpwasm is the guest kind of http-wasm's handler ABI (http-wasm.io): middleware in WebAssembly, as Traefik and Dapr run
// it. A guest's handle_request sees the request, and either answers it or has what stands behind it called; handle_response sees how
// that ended.
//
// Without the feature buffer_response what stands behind the guest is sent as it comes, and handle_response may only look at it. The
// feature trailers is not offered: the server has none.
package httpwasm

import (
	"bytes"
	"context"
	"errors"
	"log/slog"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// What the ABI calls the exports of a guest.
const (
	exportMemory         = "memory"
	exportHandleRequest  = "handle_request"
	exportHandleResponse = "handle_response"
	exportStart          = "_start"
	exportInitialize     = "_initialize"
)

var (
	handleRequestType  = engine.Signature{Results: []byte{engine.I64}}
	handleResponseType = engine.Signature{Params: []byte{engine.I32, engine.I32}}
	initializeType     = engine.Signature{}
)

// Kind loads guests of the handler ABI. It is safe for concurrent use.
type Kind struct {
	engine *engine.Engine
}

// New links the module http_handler into the engine. One Kind an engine.
func New(ctx context.Context, e *engine.Engine) (*Kind, error) {
	if err := e.Link(ctx, hostModule, hostFunctions()); err != nil {
		return nil, err
	}
	return &Kind{engine: e}, nil
}

// Name implements [guest.Kind].
func (*Kind) Name() string { return "httpwasm" }

var coreModule = []byte("\x00asm\x01\x00\x00\x00")

// Detect implements [guest.Kind]: an http-wasm guest is a core module with an export that no other kind has. Of files that are none
// the other kinds know more to say.
func (*Kind) Detect(file guest.File) (bool, string) {
	if !bytes.HasPrefix(file.Data, coreModule) || !bytes.Contains(file.Data, []byte(exportHandleRequest)) {
		return false, ""
	}
	outline, err := engine.Read(file.Data)
	if err != nil || !outline.HasFunction(exportHandleRequest) {
		return false, ""
	}
	return true, "an http-wasm middleware: it exports " + exportHandleRequest
}

// Examine implements [guest.Kind].
func (k *Kind) Examine(file guest.File, settings guest.Settings) guest.Findings {
	findings := guest.Findings{Uses: uses()}
	outline, err := engine.Read(file.Data)
	if err != nil {
		findings.Problems = []error{err}
		return findings
	}
	findings.Problems = append(k.engine.CheckImports(outline), check(outline, settings)...)
	return findings
}

// uses are the exports that the ABI names.
func uses() []guest.Use {
	return []guest.Use{
		{Name: exportMemory, Purpose: "what pointers point into"},
		{Name: exportStart, Type: initializeType.String(), Purpose: "one call an instance"},
		{Name: exportInitialize, Type: initializeType.String(), Purpose: "one call an instance, without _start"},
		{Name: exportHandleRequest, Type: handleRequestType.String(), Purpose: "one call a request"},
		{Name: exportHandleResponse, Type: handleResponseType.String(), Purpose: "one call, after what stands behind it"},
	}
}

// check reports everything that the ABI demands of a module and that this one lacks.
func check(module *engine.Outline, settings guest.Settings) []error {
	problems := []error{
		module.RequireMemory(exportMemory, settings.Memory),
		module.RequireTables(settings.Tables),
		module.RequireFunction(exportHandleRequest, handleRequestType),
		module.RequireFunction(exportHandleResponse, handleResponseType),
	}
	if name := initializer(module); name != "" {
		problems = append(problems, module.RequireFunction(name, initializeType))
	}
	var found []error
	for _, err := range problems {
		if err != nil {
			found = append(found, err)
		}
	}
	return found
}

// initializer is the export that makes an instance ready: compilers make guests that are commands as well as reactors.
func initializer(module *engine.Outline) string {
	for _, name := range []string{exportStart, exportInitialize} {
		if module.HasFunction(name) {
			return name
		}
	}
	return ""
}

// Load implements [guest.Kind].
func (k *Kind) Load(ctx context.Context, file guest.File, settings guest.Settings, log *slog.Logger) (guest.Program, error) {
	restore := settings.Isolation == guest.IsolationRequest
	module, err := k.engine.Compile(ctx, file.Data, restore, engine.Bounds{CPU: settings.CompileTimeout, Memory: settings.CompileMemory})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(check(&module.Outline, settings)...); err != nil {
		_ = module.Close(ctx) // the first error is the one that matters
		return nil, err
	}
	p := &program{
		module: module, isolation: settings.Isolation, initializer: initializer(&module.Outline),
		configuration: []byte(settings.Config), mostBuffered: settings.Memory,
		config: engine.Config{
			Name: file.Name, Memory: settings.Memory, Stack: settings.Stack,
			CPU: settings.CPU, HostCalls: settings.HostCalls, Env: settings.Env, Log: log,
		},
	}
	if restore && !module.Restorable() {
		p.isolation, p.why = guest.IsolationFresh, module.Unrestorable()
	}
	return p, nil
}
