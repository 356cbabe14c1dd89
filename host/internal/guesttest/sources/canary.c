// The guest canary.wat in C: its marks are 8 bytes of 0xa7 at an address that is divisible by 8. It leaves them in its globals, on its
// stack, in memory that it has allocated, and in all that has been freed since.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMPORT(name) __attribute__((import_module("wasgi_v1"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(start_response) int32_t start_response(const char *, size_t, const char *, size_t, int32_t);
IMPORT(write) int32_t write_block(const void *, size_t);
IMPORT(input_read) int32_t input_read(void *, size_t);

static volatile uint64_t zeroes[1000], numbers[1000] = {1, 2, 3};
static volatile double fraction = 0.5;
static char answer[1];
static const char none[4];

EXPORT(allocate) void *allocate(size_t size) { return aligned_alloc(8, (size + 7) & ~(size_t)7); }

// Without room in the heap each request would grow the memory, and none would be served by an instance that was restored.
__attribute__((constructor)) static void make_room(void) {
	void *volatile room = malloc(1 << 18); // not to be optimised away
	free(room);
}

// opposite has all bits that a mark has not: the mark itself must not come to lie in memory while it is looked for.
static const uint64_t opposite = 0x5858585858585858;

static int scan(uintptr_t environ_list, size_t length) {
	int found = (errno != 0) + (rand() != 0 && getenv("CANARY") != NULL) + (fraction != 0.5);
	uintptr_t end = (uintptr_t)__builtin_wasm_memory_size(0) << 16;
	for (uintptr_t at = 8; at < end; at += 8)
		found += at - environ_list >= length && (*(volatile uint64_t *)at ^ opposite) == UINT64_MAX;
	return found;
}

static void fill(volatile void *memory, size_t size) { memset((void *)memory, 0xa7, size); }

static uint64_t deep(int n) {
	volatile uint64_t frame[32];
	for (int i = 0; i < 32; i++) frame[i] = ~opposite;
	return n == 0 ? frame[7] : deep(n - 1) ^ frame[n % 32];
}

static void leave_marks(void) {
	fill(zeroes, sizeof zeroes);
	fill(numbers, sizeof numbers);
	fill(&fraction, sizeof fraction);
	void *volatile blocks[40]; // not to be optimised away
	for (int i = 0; i < 40; i++) {
		blocks[i] = malloc(16 + 97 * i);
		if (blocks[i]) fill(blocks[i], 16 + 97 * i);
	}
	for (int i = 0; i < 40; i += 2) free(blocks[i]);
	blocks[1] = realloc(blocks[1], 9000);
	deep(100);
	srand(7);
	char text[64];
	fill(text, sizeof text - 1);
	text[63] = 0;
	setenv("CANARY", text, 1);
	printf("%s", text);
	close(1);
	close(12345);
}

static void misbehave(char how) {
	switch (how) {
	case 'g': {
		size_t size = 1 << 20;
		void *volatile block = malloc(size);
		if (block) fill(block, size);
		break;
	}
	case 't': __builtin_trap();
	case 's': for (;;) fraction += 1;
	case 'e': exit(0);
	case 'r': deep(1 << 30); break;
	case 'w': while (write_block((void *)numbers, sizeof numbers) == 0) {}
	}
}

EXPORT(application) uint64_t application(const char *environ_list, size_t length) {
	int found = scan((uintptr_t)environ_list, length);
	start_response("200 OK", 6, none, 4, 0);
	char how = 0;
	input_read(&how, 1);
	char *body = malloc(0x4000);
	while (body && input_read(body, 0x4000) > 0) {}
	if (how != 'q') leave_marks();
	misbehave(how);
	answer[0] = '0' + (found > 9 ? 9 : found);
	return (uint64_t)(uintptr_t)answer << 32 | 1;
}
