package notestest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
)

// client asks the app and compares what comes with what the model says.
type client struct {
	http  *http.Client
	url   string // of the mount, without a slash at the end
	mount string // its path, "" at the root
	ctx   context.Context
	model model
	found []string
}

// request is one question. Without a contentType there is none, with an unknown length the body is sent in chunks.
type request struct {
	method, path string
	contentType  string
	body         string
	pieces       int // if not 0, the body goes in chunks of that many bytes
}

// answer is what is compared. Header fields that are not here are the server's own.
type answer struct {
	status                       int
	contentType, location, allow string
	body                         string
}

func (c *client) expect(r request, want answer) {
	got, err := c.ask(r)
	if err != nil {
		c.differ("%s: %v", describe(r), err)
		return
	}
	if got != want {
		c.differ("%s:\n got %s\nwant %s", describe(r), show(got), show(want))
	}
}

func (c *client) ask(r request) (answer, error) {
	var body io.Reader = strings.NewReader(r.body)
	if r.pieces > 0 {
		body = &pieces{rest: r.body, size: r.pieces}
	}
	if r.body == "" {
		body = nil
	}
	out, err := http.NewRequestWithContext(c.ctx, r.method, c.url+r.path, body)
	if err != nil {
		return answer{}, err
	}
	if r.contentType != "" {
		out.Header.Set("Content-Type", r.contentType)
	}
	response, err := c.http.Do(out)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	for _, name := range []string{"Content-Type", "Location", "Allow"} {
		if len(response.Header.Values(name)) > 1 {
			return answer{}, errors.New("it has more than one " + name)
		}
	}
	h := response.Header
	return answer{response.StatusCode, h.Get("Content-Type"), h.Get("Location"), h.Get("Allow"), string(data)}, nil
}

// pieces is a body of unknown length that is read in pieces of one size.
type pieces struct {
	rest string
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.rest == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size)], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
