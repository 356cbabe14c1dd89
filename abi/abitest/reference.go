package abitest

import (
	_ "embed" // for the reference guest
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/abi/wire"
)

//go:embed reference.wasm
var reference string

// Guest returns the reference guest, which [RunServer] expects to find behind its URL. It imports wasgi_v1 and nothing else,
// takes 2.1 MiB of memory, and does what the header X-Play of a request says; reference.wat beside this file says how.
func Guest() []byte { return []byte(reference) }

//go:embed socket.wasm
var socket string

// WebSocketGuest returns the reference guest with WebSockets, which [RunServer] expects to find behind ServerOptions.WebSocket. It
// imports wasgi_v1 and wasgi_websocket_v1, takes 2.1 MiB of memory, and does what clients say: socket.wat beside this file says how.
func WebSocketGuest() []byte { return []byte(socket) }

// playHeader is the header that tells the reference guest what to do.
const playHeader = "X-Play"

// do joins instructions to a script. Arguments are escaped already.
func do(instructions ...string) string { return strings.Join(instructions, ";") }

// esc makes bytes fit for an argument.
func esc(s string) string {
	var out strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c >= 0x7f, c == '%', c == ';', c == ' ' && (i == 0 || i == len(s)-1):
			fmt.Fprintf(&out, "%%%02x", c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// start is the instruction that calls start_response with those headers, given as name, value, name, value.
func start(status string, headers ...string) string { return list(headers) + "s" + esc(status) }

// restart is start with exc_info.
func restart(status string, headers ...string) string { return list(headers) + "x" + esc(status) }

func list(headers []string) string {
	var out strings.Builder
	for i := 0; i < len(headers); i += 2 {
		out.WriteString("+" + esc(headers[i]) + "=" + esc(headers[i+1]) + ";")
	}
	return out.String()
}

// send is the instruction that writes those bytes.
func send(block string) string { return "w" + esc(block) }

// give is the instruction that returns those bytes.
func give(body string) string { return "b" + esc(body) }

// read is the instruction that reads at most n bytes.
func read(n int) string { return "r" + strconv.Itoa(n) }

const (
	readAll       = "R4096"
	returnReport  = "v"
	returnEnviron = "V"
)

// step is one pair of a report: what the reference guest called, and what came of it.
type step struct {
	letter string
	result int32
	data   string
}

// parseReport reads a report.
func parseReport(body []byte) ([]step, error) {
	pairs, err := wire.Decode(body)
	if err != nil {
		return nil, err
	}
	steps := make([]step, 0, len(pairs))
	for _, pair := range pairs {
		if len(pair.Value) < 4 {
			return nil, fmt.Errorf("a result of %d bytes", len(pair.Value))
		}
		result := int32(binary.LittleEndian.Uint32(pair.Value))
		steps = append(steps, step{string(pair.Key), result, string(pair.Value[4:])})
	}
	return steps, nil
}

// counting is what the reference guest sends for a number: bytes that count up from 0.
func counting(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

// environ is an environ as the reference guest was given it.
type environ []wire.Pair

// lookup returns the value of a variable, and how often it is there.
func (e environ) lookup(key string) (value string, times int) {
	for _, pair := range e {
		if string(pair.Key) == key {
			if times == 0 {
				value = string(pair.Value)
			}
			times++
		}
	}
	return value, times
}

func (e environ) get(key string) string {
	value, _ := e.lookup(key)
	return value
}
