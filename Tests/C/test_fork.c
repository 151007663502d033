/* A child that was forked has the parent's handles and none of its threads: told so, not hung. */
#include "host.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fixture fixture;

/*
 * Runs `work` in a forked child, which has ten seconds; what it returned, or -1 where it hung or died. The child does
 * not end by itself: leak checkers would count what the parent's other threads had on their stacks at the fork.
 */
static int in_child(int (*work)(void)) {
  int ends[2], result = -1;
  fflush(stdout);
  if (pipe(ends) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    alarm(check_is_slow() ? 60 : 10);
    result = work();
    ssize_t written = write(ends[1], &result, sizeof result);
    (void)written;
    kill(getpid(), SIGKILL);
  }
  close(ends[1]);
  if (read(ends[0], &result, sizeof result) != (ssize_t)sizeof result) result = -1;
  close(ends[0]);
  waitpid(child, NULL, 0);
  return result;
}

static brs_stream *callbacks_stream, *pull_stream;

/* Each line that does not hold has its own status. */
static int use_what_the_parent_made(void) {
  brs_request request = request_of(BODY);
  brs_stream *stream = NULL;
  const brs_event *event = NULL;
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  if (brs_stream_open(fixture.client, &request, NULL, &stream, &diagnostic) != BRS_E_FORKED) return 1;
  if (diagnostic.code != BRS_E_FORKED || stream != NULL) return 2;
  if (brs_stream_next(pull_stream, -1, &event) != BRS_E_FORKED) return 3;
  if (brs_stream_cancel(callbacks_stream) != BRS_E_FORKED) return 4;
  if (brs_stream_resume(callbacks_stream) != BRS_E_FORKED) return 5;
  if (brs_stream_detach(callbacks_stream) != BRS_E_FORKED) return 7;
  if (brs_client_drain(fixture.client, -1) != BRS_E_FORKED) return 8;
  if (brs_client_warm(fixture.client, 1) != BRS_E_FORKED) return 10;
  if (brs_tool_result(callbacks_stream, "t1", BRS_TOOL_TEXT, "x", 1, 0, &diagnostic) != BRS_E_FORKED) return 9;
  brs_ready ready;
  size_t count = 0;
  int fd = -1;
  if (brs_client_next(fixture.client, &ready, 1, -1, &count) != BRS_E_FORKED) return 11;
  if (brs_client_fd(fixture.client, &fd) != BRS_E_FORKED || fd != -1) return 12;
  if (brs_client_dispatch(fixture.client) != BRS_E_FORKED) return 13;
  if (brs_stream_pause(pull_stream) != BRS_E_FORKED) return 14;
  brs_stream_free(callbacks_stream);
  brs_stream_free(pull_stream);
  brs_client_free(fixture.client);
  if (seen_terminals(&fixture.seen) != 0) return 6; /* no callback runs in the child */
  return 0;
}

static int free_the_client_first(void) {
  brs_client_free(fixture.client);
  brs_stream_free(pull_stream);
  brs_stream_free(callbacks_stream);
  return seen_terminals(&fixture.seen) != 0;
}

static int free_nothing(void) { return 0; }

static int make_a_new_client(void) {
  struct seen seen;
  brs_client *client = NULL;
  brs_config *config = config_for(&fixture.server);
  seen_init(&seen);
  if (brs_client_new(config, &client, NULL) != BRS_OK) return 1;
  brs_stream *stream = stream_open(client, &seen);
  if (stream == NULL || !seen_wait(&seen) || seen.stops != 1 || seen.deltas != 4) return 2;
  brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  return 0;
}

/* The parent has a stream in flight with callbacks and one without; both must end well after the child's work. */
static void fork_in_flight(int (*work)(void)) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 4);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.holds = 1;
  reply.hold_at = answer.len / 2;
  server_reply(&fixture.server, reply);
  brs_request request = request_of(BODY);
  const brs_event *event = NULL;
  callbacks_stream = stream_open(fixture.client, &fixture.seen);
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &pull_stream, NULL), BRS_OK);
  CHECK(seen_wait_deltas(&fixture.seen, 1));
  CHECK_CODE(brs_stream_next(pull_stream, 20000, &event), BRS_OK);
  CHECK_NUMBER(in_child(work), 0);
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  server_release(&fixture.server);
  CHECK(seen_wait(&fixture.seen));
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(fixture.seen.deltas, 4);
  brs_event_kind last = BRS_EVENT_OTHER;
  while (brs_stream_next(pull_stream, 20000, &event) == BRS_OK) last = event->kind;
  CHECK_NUMBER(last, BRS_EVENT_STOP);
  brs_stream_free(callbacks_stream);
  brs_stream_free(pull_stream);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_NUMBER(fixture.seen.stops, 1);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(child_is_told) { fork_in_flight(use_what_the_parent_made); }
TEST(child_frees_in_any_order) { fork_in_flight(free_the_client_first); }
TEST(child_frees_nothing) { fork_in_flight(free_nothing); }

TEST(child_makes_its_own_client) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 4);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_NUMBER(in_child(make_a_new_client), 0);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(fixture.seen.reused, 1);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* Forks at many moments while streams begin and end: locks that the child inherits must not hang it. */
static int open_refused(void) {
  brs_request request = request_of(BODY);
  brs_stream *stream = NULL;
  brs_code code = brs_stream_open(fixture.client, &request, NULL, &stream, NULL);
  brs_client_free(fixture.client);
  return code != BRS_E_FORKED;
}

static void *keep_busy(void *context) {
  int *is_over = context;
  while (!__atomic_load_n(is_over, __ATOMIC_ACQUIRE)) {
    struct seen seen;
    seen_init(&seen);
    brs_stream *stream = stream_open(fixture.client, &seen);
    CHECK(seen_wait(&seen));
    brs_stream_free(stream);
    seen_free(&seen);
  }
  return NULL;
}

TEST(forks_under_load) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 50);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  int is_over = 0, forks = check_is_slow() ? 5 : 60;
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, keep_busy, &is_over);
  for (int i = 0; i < forks; i++) CHECK_NUMBER(in_child(open_refused), 0);
  __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  fixture_end(&fixture);
  bytes_free(&answer);
}

static struct host host;

/* The client is the parent's: the child's answer is refused, its copy of the question can be freed. */
static int answer_the_question(void) {
  brs_answer answer = {.size = sizeof answer, .access_key_id = "AKIDCHILD", .secret_access_key = HOST_SECRET};
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  if (brs_question_answer(host.asked[0].question, &answer, &diagnostic) != BRS_E_FORKED) return 1;
  if (diagnostic.code != BRS_E_FORKED) return 2;
  brs_question_fail(host.asked[0].question, "the child gives up");
  return 0;
}

TEST(child_has_an_open_question) {
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host_start(&host);
  brs_stream *stream = stream_open(host.fixture.client, &host.fixture.seen);
  struct asked *asked = host_wait(&host, 1);
  CHECK_NUMBER(in_child(answer_the_question), 0);
  CHECK_NUMBER(seen_terminals(&host.fixture.seen), 0);
  host_answer(&host, asked, "AKIDPARENT");
  CHECK(seen_wait(&host.fixture.seen));
  CHECK_CODE(host.fixture.seen.code, BRS_OK);
  CHECK(host_is_signed_with(&host, "AKIDPARENT"));
  brs_stream_free(stream);
  host_end(&host);
}
