/* Sends the request's body back, block by block as it comes, or what went wrong. A path of /whole reads it first. */
#define WASGI_IMPLEMENTATION
#include "wasgi.h"

static wasgi_bytes whole(void) {
	wasgi_buffer body = {0};
	const int32_t result = wasgi_read_body(&body, 1000000);
	if (result < 0) {
		wasgi_log("the body did not come whole");
		return wasgi_respond(result == -WASGI_CODE_TOO_LARGE ? "413 Content Too Large" : "400 Bad Request", NULL, wasgi_text(""));
	}
	return wasgi_respond("200 OK", "application/octet-stream", wasgi_content(&body));
}

int32_t stream(void); /* stream.c */

wasgi_bytes wasgi_application(wasgi_bytes env) {
	if (wasgi_is(wasgi_get(env, "PATH_INFO"), "/whole")) return whole();
	wasgi_headers headers = {0};
	const wasgi_bytes length = wasgi_get(env, "CONTENT_LENGTH");
	wasgi_header(&headers, "Content-Type", "application/octet-stream");
	if (length.len > 0) wasgi_header_bytes(&headers, "X-Length", length);
	wasgi_start_response("200 OK", &headers);
	return wasgi_text(stream() < 0 ? "!" : "");
}
