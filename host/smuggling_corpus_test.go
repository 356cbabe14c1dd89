package host_test

import (
	"fmt"
	"strings"
)

// shape is what an attacker sends, and what must come of it. POST /last follows it on the same connection: that it is answered says
// that the server found where it begins, and that it is not that the server looked no further.
type shape struct {
	name string // what is wrong, or right, with it
	raw  string
	// want are the statuses of the answers, in order, and "last" for that of POST /last; or it is broken.
	want string
}

// broken is what comes of a body that is malformed: 400, or an answer that is cut off, if some of the body was read and answered
// before.
const broken = "400 or cut off"

const (
	smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" // lies where some read a body, and must never be served
	behind   = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"     // follows what some read as a whole request
	theHost  = "Host: h\r\n"
	chunked  = "Transfer-Encoding: chunked\r\n"
	lastOne  = "0\r\n\r\n" // ends a chunked body
)

// post is a request with those headers and that body, and line one with that line and no body.
func post(headers, body string) string {
	return "POST / HTTP/1.1\r\n" + theHost + headers + "\r\n" + body
}
func line(text string) string { return text + "\r\n" + theHost + "\r\n" }

func length(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }

// chunk is text in one chunk.
func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// coded is a request whose body ends at once for who understands the header as chunked, so that the smuggled request follows; who
// does not takes that for the body.
func coded(header string) string { return post(length(len(lastOne+smuggled))+header, lastOne+smuggled) }

// onlyCoded is one without a length: who does not understand the header takes the body for requests.
func onlyCoded(header string) string { return post(header, chunk(smuggled)+lastOne) }

// measured is a request that has such a Content-Length, and the smuggled request for a body.
func measured(value string) string { return post("Content-Length:"+value+"\r\n", smuggled) }

// corpus is every shape of smuggling that we know of.
func corpus() (all []shape) {
	for _, family := range [][]shape{rightShapes(), twoLengths(), codings(), lengths(), chunkShapes(), trailers(), names(), lines(), hosts()} {
		all = append(all, family...)
	}
	return all
}

// What is right is in the corpus so that it can't pass by refusing everything.
func rightShapes() []shape {
	return []shape{
		{"right: a request", line("GET / HTTP/1.1"), "200 last"},
		{"right: a body with a length", post(length(len(smuggled)), smuggled), "200 last"},
		{"right: a body in chunks", onlyCoded(chunked), "200 last"},
		{"right: a chunked body in other case", onlyCoded("transfer-ENCODING:cHuNkEd\r\n"), "200 last"},
		{"right: two requests", line("GET /one HTTP/1.1") + post(length(len(smuggled)), smuggled), "200 200 last"},
		{"right: HEAD with a body", "HEAD / HTTP/1.1\r\n" + theHost + length(len(smuggled)) + "\r\n" + smuggled, "200 last"},
		{"right: GET with a body", "GET / HTTP/1.1\r\n" + theHost + length(len(smuggled)) + "\r\n" + smuggled, "200 last"},
		{"right: an extension of a chunk", post(chunked, strings.Replace(chunk(smuggled), "\r\n", ";a=\"b\"\r\n", 1)+lastOne), "200 last"},
		{"right: a trailer", post(chunked, chunk(smuggled)+"0\r\nX-Sum: 1\r\n\r\n"), "200 last"},
		{"right: an empty line between requests", line("GET /one HTTP/1.1") + "\r\n" + line("GET /two HTTP/1.1"), "200 200 last"},
		{"right: a length with zeros before", measured(fmt.Sprintf(" 000%d", len(smuggled))), "200 last"},
		{"right: spaces around a length", measured(fmt.Sprintf(" \t %d \t", len(smuggled))), "200 last"},
	}
}

// CL.TE and TE.CL: two lengths, and each server on the way believes another.
func twoLengths() []shape {
	return []shape{
		{"CL.TE", coded(chunked), "400"},
		{"CL.TE, the coding first", post(chunked+length(len(lastOne+smuggled)), lastOne+smuggled), "400"},
		{"TE.CL", post(length(4)+chunked, chunk(smuggled)+lastOne), "400"},
		{"CL.TE with a length of 0", post(length(0)+chunked, chunk(smuggled)+lastOne), "400"},
		{"CL.TE in HTTP/1.0", strings.Replace(coded(chunked), "HTTP/1.1", "HTTP/1.0", 1), "400"},
		{"CL.TE of GET", strings.Replace(coded(chunked), "POST", "GET", 1), "400"},
		{"a coding in HTTP/1.0", strings.Replace(onlyCoded(chunked), "HTTP/1.1", "HTTP/1.0", 1), "400"},
	}
}

// TE.TE: a coding that one server understands as chunked and another does not.
func codings() []shape {
	return []shape{
		{"TE: two headers, the second unknown", coded(chunked + "Transfer-Encoding: x\r\n"), "400"},
		{"TE: two headers, the first unknown", coded("Transfer-Encoding: x\r\n" + chunked), "400"},
		{"TE: twice chunked, in two headers", onlyCoded(chunked + chunked), "400"},
		{"TE: twice chunked, in a list", onlyCoded("Transfer-Encoding: chunked, chunked\r\n"), "400"},
		{"TE: chunked and then another", onlyCoded("Transfer-Encoding: chunked, gzip\r\n"), "400"},
		{"TE: another and then chunked", onlyCoded("Transfer-Encoding: gzip, chunked\r\n"), "501"},
		{"TE: identity", coded("Transfer-Encoding: identity\r\n"), "400"},
		{"TE: chunked, identity", coded("Transfer-Encoding: chunked, identity\r\n"), "400"},
		{"TE: identity, chunked", coded("Transfer-Encoding: identity, chunked\r\n"), "501"},
		{"TE: an empty member of a list", onlyCoded("Transfer-Encoding: ,chunked\r\n"), "400"},
		{"TE: no coding", onlyCoded("Transfer-Encoding:\r\n"), "400"},
		{"TE: xchunked", coded("Transfer-Encoding: xchunked\r\n"), "400"},
		{"TE: chunkedx", coded("Transfer-Encoding: chunkedx\r\n"), "400"},
		{"TE: a parameter", onlyCoded("Transfer-Encoding: chunked;q=1\r\n"), "400"},
		{"TE: in quotes", onlyCoded("Transfer-Encoding: \"chunked\"\r\n"), "400"},
		{"TE: a space before the colon", coded("Transfer-Encoding : chunked\r\n"), "400"},
		{"TE: a tab before the colon", coded("Transfer-Encoding\t: chunked\r\n"), "400"},
		{"TE: a vertical tab before the value", coded("Transfer-Encoding: \x0bchunked\r\n"), "400"},
		{"TE: a form feed behind the value", coded("Transfer-Encoding: chunked\x0c\r\n"), "400"},
		{"TE: NUL behind the value", coded("Transfer-Encoding: chunked\x00\r\n"), "400"},
		{"TE: a space before the name", coded(" Transfer-Encoding: chunked\r\n"), "400"},
		{"TE: a value in the next line", coded("Transfer-Encoding:\r\n chunked\r\n"), "400"},
		{"TE: a value in the next line but a bare line feed", coded("Transfer-Encoding:\n chunked\r\n"), "400"},
		{"TE: behind a bare line feed", coded("X: y\nTransfer-Encoding: chunked\r\n"), "400"},
		{"TE: behind a bare carriage return", coded("X: y\rTransfer-Encoding: chunked\r\n"), "400"},
		{"TE: with an underscore", coded("Transfer_Encoding: chunked\r\n"), "400"},
		{"TE: with an umlaut", coded("Transfer-Encoding\xe4: chunked\r\n"), "400"},
		{"TE: a no-break space before the value", coded("Transfer-Encoding:\xa0chunked\r\n"), "400"},
		{"TE: the value in the name", coded("Transfer-Encoding chunked: x\r\n"), "400"},
		{"TE: no colon", coded("Transfer-Encoding\r\n"), "400"},
		{"TE: a header that Connection takes away", coded("Connection: Transfer-Encoding\r\n" + chunked), "400"},
	}
}

// CL.CL and CL.0: a Content-Length that one server reads as another number, or not at all.
func lengths() []shape {
	n := len(smuggled)
	return []shape{
		{"CL: two headers that differ", post(length(n)+length(0), smuggled), "400"},
		{"CL: two headers that are the same", post(length(n)+length(n), smuggled), "400"},
		{"CL: a list of one number", measured(fmt.Sprintf(" %d, %d", n, n)), "400"},
		{"CL: a list of two numbers", measured(fmt.Sprintf(" 0,%d", n)), "400"},
		{"CL: a plus sign", measured(fmt.Sprintf(" +%d", n)), "400"},
		{"CL: a minus sign", measured(fmt.Sprintf(" -%d", n)), "400"},
		{"CL: hexadecimal", measured(fmt.Sprintf(" 0x%x", n)), "400"},
		{"CL: a decimal point", measured(fmt.Sprintf(" %d.0", n)), "400"},
		{"CL: an exponent", measured(" 3e1"), "400"},
		{"CL: an underscore in the number", measured(" 3_7"), "400"},
		{"CL: a space in the number", measured(" 3 7"), "400"},
		{"CL: a letter behind the number", measured(fmt.Sprintf(" %dx", n)), "400"},
		{"CL: in quotes", measured(fmt.Sprintf(" \"%d\"", n)), "400"},
		{"CL: no number", measured(""), "400"},
		{"CL: 2 to the power of 32, and more", measured(fmt.Sprintf(" %d", 1<<32+n)), "413"},
		{"CL: 2 to the power of 64, and more", measured(" 18446744073709551653"), "400"},
		{"CL: a vertical tab before the number", measured(fmt.Sprintf("\x0b%d", n)), "400"},
		{"CL: NUL behind the number", measured(fmt.Sprintf(" %d\x00", n)), "400"},
		{"CL: other digits", measured(" \xd9\xa3\xd9\xa7"), "400"},
		{"CL: with an underscore", post(fmt.Sprintf("Content_Length: %d\r\n", n), behind), "400"},
		{"CL: a space before the colon", post(fmt.Sprintf("Content-Length : %d\r\n", n), smuggled), "400"},
		{"CL: a fold", post(fmt.Sprintf("Content-Length:\r\n\t%d\r\n", n), smuggled), "400"},
		{"CL: behind a bare carriage return", post(fmt.Sprintf("X: y\rContent-Length: %d\r\n", n), smuggled), "400"},
		{"CL: a header that Connection takes away", post("Connection: Content-Length\r\n"+length(n), smuggled), "200 last"},
	}
}

// A chunked body whose chunks end elsewhere for another server.
func chunkShapes() []shape {
	sized := func(size string) string { return post(chunked, size+"\r\n"+smuggled+"\r\n"+lastOne) }
	n := len(smuggled)
	return []shape{
		{"chunk: 0x", sized(fmt.Sprintf("0x%x", n)), broken},
		{"chunk: a plus sign", sized(fmt.Sprintf("+%x", n)), broken},
		{"chunk: a minus sign", sized(fmt.Sprintf("-%x", n)), broken},
		{"chunk: an underscore", sized("2_5"), broken},
		{"chunk: a space before the size", sized(fmt.Sprintf(" %x", n)), broken},
		{"chunk: a space behind the size", sized(fmt.Sprintf("%x ", n)), broken},
		{"chunk: a tab behind the size", sized(fmt.Sprintf("%x\t", n)), broken},
		{"chunk: NUL behind the size", sized(fmt.Sprintf("%x\x00", n)), broken},
		{"chunk: a comma behind the size", sized(fmt.Sprintf("%x,0", n)), broken},
		{"chunk: no size", sized(""), broken},
		{"chunk: 2 to the power of 64, and more", sized(fmt.Sprintf("1%016x", n)), broken},
		{"chunk: 2 to the power of 32, and more", sized(fmt.Sprintf("f%08x", n)), "408"},
		{"chunk: a bare line feed behind the size", post(chunked, fmt.Sprintf("%x\n%s\r\n", n, smuggled)+lastOne), broken},
		{"chunk: a bare carriage return behind the size", post(chunked, fmt.Sprintf("%x\r%s\r\n", n, smuggled)+lastOne), broken},
		{"chunk: a bare line feed behind the bytes", post(chunked, fmt.Sprintf("%x\r\n%s\n", n, smuggled)+lastOne), broken},
		{"chunk: nothing behind the bytes", post(chunked, fmt.Sprintf("%x\r\n%s", n, smuggled)+lastOne), broken},
		{"chunk: any two bytes behind the bytes", post(chunked, fmt.Sprintf("%x\r\n%sXX", n, smuggled)+lastOne), broken},
		{"chunk: more bytes than the size", post(chunked, "3\r\nabcdef\r\n"+lastOne+smuggled), broken},
		{"chunk: fewer bytes than the size", post(chunked, "7\r\nabc\r\n"+lastOne+smuggled), broken},
		{"chunk: a bare line feed in an extension", post(chunked, fmt.Sprintf("%x;x\nxx\r\n%s\r\n", n, smuggled)+lastOne), broken},
		{"chunk: a line feed in a quoted extension", sized(fmt.Sprintf("%x;x=\"\n\"", n)), broken},
		{"chunk: an extension without an end", sized(fmt.Sprintf("%x;%s", n, strings.Repeat("x", 300))), broken},
		{"chunk: the last with a bare line feed", post(chunked, chunk("abc")+"0\n\n"+behind), broken},
		{"chunk: no line behind the last", post(chunked, chunk("abc")+"0\r\n"+smuggled), broken},
		{"chunk: the last with a size of 00", post(chunked, chunk("abc")+"00\r\n\r\n"), "200 last"},
	}
}

// What comes behind the last chunk is no place for what says where a request ends or goes.
func trailers() []shape {
	with := func(trailer string) string { return post(chunked, chunk("abc")+"0\r\n"+trailer+"\r\n") }
	return []shape{
		{"trailer: Content-Length", with(length(len(behind))) + behind, broken},
		{"trailer: Transfer-Encoding", with(chunked) + behind, broken},
		{"trailer: Host", with("Host: other\r\n") + behind, broken},
		{"trailer: Cookie", with("Cookie: admin=1\r\n") + behind, broken},
		{"trailer: a bare line feed", with("X: y\n") + behind, broken},
		{"trailer: a fold", with("X: y\r\n z\r\n") + behind, broken},
		{"trailer: a space before the colon", with("X : y\r\n") + behind, broken},
		{"trailer: one of 10,000 bytes", with("X: "+strings.Repeat("y", 10_000)+"\r\n") + behind, broken},
		{"trailer: announced, and forbidden", post("Trailer: Content-Length\r\n"+chunked, chunk("abc")+lastOne), "400"},
	}
}

// Headers that are none, or more than they seem.
func names() []shape {
	with := func(text string) string { return "GET / HTTP/1.1\r\n" + theHost + text + "\r\n" + behind }
	return []shape{
		{"header: a fold as the first", "GET / HTTP/1.1\r\n X: y\r\n" + theHost + "\r\n" + behind, "400"},
		{"header: a fold", with("X: y\r\n z\r\n"), "400"},
		{"header: a space in the name", with("X Y: z\r\n"), "400"},
		{"header: no name", with(": y\r\n"), "400"},
		{"header: a bare carriage return in the value", with("X: y\rz\r\n"), "400"},
		{"header: a bare carriage return at the end", with("X: y\r\r\n"), "400"},
		{"header: NUL in the value", with("X: y\x00z\r\n"), "400"},
		{"header: NUL in the name", with("X\x00: y\r\n"), "400"},
		{"header: line feeds only", strings.ReplaceAll(with("X: y\r\n"), "\r\n", "\n"), "400"},
		{"header: an empty line of a bare line feed", "GET / HTTP/1.1\r\n" + theHost + "\n" + behind, "400"},
		{"header: an empty line of a bare carriage return", "GET / HTTP/1.1\r\n" + theHost + "\r" + behind, "400"},
		{"header: Upgrade to h2c", "GET / HTTP/1.1\r\n" + theHost + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", "200 last"},
		{"header: an Expect that asks for more", with("Expect: 200-ok\r\n"), "417"},
	}
}

// A line that another server splits elsewhere.
func lines() []shape {
	return []shape{
		{"line: HTTP/0.9", "GET /\r\n" + behind, "400"},
		{"line: version 0.9", line("GET / HTTP/0.9") + behind, "505"},
		{"line: version 1.2", line("GET / HTTP/1.2") + behind, "505"},
		{"line: version 2.0", line("GET / HTTP/2.0") + behind, "505"},
		{"line: the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + behind, "505"},
		{"line: a version in lower case", line("GET / http/1.1") + behind, "400"},
		{"line: a version of two digits", line("GET / HTTP/1.10") + behind, "400"},
		{"line: a version with a sign", line("GET / HTTP/+1.1") + behind, "400"},
		{"line: two spaces before the target", line("GET  / HTTP/1.1") + behind, "400"},
		{"line: two spaces behind the target", line("GET /  HTTP/1.1") + behind, "400"},
		{"line: a space behind the version", line("GET / HTTP/1.1 ") + behind, "400"},
		{"line: a space before the method", line(" GET / HTTP/1.1") + behind, "400"},
		{"line: tabs for spaces", line("GET\t/\tHTTP/1.1") + behind, "400"},
		{"line: a vertical tab for a space", line("GET\x0b/ HTTP/1.1") + behind, "400"},
		{"line: two targets", line("GET / /x HTTP/1.1") + behind, "400"},
		{"line: two versions", line("GET / HTTP/1.1 HTTP/1.1") + behind, "400"},
		{"line: a bare carriage return", line("GET / HTTP/1.1\rX: y") + behind, "400"},
		{"line: a bare line feed", "GET / HTTP/1.1\n" + theHost + "\r\n" + behind, "400"},
		{"line: a method in lower case", line("get / HTTP/1.1"), "200 last"},
		{"line: a method that is no token", line("GE(T / HTTP/1.1") + behind, "400"},
		{"line: empty lines before", "\r\n\r\n\r\n" + line("GET / HTTP/1.1") + behind, "400"},
		{"line: %00 in the path", line("GET /%00 HTTP/1.1"), "400 last"},
		{"line: NUL in the path", line("GET /\x00 HTTP/1.1") + behind, "400"},
		{"line: a path that climbs", line("GET /x/../x HTTP/1.1"), "400 last"},
		{"line: a path that climbs in disguise", line("GET /x/%2e%2e/x HTTP/1.1"), "400 last"},
		{"line: %0d%0a in the path", line("GET /%0d%0aX HTTP/1.1"), "200 last"},
		{"line: a byte that is no character", line("GET /\xff HTTP/1.1") + behind, "400"},
		{"line: a fragment", line("GET /#x HTTP/1.1") + behind, "400"},
		{"line: a backslash", line("GET /\\x HTTP/1.1") + behind, "400"},
		{"line: no slash", line("GET x HTTP/1.1") + behind, "400"},
		{"line: GET *", line("GET * HTTP/1.1") + behind, "400"},
		{"line: OPTIONS *", line("OPTIONS * HTTP/1.1"), "200 last"},
		{"line: CONNECT", line("CONNECT h:80 HTTP/1.1") + behind, "501"},
		{"line: an authority", line("GET h:80 HTTP/1.1") + behind, "400"},
		{"line: a target of 100,000 bytes", line("GET /"+strings.Repeat("x", 100_000)+" HTTP/1.1") + behind, "414"},
		{"line: headers of 100,000 bytes", "GET / HTTP/1.1\r\n" + theHost + "X: " + strings.Repeat("y", 100_000) + "\r\n\r\n" + behind, "431"},
	}
}

// A host that another server takes for another.
func hosts() []shape {
	with := func(text string) string { return "GET / HTTP/1.1\r\n" + text + "\r\n" }
	return []shape{
		{"host: none", with("") + behind, "400"},
		{"host: two", with(theHost+"Host: other\r\n") + behind, "400"},
		{"host: two that are the same", with(theHost+theHost) + behind, "400"},
		{"host: two, one with a space before", with(theHost+" Host: other\r\n") + behind, "400"},
		{"host: two, one with a space before the colon", with("Host : other\r\n"+theHost) + behind, "400"},
		{"host: empty", with("Host:\r\n") + behind, "400"},
		{"host: a list", with("Host: h, other\r\n") + behind, "400"},
		{"host: a user", with("Host: other@h\r\n") + behind, "400"},
		{"host: a path", with("Host: h/other\r\n") + behind, "400"},
		{"host: a port that is none", with("Host: h:80x\r\n") + behind, "400"},
		{"host: two ports", with("Host: h:80:90\r\n") + behind, "400"},
		{"host: a zone", with("Host: [fe80::1%25x]\r\n") + behind, "400"},
		{"host: NUL", with("Host: h\x00other\r\n") + behind, "400"},
		{"host: a URL of the same host", "GET http://h/ HTTP/1.1\r\n" + theHost + "\r\n", "200 last"},
		{"host: a URL of another host", "GET http://other/ HTTP/1.1\r\n" + theHost + "\r\n" + behind, "400"},
		{"host: a URL with a user", "GET http://other@h/ HTTP/1.1\r\n" + theHost + "\r\n" + behind, "400"},
		{"host: a URL without a host", "GET http:///other HTTP/1.1\r\n" + theHost + "\r\n" + behind, "400"},
		{"host: a URL of another scheme", "GET ftp://h/ HTTP/1.1\r\n" + theHost + "\r\n" + behind, "400"},
		{"host: none in HTTP/1.0", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200 last"},
	}
}
