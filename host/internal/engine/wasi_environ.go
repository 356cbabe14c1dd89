package engine

import (
	"context"
	"crypto/rand"
	"encoding/binary"
)

// args is the command line: the app's name and nothing else, unless a process has more to say.
func args(i *Instance) []string {
	if i.process != nil {
		return i.process.Args()
	}
	return i.args
}

// environ is the granted environment, as "KEY=VALUE", or a process's. Nothing is inherited from the host's own.
func environ(i *Instance) []string {
	if i.process != nil {
		return i.process.Environ()
	}
	return i.environ
}

// listSizes says how much memory listGet fills: the number of entries, and their bytes with a NUL after each.
func listSizes(list func(*Instance) []string) wasiCall {
	return func(_ context.Context, i *Instance, p []uint64) errno {
		entries := list(i)
		count, countOK := i.Writable(uint32(p[0]), 4)
		size, sizeOK := i.Writable(uint32(p[1]), 4)
		if !countOK || !sizeOK {
			return errnoFault
		}
		binary.LittleEndian.PutUint32(count, uint32(len(entries)))
		binary.LittleEndian.PutUint32(size, listSize(entries))
		return errnoSuccess
	}
}

// listGet writes the entries, each with a NUL after it, and the address of each.
func listGet(list func(*Instance) []string) wasiCall {
	return func(_ context.Context, i *Instance, p []uint64) errno {
		entries, address := list(i), uint32(p[1])
		addresses, addressesOK := i.Writable(uint32(p[0]), uint32(len(entries))*4)
		text, textOK := i.Writable(address, listSize(entries))
		if !addressesOK || !textOK {
			return errnoFault
		}
		for k, entry := range entries {
			binary.LittleEndian.PutUint32(addresses[4*k:], address)
			n := copy(text, entry)
			text[n] = 0
			text, address = text[n+1:], address+uint32(n)+1
		}
		return errnoSuccess
	}
}

func listSize(entries []string) uint32 {
	size := len(entries)
	for _, entry := range entries {
		size += len(entry)
	}
	return uint32(size)
}

// randomChunk is how many bytes of random are drawn between two looks at the context.
const randomChunk = 64 << 10

// randomGet draws straight into the guest's memory. It is never seeded, so that a guest that was restored from a snapshot
// gets bytes of its own too.
func randomGet(ctx context.Context, i *Instance, p []uint64) errno {
	view, ok := i.Writable(uint32(p[0]), uint32(p[1]))
	if !ok {
		return errnoFault
	}
	for len(view) > 0 && ctx.Err() == nil {
		n := min(len(view), randomChunk)
		_, _ = rand.Read(view[:n]) // it never fails
		view = view[n:]
	}
	return errnoSuccess
}
