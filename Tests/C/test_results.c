/* What a result tells beside text and usage: the message, flags, who answered, traces; also an error's partial one. */
#include "support.h"

static struct fixture fixture;
static struct seen *const seen = &fixture.seen;

/* One answer: a text, then what follows it. */
static void answer_of(const char *reason, const char *metadata) {
  struct bytes answer = {0};
  char stop[256];
  answer_begin(&answer);
  text_block_add(&answer, 0, "Half an ans");
  snprintf(stop, sizeof stop, "{\"stopReason\":\"%s\"}", reason);
  event_add(&answer, "messageStop", stop);
  if (metadata != NULL) event_add(&answer, "metadata", metadata);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  bytes_free(&answer);
}

TEST(flags_of_stop_reasons) {
  static const struct {
    const char *word;
    brs_stop_reason reason;
    int is_truncated, is_refused;
  } rows[] = {
      {"end_turn", BRS_STOP_END_TURN, 0, 0},
      {"tool_use", BRS_STOP_TOOL_USE, 0, 0},
      {"max_tokens", BRS_STOP_MAX_TOKENS, 1, 0},
      {"stop_sequence", BRS_STOP_STOP_SEQUENCE, 0, 0},
      {"guardrail_intervened", BRS_STOP_GUARDRAIL, 0, 1},
      {"content_filtered", BRS_STOP_CONTENT_FILTERED, 0, 1},
      {"malformed_model_output", BRS_STOP_MALFORMED_OUTPUT, 0, 0},
      {"malformed_tool_use", BRS_STOP_MALFORMED_TOOL_USE, 0, 0},
      {"model_context_window_exceeded", BRS_STOP_CONTEXT_EXCEEDED, 1, 0},
      {"refusal", BRS_STOP_REFUSAL, 0, 1},
      {"pause_turn", BRS_STOP_PAUSE_TURN, 0, 0},
      {"a_new_one", BRS_STOP_OTHER, 0, 0},
  };
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    answer_of(rows[i].word, NULL);
    CHECK_CODE(seen->code, BRS_OK);
    CHECK_TEXT(seen->stop_text, rows[i].word);
    CHECK_NUMBER(seen->stop_reason, rows[i].reason);
    CHECK_NUMBER(seen->is_truncated, rows[i].is_truncated);
    CHECK_NUMBER(seen->is_refused, rows[i].is_refused);
    CHECK_NUMBER(seen->is_interrupted, 0);
    CHECK_NUMBER(seen->rounds, 1);
    CHECK_TEXT(seen->assistant, "{\"role\":\"assistant\",\"content\":[{\"text\":\"Half an ans\"}]}");
    CHECK_TEXT(seen->new_messages, "[{\"role\":\"assistant\",\"content\":[{\"text\":\"Half an ans\"}]}]");
  }
  fixture_end(&fixture);
}

TEST(what_metadata_tells) {
  fixture_begin(&fixture, NULL, NULL);
  answer_of("end_turn",
            "{\"usage\":{\"inputTokens\":1,\"outputTokens\":2,\"totalTokens\":3,\"cacheReadInputTokens\":4,"
            "\"cacheWriteInputTokens\":5,\"cacheDetails\":[{\"inputTokens\":3,\"ttl\":\"5m\"},"
            "{\"inputTokens\":2,\"ttl\":\"1h\"}]},\"metrics\":{\"latencyMs\":9},"
            "\"trace\":{\"promptRouter\":{\"invokedModelId\":\"the.other-model\"}},"
            "\"performanceConfig\":{\"latency\":\"optimized\"},\"serviceTier\":{\"type\":\"priority\"}}");
  CHECK_NUMBER(seen->usage.cache_read_input_tokens, 4);
  CHECK_NUMBER(seen->usage.cache_write_input_tokens, 5);
  CHECK_NUMBER(seen->usage.cache_write_5m_input_tokens, 3);
  CHECK_NUMBER(seen->usage.cache_write_1h_input_tokens, 2);
  CHECK_NUMBER(seen->timings.server_latency_ms, 9);
  CHECK_TEXT(seen->trace, "{\"promptRouter\":{\"invokedModelId\":\"the.other-model\"}}");
  CHECK_TEXT(seen->answered_model, "the.other-model");
  CHECK_TEXT(seen->latency, "optimized");
  CHECK_TEXT(seen->tier, "priority");
  answer_of("end_turn", NULL);
  CHECK_NUMBER(seen->usage.cache_write_1h_input_tokens, -1);
  CHECK_TEXT(seen->trace, "");
  CHECK_TEXT(seen->answered_model, "");
  CHECK_TEXT(seen->latency, "");
  CHECK_TEXT(seen->tier, "");
  CHECK_TEXT(seen->additional, "");
  fixture_end(&fixture);
}

TEST(additional_fields) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_begin(&answer);
  text_block_add(&answer, 0, "x");
  event_add(&answer, "messageStop",
            "{\"stopReason\":\"end_turn\",\"additionalModelResponseFields\":{\"a\": [1, null]}}");
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_TEXT(seen->additional, "{\"a\": [1, null]}");
  bytes_free(&answer);
  fixture_end(&fixture);
}

/* An error's partial has the message as far as it came. */
TEST(a_partial_message) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_begin(&answer);
  text_block_add(&answer, 0, "Half an ");
  delta_add(&answer, 1, "ans");
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_CODE(seen->code, BRS_E_INCOMPLETE);
  CHECK_NUMBER(seen->is_interrupted, 1);
  CHECK_NUMBER(seen->rounds, 1);
  CHECK_TEXT(seen->assistant, "{\"role\":\"assistant\",\"content\":[{\"text\":\"Half an \"},{\"text\":\"ans\"}]}");
  bytes_free(&answer);
  exchange(&fixture, error_reply(400, NULL, "{\"message\":\"no\"}"));
  CHECK_NUMBER(seen->is_interrupted, 1);
  CHECK_NUMBER(seen->is_truncated, 0);
  fixture_end(&fixture);
}

/* The times are in order, and all bytes are counted. */
TEST(timings_of_an_answer) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 5);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.piece = 100;
  reply.piece_us = 2000;
  exchange(&fixture, reply);
  const brs_timings *times = &seen->timings;
  CHECK(times->tcp_connected_us <= times->connected_us && times->connected_us <= times->request_sent_us);
  CHECK(times->request_sent_us <= times->first_byte_us && times->first_byte_us <= times->first_delta_us);
  CHECK(times->first_delta_us + times->longest_gap_us <= times->total_us);
  CHECK(times->longest_gap_us > 0);
  CHECK(times->output_tokens_per_s > 0);
  CHECK(times->bytes_received > (int64_t)answer.len);
  CHECK(times->bytes_sent > (int64_t)strlen(BODY));
  CHECK_NUMBER(times->tls_connected_us, -1);
  bytes_free(&answer);
  fixture_end(&fixture);
}
