package http1

import "bytes"

// maxDigits is how many digits a Content-Length may have, so that none overflows.
const maxDigits = 18

// readLength reads a Content-Length: digits, once. A list of equal ones could be taken for one (RFC 9110, section 8.6), but comes
// from nobody who means well.
func (h *head) readLength(value []byte) *violation {
	if h.lengths++; h.lengths > 1 {
		return bad("more than one Content-Length")
	}
	if !all(value, inDigits) {
		return bad("the Content-Length %q is no number", short(value))
	}
	if len(value) > maxDigits {
		return bad("the Content-Length has more than %d digits", maxDigits)
	}
	for _, digit := range value {
		h.length = h.length*10 + int64(digit-'0')
	}
	return nil
}

// readCoding reads a Transfer-Encoding, which must be "chunked", once. A body whose end it does not show gets 400, one in a coding
// that this server does not know 501: RFC 9112, sections 6.1 and 6.3.
func (h *head) readCoding(value []byte) *violation {
	if h.codings++; h.codings > 1 {
		return bad("more than one Transfer-Encoding")
	}
	if isName(value, "chunked") {
		h.chunked = true
		return nil
	}
	others, last := []byte(nil), value
	if i := bytes.LastIndexByte(value, ','); i >= 0 {
		others, last = value[:i], trim(value[i+1:])
	}
	if !isName(last, "chunked") {
		return bad("the Transfer-Encoding %q does not end with chunked", short(value))
	}
	for coding := range bytes.SplitSeq(others, []byte(",")) {
		if coding = trim(coding); !all(coding, inToken) || isName(coding, "chunked") {
			return bad("the Transfer-Encoding %q is malformed", short(value))
		}
	}
	return refused(501, "the Transfer-Encoding %q is not known", short(value))
}
