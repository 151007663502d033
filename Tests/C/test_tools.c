/* Streams that run tools: calls, results from anywhere in any order, rounds, and what is sent and told of them. */
#include "tools.h"
#include <stdlib.h>

static struct calling calling;
static struct seen *const seen = &calling.fixture.seen;
static const char *const ONE[] = {"t1", NULL}, *const TWO[] = {"t1", "t2", NULL}, *const LATER[] = {"t3", NULL};

static void check_called(int index, brs_event_kind kind, const char *id, int round) {
  const struct called *called = &seen->called[index];
  CHECK_NUMBER(called->kind, kind);
  CHECK_TEXT(called->id, id);
  CHECK_TEXT(called->name, "weather");
  CHECK_NUMBER(called->round, round);
  CHECK_TEXT(called->input, kind == BRS_EVENT_TOOL ? "{\"city\": \"Bern\"}" : "");
  CHECK_NUMBER(called->is_server_tool, 0);
}

/* Answers every call as it comes. */
static brs_flow answer_at_once(struct seen *record, brs_stream *stream, enum seen_kind kind) {
  if (kind == SEEN_TOOL) CHECK_CODE(give_text(stream, record->called[record->called_count - 1].id, "rain"), BRS_OK);
  return BRS_FLOW_CONTINUE;
}

TEST(results_from_on_tool) {
  calling_begin(&calling, NULL, NULL);
  calling_add(&calling, "Let me see. ", TWO);
  calling_add_end(&calling, "It rains.");
  calling_serve(&calling);
  seen->hook = answer_at_once;
  calling_finish(&calling, calling_open(&calling));
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->stop_reason, BRS_STOP_END_TURN);
  CHECK_TEXT(seen->result_text, "Let me see. It rains.");
  CHECK_TEXT(seen->text, "Let me see. It rains.");
  CHECK_NUMBER(seen->rounds, 2);
  CHECK_NUMBER(seen->attempts, 2);
  CHECK_NUMBER(seen->delivered, 4);
  CHECK_NUMBER(seen->usage.output_tokens, 68);
  /* Answered before the wait: no call is told as waiting. */
  CHECK_NUMBER(seen->called_count, 4);
  check_called(0, BRS_EVENT_TOOL, "t1", 0);
  check_called(1, BRS_EVENT_TOOL, "t2", 0);
  check_called(2, BRS_EVENT_TOOL_ANSWERED, "t1", 0);
  check_called(3, BRS_EVENT_TOOL_ANSWERED, "t2", 0);
  calling_end(&calling);
}

/* What is sent: the conversation, the assistant's message, the results of one message in the order of the calls. */
TEST(the_next_request) {
  calling_begin(&calling, NULL, NULL);
  calling_add(&calling, "Let me see. ", TWO);
  calling_add_end(&calling, "It rains.");
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 2) != NULL);
  CHECK_NUMBER(server_requests(&calling.fixture.server), 1);
  CHECK_CODE(give(stream, "t2", BRS_TOOL_JSON, "{\"celsius\": 21}", 0, NULL), BRS_OK);
  sleep_ms(50);
  CHECK_NUMBER(server_requests(&calling.fixture.server), 1);
  CHECK_CODE(give_text(stream, "t1", "rain, \"heavy\""), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_SENT(&calling,
             "{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]},"
             "{\"role\":\"assistant\",\"content\":[{\"text\":\"Let me see. \"}");
  CHECK_SENT(&calling, "\"toolUseId\":\"t1\"");
  CHECK_SENT(&calling, "\"input\":{\"city\": \"Bern\"}");
  const char *first = strstr(calling.fixture.server.request, "{\"text\":\"rain, \\\"heavy\\\"\"}");
  const char *second = strstr(calling.fixture.server.request, "{\"json\":{\"celsius\": 21}}");
  CHECK(first != NULL && second != NULL && first < second);
  check_called(2, BRS_EVENT_TOOL_WAITING, "t1", 0);
  check_called(3, BRS_EVENT_TOOL_WAITING, "t2", 0);
  check_called(4, BRS_EVENT_TOOL_ANSWERED, "t2", 0);
  check_called(5, BRS_EVENT_TOOL_ANSWERED, "t1", 0);
  CHECK_CONTAINS(seen->assistant, "{\"role\":\"assistant\",\"content\":[{\"text\":\"It rains.\"}]}");
  CHECK_CONTAINS(seen->new_messages, "[{\"role\":\"assistant\",\"content\":[{\"text\":\"Let me see. \"}");
  CHECK_CONTAINS(seen->new_messages, "{\"json\":{\"celsius\": 21}}");
  CHECK_CONTAINS(seen->new_messages, ",{\"role\":\"assistant\",\"content\":[{\"text\":\"It rains.\"}]}]");
  calling_end(&calling);
}

/* What each kind of content becomes. */
TEST(contents_of_results) {
  static const struct {
    brs_tool_content content;
    const char *text, *sent;
    int is_error;
  } rows[] = {
      {BRS_TOOL_TEXT, "", "{\"text\":\"\"}", 0},
      {BRS_TOOL_TEXT, "{\"a\":1}", "{\"text\":\"{\\\"a\\\":1}\"}", 0},
      {BRS_TOOL_TEXT, "broken \xc3\xa9\x01", "{\"text\":\"broken \xc3\xa9\\u0001\"}", 1},
      {BRS_TOOL_JSON, "[1, 2]", "{\"text\":\"[1, 2]\"}", 0},
      {BRS_TOOL_JSON, "\"x\"", "{\"text\":\"\\\"x\\\"\"}", 0},
      {BRS_TOOL_JSON, "null", "{\"text\":\"null\"}", 1},
      {BRS_TOOL_BLOCKS, "[{\"text\":\"a\"}, {\"json\":{}}]", "{\"text\":\"a\"}, {\"json\":{}}", 0},
      {BRS_TOOL_BLOCKS, "[]", "\"content\":[]", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    calling_begin(&calling, NULL, NULL);
    calling_add(&calling, "Let me see. ", ONE);
    calling_add_end(&calling, "It rains.");
    calling_serve(&calling);
    brs_stream *stream = calling_open(&calling);
    CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
    CHECK_CODE(give(stream, "t1", rows[i].content, rows[i].text, rows[i].is_error, NULL), BRS_OK);
    calling_finish(&calling, stream);
    CHECK_NUMBER(seen->stops, 1);
    CHECK_SENT(&calling, rows[i].sent);
    CHECK((strstr(calling.fixture.server.request, "\"status\":\"error\"") != NULL) == rows[i].is_error);
    calling_end(&calling);
  }
}

static void *answer_in_reverse(void *user) {
  brs_stream *stream = user;
  for (int i = 5; i >= 0; i--) {
    char id[8];
    snprintf(id, sizeof id, "p%d", i);
    sleep_ms(2);
    CHECK_CODE(give_text(stream, id, id), BRS_OK);
  }
  return NULL;
}

TEST(parallel_calls_answered_by_another_thread) {
  static const char *const six[] = {"p0", "p1", "p2", "p3", "p4", "p5", NULL};
  calling_begin(&calling, NULL, NULL);
  calling_add(&calling, "All at once. ", six);
  calling_add_end(&calling, "Done.");
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 6) != NULL);
  pthread_t thread;
  CHECK_NUMBER(pthread_create(&thread, NULL, answer_in_reverse, stream), 0);
  pthread_join(thread, NULL);
  calling_finish(&calling, stream);
  CHECK_NUMBER(seen->stops, 1);
  CHECK_NUMBER(seen->called_count, 18);
  for (int i = 0; i < 6; i++) {
    CHECK_TEXT(seen->called[6 + i].id, six[i]);
    CHECK_TEXT(seen->called[12 + i].id, six[5 - i]);
  }
  calling_end(&calling);
}

/* Several rounds, each with its own number; the last one ends the stream. */
TEST(rounds_have_numbers) {
  calling_begin(&calling, NULL, NULL);
  calling_add(&calling, "One. ", ONE);
  calling_add(&calling, "Two. ", (const char *const[]){"t2", NULL});
  calling_add(&calling, "Three. ", LATER);
  calling_add_end(&calling, "Done.");
  calling_serve(&calling);
  seen->hook = answer_at_once;
  calling_finish(&calling, calling_open(&calling));
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->rounds, 4);
  CHECK_NUMBER(server_requests(&calling.fixture.server), 4);
  CHECK_TEXT(seen->result_text, "One. Two. Three. Done.");
  for (int i = 0; i < 3; i++) {
    CHECK_NUMBER(seen->called[2 * i].round, i);
    CHECK_NUMBER(seen->called[2 * i + 1].round, i);
  }
  CHECK_SENT(&calling, "\"One. \"");
  CHECK_SENT(&calling, "\"Three. \"");
  calling_end(&calling);
}

TEST(rounds_have_a_bound) {
  calling_begin(&calling, KEY_MAX_ROUNDS, "2");
  calling_add(&calling, "Again. ", ONE);
  calling_serve(&calling);
  seen->hook = answer_at_once;
  calling_finish(&calling, calling_open(&calling));
  CHECK_CODE(seen->code, BRS_E_TOOL_ROUNDS);
  CHECK_CONTAINS(seen->message, "turn.max_rounds=2");
  CHECK_NUMBER(seen->tools, 3);
  CHECK_NUMBER(server_requests(&calling.fixture.server), 3);
  CHECK_TEXT(seen->result_text, "Again. Again. Again. ");
  calling_end(&calling);
}

/* An input that is no JSON: told with its raw text, answered as any call, sent back as what it is. */
TEST(an_input_that_is_no_json) {
  calling_begin(&calling, NULL, NULL);
  struct bytes *answer = calling_answer(&calling);
  tool_block_add(answer, 0, "t1", "weather", "{\\\"city\\\": ");
  answer_stop(answer, "tool_use");
  calling_add_end(&calling, "Sorry.");
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  const struct called *called = seen_wait_called(seen, BRS_EVENT_TOOL, 1);
  CHECK(called != NULL && !called->is_valid);
  CHECK_TEXT(seen->called[0].input, "{\"city\": ");
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
  CHECK_CODE(give(stream, "t1", BRS_TOOL_TEXT, "no JSON", 1, NULL), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_NUMBER(seen->stops, 1);
  CHECK_SENT(&calling, "\"input\":{\"INVALID_JSON\":\"{\\\"city\\\": \"}");
  calling_end(&calling);
}

/* An input that is JSON but no object goes back in the same way: services take objects only. */
TEST(an_input_that_is_no_object) {
  calling_begin(&calling, NULL, NULL);
  struct bytes *answer = calling_answer(&calling);
  tool_block_add(answer, 0, "t1", "weather", "[1]");
  answer_stop(answer, "tool_use");
  calling_add_end(&calling, "Sorry.");
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
  CHECK_NUMBER(seen->called[0].is_valid, 1);
  CHECK_CODE(give_text(stream, "t1", "no object"), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_SENT(&calling, "\"input\":{\"INVALID_JSON\":\"[1]\"}");
  calling_end(&calling);
}

/* A call whose id holds a NUL cannot be named: nobody waits for its result. */
TEST(an_id_that_cannot_be_named) {
  calling_begin(&calling, NULL, NULL);
  struct bytes *answer = calling_answer(&calling);
  tool_block_add(answer, 0, "t\\u00001", "weather", "{}");
  answer_stop(answer, "tool_use");
  calling_serve(&calling);
  calling_finish(&calling, calling_open(&calling));
  CHECK_NUMBER(seen->stops, 1);
  CHECK_NUMBER(seen->stop_reason, BRS_STOP_TOOL_USE);
  CHECK_NUMBER(seen->rounds, 1);
  calling_end(&calling);
}

/* Results that do not fit into a request end the stream with what there is of it. */
TEST(results_longer_than_a_request) {
  enum { LENGTH = 25000000 };
  char *text = malloc(LENGTH);
  memset(text, 'x', LENGTH);
  calling_begin(&calling, KEY_MAX_RESULT, "25000000");
  calling_add(&calling, "First. ", (const char *const[]){"t1", NULL});
  calling_add(&calling, "Second. ", (const char *const[]){"t2", NULL});
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
  CHECK_CODE(give_text(stream, "t1", "rain"), BRS_OK);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 2) != NULL);
  CHECK_CODE(brs_tool_result(stream, "t2", BRS_TOOL_TEXT, text, LENGTH, 0, NULL), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_CODE(seen->code, BRS_E_LIMIT);
  CHECK_NUMBER(seen->phase, BRS_PHASE_TOOL);
  CHECK_CONTAINS(seen->message, "more than 25000000 bytes");
  CHECK_CONTAINS(seen->new_messages, "rain");
  CHECK_CONTAINS(seen->new_messages, "Second.");
  free(text);
  calling_end(&calling);
}

/* Tools of the service are left alone, also beside one of the caller's. */
TEST(tools_of_the_service) {
  calling_begin(&calling, NULL, NULL);
  struct bytes *answer = calling_answer(&calling);
  event_add(answer, "contentBlockStart",
            "{\"contentBlockIndex\":0,\"start\":{\"toolUse\":{\"toolUseId\":\"s1\",\"name\":\"search\","
            "\"type\":\"server_tool_use\"}}}");
  event_add(answer, "contentBlockStop", "{\"contentBlockIndex\":0}");
  tool_block_add(answer, 1, "t1", "weather", "");
  answer_stop(answer, "tool_use");
  calling_add_end(&calling, "Done.");
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
  CHECK_NUMBER(seen->called[0].is_server_tool, 1);
  CHECK_TEXT(seen->called[1].input, "{}");
  CHECK_CODE(give_text(stream, "s1", "x"), BRS_E_UNKNOWN_TOOL_CALL);
  CHECK_CODE(give_text(stream, "t1", "x"), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_NUMBER(seen->stops, 1);
  CHECK_NUMBER(seen->called_count, 4);
  calling_end(&calling);
}

/* Two calls with one id: the results go to them in order. */
TEST(two_calls_with_one_id) {
  calling_begin(&calling, NULL, NULL);
  calling_add(&calling, "Twins. ", (const char *const[]){"t1", "t1", NULL});
  calling_add_end(&calling, "Done.");
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 2) != NULL);
  CHECK_CODE(give_text(stream, "t1", "first"), BRS_OK);
  CHECK_CODE(give_text(stream, "t1", "second"), BRS_OK);
  CHECK_CODE(give_text(stream, "t1", "third"), BRS_E_TOOL_ANSWERED);
  calling_finish(&calling, stream);
  CHECK_NUMBER(seen->stops, 1);
  const char *first = strstr(calling.fixture.server.request, "\"first\"");
  CHECK(first != NULL && strstr(first, "\"second\"") != NULL);
  calling_end(&calling);
}

/* The result of a call may come while the rest of the round's answer is still under way. */
TEST(a_result_before_the_round_is_over) {
  calling_begin(&calling, NULL, NULL);
  calling_add(&calling, "Let me see. ", ONE);
  calling_add_end(&calling, "It rains.");
  calling.replies[0] = stream_reply(calling.answers[0].data, calling.answers[0].len);
  calling.replies[0].holds = 1;
  calling.replies[0].hold_at = calling.answers[0].len - 20;
  calling_serve(&calling);
  brs_stream *stream = calling_open(&calling);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL, 1) != NULL);
  CHECK_CODE(give_text(stream, "t1", "rain"), BRS_OK);
  sleep_ms(30);
  CHECK_NUMBER(server_requests(&calling.fixture.server), 1);
  server_release(&calling.fixture.server);
  calling_finish(&calling, stream);
  CHECK_NUMBER(seen->stops, 1);
  CHECK_NUMBER(seen->called_count, 2);
  calling_end(&calling);
}

/* A call is complete, but the answer stops for another reason: nobody waits. */
TEST(an_answer_that_stops_for_another_reason) {
  static const char *const reasons[] = {"end_turn", "max_tokens", "guardrail_intervened", "novelty"};
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
    calling_begin(&calling, NULL, NULL);
    struct bytes *answer = calling_answer(&calling);
    tool_block_add(answer, 0, "t1", "weather", "{}");
    answer_stop(answer, reasons[i]);
    calling_serve(&calling);
    calling_finish(&calling, calling_open(&calling));
    CHECK_NUMBER(seen->stops, 1);
    CHECK_TEXT(seen->stop_text, reasons[i]);
    CHECK_NUMBER(seen->called_count, 1);
    calling_end(&calling);
  }
}

/* Each round has attempts of its own. */
TEST(a_round_is_tried_again) {
  calling_begin(&calling, KEY_RETRY_MODE, "standard");
  calling_add(&calling, "Let me see. ", ONE);
  calling_answer(&calling);
  calling_answer(&calling);
  calling_add_end(&calling, "It rains.");
  calling.replies[1] = calling.replies[2] =
      error_reply(503, "x-amz-retry-after: 1\r\n", "{\"message\":\"busy\"}");
  calling_serve(&calling);
  seen->hook = answer_at_once;
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_MAX_ATTEMPTS, "3");
  brs_request request = request_of(BODY);
  request.config = config;
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(calling.fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  brs_config_free(config);
  calling_finish(&calling, stream);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->attempts, 4);
  CHECK_NUMBER(seen->retries, 2);
  CHECK_NUMBER(seen->told[0].kind, BRS_EVENT_RETRY);
  CHECK_TEXT(seen->result_text, "Let me see. It rains.");
  calling_end(&calling);
}

/* Adds a chunk of a tool call in Claude's format, and the end of such an answer. */
static void claude_call_add(struct bytes *answer, const char *id) {
  char json[256];
  chunk_add(answer, "{\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"content\":[]}}");
  snprintf(json, sizeof json,
           "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"%s\","
           "\"name\":\"weather\",\"input\":{}}}",
           id);
  chunk_add(answer, json);
  chunk_add(answer, "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\","
                    "\"partial_json\":\"{\\\"city\\\": \\\"Bern\\\"}\"}}");
  chunk_add(answer, "{\"type\":\"content_block_stop\",\"index\":0}");
  chunk_add(answer, "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}");
  chunk_add(answer, "{\"type\":\"message_stop\"}");
}

static brs_stream *open_claude(const char *body) {
  brs_request request = request_of(body);
  request.operation = BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM;
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(calling.fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  return stream;
}

/* The invoke route, in the format of Anthropic Messages: results are content in its words. */
TEST(rounds_of_claudes_format) {
  static const struct {
    brs_tool_content content;
    const char *text, *sent;
    int is_error;
  } rows[] = {
      {BRS_TOOL_TEXT, "rain", "\"content\":\"rain\"", 1},
      {BRS_TOOL_JSON, "{\"celsius\":21}", "\"content\":\"{\\\"celsius\\\":21}\"", 0},
      {BRS_TOOL_BLOCKS, "[{\"type\":\"text\",\"text\":\"rain\"}]",
       "\"content\":[{\"type\":\"text\",\"text\":\"rain\"}]", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    calling_begin(&calling, NULL, NULL);
    calling.script.count = 2;
    claude_call_add(&calling.answers[0], "toolu_1");
    invoke_answer_add(&calling.answers[1], 2);
    calling_serve(&calling);
    brs_stream *stream = open_claude("{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":5,"
                                     "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
    CHECK_CODE(give(stream, "toolu_1", rows[i].content, rows[i].text, rows[i].is_error, NULL), BRS_OK);
    calling_finish(&calling, stream);
    CHECK_CODE(seen->code, BRS_OK);
    CHECK_NUMBER(seen->rounds, 2);
    CHECK_SENT(&calling, "\"type\":\"tool_result\"");
    CHECK_SENT(&calling, rows[i].sent);
    CHECK((strstr(calling.fixture.server.request, "\"is_error\":true") != NULL) == rows[i].is_error);
    CHECK_CONTAINS(seen->new_messages, "\"tool_use_id\":\"toolu_1\"");
    calling_end(&calling);
  }
}

/* Where the body has no place for results, the call ends the stream as with manual. */
TEST(a_body_without_a_conversation) {
  calling_begin(&calling, NULL, NULL);
  calling.script.count = 1;
  claude_call_add(&calling.answers[0], "toolu_1");
  calling_serve(&calling);
  calling_finish(&calling, open_claude("{\"prompt\":\"hi\"}"));
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->stop_reason, BRS_STOP_TOOL_USE);
  CHECK_NUMBER(seen->tools, 1);
  calling_end(&calling);
}

static const char BATCH_CALL[] =
    "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"toolUse\":{\"toolUseId\":\"t1\","
    "\"name\":\"weather\",\"input\":{\"city\": \"Bern\"}}}]}},\"stopReason\":\"tool_use\"}";
static const char BATCH_END[] =
    "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"Done.\"}]}},"
    "\"stopReason\":\"end_turn\"}";

/* Whole answers have rounds too. */
TEST(rounds_of_whole_answers) {
  calling_begin(&calling, NULL, NULL);
  calling.script.count = 2;
  calling.replies[0] = error_reply(200, NULL, BATCH_CALL);
  calling.replies[1] = error_reply(200, NULL, BATCH_END);
  calling_serve(&calling);
  seen->hook = answer_at_once;
  brs_request request = request_of(BODY);
  request.operation = BRS_CONVERSE;
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(calling.fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->rounds, 2);
  CHECK_TEXT(seen->result_text, "Done.");
  CHECK_SENT(&calling, "/converse HTTP/1.1\r\n");
  CHECK_SENT(&calling, "\"input\":{\"city\": \"Bern\"}");
  calling_end(&calling);
}

/* A restart makes the calls of its round void: their results are for nobody, and the new ones are asked for. */
TEST(calls_of_a_round_that_begins_again) {
  calling_begin(&calling, KEY_RETRY_MODE, "standard");
  struct bytes *cut = calling_answer(&calling);
  text_block_add(cut, 0, "Let me see. ");
  tool_block_add(cut, 1, "void", "weather", "{}");
  calling_add(&calling, "Once more. ", ONE);
  calling_add_end(&calling, "It rains.");
  calling_serve(&calling);
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_MAX_ATTEMPTS, "3");
  config_put(config, "recovery", "restart");
  brs_request request = request_of(BODY);
  request.config = config;
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(calling.fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  brs_config_free(config);
  CHECK(seen_wait_called(seen, BRS_EVENT_TOOL_WAITING, 1) != NULL);
  CHECK_CODE(give_text(stream, "void", "x"), BRS_E_UNKNOWN_TOOL_CALL);
  CHECK_CODE(give_text(stream, "t1", "x"), BRS_OK);
  calling_finish(&calling, stream);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->told[0].kind, BRS_EVENT_RESTART);
  CHECK_TEXT(seen->result_text, "Once more. It rains.");
  CHECK(strstr(calling.fixture.server.request, "\"void\"") == NULL);
  calling_end(&calling);
}
