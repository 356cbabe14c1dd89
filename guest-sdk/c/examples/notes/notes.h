/* The notes: what is asked, what is answered, and the store between. How requests come in and answers go out is the caller's, so that an
   app of wasgi and a CGI program share this. */
#ifndef NOTES_H
#define NOTES_H

#include <stddef.h>

struct bytes {
	const char *ptr;
	size_t len;
};

/* Bytes that grow, allocated by malloc. */
struct text {
	char *ptr;
	size_t len, cap;
};

struct notes_request {
	struct bytes method, path, mount, content_type; /* what is missing is empty */
	/* Reads some of the body: how many bytes, 0 at its end, negative if it does not come. */
	long (*read)(void *to, size_t len);
};

/* An answer. Its texts are used again: start with zeros, and pass the same one each time. */
struct notes_response {
	const char *status;
	const char *allow;    /* NULL is no such header */
	struct text location; /* empty is no such header */
	struct text body;     /* JSON; empty only for 204, which has no type either */
};

void notes_answer(const struct notes_request *request, struct notes_response *response);

#endif
