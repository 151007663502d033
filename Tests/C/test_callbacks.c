/* Calls of the library from inside its callbacks and from other threads: one terminal callback, nothing after it. */
#include "support.h"
#include <stdlib.h>

static struct fixture fixture;
static struct bytes answer;

/* An answer with every kind of event; it stops after the tool call until the server releases it. */
static struct reply held_reply(void) {
  answer = (struct bytes){0};
  answer_begin(&answer);
  delta_add(&answer, 0, "one");
  delta_add(&answer, 0, "two");
  event_add(&answer, "contentBlockStop", "{\"contentBlockIndex\":0}");
  event_add(&answer, "contentBlockStart",
            "{\"contentBlockIndex\":1,\"start\":{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"clock\"}}}");
  event_add(&answer, "contentBlockDelta",
            "{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"{\\\"a\\\":1}\"}}}");
  event_add(&answer, "contentBlockStop", "{\"contentBlockIndex\":1}");
  struct reply reply = {.holds = 1, .hold_at = answer.len};
  event_add(&answer, "messageStop", "{\"stopReason\":\"tool_use\"}");
  struct reply whole = stream_reply(answer.data, answer.len);
  whole.holds = reply.holds;
  whole.hold_at = reply.hold_at;
  return whole;
}

static brs_stream *open_all(brs_client *client, struct seen *seen) {
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(client, &request, &callbacks, &stream, NULL), BRS_OK);
  return stream;
}

/* What a hook does, at the first callback of one kind. */
enum deed { DO_CANCEL, DO_FREE, DO_CLIENT_FREE, DO_RETURN_CANCEL, DO_CANCEL_AND_FREE, DO_RESUME };

struct plan {
  enum seen_kind kind;
  enum deed deed;
  int done;
};

static brs_flow act(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  struct plan *plan = seen->context;
  if (kind != plan->kind || __atomic_exchange_n(&plan->done, 1, __ATOMIC_ACQ_REL)) return BRS_FLOW_CONTINUE;
  switch (plan->deed) {
  case DO_CANCEL: CHECK_CODE(brs_stream_cancel(stream), BRS_OK); break;
  case DO_FREE: brs_stream_free(stream); break;
  case DO_CLIENT_FREE: brs_client_free(fixture.client); break;
  case DO_RETURN_CANCEL: return BRS_FLOW_CANCEL;
  case DO_RESUME: CHECK_CODE(brs_stream_resume(stream), BRS_OK); break;
  case DO_CANCEL_AND_FREE:
    CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
    CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
    brs_stream_free(stream);
    break;
  }
  return BRS_FLOW_CONTINUE;
}

static void carry_out(enum seen_kind kind, enum deed deed, int expects_error) {
  fixture_begin(&fixture, NULL, NULL);
  struct plan plan = {kind, deed, 0};
  struct reply reply = held_reply();
  if (kind == SEEN_STOP || deed == DO_RESUME) reply.holds = 0;
  if (kind == SEEN_ERROR) reply.is_cut = 1, reply.holds = 0, reply.len = reply.hold_at;
  server_reply(&fixture.server, reply);
  fixture.seen.hook = act;
  fixture.seen.context = &plan;
  brs_stream *stream = open_all(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  sleep_ms(check_is_slow() ? 100 : 20);
  CHECK_NUMBER(__atomic_load_n(&plan.done, __ATOMIC_ACQUIRE), 1);
  CHECK_ENDED_ONCE(&fixture.seen);
  if (expects_error) CHECK_CODE(fixture.seen.code, kind == SEEN_ERROR ? BRS_E_INCOMPLETE : BRS_E_CANCELLED);
  else CHECK_NUMBER(fixture.seen.stops, 1);
  if (deed != DO_FREE && deed != DO_CANCEL_AND_FREE) brs_stream_free(stream);
  if (deed == DO_CLIENT_FREE) fixture.client = NULL;
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(cancel_in_on_delta) { carry_out(SEEN_DELTA, DO_CANCEL, 1); }
TEST(cancel_in_on_tool) { carry_out(SEEN_TOOL, DO_CANCEL, 1); }
TEST(cancel_in_on_event) { carry_out(SEEN_EVENT, DO_CANCEL, 1); }
TEST(cancel_in_on_stop) { carry_out(SEEN_STOP, DO_CANCEL, 0); }
TEST(cancel_in_on_error) { carry_out(SEEN_ERROR, DO_CANCEL, 1); }
TEST(free_in_on_delta) { carry_out(SEEN_DELTA, DO_FREE, 1); }
TEST(free_in_on_tool) { carry_out(SEEN_TOOL, DO_FREE, 1); }
TEST(free_in_on_event) { carry_out(SEEN_EVENT, DO_FREE, 1); }
TEST(free_in_on_stop) { carry_out(SEEN_STOP, DO_FREE, 0); }
TEST(free_in_on_error) { carry_out(SEEN_ERROR, DO_FREE, 1); }
TEST(client_free_in_on_delta) { carry_out(SEEN_DELTA, DO_CLIENT_FREE, 1); }
TEST(client_free_in_on_tool) { carry_out(SEEN_TOOL, DO_CLIENT_FREE, 1); }
TEST(client_free_in_on_event) { carry_out(SEEN_EVENT, DO_CLIENT_FREE, 1); }
TEST(client_free_in_on_stop) { carry_out(SEEN_STOP, DO_CLIENT_FREE, 0); }
TEST(client_free_in_on_error) { carry_out(SEEN_ERROR, DO_CLIENT_FREE, 1); }
TEST(return_cancel_from_on_delta) { carry_out(SEEN_DELTA, DO_RETURN_CANCEL, 1); }
TEST(return_cancel_from_on_tool) { carry_out(SEEN_TOOL, DO_RETURN_CANCEL, 1); }
TEST(return_cancel_from_on_event) { carry_out(SEEN_EVENT, DO_RETURN_CANCEL, 1); }
TEST(cancel_and_free_in_on_delta) { carry_out(SEEN_DELTA, DO_CANCEL_AND_FREE, 1); }
TEST(resume_in_on_delta) { carry_out(SEEN_DELTA, DO_RESUME, 0); }
TEST(resume_in_on_stop) { carry_out(SEEN_STOP, DO_RESUME, 0); }

/* After a cancel inside a callback no further piece is delivered. */
TEST(cancel_stops_delivery) {
  fixture_begin(&fixture, NULL, NULL);
  struct plan plan = {SEEN_DELTA, DO_CANCEL, 0};
  struct bytes body = {0};
  answer_add(&body, 100);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  fixture.seen.hook = act;
  fixture.seen.context = &plan;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_NUMBER(fixture.seen.deltas, 1);
  CHECK_NUMBER(fixture.seen.delivered, 1);
  CHECK_TEXT(fixture.seen.result_text, "word 0 ");
  fixture_end(&fixture);
  bytes_free(&body);
}

/* The same in on_event for an event that has a delta: on_delta, which would come next, must not run any more. */
static brs_flow act_at_second_event(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  return kind == SEEN_EVENT && seen->number++ < 1 ? BRS_FLOW_CONTINUE : act(seen, stream, kind);
}

static void carry_out_before_delta(enum deed deed) {
  fixture_begin(&fixture, NULL, NULL);
  struct plan plan = {SEEN_EVENT, deed, 0};
  server_reply(&fixture.server, held_reply());
  fixture.seen.hook = act_at_second_event;
  fixture.seen.context = &plan;
  brs_stream *stream = open_all(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  sleep_ms(check_is_slow() ? 100 : 20);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  CHECK_NUMBER(fixture.seen.deltas, 0);
  if (deed != DO_FREE) brs_stream_free(stream);
  if (deed == DO_CLIENT_FREE) fixture.client = NULL;
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(free_before_on_delta) { carry_out_before_delta(DO_FREE); }
TEST(client_free_before_on_delta) { carry_out_before_delta(DO_CLIENT_FREE); }
TEST(return_cancel_before_on_delta) { carry_out_before_delta(DO_RETURN_CANCEL); }

/* The event that a callback was given stays readable until it returns, also when it frees its stream. */
static brs_flow free_and_read(void *user, brs_stream *stream, const brs_delta *delta) {
  struct seen *seen = user;
  char before[64];
  snprintf(before, sizeof before, "%s", delta->text);
  brs_stream_free(stream);
  CHECK_TEXT(delta->text, before);
  pthread_mutex_lock(&seen->mutex);
  seen->number = 1;
  pthread_cond_broadcast(&seen->changed);
  pthread_mutex_unlock(&seen->mutex);
  return BRS_FLOW_CONTINUE;
}

TEST(event_is_readable_after_free) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 3);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  callbacks.on_delta = free_and_read;
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  brs_client_free(fixture.client);
  fixture.client = NULL;
  CHECK_NUMBER(fixture.seen.number, 1);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  CHECK_ENDED_ONCE(&fixture.seen);
  fixture_end(&fixture);
  bytes_free(&body);
}

/* A callback that runs while another thread frees the client: what it asks for is refused, nothing breaks. */
static brs_flow open_while_freed(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  brs_request request = request_of(BODY);
  brs_stream *other = NULL;
  if (kind != SEEN_DELTA || seen->number != 0) return BRS_FLOW_CONTINUE;
  __atomic_store_n(&seen->number, 1, __ATOMIC_RELEASE);
  sleep_ms(60);
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &other, NULL), BRS_E_CLOSED);
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  return BRS_FLOW_CONTINUE;
}

TEST(callback_uses_its_client_while_it_is_freed) {
  if (check_style_is("host")) return; /* there the loop has ended when the client is freed */
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, held_reply());
  fixture.seen.hook = open_while_freed;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  for (int i = 0; i < 5000 && __atomic_load_n(&fixture.seen.number, __ATOMIC_ACQUIRE) == 0; i++) sleep_ms(1);
  brs_client_free(fixture.client);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  brs_stream_free(stream);
  fixture.client = NULL;
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(cancel_before_the_first_byte) {
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, (struct reply){.never = 1});
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(server_wait_requests(&fixture.server, 1));
  int64_t start = now_ms();
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  if (!check_is_slow()) CHECK(now_ms() - start < 200);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  CHECK_NUMBER(fixture.seen.delivered, 0);
  CHECK_NUMBER(fixture.seen.retryable, 0);
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  fixture_end(&fixture);
}

TEST(cancel_after_the_end) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 1);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  CHECK_CODE(brs_stream_resume(stream), BRS_OK);
  sleep_ms(20);
  CHECK_NUMBER(fixture.seen.stops, 1);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  fixture_end(&fixture);
  bytes_free(&body);
}

/* Free right after open, with the request in any state: the terminal callback ran before free returned. */
TEST(free_right_after_open) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 3);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  int rounds = check_is_slow() ? 20 : 300;
  for (int i = 0; i < rounds; i++) {
    struct seen seen;
    seen_init(&seen);
    brs_stream *stream = stream_open(fixture.client, &seen);
    if (i % 3 > 0)
      for (volatile int spin = 0; spin < i * 997 % 200000; spin++) {}
    brs_stream_free(stream);
    CHECK_ENDED_ONCE(&seen);
    CHECK(seen.stops == 1 || seen.code == BRS_E_CANCELLED);
    seen_free(&seen);
  }
  fixture_end(&fixture);
  bytes_free(&body);
}

enum { MANY = 50 };

static void end_client_with_streams(int holds) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  static struct seen seen[MANY];
  brs_stream *streams[MANY];
  answer_add(&body, 20);
  struct reply reply = stream_reply(body.data, body.len);
  reply.holds = holds;
  reply.hold_at = body.len / 2;
  server_reply(&fixture.server, reply);
  for (int i = 0; i < MANY; i++) {
    seen_init(&seen[i]);
    streams[i] = stream_open(fixture.client, &seen[i]);
  }
  if (holds)
    for (int i = 0; i < MANY; i++) CHECK(seen_wait_deltas(&seen[i], 5));
  brs_client_free(fixture.client);
  fixture.client = NULL;
  for (int i = 0; i < MANY; i++) {
    CHECK_ENDED_ONCE(&seen[i]);
    if (holds) CHECK_CODE(seen[i].code, BRS_E_CANCELLED);
  }
  for (int i = 0; i < MANY; i++) {
    brs_stream_free(streams[i]);
    CHECK_ENDED_ONCE(&seen[i]);
    seen_free(&seen[i]);
  }
  fixture_end(&fixture);
  bytes_free(&body);
}

TEST(client_free_with_streams_in_flight) { end_client_with_streams(1); }
TEST(client_free_with_streams_at_any_point) { end_client_with_streams(0); }

static brs_flow pause_each(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  if (kind != SEEN_DELTA) return BRS_FLOW_CONTINUE;
  pthread_mutex_lock(&seen->mutex);
  seen->number++;
  pthread_mutex_unlock(&seen->mutex);
  return BRS_FLOW_PAUSE;
}

/* A pause holds after the very event, in the middle of bytes that came together; resume lets exactly one more pass. */
TEST(pause_and_resume) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 10);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  fixture.seen.hook = pause_each;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  for (int i = 1; i <= 10; i++) {
    CHECK(seen_wait_deltas(&fixture.seen, i));
    sleep_ms(5);
    CHECK_NUMBER(seen_deltas(&fixture.seen), i);
    CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
    CHECK_CODE(brs_stream_resume(stream), BRS_OK);
  }
  CHECK(seen_wait(&fixture.seen));
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(fixture.seen.deltas, 10);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  fixture_end(&fixture);
  bytes_free(&body);
}

static brs_flow resume_then_pause(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)seen;
  if (kind != SEEN_DELTA) return BRS_FLOW_CONTINUE;
  brs_stream_resume(stream);
  return BRS_FLOW_PAUSE;
}

/* A resume that comes before the pause does not undo it. */
TEST(resume_before_pause) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 2);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  fixture.seen.hook = resume_then_pause;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait_deltas(&fixture.seen, 1));
  sleep_ms(30);
  int waiting = seen_deltas(&fixture.seen);
  CHECK(waiting >= 1);
  for (int i = 0; i < 100 && !seen_terminals(&fixture.seen); i++) {
    CHECK_CODE(brs_stream_resume(stream), BRS_OK);
    sleep_ms(5);
  }
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(fixture.seen.deltas, 2);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  fixture_end(&fixture);
  bytes_free(&body);
}

TEST(cancel_and_free_while_paused) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 5);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  for (int frees = 0; frees < 2; frees++) {
    struct seen seen;
    seen_init(&seen);
    seen.hook = pause_each;
    brs_stream *stream = stream_open(fixture.client, &seen);
    CHECK(seen_wait_deltas(&seen, 1));
    if (!frees) CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
    if (!frees) CHECK(seen_wait(&seen));
    brs_stream_free(stream);
    CHECK_ENDED_ONCE(&seen);
    CHECK_CODE(seen.code, BRS_E_CANCELLED);
    CHECK_NUMBER(seen.deltas, 1);
    seen_free(&seen);
  }
  fixture_end(&fixture);
  bytes_free(&body);
}

/* While a callback holds the transfer back, silence is the caller's doing and no timeout; the server is held back. */
TEST(pause_holds_the_server_and_the_clock) {
  fixture_begin(&fixture, KEY_BETWEEN_MS, "150");
  struct bytes begin = {0}, unit = {0}, end = {0};
  answer_begin(&begin);
  delta_add(&begin, 0, "first");
  for (int i = 0; i < 100; i++) delta_add(&unit, 0, "0123456789012345678901234567890123456789");
  answer_end(&end);
  struct reply reply = stream_reply(begin.data, begin.len);
  reply.unit = unit.data;
  reply.unit_len = unit.len;
  reply.repeats = (16 << 20) / unit.len;
  reply.tail = end.data;
  reply.tail_len = end.len;
  server_reply(&fixture.server, reply);
  fixture.seen.hook = pause_each;
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait_deltas(&fixture.seen, 1));
  sleep_ms(500);
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  CHECK_NUMBER(seen_deltas(&fixture.seen), 1);
  CHECK(server_sent(&fixture.server) < 12u << 20);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  fixture_end(&fixture);
  bytes_free(&begin);
  bytes_free(&unit);
  bytes_free(&end);
}

/* Opens one more stream from within a callback, and frees the first there. */
struct chain {
  struct seen seen[5];
  int next;
  _Atomic(brs_stream *) last; /* its callbacks may run before its opening has returned */
};

static brs_flow open_next(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  struct chain *chain = seen->context;
  if (kind != SEEN_STOP) return BRS_FLOW_CONTINUE;
  if (chain->next < 5) {
    int number = chain->next++;
    brs_stream *opened = stream_open(fixture.client, &chain->seen[number]);
    if (number == 4) chain->last = opened;
  }
  if (seen != &chain->seen[4]) brs_stream_free(stream);
  return BRS_FLOW_CONTINUE;
}

TEST(open_in_a_callback) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  static struct chain chain;
  answer_add(&body, 2);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  for (int i = 0; i < 5; i++) {
    seen_init(&chain.seen[i]);
    chain.seen[i].hook = open_next;
    chain.seen[i].context = &chain;
  }
  chain.next = 1;
  stream_open(fixture.client, &chain.seen[0]);
  for (int i = 0; i < 5; i++) CHECK(seen_wait(&chain.seen[i]));
  sleep_ms(20);
  brs_stream_free(chain.last);
  for (int i = 0; i < 5; i++) {
    CHECK_ENDED_ONCE(&chain.seen[i]);
    CHECK_NUMBER(chain.seen[i].stops, 1);
    seen_free(&chain.seen[i]);
  }
  fixture_end(&fixture);
  bytes_free(&body);
}

TEST(open_on_a_client_that_ends) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 2);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  brs_client_free(fixture.client);
  fixture.client = NULL;
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK); /* the stream outlives its client, and may be freed last */
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  fixture_end(&fixture);
  bytes_free(&body);
}

TEST(order_of_callbacks) {
  fixture_begin(&fixture, NULL, NULL);
  struct reply reply = held_reply();
  reply.holds = 0;
  server_reply(&fixture.server, reply);
  brs_stream *stream = open_all(fixture.client, &fixture.seen);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(fixture.seen.tools, 1);
  CHECK_NUMBER(fixture.seen.deltas, 3);
  CHECK_NUMBER(fixture.seen.events, 8);
  CHECK_TEXT(fixture.seen.text, "onetwo");
  CHECK_NUMBER(fixture.seen.stop_reason, BRS_STOP_TOOL_USE);
  fixture_end(&fixture);
  bytes_free(&answer);
}
