/* brs_stream_next: order, timeouts, back-pressure, and being woken. */
#include "support.h"
#include <stdlib.h>
#include <unistd.h>

static struct fixture fixture;

static brs_stream *pull_open(void) {
  brs_request request = request_of(BODY);
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_stream *stream = NULL;
  if (brs_stream_open(fixture.client, &request, NULL, &stream, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "brs_stream_open: %s", diagnostic.message);
  return stream;
}

static int long_ms(void) { return check_is_slow() ? 60000 : 20000; }

TEST(events_in_order) {
  static const brs_event_kind kinds[] = {BRS_EVENT_MESSAGE_START, BRS_EVENT_DELTA,        BRS_EVENT_DELTA,
                                         BRS_EVENT_BLOCK_STOP,    BRS_EVENT_MESSAGE_STOP, BRS_EVENT_METADATA,
                                         BRS_EVENT_STOP};
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 2);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  brs_stream *stream = pull_open();
  char text[64] = "";
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const brs_event *event = NULL;
    CHECK_CODE(brs_stream_next(stream, long_ms(), &event), BRS_OK);
    if (event == NULL) break;
    CHECK_NUMBER(event->kind, kinds[i]);
    CHECK(event->size >= sizeof *event);
    CHECK((event->delta != NULL) == (event->kind == BRS_EVENT_DELTA));
    CHECK((event->result != NULL) == (event->kind == BRS_EVENT_STOP));
    CHECK(event->error == NULL && event->tool == NULL);
    if (event->kind != BRS_EVENT_STOP) CHECK(event->json_len > 0 && event->json[0] == '{');
    if (event->delta != NULL) strncat(text, event->delta->text, sizeof text - strlen(text) - 1);
    if (event->result != NULL) CHECK_TEXT(event->result->text, "word 0 word 1 ");
  }
  CHECK_TEXT(text, "word 0 word 1 ");
  const brs_event *event = (void *)0x5a5a;
  CHECK_CODE(brs_stream_next(stream, 0, &event), BRS_E_END);
  CHECK_CODE(brs_stream_next(stream, -1, &event), BRS_E_END);
  CHECK(event == (void *)0x5a5a);
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(tool_calls) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_begin(&answer);
  event_add(&answer, "contentBlockStart",
            "{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"clock\"}}}");
  event_add(&answer, "contentBlockDelta",
            "{\"contentBlockIndex\":0,\"delta\":{\"toolUse\":{\"input\":\"{\\\"zone\\\":\"}}}");
  event_add(&answer, "contentBlockDelta",
            "{\"contentBlockIndex\":0,\"delta\":{\"toolUse\":{\"input\":\"\\\"UTC\\\"}\"}}}");
  event_add(&answer, "contentBlockStop", "{\"contentBlockIndex\":0}");
  event_add(&answer, "contentBlockStart",
            "{\"contentBlockIndex\":1,\"start\":{\"toolUse\":{\"toolUseId\":\"t2\",\"name\":\"dice\"}}}");
  event_add(&answer, "contentBlockStop", "{\"contentBlockIndex\":1}");
  event_add(&answer, "contentBlockStart",
            "{\"contentBlockIndex\":2,\"start\":{\"toolUse\":{\"toolUseId\":\"t3\",\"name\":\"bad\"}}}");
  event_add(&answer, "contentBlockDelta",
            "{\"contentBlockIndex\":2,\"delta\":{\"toolUse\":{\"input\":\"{\\\"a\\\":\"}}}");
  event_add(&answer, "contentBlockStop", "{\"contentBlockIndex\":2}");
  event_add(&answer, "messageStop", "{\"stopReason\":\"tool_use\"}");
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  static const struct {
    const char *id, *name, *input;
    int is_valid;
  } expected[] = {{"t1", "clock", "{\"zone\":\"UTC\"}", 1}, {"t2", "dice", "{}", 1}, {"t3", "bad", "{\"a\":", 0}};
  brs_stream *stream = pull_open();
  const brs_event *event = NULL;
  int tools = 0;
  while (brs_stream_next(stream, long_ms(), &event) == BRS_OK) {
    if (event->kind == BRS_EVENT_STOP) CHECK_NUMBER(event->result->stop_reason, BRS_STOP_TOOL_USE);
    if (event->kind != BRS_EVENT_TOOL || tools >= 3) continue;
    CHECK_TEXT(event->tool->id, expected[tools].id);
    CHECK_TEXT(event->tool->name, expected[tools].name);
    CHECK_TEXT(event->tool->input_json, expected[tools].input);
    CHECK_NUMBER(event->tool->is_valid, expected[tools].is_valid);
    CHECK_NUMBER(event->tool->block_index, tools);
    CHECK_TEXT(event->json, expected[tools].input);
    tools++;
  }
  CHECK_NUMBER(tools, 3);
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* The next event after `stream` had some; NULL where none came. */
static const brs_event *next(brs_stream *stream) {
  const brs_event *event = NULL;
  return brs_stream_next(stream, long_ms(), &event) == BRS_OK ? event : NULL;
}

TEST(failure_is_an_event) {
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, (struct reply){.status = 403,
                                               .content_type = "application/json",
                                               .framing = FRAMING_LENGTH,
                                               .headers = "x-amzn-errortype: AccessDeniedException\r\n",
                                               .body = (const uint8_t *)"{\"message\":\"no\"}",
                                               .len = 16});
  brs_stream *stream = pull_open();
  const brs_event *event = next(stream);
  CHECK(event != NULL && event->kind == BRS_EVENT_ERROR && event->error != NULL && event->result == NULL);
  if (event != NULL && event->error != NULL) {
    CHECK_CODE(event->error->code, BRS_E_ACCESS_DENIED);
    CHECK_TEXT(event->error->message, "no");
    CHECK(event->error->partial != NULL);
  }
  CHECK_CODE(brs_stream_next(stream, 0, &event), BRS_E_END);
  brs_stream_free(stream);
  fixture_end(&fixture);
}

TEST(timeouts_of_next) {
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, (struct reply){.never = 1});
  brs_stream *stream = pull_open();
  const brs_event *event = (void *)0x5a5a;
  int64_t start = now_ms();
  CHECK_CODE(brs_stream_next(stream, 0, &event), BRS_E_TIMEOUT);
  if (!check_is_slow()) CHECK(now_ms() - start < 50);
  start = now_ms();
  CHECK_CODE(brs_stream_next(stream, 100, &event), BRS_E_TIMEOUT);
  CHECK(now_ms() - start >= 99);
  if (!check_is_slow()) CHECK(now_ms() - start < 300);
  CHECK(event == (void *)0x5a5a);
  brs_stream_free(stream);
  fixture_end(&fixture);
}

TEST(longest_timeouts) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 1);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  const int64_t timeouts[] = {INT64_MAX, INT64_MIN, -1, INT32_MAX, (int64_t)INT32_MAX * 1000000};
  for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
    brs_stream *stream = pull_open();
    const brs_event *event = NULL;
    int events = 0;
    while (brs_stream_next(stream, timeouts[i], &event) == BRS_OK) events++;
    CHECK_NUMBER(events, 6);
    brs_stream_free(stream);
  }
  fixture_end(&fixture);
  bytes_free(&answer);
}

static void *cancel_soon(void *stream) {
  sleep_ms(100);
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  return NULL;
}

TEST(cancel_wakes_next) {
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, (struct reply){.never = 1});
  brs_stream *stream = pull_open();
  pthread_t thread;
  pthread_create(&thread, NULL, cancel_soon, stream);
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_next(stream, -1, &event), BRS_OK);
  CHECK(event != NULL && event->kind == BRS_EVENT_ERROR && event->error->code == BRS_E_CANCELLED);
  pthread_join(thread, NULL);
  CHECK_CODE(brs_stream_next(stream, -1, &event), BRS_E_END);
  brs_stream_free(stream);
  fixture_end(&fixture);
}

static void *free_client_soon(void *client) {
  sleep_ms(100);
  brs_client_free(client);
  return NULL;
}

TEST(client_free_wakes_next) {
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, (struct reply){.never = 1});
  brs_stream *stream = pull_open();
  pthread_t thread;
  pthread_create(&thread, NULL, free_client_soon, fixture.client);
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_next(stream, -1, &event), BRS_OK);
  CHECK(event != NULL && event->kind == BRS_EVENT_ERROR && event->error->code == BRS_E_CANCELLED);
  pthread_join(thread, NULL);
  fixture.client = NULL;
  brs_stream_free(stream);
  fixture_end(&fixture);
}

TEST(free_with_events_waiting) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 50);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  for (int fetched = 0; fetched < 60; fetched += 7) {
    brs_stream *stream = pull_open();
    for (int i = 0; i < fetched && next(stream) != NULL; i++) {}
    brs_stream_free(stream);
  }
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(next_is_not_for_callbacks) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 1);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  brs_stream *stream = stream_open(fixture.client, &fixture.seen);
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_next(stream, 0, &event), BRS_E_STATE);
  CHECK(seen_wait(&fixture.seen));
  CHECK_CODE(brs_stream_next(stream, -1, &event), BRS_E_STATE);
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* Resident memory of this process. */
static long resident_kb(void) {
  long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file != NULL && fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
  if (file != NULL) fclose(file);
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* 64 MiB of answer and a caller that does not fetch: the server is held back and memory does not grow. */
TEST(queue_is_bounded) {
  fixture_begin(&fixture, KEY_QUEUE, "65536");
  struct bytes begin = {0}, unit = {0}, end = {0};
  answer_begin(&begin);
  for (int i = 0; i < 100; i++) delta_add(&unit, 0, "0123456789012345678901234567890123456789");
  answer_end(&end);
  uint64_t repeats = ((check_is_slow() ? 24u : 64u) << 20) / unit.len;
  struct reply reply = stream_reply(begin.data, begin.len);
  reply.unit = unit.data;
  reply.unit_len = unit.len;
  reply.repeats = repeats;
  reply.tail = end.data;
  reply.tail_len = end.len;
  server_reply(&fixture.server, reply);
  brs_stream *stream = pull_open();
  CHECK(next(stream) != NULL);
  sleep_ms(100);
  long before = resident_kb();
  sleep_ms(400);
  uint64_t sent = server_sent(&fixture.server);
  CHECK(sent < 12u << 20); /* what sockets and curl hold, and the queue */
  sleep_ms(200);
  CHECK_NUMBER(server_sent(&fixture.server), sent);
  if (!check_is_slow()) CHECK(resident_kb() - before < 2048);
  uint64_t deltas = 0;
  const brs_event *event = NULL;
  brs_event_kind last = BRS_EVENT_OTHER;
  if (check_is_slow()) {
    for (int i = 0; i < 2000 && next(stream) != NULL; i++) {}
  } else {
    while (brs_stream_next(stream, long_ms(), &event) == BRS_OK) deltas += event->delta != NULL, last = event->kind;
    CHECK_NUMBER(deltas, repeats * 100);
    CHECK_NUMBER(last, BRS_EVENT_STOP);
  }
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&begin);
  bytes_free(&unit);
  bytes_free(&end);
}

/* What is not fetched for long is no silence of the server. */
TEST(slow_caller_is_no_timeout) {
  fixture_begin(&fixture, KEY_BETWEEN_MS, "150");
  struct bytes begin = {0}, unit = {0}, end = {0};
  answer_begin(&begin);
  for (int i = 0; i < 100; i++) delta_add(&unit, 0, "0123456789012345678901234567890123456789");
  answer_end(&end);
  struct reply reply = stream_reply(begin.data, begin.len);
  reply.unit = unit.data;
  reply.unit_len = unit.len;
  reply.repeats = 700;
  reply.tail = end.data;
  reply.tail_len = end.len;
  server_reply(&fixture.server, reply);
  brs_stream *stream = pull_open();
  CHECK(next(stream) != NULL);
  sleep_ms(600);
  const brs_event *event = NULL;
  brs_event_kind last = BRS_EVENT_OTHER;
  while (brs_stream_next(stream, long_ms(), &event) == BRS_OK) last = event->kind;
  CHECK_NUMBER(last, BRS_EVENT_STOP);
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&begin);
  bytes_free(&unit);
  bytes_free(&end);
}
