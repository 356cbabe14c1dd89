#include "hello.cpp"
#include "wasgi_test.h"

#undef NDEBUG
#include <assert.h>

int main() {
	wasgi_test_request request{};
	request.path = "/<a&b>";
	const wasgi_test_response response = wasgi_test_call(&request);
	assert(!response.fault && response.code == 200);
	assert(strstr(response.body.ptr, "<tr><th>PATH_INFO<td>/&lt;a&amp;b&gt;\n"));
	assert(strstr(response.body.ptr, "<tr><th>REQUEST_METHOD<td>GET\n"));
	return 0;
}
