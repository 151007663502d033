/* Runs the tests: each file's tests in a process of their own, so that a crash or a hang is one failure and no more. */
#include "check.h"
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct test *tests;
static int failures_of_test;

/* Keeps the tests sorted by file, and within a file in the order in which they stand. */
void test_register(struct test *test) {
  struct test **place = &tests;
  while (*place != NULL && strcmp((*place)->file, test->file) <= 0) place = &(*place)->next;
  test->next = *place;
  *place = test;
}

void check_failed(const char *file, int line, const char *format, ...) {
  char message[600];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  if (__atomic_fetch_add(&failures_of_test, 1, __ATOMIC_RELAXED) < 10) {
    printf("%s:%d: %s\n", file, line, message);
    fflush(stdout);
  }
}

int check_is_slow(void) { return getenv("CHECK_SLOW") != NULL; }

int check_style_is(const char *style) {
  const char *set = getenv("CHECK_STYLE");
  return style == NULL || set == NULL ? style == set : strcmp(style, set) == 0;
}

/* What a child tells its parent: it began test `index`, or ended it well or badly. */
struct progress {
  int index;
  int what;
};

static int seconds_per_test(void) { return check_is_slow() ? 120 : 30; }

static int count_threads(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  while (tasks != NULL && readdir(tasks) != NULL) count++;
  if (tasks != NULL) closedir(tasks);
  return count;
}

static void *do_nothing(void *argument) { return argument; }

/* How many threads there are without the tests'. A sanitizer starts one of its own with the first that it sees. */
static int own_threads(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, do_nothing, NULL) == 0) pthread_join(thread, NULL);
  return count_threads();
}

/* A client that was freed in its own callback ends its thread some time after that. True when all have gone. */
static int wait_for_threads(int count) {
  struct timespec pause = {0, 5000000};
  for (int round = 0; round < 2000; round++) {
    if (count_threads() <= count) return 1;
    nanosleep(&pause, NULL);
  }
  return 0;
}

/* Runs the tests of `file` from `first` on, and reports on `report`. */
static int run_file(const char *file, int first, int report) {
  int index = 0, failed = 0, threads = own_threads();
  for (struct test *test = tests; test != NULL; test = test->next, index++) {
    if (strcmp(test->file, file) != 0 || index < first) continue;
    struct progress progress = {index, 'b'};
    if (write(report, &progress, sizeof progress) != (ssize_t)sizeof progress) return 2;
    failures_of_test = 0;
    test->run();
    progress.what = failures_of_test == 0 ? 'p' : 'f';
    if (failures_of_test > 10) printf("%s: %s: %d checks failed\n", test->file, test->name, failures_of_test);
    failed += failures_of_test != 0;
    fflush(stdout);
    if (write(report, &progress, sizeof progress) != (ssize_t)sizeof progress) return 2;
  }
  if (!wait_for_threads(threads)) {
    printf("%s: threads are left over\n", file);
    failed++;
  }
  return failed != 0;
}

static struct test *test_at(int index) {
  struct test *test = tests;
  while (test != NULL && index-- > 0) test = test->next;
  return test;
}

static pid_t start(const char *program, const char *file, int first, int *report) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    char from[16], number[16];
    snprintf(from, sizeof from, "%d", first);
    snprintf(number, sizeof number, "%d", ends[1]);
    close(ends[0]);
    execl(program, program, "--file", file, from, number, (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  *report = ends[0];
  return child;
}

/* Follows one child. Returns the test that it died in, or -1; adds to the counts. */
static int follow(const char *program, const char *file, int first, int *passed, int *failed) {
  int report = -1, running = -1, status = 0, failed_before = *failed, timed_out = 0;
  struct progress progress;
  pid_t child = start(program, file, first, &report);
  if (child < 0) return -1;
  for (;;) {
    struct pollfd waiting = {report, POLLIN, 0};
    if (poll(&waiting, 1, seconds_per_test() * 1000) == 0) {
      timed_out = 1;
      kill(child, SIGKILL);
      break;
    }
    if (read(report, &progress, sizeof progress) != (ssize_t)sizeof progress) break;
    running = progress.what == 'b' ? progress.index : -1;
    *passed += progress.what == 'p';
    *failed += progress.what == 'f';
  }
  close(report);
  waitpid(child, &status, 0);
  if (running >= 0) {
    printf("%s: %s: %s %d\n", file, test_at(running)->name,
           timed_out ? "hangs; ended by signal" : "ended by signal or status",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    ++*failed;
  } else if ((timed_out || status != 0) && *failed == failed_before) {
    printf("%s: the process %s, wait status %d\n", file, timed_out ? "hangs at its end" : "fails at its end", status);
    ++*failed;
  }
  fflush(stdout);
  return running;
}

int main(int argc, char **argv) {
  int passed = 0, failed = 0;
  if (argc == 5 && strcmp(argv[1], "--file") == 0) return run_file(argv[2], atoi(argv[3]), atoi(argv[4]));
  const char *last = "";
  for (struct test *test = tests; test != NULL; test = test->next) {
    if (strcmp(test->file, last) == 0 || (argc > 1 && strstr(test->file, argv[1]) == NULL)) continue;
    last = test->file;
    struct timespec from, to;
    int first = 0, before = passed + failed;
    clock_gettime(CLOCK_MONOTONIC, &from);
    while ((first = follow(argv[0], test->file, first, &passed, &failed)) >= 0) first++;
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%s: %d tests, %.1f s\n", test->file, passed + failed - before,
           (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    fflush(stdout);
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0 || passed == 0;
}
