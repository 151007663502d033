/* What io.threads makes of a client: descriptors, threads, who may call what. The other tests run in each style. */
#include "support.h"
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct server server;
static struct bytes answer;
static struct seen seen;
static brs_client *client;

static brs_client *begin(const char *threads) {
  environment_clean();
  environment_credentials();
  server_start(&server);
  answer_add(&answer, 8);
  server_reply(&server, stream_reply(answer.data, answer.len));
  seen_init(&seen);
  brs_config *config = config_for(&server);
  config_put(config, "io.threads", threads);
  client = NULL;
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_config_free(config);
  return client;
}

static void end(void) {
  brs_client_free(client);
  seen_free(&seen);
  server_stop(&server);
  bytes_free(&answer);
}

static int threads(void) { return count_entries("/proc/self/task"); }

static int is_readable(int fd, int timeout_ms) {
  struct pollfd set = {fd, POLLIN, 0};
  return poll(&set, 1, timeout_ms) > 0;
}

/* The host's own loop, for as long as it takes. */
static void run_until_end(int fd) {
  int64_t limit = now_ms() + 20000;
  while (seen_terminals(&seen) == 0 && now_ms() < limit)
    if (is_readable(fd, 1000)) CHECK_CODE(brs_client_dispatch(client), BRS_OK);
}

TEST(a_hosted_client_has_no_thread) {
  int before = threads(), fd = -1;
  begin("0");
  int with_server = threads();
  CHECK(with_server <= before + 1); /* the server's */
  CHECK_CODE(brs_client_fd(client, &fd), BRS_OK);
  CHECK(fd >= 0);
  brs_stream *stream = stream_open(client, &seen);
  run_until_end(fd);
  CHECK_ENDED_ONCE(&seen);
  CHECK_NUMBER(seen.stops, 1);
  CHECK_NUMBER(seen.deltas, 8);
  CHECK(threads() <= with_server + 1); /* the server's connection */
  brs_stream_free(stream);
  end();
}

TEST(a_hosted_client_is_quiet_when_nothing_is_to_be_done) {
  int fd = -1;
  begin("0");
  CHECK_CODE(brs_client_fd(client, &fd), BRS_OK);
  CHECK(!is_readable(fd, 50));
  CHECK_CODE(brs_client_dispatch(client), BRS_OK);
  CHECK(!is_readable(fd, 50));
  brs_stream *stream = stream_open(client, &seen);
  CHECK(is_readable(fd, 0));
  run_until_end(fd);
  for (int i = 0; i < 100 && is_readable(fd, 0); i++) brs_client_dispatch(client);
  CHECK(!is_readable(fd, 50));
  brs_stream_free(stream);
  end();
}

TEST(nothing_is_called_outside_of_dispatch) {
  begin("0");
  brs_stream *stream = stream_open(client, &seen);
  sleep_ms(50);
  CHECK_NUMBER(server_requests(&server), 0);
  CHECK_NUMBER(seen_terminals(&seen), 0);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&seen);
  CHECK_CODE(seen.code, BRS_E_CANCELLED);
  end();
}

TEST(a_time_limit_makes_the_descriptor_readable) {
  int fd = -1;
  begin("0");
  server_reply(&server, (struct reply){.never = 1});
  CHECK_CODE(brs_client_fd(client, &fd), BRS_OK);
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, "timeout.first_byte_ms", "150");
  config_put(config, "retry.mode", "off");
  brs_request request = request_of("{}");
  request.config = config;
  brs_callbacks callbacks = seen_callbacks(&seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(client, &request, &callbacks, &stream, NULL), BRS_OK);
  run_until_end(fd);
  CHECK_CODE(seen.code, BRS_E_TIMEOUT_FIRST_BYTE);
  brs_stream_free(stream);
  brs_config_free(config);
  end();
}

/* An epoll set of the host's that has this one in it. */
TEST(the_descriptor_goes_into_other_sets) {
  int fd = -1, set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  begin("0");
  CHECK_CODE(brs_client_fd(client, &fd), BRS_OK);
  CHECK_NUMBER(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
  CHECK_NUMBER(epoll_wait(set, &event, 1, 0), 0);
  brs_stream *stream = stream_open(client, &seen);
  int64_t limit = now_ms() + 20000;
  while (seen_terminals(&seen) == 0 && now_ms() < limit)
    if (epoll_wait(set, &event, 1, 1000) == 1) CHECK_CODE(brs_client_dispatch(client), BRS_OK);
  CHECK_NUMBER(seen.stops, 1);
  brs_stream_free(stream);
  close(set);
  end();
}

static brs_flow dispatch_inside(struct seen *of, brs_stream *stream, enum seen_kind kind) {
  (void)stream, (void)kind;
  CHECK_CODE(brs_client_dispatch(client), BRS_E_STATE);
  CHECK_CODE(brs_client_drain(client, 0), BRS_E_STATE);
  of->number++;
  return BRS_FLOW_CONTINUE;
}

TEST(dispatch_is_refused_inside_a_callback) {
  int fd = -1;
  begin("0");
  CHECK_CODE(brs_client_fd(client, &fd), BRS_OK);
  seen.hook = dispatch_inside;
  brs_stream *stream = stream_open(client, &seen);
  run_until_end(fd);
  CHECK(seen.number > 1);
  brs_stream_free(stream);
  end();
}

TEST(drain_turns_the_loop) {
  begin("0");
  brs_stream *stream = stream_open(client, &seen);
  CHECK_CODE(brs_client_drain(client, 20000), BRS_OK);
  CHECK_ENDED_ONCE(&seen);
  CHECK_NUMBER(seen.stops, 1);
  brs_stream_free(stream);
  end();
}

TEST(drain_gives_up_without_a_thread_too) {
  begin("0");
  server_reply(&server, (struct reply){.never = 1});
  brs_stream *stream = stream_open(client, &seen);
  CHECK_CODE(brs_client_drain(client, 60), BRS_E_TIMEOUT);
  CHECK_ENDED_ONCE(&seen);
  CHECK_CODE(seen.code, BRS_E_CANCELLED);
  brs_stream_free(stream);
  end();
}

/* Neither thread nor loop: who reads turns it. */
TEST(streams_are_read_without_a_loop) {
  begin("0");
  int with_server = threads();
  for (int round = 0; round < 3; round++) {
    brs_request request = request_of("{}");
    brs_stream *stream = NULL;
    const brs_event *event = NULL;
    int deltas = 0;
    brs_event_kind last = BRS_EVENT_OTHER;
    CHECK_CODE(brs_stream_open(client, &request, NULL, &stream, NULL), BRS_OK);
    while (brs_stream_next(stream, 20000, &event) == BRS_OK) {
      deltas += event->delta != NULL;
      last = event->kind;
    }
    CHECK_NUMBER(deltas, 8);
    CHECK_NUMBER(last, BRS_EVENT_STOP);
    brs_stream_free(stream);
  }
  CHECK(threads() <= with_server + 1);
  CHECK_NUMBER(server_connections(&server), 1);
  end();
}

TEST(reading_without_a_loop_keeps_to_its_time) {
  begin("0");
  server_reply(&server, (struct reply){.never = 1});
  brs_request request = request_of("{}");
  brs_stream *stream = NULL;
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_open(client, &request, NULL, &stream, NULL), BRS_OK);
  int64_t start = now_ms();
  CHECK_CODE(brs_stream_next(stream, 0, &event), BRS_E_TIMEOUT);
  CHECK_CODE(brs_stream_next(stream, 80, &event), BRS_E_TIMEOUT);
  CHECK(now_ms() - start >= 79);
  brs_stream_cancel(stream);
  CHECK_CODE(brs_stream_next(stream, 20000, &event), BRS_OK);
  CHECK_NUMBER(event->kind, BRS_EVENT_ERROR);
  brs_stream_free(stream);
  end();
}

TEST(a_client_with_threads_has_as_many) {
  int before = threads(), fd = -1;
  begin("3");
  CHECK_NUMBER(threads(), before + 1 + 3);
  CHECK_CODE(brs_client_fd(client, &fd), BRS_E_STATE);
  CHECK_CODE(brs_client_dispatch(client), BRS_E_STATE);
  CHECK_NUMBER(fd, -1);
  end();
  CHECK_NUMBER(threads(), before);
}

TEST(styles_check_their_arguments) {
  int fd = -1;
  begin("0");
  CHECK_CODE(brs_client_fd(NULL, &fd), BRS_E_ARGUMENT);
  CHECK_CODE(brs_client_fd(client, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_client_dispatch(NULL), BRS_E_ARGUMENT);
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  CHECK_CODE(brs_config_set(config, "io.threads", "17", NULL), BRS_E_CONFIG);
  CHECK_CODE(brs_config_set(config, "io.threads", "-1", NULL), BRS_E_CONFIG);
  CHECK_CODE(brs_config_set(config, "io.threads", "1", NULL), BRS_OK);
  brs_request request = request_of("{}");
  request.config = config;
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(client, &request, NULL, &stream, NULL), BRS_E_CONFIG);
  brs_config_free(config);
  end();
}
