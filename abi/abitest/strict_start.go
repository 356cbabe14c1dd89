package abitest

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

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
