/* brs_client_drain: what runs may end, what is new is refused, what is late is cancelled. */
#include "support.h"
#include <stdlib.h>

#define STREAMS 4

static struct fixture fixture;
static struct seen seen[STREAMS];
static brs_stream *streams[STREAMS];
static struct bytes answer;

/* `count` streams whose answers stand still until server_release. */
static void begin(int count) {
  fixture_begin(&fixture, NULL, NULL);
  answer = (struct bytes){0};
  answer_add(&answer, 3);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.holds = 1;
  reply.hold_at = answer.len / 2;
  server_reply(&fixture.server, reply);
  for (int i = 0; i < STREAMS; i++) seen_init(&seen[i]);
  for (int i = 0; i < count; i++) streams[i] = stream_open(fixture.client, &seen[i]);
  for (int i = 0; i < count; i++) CHECK(seen_wait_deltas(&seen[i], 1));
}

/* All `count` streams had their one end, with this code. */
static void end(int count, brs_code code) {
  for (int i = 0; i < count; i++) {
    CHECK_ENDED_ONCE(&seen[i]);
    CHECK_CODE(seen[i].code, code);
    brs_stream_free(streams[i]);
  }
  fixture_end(&fixture);
  for (int i = 0; i < STREAMS; i++) seen_free(&seen[i]);
  bytes_free(&answer);
}

static void check_refused(void) {
  brs_request request = request_of(BODY);
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &stream, &diagnostic), BRS_E_CLOSED);
  CHECK(stream == NULL && diagnostic.message[0] != 0);
}

TEST(nothing_runs) {
  begin(0);
  int64_t start = now_ms();
  CHECK_CODE(brs_client_drain(fixture.client, 20000), BRS_OK);
  CHECK_CODE(brs_client_drain(fixture.client, 0), BRS_OK);
  CHECK_CODE(brs_client_drain(fixture.client, -1), BRS_OK);
  CHECK(now_ms() - start < 5000);
  check_refused();
  CHECK_NUMBER(server_requests(&fixture.server), 0);
  end(0, BRS_OK);
}

static void *release_soon(void *unused) {
  (void)unused;
  sleep_ms(200);
  check_refused();
  server_release(&fixture.server);
  return NULL;
}

TEST(streams_end_by_themselves) {
  static const int64_t deadlines[] = {-1, 20000, INT64_MIN, INT64_MAX};
  for (size_t i = 0; i < sizeof deadlines / sizeof *deadlines; i++) {
    begin(STREAMS);
    pthread_t other;
    int64_t start = now_ms();
    CHECK_NUMBER(pthread_create(&other, NULL, release_soon, NULL), 0);
    CHECK_CODE(brs_client_drain(fixture.client, deadlines[i]), BRS_OK);
    CHECK(now_ms() - start >= 150);
    pthread_join(other, NULL);
    end(STREAMS, BRS_OK);
  }
}

TEST(late_streams_are_cancelled) {
  begin(STREAMS);
  int64_t start = now_ms();
  CHECK_CODE(brs_client_drain(fixture.client, 200), BRS_E_TIMEOUT);
  int64_t took = now_ms() - start;
  CHECK(took >= 195 && took < (check_is_slow() ? 20000 : 2000));
  check_refused();
  CHECK_CODE(brs_client_drain(fixture.client, 200), BRS_OK);
  end(STREAMS, BRS_E_CANCELLED);
}

TEST(zero_cancels_at_once) {
  begin(2);
  CHECK_CODE(brs_client_drain(fixture.client, 0), BRS_E_TIMEOUT);
  end(2, BRS_E_CANCELLED);
}

/* A stream that was opened a moment ago is one of those that run. */
TEST(streams_that_were_just_opened) {
  for (int i = 0; i < 50; i++) {
    begin(0);
    server_release(&fixture.server);
    streams[0] = stream_open(fixture.client, &seen[0]);
    CHECK_CODE(brs_client_drain(fixture.client, -1), BRS_OK);
    end(1, BRS_OK);
  }
}

static brs_flow drain_inside(struct seen *seen_one, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  if (kind == SEEN_DELTA && seen_one->deltas == 2) {
    CHECK_CODE(brs_client_drain(fixture.client, -1), BRS_E_STATE);
    seen_one->number = 1;
  }
  return BRS_FLOW_CONTINUE;
}

/* Refused as a whole: the client goes on taking streams. */
TEST(not_inside_a_callback) {
  begin(0);
  server_release(&fixture.server);
  seen[0].hook = drain_inside;
  streams[0] = stream_open(fixture.client, &seen[0]);
  CHECK(seen_wait(&seen[0]));
  CHECK_NUMBER(seen[0].number, 1);
  streams[1] = stream_open(fixture.client, &seen[1]);
  CHECK(seen_wait(&seen[1]));
  end(2, BRS_OK);
}

static void *drain(void *unused) {
  (void)unused;
  CHECK_CODE(brs_client_drain(fixture.client, -1), BRS_OK);
  return NULL;
}

TEST(several_threads) {
  begin(2);
  pthread_t others[3];
  for (int i = 0; i < 3; i++) CHECK_NUMBER(pthread_create(&others[i], NULL, drain, NULL), 0);
  sleep_ms(50);
  server_release(&fixture.server);
  for (int i = 0; i < 3; i++) pthread_join(others[i], NULL);
  end(2, BRS_OK);
}

/* The shorter deadline ends what both wait for. */
TEST(two_deadlines) {
  begin(2);
  pthread_t other;
  CHECK_NUMBER(pthread_create(&other, NULL, release_soon, NULL), 0);
  CHECK_CODE(brs_client_drain(fixture.client, 20), BRS_E_TIMEOUT);
  CHECK_CODE(brs_client_drain(fixture.client, -1), BRS_OK);
  pthread_join(other, NULL);
  end(2, BRS_E_CANCELLED);
}

/* Its terminal event is there to be fetched, behind those that were waiting. */
TEST(a_pulled_stream) {
  begin(0);
  server_release(&fixture.server);
  brs_request request = request_of(BODY);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &stream, NULL), BRS_OK);
  CHECK_CODE(brs_client_drain(fixture.client, 20000), BRS_OK);
  const brs_event *event = NULL;
  int deltas = 0;
  brs_event_kind last = BRS_EVENT_OTHER;
  while (brs_stream_next(stream, 0, &event) == BRS_OK) deltas += event->delta != NULL, last = event->kind;
  CHECK_NUMBER(deltas, 3);
  CHECK_NUMBER(last, BRS_EVENT_STOP);
  brs_stream_free(stream);
  end(0, BRS_OK);
}

static brs_flow pause_for_ever(struct seen *seen_one, brs_stream *stream, enum seen_kind kind) {
  (void)seen_one, (void)stream;
  return kind == SEEN_DELTA ? BRS_FLOW_PAUSE : BRS_FLOW_CONTINUE;
}

TEST(a_paused_stream_is_cancelled) {
  begin(0);
  seen[0].hook = pause_for_ever;
  streams[0] = stream_open(fixture.client, &seen[0]);
  CHECK(seen_wait_deltas(&seen[0], 1));
  CHECK_CODE(brs_client_drain(fixture.client, 100), BRS_E_TIMEOUT);
  end(1, BRS_E_CANCELLED);
}

static void *cancel_soon(void *stream) {
  sleep_ms(100);
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  return NULL;
}

/* What the caller cancels himself has not been cancelled by the deadline. */
TEST(a_stream_that_the_caller_cancels) {
  begin(1);
  pthread_t other;
  CHECK_NUMBER(pthread_create(&other, NULL, cancel_soon, streams[0]), 0);
  CHECK_CODE(brs_client_drain(fixture.client, 20000), BRS_OK);
  pthread_join(other, NULL);
  end(1, BRS_E_CANCELLED);
}

TEST(null_is_refused) { CHECK_CODE(brs_client_drain(NULL, 0), BRS_E_ARGUMENT); }
