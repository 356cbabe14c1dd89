package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/supervise"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// Inspect reads a file, with its manifest beside it if it has one, and tells what can be known without compiling or running
// it: what it is, what it asks for, what it weighs, and whether this host would take it. A file that would be refused is no
// error: the inspection holds the refusals, and what is known in spite of them. An error means that the file or its manifest
// cannot be read.
func Inspect(ctx context.Context, options Options, file string) (*Inspection, error) {
	h, err := open(ctx, options)
	if err != nil {
		return nil, err
	}
	i, err := h.inspect(file)
	return i, errors.Join(err, h.Close())
}

func (h *Host) inspect(file string) (*Inspection, error) {
	manifest, settings, err := h.settingsOf(file)
	if err != nil {
		return nil, err
	}
	i := &Inspection{File: file, Manifest: manifest, Refusals: []Refusal{}, Isolation: string(settings.Isolation)}
	data, err := supervise.ReadModule(file, settings.MaxModule)
	i.Limits = InspectionLimits{
		Module: settings.MaxModule, Memory: settings.Memory, Tables: settings.Tables,
		CompileCost: engine.Limits(data).ModuleCost,
	}
	if err != nil {
		return i.unread(file, err)
	}
	sum := sha256.Sum256(data)
	i.Size, i.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
	h.examine(i, guest.File{Name: filepath.Base(file), Data: data}, settings)
	return i, nil
}

// unread makes the error of a file that is too large a refusal, and returns any other.
func (i *Inspection) unread(file string, err error) (*Inspection, error) {
	info, statErr := os.Stat(file)
	if statErr != nil || !info.Mode().IsRegular() || info.Size() <= i.Limits.Module {
		return nil, err
	}
	i.Size = info.Size()
	i.Refusals = []Refusal{{Kind: "size", Message: fmt.Sprintf("has %d bytes and may have %d; raise max_module in the app's manifest",
		info.Size(), i.Limits.Module)}}
	return i, nil
}

// examine asks the kinds, and reads the module if there is one, whether a kind takes it or not.
func (h *Host) examine(i *Inspection, file guest.File, settings guest.Settings) {
	kind, why := h.loader.detect(file)
	i.Why = why
	var findings guest.Findings
	if kind == nil {
		i.Refusals = append(i.Refusals, Refusal{Kind: "unknown", Message: why})
	} else {
		i.Kind, findings = kind.Name(), kind.Examine(file, settings)
	}
	for _, problem := range findings.Problems {
		i.Refusals = append(i.Refusals, refusalOf(problem))
	}
	if m, err := wasm.Survey(file.Data, engine.Limits(file.Data)); m != nil {
		var problem error
		i.Module, problem = h.describe(m, err == nil, settings.Isolation == guest.IsolationRequest, findings.Uses)
		if problem != nil {
			i.Refusals = append(i.Refusals, refusalOf(problem))
		}
		if err != nil {
			i.Module.Sections = sections(wasm.Layout(file.Data, maxSections), m.Custom)
		}
	}
}

// maxSections bounds how many sections of a file that is refused are listed.
const maxSections = 1000

func refusalOf(err error) Refusal {
	r := Refusal{Kind: "contract", Message: err.Error()}
	if refused, ok := errors.AsType[*wasm.Error](err); ok {
		r.Kind, r.Section, r.Item, r.Offset = string(refused.Kind), refused.Section, refused.Item, &refused.Offset
	}
	return r
}
