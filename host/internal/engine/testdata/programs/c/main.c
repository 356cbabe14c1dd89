/* A program that calls through pointers, sorts, recurses, loops long and formats numbers. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef double (*unary)(double);
static unary const functions[] = {sin, cos, tan, exp, log, sqrt, cbrt, atan, floor, fabs};

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static int descending(const void *a, const void *b) { return ascending(b, a); }

static uint32_t seed = 1;
static uint32_t next(void) { return (seed = seed * 1664525u + 1013904223u) >> 8; }

static void sorting(void) {
  enum { N = 30000 };
  static uint32_t values[N];
  for (int i = 0; i < N; i++) values[i] = next();
  qsort(values, N, sizeof *values, ascending);
  uint64_t hash = 14695981039346656037u;
  for (int i = 0; i < N; i++) hash = (hash ^ values[i]) * 1099511628211u;
  printf("%llu", (unsigned long long)hash);
  qsort(values, N, sizeof *values, descending);
  printf(" %u %u\n", values[0], values[N - 1]);
  uint32_t *found = bsearch(&values[77], values, N, sizeof *values, descending);
  printf("%d\n", found && *found == values[77]);
}

static void numbers(void) {
  const double values[] = {0.1, 1e300, -0.0, DBL_MIN, 12345.678, 1.0 / 3, 2e-308, 7};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    printf("%.17g %e %a %10.3f|", values[i], values[i], values[i], values[i]);
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) printf(" %.12g", functions[f](values[i]));
    printf(" %.9g\n", (double)(float)values[i]);
  }
  printf("%.15g %lld %llx\n", strtod("0x1.8p3", NULL), strtoll("-9223372036854775808", NULL, 10), strtoull("ffffffffffffffff", NULL, 16));
  errno = 0;
  printf("%g %d\n", strtod("1e999", NULL), errno == ERANGE);
}

static int ackermann(int m, int n) {
  return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static int queens(int n, unsigned columns, unsigned left, unsigned right) {
  unsigned all = (1u << n) - 1, free = all & ~(columns | left | right);
  int count = columns == all;
  while (free) {
    unsigned bit = free & -free;
    free ^= bit;
    count += queens(n, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return count;
}

static void loops(void) {
  enum { N = 100000 };
  static unsigned char sieve[N];
  int primes = 0;
  for (int i = 2; i < N; i++) {
    if (sieve[i]) continue;
    primes++;
    for (int j = 2 * i; j < N; j += i) sieve[j] = 1;
  }
  enum { M = 60 };
  static double a[M][M], b[M][M], c[M][M];
  for (int i = 0; i < M; i++)
    for (int j = 0; j < M; j++) a[i][j] = i + j / 7.0, b[i][j] = i - j;
  for (int i = 0; i < M; i++)
    for (int j = 0; j < M; j++)
      for (int k = 0; k < M; k++) c[i][j] += a[i][k] * b[k][j];
  uint32_t state = 0;
  for (uint32_t i = 0; i < 5000000; i++) {
    switch ((state ^ i) % 7) {
    case 0: state += i; break;
    case 1: state ^= state << 3;
    case 2: state -= 5; break;
    case 4: if (state & 1) continue;
    case 5: state = state * 3 + 1; break;
    default: state ^= i >> 2;
    }
  }
  printf("%d %.10g %u\n", primes, c[M - 1][M / 2], state);
}

static void strings(void) {
  char *text = malloc(1 << 21);
  for (int i = 0; i < 1 << 21; i++) text[i] = "the quick brown fox "[i % 20];
  text[(1 << 21) - 1] = 0;
  memmove(text + 5, text, (1 << 21) - 6);
  memset(text + 1000, 'x', 1 << 20);
  printf("%zu %d %s\n", strlen(text), strcmp(text, text + 20), strstr(text, "fox t") ? "found" : "missing");
  char copy[64], *word = NULL, *save;
  snprintf(copy, sizeof copy, "%-10s|%+d|%#o|%5.2f%%", "left", 42, 8, 99.5);
  for (char *rest = copy; (word = strtok_r(rest, "|", &save)); rest = NULL) printf("[%s]", word);
  printf("\n");
  for (int i = 0; i < 2000; i++) {
    text = realloc(text, 100 + next() % 100000);
    if (!text) abort();
    text[0] = i;
  }
  free(text);
}

int main(int argc, char **argv) {
  printf("%d %s\n", argc, argv[argc - 1]);
  numbers();
  sorting();
  printf("%d %d\n", ackermann(2, 300), queens(9, 0, 0, 0));
  loops();
  strings();
  fprintf(stderr, "to stderr\n");
  printf("done\n");
  return 5;
}
