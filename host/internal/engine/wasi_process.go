package engine

import (
	"encoding/binary"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// Process is what WASI shows a guest of the outside in the place of what its [Config] says: for kinds whose guests are programs that
// talk through their standard streams. Its methods are called by the goroutine that runs the guest.
//
// Of the streams, a code of the contract ([guest.Answer]) is an error that the guest is told of, as EIO where it reads and EPIPE
// where it writes. Any other error ends the call. The time that Read, Write and Pause take is not the guest's.
type Process interface {
	// Args is the command line, the program's name first. Environ is the environment, as "KEY=VALUE". No entry holds a NUL.
	Args() []string
	Environ() []string
	// Read reads standard input into p: 0 and no error is its end.
	Read(p []byte) (int, error)
	// Write takes all of p, which was written to standard output. It must not keep it.
	Write(p []byte) (int, error)
	// Pause is called when the guest is about to wait, and when it has computed for a while without writing: what Write has kept
	// together should now go where it belongs.
	Pause() error
}

// SetProcess makes p what WASI shows from now on; nil puts an end to it.
func (i *Instance) SetProcess(p Process) { i.process, i.wrote = p, 0 }

// quiet is how long a guest may compute after a write until Pause is called.
const quiet = 2 * time.Millisecond

// maxMoved is how many bytes one call moves at most.
const maxMoved = 1 << 30

// outside calls f, whose time is not the guest's. A code of the contract becomes told, and any other error ends the guest's call.
func (i *Instance) outside(f func() (int, error), told errno) (int, errno) {
	if i.meter.counting {
		i.meter.stop()
		defer i.meter.start()
	}
	n, err := f()
	result, err := guest.Answer(n, err)
	switch {
	case err != nil:
		End(err)
	case result < 0:
		return 0, told
	}
	return n, errnoSuccess
}

// readProcess is fd_read on standard input. One call fills one buffer at most: more might have to be waited for.
func (i *Instance) readProcess(p []uint64) errno {
	_, ok := i.vectors(uint32(p[1]), uint32(p[2]))
	count, countOK := i.Writable(uint32(p[3]), 4)
	if !ok || !countOK {
		return errnoFault
	}
	into := i.firstVector(uint32(p[1]), uint32(p[2]))
	into = into[:min(len(into), maxMoved)]
	n := 0
	if len(into) > 0 {
		i.pauseProcess()
		var code errno
		if n, code = i.outside(func() (int, error) { return i.process.Read(into) }, errnoIO); code != errnoSuccess {
			return code
		}
	}
	binary.LittleEndian.PutUint32(count, uint32(n))
	return errnoSuccess
}

// firstVector returns the first buffer that is not empty, to be written to. All have been found to lie within the memory.
func (i *Instance) firstVector(ptr, n uint32) []byte {
	array, _ := i.View(ptr, n*vectorSize)
	for ; len(array) > 0; array = array[vectorSize:] {
		if length := binary.LittleEndian.Uint32(array[4:]); length > 0 {
			into, _ := i.Writable(binary.LittleEndian.Uint32(array), length)
			return into
		}
	}
	return nil
}

// writeProcess is fd_write on standard output.
func (i *Instance) writeProcess(p []uint64) errno {
	buffers, ok := i.vectors(uint32(p[1]), uint32(p[2]))
	count, countOK := i.Writable(uint32(p[3]), 4)
	if !ok || !countOK {
		return errnoFault
	}
	n, code := i.outside(func() (total int, err error) {
		for buffer := range buffers {
			n, err := i.process.Write(buffer[:min(len(buffer), maxMoved-total)])
			if total += n; err != nil {
				return total, err
			}
		}
		return total, nil
	}, errnoPipe)
	if code != errnoSuccess {
		return code
	}
	i.wrote = now()
	binary.LittleEndian.PutUint32(count, uint32(n))
	return errnoSuccess
}

// pauseProcess tells the process that the guest waits, if it has written since. What is wrong with the stream the guest learns
// when it writes again.
func (i *Instance) pauseProcess() {
	if i.process != nil && i.wrote != 0 {
		i.wrote = 0
		_, _ = i.outside(func() (int, error) { return 0, i.process.Pause() }, errnoPipe)
	}
}

// busyProcess tells the process that the guest computes, once after each time it has written.
func (i *Instance) busyProcess() {
	if i.wrote != 0 && now()-i.wrote > quiet {
		i.pauseProcess()
	}
}
