/* brs_stream_detach: nothing is delivered any more, and the end still brings the figures. */
#include "support.h"
#include <stdlib.h>

static struct fixture fixture;
static struct bytes answer;

/* An answer of `deltas` deltas that stands still after `hold_at` bytes, or does not where that is 0. */
static void begin(int deltas, size_t hold_at) {
  fixture_begin(&fixture, KEY_QUEUE, "4096");
  answer = (struct bytes){0};
  answer_add(&answer, deltas);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.holds = hold_at > 0;
  reply.hold_at = hold_at;
  server_reply(&fixture.server, reply);
}

static void end(void) {
  fixture_end(&fixture);
  bytes_free(&answer);
}

static brs_stream *start(void) {
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_all_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  return stream;
}

static void check_end(void) {
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_OK);
  CHECK_NUMBER(fixture.seen.usage.output_tokens, 34);
  CHECK_NUMBER(fixture.seen.stop_reason, BRS_STOP_END_TURN);
}

static brs_flow detach_at(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  if (kind != SEEN_DELTA || seen->deltas != seen->number) return BRS_FLOW_CONTINUE;
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  return seen->context != NULL ? BRS_FLOW_PAUSE : BRS_FLOW_CONTINUE;
}

TEST(in_a_delta) {
  begin(50, 0);
  fixture.seen.hook = detach_at;
  fixture.seen.number = 3;
  brs_stream *stream = start();
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  check_end();
  CHECK_NUMBER(fixture.seen.deltas, 3);
  CHECK_NUMBER(fixture.seen.events, 4);
  end();
}

/* A stream that nobody listens to does not wait for anybody to let it go on. */
TEST(a_pause_means_nothing_then) {
  begin(50, 0);
  fixture.seen.hook = detach_at;
  fixture.seen.number = 3;
  fixture.seen.context = &fixture;
  brs_stream *stream = start();
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  check_end();
  CHECK_NUMBER(fixture.seen.deltas, 3);
  end();
}

static brs_flow detach_in_event(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  if (kind == SEEN_EVENT && seen->events == 2) CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  return BRS_FLOW_CONTINUE;
}

/* The typed callback of the same event may follow, nothing else. */
TEST(in_an_event) {
  begin(10, 0);
  fixture.seen.hook = detach_in_event;
  brs_stream *stream = start();
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  check_end();
  CHECK_NUMBER(fixture.seen.events, 2);
  CHECK(fixture.seen.deltas <= 1);
  end();
}

TEST(from_another_thread) {
  struct bytes first = {0};
  answer_begin(&first);
  delta_add(&first, 0, "word 0 ");
  begin(20, first.len);
  bytes_free(&first);
  brs_stream *stream = start();
  CHECK(seen_wait_deltas(&fixture.seen, 1));
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  server_release(&fixture.server);
  CHECK(seen_wait(&fixture.seen));
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  brs_stream_free(stream);
  check_end();
  CHECK_NUMBER(fixture.seen.deltas, 1);
  end();
}

static brs_flow pause_once(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  return kind == SEEN_DELTA && seen->deltas == 1 ? BRS_FLOW_PAUSE : BRS_FLOW_CONTINUE;
}

TEST(a_paused_stream_goes_on) {
  begin(50, 0);
  fixture.seen.hook = pause_once;
  brs_stream *stream = start();
  CHECK(seen_wait_deltas(&fixture.seen, 1));
  sleep_ms(50);
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  check_end();
  CHECK_NUMBER(fixture.seen.deltas, 1);
  end();
}

TEST(cancel_ends_a_detached_stream) {
  begin(5, 10);
  brs_stream *stream = start();
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  sleep_ms(50);
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  end();
}

TEST(free_ends_a_detached_stream) {
  begin(5, 10);
  brs_stream *stream = start();
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  end();
}

static brs_stream *pull_start(void) {
  brs_request request = request_of(BODY);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &stream, NULL), BRS_OK);
  return stream;
}

/* The terminal event, and only that, also where far more than `delivery.queue_bytes` is still to come. */
TEST(pull_brings_only_the_end) {
  for (int fetched = 0; fetched <= 2; fetched++) {
    begin(3000, 0);
    brs_stream *stream = pull_start();
    const brs_event *event = NULL;
    for (int i = 0; i < fetched; i++) CHECK_CODE(brs_stream_next(stream, 20000, &event), BRS_OK);
    if (fetched > 0) sleep_ms(50);
    CHECK_CODE(brs_stream_detach(stream), BRS_OK);
    CHECK_CODE(brs_stream_next(stream, 20000, &event), BRS_OK);
    CHECK_NUMBER(event->kind, BRS_EVENT_STOP);
    if (event->result != NULL) CHECK_NUMBER(event->result->usage.output_tokens, 34);
    CHECK_CODE(brs_stream_next(stream, 0, &event), BRS_E_END);
    CHECK_CODE(brs_stream_detach(stream), BRS_OK);
    brs_stream_free(stream);
    end();
  }
}

static void *detach_soon(void *stream) {
  sleep_ms(100);
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  server_release(&fixture.server);
  return NULL;
}

TEST(while_another_thread_waits_for_an_event) {
  begin(20, 10);
  brs_stream *stream = pull_start();
  pthread_t other;
  CHECK_NUMBER(pthread_create(&other, NULL, detach_soon, stream), 0);
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_next(stream, 20000, &event), BRS_OK);
  CHECK(event != NULL && event->kind == BRS_EVENT_STOP);
  pthread_join(other, NULL);
  brs_stream_free(stream);
  end();
}

/* Retries go on, but nothing is told of them. */
TEST(retries_are_not_told) {
  begin(5, 0);
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_RETRY_MODE, "standard");
  config_put(config, KEY_MAX_ATTEMPTS, "3");
  config_put(config, "retry.max_backoff_ms", "200");
  const struct reply replies[] = {
      error_reply(503, NULL, "{\"message\":\"busy\"}"), error_reply(503, NULL, "{\"message\":\"busy\"}"),
      stream_reply(answer.data, answer.len)};
  struct script script = {replies, 3};
  server_script(&fixture.server, &script);
  brs_request request = request_of(BODY);
  request.config = config;
  brs_callbacks callbacks = seen_all_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  check_end();
  CHECK_NUMBER(fixture.seen.deltas, 0);
  CHECK_NUMBER(fixture.seen.attempts, 3);
  brs_config_free(config);
  end();
}

TEST(null_is_refused) { CHECK_CODE(brs_stream_detach(NULL), BRS_E_ARGUMENT); }
