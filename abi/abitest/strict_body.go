package abitest

import (
	"errors"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
)

func (i *strictInstance) write(memory api.Memory, p []uint64) int32 {
	j := i.judge
	block, ok := i.view(memory, abi.ImportWrite, p[0], p[1])
	if !ok {
		return abi.CodeFault.Errno()
	}
	if i.outside(abi.ImportWrite) {
		return abi.CodeState.Errno()
	}
	x := i.exchange
	x.writes++
	j.touch(ruleOrder)
	if !x.started {
		if j.count == x.findings {
			j.find(ruleOrder, "write of %d bytes before start_response", len(block))
		}
		return abi.CodeState.Errno()
	}
	if x.declared >= 0 && !x.bodiless() {
		j.touch(ruleAgrees)
		if x.sent+int64(len(block)) > x.declared {
			j.find(ruleAgrees, "write: %d bytes after %d, and Content-Length says %d", len(block), x.sent, x.declared)
			return abi.CodeLength.Errno()
		}
	}
	if x.writes > x.play.writes {
		return i.refuseWrite(x)
	}
	x.take(block)
	return 0
}

// refuseWrite is write for a client that is gone.
func (i *strictInstance) refuseWrite(x *exchange) int32 {
	rule := ruleRefusal
	if x.play.refusal == abi.CodeClosed.Errno() {
		rule = ruleClosed
		x.committed = true // the headers were on their way when that was noticed
	}
	i.judge.touch(rule)
	x.deaf++
	if x.deaf > mostDeaf {
		i.judge.find(rule, "write is called %d times after it has returned %d", mostDeaf, x.play.refusal)
		i.end(errors.New("it did not stop writing"))
	}
	return x.play.refusal
}

func (i *strictInstance) inputRead(memory api.Memory, p []uint64) int32 {
	j := i.judge
	room, ok := i.view(memory, abi.ImportInputRead, p[0], p[1])
	if !ok {
		return abi.CodeFault.Errno()
	}
	if i.outside(abi.ImportInputRead) {
		return abi.CodeState.Errno()
	}
	x := i.exchange
	x.reads++
	switch {
	case len(room) == 0:
		return i.pastEnd(x, 0)
	case len(x.unread) > 0:
		if x.play.piece > 0 {
			room = room[:min(len(room), x.play.piece)]
		}
		n := copy(room, x.unread)
		x.unread = x.unread[n:]
		return int32(n)
	}
	j.touch(ruleEnd)
	return i.pastEnd(x, x.play.broken)
}

// pastEnd is a read that has nothing to give. Whoever goes on for ever is stopped.
func (i *strictInstance) pastEnd(x *exchange, result int32) int32 {
	x.pastEnd++
	if x.pastEnd > mostPastEnd {
		i.judge.find(ruleEnd, "input_read is called %d times after it has returned %d", mostPastEnd, result)
		i.end(errors.New("it did not stop reading"))
	}
	return result
}
