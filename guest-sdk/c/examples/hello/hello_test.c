#include "hello.c"
#include "wasgi_test.h"

#undef NDEBUG
#include <assert.h>

int main(void) {
	wasgi_test_request request = {0};
	wasgi_test_response response = wasgi_test_call(&request);
	assert(!response.fault && response.code == 200);
	assert(wasgi_is(wasgi_test_header(&response, "Content-Type"), "text/plain; charset=utf-8"));
	assert(wasgi_is(response.body, "hello, world\n"));

	request.query = "you";
	response = wasgi_test_call(&request);
	assert(!response.fault && wasgi_is(response.body, "hello, you\n"));
	return 0;
}
