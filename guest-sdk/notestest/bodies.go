package notestest

import "strings"

// padded is an object with that text and as many bytes as asked for.
func padded(bytes int, text string) string {
	object := `{"text":"` + text + `"}`
	return strings.Repeat(" ", bytes-len(object)) + object
}

func (c *client) sizes() {
	c.adds(post(padded(4096, "largest")), "largest")
	c.adds(post(`{"text":"largest","x":"`+strings.Repeat("y", 4096-25)+`"}`), "largest")
	for _, size := range []int{4097, 4098, 8192, 20_000, 100_000} {
		c.expect(post(padded(size, "a")), failure(413, tooLarge))
	}
	// The size is looked at before what is in it.
	c.expect(post(strings.Repeat("{", 4097)), failure(413, tooLarge))
	c.expect(post(strings.Repeat("\xff", 4097)), failure(413, tooLarge))
	c.expect(post(padded(4096, "a")+" "), failure(413, tooLarge))
	c.expect(post(strings.Repeat(" ", 4096)), failure(400, notAnObject))
}

func (c *client) malformed() {
	for _, body := range []string{
		"", " ", "{", "}", "{}}", "{ ", `{"text"`, `{"text":`, `{"text":"`, `{"text":"a`, `{"text":"a"`, `{"text":"a",`, `{"text":"a",}`,
		`{,"text":"a"}`, `{"text" "a"}`, `{"text"::"a"}`, `{"text":"a"}}`, `{"text":"a"}{"text":"b"}`, `{"text":"a"},`, `{"text":"a"} x`,
		`{text:"a"}`, `{'text':'a'}`, `{"text":'a'}`, `{"text":a}`, `"text":"a"`, `{"text":"a" "b"}`, `{"text":"a";"x":1}`, `{"text":"a",,"x":1}`,
		`{"text":"a"/**/}`, `{"text":"a"}//`, "{\"text\":\"a\"}\x00", "\x00{\"text\":\"a\"}", "\xef\xbb\xbf{\"text\":\"a\"}",
		"\u00a0{\"text\":\"a\"}", "\v{\"text\":\"a\"}", "{\f\"text\":\"a\"}",
		// strings
		"{\"text\":\"a\nb\"}", "{\"text\":\"a\tb\"}", "{\"text\":\"a\x00b\"}", "{\"text\":\"a\x1fb\"}", `{"text":"\a"}`, `{"text":"\x41"}`, `{"text":"\'"}`,
		`{"text":"\"}`, `{"text":"\u"}`, `{"text":"\u004"}`, `{"text":"\u00g0"}`, `{"text":"\U0041"}`, `{"text":"\u+041"}`, `{"text":"\u 041"}`,
		`{"text":"\ud83d\u12"}`, `{"text":"\ud83d\x"}`, `{"text":"\0"}`, "{\"te\nxt\":1,\"text\":\"a\"}", `{"\q":1,"text":"a"}`,
		// other values, in keys that do not matter
		`{"x":01,"text":"a"}`, `{"x":1.,"text":"a"}`, `{"x":.5,"text":"a"}`, `{"x":+1,"text":"a"}`, `{"x":-,"text":"a"}`, `{"x":1e,"text":"a"}`,
		`{"x":1e+,"text":"a"}`, `{"x":-01,"text":"a"}`, `{"x":0x10,"text":"a"}`, `{"x":1_000,"text":"a"}`, `{"x":NaN,"text":"a"}`, `{"x":Infinity,"text":"a"}`,
		`{"x":tru,"text":"a"}`, `{"x":True,"text":"a"}`, `{"x":nulll,"text":"a"}`, `{"x":undefined,"text":"a"}`, `{"x":,"text":"a"}`, `{"x":1 2,"text":"a"}`,
		`{"x":[1,],"text":"a"}`, `{"x":[,1],"text":"a"}`, `{"x":[1 2],"text":"a"}`, `{"x":[1,"text":"a"}`, `{"x":[1},"text":"a"}`, `{"x":{"y":1],"text":"a"}`,
		`{"x":{"y"},"text":"a"}`, `{"x":{1:2},"text":"a"}`, `{"x":],"text":"a"}`, `{"x":[[]],"text":"a"]`, `{1:2,"text":"a"}`, `{null:1,"text":"a"}`,
		`{"x":"` + "\x01" + `","text":"a"}`, `{"text":"a","x"}`, `{"text":"a","x":}`,
		strings.Repeat("[", 4096), strings.Repeat(`{"a":`, 800), strings.Repeat("[", 2000) + strings.Repeat("]", 1999),
		// not UTF-8
		"{\"text\":\"\xff\"}", "{\"text\":\"a\x80\"}", "{\"text\":\"\xc3\"}", "{\"text\":\"\xc3(\"}", "{\"text\":\"\xe2\x82\"}", "{\"text\":\"\xe2\x28\xa1\"}",
		"{\"text\":\"\xf0\x9f\x98\"}", "{\"text\":\"\xc0\x80\"}", "{\"text\":\"\xc1\xbf\"}", "{\"text\":\"\xe0\x80\xaf\"}", "{\"text\":\"\xe0\x9f\xbf\"}",
		"{\"text\":\"\xf0\x80\x80\x80\"}", "{\"text\":\"\xf0\x8f\xbf\xbf\"}", "{\"text\":\"\xed\xa0\x80\"}", "{\"text\":\"\xed\xa0\xbd\xed\xb8\x80\"}",
		"{\"text\":\"\xed\xbf\xbf\"}", "{\"text\":\"\xf4\x90\x80\x80\"}", "{\"text\":\"\xf5\x80\x80\x80\"}", "{\"text\":\"\xf8\x88\x80\x80\x80\"}",
		"{\"text\":\"\xfe\xff\"}", "{\"\xff\":1,\"text\":\"a\"}", "{\"x\":\"\xff\",\"text\":\"a\"}", "{\"x\":[{\"y\":\"\xc3\"}],\"text\":\"a\"}", "\xff", "{\"text\":\"a\"}\xff",
	} {
		c.expect(post(body), failure(400, notAnObject))
	}
}

// wrongObjects are JSON, but not what was asked for.
func (c *client) wrongObjects() {
	for _, body := range []string{
		"{}", "[]", "null", "true", "1", `"text"`, `["text","a"]`, `[{"text":"a"}]`, `{"x":"a"}`, `{"Text":"a"}`, `{"TEXT":"a"}`, `{"text ":"a"}`, `{"":"a"}`,
		`{"texts":"a"}`, `{"tex":"a"}`, `{"text":null}`, `{"text":1}`, `{"text":true}`, `{"text":false}`, `{"text":[]}`, `{"text":["a"]}`, `{"text":{}}`,
		`{"text":{"text":"a"}}`, `{"x":{"text":"a"}}`, `{"text":"a","text":1}`, `{"text":"a","text":null}`, `{"text":"a","\u0074ext":{}}`, `{"text\u0000":"a"}`,
		strings.Repeat("[", 2000) + strings.Repeat("]", 2000), `{"text":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`,
	} {
		c.expect(post(body), failure(400, notAnObject))
	}
}

func (c *client) objects() {
	for _, body := range []string{
		`{"text":"a"}`, " \t\r\n{ \t\r\n\"text\" \t\r\n: \t\r\n\"a\" \t\r\n} \t\r\n", `{"text":"b","text":"a"}`, `{"text":1,"text":"a"}`, `{"text":null,"text":"a"}`,
		`{"text":"","text":"a"}`, `{"\u0074\u0065\u0078\u0074":"a"}`, `{"te\u0078t":"a"}`, `{"text":"b","t\u0065xt":"a"}`, `{"Text":"b","text":"a","TEXT":"c"}`,
		`{"x":null,"y":true,"z":false,"text":"a"}`, `{"text":"a","x":[],"y":{},"z":[{},[[]],{"a":{"b":[1,2]}}]}`, `{"x":{"text":"b"},"text":"a"}`, `{"text":"a","x":{"text":1}}`,
		`{"x":[0,-0,1,-1,10,0.5,-0.5,1e5,1E5,1e+5,1e-5,0e0,1.25e10,123456789012345678901234567890,1e400,-1e-400],"text":"a"}`,
		`{"":1,"text":"a"}`, `{"x":"\"\\\/\b\f\n\r\t\u0000\ud800","text":"a"}`, `{"\ud800\"":"}","text":"a"}`, "{\"\u00e4\":\"\u20ac\U0001f600\",\"text\":\"a\"}",
		`{"x":"{\"text\":\"b\"}","text":"a"}`, `{"x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `,"text":"a"}`,
		`{"x":` + strings.Repeat(`{"a":`, 600) + "1" + strings.Repeat("}", 600) + `,"text":"a"}`,
	} {
		c.adds(post(body), "a")
	}
}

// chunked bodies have no length that is known beforehand, and break within characters and escapes.
func (c *client) chunked() {
	const body, text = "{\"text\":\"\u00e4\u20ac\U0001f600\\ud83d\\ude00\"}", "\u00e4\u20ac\U0001f600\U0001f600"
	for _, size := range []int{1, 2, 3, 7, 1000} {
		r := post(body)
		r.pieces = size
		c.adds(r, text)
	}
	largest := post(padded(4096, "a"))
	largest.pieces = 100
	c.adds(largest, "a")
	for _, size := range []int{4097, 50_000} {
		larger := post(padded(size, "a"))
		larger.pieces = 1000
		c.expect(larger, failure(413, tooLarge))
	}
	broken := post("{")
	broken.pieces = 1
	c.expect(broken, failure(400, notAnObject))
}
