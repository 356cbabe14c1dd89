/* Says hello to whoever the query names: /hello?you. It needs no C library. */
#define WASGI_IMPLEMENTATION
#include "wasgi.h"

wasgi_bytes wasgi_application(wasgi_bytes env) {
	wasgi_buffer page = {0};
	wasgi_append_text(&page, "hello, ");
	wasgi_bytes name = wasgi_get(env, "QUERY_STRING");
	wasgi_append_bytes(&page, name.len > 0 ? name : wasgi_text("world"));
	wasgi_append_text(&page, "\n");
	return wasgi_respond("200 OK", "text/plain; charset=utf-8", wasgi_content(&page));
}
