/* Many threads, many streams, two clients; connections that are used again. */
#include "support.h"
#include <stdlib.h>

static struct fixture fixture;

enum { THREADS = 8, STREAMS = 50 };

struct crowd {
  brs_client *client;
  int number;
};

static void end_one(brs_client *client, int number) {
  struct seen seen;
  seen_init(&seen);
  brs_stream *stream = stream_open(client, &seen);
  if (number % 5 == 1) brs_stream_cancel(stream);
  if (number % 5 != 2) CHECK(seen_wait(&seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&seen);
  if (number % 5 == 0 || number % 5 > 2) CHECK_NUMBER(seen.stops, 1);
  if (seen.stops == 1) CHECK_NUMBER(seen.deltas, 4);
  seen_free(&seen);
}

static void *run_crowd(void *context) {
  struct crowd *crowd = context;
  int streams = check_is_slow() ? STREAMS / 5 : STREAMS;
  for (int i = 0; i < streams; i++) end_one(crowd->client, crowd->number + i);
  return NULL;
}

TEST(threads_share_a_client) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 4);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  pthread_t threads[THREADS];
  struct crowd crowds[THREADS];
  for (int i = 0; i < THREADS; i++) {
    crowds[i] = (struct crowd){fixture.client, i};
    pthread_create(&threads[i], NULL, run_crowd, &crowds[i]);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* All streams of all threads open at once. */
static void *open_fifty(void *context) {
  struct crowd *crowd = context;
  struct seen *seen = calloc(STREAMS, sizeof *seen);
  brs_stream *streams[STREAMS];
  int count = check_is_slow() ? STREAMS / 5 : STREAMS;
  for (int i = 0; i < count; i++) {
    seen_init(&seen[i]);
    streams[i] = stream_open(crowd->client, &seen[i]);
  }
  for (int i = 0; i < count; i++) {
    CHECK(seen_wait(&seen[i]));
    brs_stream_free(streams[i]);
    CHECK_ENDED_ONCE(&seen[i]);
    CHECK_NUMBER(seen[i].stops, 1);
    CHECK_NUMBER(seen[i].deltas, 4);
    seen_free(&seen[i]);
  }
  free(seen);
  return NULL;
}

TEST(streams_at_once) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 4);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  pthread_t threads[THREADS];
  struct crowd crowds[THREADS];
  for (int i = 0; i < THREADS; i++) {
    crowds[i] = (struct crowd){fixture.client, i};
    pthread_create(&threads[i], NULL, open_fifty, &crowds[i]);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(two_clients) {
  static struct fixture other;
  fixture_begin(&fixture, NULL, NULL);
  fixture_begin(&other, NULL, NULL);
  struct bytes one = {0}, two = {0};
  answer_add(&one, 4);
  answer_add(&two, 9);
  server_reply(&fixture.server, stream_reply(one.data, one.len));
  server_reply(&other.server, stream_reply(two.data, two.len));
  for (int i = 0; i < 20; i++) {
    struct seen a, b;
    seen_init(&a);
    seen_init(&b);
    brs_stream *first = stream_open(fixture.client, &a), *second = stream_open(other.client, &b);
    CHECK(seen_wait(&a) && seen_wait(&b));
    CHECK_NUMBER(a.deltas, 4);
    CHECK_NUMBER(b.deltas, 9);
    brs_stream_free(first);
    brs_stream_free(second);
    seen_free(&a);
    seen_free(&b);
  }
  /* The end of one does not touch the other. */
  fixture_end(&fixture);
  exchange(&other, stream_reply(two.data, two.len));
  CHECK_NUMBER(other.seen.stops, 1);
  fixture_end(&other);
  bytes_free(&one);
  bytes_free(&two);
}

TEST(connections_are_used_again) {
  if (check_style_is("threads")) return; /* each thread has connections of its own */
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 4);
  for (int i = 0; i < 20; i++) {
    exchange(&fixture, stream_reply(answer.data, answer.len));
    CHECK_NUMBER(fixture.seen.stops, 1);
    CHECK_NUMBER(fixture.seen.reused, i > 0);
  }
  CHECK_NUMBER(server_connections(&fixture.server), 1);
  CHECK_NUMBER(server_requests(&fixture.server), 20);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* An error whose body was read to its end leaves the connection usable; a cancelled stream does not. */
TEST(connections_after_errors_and_cancels) {
  if (check_style_is("threads")) return; /* each thread has connections of its own */
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 4);
  struct reply refusal = {.status = 400,
                          .content_type = "application/json",
                          .framing = FRAMING_LENGTH,
                          .body = (const uint8_t *)"{}",
                          .len = 2};
  exchange(&fixture, refusal);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_NUMBER(server_connections(&fixture.server), 1);
  struct reply held = stream_reply(answer.data, answer.len);
  held.holds = 1;
  held.hold_at = answer.len / 2;
  server_reply(&fixture.server, held);
  struct seen seen;
  seen_init(&seen);
  brs_stream *stream = stream_open(fixture.client, &seen);
  CHECK(seen_wait_deltas(&seen, 1));
  brs_stream_free(stream);
  CHECK_CODE(seen.code, BRS_E_CANCELLED);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(server_connections(&fixture.server), 2);
  seen_free(&seen);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* The server closed the connection that is kept: the next stream gets a new one, without an error. */
TEST(kept_connection_was_closed) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 4);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.closes = 1;
  for (int i = 0; i < 5; i++) {
    exchange(&fixture, reply);
    CHECK_NUMBER(fixture.seen.stops, 1);
  }
  CHECK_NUMBER(server_connections(&fixture.server), 5);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* Clients come and go, streams are opened and cancelled from several threads at once. */
static void *churn(void *context) {
  struct server *server = context;
  int rounds = check_is_slow() ? 3 : 20;
  for (int i = 0; i < rounds; i++) {
    brs_config *config = config_for(server);
    brs_client *client = NULL;
    struct seen seen[4];
    brs_stream *streams[4];
    CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
    brs_config_free(config);
    for (int k = 0; k < 4; k++) {
      seen_init(&seen[k]);
      streams[k] = stream_open(client, &seen[k]);
    }
    if (i % 2 == 0) CHECK(seen_wait(&seen[i % 4]));
    brs_stream_cancel(streams[1]);
    brs_stream_free(streams[2]);
    brs_client_free(client);
    for (int k = 0; k < 4; k++) {
      if (k != 2) brs_stream_free(streams[k]);
      CHECK_ENDED_ONCE(&seen[k]);
      seen_free(&seen[k]);
    }
  }
  return NULL;
}

TEST(clients_come_and_go) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 30);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.piece = 500;
  server_reply(&fixture.server, reply);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, churn, &fixture.server);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* Cancel and free race with callbacks, cancel from a third thread. */
struct race {
  brs_stream *stream;
  int us;
};

static void *cancel_later(void *context) {
  struct race *race = context;
  for (volatile int i = 0; i < race->us * 100; i++) {}
  brs_stream_cancel(race->stream);
  return NULL;
}

TEST(cancel_races_with_the_answer) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 20);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  int rounds = check_is_slow() ? 20 : 200;
  for (int i = 0; i < rounds; i++) {
    struct seen seen;
    pthread_t thread;
    seen_init(&seen);
    struct race race = {stream_open(fixture.client, &seen), i * 7 % 300};
    pthread_create(&thread, NULL, cancel_later, &race);
    CHECK(seen_wait(&seen));
    pthread_join(thread, NULL);
    brs_stream_free(race.stream);
    CHECK_ENDED_ONCE(&seen);
    CHECK(seen.stops == 1 || seen.code == BRS_E_CANCELLED);
    seen_free(&seen);
  }
  fixture_end(&fixture);
  bytes_free(&answer);
}
