/* A plain program that speaks CGI: it does what ../program/main.go does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void stream(int copy) {
	static char buffer[65536];
	long total = 0;
	ssize_t n;
	while ((n = read(0, buffer, sizeof buffer)) > 0) {
		total += n;
		if (copy && fwrite(buffer, 1, n, stdout) != (size_t)n)
			exit(1);
	}
	if (n < 0) {
		perror("read");
		exit(1);
	}
	if (!copy)
		printf("%ld\n", total);
}

int main(int argc, char **argv) {
	const char *path = getenv("PATH_INFO");
	if (!strcmp(path, "/fail"))
		return 3;
	printf("Content-Type: text/plain\n\n");
	if (!strcmp(path, "/env")) {
		for (int i = 0; i < argc; i++)
			printf("arg: %s\n", argv[i]);
		for (char **entry = environ; *entry; entry++)
			puts(*entry);
	} else if (!strcmp(path, "/echo")) {
		stream(1);
	} else if (!strcmp(path, "/count")) {
		stream(0);
	} else {
		puts("hello");
	}
	return 0;
}
