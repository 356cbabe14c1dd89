package http1_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/http1"
)

const tokens = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

var (
	lineForm   = regexp.MustCompile(`^(` + tokens + `) ([!-~]+) HTTP/1\.([01])$`)
	pathForm   = regexp.MustCompile(`^/([!$&-;=@-\[\]-~]|%[0-9A-Fa-f]{2})*(\?[!$-;=?-~]*)?$`)
	urlForm    = regexp.MustCompile(`^(?i:https?)://([^/?]*)([/?].*)?$`)
	fieldForm  = regexp.MustCompile(`^(` + tokens + "):[ \t]*((?s).*?)[ \t]*$")
	chunkForm  = regexp.MustCompile("^([0-9A-Fa-f]{1,15})(;[\t -~]{0,256})?\r\n")
	hostForm   = regexp.MustCompile(`^([0-9A-Za-z._~-]+|\[[^\]]*\])(:[0-9]{0,5})?$`)
	lengthForm = regexp.MustCompile(`^[0-9]{1,18}$`)
	control    = regexp.MustCompile("[\x00-\x08\x0a-\x1f\x7f]")
)

// What a slow and simple reading says instead of a request's method, target and body.
const (
	refused  = "refused"
	cutOff   = "cut off"
	anything = "nothing, or refused" // a head that is not all there
)

// reading reads the whole of what a client has sent, in the plainest way: RFC 9112 as regular expressions.
func reading(input string) (all []string) {
	for {
		input = strings.TrimPrefix(input, "\r\n")
		if input == "" {
			return all
		}
		head, rest, whole := strings.Cut(input, "\r\n\r\n")
		if !whole {
			return append(all, anything)
		}
		request, fields, ok := readHead(head)
		if !ok || len(head)+4 > maxHeader {
			return append(all, refused)
		}
		body, ok := "", true
		if length := fields["content-length"]; length != nil {
			n, _ := strconv.Atoi(length[0])
			if ok = n <= len(rest); ok {
				body, rest = rest[:n], rest[n:]
			}
		} else if fields["transfer-encoding"] != nil {
			body, rest, ok = readChunks(rest)
		}
		if !ok {
			return append(all, request+" "+cutOff)
		}
		all = append(all, strings.TrimSpace(request+" "+body))
		input = rest
	}
}

func readHead(head string) (request string, fields map[string][]string, ok bool) {
	lines := strings.Split(head, "\r\n")
	line := lineForm.FindStringSubmatch(lines[0])
	if line == nil {
		return "", nil, false
	}
	fields, ok = readFields(lines[1:])
	if !ok || len(lines) > 257 {
		return "", nil, false
	}
	method, target, old := line[1], line[2], line[3] == "0"
	hosts, lengths, codings, expects := fields["host"], fields["content-length"], fields["transfer-encoding"], fields["expect"]
	for _, names := range fields["trailer"] {
		for name := range strings.SplitSeq(names, ",") {
			name = strings.Trim(name, " \t")
			ok = ok && (name == "" || regexp.MustCompile("^"+tokens+"$").MatchString(name) && !slices.Contains(early, strings.ToLower(name)))
		}
	}
	return method + " " + target, fields, ok &&
		len(hosts) <= 1 && (old || len(hosts) == 1) && (len(hosts) == 0 || isHost(hosts[0])) && isTarget(method, target, hosts) &&
		len(lengths) <= 1 && (len(lengths) == 0 || lengthForm.MatchString(lengths[0])) &&
		len(codings) <= 1 && (len(codings) == 0 || strings.EqualFold(codings[0], "chunked") && len(lengths) == 0 && !old) &&
		len(expects) <= 1 && (len(expects) == 0 || strings.EqualFold(expects[0], "100-continue"))
}

func isTarget(method, target string, hosts []string) bool {
	if method == "CONNECT" {
		return false
	}
	if url := urlForm.FindStringSubmatch(target); url != nil {
		return isHost(url[1]) && (len(hosts) == 0 || strings.EqualFold(hosts[0], url[1])) &&
			(url[2] == "" || pathForm.MatchString("/"+strings.TrimPrefix(url[2], "/")))
	}
	return pathForm.MatchString(target) || target == "*" && method == "OPTIONS"
}

func isHost(host string) bool {
	parts := hostForm.FindStringSubmatch(host)
	if parts == nil || parts[1][0] != '[' {
		return parts != nil
	}
	address, err := netip.ParseAddr(strings.Trim(parts[1], "[]"))
	return err == nil && address.Is6() && address.Zone() == ""
}

func readFields(lines []string) (map[string][]string, bool) {
	fields := map[string][]string{}
	for _, line := range lines {
		parts := fieldForm.FindStringSubmatch(line)
		if parts == nil || control.MatchString(parts[2]) {
			return nil, false
		}
		name := strings.ToLower(parts[1])
		if dashed := strings.ReplaceAll(name, "_", "-"); dashed != name && (dashed == "content-length" || dashed == "transfer-encoding") {
			return nil, false
		}
		fields[name] = append(fields[name], parts[2])
	}
	return fields, true
}

// early are the trailers that are refused.
var early = strings.Fields(`transfer-encoding content-length host connection keep-alive te trailer upgrade expect max-forwards
	authorization proxy-authorization proxy-connection cookie set-cookie
	content-type content-encoding content-range range cache-control pragma`)

func readChunks(input string) (body, rest string, ok bool) {
	for {
		size := chunkForm.FindStringSubmatch(input)
		if size == nil {
			return "", "", false
		}
		input = input[len(size[0]):]
		n, _ := strconv.ParseInt(size[1], 16, 64)
		if n == 0 {
			break
		}
		if int64(len(input)) < n+2 || input[n:n+2] != "\r\n" {
			return "", "", false
		}
		body, input = body+input[:n], input[n+2:]
	}
	if rest, ok = strings.CutPrefix(input, "\r\n"); ok {
		return body, rest, true
	}
	trailer, rest, ok := strings.Cut(input, "\r\n\r\n")
	fields, valid := readFields(strings.Split(trailer, "\r\n"))
	for _, name := range early {
		valid = valid && fields[name] == nil
	}
	return body, rest, ok && valid && len(trailer)+4 <= 4096
}

var status = regexp.MustCompile(`^[45]\d\d `)

// agree reports whether the guard's verdicts are what the plain reading says.
func agree(got, want []string) bool {
	if n := len(want) - 1; n >= 0 && want[n] == anything {
		want = want[:n]
		if len(got) == n+1 {
			want = append(want, refused)
		}
	}
	return slices.EqualFunc(got, want, func(got, want string) bool { return got == want || want == refused && status.MatchString(got) })
}

// FuzzGuard holds the guard to a plain reading of the whole input, and net/http to what the guard passes on, however the input is
// cut into pieces.
func FuzzGuard(f *testing.F) {
	for _, input := range seeds() {
		for _, size := range []int{1, 2, 3, 1 << 16} {
			f.Add([]byte(input), size)
		}
	}
	f.Fuzz(func(t *testing.T, input []byte, size int) {
		if len(input) > 8<<10 || size < 1 {
			return // beyond what net/http has limits of its own for
		}
		options := http1.Options{MaxHeader: maxHeader}
		whole := verdicts(&pieces{rest: []string{string(input)}}, options)
		if want := reading(string(input)); !agree(whole, want) {
			t.Errorf("%q:\n got %q\nwant %q", input, whole, want)
		}
		if cut := verdicts(&pieces{rest: cut(string(input), size), slow: true}, options); !slices.Equal(cut, whole) {
			t.Errorf("%q in pieces of %d:\n got %q\nwant %q", input, size, cut, whole)
		}
	})
}
