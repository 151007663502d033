/* What a callback starts, ends or frees while other things of its client wait to be looked at. */
#include "support.h"
#include <stdlib.h>

static struct fixture fixture;

static brs_stream *open_all(brs_client *client, struct seen *seen) {
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(client, &request, &callbacks, &stream, NULL), BRS_OK);
  return stream;
}

enum deed { FREE_STREAM, FREE_CLIENT };

struct plan {
  enum deed deed;
  int at; /* which on_event */
  int done;
};

static brs_flow act_in_event(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  struct plan *plan = seen->context;
  if (kind != SEEN_EVENT || seen->events != plan->at) return BRS_FLOW_CONTINUE;
  plan->done = 1;
  if (plan->deed == FREE_STREAM) brs_stream_free(stream);
  else brs_client_free(fixture.client);
  return BRS_FLOW_CONTINUE;
}

/* on_event comes before the typed callback of its event, which must not follow when the stream ended in between. */
static void end_in_event(enum deed deed, int at) {
  struct bytes body = {0};
  fixture_begin(&fixture, NULL, NULL);
  answer_add(&body, 3);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  struct plan plan = {deed, at, 0};
  fixture.seen.hook = act_in_event;
  fixture.seen.context = &plan;
  brs_stream *stream = open_all(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  sleep_ms(20);
  CHECK_NUMBER(plan.done, 1);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  if (deed == FREE_CLIENT) brs_stream_free(stream), fixture.client = NULL;
  fixture_end(&fixture);
  bytes_free(&body);
}

TEST(stream_free_in_any_event) {
  for (int at = 1; at <= 7; at++) end_in_event(FREE_STREAM, at);
}

TEST(client_free_in_any_event) {
  for (int at = 1; at <= 7; at++) end_in_event(FREE_CLIENT, at);
}

static struct seen inner;

static brs_flow open_and_free(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  if (kind == SEEN_DELTA && seen->deltas == 1) brs_stream_free(stream_open(fixture.client, &inner));
  return BRS_FLOW_CONTINUE;
}

static brs_flow open_free_and_end(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  if (kind != SEEN_DELTA || seen->deltas != 1) return BRS_FLOW_CONTINUE;
  open_and_free(seen, stream, kind);
  brs_client_free(fixture.client);
  fixture.client = NULL;
  return BRS_FLOW_CONTINUE;
}

/* A stream that was freed before the client's thread came to it is never sent. */
static void free_unstarted(brs_flow (*hook)(struct seen *, brs_stream *, enum seen_kind), brs_code code) {
  struct bytes body = {0};
  int descriptors = count_entries("/proc/self/fd");
  fixture_begin(&fixture, NULL, NULL);
  answer_add(&body, 3);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  seen_init(&inner);
  fixture.seen.hook = hook;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  sleep_ms(50);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, code);
  CHECK_ENDED_ONCE(&inner);
  CHECK_CODE(inner.code, BRS_E_CANCELLED);
  /* Another thread may have sent it before it was freed. */
  if (!check_style_is("threads")) CHECK_NUMBER(server_requests(&fixture.server), 1);
  fixture_end(&fixture);
  seen_free(&inner);
  bytes_free(&body);
  /* The client's thread, which frees the last of it, may still be on its way out. */
  for (int i = 0; i < 100 && count_entries("/proc/self/fd") != descriptors; i++) sleep_ms(20);
  CHECK_NUMBER(count_entries("/proc/self/fd"), descriptors);
}

TEST(open_and_free_in_a_callback) { free_unstarted(open_and_free, BRS_OK); }
TEST(open_free_and_client_free_in_a_callback) { free_unstarted(open_free_and_end, BRS_E_CANCELLED); }

#define WAITING 4
static struct seen waiting[WAITING];
static brs_stream *opened[WAITING];
static brs_config *without_token;
static int ended_at_free;

/* Opens a stream that fails as soon as the client's thread comes to it. */
static brs_stream *open_hopeless(struct seen *seen) {
  brs_request request = request_of(BODY);
  request.config = without_token;
  brs_callbacks callbacks = seen_callbacks(seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  return stream;
}

static brs_flow open_waiting(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)seen, (void)stream, (void)kind;
  for (int i = 0; i < WAITING; i++) opened[i] = open_hopeless(&waiting[i]);
  return BRS_FLOW_CONTINUE;
}

/* Runs in the on_error of the first waiting stream, while the client's thread has not come to the others. */
static brs_flow end_client(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)seen, (void)stream, (void)kind;
  brs_client_free(fixture.client);
  fixture.client = NULL;
  for (int i = 0; i < WAITING; i++) ended_at_free += seen_terminals(&waiting[i]);
  return BRS_FLOW_CONTINUE;
}

/* When brs_client_free returns every stream has had its end, also those that were opened just before. */
TEST(client_free_ends_streams_that_wait) {
  if (check_style_is("threads")) return; /* one of them would free what another one still opens streams on */
  fixture_begin(&fixture, NULL, NULL);
  CHECK_CODE(brs_config_new(&without_token), BRS_OK);
  config_put(without_token, "auth.scheme", "bearer");
  for (int i = 0; i < WAITING; i++) seen_init(&waiting[i]);
  fixture.seen.hook = open_waiting;
  waiting[0].hook = end_client;
  brs_stream *first = open_hopeless(&fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  for (int i = 0; i < WAITING; i++) CHECK(seen_wait(&waiting[i]));
  brs_stream_free(first);
  for (int i = 0; i < WAITING; i++) {
    brs_stream_free(opened[i]);
    CHECK_ENDED_ONCE(&waiting[i]);
    CHECK_CODE(waiting[i].code, i == 0 ? BRS_E_CREDENTIALS : BRS_E_CANCELLED);
    seen_free(&waiting[i]);
  }
  CHECK_NUMBER(ended_at_free, WAITING);
  brs_config_free(without_token);
  fixture_end(&fixture);
}

static int is_inside;

static brs_flow end_client_and_linger(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  if (kind != SEEN_DELTA || seen->deltas != 1) return BRS_FLOW_CONTINUE;
  __atomic_store_n(&is_inside, 1, __ATOMIC_SEQ_CST);
  brs_client_free(fixture.client);
  fixture.client = NULL;
  sleep_ms(300);
  __atomic_store_n(&is_inside, 0, __ATOMIC_SEQ_CST);
  return BRS_FLOW_CONTINUE;
}

/* brs_stream_free waits for the callback that runs, though the stream's end came inside it. */
TEST(stream_free_waits_for_the_outer_callback) {
  struct bytes body = {0};
  fixture_begin(&fixture, NULL, NULL);
  answer_add(&body, 3);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  fixture.seen.hook = end_client_and_linger;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  CHECK_NUMBER(__atomic_load_n(&is_inside, __ATOMIC_SEQ_CST), 0);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  fixture_end(&fixture);
  bytes_free(&body);
}

static brs_flow linger(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  if (kind == SEEN_DELTA && seen->deltas == 1) sleep_ms(1500);
  return BRS_FLOW_CONTINUE;
}

/* A callback that takes long is not the silence of another stream's server. */
TEST(slow_callback_is_no_silence_of_others) {
  struct bytes body = {0};
  fixture_begin(&fixture, KEY_BETWEEN_MS, "1000");
  answer_add(&body, 20);
  struct reply reply = stream_reply(body.data, body.len);
  reply.piece = body.len / 20 + 1;
  reply.piece_us = 100000;
  server_reply(&fixture.server, reply);
  seen_init(&inner);
  brs_stream *other = stream_open(fixture.client, &inner);
  CHECK(seen_wait_deltas(&inner, 3));
  fixture.seen.hook = linger;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait(&inner));
  CHECK(seen_wait(&fixture.seen));
  CHECK_CODE(inner.code, BRS_OK);
  CHECK_CODE(fixture.seen.code, BRS_OK);
  brs_stream_free(stream);
  brs_stream_free(other);
  fixture_end(&fixture);
  seen_free(&inner);
  bytes_free(&body);
}

static brs_flow linger_and_use(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)seen;
  if (kind == SEEN_DELTA) sleep_ms(100);
  CHECK_CODE(brs_stream_resume(stream), BRS_OK);
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  return BRS_FLOW_CONTINUE;
}

/* The handle that callbacks are given is good until brs_stream_free returns, which waits for them. Memory checkers see
   when it is not. */
TEST(callbacks_use_a_stream_that_is_being_freed) {
  struct bytes body = {0};
  fixture_begin(&fixture, NULL, NULL);
  answer_add(&body, 3);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  fixture.seen.hook = linger_and_use;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait_deltas(&fixture.seen, 1));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  fixture_end(&fixture);
  bytes_free(&body);
}
