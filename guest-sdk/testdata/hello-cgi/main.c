/* The shortest CGI program. */
#include <stdio.h>

int main(void) {
	fputs("Content-Type: text/plain; charset=utf-8\r\n\r\nhello world\n", stdout);
	return 0;
}
