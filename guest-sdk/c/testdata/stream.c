/* A part of echo.c, in a file that uses the SDK and does not hold it. */
#include "wasgi.h"

int32_t stream(void);

int32_t stream(void) {
	char block[4096];
	int32_t n;
	while ((n = wasgi_input_read(block, sizeof block)) > 0) {
		const int32_t result = wasgi_write(block, (size_t)n);
		if (result < 0) return result;
	}
	return n;
}
