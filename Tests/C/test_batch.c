/* Converse and InvokeModel: the whole answer as it came, then by the callbacks of a stream. */
#include "support.h"
#include <stdlib.h>

static struct fixture fixture;
static struct seen *const seen = &fixture.seen;

#define USAGE "\"usage\":{\"inputTokens\":12,\"outputTokens\":34,\"totalTokens\":46},\"metrics\":{\"latencyMs\":321}"
#define ANSWER_OF(CONTENT, REASON) \
  "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[" CONTENT "]}}," \
  "\"stopReason\":\"" REASON "\"," USAGE "}"
#define ANSWER ANSWER_OF("{\"text\":\"Three \\u00e4 rivers.\"}", "end_turn")
#define TOOL_ANSWER                                                                                     \
  ANSWER_OF("{\"reasoningContent\":{\"reasoningText\":{\"text\":\"Hm.\",\"signature\":\"c2ln\"}}},"     \
            "{\"text\":\"Let me see.\"},"                                                               \
            "{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"weather\",\"input\":{\"city\":\"Bern\"}}},"  \
            "{\"toolUse\":{\"toolUseId\":\"t2\",\"name\":\"clock\",\"input\":{}}}",                     \
            "tool_use")

static struct reply json_reply(const char *body) { return error_reply(200, NULL, body); }

static brs_stream *open_batch(brs_operation operation, int is_pull, brs_config *config) {
  brs_request request = request_of(BODY);
  request.operation = operation;
  request.config = config;
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_stream *stream = NULL;
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  if (brs_stream_open(fixture.client, &request, is_pull ? NULL : &callbacks, &stream, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "brs_stream_open: %s", diagnostic.message);
  return stream;
}

/* One call against one reply, recorded anew. */
static void batch(brs_operation operation, struct reply reply) {
  server_reply(&fixture.server, reply);
  seen_free(seen);
  seen_init(seen);
  brs_stream *stream = open_batch(operation, 0, NULL);
  CHECK(seen_wait(seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(seen);
}

TEST(an_answer_by_callbacks) {
  fixture_begin(&fixture, NULL, NULL);
  batch(BRS_CONVERSE, json_reply(ANSWER));
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_CONTAINS(fixture.server.request, "POST /model/test.model-v1%3A0/converse HTTP/1.1\r\n");
  CHECK_CONTAINS(fixture.server.request, "\r\n\r\n" BODY);
  CHECK_NUMBER(seen->deltas, 1);
  CHECK_TEXT(seen->text, "Three \xc3\xa4 rivers.");
  CHECK_TEXT(seen->result_text, "Three \xc3\xa4 rivers.");
  CHECK_NUMBER(seen->stop_reason, BRS_STOP_END_TURN);
  CHECK_NUMBER(seen->usage.input_tokens, 12);
  CHECK_NUMBER(seen->usage.output_tokens, 34);
  CHECK_NUMBER(seen->timings.server_latency_ms, 321);
  CHECK_NUMBER(seen->rounds, 1);
  CHECK_NUMBER(seen->is_interrupted, 0);
  CHECK_CONTAINS(seen->assistant, "{\"role\":\"assistant\",\"content\":[{\"text\":\"Three \xc3\xa4 rivers.\"}]}");
  fixture_end(&fixture);
}

TEST(tool_calls_by_callbacks) {
  fixture_begin(&fixture, NULL, NULL);
  batch(BRS_CONVERSE, json_reply(TOOL_ANSWER));
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->stop_reason, BRS_STOP_TOOL_USE);
  CHECK_NUMBER(seen->tools, 2);
  CHECK_TEXT(seen->called[0].id, "t1");
  CHECK_TEXT(seen->called[0].name, "weather");
  CHECK_TEXT(seen->called[0].input, "{\"city\":\"Bern\"}");
  CHECK_NUMBER(seen->called[0].block_index, 2);
  CHECK_TEXT(seen->called[1].input, "{}");
  CHECK_CONTAINS(seen->assistant, "\"signature\":\"c2ln\"");
  fixture_end(&fixture);
}

/* The first event is the answer itself; those behind it are the ones of a stream. */
TEST(an_answer_by_next) {
  static const brs_event_kind kinds[] = {BRS_EVENT_OTHER,      BRS_EVENT_MESSAGE_START, BRS_EVENT_DELTA,
                                         BRS_EVENT_BLOCK_STOP, BRS_EVENT_MESSAGE_STOP,  BRS_EVENT_METADATA,
                                         BRS_EVENT_STOP};
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, json_reply(ANSWER));
  brs_stream *stream = open_batch(BRS_CONVERSE, 1, NULL);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const brs_event *event = NULL;
    CHECK_CODE(brs_stream_next(stream, check_is_slow() ? 60000 : 20000, &event), BRS_OK);
    if (event == NULL) break;
    CHECK_NUMBER(event->kind, kinds[i]);
    if (i == 0) CHECK_TEXT(event->type, "Converse");
    if (i == 0) CHECK_TEXT(event->json, ANSWER);
    if (i == 0) CHECK_NUMBER(event->block_index, -1);
    if (event->delta != NULL) CHECK_TEXT(event->delta->text, "Three \xc3\xa4 rivers.");
    if (event->delta != NULL) CHECK_NUMBER(event->delta->kind, BRS_DELTA_TEXT);
  }
  brs_stream_free(stream);
  fixture_end(&fixture);
}

/* What is no whole answer is an error, never a success without text. */
TEST(answers_that_are_none) {
  static const struct {
    const char *body;
    brs_code code;
  } rows[] = {
      {"", BRS_E_INCOMPLETE},        {"{\"output\":{\"mess", BRS_E_INCOMPLETE}, {"[1,2", BRS_E_INCOMPLETE},
      {"<html></html>", BRS_E_PROTOCOL}, {"{}", BRS_E_PROTOCOL},                {"[]", BRS_E_PROTOCOL},
      {"null", BRS_E_PROTOCOL},      {ANSWER "x", BRS_E_PROTOCOL},              {"{\"output\":{}}", BRS_E_PROTOCOL},
      {"{\"a\":\"\xff\"}", BRS_E_PROTOCOL},
  };
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    batch(BRS_CONVERSE, json_reply(rows[i].body));
    if (seen->code != rows[i].code)
      check_failed(__FILE__, __LINE__, "%s: %s, %s", rows[i].body, brs_code_name(seen->code), seen->message);
    CHECK_NUMBER(seen->delivered, 0);
    CHECK_NUMBER(seen->is_interrupted, 1);
  }
  struct reply cut = json_reply(ANSWER);
  cut.framing = FRAMING_CHUNKED;
  cut.is_cut = 1;
  batch(BRS_CONVERSE, cut);
  CHECK_CODE(seen->code, BRS_E_INCOMPLETE);
  batch(BRS_CONVERSE, error_reply(400, NULL, "{\"message\":\"no\"}"));
  CHECK_CODE(seen->code, BRS_E_SERVICE);
  CHECK_NUMBER(seen->http_status, 400);
  fixture_end(&fixture);
}

TEST(an_answer_in_pieces) {
  fixture_begin(&fixture, NULL, NULL);
  struct reply reply = json_reply(ANSWER);
  reply.piece = 3;
  reply.piece_us = 100;
  batch(BRS_CONVERSE, reply);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->deltas, 1);
  fixture_end(&fixture);
}

TEST(an_answer_has_a_longest) {
  if (check_is_slow()) return;
  fixture_begin(&fixture, NULL, NULL);
  static uint8_t unit[65536];
  memset(unit, 'x', sizeof unit);
  struct reply reply = json_reply("{\"a\":\"");
  reply.framing = FRAMING_CHUNKED;
  reply.unit = unit;
  reply.unit_len = sizeof unit;
  reply.repeats = 600;
  batch(BRS_CONVERSE, reply);
  CHECK_CODE(seen->code, BRS_E_LIMIT);
  CHECK_CONTAINS(seen->message, "33554432 bytes");
  fixture_end(&fixture);
}

/* The models' own formats, those that are known and those that are not. */
TEST(formats_of_models) {
  static const struct {
    const char *body, *text, *stop;
  } rows[] = {
      {"{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"hello\"}],"
       "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}",
       "hello", "end_turn"},
      {"{\"inputTextTokenCount\":5,\"results\":[{\"tokenCount\":7,\"outputText\":\"hello\","
       "\"completionReason\":\"FINISH\"}]}",
       "hello", "FINISH"},
      {"{\"generation\":\"hello\",\"prompt_token_count\":5,\"generation_token_count\":7,\"stop_reason\":\"stop\"}",
       "hello", "stop"},
      {"{\"embedding\":[0.5,1e-3]}", "", ""},
      {"[1,2,3]", "", ""},
  };
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    batch(BRS_INVOKE_MODEL, json_reply(rows[i].body));
    CHECK_CODE(seen->code, BRS_OK);
    CHECK_CONTAINS(fixture.server.request, "POST /model/test.model-v1%3A0/invoke HTTP/1.1\r\n");
    CHECK_TEXT(seen->result_text, rows[i].text);
    CHECK_TEXT(seen->stop_text, rows[i].stop);
    if (rows[i].text[0] == 0) CHECK_NUMBER(seen->deltas, 0);
    if (rows[i].text[0] != 0) CHECK_NUMBER(seen->usage.output_tokens, 7);
  }
  struct reply reply = json_reply("{\"embedding\":[0.5]}");
  reply.headers = "x-amzn-bedrock-input-token-count: 11\r\nx-amzn-bedrock-output-token-count: 3\r\n"
                  "x-amzn-bedrock-invocation-latency: 77\r\n";
  batch(BRS_INVOKE_MODEL, reply);
  CHECK_NUMBER(seen->usage.input_tokens, 11);
  CHECK_NUMBER(seen->usage.output_tokens, 3);
  CHECK_NUMBER(seen->timings.server_latency_ms, 77);
  fixture_end(&fixture);
}

/* Retries, the limits of time and a pause are those of a stream. */
TEST(a_whole_answer_is_tried_again) {
  fixture_begin(&fixture, KEY_RETRY_MODE, "standard");
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_MAX_ATTEMPTS, "3");
  struct reply cut = json_reply("{\"output\":");
  struct reply replies[] = {error_reply(503, NULL, "{}"), cut, json_reply(ANSWER)};
  struct script script = {replies, 3};
  server_script(&fixture.server, &script);
  brs_stream *stream = open_batch(BRS_CONVERSE, 0, config);
  CHECK(seen_wait(seen));
  brs_stream_free(stream);
  brs_config_free(config);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->attempts, 3);
  CHECK_NUMBER(seen->retries, 2);
  CHECK_NUMBER(seen->deltas, 1);
  fixture_end(&fixture);
}

TEST(a_whole_answer_that_does_not_come) {
  fixture_begin(&fixture, KEY_BETWEEN_MS, "100");
  struct reply reply = json_reply(ANSWER);
  reply.holds = 1;
  reply.hold_at = 20;
  batch(BRS_CONVERSE, reply);
  CHECK_CODE(seen->code, BRS_E_TIMEOUT_BETWEEN_BYTES);
  CHECK_NUMBER(seen->events, 0);
  server_release(&fixture.server);
  fixture_end(&fixture);
}

static brs_flow pause_always(struct seen *record, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  if (kind != SEEN_EVENT && kind != SEEN_DELTA) return BRS_FLOW_CONTINUE;
  pthread_mutex_lock(&record->mutex);
  record->number++;
  pthread_mutex_unlock(&record->mutex);
  return BRS_FLOW_PAUSE;
}

TEST(a_pause_after_each_event) {
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, json_reply(TOOL_ANSWER));
  seen->hook = pause_always;
  brs_stream *stream = open_batch(BRS_CONVERSE, 0, NULL);
  while (seen_terminals(seen) == 0) {
    CHECK_CODE(brs_stream_resume(stream), BRS_OK);
    sleep_ms(1);
  }
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(seen);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->tools, 2);
  fixture_end(&fixture);
}

static brs_flow cancel_at_first(struct seen *record, brs_stream *stream, enum seen_kind kind) {
  (void)record, (void)stream, (void)kind;
  return BRS_FLOW_CANCEL;
}

TEST(a_whole_answer_is_cancelled) {
  fixture_begin(&fixture, NULL, NULL);
  server_reply(&fixture.server, json_reply(TOOL_ANSWER));
  seen->hook = cancel_at_first;
  brs_stream *stream = open_batch(BRS_CONVERSE, 0, NULL);
  CHECK(seen_wait(seen));
  brs_stream_free(stream);
  CHECK_CODE(seen->code, BRS_E_CANCELLED);
  CHECK_NUMBER(seen->events, 1);
  CHECK_NUMBER(seen->deltas, 0);
  fixture_end(&fixture);
}
