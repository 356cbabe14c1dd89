/*
wasgi_test.h: plays requests to an app in an ordinary program, compiled for the machine at hand, without WebAssembly and without a server.

    #include "app.c"
    #include "wasgi_test.h"
    #include <assert.h>

    int main(void) {
        wasgi_test_request request = {0};
        request.path = "/";
        wasgi_test_response response = wasgi_test_call(&request);
        assert(response.fault == NULL && response.code == 200);
    }

    cc -std=c99 -o app_test app_test.c && ./app_test

Exactly one file includes it. It stands in for the host's functions and keeps the host's rules: it refuses the same headers, holds
Content-Length to its word, and says why the host would have answered 500. What a host does beyond that is not played: it puts the app
back after each request, and ends a call that takes too long. `wasgi check app.wasm` is the test of the whole contract.
*/
#ifndef WASGI_TEST_H
#define WASGI_TEST_H

#include "wasgi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a client sends, and how it behaves. One that is all zeros is GET without a path and a body. */
typedef struct wasgi_test_request {
	const char *method;           /* NULL is GET */
	const char *path;             /* PATH_INFO, decoded; NULL leaves it out */
	const char *query;            /* NULL leaves it out */
	const char *const *variables; /* more of them: name, value, name, value …, NULL */
	wasgi_bytes body;             /* CONTENT_LENGTH says how long it is */
	size_t piece;                 /* if not 0, how many bytes a read gives at most */
	int32_t broken;               /* if not 0, what reads return after the body: -WASGI_CODE_TRUNCATED, for example */
	bool gone;                    /* writes are refused with -WASGI_CODE_CLOSED */
} wasgi_test_request;

/* What the client and the log see. All of it is valid until the next call. */
typedef struct wasgi_test_response {
	const char *status; /* "200 OK"; "" if there was none */
	int code;           /* the number in it */
	wasgi_bytes headers; /* the app's, to be visited with wasgi_each */
	wasgi_bytes body;   /* blocks that were written, and the returned body; a zero follows it */
	const char *errors; /* what the app has logged */
	int writes;         /* how many blocks were taken */
	const char *fault;  /* why the host would have answered 500 or cut the connection; NULL is a complete response */
} wasgi_test_response;

static wasgi_test_response wasgi_test_call(const wasgi_test_request *request);

/* The first header of that name, compared without case; ptr is NULL if there is none. */
static inline wasgi_bytes wasgi_test_header(const wasgi_test_response *response, const char *name);

/* ---- what follows stands in for the host ---- */

/* Bytes that grow, with a zero behind them. */
typedef struct wasgi_test_text {
	char *ptr;
	size_t len;
} wasgi_test_text;

static struct wasgi_test_host {
	const wasgi_test_request *request;
	size_t read;
	wasgi_test_text environ_list, status, headers, body, errors;
	bool started, sent, headless;
	int64_t declared; /* Content-Length; -1 is none */
	int writes;
	const char *fault;
} wasgi_test_host;

static void wasgi_test_append(wasgi_test_text *text, const void *ptr, size_t len) {
	text->ptr = (char *)realloc(text->ptr, text->len + len + 1);
	if (!text->ptr) abort();
	if (len > 0) memcpy(text->ptr + text->len, ptr, len);
	text->len += len;
	text->ptr[text->len] = 0;
}

static void wasgi_test_set(wasgi_test_text *text, const void *ptr, size_t len) {
	text->len = 0;
	wasgi_test_append(text, ptr, len);
}

static void wasgi_test_length(wasgi_test_text *text, size_t number) {
	const unsigned char bytes[4] = {(unsigned char)number, (unsigned char)(number >> 8), (unsigned char)(number >> 16),
		(unsigned char)(number >> 24)};
	wasgi_test_append(text, bytes, 4);
}

static void wasgi_test_variable(const char *name, const char *value) {
	wasgi_test_text *list = &wasgi_test_host.environ_list;
	if (!value) return;
	wasgi_test_length(list, strlen(name));
	wasgi_test_length(list, strlen(value));
	wasgi_test_append(list, name, strlen(name));
	wasgi_test_append(list, value, strlen(value));
	list->ptr[0]++; /* of the count's four bytes the lowest: fewer than 128 variables */
}

static bool wasgi_test_alike(wasgi_bytes bytes, const char *text) {
	if (bytes.len != strlen(text)) return false;
	for (size_t n = 0; n < bytes.len; n++) {
		const int a = (unsigned char)bytes.ptr[n], b = (unsigned char)text[n];
		if ((a >= 'A' && a <= 'Z' ? a + 32 : a) != (b >= 'A' && b <= 'Z' ? b + 32 : b)) return false;
	}
	return true;
}

static bool wasgi_test_digit(char c) { return c >= '0' && c <= '9'; }

static bool wasgi_test_controls(const char *ptr, size_t len) {
	for (size_t n = 0; n < len; n++)
		if ((unsigned char)ptr[n] < 0x20 || ptr[n] == 0x7f) return true;
	return false;
}

static bool wasgi_test_token(wasgi_bytes name) {
	for (size_t n = 0; n < name.len; n++) {
		const char c = name.ptr[n];
		const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || wasgi_test_digit(c);
		if (!letter && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c))) return false;
	}
	return name.len > 0;
}

static bool wasgi_test_hop(wasgi_bytes name) {
	static const char *const hops[] = {"Connection", "Keep-Alive", "TE", "Trailer", "Trailers", "Transfer-Encoding", "Upgrade"};
	for (size_t n = 0; n < sizeof hops / sizeof *hops; n++)
		if (wasgi_test_alike(name, hops[n])) return true;
	const wasgi_bytes prefix = {name.ptr, name.len < 6 ? name.len : 6};
	return wasgi_test_alike(prefix, "Proxy-");
}

/* Checks one header, and takes note of Content-Length. */
static int32_t wasgi_test_check(wasgi_pair header, int64_t *declared) {
	const wasgi_bytes value = header.value;
	if (!wasgi_test_token(header.name) || wasgi_test_controls(value.ptr, value.len)) return -WASGI_CODE_INVALID;
	if (value.len > 0 && (value.ptr[0] == ' ' || value.ptr[value.len - 1] == ' ')) return -WASGI_CODE_INVALID;
	if (wasgi_test_hop(header.name)) return -WASGI_CODE_FORBIDDEN;
	if (!wasgi_test_alike(header.name, "Content-Length")) return 0;
	if (*declared >= 0 || value.len == 0 || value.len > 18) return -WASGI_CODE_INVALID;
	*declared = 0;
	for (size_t n = 0; n < value.len; n++) {
		if (!wasgi_test_digit(value.ptr[n])) return -WASGI_CODE_INVALID;
		*declared = *declared * 10 + (value.ptr[n] - '0');
	}
	return 0;
}

static int32_t wasgi_test_check_all(wasgi_bytes list, int64_t *declared) {
	wasgi_iterator it = wasgi_each(list);
	wasgi_pair header;
	const uint32_t count = it.left;
	uint32_t seen = 0;
	int32_t first = 0;
	*declared = -1;
	while (wasgi_next(&it, &header)) {
		const int32_t result = wasgi_test_check(header, declared);
		if (first == 0) first = result;
		seen++;
	}
	if (list.len < 4 || seen != count || it.at != it.end) return -WASGI_CODE_INVALID;
	return count > WASGI_MAX_HEADERS ? -WASGI_CODE_TOO_LARGE : first;
}

static int32_t wasgi_test_status(const char *status, size_t len) {
	if (len < 4 || status[0] < '2' || status[0] > '9' || !wasgi_test_digit(status[1]) || !wasgi_test_digit(status[2])) return -WASGI_CODE_INVALID;
	return status[3] != ' ' || wasgi_test_controls(status, len) ? -WASGI_CODE_INVALID : 0;
}

/* How the application ends where it stands is not played: what it sends after that reaches nobody. */
static void wasgi_test_fail(const char *why) {
	if (!wasgi_test_host.fault) wasgi_test_host.fault = why;
}

#ifdef __cplusplus
extern "C" {
#endif

int32_t wasgi_import_start_response(const void *status, size_t status_len, const void *headers, size_t headers_len, int32_t exc_info) {
	struct wasgi_test_host *host = &wasgi_test_host;
	const wasgi_bytes list = {(const char *)headers, headers_len};
	int64_t declared;
	if (status_len > WASGI_MAX_STATUS || headers_len > WASGI_MAX_HEADER_BYTES) return -WASGI_CODE_TOO_LARGE;
	const int32_t listed = wasgi_test_check_all(list, &declared);
	if (host->started && host->sent && exc_info) wasgi_test_fail("start_response with exc_info after the headers were sent");
	if (host->started && (host->sent || !exc_info)) return -WASGI_CODE_STATE;
	const int32_t line = wasgi_test_status((const char *)status, status_len);
	if (line < 0 || listed < 0) return line < 0 ? line : listed;
	host->started = true;
	host->declared = declared;
	wasgi_test_set(&host->status, status, status_len);
	wasgi_test_set(&host->headers, headers, headers_len);
	host->headless = host->headless || memcmp(status, "204", 3) == 0 || memcmp(status, "304", 3) == 0;
	return 0;
}

int32_t wasgi_import_write(const void *ptr, size_t len) {
	struct wasgi_test_host *host = &wasgi_test_host;
	if (!host->started) return -WASGI_CODE_STATE;
	if (!host->headless && host->declared >= 0 && host->body.len + len > (uint64_t)host->declared) return -WASGI_CODE_LENGTH;
	if (host->request->gone) return -WASGI_CODE_CLOSED;
	host->sent = true;
	host->writes++;
	if (!host->headless) wasgi_test_append(&host->body, ptr, len);
	return 0;
}

int32_t wasgi_import_input_read(void *ptr, size_t len) {
	const wasgi_test_request *request = wasgi_test_host.request;
	size_t n = request->body.len - wasgi_test_host.read;
	if (len == 0) return 0;
	if (n == 0) return request->broken;
	if (n > len) n = len;
	if (request->piece > 0 && n > request->piece) n = request->piece;
	memcpy(ptr, request->body.ptr + wasgi_test_host.read, n);
	wasgi_test_host.read += n;
	return (int32_t)n;
}

int32_t wasgi_import_errors_write(const void *ptr, size_t len) {
	wasgi_test_append(&wasgi_test_host.errors, ptr, len < WASGI_MAX_ERRORS_WRITE ? len : WASGI_MAX_ERRORS_WRITE);
	return 0;
}

#ifdef __cplusplus
}
#endif

static void wasgi_test_begin(const wasgi_test_request *request) {
	struct wasgi_test_host *host = &wasgi_test_host;
	const char *method = request->method ? request->method : "GET";
	char length[24];
	host->request = request;
	host->read = 0;
	host->started = host->sent = false;
	host->headless = strcmp(method, "HEAD") == 0;
	host->declared = -1;
	host->writes = 0;
	host->fault = NULL;
	wasgi_test_text *const texts[] = {&host->environ_list, &host->status, &host->headers, &host->body, &host->errors};
	for (size_t n = 0; n < sizeof texts / sizeof *texts; n++) wasgi_test_set(texts[n], NULL, 0);
	wasgi_test_length(&host->environ_list, 0);
	wasgi_test_length(&host->headers, 0);
	for (const char *const *more = request->variables; more && more[0]; more += 2) wasgi_test_variable(more[0], more[1]);
	wasgi_test_variable("REQUEST_METHOD", method);
	wasgi_test_variable("PATH_INFO", request->path);
	wasgi_test_variable("QUERY_STRING", request->query);
	snprintf(length, sizeof length, "%zu", request->body.len);
	wasgi_test_variable("CONTENT_LENGTH", request->body.len > 0 ? length : NULL);
	wasgi_test_variable("SERVER_NAME", "localhost");
	wasgi_test_variable("SERVER_PORT", "80");
	wasgi_test_variable("SERVER_PROTOCOL", "HTTP/1.1");
}

static void wasgi_test_end(wasgi_bytes returned) {
	struct wasgi_test_host *host = &wasgi_test_host;
	if (!host->started) {
		wasgi_test_fail("the application has not called start_response, or it was refused");
		return;
	}
	if (host->headless) return;
	wasgi_test_append(&host->body, returned.ptr, returned.len);
	if (host->declared >= 0 && host->body.len != (uint64_t)host->declared) wasgi_test_fail("the body is not as long as Content-Length");
}

static wasgi_test_response wasgi_test_call(const wasgi_test_request *request) {
	struct wasgi_test_host *host = &wasgi_test_host;
	wasgi_test_begin(request);
	/* A copy of its own, of the very length, is what an address sanitizer can watch. */
	char *list = (char *)malloc(host->environ_list.len);
	if (!list) abort();
	memcpy(list, host->environ_list.ptr, host->environ_list.len);
	const wasgi_bytes env = {list, host->environ_list.len};
	wasgi_test_end(wasgi_play(env));
	free(list);
	const wasgi_bytes headers = {host->headers.ptr, host->headers.len}, body = {host->body.ptr, host->body.len};
	const wasgi_test_response response = {host->status.ptr, atoi(host->status.ptr), headers, body, host->errors.ptr, host->writes, host->fault};
	return response;
}

static inline wasgi_bytes wasgi_test_header(const wasgi_test_response *response, const char *name) {
	wasgi_pair header;
	for (wasgi_iterator it = wasgi_each(response->headers); wasgi_next(&it, &header);)
		if (wasgi_test_alike(header.name, name)) return header.value;
	return wasgi_text(NULL);
}

#endif
