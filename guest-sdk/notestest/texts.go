package notestest

import "strings"

// texts: what stands between the quotes of the request, and of the answer.
func (c *client) texts() {
	for _, text := range []struct{ in, out string }{
		{"hello world", "hello world"},
		{`\"\\\/\b\f\n\r\tx`, `\"\\/\b\f\n\r\tx`},
		{`x\u0022\u005c\u002f\u0008\u000c\u000a\u000d\u0009x`, `x\"\\/\b\f\n\r\tx`},
		{`\u0000`, `\u0000`},
		{`\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u000b\u000e\u000f`, `\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u000b\u000e\u000f`},
		{`\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F`,
			`\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f`},
		{"\x7f\u0080\u0085\u009f", "\x7f\u0080\u0085\u009f"},
		{`\u007f\u0080\u009f`, "\x7f\u0080\u009f"},
		{"<a href='x'>&amp;</a>/", "<a href='x'>&amp;</a>/"},
		{`\u003c\u003E\u0026\u0027`, "<>&'"},
		{"\u2028\u2029", "\u2028\u2029"},
		{`\u2028\u2029`, "\u2028\u2029"},
		{"\u00e4\u20ac\U0001f600\ufffd\ufeff\uffff\U0010ffff", "\u00e4\u20ac\U0001f600\ufffd\ufeff\uffff\U0010ffff"},
		{"\u0080\u07ff\u0800\ud7ff\ue000\U00010000", "\u0080\u07ff\u0800\ud7ff\ue000\U00010000"},
		{`\u00E4\u20aC\uFFFD\uffff\ufeff\u0800\u07ff\ud7ff\ue000`, "\u00e4\u20ac\ufffd\uffff\ufeff\u0800\u07ff\ud7ff\ue000"},
		{`\ud83d\ude00\uD83D\uDE00`, "\U0001f600\U0001f600"},
		{`\ud800\udc00\udbff\udfff`, "\U00010000\U0010ffff"},
		{`\ud800`, "\ufffd"}, {`\udc00`, "\ufffd"}, {`\udfff\udbff`, "\ufffd\ufffd"},
		{`\ud800x`, "\ufffdx"}, {`x\udc00x`, "x\ufffdx"}, {`\ud800\u0041`, "\ufffdA"}, {`\ud800\n.`, `\ufffd\n.`}, {`\ud800\\`, `\ufffd\\`},
		{`\ud800\ud800\udc00`, "\ufffd\U00010000"}, {`\ud800\udc00\udc00`, "\U00010000\ufffd"}, {`\ud83d \ude00`, "\ufffd \ufffd"},
		{"\\ud83d\u00e4", "\ufffd\u00e4"},
		{"a\u0301\u200d\u202e", "a\u0301\u200d\u202e"},
		{`{\"text\":\"x\"}`, `{\"text\":\"x\"}`},
		// trimming
		{"  a b  ", "a b"}, {`\t\n\f\r a \r\f\n\t`, "a"}, {`\u0020\u0009a\u000a\u000d\u000c`, "a"}, {`\u000b a`, `\u000b a`}, {`a \u000b`, `a \u000b`},
		{"\u00a0a\u00a0", "\u00a0a\u00a0"}, {"\u2003a\u3000", "\u2003a\u3000"}, {"\ufeffa", "\ufeffa"}, {`a \u0000 `, `a \u0000`}, {" \x7f ", "\x7f"},
		{`a\n\nb`, `a\n\nb`}, {`\u0085`, "\u0085"},
	} {
		// In the table, an escape is one of JSON, but for the character that replaces a half pair before other escapes.
		c.adds(post(`{"text":"`+text.in+`"}`), strings.ReplaceAll(text.out, `\ufffd`, "\ufffd"))
	}
}

// textLengths are counted in code points of what is left after trimming.
func (c *client) textLengths() {
	for _, character := range []string{"a", "\u00e4", "\u20ac", "\U0001f600", "a\u0301"} {
		points := len([]rune(character))
		longest := strings.Repeat(character, 200/points)
		c.adds(post(`{"text":"`+longest+`"}`), longest)
		c.adds(post(`{"text":"  `+longest+`\n\t "}`), longest)
		c.expect(post(`{"text":"`+longest+`x"}`), failure(422, notAText))
	}
	c.adds(post(`{"text":"`+strings.Repeat(`\ud83d\ude00`, 200)+`"}`), strings.Repeat("\U0001f600", 200))
	c.adds(post(`{"text":"`+strings.Repeat(`\u0001`, 200)+`"}`), strings.Repeat(`\u0001`, 200))
	c.adds(post(`{"text":"`+strings.Repeat(`\ud800`, 200)+`"}`), strings.Repeat("\ufffd", 200))
	c.adds(post(`{"text":"`+strings.Repeat(" ", 1000)+"a"+strings.Repeat(" ", 1000)+`"}`), "a")
	inner := "a" + strings.Repeat(" ", 198) + "b"
	c.adds(post(`{"text":"`+inner+`"}`), inner)
	for _, text := range []string{
		"", " ", `\t\n\f\r `, `\u0020`, strings.Repeat(" ", 201), strings.Repeat("a", 201), strings.Repeat("a", 4000), strings.Repeat(`\ud83d\ude00`, 201),
		strings.Repeat("\U0001f600", 201), strings.Repeat(`\udc00`, 201), "a" + strings.Repeat(" ", 199) + "b", strings.Repeat("\u00a0", 201),
	} {
		c.expect(post(`{"text":"`+text+`"}`), failure(422, notAText))
	}
	// Of repeated texts it is the last that counts.
	c.expect(post(`{"text":"a","text":""}`), failure(422, notAText))
	c.adds(post(`{"text":"`+strings.Repeat("a", 201)+`","text":"b"}`), "b")
}
