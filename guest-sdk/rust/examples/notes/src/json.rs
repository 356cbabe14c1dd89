//! As much of JSON (RFC 8259) as the API needs: an object is read for one of its texts, and texts are written.

use std::char;
use std::str;

/// Writes a text with its quotes. Escaped is what must be.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\0'..='\x1f' => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The text that the key `text` has in an object; of several keys the last one counts. `None` says that it is no text, or that
/// this is no object of valid JSON in UTF-8.
pub fn text_of(object: &[u8]) -> Option<String> {
    let mut reader = Reader { rest: str::from_utf8(object).ok()?.as_bytes() };
    let text = reader.object()?;
    reader.space();
    text.filter(|_| reader.rest.is_empty())
}

/// Reads a document from its front. `None` says that it is malformed.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// Reads an object, and returns the last text that `text` has in it.
    fn object(&mut self) -> Option<Option<String>> {
        let mut text = None;
        self.expect(b'{')?;
        if self.accept(b'}') {
            return Some(text);
        }
        loop {
            let key = self.key()?;
            let value = if self.peek()? == b'"' { Some(self.string()?) } else { self.skip().map(|()| None)? };
            if key == "text" {
                text = value;
            }
            if self.accept(b'}') {
                return Some(text);
            }
            self.expect(b',')?;
        }
    }

    /// Reads a key and the colon behind it.
    fn key(&mut self) -> Option<String> {
        self.space();
        let key = self.string()?;
        self.expect(b':')?;
        Some(key)
    }

    /// Skips a value, however deeply it nests: what is open is kept in a list, and not on the stack.
    fn skip(&mut self) -> Option<()> {
        let mut open = Vec::new();
        loop {
            match self.peek()? {
                b'{' | b'[' => {
                    let (first, close) = if self.accept(b'{') { (b'{', b'}') } else { (self.take()?, b']') };
                    if !self.accept(close) {
                        open.push(close);
                        if first == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => drop(self.string()?),
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                _ => self.number()?,
            }
            while open.last().map_or(false, |&close| self.accept(close)) {
                open.pop();
            }
            match open.last() {
                None => return Some(()),
                Some(&close) => {
                    self.expect(b',')?;
                    if close == b'}' {
                        self.key()?;
                    }
                }
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        self.accept_here(b'-');
        if !self.accept_here(b'0') {
            self.digits()?;
        }
        if self.accept_here(b'.') {
            self.digits()?;
        }
        if self.accept_here(b'e') || self.accept_here(b'E') {
            let _sign = self.accept_here(b'+') || self.accept_here(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[count..];
        (count > 0).then_some(())
    }

    fn string(&mut self) -> Option<String> {
        if self.take()? != b'"' {
            return None;
        }
        let mut bytes = Vec::new();
        loop {
            match self.take()? {
                b'"' => return String::from_utf8(bytes).ok(), // of UTF-8, since all of the document is
                b'\\' => {
                    let c = self.escape()?;
                    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..=0x1f => return None,
                byte => bytes.push(byte),
            }
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Option<char> {
        Some(match self.take()? {
            c @ (b'"' | b'\\' | b'/') => c.into(),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unit().map(|unit| self.pair(unit))?,
            _ => return None,
        })
    }

    /// Makes a character of a unit of UTF-16 and, if it is the first half of one, of the escape behind it.
    fn pair(&mut self, unit: u32) -> char {
        let before = self.rest;
        if let (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) = (unit, self.escaped_unit()) {
            return char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        self.rest = before;
        char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER) // half of a pair
    }

    fn escaped_unit(&mut self) -> Option<u32> {
        self.literal(b"\\u")?;
        self.unit()
    }

    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.take()?).to_digit(16)?;
        }
        Some(unit)
    }

    fn literal(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn space(&mut self) {
        let count = self.rest.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
        self.rest = &self.rest[count..];
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.rest.first().copied()
    }

    fn take(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn accept_here(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        self.rest = &self.rest[usize::from(found)..];
        found
    }

    fn accept(&mut self, byte: u8) -> bool {
        self.space();
        self.accept_here(byte)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.accept(byte).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_escaped_is() {
        for (text, quoted) in [
            ("", r#""""#),
            ("\"\\/", r#""\"\\/""#),
            ("\n\r\t\u{8}\u{c}\0\u{b}\u{1f}", r#""\n\r\t\b\f\u0000\u000b\u001f""#),
            ("<>&\u{7f}\u{2028}ü😀", "\"<>&\u{7f}\u{2028}ü😀\""),
        ] {
            assert_eq!(quote(text), quoted);
            assert_eq!(text_of(format!("{{\"text\":{quoted}}}").as_bytes()).as_deref(), Some(text));
        }
    }

    #[test]
    fn texts_are_found() {
        let nested = format!(r#"{{"a":{}{},"text":"x"}}"#, "[".repeat(2000), "]".repeat(2000));
        let objects = format!(r#"{{"a":{}1{},"text":"x"}}"#, r#"{"a":"#.repeat(600), "}".repeat(600));
        for object in [
            r#"{"text":"x"}"#,
            " \t\r\n{ \"text\" : \"x\" } \n",
            r#"{"text":"a","text":"x"}"#,
            r#"{"text":1,"text":"x"}"#,
            r#"{"\u0074ext":"\u0078"}"#,
            r#"{"a":[],"b":{},"c":[1,[2,{"text":"y"}],null],"text":"x","Text":"y"}"#,
            r#"{"text":"x","n":[0,-0,1.5,-12.25e+3,1E-2,3e7,true,false,null,"]"]}"#,
            &nested,
            &objects,
        ] {
            assert_eq!(text_of(object.as_bytes()).as_deref(), Some("x"), "{object}");
        }
    }

    #[test]
    fn surrogates() {
        for (escapes, text) in [
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\uD83D\uDE00", "\u{1f600}"),
            (r"\udbff\udfff", "\u{10ffff}"),
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
        ] {
            let object = format!(r#"{{"text":"{escapes}"}}"#);
            assert_eq!(text_of(object.as_bytes()).as_deref(), Some(text), "{escapes}");
        }
    }

    /// One a line.
    const MALFORMED: &str = r#"
        null
        1
        "text"
        []
        ["text"]
        {}
        {"text":1}
        {"text":null}
        {"text":["x"]}
        {"text":"x","text":1}
        {"Text":"x"}
        {"text":"x"
        {"text":"x"}}
        {"text":"x"} x
        {"text":"x",}
        {,"text":"x"}
        {"text" "x"}
        {text:"x"}
        {'text':'x'}
        {"text":"x" "a":1}
        {"text":"\x"}
        {"text":"\u12"}
        {"text":"\u12g4"}
        {"text":"\u+123"}
        {"text":"\ud83d\u12"}
        {"text":"x","a":01}
        {"text":"x","a":1.}
        {"text":"x","a":.5}
        {"text":"x","a":+1}
        {"text":"x","a":-}
        {"text":"x","a":- 1}
        {"text":"x","a":1e}
        {"text":"x","a":tru}
        {"text":"x","a":nulll}
        {"text":"x","a":NaN}
        {"text":"x","a":[1,]}
        {"text":"x","a":[1 2]}
        {"text":"x","a":[1}}
        {"text":"x","a":{"b"}}
        {"text":"x","a":{"b":1,}}
        {"text":"x","a":{"b":1]}
        {"text":"x","a":}
    "#;

    #[test]
    fn everything_else_is_refused() {
        for object in MALFORMED.lines() {
            assert_eq!(text_of(object.as_bytes()), None, "{object}");
        }
        for object in [
            &b"{\"text\":\"a\nb\"}"[..],
            b"\xef\xbb\xbf{\"text\":\"x\"}",
            b"{\"text\":\"\xff\"}",
            b"{\"text\":\"x\",\"a\":\"\xed\xa0\x80\"}",
        ] {
            assert_eq!(text_of(object), None, "{object:?}");
        }
    }

    /// Whatever is changed in a document, reading it ends, and what is found can be written and found again.
    #[test]
    fn changed_documents() {
        const BYTES: &[u8] = b"{}[]\",:\\u0dtrue-1.e \xf0\x9f\x98\x80";
        let whole = r#"{"a":[1.5e3,{"b":null,"c":"\ud83d\ude00"}],"text":"x\n\u00fcy","d":[[],{}]}"#.as_bytes();
        let mut state = 1u32;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize % below
        };
        let mut found = 0;
        for _ in 0..20_000 {
            let mut object = whole.to_vec();
            for _ in 0..1 + draw(3) {
                let at = draw(object.len());
                match draw(3) {
                    0 => object[at] = BYTES[draw(BYTES.len())],
                    1 => object.insert(at, BYTES[draw(BYTES.len())]),
                    _ => drop(object.remove(at)),
                }
            }
            if let Some(text) = text_of(&object) {
                found += 1;
                assert_eq!(text_of(format!("{{\"text\":{}}}", quote(&text)).as_bytes()), Some(text));
            }
        }
        assert!((1000..19_000).contains(&found), "{found}");
    }
}
