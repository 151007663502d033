/* What brs_tool_result refuses: each with its code, and the call goes on waiting. */
#include "tools.h"
#include <stdlib.h>

static struct calling calling;
static const char *const ONE[] = {"t1", NULL};

static void refuse(brs_stream *stream, const char *id, brs_tool_content content, const char *text, const char *what) {
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  CHECK_CODE(give(stream, id, content, text, 0, &diagnostic), BRS_E_ARGUMENT);
  CHECK_CODE(diagnostic.code, BRS_E_ARGUMENT);
  CHECK_CONTAINS(diagnostic.message, what);
}

/* A stream that waits for the result of the call t1. */
static brs_stream *waiting_stream(const char *key, const char *value) {
  calling_begin(&calling, key, value);
  calling_add(&calling, "Let me see. ", ONE);
  calling_add_end(&calling, "It rains.");
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(&calling.fixture.seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
  return stream;
}

static void answer_and_end(brs_stream *stream) {
  CHECK_NUMBER(seen_terminals(&calling.fixture.seen), 0);
  CHECK_CODE(give_text(stream, "t1", "rain"), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_NUMBER(calling.fixture.seen.stops, 1);
  CHECK_NUMBER(server_requests(&calling.fixture.server), 2);
  calling_end(&calling);
}

TEST(results_that_are_refused) {
  brs_stream *stream = waiting_stream(NULL, NULL);
  CHECK_CODE(give(NULL, "t1", BRS_TOOL_TEXT, "x", 0, NULL), BRS_E_ARGUMENT);
  refuse(stream, NULL, BRS_TOOL_TEXT, "x", "tool_use_id: is NULL");
  CHECK_CODE(brs_tool_result(stream, "t1", BRS_TOOL_TEXT, NULL, 1, 0, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_tool_result(stream, "t1", BRS_TOOL_TEXT, "x", SIZE_MAX, 0, NULL), BRS_E_ARGUMENT);
  const int contents[] = {0, 4, -1, 1000000};
  for (size_t i = 0; i < sizeof contents / sizeof *contents; i++)
    refuse(stream, "t1", (brs_tool_content)contents[i], "x", "content: ");
  refuse(stream, "t1", BRS_TOOL_TEXT, "ab\xff", "not UTF-8: invalid byte at 2");
  static const char *const no_json[] = {"", " ", "{", "{\"a\":1,}", "nul", "1 2", "\"\xff\"", "{'a':1}", "NaN"};
  for (size_t i = 0; i < sizeof no_json / sizeof *no_json; i++)
    refuse(stream, "t1", BRS_TOOL_JSON, no_json[i], "not JSON");
  static const char *const no_blocks[] = {"{}", "\"x\"", "[1]", "[{},null]", "[[{}]]"};
  for (size_t i = 0; i < sizeof no_blocks / sizeof *no_blocks; i++)
    refuse(stream, "t1", BRS_TOOL_BLOCKS, no_blocks[i], "content blocks");
  brs_diagnostic small = {.size = 8};
  CHECK_CODE(give(stream, "t1", BRS_TOOL_TEXT, "x", 0, &small), BRS_E_ARGUMENT);
  answer_and_end(stream);
}

TEST(ids_that_are_refused) {
  brs_stream *stream = waiting_stream(NULL, NULL);
  char *longest = malloc(70000);
  memset(longest, 'x', 69999);
  longest[69999] = 0;
  refuse(stream, longest, BRS_TOOL_TEXT, "x", "tool_use_id: ");
  free(longest);
  CHECK_CODE(give_text(stream, "", "x"), BRS_E_UNKNOWN_TOOL_CALL);
  CHECK_CODE(give_text(stream, "t", "x"), BRS_E_UNKNOWN_TOOL_CALL);
  CHECK_CODE(give_text(stream, "t11", "x"), BRS_E_UNKNOWN_TOOL_CALL);
  CHECK_CODE(give_text(stream, "\xff", "x"), BRS_E_UNKNOWN_TOOL_CALL);
  answer_and_end(stream);
}

TEST(results_have_a_longest) {
  brs_stream *stream = waiting_stream(KEY_MAX_RESULT, "8");
  refuse(stream, "t1", BRS_TOOL_TEXT, "123456789", "turn.max_result_bytes=8");
  refuse(stream, "t1", BRS_TOOL_JSON, "[1,2,3,4]", "turn.max_result_bytes=8");
  CHECK_CODE(give_text(stream, "t1", "12345678"), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_SENT(&calling, "{\"text\":\"12345678\"}");
  calling_end(&calling);
}

/* The second one is told so, in the same round and in later ones. */
TEST(a_call_has_one_result) {
  static const char *const two[] = {"t1", "t2", NULL};
  calling_begin(&calling, NULL, NULL);
  calling_add(&calling, "Two. ", two);
  calling_add(&calling, "And one. ", (const char *const[]){"t3", NULL});
  calling_add_end(&calling, "Done.");
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(&calling.fixture.seen, BRS_EVENT_TOOL_WAITING, 2) != NULL);
  CHECK_CODE(give_text(stream, "t1", "first"), BRS_OK);
  CHECK_CODE(give_text(stream, "t1", "second"), BRS_E_TOOL_ANSWERED);
  CHECK_CODE(give_text(stream, "t2", "x"), BRS_OK);
  CHECK(seen_wait_called(&calling.fixture.seen, BRS_EVENT_TOOL_WAITING, 3) != NULL);
  CHECK_SENT(&calling, "\"first\"");
  CHECK(strstr(calling.fixture.server.request, "second") == NULL);
  CHECK_CODE(give_text(stream, "t1", "third"), BRS_E_TOOL_ANSWERED);
  CHECK_CODE(give_text(stream, "t3", "x"), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_NUMBER(calling.fixture.seen.stops, 1);
  calling_end(&calling);
}

static brs_flow answer_late(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)seen;
  if (kind == SEEN_STOP || kind == SEEN_ERROR) CHECK_CODE(give_text(stream, "t1", "x"), BRS_E_STATE);
  return BRS_FLOW_CONTINUE;
}

/* From the terminal callback or event on, whatever has no result yet. */
TEST(a_result_behind_the_end) {
  calling_begin(&calling, KEY_TOOL_MS, "50");
  calling_add(&calling, "Let me see. ", ONE);
  calling_serve(&calling);
  calling.fixture.seen.hook = answer_late;
  calling_finish(&calling, calling_open(&calling));
  CHECK_CODE(calling.fixture.seen.code, BRS_E_TIMEOUT_TOOL);
  for (int i = 0; i < 10; i++) {
    brs_request request = request_of(BODY);
    brs_stream *stream = NULL;
    const brs_event *event = NULL;
    CHECK_CODE(brs_stream_open(calling.fixture.client, &request, NULL, &stream, NULL), BRS_OK);
    while (brs_stream_next(stream, 20000, &event) == BRS_OK && event->kind != BRS_EVENT_ERROR) continue;
    CHECK_CODE(give_text(stream, "t1", "x"), BRS_E_STATE);
    brs_stream_free(stream);
  }
  calling_end(&calling);
}

TEST(streams_that_take_no_results) {
  brs_stream *stream = waiting_stream(NULL, NULL);
  CHECK_CODE(give_text(stream, "t1", "x"), BRS_OK);
  CHECK(seen_wait(&calling.fixture.seen));
  /* The terminal callback may not have returned yet. */
  while (give(stream, "t1", BRS_TOOL_TEXT, "x", 0, NULL) == BRS_E_TOOL_ANSWERED) sleep_ms(1);
  CHECK_CODE(give_text(stream, "t1", "x"), BRS_E_STATE);
  CHECK_CODE(give_text(stream, "t9", "x"), BRS_E_STATE);
  brs_stream_free(stream);
  calling_end(&calling);

  calling_begin(&calling, KEY_TURN, "manual");
  calling_add(&calling, "Let me see. ", ONE);
  calling_serve(&calling);
  calling.fixture.seen.hook = answer_late;
  stream = calling_open(&calling);
  CHECK(seen_wait(&calling.fixture.seen));
  CHECK_CODE(give_text(stream, "t1", "x"), BRS_E_STATE);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&calling.fixture.seen);
  CHECK_NUMBER(calling.fixture.seen.stop_reason, BRS_STOP_TOOL_USE);
  CHECK_NUMBER(calling.fixture.seen.tools, 1);
  CHECK_NUMBER(calling.fixture.seen.called_count, 1);
  CHECK_NUMBER(calling.fixture.seen.rounds, 1);
  calling_end(&calling);
}
