/* brs_client_next: the events of all streams of a client, fetched together. */
#include "support.h"
#include <poll.h>
#include <stdlib.h>

#define STREAMS 40
#define DELTAS 30

static struct server server;
static struct bytes answer;
static brs_client *client;

/* What has come of each stream; its request's user points here. */
static struct reader {
  brs_stream *stream;
  int deltas, ends, events_after_end;
  brs_event_kind last;
  brs_code code;
  size_t text_len;
} readers[STREAMS];

static void begin(const char *threads, const char *queue_bytes) {
  environment_clean();
  environment_credentials();
  server_start(&server);
  answer_add(&answer, DELTAS);
  server_reply(&server, stream_reply(answer.data, answer.len));
  brs_config *config = config_for(&server);
  config_put(config, "delivery.queue", "client");
  if (threads != NULL) config_put(config, "io.threads", threads);
  if (queue_bytes != NULL) config_put(config, "delivery.queue_bytes", queue_bytes);
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_config_free(config);
  memset(readers, 0, sizeof readers);
}

static void end(void) {
  brs_client_free(client);
  server_stop(&server);
  bytes_free(&answer);
}

static void open_streams(int count) {
  for (int i = 0; i < count; i++) {
    brs_request request = request_of("{}");
    request.user = &readers[i];
    CHECK_CODE(brs_stream_open(client, &request, NULL, &readers[i].stream, NULL), BRS_OK);
  }
}

static void free_streams(int count) {
  for (int i = 0; i < count; i++) brs_stream_free(readers[i].stream);
}

/* What one entry says, checked against what the header promises. */
static int take(const brs_ready *ready) {
  struct reader *reader = ready->user;
  const brs_event *event = ready->event;
  CHECK(ready->stream == reader->stream);
  CHECK_NUMBER(event->size, sizeof *event);
  reader->events_after_end += reader->ends > 0;
  reader->last = event->kind;
  if (event->delta != NULL) {
    reader->deltas++;
    reader->text_len += event->delta->text_len;
    CHECK_NUMBER(strlen(event->delta->text), event->delta->text_len);
  }
  if (event->kind == BRS_EVENT_STOP) CHECK_NUMBER(event->result->text_len, reader->text_len);
  if (event->kind == BRS_EVENT_ERROR) reader->code = event->error->code;
  int is_end = event->kind == BRS_EVENT_STOP || event->kind == BRS_EVENT_ERROR;
  reader->ends += is_end;
  return is_end;
}

/* Fetches until so many streams have ended; how many calls it took. */
static int read_all(int streams, size_t capacity) {
  brs_ready *ready = malloc(capacity * sizeof *ready);
  int calls = 0, ended = 0;
  int64_t limit = now_ms() + 60000;
  while (ended < streams && now_ms() < limit) {
    size_t count = 0;
    brs_code code = brs_client_next(client, ready, capacity, 20000, &count);
    CHECK_CODE(code, BRS_OK);
    if (code != BRS_OK) break;
    CHECK(count > 0 && count <= capacity);
    for (size_t i = 0; i < count; i++) ended += take(&ready[i]);
    calls++;
  }
  free(ready);
  return calls;
}

static void check_whole(int streams) {
  for (int i = 0; i < streams; i++) {
    CHECK_NUMBER(readers[i].deltas, DELTAS);
    CHECK_NUMBER(readers[i].ends, 1);
    CHECK_NUMBER(readers[i].events_after_end, 0);
    CHECK_NUMBER(readers[i].last, BRS_EVENT_STOP);
  }
}

static void read_streams(const char *threads, const char *queue_bytes, int streams, size_t capacity) {
  begin(threads, queue_bytes);
  open_streams(streams);
  read_all(streams, capacity);
  check_whole(streams);
  free_streams(streams);
  end();
}

TEST(many_streams_are_read_together) { read_streams(NULL, NULL, STREAMS, 64); }
TEST(one_event_at_a_time) { read_streams(NULL, NULL, 5, 1); }
TEST(more_room_than_there_is) { read_streams(NULL, NULL, STREAMS, 5000); }
TEST(streams_are_held_back) { read_streams(NULL, "4096", STREAMS, 7); }
TEST(without_a_thread) { read_streams("0", NULL, STREAMS, 64); }
TEST(without_a_thread_and_held_back) { read_streams("0", "4096", STREAMS, 3); }
TEST(over_several_threads) { read_streams("4", "4096", STREAMS, 64); }

TEST(many_events_come_in_few_calls) {
  begin(NULL, NULL);
  open_streams(1);
  sleep_ms(check_is_slow() ? 500 : 100);
  int calls = read_all(1, 256);
  CHECK(calls <= 3);
  check_whole(1);
  free_streams(1);
  end();
}

TEST(nothing_in_time) {
  brs_ready ready[4];
  size_t count = 9;
  begin(NULL, NULL);
  CHECK_CODE(brs_client_next(client, ready, 4, 0, &count), BRS_E_TIMEOUT);
  CHECK_NUMBER(count, 0);
  int64_t start = now_ms();
  CHECK_CODE(brs_client_next(client, ready, 4, 60, &count), BRS_E_TIMEOUT);
  CHECK(now_ms() - start >= 59);
  end();
}

TEST(a_cancelled_stream_ends_for_its_reader) {
  begin(NULL, NULL);
  server_reply(&server, (struct reply){.never = 1});
  open_streams(2);
  CHECK(server_wait_requests(&server, 2));
  brs_stream_cancel(readers[0].stream);
  read_all(1, 8);
  CHECK_CODE(readers[0].code, BRS_E_CANCELLED);
  CHECK_NUMBER(readers[1].ends, 0);
  free_streams(2);
  end();
}

/* Nothing of a stream that was freed is handed out. */
TEST(a_freed_stream_is_not_read) {
  brs_ready ready[8];
  size_t count = 0;
  begin(NULL, NULL);
  open_streams(3);
  for (int i = 0; i < 2000 && server_requests(&server) < 3; i++) sleep_ms(1);
  sleep_ms(50);
  brs_stream_free(readers[0].stream);
  brs_stream_free(readers[2].stream);
  read_all(1, 8);
  CHECK_NUMBER(readers[0].deltas + readers[2].deltas, 0);
  CHECK_NUMBER(readers[1].ends, 1);
  CHECK_CODE(brs_client_next(client, ready, 8, 50, &count), BRS_E_TIMEOUT);
  brs_stream_free(readers[1].stream);
  end();
}

static void pause_streams(const char *threads, const char *queue_bytes) {
  brs_ready ready[4];
  size_t count = 0;
  begin(threads, queue_bytes);
  open_streams(3);
  CHECK_CODE(brs_stream_pause(readers[0].stream), BRS_OK);
  CHECK_CODE(brs_stream_pause(readers[2].stream), BRS_OK);
  read_all(1, 64);
  CHECK_NUMBER(readers[1].ends, 1);
  CHECK_CODE(brs_client_next(client, ready, 4, 60, &count), BRS_E_TIMEOUT);
  CHECK_NUMBER(readers[0].deltas + readers[2].deltas, 0);
  CHECK_CODE(brs_stream_resume(readers[0].stream), BRS_OK);
  CHECK_CODE(brs_stream_resume(readers[0].stream), BRS_OK);
  read_all(1, 64);
  CHECK_NUMBER(readers[2].deltas, 0);
  CHECK_CODE(brs_stream_resume(readers[2].stream), BRS_OK);
  read_all(1, 1);
  check_whole(3);
  free_streams(3);
  end();
}

TEST(a_paused_stream_is_left_out) { pause_streams(NULL, NULL); }
TEST(a_paused_stream_is_held_back) { pause_streams(NULL, "4096"); }
TEST(a_paused_stream_without_a_thread) { pause_streams("0", "4096"); }

/* After some of what is in hand was handed out. */
TEST(a_stream_is_paused_amid_its_events) {
  brs_ready ready[4];
  size_t count = 0;
  begin(NULL, NULL);
  open_streams(1);
  for (int i = 0; i < 3; i++) {
    CHECK_CODE(brs_client_next(client, ready, 2, 20000, &count), BRS_OK);
    for (size_t j = 0; j < count; j++) take(&ready[j]);
    brs_stream_pause(readers[0].stream);
    CHECK_CODE(brs_client_next(client, ready, 2, 20, &count), BRS_E_TIMEOUT);
    brs_stream_resume(readers[0].stream);
  }
  read_all(1, 8);
  check_whole(1);
  free_streams(1);
  end();
}

TEST(cancelling_and_detaching_resume) {
  begin(NULL, NULL);
  server_reply(&server, (struct reply){.never = 1});
  open_streams(1);
  brs_stream_pause(readers[0].stream);
  brs_stream_cancel(readers[0].stream);
  read_all(1, 8);
  CHECK_CODE(readers[0].code, BRS_E_CANCELLED);
  free_streams(1);
  server_reply(&server, stream_reply(answer.data, answer.len));
  open_streams(1);
  brs_stream_pause(readers[0].stream);
  brs_stream_detach(readers[0].stream);
  brs_client_drain(client, -1);
  brs_ready ready;
  size_t count = 0;
  CHECK_CODE(brs_client_next(client, &ready, 1, 20000, &count), BRS_OK);
  CHECK_NUMBER(ready.event->kind, BRS_EVENT_STOP);
  free_streams(1);
  end();
}

TEST(streams_of_a_freed_client_have_ended) {
  begin(NULL, NULL);
  server_reply(&server, (struct reply){.never = 1});
  open_streams(2);
  brs_client_free(client);
  client = NULL;
  free_streams(2);
  end();
}

TEST(each_way_of_reading_has_its_clients) {
  brs_ready ready[2];
  size_t count = 0;
  const brs_event *event = NULL;
  begin(NULL, NULL);
  open_streams(1);
  CHECK_CODE(brs_stream_next(readers[0].stream, 0, &event), BRS_E_STATE);
  CHECK_CODE(brs_client_next(NULL, ready, 2, 0, &count), BRS_E_ARGUMENT);
  CHECK_CODE(brs_client_next(client, NULL, 2, 0, &count), BRS_E_ARGUMENT);
  CHECK_CODE(brs_client_next(client, ready, 0, 0, &count), BRS_E_ARGUMENT);
  CHECK_CODE(brs_client_next(client, ready, 2, 0, NULL), BRS_E_ARGUMENT);
  brs_config *config = config_for(&server);
  brs_client *other = NULL;
  CHECK_CODE(brs_client_new(config, &other, NULL), BRS_OK);
  CHECK_CODE(brs_client_next(other, ready, 2, 0, &count), BRS_E_STATE);
  brs_request request = request_of("{}");
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(other, &request, NULL, &stream, NULL), BRS_OK);
  CHECK_CODE(brs_stream_pause(stream), BRS_E_STATE);
  CHECK_CODE(brs_stream_pause(NULL), BRS_E_ARGUMENT);
  brs_stream_free(stream);
  brs_client_free(other);
  brs_config_free(config);
  free_streams(1);
  end();
}

/* Streams with callbacks go on as ever beside those that are read. */
TEST(callbacks_beside_it) {
  struct seen seen;
  seen_init(&seen);
  begin(NULL, NULL);
  brs_stream *stream = stream_open(client, &seen);
  open_streams(3);
  read_all(3, 16);
  check_whole(3);
  CHECK(seen_wait(&seen));
  CHECK_NUMBER(seen.deltas, DELTAS);
  brs_stream_free(stream);
  free_streams(3);
  seen_free(&seen);
  end();
}

/* Waits for events until there are some; `code` is what the call said. */
struct waiting {
  pthread_t thread;
  brs_code code;
  size_t count;
  int64_t ms;
};

static void *wait_for_events(void *context) {
  struct waiting *waiting = context;
  brs_ready ready[8];
  int64_t start = now_ms();
  waiting->code = brs_client_next(client, ready, 8, 10000, &waiting->count);
  waiting->ms = now_ms() - start;
  return NULL;
}

/* What is resumed wakes who is waiting already. */
static void resume_while_somebody_waits(const char *threads) {
  brs_ready ready[8];
  size_t count = 0;
  struct waiting waiting = {0};
  begin(threads, NULL);
  open_streams(1);
  brs_stream_pause(readers[0].stream);
  CHECK_CODE(brs_client_next(client, ready, 8, 300, &count), BRS_E_TIMEOUT);
  pthread_create(&waiting.thread, NULL, wait_for_events, &waiting);
  sleep_ms(100);
  brs_stream_resume(readers[0].stream);
  pthread_join(waiting.thread, NULL);
  CHECK_CODE(waiting.code, BRS_OK);
  CHECK(waiting.ms < 5000);
  free_streams(1);
  end();
}

TEST(resuming_wakes_who_waits) { resume_while_somebody_waits("1"); }
TEST(resuming_wakes_who_turns_the_loop) { resume_while_somebody_waits("0"); }
TEST(resuming_wakes_beside_several_threads) { resume_while_somebody_waits("4"); }

/* A host that waits for the descriptor hears of it too. */
TEST(resuming_makes_the_descriptor_readable) {
  brs_ready ready[8];
  size_t count = 0;
  int fd = -1;
  begin("0", NULL);
  CHECK_CODE(brs_client_fd(client, &fd), BRS_OK);
  open_streams(1);
  brs_stream_pause(readers[0].stream);
  CHECK_CODE(brs_client_next(client, ready, 8, 300, &count), BRS_E_TIMEOUT);
  struct pollfd set = {fd, POLLIN, 0};
  for (int i = 0; i < 100 && poll(&set, 1, 0) > 0; i++) brs_client_dispatch(client);
  CHECK_NUMBER(poll(&set, 1, 20), 0);
  brs_stream_resume(readers[0].stream);
  CHECK_NUMBER(poll(&set, 1, 0), 1);
  brs_client_dispatch(client);
  CHECK_CODE(brs_client_next(client, ready, 8, 0, &count), BRS_OK);
  free_streams(1);
  end();
}

/* Nobody waits for the events of a client that is gone. */
static void free_while_somebody_waits(const char *threads) {
  struct waiting waiting = {0};
  begin(threads, NULL);
  pthread_create(&waiting.thread, NULL, wait_for_events, &waiting);
  sleep_ms(200);
  brs_client_free(client);
  pthread_join(waiting.thread, NULL);
  client = NULL;
  CHECK_CODE(waiting.code, BRS_E_CLOSED);
  CHECK_NUMBER(waiting.count, 0);
  CHECK(waiting.ms < 5000);
  end();
}

TEST(the_client_is_freed_while_somebody_waits) { free_while_somebody_waits("1"); }
TEST(the_client_is_freed_while_somebody_turns_it) { free_while_somebody_waits("0"); }

static brs_verdict free_all(void *user, brs_stream *stream, const brs_error *error, const brs_retry *plan) {
  (void)user;
  (void)error;
  (void)plan;
  brs_stream_free(stream);
  brs_client_free(client);
  client = NULL;
  return BRS_VERDICT_AS_PLANNED;
}

/* All that could have been waited for goes inside of the call. */
TEST(the_client_is_freed_inside) {
  brs_ready ready[8];
  size_t count = 9;
  begin("0", NULL);
  server_reply(&server, (struct reply){.drops = 1});
  brs_request request = request_of("{}");
  brs_stream *stream = NULL;
  request.on_failure = free_all;
  CHECK_CODE(brs_stream_open(client, &request, NULL, &stream, NULL), BRS_OK);
  CHECK_CODE(brs_client_next(client, ready, 8, -1, &count), BRS_E_CLOSED);
  CHECK_NUMBER(count, 0);
  end();
}

static brs_flow read_inside(struct seen *of, brs_stream *stream, enum seen_kind kind) {
  brs_ready ready[2];
  size_t count = 0;
  (void)stream;
  (void)kind;
  if (of->number++ == 0) CHECK_CODE(brs_client_next(client, ready, 2, -1, &count), BRS_E_TIMEOUT);
  return BRS_FLOW_CONTINUE;
}

/* A callback that waits would wait for itself. */
static void read_in_a_callback(const char *threads) {
  struct seen seen;
  seen_init(&seen);
  seen.hook = read_inside;
  begin(threads, NULL);
  brs_stream *stream = stream_open(client, &seen);
  brs_ready ready[2];
  size_t count = 0;
  for (int i = 0; i < 200 && seen_terminals(&seen) == 0; i++) brs_client_next(client, ready, 2, 50, &count);
  CHECK_ENDED_ONCE(&seen);
  brs_stream_free(stream);
  seen_free(&seen);
  end();
}

TEST(a_callback_cannot_wait) { read_in_a_callback("1"); }
TEST(a_callback_inside_of_the_call_cannot_wait) { read_in_a_callback("0"); }

TEST(sizes_and_times_that_are_none) {
  brs_ready ready[300];
  size_t count = 9;
  begin(NULL, NULL);
  CHECK_CODE(brs_client_next(client, ready, SIZE_MAX, 0, &count), BRS_E_TIMEOUT);
  CHECK_NUMBER(count, 0);
  open_streams(2);
  brs_code code = brs_client_next(client, ready, SIZE_MAX, INT64_MAX, &count);
  CHECK_CODE(code, BRS_OK);
  CHECK(count > 0 && count <= 256);
  code = brs_client_next(client, ready, (size_t)1 << 63, INT64_MIN, &count);
  CHECK(code == BRS_OK && count > 0);
  free_streams(2);
  end();
}
