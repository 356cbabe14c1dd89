/* Tests of wasgi.h and wasgi_test.h. The application does what the test at hand says. */
#define WASGI_IMPLEMENTATION
#include "wasgi_test.h"

#undef NDEBUG
#include <assert.h>

static wasgi_bytes (*app)(wasgi_bytes env);

wasgi_bytes wasgi_application(wasgi_bytes env) { return app(env); }

static wasgi_test_response play(wasgi_bytes (*with)(wasgi_bytes), const wasgi_test_request *request) {
	static wasgi_test_request plain;
	app = with;
	return wasgi_test_call(request ? request : &plain);
}

/* ---- the environ ---- */

static wasgi_bytes finds(wasgi_bytes env) {
	assert(wasgi_is(wasgi_get(env, "REQUEST_METHOD"), "GET"));
	assert(wasgi_is(wasgi_get(env, "TWICE"), "first"));
	const wasgi_bytes empty = wasgi_get(env, "EMPTY"), missing = wasgi_get(env, "REQUEST");
	assert(empty.len == 0 && empty.ptr && missing.len == 0 && !missing.ptr);
	assert(wasgi_is(missing, "") && !wasgi_is(wasgi_get(env, "TWICE"), "firs") && !wasgi_is(wasgi_get(env, "TWICE"), "first!"));
	int twice = 0;
	wasgi_pair pair;
	for (wasgi_iterator it = wasgi_each(env); wasgi_next(&it, &pair);) twice += wasgi_is(pair.name, "TWICE");
	assert(twice == 2);
	return wasgi_respond("200 OK", NULL, wasgi_get(env, "TWICE"));
}

static void test_environ(void) {
	static const char *const more[] = {"TWICE", "first", "EMPTY", "", "TWICE", "second", NULL};
	wasgi_test_request request = {0};
	request.variables = more;
	const wasgi_test_response response = play(finds, &request);
	assert(!response.fault && response.code == 200 && wasgi_is(response.body, "first"));
	assert(!wasgi_test_header(&response, "content-type").ptr);
}

/* A list that is cut off anywhere ends, and nothing behind it is read. */
static void test_malformed_lists(void) {
	static const char list[] = "\x02\0\0\0\1\0\0\0\2\0\0\0kvv\1\0\0\0\0\0\0\0K";
	for (size_t len = 0; len < sizeof list; len++) {
		char *copy = (char *)malloc(len + 1);
		memcpy(copy, list, len);
		const wasgi_bytes bytes = {copy, len};
		wasgi_pair pair;
		int count = 0;
		for (wasgi_iterator it = wasgi_each(bytes); wasgi_next(&it, &pair);) count++;
		assert(count == (len >= sizeof list - 1 ? 2 : len >= 15 ? 1 : 0));
		free(copy);
	}
	static const char huge[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffx";
	const wasgi_bytes bytes = {huge, sizeof huge};
	wasgi_pair pair;
	wasgi_iterator it = wasgi_each(bytes);
	assert(!wasgi_next(&it, &pair));
}

/* ---- memory ---- */

static wasgi_bytes allocates(wasgi_bytes env) {
	(void)env;
	char *before = NULL;
	for (size_t size = 0; size < 300000; size = size * 2 + 1) {
		char *memory = (char *)wasgi_alloc(size);
		assert((uintptr_t)memory % WASGI_ALIGNMENT == 0 && memory != before);
		memset(memory, 'x', size);
		before = size > 0 ? memory : NULL;
	}
	wasgi_buffer one = {0}, other = {0};
	for (int n = 0; n < 100000; n++) {
		wasgi_append_number(&one, (uint64_t)n);
		if (n % 1000 == 0) wasgi_append_text(&other, ".");
	}
	assert(one.len == 10 + 90 * 2 + 900 * 3 + 9000 * 4 + 90000 * 5 && other.len == 100);
	assert(memcmp(one.ptr, "0123456789101112", 16) == 0 && memcmp(one.ptr + one.len - 10, "9999899999", 10) == 0);
	for (size_t n = 0; n < other.len; n++) assert(other.ptr[n] == '.');
	wasgi_append_number(&other, UINT64_MAX);
	assert(memcmp(other.ptr + 100, "18446744073709551615", 20) == 0);
	return wasgi_respond("200 OK", "text/plain", wasgi_content(&one));
}

/* What one request has allocated the next one uses again. */
static void test_memory(void) {
	size_t chunks[5] = {0};
	for (int n = 0; n < 5; n++) {
		const wasgi_test_response response = play(allocates, NULL);
		assert(!response.fault && response.body.len == 488890);
		for (wasgi_chunk *chunk = wasgi_first_chunk; chunk; chunk = chunk->next) chunks[n]++;
	}
	assert(chunks[0] > 1 && chunks[4] == chunks[0]);
}

/* ---- responses ---- */

static const char *status_line, *header_name, *header_value;
static int32_t result;

static wasgi_bytes starts(wasgi_bytes env) {
	(void)env;
	wasgi_headers headers = {{0}};
	if (header_name) wasgi_header(&headers, header_name, header_value);
	result = wasgi_start_response(status_line, &headers);
	return wasgi_text("body");
}

static void test_refusals(void) {
	static const struct {
		const char *status, *name, *value;
		int32_t want;
	} cases[] = {
		{"200 OK", NULL, NULL, 0}, {"204 ", NULL, NULL, 0}, {"999 Odd", "X-A", "", 0}, {"200 OK", "x!#$%&'*+-.^_`|~9", "a b\xff", 0},
		{"200", NULL, NULL, -2}, {"200OK", NULL, NULL, -2}, {"199 Low", NULL, NULL, -2}, {"2x0 OK", NULL, NULL, -2}, {"200 O\nK", NULL, NULL, -2},
		{"", NULL, NULL, -2}, {"200 OK", "", "x", -2}, {"200 OK", "a b", "x", -2}, {"200 OK", "a:", "x", -2}, {"200 OK", "a", "x\ny", -2},
		{"200 OK", "a", " x", -2}, {"200 OK", "a", "x ", -2}, {"200 OK", "a", "\x7f", -2}, {"200 OK", "content-length", "4x", -2},
		{"200 OK", "Content-Length", "", -2}, {"200 OK", "CONNECTION", "close", -3}, {"200 OK", "proxy-x", "y", -3}, {"200 OK", "te", "y", -3},
	};
	for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
		status_line = cases[n].status;
		header_name = cases[n].name;
		header_value = cases[n].value;
		const wasgi_test_response response = play(starts, NULL);
		assert(result == cases[n].want && !response.fault == (result == 0));
	}
}

static wasgi_bytes cookies(wasgi_bytes env) {
	(void)env;
	wasgi_headers headers = {{0}};
	wasgi_header(&headers, "Set-Cookie", "a=1");
	wasgi_header(&headers, "Set-Cookie", "b=2");
	assert(wasgi_start_response("200 OK", &headers) == 0);
	assert(wasgi_start_response("404 Not Found", NULL) == -WASGI_CODE_STATE);
	assert(wasgi_restart_response("500 Oh", &headers) == 0);
	return wasgi_text("");
}

static void test_headers(void) {
	const wasgi_test_response response = play(cookies, NULL);
	static const char want[] = "\2\0\0\0\12\0\0\0\3\0\0\0Set-Cookiea=1\12\0\0\0\3\0\0\0Set-Cookieb=2";
	assert(response.code == 500 && !response.fault && response.headers.len == sizeof want - 1);
	assert(memcmp(response.headers.ptr, want, sizeof want - 1) == 0);
	assert(wasgi_is(wasgi_test_header(&response, "SET-COOKIE"), "a=1"));
}

static wasgi_bytes many(wasgi_bytes env) {
	(void)env;
	wasgi_headers headers = {{0}};
	for (int n = 0; n <= WASGI_MAX_HEADERS; n++) wasgi_header(&headers, "X", "y");
	result = wasgi_start_response("200 OK", &headers);
	return wasgi_text("");
}

static wasgi_bytes streams(wasgi_bytes env) {
	(void)env;
	wasgi_headers headers = {{0}};
	wasgi_header(&headers, "Content-Length", "8");
	assert(wasgi_write("early", 5) == -WASGI_CODE_STATE);
	assert(wasgi_start_response("200 OK", &headers) == 0);
	result = wasgi_write("abc", 3);
	if (result < 0) return wasgi_text("");
	assert(wasgi_write("too long", 8) == -WASGI_CODE_LENGTH && wasgi_write("", 0) == 0);
	return wasgi_text("defgh");
}

static wasgi_bytes too_late(wasgi_bytes env) {
	(void)env;
	wasgi_start_response("200 OK", NULL);
	wasgi_write("part", 4);
	wasgi_restart_response("500 Oh", NULL);
	return wasgi_text("");
}

static wasgi_bytes too_short(wasgi_bytes env) {
	(void)env;
	wasgi_headers headers = {{0}};
	wasgi_header(&headers, "Content-Length", "5");
	wasgi_start_response("200 OK", &headers);
	return wasgi_text("four");
}

static void test_bodies(void) {
	wasgi_test_request request = {0};
	play(many, NULL);
	assert(result == -WASGI_CODE_TOO_LARGE);
	wasgi_test_response response = play(streams, NULL);
	assert(!response.fault && wasgi_is(response.body, "abcdefgh") && response.writes == 2);
	request.gone = true;
	response = play(streams, &request);
	assert(result == -WASGI_CODE_CLOSED && response.fault);
	assert(play(too_late, NULL).fault && play(too_short, NULL).fault);
	request.gone = false;
	request.method = "HEAD";
	response = play(too_short, &request); /* neither sent nor counted */
	assert(!response.fault && response.body.len == 0);
}

/* ---- the request's body ---- */

static size_t most;
static wasgi_buffer body;

static wasgi_bytes reads(wasgi_bytes env) {
	(void)env;
	body.ptr = NULL;
	body.len = body.cap = 0;
	result = wasgi_read_body(&body, most);
	return wasgi_respond("200 OK", "text/plain", wasgi_content(&body));
}

static void test_input(void) {
	static char sent[20000];
	for (size_t n = 0; n < sizeof sent; n++) sent[n] = (char)(n * 7 + n / 256);
	wasgi_test_request request = {0};
	request.method = "POST";
	for (size_t len = 0; len <= sizeof sent; len += len < 10 ? 1 : 3331) {
		for (size_t piece = 0; piece <= 5000; piece += 2500) {
			request.body.ptr = sent;
			request.body.len = len;
			request.piece = piece;
			most = len;
			wasgi_test_response response = play(reads, &request);
			assert(result == 0 && response.body.len == len && memcmp(response.body.ptr, sent, len) == 0);
			most = len - 1;
			if (len > 0) play(reads, &request);
			assert(len == 0 || result == -WASGI_CODE_TOO_LARGE);
		}
	}
	most = sizeof sent;
	request.broken = -WASGI_CODE_TRUNCATED;
	play(reads, &request);
	assert(result == -WASGI_CODE_TRUNCATED);
	request.broken = -99;
	play(reads, &request);
	assert(result == -99);
}

/* ---- the log ---- */

static wasgi_bytes logs(wasgi_bytes env) {
	static char text[WASGI_MAX_ERRORS_WRITE * 2 + 10];
	(void)env;
	memset(text, 'x', sizeof text);
	assert(wasgi_errors_write(text, sizeof text) == 0 && wasgi_log("end") == 0);
	return wasgi_text("never started");
}

static void test_log(void) {
	const wasgi_test_response response = play(logs, NULL);
	assert(strlen(response.errors) == WASGI_MAX_ERRORS_WRITE * 2 + 13 && response.fault && response.code == 0);
}

int main(void) {
	test_environ();
	test_malformed_lists();
	test_memory();
	test_refusals();
	test_headers();
	test_bodies();
	test_input();
	test_log();
	return 0;
}
