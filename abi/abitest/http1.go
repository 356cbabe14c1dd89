package abitest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// field is one header of a response, as it was sent.
type field struct{ name, value string }

// head is a status line and headers.
type head struct {
	proto  string
	status int
	fields []field
}

// values returns the values of a header in order.
func (h *head) values(name string) []string {
	var out []string
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			out = append(out, f.value)
		}
	}
	return out
}

func (h *head) get(name string) string { return strings.Join(h.values(name), ", ") }

// maxLine bounds a line of a response, in bytes, and maxFields how many there are.
const (
	maxLine   = 64 << 10
	maxFields = 4096
)

// readLine reads up to CR LF, and takes no line that ends otherwise.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return "", fmt.Errorf("a line of more than %d bytes", maxLine)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		}
		text, ok := strings.CutSuffix(string(line), "\r\n")
		if !ok || strings.ContainsAny(text, "\r\x00") {
			return "", fmt.Errorf("the line %q does not end in CR LF alone", line)
		}
		return text, nil
	}
}

// readHead reads a head, strictly as RFC 9112 has it.
func readHead(in *bufio.Reader) (*head, error) {
	line, err := readLine(in)
	if err != nil {
		return nil, err
	}
	proto, rest, _ := strings.Cut(line, " ")
	digits, _, spaced := strings.Cut(rest, " ")
	status, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || len(digits) != 3 || !spaced || proto != "HTTP/1.1" && proto != "HTTP/1.0" {
		return nil, fmt.Errorf("the status line %q", line)
	}
	h := &head{proto: proto, status: int(status)}
	for range maxFields {
		line, err := readLine(in)
		if err != nil {
			return nil, noEOF(err)
		}
		if line == "" {
			return h, nil
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !isToken(name) {
			return nil, fmt.Errorf("the header line %q", line)
		}
		h.fields = append(h.fields, field{name, strings.Trim(value, " \t")})
	}
	return nil, fmt.Errorf("more than %d headers", maxFields)
}

// readBody reads the body that belongs to a head. The error says that it did not end as it should.
func readBody(in *bufio.Reader, h *head, method string) ([]byte, error) {
	coding, lengths := h.get("Transfer-Encoding"), h.values("Content-Length")
	switch {
	case method == "HEAD" || h.status < 200 || h.status == 204 || h.status == 304:
		return nil, nil
	case coding != "" && len(lengths) > 0:
		return nil, errors.New("the response has both Transfer-Encoding and Content-Length")
	case strings.EqualFold(coding, "chunked"):
		return readChunks(in)
	case coding != "":
		return nil, fmt.Errorf("the transfer coding %q", coding)
	case len(lengths) == 0:
		return io.ReadAll(in)
	}
	n, err := strconv.ParseUint(lengths[0], 10, 31)
	if err != nil || len(lengths) > 1 {
		return nil, fmt.Errorf("the Content-Length %q", lengths)
	}
	return readN(in, int64(n))
}

// readN reads n bytes, and takes no memory for those that do not come.
func readN(in *bufio.Reader, n int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(in, n))
	if err == nil && int64(len(body)) < n {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}

func readChunks(in *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		line, err := readLine(in)
		if err != nil {
			return body, noEOF(err)
		}
		digits, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(digits, 16, 31)
		if err != nil {
			return body, fmt.Errorf("the chunk size %q", line)
		}
		if n == 0 {
			return body, readTrailers(in)
		}
		chunk, err := readN(in, int64(n))
		body = append(body, chunk...)
		if err != nil {
			return body, err
		}
		if line, err := readLine(in); err != nil || line != "" {
			return body, fmt.Errorf("no line end behind a chunk, but %q: %w", line, noEOF(err))
		}
	}
}

func readTrailers(in *bufio.Reader) error {
	for range maxFields {
		if line, err := readLine(in); err != nil || line == "" {
			return noEOF(err)
		}
	}
	return fmt.Errorf("more than %d trailers", maxFields)
}

// noEOF makes the end of a connection an error where more must come.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isToken reports whether a header's name is one of RFC 9110.
func isToken(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0:
			return false
		}
	}
	return name != ""
}
