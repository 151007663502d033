/* What the library leaves of its host: no thread, no descriptor, no signal handler, nothing on standard output. */
#include "support.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture fixture;

static int threads(void) {
  return count_entries("/proc/self/task") + 1;
} /* a thread is a folder; none was opened there */

static int descriptors(void) { return count_entries("/proc/self/fd"); }

/* Waits a moment for a count to come down to `expected`: the test's own server ends its threads when peers leave. */
static int settles(int (*count)(void), int expected) {
  for (int i = 0; i < 500 && count() > expected; i++) sleep_ms(10);
  return count();
}

/* One client's life, with whole, failed, cancelled and never-ending streams. */
static void live(struct server *server, int streams) {
  brs_config *config = config_for(server);
  brs_client *client = NULL;
  struct seen *seen = calloc((size_t)streams, sizeof *seen);
  brs_stream **opened = calloc((size_t)streams, sizeof(brs_stream *));
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_config_free(config);
  for (int i = 0; i < streams; i++) {
    seen_init(&seen[i]);
    opened[i] = stream_open(client, &seen[i]);
    if (i % 3 == 1) brs_stream_cancel(opened[i]);
    if (i % 3 == 0) CHECK(seen_wait(&seen[i]));
  }
  brs_client_free(client);
  for (int i = 0; i < streams; i++) {
    brs_stream_free(opened[i]);
    CHECK_ENDED_ONCE(&seen[i]);
    seen_free(&seen[i]);
  }
  free(seen);
  free(opened);
}

TEST(no_thread_or_descriptor_is_left) {
  static struct server server;
  struct bytes answer = {0};
  environment_clean();
  answer_add(&answer, 10);
  server_start(&server);
  server_reply(&server, stream_reply(answer.data, answer.len));
  live(&server, 1); /* whatever libraries open once and keep is not counted */
  sleep_ms(check_is_slow() ? 500 : 100);
  int threads_before = threads(), descriptors_before = descriptors();
  for (int i = 0; i < 5; i++) {
    live(&server, 20);
    CHECK(settles(threads, threads_before) <= threads_before);
    CHECK(settles(descriptors, descriptors_before) <= descriptors_before);
  }
  server_stop(&server);
  bytes_free(&answer);
}

TEST(client_has_one_thread) {
  if (!check_style_is(NULL)) return; /* test_styles.c counts the others' */
  environment_clean();
  int before = threads();
  brs_client *client = NULL;
  CHECK_CODE(brs_client_new(NULL, &client, NULL), BRS_OK);
  CHECK(threads() <= before + 1);
  brs_client_free(client);
  CHECK_NUMBER(threads(), before);
}

TEST(descriptors_close_on_exec) {
  char was_open[256];
  for (int fd = 0; fd < 256; fd++) was_open[fd] = fcntl(fd, F_GETFD) >= 0;
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 10);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.holds = 1;
  reply.hold_at = answer.len / 2;
  server_reply(&fixture.server, reply);
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait_deltas(&fixture.seen, 1));
  for (int fd = 3; fd < 256; fd++) {
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    int flags = fcntl(fd, F_GETFD);
    if (was_open[fd] || flags < 0 || flags & FD_CLOEXEC) continue;
    /* libcurl wakes itself by a pair of local sockets, whose making nobody else can influence. */
    if (getsockname(fd, (struct sockaddr *)&address, &len) == 0 && address.ss_family == AF_UNIX) continue;
    char path[64], target[256] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, target, sizeof target - 1) > 0)
      check_failed(__FILE__, __LINE__, "descriptor %d (%s) survives exec", fd, target);
  }
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(signals_are_left_alone) {
  struct sigaction before[NSIG], after[NSIG];
  sigset_t mask_before, mask_after;
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 3);
  memset(before, 0, sizeof before);
  memset(after, 0, sizeof after);
  for (int i = 1; i < NSIG; i++) sigaction(i, NULL, &before[i]);
  pthread_sigmask(SIG_SETMASK, NULL, &mask_before);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  exchange(&fixture, (struct reply){.drops = 1});
  for (int i = 1; i < NSIG; i++) sigaction(i, NULL, &after[i]);
  pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
  for (int i = 1; i < NSIG; i++) {
    CHECK(before[i].sa_handler == after[i].sa_handler && before[i].sa_flags == after[i].sa_flags);
    CHECK_NUMBER(sigismember(&mask_before, i), sigismember(&mask_after, i));
  }
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* The mask of each thread but ours, from /proc: the client's thread blocks what a host may want to handle itself. */
TEST(client_thread_blocks_signals) {
  if (check_style_is("host")) return; /* there is none */
  environment_clean();
  brs_client *client = NULL;
  int found = 0;
  CHECK_CODE(brs_client_new(NULL, &client, NULL), BRS_OK);
  sleep_ms(20);
  DIR *tasks = opendir("/proc/self/task");
  for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
    char path[300], line[256];
    unsigned long long mask = 0;
    if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid()) continue;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) sscanf(line, "SigBlk: %llx", &mask);
    if (status != NULL) fclose(status);
    for (size_t i = 0; i < 4; i++) {
      static const int ours[] = {SIGINT, SIGTERM, SIGCHLD, SIGUSR1};
      found += (mask >> (ours[i] - 1) & 1) != 0;
    }
  }
  if (tasks != NULL) closedir(tasks);
  /* Sanitizers and valgrind bring threads and masks of their own. */
  if (!check_is_slow()) CHECK_NUMBER(found, check_style_is("threads") ? 16 : 4);
  brs_client_free(client);
}

/* A peer that vanishes must not end the host by SIGPIPE, whose default action stands here. */
TEST(no_sigpipe) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 1);
  signal(SIGPIPE, SIG_DFL);
  char *body = malloc(2000000);
  memset(body, ' ', 2000000);
  memcpy(body, BODY, strlen(BODY));
  server_reply(&fixture.server, (struct reply){.drops = 1});
  for (int i = 0; i < 5; i++) {
    struct seen seen;
    seen_init(&seen);
    brs_request request = request_of(BODY);
    brs_callbacks callbacks = seen_callbacks(&seen);
    brs_stream *stream = NULL;
    request.body = body;
    request.body_len = 2000000;
    CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
    CHECK(seen_wait(&seen));
    brs_stream_free(stream);
    CHECK_ENDED_ONCE(&seen);
    CHECK_NUMBER(seen.errors, 1);
    seen_free(&seen);
  }
  free(body);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(nothing_is_printed) {
  char path[] = "/tmp/outputXXXXXX";
  int file = mkstemp(path), saved_out = dup(1), saved_err = dup(2);
  unlink(path);
  fflush(stdout);
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 2);
  dup2(file, 1);
  dup2(file, 2);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  exchange(&fixture, stream_reply(answer.data, answer.len / 2));
  exchange(&fixture, (struct reply){.drops = 1});
  fixture_end(&fixture);
  fflush(stdout);
  long printed = (long)lseek(file, 0, SEEK_END);
  dup2(saved_out, 1);
  dup2(saved_err, 2);
  close(saved_out);
  close(saved_err);
  close(file);
  CHECK_NUMBER(printed, 0);
  bytes_free(&answer);
}
