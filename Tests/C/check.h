/* The harness of the C tests: a test is a function that registers itself; a failing check is a line of output. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct test {
  const char *file;
  const char *name;
  void (*run)(void);
  struct test *next;
};

void test_register(struct test *test);
void check_failed(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* 1 under valgrind and sanitizers: tests take fewer samples and wait longer. */
int check_is_slow(void);
/* Whether clients are made in this way: "threads", "host" (style.c); NULL for as the tests make them. */
int check_style_is(const char *style);

#define TEST(NAME)                                                                                \
  static void NAME(void);                                                                         \
  static struct test NAME##_test = {__FILE__, #NAME, NAME, NULL};                                 \
  __attribute__((constructor)) static void NAME##_register(void) { test_register(&NAME##_test); } \
  static void NAME(void)

#define CHECK(CONDITION) ((CONDITION) ? (void)0 : check_failed(__FILE__, __LINE__, "%s", #CONDITION))

#define CHECK_NUMBER(ACTUAL, EXPECTED)                                                            \
  do {                                                                                            \
    long long actual_ = (long long)(ACTUAL), expected_ = (long long)(EXPECTED);                   \
    if (actual_ != expected_)                                                                     \
      check_failed(__FILE__, __LINE__, "%s is %lld, expected %lld", #ACTUAL, actual_, expected_); \
  } while (0)

#define CHECK_CODE(ACTUAL, EXPECTED)                                                             \
  do {                                                                                           \
    brs_code actual_ = (ACTUAL), expected_ = (EXPECTED);                                         \
    if (actual_ != expected_)                                                                    \
      check_failed(__FILE__, __LINE__, "%s is %s, expected %s", #ACTUAL, brs_code_name(actual_), \
                   brs_code_name(expected_));                                                    \
  } while (0)

#define CHECK_TEXT(ACTUAL, EXPECTED)                                                                           \
  do {                                                                                                         \
    const char *actual_ = (ACTUAL), *expected_ = (EXPECTED);                                                   \
    if (actual_ == NULL || strcmp(actual_, expected_) != 0)                                                    \
      check_failed(__FILE__, __LINE__, "%s is \"%s\", expected \"%s\"", #ACTUAL, actual_ ? actual_ : "(null)", \
                   expected_);                                                                                 \
  } while (0)

#define CHECK_CONTAINS(ACTUAL, PART)                                                                                 \
  do {                                                                                                               \
    const char *actual_ = (ACTUAL), *part_ = (PART);                                                                 \
    if (actual_ == NULL || strstr(actual_, part_) == NULL)                                                           \
      check_failed(__FILE__, __LINE__, "%s is \"%s\", expected \"%s\" in it", #ACTUAL, actual_ ? actual_ : "(null)", \
                   part_);                                                                                           \
  } while (0)
