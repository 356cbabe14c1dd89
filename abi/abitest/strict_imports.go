package abitest

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// offerWasgi offers wasgi_v1.
func (h *strictHost) offerWasgi(ctx context.Context) error {
	builder := h.runtime.NewHostModuleBuilder(abi.Module)
	for name, f := range map[string]struct {
		params int
		call   func(*strictInstance, api.Memory, []uint64) int32
	}{
		abi.ImportStartResponse: {5, (*strictInstance).startResponse},
		abi.ImportWrite:         {2, (*strictInstance).write},
		abi.ImportInputRead:     {2, (*strictInstance).inputRead},
		abi.ImportErrorsWrite:   {2, (*strictInstance).errorsWrite},
	} {
		builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, module api.Module, stack []uint64) {
			stack[0] = uint64(uint32(f.call(h.current, module.Memory(), stack)))
		}), i32s(f.params), i32s(1)).Export(name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}

// view returns what a pointer and a length speak of.
func (i *strictInstance) view(memory api.Memory, function string, ptr, length uint64) ([]byte, bool) {
	i.judge.touch(rulePointers)
	view, ok := memory.Read(uint32(ptr), uint32(length))
	if !ok {
		i.judge.find(rulePointers, "%s: the pointer %d and the length %d, and the memory has %d bytes", function, uint32(ptr), uint32(length), memory.Size())
	}
	return view, ok
}

// outside finds calls that come while there is no request.
func (i *strictInstance) outside(function string) bool {
	i.judge.touch(ruleOutside)
	if i.exchange == nil {
		i.judge.find(ruleOutside, "%s is called while there is no request", function)
	}
	return i.exchange == nil
}

func (i *strictInstance) errorsWrite(memory api.Memory, p []uint64) int32 {
	i.judge.touch(ruleErrors)
	text, ok := i.view(memory, abi.ImportErrorsWrite, p[0], p[1])
	if !ok {
		return abi.CodeFault.Errno()
	}
	if len(text) > abi.MaxErrorsWrite {
		i.judge.find(ruleErrors, "errors_write of %d bytes: those after the first %d are lost", len(text), abi.MaxErrorsWrite)
	}
	return 0
}

func (i *strictInstance) startResponse(memory api.Memory, p []uint64) int32 {
	j := i.judge
	status, statusOK := i.view(memory, abi.ImportStartResponse, p[0], p[1])
	list, listOK := i.view(memory, abi.ImportStartResponse, p[2], p[3])
	if !statusOK || !listOK {
		return abi.CodeFault.Errno()
	}
	j.touch(ruleLimits)
	if len(status) > abi.MaxStatus || len(list) > abi.MaxHeaderBytes {
		j.find(ruleLimits, "start_response: a status of %d bytes and a list of %d; they may have %d and %d",
			len(status), len(list), abi.MaxStatus, abi.MaxHeaderBytes)
		return abi.CodeTooLarge.Errno()
	}
	j.touch(ruleList)
	pairs, err := wire.Decode(list)
	if err != nil {
		j.find(ruleList, "start_response: the headers are no list: %v", err)
		return abi.CodeInvalid.Errno()
	}
	if len(pairs) > abi.MaxHeaders {
		j.find(ruleLimits, "start_response: %d headers; there may be %d", len(pairs), abi.MaxHeaders)
		return abi.CodeTooLarge.Errno()
	}
	if i.outside(abi.ImportStartResponse) {
		return abi.CodeState.Errno()
	}
	return i.startExchange(i.exchange, status, pairs, p[4] != 0)
}

// startExchange checks state and content.
func (i *strictInstance) startExchange(x *exchange, status []byte, pairs []wire.Pair, excInfo bool) int32 {
	if x.started {
		i.judge.touch(ruleSecond)
		switch {
		case !excInfo:
			i.judge.find(ruleSecond, "start_response is called again without exc_info")
			return abi.CodeState.Errno()
		case x.committed: // the way to say that the response is not whole: the connection is cut
			x.given = true
			i.end(errors.New("start_response with exc_info has ended it"))
		}
	}
	i.judge.touch(ruleStatus)
	code, ok := parseStatus(status)
	if !ok {
		i.judge.find(ruleStatus, "start_response: the status %q", clip(status))
		return abi.CodeInvalid.Errno()
	}
	headers, declared, refused := i.checkHeaders(pairs)
	if refused != 0 {
		return refused.Errno()
	}
	x.started, x.status, x.headers, x.declared = true, code, headers, declared
	return 0
}

// clip keeps what is shown short.
func clip(b []byte) []byte { return b[:min(len(b), 200)] }

// checkHeaders checks each header and finds the Content-Length.
func (i *strictInstance) checkHeaders(pairs []wire.Pair) (headers []field, declared int64, refused abi.Code) {
	j := i.judge
	j.touch(ruleHeaders)
	j.touch(ruleHop)
	declared = -1
	for _, pair := range pairs {
		name, value := string(pair.Key), string(pair.Value)
		switch lower := strings.ToLower(name); {
		case !isToken(name):
			j.find(ruleHeaders, "start_response: the name %q is no token", clip(pair.Key))
			return nil, 0, abi.CodeInvalid
		case hasControl(pair.Value) || strings.HasPrefix(value, " ") || strings.HasSuffix(value, " "):
			j.find(ruleHeaders, "start_response: %s has the value %q", name, clip(pair.Value))
			return nil, 0, abi.CodeInvalid
		case isHop(lower):
			j.find(ruleHop, "start_response: %s", name)
			return nil, 0, abi.CodeForbidden
		case lower == "content-length":
			j.touch(ruleLength)
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil || declared >= 0 {
				j.find(ruleLength, "start_response: Content-Length: %q, %s", clip(pair.Value), map[bool]string{true: "for the second time", false: "no number"}[declared >= 0])
				return nil, 0, abi.CodeInvalid
			}
			declared = int64(n)
		}
		headers = append(headers, field{name, value})
	}
	return headers, declared, 0
}

// parseStatus reads "NNN Reason".
func parseStatus(status []byte) (int, bool) {
	if len(status) < 4 || status[3] != ' ' || hasControl(status) {
		return 0, false
	}
	code, err := strconv.ParseUint(string(status[:3]), 10, 16)
	return int(code), err == nil && code >= 200
}

func hasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}

// isHop reports whether a header, in lower case, belongs to the connection.
func isHop(name string) bool {
	switch name {
	case "connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade":
		return true
	}
	return strings.HasPrefix(name, "proxy-")
}

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
		if j.count() == x.findings {
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
	rule := ruleClosed
	if x.play.refusal != abi.CodeClosed.Errno() {
		rule = ruleRefusal
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
