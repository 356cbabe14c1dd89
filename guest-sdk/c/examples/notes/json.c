#include "json.h"

#include <string.h>

/* parser goes through a document once. Nesting is kept in an array and not on the stack, which 4096 brackets would exhaust. */
struct parser {
	const char *at, *end;
	char open[JSON_MAX]; /* the brackets that are open, '{' or '[' */
	size_t depth;
	const char *key;
	bool wanted; /* the value that follows is that of the key */
	bool found;
	struct json_string *value, ignored;
};

static int peek(const struct parser *p) { return p->at < p->end ? (unsigned char)*p->at : -1; }

static bool take(struct parser *p, char c) {
	if (peek(p) != (unsigned char)c) return false;
	p->at++;
	return true;
}

static void skip_space(struct parser *p) {
	while (take(p, ' ') || take(p, '\t') || take(p, '\n') || take(p, '\r')) {}
}

/* The length of the character of UTF-8 that begins there, 0 if there is none. */
static size_t utf8_length(const char *ptr, size_t left) {
	const unsigned char *s = (const unsigned char *)ptr;
	const size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	if (len > left) return 0;
	for (size_t n = 1; n < len; n++)
		if (s[n] >> 6 != 2) return 0;
	const bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
	const bool surrogate = s[0] == 0xed && s[1] > 0x9f, beyond = s[0] == 0xf4 && s[1] > 0x8f;
	return overlong || surrogate || beyond ? 0 : len;
}

static bool is_utf8(const char *ptr, size_t len) {
	for (size_t at = 0, n; at < len; at += n)
		if (!(n = utf8_length(ptr + at, len - at))) return false;
	return true;
}

static void put(struct json_string *s, unsigned long byte) { s->ptr[s->len++] = (char)byte; }

static void put_point(struct json_string *s, unsigned long c) {
	if (c < 0x80) {
		put(s, c);
	} else if (c < 0x800) {
		put(s, 0xc0 | c >> 6);
		put(s, 0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		put(s, 0xe0 | c >> 12);
		put(s, 0x80 | (c >> 6 & 0x3f));
		put(s, 0x80 | (c & 0x3f));
	} else {
		put(s, 0xf0 | c >> 18);
		put(s, 0x80 | (c >> 12 & 0x3f));
		put(s, 0x80 | (c >> 6 & 0x3f));
		put(s, 0x80 | (c & 0x3f));
	}
}

/* Reads the four digits of \u; -1 if they are none. */
static long hex4(const char *at, const char *end) {
	long value = 0;
	if (end - at < 4) return -1;
	for (int n = 0; n < 4; n++) {
		const char c = at[n];
		const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (digit < 0) return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* Reads what follows \u. Half of a surrogate pair is U+FFFD, and what stands behind it is read for itself. */
static bool unicode_escape(struct parser *p, struct json_string *out) {
	long unit = hex4(p->at, p->end);
	if (unit < 0) return false;
	p->at += 4;
	if (unit >= 0xd800 && unit <= 0xdbff && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u') {
		const long low = hex4(p->at + 2, p->end);
		if (low >= 0xdc00 && low <= 0xdfff) {
			p->at += 6;
			unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	if (unit >= 0xd800 && unit <= 0xdfff) unit = 0xfffd;
	put_point(out, (unsigned long)unit);
	return true;
}

static bool escape(struct parser *p, struct json_string *out) {
	static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	if (take(p, 'u')) return unicode_escape(p, out);
	const int c = peek(p);
	const char *name = c > 0 ? strchr(names, c) : NULL;
	if (!name) return false;
	put(out, (unsigned char)meanings[name - names]);
	p->at++;
	return true;
}

static bool string(struct parser *p, struct json_string *out) {
	out->len = 0;
	if (!take(p, '"')) return false;
	while (!take(p, '"')) {
		const int c = peek(p);
		if (c < 0x20) return false; /* the end, too */
		p->at++;
		if (c != '\\') put(out, (unsigned long)c);
		else if (!escape(p, out)) return false;
	}
	return true;
}

static bool digits(struct parser *p) {
	const char *from = p->at;
	while (peek(p) >= '0' && peek(p) <= '9') p->at++;
	return p->at > from;
}

static bool number(struct parser *p) {
	take(p, '-');
	if (!take(p, '0') && !digits(p)) return false;
	if (take(p, '.') && !digits(p)) return false;
	if (!take(p, 'e') && !take(p, 'E')) return true;
	if (!take(p, '+')) take(p, '-');
	return digits(p);
}

static bool word(struct parser *p, const char *text) {
	while (*text)
		if (!take(p, *text++)) return false;
	return true;
}

static bool scalar(struct parser *p) {
	switch (peek(p)) {
	case '"': return string(p, p->depth == 1 && p->wanted ? p->value : &p->ignored);
	case 't': return word(p, "true");
	case 'f': return word(p, "false");
	case 'n': return word(p, "null");
	default: return number(p);
	}
}

/* Reads a key and its colon. Only those of the outermost object are looked at. */
static bool key(struct parser *p) {
	skip_space(p);
	if (!string(p, &p->ignored)) return false;
	if (p->depth == 1) p->wanted = p->ignored.len == strlen(p->key) && memcmp(p->ignored.ptr, p->key, p->ignored.len) == 0;
	skip_space(p);
	return take(p, ':');
}

/* Reads a value, or the beginning of one up to the first value within: then more is true. */
static bool value(struct parser *p, bool *more) {
	skip_space(p);
	const char bracket = (char)peek(p);
	*more = false;
	if (p->depth == 1 && p->wanted) p->found = bracket == '"';
	if (bracket != '{' && bracket != '[') return scalar(p);
	p->at++;
	p->open[p->depth++] = bracket;
	skip_space(p);
	if (take(p, bracket == '{' ? '}' : ']')) {
		p->depth--;
		return true;
	}
	*more = true;
	return bracket == '[' || key(p);
}

/* Reads what follows a value: closing brackets, and a comma if there is more. */
static bool after(struct parser *p, bool *more) {
	while (p->depth > 0) {
		const bool object = p->open[p->depth - 1] == '{';
		skip_space(p);
		if (take(p, ',')) {
			*more = true;
			return !object || key(p);
		}
		if (!take(p, object ? '}' : ']')) return false;
		p->depth--;
	}
	return true;
}

static bool object(struct parser *p) {
	bool more;
	skip_space(p);
	if (peek(p) != '{') return false;
	do {
		if (!value(p, &more)) return false;
		if (!more && !after(p, &more)) return false;
	} while (more);
	skip_space(p);
	return p->at == p->end;
}

bool json_find(const char *document, size_t len, const char *name, struct json_string *found) {
	static struct parser p; /* too large for the stack */
	if (len > JSON_MAX || !is_utf8(document, len)) return false;
	p.at = document;
	p.end = document + len;
	p.depth = 0;
	p.key = name;
	p.wanted = p.found = false;
	p.value = found;
	return object(&p) && p.found;
}

size_t json_quote(char *to, const char *ptr, size_t len) {
	static const char names[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
	char *at = to;
	*at++ = '"';
	for (size_t n = 0; n < len; n++) {
		const unsigned char c = (unsigned char)ptr[n];
		const char *name = c ? strchr(names, c) : NULL;
		if (name) {
			*at++ = '\\';
			*at++ = letters[name - names];
		} else if (c < 0x20) {
			memcpy(at, "\\u00", 4);
			at[4] = hex[c >> 4];
			at[5] = hex[c & 15];
			at += 6;
		} else {
			*at++ = (char)c;
		}
	}
	*at++ = '"';
	return (size_t)(at - to);
}
