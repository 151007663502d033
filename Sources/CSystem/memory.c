#define _GNU_SOURCE
#include "sys_memory.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

_Noreturn void sys_trap(void) {
  static const char text[] = "libbedrockstream: internal check failed, please report this\n";
  ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
  (void)ignored;
  abort();
}

int sys_is_memory_short(void) {
  // Volatile, or the compiler leaves the pair out.
  void *volatile probe = malloc(512 * 1024);
  free(probe);
  return probe == NULL;
}

size_t sys_number_text(double number, char text[32]) {
  char printed[64];
  int digits = 15;
  do snprintf(printed, sizeof printed, "%.*g", digits, number);
  while (strtod(printed, NULL) != number && ++digits <= 17);
  size_t len = 0;
  for (const char *at = printed; *at && len < 29; at++) {
    // Whatever the host's locale has for a decimal point, and however many bytes of it.
    if (strchr("0123456789+-e", *at)) text[len++] = *at;
    else if (len && text[len - 1] != '.') text[len++] = '.';
  }
  if (!memchr(text, '.', len) && !memchr(text, 'e', len)) text[len++] = '.', text[len++] = '0';
  return len;
}

void sys_zero(void *bytes, size_t len) {
  if (len) explicit_bzero(bytes, len);
}

uint8_t *sys_secret_new(const void *bytes, size_t len) {
  if (!bytes || !len) return NULL;
  void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return NULL;
  (void)madvise(pages, len, MADV_DONTDUMP);
  memcpy(pages, bytes, len);
  return pages;
}

void sys_secret_free(void *secret, size_t len) {
  if (!secret) return;
  sys_zero(secret, len);
  munmap(secret, len);
}

// The standard library seeds its hashing from this symbol, which glibc has only since 2.36.
void arc4random_buf(void *bytes, size_t len) {
  unsigned char *at = bytes;
  while (len) {
    ssize_t got = getrandom(at, len, 0);
    if (got < 0) continue;
    at += got;
    len -= (size_t)got;
  }
}
