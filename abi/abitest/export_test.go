package abitest

import (
	"bufio"
	"bytes"
)

// ReadResponse reads a whole response to a request with that method, as the raw cases do.
func ReadResponse(data []byte, method string) (status int, body []byte, err error) {
	in := bufio.NewReader(bytes.NewReader(data))
	h, err := readHead(in)
	if err != nil {
		return 0, nil, err
	}
	body, err = readBody(in, h, method)
	return h.status, body, err
}

// ReadReport reads a report and returns how many steps it has.
func ReadReport(body []byte) (int, error) {
	steps, err := parseReport(body)
	return len(steps), err
}

// Escape is what makes bytes fit for an argument of a script.
func Escape(s string) string { return esc(s) }

// ParseStatus is what the strict host takes for a status.
func ParseStatus(status []byte) (int, bool) { return parseStatus(status) }
