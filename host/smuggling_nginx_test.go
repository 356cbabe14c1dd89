package host_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// difference is a verdict that shapes get behind nginx and not alone, and why.
type difference struct {
	want, why string
	shapes    []string
}

// differences are what nginx makes another request of, refuses for another reason, or passes on for wasgi to refuse, in which case its own
// connection with the client goes on.
func differences() []difference {
	return []difference{
		{"501", "nginx knows no coding but chunked, in any spelling", []string{
			"TE: twice chunked, in a list", "TE: chunked and then another", "TE: identity", "TE: chunked, identity", "TE: an empty member of a list",
			"TE: no coding", "TE: xchunked", "TE: chunkedx", "TE: a parameter", "TE: in quotes", "TE: a vertical tab before the value",
			"TE: a form feed behind the value", "TE: a no-break space before the value", "TE: no colon"}},
		{"200 last", "nginx drops headers whose names hold an underscore or are no tokens, and keeps the length", []string{
			"TE: with an underscore", "TE: with an umlaut"}},
		{"200 200 last", "nginx drops headers whose names hold an underscore, and so the only length", []string{"CL: with an underscore"}},
		{"400", "nginx takes a tab before a number for a part of it", []string{"right: spaces around a length"}},
		{"200 last", "nginx skips whatever follows a chunk's size, and writes chunks of its own", []string{
			"chunk: a space behind the size", "chunk: a tab behind the size", "chunk: an extension without an end"}},
		{"200 last", "nginx takes a bare line feed for a line's end, and writes chunks of its own", []string{
			"chunk: a bare line feed behind the size", "chunk: a bare line feed behind the bytes"}},
		{"200 200 last", "nginx takes a bare line feed for a line's end, and writes chunks of its own", []string{"chunk: the last with a bare line feed"}},
		{"200 last", "nginx takes what follows the last chunk for trailers, and drops them", []string{"chunk: no line behind the last"}},
		{"200 200 last", "nginx drops trailers without looking at them", []string{
			"trailer: Content-Length", "trailer: Transfer-Encoding", "trailer: Host", "trailer: Cookie", "trailer: a bare line feed", "trailer: a fold",
			"trailer: a space before the colon", "trailer: one of 10,000 bytes"}},
		{"413", "nginx has a limit of its own for bodies", []string{"chunk: 2 to the power of 32, and more"}},
		{"400 last", "nginx passes the header on, and wasgi refuses it", []string{"trailer: announced, and forbidden"}},
		{"200 200 last", "nginx takes a bare line feed for a line's end, and writes lines of its own", []string{
			"header: line feeds only", "header: an empty line of a bare line feed", "line: a bare line feed"}},
		{"200 200 last", "nginx drops carriage returns before a line's end", []string{"header: a bare carriage return at the end"}},
		{"200 200 last", "nginx passes no Expect on", []string{"header: an Expect that asks for more"}},
		{"", "nginx answers HTTP/0.9 as it was, without a status", []string{"line: HTTP/0.9"}},
		{"400", "nginx has 400 for these, and not 501, 505 or 431", []string{
			"line: version 0.9", "line: the preface of HTTP/2", "line: CONNECT", "line: headers of 100,000 bytes"}},
		{"200 200 last", "nginx takes any version 1 for 1.1", []string{"line: version 1.2", "line: a version of two digits"}},
		{"200 200 last", "nginx skips spaces, and writes a line of its own", []string{
			"line: two spaces before the target", "line: two spaces behind the target", "line: a space behind the version"}},
		{"200 200 last", "nginx skips any number of empty lines", []string{"line: empty lines before"}},
		{"400", "nginx has no methods in lower case", []string{"line: a method in lower case"}},
		{"400", "nginx refuses the target itself, and closes the connection", []string{"line: %00 in the path", "line: OPTIONS *"}},
		{"400 200 last", "nginx passes the target on as it is, and wasgi refuses it", []string{
			"line: a byte that is no character", "line: a fragment", "line: a backslash"}},
		{"400 200 last", "nginx passes the host on, and wasgi refuses it", []string{"host: a user", "host: a zone"}},
		{"200 200 last", "nginx passes a host on without its port", []string{"host: a port that is none", "host: two ports"}},
		{"200 200 last", "nginx takes the host of a URL, whatever its scheme, and no other", []string{
			"host: a URL of another host", "host: a URL of another scheme"}},
	}
}

// behindNginx are the verdicts that differ, by the names of shapes.
func behindNginx() map[string]string {
	all := map[string]string{}
	for _, d := range differences() {
		for _, name := range d.shapes {
			all[name] = d.want
		}
	}
	return all
}

// passed returns the statuses of the requests that were passed on, sorted.
func (n *nginx) passed(t *testing.T) (statuses []string) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(n.dir, "passed"))
	if err != nil {
		t.Fatal(err)
	}
	for status := range strings.FieldsSeq(string(log)) {
		if status != "-" {
			statuses = append(statuses, status)
		}
	}
	slices.Sort(statuses)
	return statuses
}

// smugglingProxy passes requests on to SERVER, over connections that it uses again.
const smugglingProxy = `
	log_format passed $upstream_status;
	access_log DIR/passed passed;
	client_body_timeout 1s;
	client_header_timeout 1s;
	lingering_close off;
	upstream wasgi { server SERVER; keepalive 4; }
	server {
		listen LISTEN;
		server_name front;
		location / {
			proxy_pass http://wasgi;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $host;
			proxy_request_buffering off;
		}
	}
`

// TestSmugglingBehindNginx plays the corpus behind nginx, where what comes through is what nginx has made of it: the verdicts are
// the same but for those that are listed, no smuggled request is served, and what nginx takes for one request is one to wasgi.
func TestSmugglingBehindNginx(t *testing.T) {
	t.Parallel()
	s := smugglingHost(t)
	nginx := startNginx(t, "unix", strings.Replace(smugglingProxy, "SERVER", s.address, 1))
	different := behindNginx()
	for _, shape := range corpus() {
		want, ok := different[shape.name]
		if delete(different, shape.name); !ok {
			want = shape.want
		} else if want == shape.want {
			t.Errorf("%s: listed as different, and is not", shape.name)
		}
		if got := verdict(t, "unix", nginx.address, shape.raw); !agree(got, want) {
			t.Errorf("%s: %q, want %q", shape.name, got, want)
		}
	}
	for name := range different {
		t.Errorf("%s: listed as different, and no shape", name)
	}
	if found := served.FindAllString(s.log.String(), -1); found != nil {
		t.Errorf("a smuggled request was served: %s", strings.Join(found, "\n"))
	}
	nginx.stop()
	passed := nginx.passed(t)
	if len(passed) < 100 || !eventually(func() bool { return slices.Equal(seen(s.log), passed) }) {
		t.Errorf("nginx has passed on %d requests:\n%v\nand wasgi has seen\n%v", len(passed), passed, seen(s.log))
	}
}

// seen returns the statuses of the access log, sorted: those of two connections may be written in any order.
func seen(log *logBuffer) (statuses []string) {
	for _, record := range accessStatus.FindAllStringSubmatch(log.String(), -1) {
		statuses = append(statuses, record[1])
	}
	slices.Sort(statuses)
	return statuses
}

// accessStatus matches a record of the access log.
var accessStatus = regexp.MustCompile(`msg=request .* status=(\d+) `)
