package engine_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// watch checks that rewritten modules note all that they write: every byte that differs after a call from what it was before
// must lie in a noted page, or within wasm.NoteMargin bytes of one. That also holds for a call that traps.
type watch struct {
	t       testing.TB
	watched *watchedMemory
	blind   bool // the host writes to memories too, and notes nothing
	// changed counts the bytes that differed.
	changed int
}

type watchedMemory struct {
	instance api.Module
	pages    wasm.Pages
	before   []byte
	notes    []uint64
}

// begin watches an instance from now on, in place of the one before it: a test that has hundreds would take too long otherwise.
func (w *watch) begin(ctx context.Context, instance api.Module, pages wasm.Pages) error {
	if w.blind {
		return nil
	}
	if _, err := instance.ExportedFunction(wasm.CleanExport).Call(ctx); err != nil {
		return err
	}
	m := &watchedMemory{instance: instance, pages: pages, notes: make([]uint64, pages.Count/64)}
	m.before = slices.Clone(m.content())
	w.watched = m
	return nil
}

// check looks at the watched instance after a call of the function of that name.
func (w *watch) check(ctx context.Context, name string) {
	m := w.watched
	if m == nil {
		return
	}
	if err := m.readNotes(ctx); err != nil {
		w.t.Errorf("after %s: the notes cannot be read: %v", name, err)
		return
	}
	changed, missed := m.compare()
	w.changed += changed
	if missed >= 0 {
		w.t.Errorf("%s: wrote to %#x and did not note it", name, missed)
	}
}

func (m *watchedMemory) content() []byte {
	content, _ := m.instance.Memory().Read(0, m.instance.Memory().Size())
	return content
}

func (m *watchedMemory) readNotes(ctx context.Context) error {
	dirty := m.instance.ExportedFunction(wasm.DirtyExport)
	for at := 0; at < len(m.notes); at += wasm.NotesPerCall / 64 {
		words, err := dirty.Call(ctx, uint64(at*64))
		if err != nil {
			return err
		}
		copy(m.notes[at:], words)
	}
	return nil
}

// compare counts the bytes that differ from before, and finds one that is not noted: -1 for none. What is there now is then
// what it was before.
func (m *watchedMemory) compare() (changed, missed int) {
	const step = 1 << 10
	now := m.content()
	m.before = append(m.before, make([]byte, len(now)-len(m.before))...) // what grew was zero
	missed = -1
	for from := 0; from < len(now); from += step {
		is, was := now[from:from+step], m.before[from:from+step]
		if bytes.Equal(is, was) {
			continue
		}
		for i := range is {
			if is[i] != was[i] {
				changed++
				if missed < 0 && !m.noted(from+i) {
					missed = from + i
				}
			}
		}
		copy(was, is)
	}
	return changed, missed
}

// noted reports whether a byte lies in or near a noted page.
func (m *watchedMemory) noted(at int) bool {
	for _, near := range []int{at - wasm.NoteMargin, at, at + wasm.NoteMargin} {
		page := near >> m.pages.Shift % m.pages.Count
		if near >= 0 && m.notes[page/64]>>(page%64)&1 == 1 {
			return true
		}
	}
	return false
}
