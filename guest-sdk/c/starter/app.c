#define WASGI_IMPLEMENTATION
#include "wasgi.h"

wasgi_bytes wasgi_application(wasgi_bytes env) {
	const wasgi_bytes path = wasgi_get(env, "PATH_INFO");
	if (path.len > 0 && !wasgi_is(path, "/")) return wasgi_respond("404 Not Found", "text/plain", wasgi_text("not found\n"));
	return wasgi_respond("200 OK", "text/plain", wasgi_text("hello, world\n"));
}
