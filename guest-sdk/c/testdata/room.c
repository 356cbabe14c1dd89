/* Allocates as many KiB as the query says, and answers by how many pages memory has grown for it in this request. */
#define WASGI_IMPLEMENTATION
#include "wasgi.h"

wasgi_bytes wasgi_application(wasgi_bytes env) {
	const wasgi_bytes query = wasgi_get(env, "QUERY_STRING");
	size_t kilobytes = 0;
	for (size_t n = 0; n < query.len; n++) kilobytes = kilobytes * 10 + (size_t)(query.ptr[n] - '0');
	const size_t before = __builtin_wasm_memory_size(0);
	for (size_t n = 0; n < kilobytes; n++) {
		volatile char *memory = (volatile char *)wasgi_alloc(1024);
		memory[0] = memory[1023] = 'x';
	}
	const size_t grown = __builtin_wasm_memory_size(0) - before;
	wasgi_buffer answer = {0};
	wasgi_append_number(&answer, grown);
	return wasgi_respond("200 OK", "text/plain", wasgi_content(&answer));
}
