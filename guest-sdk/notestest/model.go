package notestest

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	notFound    = `{"error":"not found"}`
	notAllowed  = `{"error":"method not allowed"}`
	notJSON     = `{"error":"content type must be application/json"}`
	notAnObject = `{"error":"body must be a JSON object with a string text"}`
	notAText    = `{"error":"text must have 1 to 200 characters"}`
	tooLarge    = `{"error":"body must have at most 4096 bytes"}`
)

// model is what the app holds. Texts are kept as they stand in JSON, between the quotes, so that nothing here encodes them.
type model struct {
	stateless bool
	next      int
	notes     []note
}

type note struct {
	id   int
	text string
}

func (n note) json() string { return fmt.Sprintf(`{"id":%d,"text":"%s"}`, n.id, n.text) }

func (m *model) add(text string) note {
	if m.stateless {
		return note{1, text}
	}
	added := note{m.next, text}
	m.next++
	m.notes = append(m.notes, added)
	return added
}

func (m *model) list() string {
	var each []string
	for _, n := range m.notes {
		each = append(each, n.json())
	}
	return `{"notes":[` + strings.Join(each, ",") + `]}`
}

func ok(body string) answer { return answer{status: 200, contentType: "application/json", body: body} }
func failure(status int, body string) answer {
	return answer{status: status, contentType: "application/json", body: body}
}

func created(mount string, n note) answer {
	return answer{201, "application/json", mount + "/" + strconv.Itoa(n.id), "", n.json()}
}

func refused(allow string) answer { return answer{405, "application/json", "", allow, notAllowed} }

// head is that answer without its body.
func head(a answer) answer {
	a.body = ""
	return a
}

func post(body string) request {
	return request{method: "POST", path: "/", contentType: "application/json", body: body}
}

func get(path string) request { return request{method: "GET", path: path} }

// adds expects a body to be taken, with the text that stands in the JSON of the answer.
func (c *client) adds(r request, text string) { c.expect(r, created(c.mount, c.model.add(text))) }

const shown = 300

func describe(r request) string {
	return fmt.Sprintf("%s %q, type %q, %d bytes of body: %s", r.method, r.path, r.contentType, len(r.body), short(r.body))
}

func show(a answer) string {
	return fmt.Sprintf("%d, type %q, location %q, allow %q, %d bytes of body: %s", a.status, a.contentType, a.location, a.allow, len(a.body), short(a.body))
}

func short(s string) string {
	if len(s) > shown {
		return strconv.QuoteToASCII(s[:shown/2]) + " ... " + strconv.QuoteToASCII(s[len(s)-shown/2:])
	}
	return strconv.QuoteToASCII(s)
}
