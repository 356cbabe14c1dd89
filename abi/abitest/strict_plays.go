package abitest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// play is one request and how the host behaves at it.
type play struct {
	name    string
	request Request
	// vary changes the variables; nil leaves them.
	vary func([][2]string) [][2]string
	// fill is what the environ buffer is full of before; nothing leaves it.
	fill []byte
	// announced is the CONTENT_LENGTH of a body of which less comes; 0 is what comes.
	announced int
	// piece is how many bytes of the body one read gives at most; 0 is all.
	piece int
	// broken is what reads return when the body is over: 0, or the code of what is wrong.
	broken int32
	// writes is how many are taken, and refusal what the others return.
	writes  int
	refusal int32
}

// plain is a request with nothing out of the ordinary.
func plain(r Request) *play {
	r.Method = cmp.Or(r.Method, "GET")
	name := fmt.Sprintf("%s %s", r.Method, r.Path)
	if len(r.Body) > 0 {
		name += fmt.Sprintf(" with a body of %d bytes", len(r.Body))
	}
	return &play{name: name, request: r, writes: mostWrites, refusal: abi.CodeClosed.Errno()}
}

// but is the same request with a difference.
func (p *play) but(what string, change func(*play)) *play {
	q := *p
	q.name += ", " + what
	change(&q)
	return &q
}

// environ encodes the variables.
func (p *play) environ() []byte {
	list := p.variables()
	if p.vary != nil {
		list = p.vary(list)
	}
	var e wire.Encoder
	for _, pair := range list {
		e.Add(pair[0], pair[1])
	}
	encoded, err := e.Bytes()
	if err != nil {
		panic(err) // 4 GiB that the kit has made up
	}
	return encoded
}

func (p *play) variables() [][2]string {
	r := p.request
	path, query, _ := strings.Cut(r.Path, "?")
	list := [][2]string{
		{"REQUEST_METHOD", r.Method}, {"SCRIPT_NAME", "/app"}, {"PATH_INFO", path}, {"RAW_URI", "/app" + r.Path},
		{"SERVER_PROTOCOL", "HTTP/1.1"}, {"SERVER_NAME", "localhost"}, {"SERVER_PORT", "8080"},
		{"REMOTE_ADDR", "127.0.0.1"}, {"REMOTE_PORT", "40000"},
		{"HTTP_HOST", "localhost:8080"}, {"HTTP_ACCEPT", "*/*"}, {"HTTP_USER_AGENT", "wasgi-check"},
	}
	if query != "" {
		list = append(list, [2]string{"QUERY_STRING", query})
	}
	if length := cmp.Or(p.announced, len(r.Body)); length > 0 {
		list = append(list, [2]string{"CONTENT_LENGTH", itoa(length)})
	}
	list = append(list, r.Headers...)
	return append(list, [][2]string{
		{"wsgi.version", "1.0"}, {"wsgi.url_scheme", "http"}, {"wsgi.multithread", "0"}, {"wsgi.multiprocess", "1"},
		{"wsgi.run_once", "1"}, {"wsgi.input_terminated", "1"}, {"wasgi.request_id", "0123456789abcdef"},
	}...)
}

// form is a body that most applications can make something of.
func form() Request {
	return Request{Method: "POST", Path: "/", Body: []byte("name=kit&text=abcdefghijklmnopqrstuvwxyz"),
		Headers: [][2]string{{"CONTENT_TYPE", "application/x-www-form-urlencoded"}}}
}

// playAll plays the plain requests, and what can be varied of them if nothing was wrong until then.
func (h *strictHost) playAll(ctx context.Context) {
	get := Request{Path: "/"}
	if n := slices.IndexFunc(h.options.Requests, func(r Request) bool { return cmp.Or(r.Method, "GET") == "GET" }); n >= 0 {
		get = h.options.Requests[n]
	}
	main, post := plain(get), plain(form())
	base := h.fresh(ctx, main)
	posted := h.fresh(ctx, post)
	others := append([]Request{{Path: "/a/deep/path/that/no/app/knows?query=1&more="}}, h.options.Requests...)
	for _, r := range others {
		h.fresh(ctx, plain(r))
	}
	if h.judge.count > 0 || ctx.Err() != nil {
		return
	}
	v := &variation{h, ctx, main, base, base == h.fresh(ctx, main)}
	v.environs()
	v.lives(post)
	p := &variation{h, ctx, post, posted, posted == h.fresh(ctx, post)}
	p.bodies()
	v.clients()
	p.clients()
	h.events(ctx)
}

// fresh plays one request on a new instance.
func (h *strictHost) fresh(ctx context.Context, p *play) guestAnswer { return h.once(ctx, p, true) }

func (h *strictHost) once(ctx context.Context, p *play, warm bool) guestAnswer {
	h.judge.request = p.name
	if h.lost || ctx.Err() != nil {
		return guestAnswer{}
	}
	i := h.instance(ctx, warm)
	if i == nil {
		return guestAnswer{}
	}
	defer i.close()
	return i.run(ctx, p)
}
