#include "app.c"
#include "json.c"
#include "notes.c"
#include "wasgi_test.h"

#undef NDEBUG
#include <assert.h>

static wasgi_test_response ask(const char *method, const char *path, const char *text) {
	static const char *const variables[] = {"SCRIPT_NAME", "/notes", "CONTENT_TYPE", "application/json; charset=utf-8", NULL};
	wasgi_test_request request = {0};
	request.method = method;
	request.path = path;
	request.variables = variables;
	request.body = wasgi_text(text);
	request.piece = 3;
	return wasgi_test_call(&request);
}

static void expect(const char *method, const char *path, const char *text, int code, const char *want) {
	const wasgi_test_response response = ask(method, path, text);
	assert(!response.fault && response.code == code);
	if (!wasgi_is(response.body, want)) {
		fprintf(stderr, "%s %s %s: %s, want %s\n", method, path, text, response.body.ptr, want);
		abort();
	}
}

static void test_store(void) {
	expect("GET", NULL, "", 200, "{\"notes\":[]}");
	expect("POST", "/", "{\"text\":\" one \"}", 201, "{\"id\":1,\"text\":\"one\"}");
	const wasgi_test_response response = ask("POST", "/", "{\"text\":\"two\"}");
	assert(response.code == 201 && wasgi_is(wasgi_test_header(&response, "Location"), "/notes/2"));
	expect("GET", "/", "", 200, "{\"notes\":[{\"id\":1,\"text\":\"one\"},{\"id\":2,\"text\":\"two\"}]}");
	expect("DELETE", "/1", "", 204, "");
	expect("DELETE", "/1", "", 404, "{\"error\":\"not found\"}");
	expect("GET", "/2", "", 200, "{\"id\":2,\"text\":\"two\"}");
	for (int n = 3; n < 100; n++) ask("POST", "/", "{\"text\":\"more\"}");
	expect("GET", "/99", "", 200, "{\"id\":99,\"text\":\"more\"}");
	expect("GET", "/100", "", 404, "{\"error\":\"not found\"}");
	expect("GET", "/099", "", 404, "{\"error\":\"not found\"}");
	expect("PUT", "/99", "", 405, "{\"error\":\"method not allowed\"}");
}

static void test_json(void) {
	static const struct {
		const char *document, *want; /* NULL: refused */
	} cases[] = {
		{"{\"text\":\"a\"}", "a"}, {" {\n\"text\"\t:\r\"\" } ", ""}, {"{\"text\":1,\"t\\u0065xt\":\"b\"}", "b"},
		{"{\"text\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80"},
		{"{\"text\":\"\\ud800\\ud83d\\ude00\\udc00\"}", "\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd"}, {"{\"x\":[{\"text\":1},[]],\"text\":\"c\"}", "c"},
		{"{\"text\":\"a\",\"text\":{}}", NULL}, {"[\"text\"]", NULL}, {"{\"text\":\"a\"", NULL}, {"{\"text\":\"a\",}", NULL},
		{"{\"x\":01,\"text\":\"a\"}", NULL},
		{"{\"text\":\"\xff\"}", NULL}, {"{\"text\":\"\\u12\"}", NULL}, {"", NULL}, {"{\"x\":{\"text\":\"a\"}}", NULL}, {"{\"x\":[}],\"text\":\"a\"}", NULL},
	};
	static struct json_string value;
	for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
		/* A copy of the very length, so that what reads behind its end is found. */
		const size_t len = strlen(cases[n].document);
		char *copy = malloc(len + 1);
		memcpy(copy, cases[n].document, len);
		const bool found = json_find(copy, len, "text", &value);
		assert(found == (cases[n].want != NULL));
		assert(!found || (value.len == strlen(cases[n].want) && memcmp(value.ptr, cases[n].want, value.len) == 0));
		free(copy);
	}
	char deep[JSON_MAX];
	memset(deep, '[', sizeof deep);
	memcpy(deep, "{\"text\":", 8);
	assert(!json_find(deep, sizeof deep, "text", &value));
	char quoted[64];
	const size_t len = json_quote(quoted, "\"\\/\b\f\n\r\t\0\x1f\x7f", 11);
	assert(len == 30 && memcmp(quoted, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"", len) == 0);
}

int main(void) {
	test_store();
	test_json();
	return 0;
}
