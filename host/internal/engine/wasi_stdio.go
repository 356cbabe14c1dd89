package engine

import (
	"context"
	"encoding/binary"
	"iter"
	"math"
)

// The descriptors: there are never others. They are what a terminal is to a program whose user has gone: output goes to the
// log line by line, and input is at its end.
const (
	stdin = iota
	stdout
	stderr
	descriptors // how many there are
)

const (
	// maxWrite is how many bytes of one fd_write are taken; the guest is told, and writes the rest.
	maxWrite = 16 << 10
	// maxVectors is how many buffers of one call are looked at.
	maxVectors = 1024
	vectorSize = 8
)

func isStdio(fd uint32) bool { return fd < descriptors }

// What fd_fdstat_get says. C libraries take a character device without the rights to seek and tell for a terminal, and
// write to it line by line: a buffer that is never flushed would lose what it holds when the guest is reset.
const (
	unknownType     = 0
	characterDevice = 2

	rightRead        = 1 << 1
	rightSetFlags    = 1 << 3
	rightWrite       = 1 << 6
	rightFilestatGet = 1 << 21
	rightPoll        = 1 << 27
)

// fileType is what a descriptor is to a C library: a terminal, or something else where a process gives and takes the bytes, to which
// programs write in large blocks. Pipes have no number of their own.
func (i *Instance) fileType(fd uint32) byte {
	if i.process != nil && fd != stderr {
		return unknownType
	}
	return characterDevice
}

// fdstatGet writes the descriptor's type, its flags (none), and its rights.
func fdstatGet(_ context.Context, i *Instance, p []uint64) errno {
	fd := uint32(p[0])
	view, ok := i.Writable(uint32(p[1]), 24)
	switch {
	case !isStdio(fd):
		return errnoBadf
	case !ok:
		return errnoFault
	}
	rights := uint64(rightSetFlags | rightFilestatGet | rightPoll | rightWrite)
	if fd == stdin {
		rights ^= rightWrite | rightRead
	}
	clear(view)
	view[0] = i.fileType(fd)
	binary.LittleEndian.PutUint64(view[8:], rights)
	return errnoSuccess
}

// fdstatSetFlags accepts all flags that there are. None makes a difference, since nothing ever blocks.
func fdstatSetFlags(_ context.Context, _ *Instance, p []uint64) errno {
	const known = 1<<5 - 1 // append, dsync, nonblock, rsync, sync
	switch {
	case !isStdio(uint32(p[0])):
		return errnoBadf
	case uint32(p[1]) > known:
		return errnoInval
	}
	return errnoSuccess
}

// filestatGet writes an inode of its own for each descriptor, its type, and one link to it. Size and times are 0.
func filestatGet(_ context.Context, i *Instance, p []uint64) errno {
	fd := uint32(p[0])
	view, ok := i.Writable(uint32(p[1]), 64)
	switch {
	case !isStdio(fd):
		return errnoBadf
	case !ok:
		return errnoFault
	}
	clear(view)
	binary.LittleEndian.PutUint64(view[8:], uint64(fd))
	view[16] = i.fileType(fd)
	binary.LittleEndian.PutUint64(view[24:], 1)
	return errnoSuccess
}

// fdRenumber has no table to change: a descriptor stays what it is.
func fdRenumber(_ context.Context, _ *Instance, p []uint64) errno {
	from, to := uint32(p[0]), uint32(p[1])
	switch {
	case !isStdio(from) || !isStdio(to):
		return errnoBadf
	case from != to:
		return errnoNotsup
	}
	return errnoSuccess
}

// fdRead reads nothing, unless there is a process to read from: the input is at its end.
func fdRead(_ context.Context, i *Instance, p []uint64) errno {
	if uint32(p[0]) != stdin {
		return errnoBadf
	}
	if i.process != nil {
		return i.readProcess(p)
	}
	if _, ok := i.vectors(uint32(p[1]), uint32(p[2])); !ok || !i.put32(uint32(p[3]), 0) {
		return errnoFault
	}
	return errnoSuccess
}

// fdWrite logs, and answers how many bytes it has taken: those of one call are bounded. A process takes standard output itself.
func fdWrite(_ context.Context, i *Instance, p []uint64) errno {
	log := i.stdout
	switch uint32(p[0]) {
	case stdout:
		if i.process != nil {
			return i.writeProcess(p)
		}
	case stderr:
		log = i.stderr
	default:
		return errnoBadf
	}
	buffers, buffersOK := i.vectors(uint32(p[1]), uint32(p[2]))
	written, writtenOK := i.Writable(uint32(p[3]), 4)
	if !buffersOK || !writtenOK {
		return errnoFault
	}
	n := 0
	for buffer := range buffers {
		part := buffer[:min(len(buffer), maxWrite-n)]
		_, _ = log.Write(part) // it never fails
		n += len(part)
	}
	binary.LittleEndian.PutUint32(written, uint32(n))
	return errnoSuccess
}

// vectors returns the buffers that the array of n vectors at ptr names, or false if the array or one of them does not lie
// within the memory. Those after the first maxVectors are left out.
func (i *Instance) vectors(ptr, n uint32) (iter.Seq[[]byte], bool) {
	if n > math.MaxUint32/vectorSize {
		return nil, false
	}
	array, ok := i.View(ptr, n*vectorSize)
	if !ok {
		return nil, false
	}
	array = array[:min(len(array), maxVectors*vectorSize)]
	for at := 0; at < len(array); at += vectorSize {
		if _, ok := i.vector(array[at:]); !ok {
			return nil, false
		}
	}
	return func(yield func([]byte) bool) {
		for at := 0; at < len(array); at += vectorSize {
			if buffer, _ := i.vector(array[at:]); !yield(buffer) {
				return
			}
		}
	}, true
}

// vector returns the buffer that one vector names: an address, then a length.
func (i *Instance) vector(v []byte) ([]byte, bool) {
	return i.View(binary.LittleEndian.Uint32(v), binary.LittleEndian.Uint32(v[4:]))
}
