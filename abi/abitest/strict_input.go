package abitest

import (
	"errors"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
)

// input is what input_read reads: a request's body, or a message.
type input struct {
	unread []byte
	// piece is how many bytes one read gives at most; 0 is all.
	piece int
	// broken is what reads return when all is read: 0, or the code of what is wrong.
	broken  int32
	reads   int
	pastEnd int // reads after the end
}

func (i *strictInstance) inputRead(memory api.Memory, p []uint64) int32 {
	room, ok := i.view(memory, abi.ImportInputRead, p[0], p[1])
	if !ok {
		return abi.CodeFault.Errno()
	}
	if i.event != nil {
		return i.readInto(room, &i.event.input)
	}
	if i.outside(abi.ImportInputRead) {
		return abi.CodeState.Errno()
	}
	return i.readInto(room, &i.exchange.input)
}

func (i *strictInstance) readInto(room []byte, in *input) int32 {
	in.reads++
	switch {
	case len(room) == 0:
		return i.pastEnd(in, 0)
	case len(in.unread) > 0:
		if in.piece > 0 {
			room = room[:min(len(room), in.piece)]
		}
		n := copy(room, in.unread)
		in.unread = in.unread[n:]
		return int32(n)
	}
	i.judge.touch(ruleEnd)
	return i.pastEnd(in, in.broken)
}

// pastEnd is a read that has nothing to give. Whoever goes on for ever is stopped.
func (i *strictInstance) pastEnd(in *input, result int32) int32 {
	in.pastEnd++
	if in.pastEnd > mostPastEnd {
		i.judge.find(ruleEnd, "input_read is called %d times after it has returned %d", mostPastEnd, result)
		i.end(errors.New("it did not stop reading"))
	}
	return result
}
