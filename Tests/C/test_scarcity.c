/* No descriptors are left: what needs one says so, keeps none, and goes on when there are some again. */
#include "support.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST = 512 };

static int taken[MOST];
static int taken_count;

/* Leaves so many descriptors. */
static void leave(int count) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = MOST;
  CHECK_NUMBER(setrlimit(RLIMIT_NOFILE, &limit), 0);
  for (int fd; taken_count < MOST && (fd = dup(2)) >= 0;) taken[taken_count++] = fd;
  while (count-- > 0 && taken_count > 0) close(taken[--taken_count]);
}

static void leave_all(void) {
  while (taken_count > 0) close(taken[--taken_count]);
}

static int descriptors(void) { return count_entries("/proc/self/fd"); }

/* Every descriptor that a client takes is once the one that is missing. */
static void make_clients(const char *threads) {
  environment_clean();
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, "io.threads", threads);
  brs_client *client = NULL;
  int before = -1;
  brs_code code = BRS_E_MEMORY;
  for (int left = 0; left < 64 && code != BRS_OK; left++) {
    brs_diagnostic diagnostic = {.size = sizeof diagnostic};
    leave(left);
    code = brs_client_new(config, &client, &diagnostic);
    if (code != BRS_OK) {
      /* Without any, the files that may have settings cannot be read. */
      CHECK(code == BRS_E_MEMORY || (left == 0 && code == BRS_E_CONFIG));
      CHECK_CONTAINS(diagnostic.message, "Too many open files");
    }
    leave_all();
    if (code != BRS_OK && before >= 0) CHECK_NUMBER(descriptors(), before);
    before = descriptors();
  }
  CHECK_CODE(code, BRS_OK);
  brs_client_free(client);
  brs_config_free(config);
}

TEST(a_client_without_threads) { make_clients("0"); }
TEST(a_client_of_two_threads) { make_clients("2"); }
TEST(a_client_of_many_threads) { make_clients("16"); }

/* Neither a client nor a stream is lost that finds no socket. */
static void open_streams(const char *key, const char *value) {
  static struct fixture fixture;
  struct bytes answer = {0};
  struct seen seen[4];
  brs_stream *streams[4];
  fixture_begin(&fixture, key, value);
  answer_add(&answer, 4);
  struct reply last = stream_reply(answer.data, answer.len);
  last.closes = 1;
  exchange(&fixture, last);
  sleep_ms(100); /* nothing is left to be used again */
  leave(0);
  for (int i = 0; i < 4; i++) {
    seen_init(&seen[i]);
    streams[i] = stream_open(fixture.client, &seen[i]);
  }
  for (int i = 0; i < 4; i++) {
    CHECK(seen_wait(&seen[i]));
    CHECK_ENDED_ONCE(&seen[i]);
    CHECK_CODE(seen[i].code, BRS_E_CONNECT);
    CHECK_CONTAINS(seen[i].message, "Too many open files");
    brs_stream_free(streams[i]);
    seen_free(&seen[i]);
  }
  leave_all();
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_NUMBER(fixture.seen.stops, 1);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(streams_find_no_socket) { open_streams(KEY_RETRY_MODE, "off"); }
TEST(streams_find_no_socket_each_time) { open_streams(KEY_MAX_ATTEMPTS, "2"); }
