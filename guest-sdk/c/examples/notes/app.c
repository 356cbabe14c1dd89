/* The notes API as an app of wasgi. Its manifest says isolation = "instance": the store lives in memory. */
#define WASGI_IMPLEMENTATION
#define WASGI_WARM_UP make_room
#include "wasgi.h"

#include "notes.h"

#include <stdlib.h>

/* What malloc gives in a request comes from room that is there before it. */
void make_room(void) {
	void *volatile room = malloc(256 * 1024); /* not to be optimised away */
	free(room);
}

static struct bytes variable(wasgi_bytes env, const char *name) {
	const wasgi_bytes value = wasgi_get(env, name);
	const struct bytes bytes = {value.ptr, value.len};
	return bytes;
}

static long read_input(void *to, size_t len) { return wasgi_input_read(to, len); }

wasgi_bytes wasgi_application(wasgi_bytes env) {
	static struct notes_response response;
	const struct notes_request request = {
		.method = variable(env, "REQUEST_METHOD"),
		.path = variable(env, "PATH_INFO"),
		.mount = variable(env, "SCRIPT_NAME"),
		.content_type = variable(env, "CONTENT_TYPE"),
		.read = read_input,
	};
	notes_answer(&request, &response);

	wasgi_headers headers = {0};
	const wasgi_bytes location = {response.location.ptr, response.location.len}, body = {response.body.ptr, response.body.len};
	if (body.len > 0) wasgi_header(&headers, "Content-Type", "application/json");
	if (location.len > 0) wasgi_header_bytes(&headers, "Location", location);
	if (response.allow) wasgi_header(&headers, "Allow", response.allow);
	wasgi_start_response(response.status, &headers);
	return body;
}
