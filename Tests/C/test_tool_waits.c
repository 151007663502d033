/* A stream that waits for results: it can be cancelled, freed, detached, drained, paused, and the wait has a limit. */
#include "tools.h"
#include <stdlib.h>

static struct calling calling;
static struct seen *const seen = &calling.fixture.seen;
static const char *const ONE[] = {"t1", NULL};

static void begin(const char *key, const char *value) {
  calling_begin(&calling, key, value);
  calling_add(&calling, "Let me see. ", ONE);
  calling_add_end(&calling, "It rains.");
  calling_serve(&calling);
}

static brs_stream *open_and_wait(void) {
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
  return stream;
}

static void check_cancelled(void) {
  CHECK_ENDED_ONCE(seen);
  CHECK_CODE(seen->code, BRS_E_CANCELLED);
  CHECK_NUMBER(seen->phase, BRS_PHASE_TOOL);
  CHECK_TEXT(seen->result_text, "Let me see. ");
  CHECK_NUMBER(server_requests(&calling.fixture.server), 1);
  calling_end(&calling);
}

TEST(cancelled) {
  begin(NULL, NULL);
  brs_stream *stream = open_and_wait();
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  CHECK(seen_wait(seen));
  /* The terminal callback may not have returned yet. */
  while (give(stream, "t2", BRS_TOOL_TEXT, "x", 0, NULL) != BRS_E_STATE) sleep_ms(1);
  brs_stream_free(stream);
  check_cancelled();
}

TEST(freed) {
  begin(NULL, NULL);
  brs_stream_free(open_and_wait());
  check_cancelled();
}

static brs_flow cancel_when_waiting(struct seen *record, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  const struct called *last = record->called_count > 0 ? &record->called[record->called_count - 1] : NULL;
  return kind == SEEN_EVENT && last != NULL && last->kind == BRS_EVENT_TOOL_WAITING ? BRS_FLOW_CANCEL
                                                                                   : BRS_FLOW_CONTINUE;
}

TEST(cancelled_by_the_event) {
  begin(NULL, NULL);
  seen->hook = cancel_when_waiting;
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait(seen));
  brs_stream_free(stream);
  check_cancelled();
}

TEST(its_client_is_freed) {
  begin(NULL, NULL);
  brs_stream *stream = open_and_wait();
  brs_client_free(calling.fixture.client);
  calling.fixture.client = NULL;
  CHECK_CODE(give_text(stream, "t1", "x"), BRS_E_STATE);
  brs_stream_free(stream);
  check_cancelled();
}

TEST(drained) {
  begin(NULL, NULL);
  brs_stream *stream = open_and_wait();
  CHECK_CODE(brs_client_drain(calling.fixture.client, 50), BRS_E_TIMEOUT);
  brs_stream_free(stream);
  check_cancelled();
}

/* What was handed over is still waited for, and the end brings the figures of all rounds. */
TEST(detached) {
  begin(NULL, NULL);
  brs_stream *stream = open_and_wait();
  CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  sleep_ms(30);
  CHECK_NUMBER(seen_terminals(seen), 0);
  int events = seen->events, deltas = seen->deltas;
  CHECK_CODE(give_text(stream, "t1", "rain"), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_NUMBER(seen->stops, 1);
  CHECK_NUMBER(seen->events, events);
  CHECK_NUMBER(seen->deltas, deltas);
  CHECK_NUMBER(seen->usage.output_tokens, 68);
  CHECK_NUMBER(seen->rounds, 2);
  calling_end(&calling);
}

static brs_flow detach_at_first_delta(struct seen *record, brs_stream *stream, enum seen_kind kind) {
  if (kind == SEEN_DELTA && record->deltas == 1) CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  return BRS_FLOW_CONTINUE;
}

/* Of a call that was not handed over nobody can give a result. */
TEST(detached_before_the_call) {
  begin(NULL, NULL);
  seen->hook = detach_at_first_delta;
  calling_finish(&calling, calling_open(&calling));
  CHECK_NUMBER(seen->stops, 1);
  CHECK_NUMBER(seen->stop_reason, BRS_STOP_TOOL_USE);
  CHECK_NUMBER(seen->called_count, 0);
  CHECK_NUMBER(seen->rounds, 1);
  calling_end(&calling);
}

/* Nor of one that was never fetched: the stream ends at once, waiting or not. One that was fetched is waited for. */
TEST(detached_before_the_call_was_fetched) {
  for (int fetched = 0; fetched < 2; fetched++) {
    begin(NULL, NULL);
    brs_request request = request_of(BODY);
    brs_stream *stream = NULL;
    const brs_event *event = NULL;
    CHECK_CODE(brs_stream_open(calling.fixture.client, &request, NULL, &stream, NULL), BRS_OK);
    do CHECK_CODE(brs_stream_next(stream, 20000, &event), BRS_OK);
    while (event != NULL && event->kind != (fetched ? BRS_EVENT_TOOL : BRS_EVENT_MESSAGE_START));
    sleep_ms(50);
    CHECK_CODE(brs_stream_detach(stream), BRS_OK);
    if (fetched) CHECK_CODE(give_text(stream, "t1", "rain"), BRS_OK);
    CHECK_CODE(brs_stream_next(stream, 20000, &event), BRS_OK);
    CHECK(event->result != NULL && event->result->rounds == (fetched ? 2 : 1));
    brs_stream_free(stream);
    calling_end(&calling);
  }
}

TEST(its_limit_of_time_passes) {
  begin(KEY_TOOL_MS, "120");
  int64_t start = now_ms();
  calling_finish(&calling, open_and_wait());
  CHECK_CODE(seen->code, BRS_E_TIMEOUT_TOOL);
  CHECK_NUMBER(seen->phase, BRS_PHASE_TOOL);
  CHECK_NUMBER(seen->retryable, 0);
  CHECK(now_ms() - start >= 110);
  CHECK_TEXT(seen->result_text, "Let me see. ");
  CHECK_NUMBER(server_requests(&calling.fixture.server), 1);
  calling_end(&calling);
}

/* The limit names a call that has no result; the other limits sleep meanwhile. */
TEST(the_missing_call_is_named) {
  calling_begin(&calling, KEY_TOOL_MS, "150");
  calling_add(&calling, "Two. ", (const char *const[]){"t1", "t2", NULL});
  calling_serve(&calling);
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_BETWEEN_MS, "40");
  config_put(config, KEY_FIRST_BYTE_MS, "5000");
  brs_request request = request_of(BODY);
  request.config = config;
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(calling.fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  brs_config_free(config);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 2) != NULL);
  CHECK_CODE(give_text(stream, "t1", "x"), BRS_OK);
  CHECK(seen_wait(seen));
  brs_stream_free(stream);
  CHECK_CODE(seen->code, BRS_E_TIMEOUT_TOOL);
  CHECK_CONTAINS(seen->message, "t2 (weather)");
  CHECK_CONTAINS(seen->message, "timeout.tool_ms=150");
  calling_end(&calling);
}

TEST(the_whole_has_a_limit_too) {
  begin(KEY_TOTAL_MS, "300");
  calling_finish(&calling, open_and_wait());
  CHECK_CODE(seen->code, BRS_E_TIMEOUT_TOTAL);
  CHECK_NUMBER(seen->phase, BRS_PHASE_TOOL);
  calling_end(&calling);
}

static brs_flow pause_when_waiting(struct seen *record, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  const struct called *last = record->called_count > 0 ? &record->called[record->called_count - 1] : NULL;
  int pauses = kind == SEEN_EVENT && last != NULL && last->kind == BRS_EVENT_TOOL_WAITING && record->number++ == 0;
  return pauses ? BRS_FLOW_PAUSE : BRS_FLOW_CONTINUE;
}

/* A pause holds the next request back, also when all results are there. */
TEST(paused) {
  begin(NULL, NULL);
  seen->hook = pause_when_waiting;
  brs_stream *stream = open_and_wait();
  CHECK_CODE(give_text(stream, "t1", "rain"), BRS_OK);
  sleep_ms(50);
  CHECK_NUMBER(server_requests(&calling.fixture.server), 1);
  CHECK_CODE(brs_stream_resume(stream), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_NUMBER(seen->stops, 1);
  CHECK_NUMBER(server_requests(&calling.fixture.server), 2);
  calling_end(&calling);
}

/* Without callbacks: the same events, and the reader answers between two of them. */
TEST(read_with_next) {
  static const brs_event_kind kinds[] = {BRS_EVENT_MESSAGE_START, BRS_EVENT_DELTA,        BRS_EVENT_BLOCK_STOP,
                                         BRS_EVENT_BLOCK_START,   BRS_EVENT_DELTA,        BRS_EVENT_BLOCK_STOP,
                                         BRS_EVENT_TOOL,          BRS_EVENT_MESSAGE_STOP, BRS_EVENT_METADATA,
                                         BRS_EVENT_TOOL_WAITING,  BRS_EVENT_TOOL_ANSWERED, BRS_EVENT_MESSAGE_START,
                                         BRS_EVENT_DELTA,         BRS_EVENT_BLOCK_STOP,   BRS_EVENT_MESSAGE_STOP,
                                         BRS_EVENT_METADATA,      BRS_EVENT_STOP};
  begin(NULL, NULL);
  brs_request request = request_of(BODY);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(calling.fixture.client, &request, NULL, &stream, NULL), BRS_OK);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const brs_event *event = NULL;
    CHECK_CODE(brs_stream_next(stream, check_is_slow() ? 60000 : 20000, &event), BRS_OK);
    if (event == NULL) break;
    if (event->kind != kinds[i])
      check_failed(__FILE__, __LINE__, "event %d is %d, expected %d", (int)i, (int)event->kind, (int)kinds[i]);
    CHECK((event->tool != NULL) == (event->kind == BRS_EVENT_TOOL || event->kind == BRS_EVENT_TOOL_WAITING ||
                                    event->kind == BRS_EVENT_TOOL_ANSWERED));
    if (event->kind != BRS_EVENT_STOP) CHECK_NUMBER(event->round, i >= 11);
    if (event->kind == BRS_EVENT_TOOL_WAITING) {
      CHECK_TEXT(event->tool->id, "t1");
      CHECK_TEXT(event->type, "");
      CHECK_CODE(give_text(stream, event->tool->id, "rain"), BRS_OK);
    }
    if (event->result != NULL) CHECK_TEXT(event->result->text, "Let me see. It rains.");
  }
  brs_stream_free(stream);
  calling_end(&calling);
}
