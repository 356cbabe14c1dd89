package http1_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/http1"
)

// maxHeader is the limit of heads in these tests, in bytes.
const maxHeader = 2000

// pieces is a connection that comes in pieces and then ends, with a timeout before each piece if it is slow.
type pieces struct {
	net.Conn // nil: only what is below is used
	rest     []string
	slow     bool
	waited   bool
}

func (p *pieces) Read(b []byte) (int, error) {
	for len(p.rest) > 0 && p.rest[0] == "" {
		p.rest = p.rest[1:]
	}
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	if p.waited = !p.waited; p.slow && p.waited {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(b, p.rest[0])
	p.rest[0] = p.rest[0][n:]
	return n, nil
}

func (p *pieces) SetReadDeadline(time.Time) error { return nil }

// patient reads again after a timeout, as net/http does after one that it has caused.
type patient struct{ io.Reader }

func (p patient) Read(b []byte) (int, error) {
	for {
		n, err := p.Reader.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}

// verdicts returns what net/http makes of what the guard passes on: "GET /target body" for each request, the status and the cause
// for one that is refused, and "cut off" for one whose body ends in an error.
func verdicts(conn net.Conn, options http1.Options) (all []string) {
	note := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			note("%s %s cut off", r.Method, r.RequestURI)
			return
		}
		note("%s", strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, body)))
	})
	handler := http1.Handler(next, func(_ http.ResponseWriter, _ *http.Request, status int, cause error) { note("%d %v", status, cause) })
	reader := bufio.NewReader(patient{http1.Guard(conn, options)})
	for {
		r, err := http.ReadRequest(reader)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return all
		case err != nil:
			note("net/http: %v", err)
			return all
		}
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if strings.HasSuffix(all[len(all)-1], "cut off") {
			return all
		}
	}
}

func verdict(input string) string {
	return strings.Join(verdicts(&pieces{rest: []string{input}}, http1.Options{MaxHeader: maxHeader}), "\n")
}

// ruling is what a client sends, and what comes of it.
type ruling struct{ input, want string }

// rulings are each rule, by the shortest request that breaks it or just keeps it.
func rulings() map[string]ruling {
	const (
		get     = "GET / HTTP/1.1\r\n"
		post    = "POST / HTTP/1.1\r\nHost: h\r\n"
		host    = "Host: h\r\n"
		end     = "\r\n"
		chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
	)
	return map[string]ruling{
		"usual":                        {get + host + end, "GET /"},
		"lower-case names":             {get + "host: h\r\nconnection: keep-alive\r\n" + end, "GET /"},
		"HTTP/1.0":                     {"GET / HTTP/1.0\r\n\r\n", "GET /"},
		"HTTP/1.0 with Host":           {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n" + host + end + get + host + end, "GET /\nGET /"},
		"any method":                   {"get-It!x / HTTP/1.1\r\n" + host + end, "get-It!x /"},
		"pipelined":                    {get + host + end + post + "Content-Length: 2\r\n\r\nab" + get + host + end, "GET /\nPOST / ab\nGET /"},
		"an empty line before":         {end + get + host + end + end + get + host + end, "GET /\nGET /"},
		"an empty line after a body":   {post + "Content-Length: 1\r\n\r\na\r\n" + get + host + end, "POST / a\nGET /"},
		"two empty lines before":       {end + end + get + host + end, "400 more than one empty line before the request"},
		"a line feed before":           {"\n" + get + host + end, `400 the request begins with "\n"`},
		"a space before":               {" " + get + host + end, `400 the request begins with " "`},
		"a handshake of TLS":           {"\x16\x03\x01\x02\x00\x01", `400 the request begins with "\x16"`},
		"nothing":                      {"", ""},
		"the beginning of a head":      {get + host, ""},
		"a carriage return alone":      {"\r", ""},
		"a carriage return before":     {"\rGET / HTTP/1.1\r\n" + host + end, `400 the request begins with "\r"`},
		"no version":                   {"GET /\r\n\r\n", "400 the request's line has no version"},
		"no target":                    {"GET\r\n\r\n", "400 the request's line has no method"},
		"an empty target":              {"GET  HTTP/1.1\r\n" + host + end, "400 the request's line has no target"},
		"two spaces before the target": {"GET  / HTTP/1.1\r\n" + host + end, "400 the request's line does not end with a version"},
		"two spaces after the target":  {"GET /  HTTP/1.1\r\n" + host + end, "400 the request's line does not end with a version"},
		"a space at the end":           {"GET / HTTP/1.1 \r\n" + host + end, "400 the request's line does not end with a version"},
		"a tab for a space":            {"GET\t/ HTTP/1.1\r\n" + host + end, "400 the request's line has no method"},
		"a tab in the target":          {"GET /\tx HTTP/1.1\r\n" + host + end, `400 the target's path has "\t", which must be percent-encoded`},
		"a lower-case version":         {"GET / http/1.1\r\n" + host + end, "400 the request's line does not end with a version"},
		"version 0.9":                  {"GET / HTTP/0.9\r\n\r\n", "505 the version is HTTP/0.9, not HTTP/1.0 or HTTP/1.1"},
		"version 1.2":                  {"GET / HTTP/1.2\r\n" + host + end, "505 the version is HTTP/1.2, not HTTP/1.0 or HTTP/1.1"},
		"version 1.10":                 {"GET / HTTP/1.10\r\n" + host + end, "400 the request's line does not end with a version"},
		"the preface of HTTP/2":        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 the version is HTTP/2.0, not HTTP/1.0 or HTTP/1.1"},
		"HTTP/3":                       {"GET / HTTP/3.0\r\n" + host + end, "505 the version is HTTP/3.0, not HTTP/1.0 or HTTP/1.1"},

		"a query":                        {"GET /a?b=100%&c[]={|}\\ HTTP/1.1\r\n" + host + end, "GET /a?b=100%&c[]={|}\\"},
		"a path of two slashes":          {"GET //x/y HTTP/1.1\r\n" + host + end, "GET //x/y"},
		"a fragment":                     {"GET /#x HTTP/1.1\r\n" + host + end, `400 the target's path has "#", which must be percent-encoded`},
		"a fragment in a query":          {"GET /?#x HTTP/1.1\r\n" + host + end, `400 the target's query has "#", which must be percent-encoded`},
		"a backslash in a path":          {"GET /\\x HTTP/1.1\r\n" + host + end, `400 the target's path has "\\", which must be percent-encoded`},
		"UTF-8 in a path":                {"GET /\xc3\xa4 HTTP/1.1\r\n" + host + end, `400 the target's path has "\xc3", which must be percent-encoded`},
		"NUL in a path":                  {"GET /\x00 HTTP/1.1\r\n" + host + end, `400 the target's path has "\x00", which must be percent-encoded`},
		"DEL in a query":                 {"GET /?\x7f HTTP/1.1\r\n" + host + end, `400 the target's query has "\x7f", which must be percent-encoded`},
		"a percent sign alone":           {"GET /%4 HTTP/1.1\r\n" + host + end, "400 the target's path has a percent sign without two digits"},
		"a percent sign before a query":  {"GET /%4?1 HTTP/1.1\r\n" + host + end, "400 the target's path has a percent sign without two digits"},
		"no slash":                       {"GET x HTTP/1.1\r\n" + host + end, "400 the target is neither a path nor a URL of http or https"},
		"a URL":                          {"GET http://h/x HTTP/1.1\r\n" + host + end, "GET http://h/x"},
		"a URL in capitals":              {"GET HTTPS://H:80?x HTTP/1.1\r\nHost: h:80\r\n" + end, "GET HTTPS://H:80?x"},
		"a URL without a path":           {"GET http://h HTTP/1.1\r\n" + host + end, "GET http://h"},
		"a URL in HTTP/1.0":              {"GET http://h/ HTTP/1.0\r\n\r\n", "GET http://h/"},
		"a URL of another host":          {"GET http://other/ HTTP/1.1\r\n" + host + end, "400 the Host header names another host than the target"},
		"a URL with another port":        {"GET http://h:1/ HTTP/1.1\r\n" + host + end, "400 the Host header names another host than the target"},
		"a URL without a host":           {"GET http:///x HTTP/1.1\r\n" + host + end, "400 the host is empty"},
		"a URL with a user":              {"GET http://u@h/ HTTP/1.1\r\n" + host + end, `400 the host "u@h" is none`},
		"a URL with one slash":           {"GET http:/h HTTP/1.1\r\n" + host + end, "400 the target is neither a path nor a URL of http or https"},
		"a URL of another scheme":        {"GET ftp://h/ HTTP/1.1\r\n" + host + end, "400 the target is neither a path nor a URL of http or https"},
		"a URL with a space in its host": {"GET http://h x/ HTTP/1.1\r\n" + host + end, "400 the request's line does not end with a version"},
		"OPTIONS *":                      {"OPTIONS * HTTP/1.1\r\n" + host + end, "OPTIONS *"},
		"OPTIONS * without Host":         {"OPTIONS * HTTP/1.1\r\n\r\n", "400 no Host header"},
		"GET *":                          {"GET * HTTP/1.1\r\n" + host + end, `400 the target "*" is for OPTIONS`},
		"OPTIONS **":                     {"OPTIONS ** HTTP/1.1\r\n" + host + end, "400 the target is neither a path nor a URL of http or https"},
		"CONNECT":                        {"CONNECT h:80 HTTP/1.1\r\n" + host + end, "501 CONNECT is for proxies"},
		"an authority":                   {"GET h:80 HTTP/1.1\r\n" + host + end, "400 the target is neither a path nor a URL of http or https"},

		"no Host":                        {get + end, "400 no Host header"},
		"two Hosts":                      {get + host + host + end, "400 more than one Host header"},
		"an empty Host":                  {get + "Host: \r\n" + end, "400 the host is empty"},
		"a port alone":                   {get + "Host: :80\r\n" + end, "400 the host is empty"},
		"a Host with a port":             {get + "Host: h.example:8080\r\n" + end, "GET /"},
		"a Host with an empty port":      {get + "Host: h:\r\n" + end, "GET /"},
		"a Host with a wrong port":       {get + "Host: h:8x\r\n" + end, "400 the host has no valid port"},
		"a Host with two ports":          {get + "Host: h:8:9\r\n" + end, `400 the host "h:8:9" is none`},
		"a Host with an address":         {get + "Host: [::1]:80\r\n" + end, "GET /"},
		"a Host with a zone":             {get + "Host: [fe80::1%eth0]\r\n" + end, `400 the host "[fe80::1%eth0]" is none`},
		"a Host with half a bracket":     {get + "Host: [::1\r\n" + end, `400 the host "[::1" is none`},
		"a Host that is a list":          {get + "Host: a, b\r\n" + end, `400 the host "a, b" is none`},
		"a Host with a path":             {get + "Host: h/x\r\n" + end, `400 the host "h/x" is none`},
		"a Host in HTTP/1.0 that is bad": {"GET / HTTP/1.0\r\nHost: a b\r\n\r\n", `400 the host "a b" is none`},

		"any value":                        {get + host + "X:\t a\tb \xff\xe4 \"\\ \r\nY:\r\n" + end, "GET /"},
		"a line feed alone":                {"GET / HTTP/1.1\nHost: h\n\n", "400 a line ends with a bare line feed"},
		"a line feed alone after a header": {get + "Host: h\n" + end, "400 a line ends with a bare line feed"},
		"a line feed alone at the end":     {get + host + "\n", "400 a line ends with a bare line feed"},
		"a carriage return in a value":     {get + host + "X: a\rb\r\n" + end, `400 the header "X" holds a control character`},
		"two carriage returns":             {get + host + "X: a\r\r\n" + end, `400 the header "X" holds a control character`},
		"a header that is \\r":             {get + host + "\r\r\n" + end, `400 the header "\r" has no colon`},
		"NUL in a value":                   {get + host + "X: long enough for eight\x00\r\n" + end, `400 the header "X" holds a control character`},
		"DEL in a value":                   {get + host + "X: \x7flong enough for eight\r\n" + end, `400 the header "X" holds a control character`},
		"a vertical tab":                   {get + host + "X: \x0b\r\n" + end, `400 the header "X" holds a control character`},
		"a fold at first":                  {get + " X: y\r\n" + host + end, "400 a header goes on in a second line"},
		"a fold":                           {get + host + "X: y\r\n\tz\r\n" + end, "400 a header goes on in a second line"},
		"a space before the colon":         {get + host + "X : y\r\n" + end, `400 the header "X : y" has a name that is no token`},
		"no colon":                         {get + host + "X\r\n" + end, `400 the header "X" has no colon`},
		"no name":                          {get + host + ": y\r\n" + end, `400 the header ": y" has a name that is no token`},
		"a name with a bracket":            {get + host + "X(): y\r\n" + end, `400 the header "X(): y" has a name that is no token`},
		"a name with an umlaut":            {get + host + "X\xe4: y\r\n" + end, `400 the header "X\xe4: y" has a name that is no token`},
		"Expect":                           {post + "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na", "POST / a"},
		"Expect more":                      {post + "Expect: 100-continue, more\r\n" + end, "417 the Expect header asks for more than 100-continue"},

		"a length of nothing":               {post + "Content-Length: 0\r\n\r\n" + get + host + end, "POST /\nGET /"},
		"a length with zeros before":        {post + "Content-Length: 003\r\n\r\nabc" + get + host + end, "POST / abc\nGET /"},
		"a body of GET":                     {get + host + "Content-Length: 3\r\n\r\nabc" + get + host + end, "GET / abc\nGET /"},
		"two lengths":                       {post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "400 more than one Content-Length"},
		"one length twice":                  {post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400 more than one Content-Length"},
		"a list of lengths":                 {post + "Content-Length: 3, 3\r\n\r\nabc", `400 the Content-Length "3, 3" is no number`},
		"a length with a sign":              {post + "Content-Length: +3\r\n\r\nabc", `400 the Content-Length "+3" is no number`},
		"a negative length":                 {post + "Content-Length: -3\r\n\r\nabc", `400 the Content-Length "-3" is no number`},
		"a hexadecimal length":              {post + "Content-Length: 0x3\r\n\r\nabc", `400 the Content-Length "0x3" is no number`},
		"an empty length":                   {post + "Content-Length:\r\n\r\nabc", `400 the Content-Length "" is no number`},
		"a length with an underscore":       {post + "Content-Length: 1_0\r\n\r\nabc", `400 the Content-Length "1_0" is no number`},
		"a length that overflows":           {post + "Content-Length: 1000000000000000000\r\n\r\nabc", "400 the Content-Length has more than 18 digits"},
		"Content_Length":                    {post + "Content_Length: 3\r\n\r\nabc", `400 the header "Content_Length" poses as another`},
		"Transfer_Encoding":                 {post + "transfer_encoding: chunked\r\n\r\nabc", `400 the header "transfer_encoding" poses as another`},
		"any underscore":                    {get + host + "X_Y: 1\r\n" + end, "GET /"},
		"a length and chunks":               {post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 both Content-Length and Transfer-Encoding"},
		"chunks and a length":               {post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "400 both Content-Length and Transfer-Encoding"},
		"chunks in HTTP/1.0":                {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400 Transfer-Encoding in HTTP/1.0"},
		"two codings":                       {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "400 more than one Transfer-Encoding"},
		"identity":                          {post + "Transfer-Encoding: identity\r\n\r\n", `400 the Transfer-Encoding "identity" does not end with chunked`},
		"chunked, identity":                 {post + "Transfer-Encoding: chunked, identity\r\n\r\n", `400 the Transfer-Encoding "chunked, identity" does not end with chunked`},
		"gzip, chunked":                     {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", `501 the Transfer-Encoding "gzip, chunked" is not known`},
		"chunked, chunked":                  {post + "Transfer-Encoding: chunked, chunked\r\n\r\n", `400 the Transfer-Encoding "chunked, chunked" is malformed`},
		", chunked":                         {post + "Transfer-Encoding: , chunked\r\n\r\n", `400 the Transfer-Encoding ", chunked" is malformed`},
		"an empty coding":                   {post + "Transfer-Encoding:\r\n\r\n", `400 the Transfer-Encoding "" does not end with chunked`},
		"a coding with a parameter":         {post + "Transfer-Encoding: chunked;q=1\r\n\r\n", `400 the Transfer-Encoding "chunked;q=1" does not end with chunked`},
		"a coding in quotes":                {post + "Transfer-Encoding: \"chunked\"\r\n\r\n", `400 the Transfer-Encoding "\"chunked\"" does not end with chunked`},
		"a coding with a vertical tab":      {post + "Transfer-Encoding: \x0bchunked\r\n\r\n", `400 the header "Transfer-Encoding" holds a control character`},
		"CHUNKED":                           {post + "TRANSFER-encoding:\t CHUNKED \r\n\r\n3\r\nabc\r\n0\r\n\r\n" + get + host + end, "POST / abc\nGET /"},
		"chunks":                            {chunked + "1\r\na\r\n00A;x=\"y\"\r\n0123456789\r\n000\r\n\r\n" + get + host + end, "POST / a0123456789\nGET /"},
		"trailers":                          {chunked + "1\r\na\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n" + get + host + end, "POST / a\nGET /"},
		"a size with 0x":                    {chunked + "0x1\r\na\r\n0\r\n\r\n", "POST / cut off"},
		"a size with a sign":                {chunked + "+1\r\na\r\n0\r\n\r\n", "POST / cut off"},
		"a size with an underscore":         {chunked + "1_0\r\na\r\n0\r\n\r\n", "POST / cut off"},
		"a size with a space before":        {chunked + " 1\r\na\r\n0\r\n\r\n", "POST / cut off"},
		"a size with a space behind":        {chunked + "1 \r\na\r\n0\r\n\r\n", "POST / cut off"},
		"a size of 15 digits":               {chunked + "000000000000001\r\na\r\n0\r\n\r\n", "POST / a"},
		"a size that overflows":             {chunked + "10000000000000001\r\na\r\n0\r\n\r\n", "POST / cut off"},
		"an empty size":                     {chunked + "\r\na\r\n0\r\n\r\n", "POST / cut off"},
		"a size and a line feed":            {chunked + "1\na\r\n0\r\n\r\n", "POST / cut off"},
		"a size and a carriage return":      {chunked + "1\ra\r\n0\r\n\r\n", "POST / cut off"},
		"a chunk and a line feed":           {chunked + "1\r\na\n0\r\n\r\n", "POST / cut off"},
		"a chunk and a carriage return":     {chunked + "1\r\na\r0\r\n\r\n", "POST / cut off"},
		"a chunk that is longer":            {chunked + "1\r\nab\r\n0\r\n\r\n", "POST / cut off"},
		"an extension of 256 bytes":         {chunked + "1;" + strings.Repeat("x", 256) + "\r\na\r\n0\r\n\r\n", "POST / a"},
		"an extension of 257 bytes":         {chunked + "1;" + strings.Repeat("x", 257) + "\r\na\r\n0\r\n\r\n", "POST / cut off"},
		"an extension with a line feed":     {chunked + "1;x\na\r\n0\r\n\r\n", "POST / cut off"},
		"an extension with a control":       {chunked + "1;\x00\r\na\r\n0\r\n\r\n", "POST / cut off"},
		"a body that ends early":            {chunked + "1\r\na\r\n0\r\n", "POST / cut off"},
		"a trailer with a length":           {chunked + "0\r\nContent-Length: 3\r\n\r\n", "POST / cut off"},
		"a trailer with a coding":           {chunked + "0\r\ntransfer-encoding: chunked\r\n\r\n", "POST / cut off"},
		"a trailer with a host":             {chunked + "0\r\nHost: other\r\n\r\n", "POST / cut off"},
		"a trailer with a line feed":        {chunked + "0\r\nX: y\n\r\n", "POST / cut off"},
		"a line feed for a trailer":         {chunked + "0\r\n\n", "POST / cut off"},
		"a trailer with a fold":             {chunked + "0\r\nX: y\r\n z\r\n\r\n", "POST / cut off"},
		"a trailer that is none":            {chunked + "0\r\nGET /smuggled HTTP/1.1\r\n\r\n", "POST / cut off"},
		"trailers of 4096 bytes":            {chunked + "0\r\nX: " + strings.Repeat("x", 4089) + "\r\n\r\n" + get + host + end, "POST /\nGET /"},
		"trailers of 4097 bytes":            {chunked + "0\r\nX: " + strings.Repeat("x", 4090) + "\r\n\r\n" + get + host + end, "POST / cut off"},
		"a Trailer header":                  {post + "Trailer: X, Y\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n\r\n", "POST /"},
		"a Trailer header with a framing":   {post + "Trailer: X, content-length\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", `400 the Trailer header names "content-length"`},
		"a request behind what was refused": {get + end + get + host + end, "400 no Host header"},
		"a request behind what was cut off": {chunked + "x\r\n\r\n" + get + host + end, "POST / cut off"},
		"refused behind others":             {get + host + end + get + host + end + get + end, "GET /\nGET /\n400 no Host header"},
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for name, c := range rulings() {
		if got := verdict(c.input); got != c.want {
			t.Errorf("%s: %q\n got %q\nwant %q", name, c.input, got, c.want)
		}
	}
}

// seeds are the inputs of the rulings.
func seeds() (all []string) {
	for _, c := range rulings() {
		all = append(all, c.input)
	}
	slices.Sort(all)
	return all
}

// A request means the same however it comes in pieces, and whenever net/http stops waiting for the next.
func TestPieces(t *testing.T) {
	t.Parallel()
	for name, c := range rulings() {
		for size := 1; size <= len(c.input); size = size*5/4 + 1 {
			got := strings.Join(verdicts(&pieces{rest: cut(c.input, size), slow: true}, http1.Options{MaxHeader: maxHeader}), "\n")
			if got != c.want {
				t.Errorf("%s in pieces of %d: %q\n got %q\nwant %q", name, size, c.input, got, c.want)
			}
		}
	}
}

// The limit of a head is exact, wherever it is passed.
func TestMaxHeader(t *testing.T) {
	t.Parallel()
	fill := func(before, after string, total int) string {
		return before + strings.Repeat("x", total-len(before)-len(after)) + after
	}
	line := func(total int) string { return fill("GET /", " HTTP/1.1\r\nHost: h\r\n\r\n", total) }
	field := func(total int) string { return fill("GET / HTTP/1.1\r\nHost: h\r\nX: ", "\r\n\r\n", total) }
	fields := func(n int) string { return "GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("X:\r\n", n-1) + "\r\n" }
	for name, c := range map[string]struct{ input, want string }{
		"a line":              {line(maxHeader), "GET /x"},
		"a line too long":     {line(maxHeader + 1), "431 the headers are longer than server.max_header_bytes"},
		"a line much longer":  {line(2 * maxHeader), "414 the request's line is longer than server.max_header_bytes"},
		"a line without end":  {"GET /" + strings.Repeat("x", 10*maxHeader), "414 the request's line is longer than server.max_header_bytes"},
		"a method":            {strings.Repeat("x", 10*maxHeader), "501 the method is longer than server.max_header_bytes"},
		"headers":             {field(maxHeader), "GET /"},
		"headers too long":    {field(maxHeader + 1), "431 the headers are longer than server.max_header_bytes"},
		"headers without end": {"GET / HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", maxHeader), "431"},
		"256 headers":         {fields(256), "GET /"},
		"257 headers":         {fields(257), "431 more than 256 headers"},
	} {
		for _, size := range []int{1, 7, maxHeader, 100 * maxHeader} {
			got := strings.Join(verdicts(&pieces{rest: cut(c.input, size)}, http1.Options{MaxHeader: maxHeader}), "\n")
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("%s in pieces of %d: %.100q, want %q", name, size, got, c.want)
			}
		}
	}
}

// cut cuts input into pieces of that many bytes.
func cut(input string, size int) (all []string) {
	for len(input) > size {
		all = append(all, input[:size])
		input = input[size:]
	}
	return append(all, input)
}
