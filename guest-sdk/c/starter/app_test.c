#include "app.c"
#include "wasgi_test.h"

#include <assert.h>

int main(void) {
	wasgi_test_request request = {0};
	wasgi_test_response response = wasgi_test_call(&request);
	assert(!response.fault && response.code == 200 && wasgi_is(response.body, "hello, world\n"));

	request.path = "/elsewhere";
	response = wasgi_test_call(&request);
	assert(!response.fault && response.code == 404);
	return 0;
}
