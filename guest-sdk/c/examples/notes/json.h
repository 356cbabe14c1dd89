/* The JSON of the notes: one object that is read, and strings that are written. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

/* The longest document that is read, in bytes. */
enum { JSON_MAX = 4096 };

/* A string of JSON without its escapes: UTF-8 of any code points but surrogates, zeros among them. */
struct json_string {
	char ptr[JSON_MAX];
	size_t len;
};

/* Finds the string under a key of an object; of a repeated key the last counts. False: it is no JSON, no object, no UTF-8, longer than
   JSON_MAX, or has no string there. */
bool json_find(const char *document, size_t len, const char *key, struct json_string *value);

/* Writes a string with its quotes, and returns how many bytes that are, 6 * len + 2 at most. */
size_t json_quote(char *to, const char *ptr, size_t len);

#endif
