// What a C library makes of the host: check returns 0, or the line of the first thing that is not as it should be.
#define _WASI_EMULATED_PROCESS_CLOCKS

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#define CHECK(condition) do { if (!(condition)) return __LINE__; } while (0)

static int initialized;

__attribute__((constructor)) static void construct(void) { initialized = 1; }

static long long nanoseconds(clockid_t clock) {
	struct timespec now;
	return clock_gettime(clock, &now) ? -1 : now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int checkTime(void) {
	struct timespec resolution, nap = {0, 1500000}, late;
	long long before = nanoseconds(CLOCK_MONOTONIC), wall = nanoseconds(CLOCK_REALTIME);
	CHECK(before > 0 && wall > 1700000000000000000ll && wall / 1000000000 <= time(NULL));
	CHECK(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_nsec == 1000000);
	CHECK(nanosleep(&nap, NULL) == 0 && nanoseconds(CLOCK_MONOTONIC) >= before + 1500000);
	CHECK(usleep(1) == 0);
	CHECK(clock_gettime(CLOCK_REALTIME, &late) == 0);
	late.tv_sec -= 1;
	CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &late, NULL) == 0);
	CHECK(clock() != (clock_t)-1);
	return 0;
}

static int checkStreams(void) {
	struct stat status;
	struct pollfd wanted[] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}, {.fd = 9, .events = POLLIN}};
	char byte;
	CHECK(isatty(1) && isatty(2));
	CHECK(fstat(1, &status) == 0 && S_ISCHR(status.st_mode));
	CHECK(poll(wanted, 3, -1) == 3 && wanted[0].revents == POLLIN && wanted[1].revents == POLLOUT && wanted[2].revents == POLLNVAL);
	CHECK(poll(wanted, 0, 2) == 0 || errno == ENOTSUP);
	CHECK(read(0, &byte, 1) == 0 && getchar() == EOF);
	CHECK(lseek(1, 0, SEEK_CUR) == -1 && errno == ESPIPE);
	CHECK(fcntl(1, F_SETFL, O_NONBLOCK) == 0);
	CHECK(printf("%s of %d\n", "one line", 2) == 14); // not flushed: the stream does that by itself
	CHECK(fprintf(stderr, "and %d%%\n", 100) == 9);
	return 0;
}

static int checkFiles(void) {
	errno = 0;
	CHECK(fopen("/etc/passwd", "r") == NULL && errno != 0);
	CHECK(open("../../etc/passwd", O_RDONLY) == -1 && open("", O_RDONLY) == -1 && mkdir("x", 0700) == -1);
	CHECK(close(7) == -1 && errno == EBADF);
	CHECK(write(7, "x", 1) == -1 && errno == EBADF);
	return 0;
}

static int checkOutside(void) {
	unsigned char random[300] = {0}, none[16] = {0};
	__wasi_size_t count, size;
	char *arguments[1], text[64];
	CHECK(getenv("GREETING") && strcmp(getenv("GREETING"), "hi=there") == 0);
	CHECK(getenv("PATH") == NULL && getenv("HOME") == NULL);
	CHECK(__wasi_args_sizes_get(&count, &size) == 0 && count == 1 && size <= sizeof text);
	CHECK(__wasi_args_get((uint8_t **)arguments, (uint8_t *)text) == 0 && strcmp(arguments[0], "reactor") == 0);
	CHECK(getentropy(random, 256) == 0 && memcmp(random, none, 16) && !memcmp(random + 256, none, 16));
	CHECK(sched_yield() == 0);
	return 0;
}

__attribute__((export_name("check"))) int check(void) {
	int line;
	CHECK(initialized == 1);
	if ((line = checkTime()) || (line = checkStreams()) || (line = checkFiles()) || (line = checkOutside()))
		return line;
	return 0;
}

__attribute__((export_name("leave"))) int leave(void) { exit(0); }
