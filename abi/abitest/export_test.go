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

// ReadMessage reads a server's message, as the cases do: the text of a farewell is the error's.
func ReadMessage(data []byte) (Message, error) {
	return readMessage(bufio.NewReader(bytes.NewReader(data)), func(f frame) error {
		if f.opcode != opClose {
			return nil
		}
		bye, err := parseFarewell(f.payload)
		if err != nil {
			return err
		}
		return bye
	})
}

// AppendFrame is a client's frame.
func AppendFrame(dst []byte, fin bool, opcode byte, payload []byte) []byte {
	return appendFrame(dst, frame{fin, opcode, payload})
}
