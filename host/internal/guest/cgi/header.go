package cgi

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// maxBlock bounds a header block, in bytes.
const maxBlock = 64 << 10

// header gathers the header block that a program's output begins with: lines that end in LF or CRLF, up to the first empty one.
type header struct {
	block []byte // whole lines, and what there is of the next
	line  int    // where that one begins
	count int    // of whole lines
}

// size is how many bytes there are so far, lines how many whole lines.
func (h *header) size() int  { return len(h.block) }
func (h *header) lines() int { return h.count }

// add takes what the program has written next. When that completes the block, rest is what belongs to the body. An error names
// the first line that is no field.
func (h *header) add(b []byte) (rest []byte, complete bool, err error) {
	for len(b) > 0 {
		part, _, ended := bytes.Cut(b, []byte("\n"))
		if ended {
			part = b[:len(part)+1]
		}
		if len(h.block)+len(part) > maxBlock {
			return nil, false, fmt.Errorf("line %d: the block has more than %d bytes", h.count+1, maxBlock)
		}
		h.block, b = append(h.block, part...), b[len(part):]
		if !ended {
			return nil, false, nil
		}
		line := withoutEnd(h.block[h.line:])
		if len(line) == 0 {
			h.block = h.block[:h.line]
			return b, true, nil
		}
		h.count++
		h.line = len(h.block)
		if _, err := parseField(line); err != nil {
			return nil, false, lineError(h.count, line, err)
		}
	}
	return nil, false, nil
}

func withoutEnd(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
}

func lineError(number int, line []byte, err error) error {
	return fmt.Errorf("line %d %q: %w", number, line[:min(len(line), 80)], err)
}

// parseField reads one line, whose value is freed of the spaces around it. It is more patient than RFC 3875 in nothing but those.
func parseField(line []byte) (wire.Pair, error) {
	name, value, found := bytes.Cut(line, []byte(":"))
	switch {
	case bytes.HasPrefix(line, []byte("HTTP/")):
		return wire.Pair{}, errors.New("is a status line of HTTP; a program writes Status: 404 Not Found")
	case line[0] == ' ' || line[0] == '\t':
		return wire.Pair{}, errors.New("begins with a space: fields have one line each")
	case !found:
		return wire.Pair{}, errors.New("has no colon: is the empty line missing before the body?")
	case bytes.ContainsFunc(name, notToken) || len(name) == 0:
		return wire.Pair{}, errors.New("the name before the colon is none")
	}
	value = bytes.Trim(value, " \t")
	if i := bytes.IndexFunc(value, isControl); i >= 0 {
		return wire.Pair{}, fmt.Errorf("the value holds the control character %#x", value[i])
	}
	return wire.Pair{Key: name, Value: value}, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

func notToken(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// response is what a complete header block says.
type response struct {
	status []byte // "404 Not Found"
	fields []wire.Pair
}

// response reads the block, which must be complete. Its fields alias it.
func (h *header) response() (response, error) {
	var r reader
	number := 0
	for rest := h.block; len(rest) > 0; {
		line := rest[:bytes.IndexByte(rest, '\n')+1]
		rest = rest[len(line):]
		number++
		line = withoutEnd(line)
		field, err := parseField(line)
		if err == nil {
			err = r.take(field)
		}
		if err != nil {
			return response{}, lineError(number, line, err)
		}
	}
	return r.response, r.conclude()
}

// reader makes a response of fields.
type reader struct {
	response
	seen map[string]bool // names that may come once, in lower case
}

// once are the fields of which a second one would leave open what is meant.
var once = []string{"status", "content-type", "location", "content-length"}

func (r *reader) take(field wire.Pair) error {
	name := strings.ToLower(string(field.Key))
	for _, single := range once {
		if name != single {
			continue
		}
		if r.seen[name] {
			return errors.New("comes a second time")
		}
		if r.seen == nil {
			r.seen = map[string]bool{}
		}
		r.seen[name] = true
	}
	switch name {
	case "status":
		return r.takeStatus(field.Value)
	case "connection", "keep-alive":
		return nil // of the server's connection a program knows nothing: RFC 3875, section 6.3.4, lets the field be removed
	case "location":
		if len(field.Value) == 0 {
			return errors.New("names no place")
		}
	case "content-length":
		if len(field.Value) == 0 || len(bytes.Trim(field.Value, "0123456789")) > 0 {
			return errors.New("is no number of bytes")
		}
	}
	if len(r.fields) == abi.MaxHeaders {
		return fmt.Errorf("is one field too many: there may be %d", abi.MaxHeaders)
	}
	if bytes.IndexByte(field.Value, '\t') >= 0 {
		field.Value = bytes.ReplaceAll(field.Value, []byte("\t"), []byte(" "))
	}
	r.fields = append(r.fields, field)
	return nil
}

// takeStatus reads "404 Not Found", or "404" alone.
func (r *reader) takeStatus(value []byte) error {
	code, reason, _ := bytes.Cut(value, []byte(" "))
	if len(code) != 3 || len(bytes.Trim(code, "0123456789")) > 0 || code[0] < '2' {
		return errors.New("is no status: write three digits from 200 on, and perhaps a reason")
	}
	if len(reason) > abi.MaxStatus-4 || bytes.IndexByte(reason, '\t') >= 0 {
		reason = nil
	}
	r.status = fmt.Appendf(nil, "%s %s", code, reason)
	return nil
}

// conclude adds what the fields imply. A status alone is enough, as it is for WAGI: programs that report an error often say no
// more.
func (r *reader) conclude() error {
	if !r.seen["content-type"] && !r.seen["location"] && !r.seen["status"] {
		return errors.New("has no Content-Type, no Location and no Status")
	}
	if r.status == nil {
		r.status = []byte("200 OK")
		if r.seen["location"] {
			r.status = []byte("302 Found")
		}
	}
	return nil
}
