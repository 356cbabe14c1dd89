package wasgi

import (
	"errors"
	"slices"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

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

// uses are the exports that SPEC.md names.
func uses() []guest.Use {
	return []guest.Use{
		{Name: abi.ExportMemory, Purpose: "what pointers point into"},
		{Name: abi.ExportInitialize, Type: initializeType.String(), Purpose: "one call an instance"},
		{Name: abi.ExportWarmUp, Type: initializeType.String(), Purpose: "one call, before the image is taken"},
		{Name: abi.ExportAllocate, Type: allocateType.String(), Purpose: "gives the buffer of the environ"},
		{Name: abi.ExportApplication, Type: applicationType.String(), Purpose: "one call a request"},
		{Name: abi.ExportWebSocketMessage, Type: messageType.String(), Purpose: "one call an event of a WebSocket"},
	}
}

var errNoApps = errors.New("import \"" + abi.AppsModule + "\": not granted; name the apps that it may call in its manifest, as in apps = [\"users\"]")

// check reports everything that SPEC.md demands of a module and that this one lacks.
func check(module *engine.Outline, settings guest.Settings) []error {
	problems := []error{
		module.RequireMemory(abi.ExportMemory, settings.Memory),
		module.RequireTables(settings.Tables),
		module.RequireFunction(abi.ExportAllocate, allocateType),
		module.RequireFunction(abi.ExportApplication, applicationType),
	}
	if module.ImportsFrom(abi.AppsModule) && len(settings.Apps) == 0 {
		problems = append(problems, errNoApps)
	}
	for _, name := range []string{abi.ExportInitialize, abi.ExportWarmUp} {
		if module.HasFunction(name) {
			problems = append(problems, module.RequireFunction(name, initializeType))
		}
	}
	if module.HasFunction(abi.ExportWebSocketMessage) {
		problems = append(problems, module.RequireFunction(abi.ExportWebSocketMessage, messageType))
	}
	return slices.DeleteFunc(problems, func(err error) bool { return err == nil })
}
