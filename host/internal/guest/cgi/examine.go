package cgi

import (
	"slices"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

var startType = engine.Signature{}

// Examine implements [guest.Kind].
func (k *Kind) Examine(file guest.File, settings guest.Settings) guest.Findings {
	findings := guest.Findings{Uses: []guest.Use{
		{Name: abi.ExportMemory, Purpose: "what pointers point into"},
		{Name: exportStart, Type: startType.String(), Purpose: "one call a request"},
	}}
	outline, err := engine.Read(file.Data)
	if err != nil {
		findings.Problems = []error{err}
		return findings
	}
	findings.Problems = append(k.engine.CheckImports(outline), check(outline, settings)...)
	return findings
}

// check reports what a program must have and this one lacks.
func check(module *engine.Outline, settings guest.Settings) []error {
	problems := []error{
		module.RequireMemory(abi.ExportMemory, settings.Memory),
		module.RequireTables(settings.Tables),
		module.RequireFunction(exportStart, startType),
	}
	return slices.DeleteFunc(problems, func(err error) bool { return err == nil })
}
