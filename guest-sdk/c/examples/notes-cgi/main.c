/* The notes API as a plain CGI program: variables and standard input in, headers and a body out. It is started anew for each request, so
   that it keeps nothing. */
#include "../notes/json.c"
#include "../notes/notes.c"

#include <stdio.h>

static struct bytes text(const char *string) {
	const struct bytes bytes = {string, string ? strlen(string) : 0};
	return bytes;
}

static struct bytes content(const struct text *t) {
	const struct bytes bytes = {t->ptr, t->len};
	return bytes;
}

static struct bytes variable(const char *name) { return text(getenv(name)); }

static void print(struct bytes b) { fwrite(b.ptr, 1, b.len, stdout); }

static void print_header(const char *name, struct bytes value) {
	print(text(name));
	print(value);
	print(text("\r\n"));
}

static long read_stdin(void *to, size_t len) {
	const size_t n = fread(to, 1, len, stdin);
	return n == 0 && ferror(stdin) ? -1 : (long)n;
}

int main(void) {
	struct notes_response response = {0};
	const struct notes_request request = {
		.method = variable("REQUEST_METHOD"),
		.path = variable("PATH_INFO"),
		.mount = variable("SCRIPT_NAME"),
		.content_type = variable("CONTENT_TYPE"),
		.read = read_stdin,
	};
	notes_answer(&request, &response);

	print_header("Status: ", text(response.status));
	if (response.body.len > 0) print_header("Content-Type: ", text("application/json"));
	if (response.location.len > 0) print_header("Location: ", content(&response.location));
	if (response.allow) print_header("Allow: ", text(response.allow));
	print_header("", text(""));
	print(content(&response.body));
	return 0;
}
