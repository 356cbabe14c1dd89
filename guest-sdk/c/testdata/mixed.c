/* Takes as many KiB as the query says from malloc, and as many from wasgi_alloc, in turns, and answers by how many of the blocks have kept
   what was written into them. */
#define WASGI_IMPLEMENTATION
#include "wasgi.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1024, MOST = 2000 };

static char *blocks[MOST];

static char *block_of(int n) {
	char *const block = (char *)(n % 2 ? malloc(BLOCK) : wasgi_alloc(BLOCK));
	if (block) memset(block, n % 251 + 1, BLOCK);
	return block;
}

static int is_whole(int n) {
	for (int at = 0; at < BLOCK; at++)
		if ((unsigned char)blocks[n][at] != n % 251 + 1) return 0;
	return 1;
}

wasgi_bytes wasgi_application(wasgi_bytes env) {
	const wasgi_bytes query = wasgi_get(env, "QUERY_STRING");
	int count = 0;
	uint64_t whole = 0;
	for (size_t n = 0; n < query.len; n++) count = count * 10 + (query.ptr[n] - '0');
	for (int n = 0; n < 2 * count && n < MOST; n++)
		if (!(blocks[n] = block_of(n))) return wasgi_respond("500 No Memory", NULL, wasgi_text(""));
	for (int n = 0; n < 2 * count && n < MOST; n++) whole += (uint64_t)is_whole(n);
	wasgi_buffer answer = {0};
	wasgi_append_number(&answer, whole);
	return wasgi_respond("200 OK", "text/plain", wasgi_content(&answer));
}
