package notes

import (
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"
)

// Problem is why a request is refused: a status, and what the client is told.
type Problem struct {
	Status  int
	Message string
}

// The problems of the contract.
var (
	NotFound   = &Problem{404, "not found"}
	NotAllowed = &Problem{405, "method not allowed"}
	notJSON    = &Problem{415, "content type must be application/json"}
	tooLarge   = &Problem{413, "body must have at most 4096 bytes"}
	noObject   = &Problem{400, "body must be a JSON object with a string text"}
	noText     = &Problem{422, "text must have 1 to 200 characters"}
)

// maxText is how many code points a text may have.
const maxText = 200

// whiteSpace is what is trimmed off a text.
const whiteSpace = " \t\n\f\r"

// Text reads the text of a new note, from a body of that type. A body that cannot be read to its end is a malformed one.
func Text(contentType string, body io.Reader) (string, *Problem) {
	mediaType, _, _ := strings.Cut(contentType, ";")
	if !strings.EqualFold(strings.Trim(mediaType, " \t"), "application/json") {
		return "", notJSON
	}
	data, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
	switch {
	case err != nil:
		return "", noObject
	case len(data) > MaxBody:
		return "", tooLarge
	}
	text, ok := textOf(data)
	if !ok {
		return "", noObject
	}
	text = strings.Trim(text, whiteSpace)
	if characters := utf8.RuneCountInString(text); characters < 1 || characters > maxText {
		return "", noText
	}
	return text, nil
}

// textOf decodes into a map, because a struct's field would take "Text" too. Package json takes bytes that are not UTF-8 and
// replaces them, and takes null for any type: both are looked for before.
func textOf(data []byte) (text string, ok bool) {
	if !utf8.Valid(data) {
		return "", false
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil || len(object["text"]) == 0 || object["text"][0] != '"' {
		return "", false
	}
	return text, json.Unmarshal(object["text"], &text) == nil
}
