/* The decoder alone: the same ends as a stream, whatever the pieces. */
#include "support.h"
#include <stdlib.h>

static brs_decoder *decoder_of(brs_operation operation, struct seen *seen) {
  brs_callbacks callbacks = seen_all_callbacks(seen);
  brs_decoder *decoder = NULL;
  seen_init(seen);
  CHECK_CODE(brs_decoder_new(operation, &callbacks, &decoder, NULL), BRS_OK);
  return decoder;
}

/* Feeds `first` bytes, then the rest in pieces of `piece`; what finish returned. */
static brs_code decode(brs_decoder *decoder, const uint8_t *bytes, size_t len, size_t first, size_t piece) {
  if (first > 0) brs_decoder_feed(decoder, bytes, first < len ? first : len);
  for (size_t at = first; at < len; at += piece)
    brs_decoder_feed(decoder, bytes + at, len - at < piece ? len - at : piece);
  return brs_decoder_finish(decoder);
}

static void decode_answer(const struct bytes *answer, size_t first, size_t piece) {
  struct seen seen;
  brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &seen);
  CHECK_CODE(decode(decoder, answer->data, answer->len, first, piece), BRS_OK);
  CHECK_ENDED_ONCE(&seen);
  CHECK_NUMBER(seen.stops, 1);
  CHECK_NUMBER(seen.deltas, 3);
  CHECK_NUMBER(seen.events, 7);
  CHECK_TEXT(seen.result_text, "word 0 word 1 word 2 ");
  CHECK_NUMBER(seen.usage.output_tokens, 34);
  CHECK(seen.stream == NULL);
  brs_decoder_free(decoder);
  CHECK_ENDED_ONCE(&seen);
  seen_free(&seen);
}

TEST(whole_and_in_pieces) {
  struct bytes answer = {0};
  answer_add(&answer, 3);
  for (size_t piece = 1; piece < 40; piece++) decode_answer(&answer, 0, piece);
  decode_answer(&answer, 0, answer.len);
  for (size_t first = 1; first < answer.len; first += check_is_slow() ? 17 : 1)
    decode_answer(&answer, first, answer.len);
  bytes_free(&answer);
}

TEST(invoke_chunks_in_pieces) {
  struct bytes answer = {0};
  invoke_answer_add(&answer, 3);
  for (size_t piece = 1; piece < answer.len; piece += check_is_slow() ? 101 : 9) {
    struct seen seen;
    brs_decoder *decoder = decoder_of(BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM, &seen);
    CHECK_CODE(decode(decoder, answer.data, answer.len, 0, piece), BRS_OK);
    CHECK_ENDED_ONCE(&seen);
    CHECK_TEXT(seen.result_text, "word 0 word 1 word 2 ");
    CHECK_NUMBER(seen.usage.output_tokens, 34);
    brs_decoder_free(decoder);
    seen_free(&seen);
  }
  bytes_free(&answer);
}

/* Cut at each byte: incomplete, unless the message was complete and the cut lies between two frames. */
TEST(cut_at_every_byte_decoded) {
  struct bytes answer = {0}, metadata = {0};
  answer_add(&answer, 3);
  event_add(&metadata, "metadata",
            "{\"metrics\":{\"latencyMs\":321},\"p\":\"ab\","
            "\"usage\":{\"inputTokens\":12,\"outputTokens\":34,\"totalTokens\":46}}");
  for (size_t cut = 0; cut < answer.len; cut++) {
    struct seen seen;
    brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &seen);
    brs_code code = decode(decoder, answer.data, cut, 0, 64);
    brs_code expected = cut == answer.len - metadata.len ? BRS_OK : BRS_E_INCOMPLETE;
    if (code != expected) check_failed(__FILE__, __LINE__, "cut at %zu: %s", cut, brs_code_name(code));
    CHECK_CODE(seen.code, code);
    CHECK_ENDED_ONCE(&seen);
    brs_decoder_free(decoder);
    seen_free(&seen);
  }
  bytes_free(&answer);
  bytes_free(&metadata);
}

TEST(flip_of_every_bit_decoded) {
  struct bytes answer = {0};
  answer_add(&answer, 1);
  for (size_t bit = 0; bit < answer.len * 8; bit += check_is_slow() ? 19 : 1) {
    struct seen seen;
    brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &seen);
    answer.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    brs_code code = decode(decoder, answer.data, answer.len, 0, 50);
    answer.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (code != BRS_E_PROTOCOL) check_failed(__FILE__, __LINE__, "flip of bit %zu: %s", bit, brs_code_name(code));
    CHECK_ENDED_ONCE(&seen);
    brs_decoder_free(decoder);
    seen_free(&seen);
  }
  bytes_free(&answer);
}

/* Noise, with a seed that is printed where it makes a difference. */
TEST(noise) {
  for (unsigned seed = 1; seed <= (check_is_slow() ? 50u : 2000u); seed++) {
    uint8_t noise[400];
    unsigned state = seed;
    struct seen seen;
    brs_decoder *decoder = decoder_of(seed % 2 ? BRS_CONVERSE_STREAM : BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM, &seen);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)((state = state * 1103515245 + 12345) >> 16);
    noise[0] = noise[1] = 0;
    brs_code code = decode(decoder, noise, sizeof noise, 0, 1 + seed % 100);
    if (code != BRS_E_PROTOCOL && code != BRS_E_INCOMPLETE)
      check_failed(__FILE__, __LINE__, "seed %u: %s", seed, brs_code_name(code));
    CHECK_ENDED_ONCE(&seen);
    brs_decoder_free(decoder);
    seen_free(&seen);
  }
}

TEST(after_the_terminal_callback) {
  struct bytes answer = {0};
  struct seen seen;
  answer_add(&answer, 1);
  brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &seen);
  CHECK_CODE(decode(decoder, answer.data, answer.len, 0, 100), BRS_OK);
  CHECK_CODE(brs_decoder_feed(decoder, answer.data, answer.len), BRS_E_STATE);
  CHECK_CODE(brs_decoder_finish(decoder), BRS_OK);
  CHECK_ENDED_ONCE(&seen);
  brs_decoder_free(decoder);
  seen_free(&seen);
  decoder = decoder_of(BRS_CONVERSE_STREAM, &seen);
  exception_add(&answer, "throttlingException", "{}");
  CHECK_CODE(decode(decoder, answer.data, answer.len, 0, 100), BRS_E_THROTTLED);
  CHECK_CODE(brs_decoder_feed(decoder, answer.data, answer.len), BRS_E_STATE);
  CHECK_CODE(brs_decoder_finish(decoder), BRS_E_THROTTLED);
  CHECK_ENDED_ONCE(&seen);
  brs_decoder_free(decoder);
  seen_free(&seen);
  bytes_free(&answer);
}

TEST(reset_begins_anew) {
  struct bytes answer = {0};
  answer_add(&answer, 2);
  struct seen seen;
  brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &seen);
  for (size_t cut = 0; cut <= answer.len; cut += 37) {
    brs_decoder_feed(decoder, answer.data, cut);
    CHECK_CODE(brs_decoder_reset(decoder), BRS_OK);
    seen.deltas = seen.events = seen.stops = seen.errors = seen.after_end = 0;
    CHECK_CODE(decode(decoder, answer.data, answer.len, 0, 50), BRS_OK);
    CHECK_ENDED_ONCE(&seen);
    CHECK_NUMBER(seen.deltas, 2);
    CHECK_TEXT(seen.result_text, "word 0 word 1 ");
    CHECK_NUMBER(seen.delivered, 2);
    CHECK_CODE(brs_decoder_reset(decoder), BRS_OK);
    seen.deltas = seen.events = seen.stops = seen.errors = seen.after_end = 0;
  }
  brs_decoder_free(decoder);
  CHECK_NUMBER(seen.stops + seen.errors, 0); /* freeing a decoder is silent */
  seen_free(&seen);
  bytes_free(&answer);
}

static brs_flow cancel_first(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  seen->number += kind == SEEN_DELTA;
  return kind == SEEN_DELTA ? BRS_FLOW_CANCEL : BRS_FLOW_CONTINUE;
}

TEST(callback_cancels_decoder) {
  struct bytes answer = {0};
  struct seen seen;
  answer_add(&answer, 5);
  brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &seen);
  seen.hook = cancel_first;
  CHECK_CODE(decode(decoder, answer.data, answer.len, 0, answer.len), BRS_E_CANCELLED);
  CHECK_CODE(seen.code, BRS_E_CANCELLED);
  CHECK_NUMBER(seen.number, 1);
  CHECK_ENDED_ONCE(&seen);
  brs_decoder_free(decoder);
  seen_free(&seen);
  bytes_free(&answer);
}

/* A callback that uses its own decoder again is refused, not obeyed. */
static brs_decoder *inner;
static brs_flow feed_again(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)stream, (void)kind;
  if (seen->number++ == 0) {
    CHECK_CODE(brs_decoder_reset(inner), BRS_E_STATE);
    CHECK_CODE(brs_decoder_feed(inner, (const uint8_t *)"x", 1), BRS_E_STATE);
    CHECK_CODE(brs_decoder_finish(inner), BRS_E_STATE);
  }
  return BRS_FLOW_PAUSE;
}

TEST(callback_uses_its_decoder) {
  struct bytes answer = {0};
  struct seen seen;
  answer_add(&answer, 5);
  inner = decoder_of(BRS_CONVERSE_STREAM, &seen);
  seen.hook = feed_again;
  CHECK_CODE(decode(inner, answer.data, answer.len, 0, answer.len), BRS_OK);
  CHECK_NUMBER(seen.deltas, 5);
  CHECK_ENDED_ONCE(&seen);
  brs_decoder_free(inner);
  seen_free(&seen);
  bytes_free(&answer);
}

/* A frame of 20 MB of payload passes, in small pieces too. */
TEST(largest_frames) {
  enum { LARGE = 20 << 20 };
  struct bytes answer = {0};
  struct seen seen;
  char *json = malloc(LARGE + 100);
  int head = sprintf(json, "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"");
  memset(json + head, 'x', LARGE);
  strcpy(json + head + LARGE, "\"}}");
  answer_begin(&answer);
  event_add(&answer, "contentBlockDelta", json);
  answer_end(&answer);
  brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &seen);
  CHECK_CODE(decode(decoder, answer.data, answer.len, 0, 16384), BRS_OK);
  CHECK_NUMBER(seen.text_len, LARGE);
  brs_decoder_free(decoder);
  seen_free(&seen);
  free(json);
  bytes_free(&answer);
}

/* Reasoning, its signature, citations and kinds that nobody knows, each as its own kind of delta. */
struct kinds {
  struct seen seen;
  brs_delta_kind kind[16];
  char text[16][80];
  int32_t block[16];
  int count;
};

static brs_flow note_kind(void *user, brs_stream *stream, const brs_delta *delta) {
  struct kinds *kinds = user;
  (void)stream;
  if (kinds->count == 16) return BRS_FLOW_CANCEL;
  kinds->kind[kinds->count] = delta->kind;
  kinds->block[kinds->count] = delta->block_index;
  snprintf(kinds->text[kinds->count++], sizeof kinds->text[0], "%s", delta->text);
  return BRS_FLOW_CONTINUE;
}
static void ignore_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)user, (void)stream, (void)result;
}
static void ignore_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)user, (void)stream, (void)error;
}

TEST(kinds_of_deltas) {
  static const struct {
    brs_delta_kind kind;
    const char *delta, *text;
  } rows[] = {
      {BRS_DELTA_TEXT, "{\"text\":\"a\"}", "a"},
      {BRS_DELTA_REASONING, "{\"reasoningContent\":{\"text\":\"hm\"}}", "hm"},
      {BRS_DELTA_REASONING_SIGNATURE, "{\"reasoningContent\":{\"signature\":\"c2ln\"}}", "c2ln"},
      {BRS_DELTA_REASONING_REDACTED, "{\"reasoningContent\":{\"redactedContent\":\"AAEC\"}}", "AAEC"},
      {BRS_DELTA_TOOL_INPUT, "{\"toolUse\":{\"input\":\"{}\"}}", "{}"},
      {BRS_DELTA_TOOL_RESULT, "{\"toolResult\":[{\"text\":\"r\"}]}", "[{\"text\":\"r\"}]"},
      {BRS_DELTA_CITATION, "{\"citation\":{\"title\":\"t\"}}", "{\"title\":\"t\"}"},
      {BRS_DELTA_IMAGE, "{\"image\":{\"source\":{\"bytes\":\"AA==\"}}}", "{\"source\":{\"bytes\":\"AA==\"}}"},
      {BRS_DELTA_OTHER, "{\"hologram\":{\"x\":1}}", "{\"hologram\":{\"x\":1}}"},
  };
  enum { ROWS = sizeof rows / sizeof *rows };
  static struct kinds kinds;
  struct bytes answer = {0};
  brs_callbacks callbacks = {.size = sizeof callbacks,
                             .user = &kinds,
                             .on_delta = note_kind,
                             .on_stop = ignore_stop,
                             .on_error = ignore_error};
  brs_decoder *decoder = NULL;
  answer_begin(&answer);
  for (int i = 0; i < ROWS; i++) {
    char json[200];
    if (rows[i].kind == BRS_DELTA_TOOL_INPUT) {
      snprintf(json, sizeof json,
               "{\"contentBlockIndex\":%d,\"start\":{\"toolUse\":{\"toolUseId\":\"t\",\"name\":\"n\"}}}", i);
      event_add(&answer, "contentBlockStart", json);
    }
    snprintf(json, sizeof json, "{\"contentBlockIndex\":%d,\"delta\":%s}", i, rows[i].delta);
    event_add(&answer, "contentBlockDelta", json);
  }
  answer_end(&answer);
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, &decoder, NULL), BRS_OK);
  CHECK_CODE(decode(decoder, answer.data, answer.len, 0, answer.len), BRS_OK);
  CHECK_NUMBER(kinds.count, ROWS);
  for (int i = 0; i < ROWS && i < kinds.count; i++) {
    CHECK_NUMBER(kinds.kind[i], rows[i].kind);
    CHECK_NUMBER(kinds.block[i], i);
    if (rows[i].kind == BRS_DELTA_OTHER) CHECK_CONTAINS(kinds.text[i], "\"x\":1");
    else CHECK_TEXT(kinds.text[i], rows[i].text);
  }
  brs_decoder_free(decoder);
  bytes_free(&answer);
}
