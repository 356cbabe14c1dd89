package engine

import (
	"context"
	"math/bits"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// Image is the state of an instance between two calls: its memory and its mutable globals. It is immutable. Tables are not
// part of it, since nothing that can be restored changes them.
type Image struct {
	module  *Module
	size    int64  // of the memory
	memory  []byte // without the zeroes at its end
	globals []uint64
}

// mostRestored is the largest memory that is restored. In one of 4 GiB, addresses near both ends are near one another, and a note
// of one would have to count for the other.
const mostRestored = 1<<32 - wasm.PageSize

// Image copies the state of the instance, which goes on from there. Its module must be [Module.Restorable], and no call of it may
// have failed. An error is a [*guest.Fault].
func (i *Instance) Image() (*Image, error) {
	image := &Image{module: i.of, size: i.Bytes(), globals: make([]uint64, len(i.globals))}
	used := len(i.memory.buffer)
	for used > 0 && i.memory.buffer[used-1] == 0 {
		used--
	}
	image.memory = append([]byte(nil), i.memory.buffer[:used]...)
	for n, g := range i.globals {
		image.globals[n] = g.Get()
	}
	return image, i.track(image)
}

// Bytes is what the image takes.
func (m *Image) Bytes() int64 { return int64(len(m.memory)) }

// Clone makes an instance that is as the image: nothing is run. An error is a [*guest.Fault] whose phase is init.
func (m *Image) Clone(ctx context.Context, config Config) (*Instance, error) {
	i, err := m.module.bare(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := m.fill(i); err != nil {
		i.Close()
		return nil, initFault(err)
	}
	return i, nil
}

// fill gives an instance in which nothing has run the state of the image.
func (m *Image) fill(i *Instance) error {
	if more := (m.size - i.Bytes()) / wasm.PageSize; more > 0 {
		if _, ok := i.module.Memory().Grow(uint32(more)); !ok {
			return &guest.Fault{Kind: guest.KindBusy, Cause: guest.ErrHostMemory}
		}
	}
	copy(i.memory.buffer, m.memory)
	m.setGlobals(i)
	return i.track(m)
}

func (m *Image) setGlobals(i *Instance) {
	for n, g := range i.globals {
		g.Set(m.globals[n])
	}
}

// track makes the instance note from now on what may differ from the image.
func (i *Instance) track(image *Image) error {
	i.image = image
	count := i.of.pages.Count
	if count == 0 {
		return nil
	}
	i.notes = make([]uint64, count/64)
	i.dirty = i.Function(wasm.DirtyExport)
	return i.Call(context.Background(), i.Function(wasm.CleanExport), nil)
}

// Restore brings the instance back to its image, and reports whether it could: false means that it can only be closed. It
// copies what may have been written to since: what the module noted for its stores, and the host with [Instance.Note].
func (i *Instance) Restore() bool {
	if i.image == nil || !i.Reusable() || i.Bytes() != i.image.size || i.image.size > mostRestored || i.readNotes() != nil {
		return false
	}
	for word, notes := range i.notes {
		for notes != 0 {
			page := bits.TrailingZeros64(notes)
			run := bits.TrailingZeros64(^(notes >> page)) // neighbours in one go
			i.restorePages(word*64+page, run)
			notes &^= (1<<run - 1) << page
		}
	}
	clear(i.notes)
	i.image.setGlobals(i)
	return true
}

// readNotes adds the guest's notes to the host's, and clears the guest's.
func (i *Instance) readNotes() error {
	var stack [wasm.NotesPerCall / 64]uint64
	for at := 0; at < len(i.notes); at += len(stack) {
		stack[0] = uint64(at * 64)
		if err := i.Call(context.Background(), i.dirty, stack[:]); err != nil {
			return err
		}
		for n, notes := range stack {
			i.notes[at+n] |= notes
		}
	}
	return nil
}

// restorePages restores n neighbouring pages from first on, wherever they come again in memory.
func (i *Instance) restorePages(first, n int) {
	pages := i.of.pages
	for at := first << pages.Shift; at < len(i.memory.buffer)+wasm.NoteMargin; at += pages.Count << pages.Shift {
		i.restoreRange(max(at-wasm.NoteMargin, 0), min(at+n<<pages.Shift+wasm.NoteMargin, len(i.memory.buffer)))
	}
}

func (i *Instance) restoreRange(from, to int) {
	image := i.image.memory
	if from < len(image) {
		copy(i.memory.buffer[from:to], image[from:])
	}
	if zeroes := max(from, len(image)); zeroes < to {
		clear(i.memory.buffer[zeroes:to])
	}
}

// Note says that the host writes to a range, which lies within the memory.
func (i *Instance) Note(ptr, length uint32) {
	if len(i.notes) == 0 || length == 0 {
		return
	}
	pages := i.of.pages
	first, last := ptr>>pages.Shift, (ptr+length-1)>>pages.Shift
	for p := first; p <= last && p-first < uint32(pages.Count); p++ {
		n := p % uint32(pages.Count)
		i.notes[n/64] |= 1 << (n % 64)
	}
}
