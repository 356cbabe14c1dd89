#include "notes.h"
#include "json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BODY = JSON_MAX, MAX_CHARACTERS = 200 };

struct note {
	unsigned long id;
	char *text;
	size_t len;
};

/* The store: by id, ascending. */
static struct {
	struct note *notes;
	size_t count, cap;
	unsigned long last;
} store;

/* Without memory there is no answer: the call ends here, and the client gets a 500. */
static void *grown(void *ptr, size_t size) {
	void *larger = realloc(ptr, size);
	if (!larger) abort();
	return larger;
}

static void reserve(struct text *t, size_t more) {
	if (more <= t->cap - t->len) return;
	t->cap = (t->len + more) * 2;
	t->ptr = grown(t->ptr, t->cap);
}

static void append(struct text *t, const char *ptr, size_t len) {
	reserve(t, len);
	if (len > 0) memcpy(t->ptr + t->len, ptr, len);
	t->len += len;
}

static void append_string(struct text *t, const char *string) { append(t, string, strlen(string)); }

static void append_id(struct text *t, unsigned long id) {
	char digits[24];
	size_t at = sizeof digits;
	do digits[--at] = (char)('0' + id % 10);
	while (id /= 10);
	append(t, digits + at, sizeof digits - at);
}

static void append_note(struct text *t, const struct note *n) {
	append_string(t, "{\"id\":");
	append_id(t, n->id);
	append_string(t, ",\"text\":");
	reserve(t, 6 * n->len + 2);
	t->len += json_quote(t->ptr + t->len, n->text, n->len);
	append_string(t, "}");
}

static bool is(struct bytes b, const char *string) { return b.len == strlen(string) && memcmp(b.ptr, string, b.len) == 0; }

static void refuse(struct notes_response *r, const char *status, const char *error) {
	r->status = status;
	append_string(&r->body, "{\"error\":\"");
	append_string(&r->body, error);
	append_string(&r->body, "\"}");
}

static void not_found(struct notes_response *r) { refuse(r, "404 Not Found", "not found"); }

static void not_allowed(struct notes_response *r, const char *allow) {
	r->allow = allow;
	refuse(r, "405 Method Not Allowed", "method not allowed");
}

static void list(struct notes_response *r) {
	append_string(&r->body, "{\"notes\":[");
	for (size_t n = 0; n < store.count; n++) {
		if (n > 0) append_string(&r->body, ",");
		append_note(&r->body, &store.notes[n]);
	}
	append_string(&r->body, "]}");
}

/* Whether the type, without its parameters, is application/json. */
static bool is_json(struct bytes type) {
	static const char json[] = "application/json";
	const char *semicolon = type.len > 0 ? memchr(type.ptr, ';', type.len) : NULL;
	if (semicolon) type.len = (size_t)(semicolon - type.ptr);
	for (; type.len > 0 && (*type.ptr == ' ' || *type.ptr == '\t'); type.len--) type.ptr++;
	while (type.len > 0 && (type.ptr[type.len - 1] == ' ' || type.ptr[type.len - 1] == '\t')) type.len--;
	if (type.len != sizeof json - 1) return false;
	for (size_t n = 0; n < type.len; n++) {
		const char c = type.ptr[n];
		if ((c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c) != json[n]) return false;
	}
	return true;
}

/* Reads the whole body into room of MAX_BODY + 1 bytes; -1 if it does not come whole. */
static long read_body(const struct notes_request *q, char *room) {
	long len = 0, n;
	while (len <= MAX_BODY && (n = q->read(room + len, (size_t)(MAX_BODY + 1 - len))) != 0) {
		if (n < 0) return -1;
		len += n;
	}
	return len;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }

static struct bytes trimmed(const struct json_string *s) {
	struct bytes b = {s->ptr, s->len};
	for (; b.len > 0 && is_space(*b.ptr); b.len--) b.ptr++;
	while (b.len > 0 && is_space(b.ptr[b.len - 1])) b.len--;
	return b;
}

static size_t characters(struct bytes b) {
	size_t count = 0;
	for (size_t n = 0; n < b.len; n++) count += ((unsigned char)b.ptr[n] & 0xc0) != 0x80;
	return count;
}

static const struct note *keep(struct bytes text) {
	if (store.count == store.cap) {
		store.cap = store.cap * 2 + 8;
		store.notes = grown(store.notes, store.cap * sizeof *store.notes);
	}
	struct note *n = &store.notes[store.count++];
	n->id = ++store.last;
	n->text = grown(NULL, text.len);
	n->len = text.len;
	memcpy(n->text, text.ptr, text.len);
	return n;
}

static void create(const struct notes_request *q, struct notes_response *r) {
	static char body[MAX_BODY + 1];
	static struct json_string string;
	if (!is_json(q->content_type)) {
		refuse(r, "415 Unsupported Media Type", "content type must be application/json");
		return;
	}
	const long len = read_body(q, body);
	if (len > MAX_BODY) {
		refuse(r, "413 Content Too Large", "body must have at most 4096 bytes");
		return;
	}
	if (len < 0 || !json_find(body, (size_t)len, "text", &string)) {
		refuse(r, "400 Bad Request", "body must be a JSON object with a string text");
		return;
	}
	const struct bytes text = trimmed(&string);
	const size_t count = characters(text);
	if (count < 1 || count > MAX_CHARACTERS) {
		refuse(r, "422 Unprocessable Content", "text must have 1 to 200 characters");
		return;
	}
	const struct note *n = keep(text);
	r->status = "201 Created";
	append(&r->location, q->mount.ptr, q->mount.len);
	append_string(&r->location, "/");
	append_id(&r->location, n->id);
	append_note(&r->body, n);
}

static int by_id(const void *a, const void *b) {
	const unsigned long x = *(const unsigned long *)a, y = ((const struct note *)b)->id;
	return (x > y) - (x < y);
}

static struct note *find(unsigned long id) {
	return store.count > 0 ? bsearch(&id, store.notes, store.count, sizeof *store.notes, by_id) : NULL;
}

static void erase(struct note *n, struct notes_response *r) {
	free(n->text);
	const size_t behind = (size_t)(store.notes + store.count - (n + 1));
	memmove(n, n + 1, behind * sizeof *n);
	store.count--;
	r->status = "204 No Content";
}

/* The id that a path names, "/" and 1 to 9 digits without a leading zero; 0 if it names none. */
static unsigned long id_of(struct bytes path) {
	unsigned long id = 0;
	if (path.len < 2 || path.len > 10 || path.ptr[0] != '/' || path.ptr[1] == '0') return 0;
	for (size_t n = 1; n < path.len; n++) {
		if (path.ptr[n] < '0' || path.ptr[n] > '9') return 0;
		id = id * 10 + (unsigned long)(path.ptr[n] - '0');
	}
	return id;
}

static void answer_note(unsigned long id, bool reads, const struct notes_request *q, struct notes_response *r) {
	const bool deletes = is(q->method, "DELETE");
	struct note *n = find(id);
	if (!reads && !deletes) not_allowed(r, "GET, DELETE");
	else if (!n) not_found(r);
	else if (deletes) erase(n, r);
	else append_note(&r->body, n);
}

void notes_answer(const struct notes_request *q, struct notes_response *r) {
	const bool reads = is(q->method, "GET") || is(q->method, "HEAD");
	const unsigned long id = id_of(q->path);
	r->status = "200 OK";
	r->allow = NULL;
	r->location.len = r->body.len = 0;
	if (id > 0) answer_note(id, reads, q, r);
	else if (q->path.len > 0 && !is(q->path, "/")) not_found(r);
	else if (reads) list(r);
	else if (is(q->method, "POST")) create(q, r);
	else not_allowed(r, "GET, POST");
}
