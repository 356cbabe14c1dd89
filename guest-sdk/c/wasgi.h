/*
wasgi.h: web apps for wasgi in C99 and C++11, in one header and without a library.

    #define WASGI_IMPLEMENTATION
    #include "wasgi.h"

    wasgi_bytes wasgi_application(wasgi_bytes env) {
        (void)env;
        return wasgi_respond("200 OK", "text/plain", wasgi_text("hello, world\n"));
    }

Exactly one file of a program defines WASGI_IMPLEMENTATION before it includes this; the others just include it. With a C library
(wasi-libc) and without one:

    clang --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor -O2 -Wl,--stack-first -o app.wasm app.c
    clang --target=wasm32-unknown-unknown -ffreestanding -nostdlib -mbulk-memory -O2 -Wl,--no-entry,--stack-first -o app.wasm app.c

The contract is abi/SPEC.md; what is said there is not repeated here. Compiled for another machine than WebAssembly the same app
runs in a unit test: see wasgi_test.h.

Results. What calls the host returns 0 or more, or the negative of a WASGI_CODE_*. A refused call has changed nothing. Take every
negative result for a refusal: compare with 0.

Ownership. A wasgi_bytes points to where its bytes lie, and owns nothing; buffers and lists of headers copy what is added to them. What
is yours for the length of one request, until the next one begins:

  - the environ and all that points into it,
  - all that wasgi_alloc gives, and so each buffer and each list of headers.

There is no free: all of it ends with the request. The body that the application returns must last as long; a string literal, static
memory, a buffer and the environ all do, an array on the stack does not. Memory that the host asks allocate for is never yours.

No memory. wasgi_alloc never returns NULL: when there is no memory, or a length is impossible, it logs that and traps, and the client
gets a 500. The same holds for all that allocates.

Restoring. By default each request begins with the app as it was before the first one: what a request leaves in variables is
gone after it. Memory that grows in a request costs the instance, so there must be room before. The header makes WASGI_ROOM bytes of it
for wasgi_alloc; for malloc, do the same in a warm-up of your own:

    #define WASGI_WARM_UP make_room
    …
    void make_room(void) {
        void *volatile room = malloc(256 * 1024); // volatile, or both calls are optimised away
        free(room);
    }

What is drawn from random in there, or in a constructor, is the same in each request.

Threads: none. The host gives an instance one request at a time.
*/
#ifndef WASGI_H
#define WASGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The names of the contract, and its limits, as package abi has them: WASGI_MAX_STATUS is MaxStatus. */

#define WASGI_VERSION 1
#define WASGI_MODULE "wasgi_v1"

#define WASGI_EXPORT_MEMORY "memory"
#define WASGI_EXPORT_ALLOCATE "allocate"
#define WASGI_EXPORT_APPLICATION "application"
#define WASGI_EXPORT_INITIALIZE "_initialize"
#define WASGI_EXPORT_WARM_UP "warm_up"

#define WASGI_IMPORT_START_RESPONSE "start_response"
#define WASGI_IMPORT_WRITE "write"
#define WASGI_IMPORT_INPUT_READ "input_read"
#define WASGI_IMPORT_ERRORS_WRITE "errors_write"

/* Precedes the name of a granted environment variable in the environ of an app that has no WASI: "wasgi.env.GREETING". With
   wasi-libc there is getenv("GREETING"). */
#define WASGI_ENVIRON_PREFIX "wasgi.env."

#define WASGI_ENVIRON_BUFFER 16384
#define WASGI_ALIGNMENT 8
#define WASGI_MAX_STATUS 512
#define WASGI_MAX_HEADER_BYTES 262144
#define WASGI_MAX_HEADERS 1000
#define WASGI_MAX_ERRORS_WRITE 65536

/* What a call of the host returns, negated, when it refuses. */
enum {
	WASGI_CODE_FAULT = 1,     /* a pointer and length do not lie within memory */
	WASGI_CODE_INVALID = 2,   /* a status or a header is malformed */
	WASGI_CODE_FORBIDDEN = 3, /* a header belongs to the connection */
	WASGI_CODE_STATE = 4,     /* the call is not allowed now */
	WASGI_CODE_TOO_LARGE = 5, /* an argument, or the request's body, is over a limit */
	WASGI_CODE_TRUNCATED = 6, /* the client ended the request's body before it was complete */
	WASGI_CODE_CLOSED = 7,    /* the client is gone: return */
	WASGI_CODE_LENGTH = 8     /* more body than the Content-Length that was declared */
};

/* Bytes that lie at a place for which somebody else answers. They may hold zeros, and no zero follows them. */
typedef struct wasgi_bytes {
	const char *ptr;
	size_t len;
} wasgi_bytes;

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the app: yours to write ---- */

/* Answers one request: calls wasgi_start_response, and returns the body, or what is left of it after wasgi_write. No bytes are no body. */
wasgi_bytes wasgi_application(wasgi_bytes env);

/* Runs once before the first request, if its name is defined. There is no request then, and with isolation "fresh" it does not run at
   all: a request must be able to do without. */
#ifdef WASGI_WARM_UP
void WASGI_WARM_UP(void);
#endif

/* ---- bytes ---- */

/* The bytes of a terminated string, without its end. NULL is no bytes. */
static inline wasgi_bytes wasgi_text(const char *text) {
	wasgi_bytes bytes = {text, 0};
	while (text && text[bytes.len]) bytes.len++;
	return bytes;
}

/* Whether the bytes are those of a terminated string. */
static inline bool wasgi_is(wasgi_bytes bytes, const char *text) {
	size_t n = 0;
	while (n < bytes.len && text[n] && text[n] == bytes.ptr[n]) n++;
	return n == bytes.len && !text[n];
}

/* ---- the environ ---- */

typedef struct wasgi_pair {
	wasgi_bytes name, value;
} wasgi_pair;

typedef struct wasgi_iterator {
	const char *at, *end;
	uint32_t left;
} wasgi_iterator;

/* Visits the pairs of an environ, in the order of the host, repeats included:

       wasgi_pair pair;
       for (wasgi_iterator it = wasgi_each(env); wasgi_next(&it, &pair);) … */
wasgi_iterator wasgi_each(wasgi_bytes list);
bool wasgi_next(wasgi_iterator *it, wasgi_pair *pair);

/* The value of a variable, of a repeated one the first. If it is missing, ptr is NULL and len 0; an empty value has a ptr. */
wasgi_bytes wasgi_get(wasgi_bytes env, const char *name);

/* ---- memory of the request ---- */

/* Room for what wasgi_alloc gives in one request before memory has to grow, in bytes: one page, but for what keeps account of it. */
#ifndef WASGI_ROOM
#define WASGI_ROOM 65520
#endif

/* Memory for the length of the request, at an address divisible by 8. Never NULL; its content is undefined. */
void *wasgi_alloc(size_t size);

/* Bytes that grow. One that is all zeros is empty and ready. */
typedef struct wasgi_buffer {
	char *ptr;
	size_t len, cap;
} wasgi_buffer;

void wasgi_append(wasgi_buffer *buffer, const void *ptr, size_t len);
void wasgi_append_text(wasgi_buffer *buffer, const char *text);
void wasgi_append_bytes(wasgi_buffer *buffer, wasgi_bytes bytes);
void wasgi_append_number(wasgi_buffer *buffer, uint64_t number); /* in decimal digits */

/* What the buffer holds. It stays where it is until something is appended. */
static inline wasgi_bytes wasgi_content(const wasgi_buffer *buffer) {
	wasgi_bytes bytes = {buffer->ptr, buffer->len};
	return bytes;
}

/* ---- the request's body ---- */

/* Reads some of the body, at most len bytes, and returns how many; 0 is the end. -WASGI_CODE_TRUNCATED: the client broke off.
   -WASGI_CODE_TOO_LARGE: the body is over the app's max_body. Both come again at each later call. */
int32_t wasgi_input_read(void *ptr, size_t len);

/* Appends the body to a buffer, and returns 0 when there is no more of it; else what wasgi_input_read refused with. A body of more
   than max bytes is -WASGI_CODE_TOO_LARGE too, of which one byte more than max may have been read. */
int32_t wasgi_read_body(wasgi_buffer *buffer, size_t max);

/* ---- the response ---- */

/* The headers of a response, in their order, repeats included. One that is all zeros is empty and ready. */
typedef struct wasgi_headers {
	wasgi_buffer list;
} wasgi_headers;

void wasgi_header(wasgi_headers *headers, const char *name, const char *value);
void wasgi_header_bytes(wasgi_headers *headers, const char *name, wasgi_bytes value);

/* Sets status, "200 OK", and headers; NULL is none. The host keeps them until the first byte of the body goes out.
   -WASGI_CODE_INVALID: one of them is malformed. -WASGI_CODE_FORBIDDEN: a header belongs to the connection. -WASGI_CODE_STATE: it has been
   called before. -WASGI_CODE_TOO_LARGE: they are over the limits. An app that ignores a refusal gets a 500 from the host. */
int32_t wasgi_start_response(const char *status, const wasgi_headers *headers);

/* The same for an error that has come up since (PEP 3333's exc_info): replaces what was set before. If the headers are out already it does
   not return: the host ends the call and cuts the connection, so that the client sees a failure and not half an answer. */
int32_t wasgi_restart_response(const char *status, const wasgi_headers *headers);

/* Sends a block of the body now, all of it, and returns 0 when the connection has taken it. len 0 sends the headers.
   -WASGI_CODE_CLOSED: the client is gone, return. -WASGI_CODE_LENGTH: more than Content-Length. -WASGI_CODE_STATE: before
   wasgi_start_response. */
int32_t wasgi_write(const void *ptr, size_t len);

/* Starts a response with one header and returns its body, for the application to return. A type of NULL is no header. */
wasgi_bytes wasgi_respond(const char *status, const char *content_type, wasgi_bytes body);

/* ---- the log ---- */

/* Appends to the app's log, under the name of the app and of the request, one record a line. Allowed at any time. */
int32_t wasgi_errors_write(const void *ptr, size_t len);
int32_t wasgi_log(const char *text);

/* ---- the host's functions, as they are imported; the functions above are all that an app needs ---- */

#ifdef __wasm__
#define WASGI_IMPORT(name) __attribute__((import_module(WASGI_MODULE), import_name(name)))
#define WASGI_EXPORT(name) __attribute__((export_name(name)))
#else
#define WASGI_IMPORT(name)
#define WASGI_EXPORT(name)
#endif

WASGI_IMPORT(WASGI_IMPORT_START_RESPONSE)
int32_t wasgi_import_start_response(const void *status, size_t status_len, const void *headers, size_t headers_len, int32_t exc_info);
WASGI_IMPORT(WASGI_IMPORT_WRITE) int32_t wasgi_import_write(const void *ptr, size_t len);
WASGI_IMPORT(WASGI_IMPORT_INPUT_READ) int32_t wasgi_import_input_read(void *ptr, size_t len);
WASGI_IMPORT(WASGI_IMPORT_ERRORS_WRITE) int32_t wasgi_import_errors_write(const void *ptr, size_t len);

/* Runs the application as the host does: memory of the request before is free again. For tests. */
wasgi_bytes wasgi_play(wasgi_bytes env);

#ifdef __cplusplus
}
#endif
#endif /* WASGI_H */

#if defined(WASGI_IMPLEMENTATION) && !defined(WASGI_IMPLEMENTED)
#define WASGI_IMPLEMENTED

#if __STDC_HOSTED__ /* there is a C library */
#include <stdlib.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- lists: u32 count, then count times u32 name_len, u32 value_len, name, value, little-endian and unaligned ---- */

static uint32_t wasgi_load32(const char *at) {
	const unsigned char *byte = (const unsigned char *)at;
	return byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
}

static void wasgi_store32(char *at, size_t number) {
	for (int n = 0; n < 4; n++) at[n] = (char)(number >> 8 * n);
}

wasgi_iterator wasgi_each(wasgi_bytes list) {
	wasgi_iterator it = {list.ptr, list.ptr, 0};
	if (list.len < 4) return it;
	it.at = list.ptr + 4;
	it.end = list.ptr + list.len;
	it.left = wasgi_load32(list.ptr);
	return it;
}

bool wasgi_next(wasgi_iterator *it, wasgi_pair *pair) {
	if (it->left == 0 || it->end - it->at < 8) return false;
	const uint64_t name = wasgi_load32(it->at), value = wasgi_load32(it->at + 4);
	it->at += 8;
	if (name + value > (uint64_t)(it->end - it->at)) return false;
	pair->name.ptr = it->at;
	pair->name.len = (size_t)name;
	pair->value.ptr = it->at + name;
	pair->value.len = (size_t)value;
	it->at += name + value;
	it->left--;
	return true;
}

wasgi_bytes wasgi_get(wasgi_bytes env, const char *name) {
	wasgi_pair pair;
	for (wasgi_iterator it = wasgi_each(env); wasgi_next(&it, &pair);)
		if (wasgi_is(pair.name, name)) return pair.value;
	return wasgi_text(NULL);
}

/* ---- memory ---- */

static void wasgi_die(const char *why) {
	wasgi_log(why);
	__builtin_trap();
}

/* wasgi_grow gives memory that nobody else has, and that is never given back: at least size bytes, NULL if there is none. With a C
   library it must come from malloc, which takes all that there is of memory for its own when it is called first. */
static void *wasgi_grow(size_t size) {
#if __STDC_HOSTED__
	return malloc(size);
#else
	const size_t at = __builtin_wasm_memory_grow(0, size / 65536 + (size % 65536 != 0));
	return at == (size_t)-1 ? NULL : (void *)(at * 65536);
#endif
}

/* What requests are given lies in chunks, each at least twice as large as the one before. They are kept for the next request. */
typedef struct wasgi_chunk {
	struct wasgi_chunk *next;
	size_t size; /* of what follows, divisible by 8 */
} wasgi_chunk;

enum { WASGI_CHUNK_HEAD = 16 };

static wasgi_chunk *wasgi_first_chunk, *wasgi_current_chunk;
static size_t wasgi_used; /* of the current chunk */

static void wasgi_free_all(void) {
	wasgi_current_chunk = wasgi_first_chunk;
	wasgi_used = 0;
}

static wasgi_chunk *wasgi_new_chunk(size_t size, size_t last) {
	const size_t page = 65536, most = (size_t)-1 / 4 & ~(page - 1);
	if (size > most) return NULL;
	const size_t least = (size + WASGI_CHUNK_HEAD + page - 1) & ~(page - 1);
	size_t whole = (WASGI_ROOM + WASGI_CHUNK_HEAD + page - 1) & ~(page - 1);
	if (last > 0 && last < most / 2) whole = (last + WASGI_CHUNK_HEAD) * 2;
	if (whole < least) whole = least;
	wasgi_chunk *chunk = (wasgi_chunk *)wasgi_grow(whole);
	if (!chunk && whole > least) chunk = (wasgi_chunk *)wasgi_grow(whole = least);
	if (!chunk) return NULL;
	chunk->next = NULL;
	chunk->size = whole - WASGI_CHUNK_HEAD;
	return chunk;
}

/* wasgi_advance makes the current chunk one that is empty and has room for size bytes. */
static bool wasgi_advance(size_t size) {
	wasgi_chunk **link = wasgi_current_chunk ? &wasgi_current_chunk->next : &wasgi_first_chunk;
	size_t last = wasgi_current_chunk ? wasgi_current_chunk->size : 0;
	while (*link && (*link)->size < size) {
		last = (*link)->size;
		link = &(*link)->next;
	}
	if (!*link) *link = wasgi_new_chunk(size, last);
	if (!*link) return false;
	wasgi_current_chunk = *link;
	wasgi_used = 0;
	return true;
}

void *wasgi_alloc(size_t size) {
	const size_t rounded = (size + 7) & ~(size_t)7;
	if (rounded < size) wasgi_die("wasgi_alloc: impossible size");
	if (!wasgi_current_chunk || rounded > wasgi_current_chunk->size - wasgi_used)
		if (!wasgi_advance(rounded)) wasgi_die("wasgi_alloc: out of memory: raise the app's memory, or do with less");
	char *memory = (char *)wasgi_current_chunk + WASGI_CHUNK_HEAD + wasgi_used;
	wasgi_used += rounded;
	return memory;
}

/* wasgi_widen makes room for more bytes behind what a buffer holds: in place, if nothing was allocated since. */
static void wasgi_widen(wasgi_buffer *buffer, size_t more) {
	if (more <= buffer->cap - buffer->len) return;
	const size_t least = buffer->len + more;
	if (least < more || least > (size_t)-1 / 2) wasgi_die("wasgi_append: impossible length");
	size_t cap = buffer->cap < 128 ? 256 : buffer->cap * 2;
	if (cap < least) cap = (least + 7) & ~(size_t)7;
	char *const next = (char *)wasgi_alloc(0);
	const size_t room = wasgi_current_chunk->size - wasgi_used;
	if (buffer->ptr && buffer->ptr + buffer->cap == next && least - buffer->cap <= room) {
		if (cap - buffer->cap > room) cap = buffer->cap + room;
		wasgi_used += cap - buffer->cap;
	} else {
		char *moved = (char *)wasgi_alloc(cap);
		if (buffer->len > 0) __builtin_memcpy(moved, buffer->ptr, buffer->len);
		buffer->ptr = moved;
	}
	buffer->cap = cap;
}

void wasgi_append(wasgi_buffer *buffer, const void *ptr, size_t len) {
	if (len == 0) return;
	wasgi_widen(buffer, len);
	__builtin_memcpy(buffer->ptr + buffer->len, ptr, len);
	buffer->len += len;
}

void wasgi_append_bytes(wasgi_buffer *buffer, wasgi_bytes bytes) { wasgi_append(buffer, bytes.ptr, bytes.len); }

void wasgi_append_text(wasgi_buffer *buffer, const char *text) { wasgi_append_bytes(buffer, wasgi_text(text)); }

void wasgi_append_number(wasgi_buffer *buffer, uint64_t number) {
	char digits[20];
	size_t at = sizeof digits;
	do digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	wasgi_append(buffer, digits + at, sizeof digits - at);
}

/* ---- request and response ---- */

int32_t wasgi_input_read(void *ptr, size_t len) { return wasgi_import_input_read(ptr, len); }

int32_t wasgi_read_body(wasgi_buffer *buffer, size_t max) {
	for (size_t left = max;;) {
		char one; /* beyond max, only whether there is something */
		size_t piece = left < 4096 ? left : 4096;
		if (piece > 0) wasgi_widen(buffer, piece);
		const int32_t n = piece > 0 ? wasgi_input_read(buffer->ptr + buffer->len, piece) : wasgi_input_read(&one, 1);
		if (n <= 0) return n;
		if (piece == 0) return -WASGI_CODE_TOO_LARGE;
		buffer->len += (size_t)n;
		left -= (size_t)n;
	}
}

void wasgi_header_bytes(wasgi_headers *headers, const char *name, wasgi_bytes value) {
	wasgi_buffer *list = &headers->list;
	const wasgi_bytes key = wasgi_text(name);
	char head[8] = {0};
	if (list->len == 0) wasgi_append(list, head, 4);
	wasgi_store32(list->ptr, wasgi_load32(list->ptr) + 1);
	wasgi_store32(head, key.len);
	wasgi_store32(head + 4, value.len);
	wasgi_append(list, head, 8);
	wasgi_append_bytes(list, key);
	wasgi_append_bytes(list, value);
}

void wasgi_header(wasgi_headers *headers, const char *name, const char *value) {
	wasgi_header_bytes(headers, name, wasgi_text(value));
}

static int32_t wasgi_respond_with(const char *status, const wasgi_headers *headers, int32_t exc_info) {
	const wasgi_bytes line = wasgi_text(status);
	if (!headers || headers->list.len == 0) return wasgi_import_start_response(line.ptr, line.len, "\0\0\0", 4, exc_info);
	return wasgi_import_start_response(line.ptr, line.len, headers->list.ptr, headers->list.len, exc_info);
}

int32_t wasgi_start_response(const char *status, const wasgi_headers *headers) { return wasgi_respond_with(status, headers, 0); }

int32_t wasgi_restart_response(const char *status, const wasgi_headers *headers) { return wasgi_respond_with(status, headers, 1); }

int32_t wasgi_write(const void *ptr, size_t len) { return wasgi_import_write(ptr, len); }

wasgi_bytes wasgi_respond(const char *status, const char *content_type, wasgi_bytes body) {
	wasgi_headers headers = {{NULL, 0, 0}};
	if (content_type) wasgi_header(&headers, "Content-Type", content_type);
	wasgi_start_response(status, &headers);
	return body;
}

int32_t wasgi_errors_write(const void *ptr, size_t len) {
	const char *at = (const char *)ptr;
	while (len > WASGI_MAX_ERRORS_WRITE) { /* the host drops what is more */
		const int32_t result = wasgi_import_errors_write(at, WASGI_MAX_ERRORS_WRITE);
		if (result < 0) return result;
		at += WASGI_MAX_ERRORS_WRITE;
		len -= WASGI_MAX_ERRORS_WRITE;
	}
	return wasgi_import_errors_write(at, len);
}

int32_t wasgi_log(const char *text) { return wasgi_errors_write(text, wasgi_text(text).len); }

/* ---- what the host calls ---- */

wasgi_bytes wasgi_play(wasgi_bytes env) {
	wasgi_free_all();
	return wasgi_application(env);
}

#ifdef __wasm__

/* The environ's buffer. One that is larger than the first replaces it, with room for larger ones still: the host uses the last only. */
static uint64_t wasgi_environ_buffer[WASGI_ENVIRON_BUFFER / 8];
static void *wasgi_environ_at = wasgi_environ_buffer;
static size_t wasgi_environ_cap = sizeof wasgi_environ_buffer;

WASGI_EXPORT(WASGI_EXPORT_ALLOCATE) void *wasgi_export_allocate(size_t len) {
	if (len <= wasgi_environ_cap) return wasgi_environ_at;
	size_t cap = len < wasgi_environ_cap * 2 ? wasgi_environ_cap * 2 : len;
	void *larger = wasgi_grow(cap);
	if (!larger) larger = wasgi_grow(cap = len);
	if (!larger) return NULL;
	wasgi_environ_cap = cap;
	return wasgi_environ_at = larger;
}

WASGI_EXPORT(WASGI_EXPORT_APPLICATION) uint64_t wasgi_export_application(const char *environ_ptr, size_t environ_len) {
	const wasgi_bytes env = {environ_ptr, environ_len};
	const wasgi_bytes body = wasgi_play(env);
	return body.len == 0 ? 0 : (uint64_t)(uintptr_t)body.ptr << 32 | body.len;
}

/* Room comes first: the app's own warm-up may fill it, and what it allocates ends when the first request begins. */
WASGI_EXPORT(WASGI_EXPORT_WARM_UP) void wasgi_export_warm_up(void) {
	wasgi_alloc(WASGI_ROOM);
	wasgi_free_all();
#ifdef WASGI_WARM_UP
	WASGI_WARM_UP();
#endif
}

/* Without a C library nobody else runs the constructors of C++. */
#if !__STDC_HOSTED__
void __wasm_call_ctors(void);
WASGI_EXPORT(WASGI_EXPORT_INITIALIZE) void wasgi_export_initialize(void) { __wasm_call_ctors(); }
#endif

#endif /* __wasm__ */

#ifdef __cplusplus
}
#endif
#endif /* WASGI_IMPLEMENTATION */
