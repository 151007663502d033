/* How streams end: exactly one terminal callback, the right code, and never success for anything but a whole answer. */
#include "support.h"
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

TEST(complete_answer) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 5);
  for (int framing = FRAMING_CHUNKED; framing <= FRAMING_CLOSE; framing++) {
    struct reply reply = stream_reply(answer.data, answer.len);
    reply.framing = (enum framing)framing;
    exchange(&fixture, reply);
    struct seen *seen = &fixture.seen;
    CHECK_NUMBER(seen->stops, 1);
    CHECK_NUMBER(seen->deltas, 5);
    CHECK_NUMBER(seen->delivered, 5);
    CHECK_TEXT(seen->text, "word 0 word 1 word 2 word 3 word 4 ");
    CHECK_TEXT(seen->result_text, "word 0 word 1 word 2 word 3 word 4 ");
    CHECK_NUMBER(seen->stop_reason, BRS_STOP_END_TURN);
    CHECK_TEXT(seen->stop_text, "end_turn");
    CHECK_NUMBER(seen->usage.input_tokens, 12);
    CHECK_NUMBER(seen->usage.output_tokens, 34);
    CHECK_NUMBER(seen->usage.total_tokens, 46);
    CHECK_NUMBER(seen->usage.cache_read_input_tokens, -1);
    CHECK_NUMBER(seen->usage.cache_write_input_tokens, -1);
    CHECK_NUMBER(seen->timings.server_latency_ms, 321);
    CHECK_TEXT(seen->request_id, "11111111-2222-3333-4444-555555555555");
    CHECK_TEXT(seen->model_id, MODEL);
    CHECK_CONTAINS(seen->metadata, "\"latencyMs\":321");
    CHECK_NUMBER(seen->attempts, 1);
    const brs_timings *timings = &seen->timings;
    CHECK(timings->first_byte_us >= 0 && timings->first_delta_us >= timings->first_byte_us);
    CHECK(timings->total_us >= timings->first_delta_us && timings->total_us < 60000000);
  }
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* What the callbacks may have delivered when the answer is cut at `cut`: the deltas whose frames are whole. */
static int whole_deltas(const struct bytes *answer, size_t cut) {
  int deltas = 0;
  for (size_t at = 0; at + 4 <= cut;) {
    size_t len = (size_t)answer->data[at] << 24 | (size_t)answer->data[at + 1] << 16 | (size_t)answer->data[at + 2] << 8
                 | answer->data[at + 3];
    if (at + len > cut) break;
    if (memmem(answer->data + at, len, "contentBlockDelta", 17) != NULL) deltas++;
    at += len;
  }
  return deltas;
}

static size_t frame_length(const struct bytes *bytes, size_t at) {
  return (size_t)bytes->data[at] << 24 | (size_t)bytes->data[at + 1] << 16 | (size_t)bytes->data[at + 2] << 8
         | bytes->data[at + 3];
}

/* Where the frame with messageStop ends. From there on a cut between frames takes away the metadata alone. */
static size_t end_of_message(const struct bytes *answer) {
  for (size_t at = 0; at < answer->len; at += frame_length(answer, at))
    if (memmem(answer->data + at, frame_length(answer, at), "messageStop", 11) != NULL)
      return at + frame_length(answer, at);
  return answer->len;
}

static void cut_at(const struct bytes *answer, size_t cut, enum framing framing) {
  struct reply reply = stream_reply(answer->data, cut);
  reply.framing = framing;
  reply.is_cut = framing != FRAMING_CLOSE;
  exchange(&fixture, reply);
  struct seen *seen = &fixture.seen;
  int deltas = whole_deltas(answer, cut);
  /* With its message complete, an answer whose transport ended properly on a frame is whole, usage or not. */
  if (framing == FRAMING_CLOSE && cut == end_of_message(answer)) {
    CHECK_NUMBER(seen->stops, 1);
  } else {
    if (seen->code != BRS_E_INCOMPLETE || seen->errors != 1)
      check_failed(__FILE__, __LINE__, "cut at %zu, framing %d: %s (%s)", cut, (int)framing, brs_code_name(seen->code),
                   seen->message);
    CHECK_TEXT(seen->request_id, "11111111-2222-3333-4444-555555555555");
  }
  if (seen->deltas != deltas || seen->delivered != (uint64_t)deltas)
    check_failed(__FILE__, __LINE__, "cut at %zu: %d deltas, %llu delivered, expected %d", cut, seen->deltas,
                 (unsigned long long)seen->delivered, deltas);
  CHECK_TEXT(seen->result_text, seen->text ? seen->text : "");
}

TEST(cut_at_every_byte) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 2);
  for (size_t cut = 0; cut < answer.len; cut += check_is_slow() ? 13 : 1) cut_at(&answer, cut, FRAMING_CLOSE);
  cut_at(&answer, end_of_message(&answer), FRAMING_CLOSE);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(cut_transfers) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 2);
  for (size_t cut = 0; cut < answer.len; cut += check_is_slow() ? 97 : 7) {
    cut_at(&answer, cut, FRAMING_CHUNKED);
    cut_at(&answer, cut, FRAMING_LENGTH);
  }
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* All events but messageStop came: a frame boundary, and no end all the same. */
TEST(no_message_stop) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_begin(&answer);
  delta_add(&answer, 0, "half");
  event_add(&answer, "contentBlockStop", "{\"contentBlockIndex\":0}");
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_CODE(fixture.seen.code, BRS_E_INCOMPLETE);
  CHECK_NUMBER(fixture.seen.phase, BRS_PHASE_STREAM);
  CHECK_TEXT(fixture.seen.result_text, "half");
  CHECK_NUMBER(fixture.seen.stop_reason, BRS_STOP_NONE);
  CHECK_NUMBER(fixture.seen.timings.server_latency_ms, -1);
  CHECK_NUMBER(fixture.seen.usage.output_tokens, -1);
  bytes_free(&answer);
  fixture_end(&fixture);
}

TEST(empty_body) {
  fixture_begin(&fixture, NULL, NULL);
  for (int framing = FRAMING_CHUNKED; framing <= FRAMING_CLOSE; framing++) {
    struct reply reply = stream_reply((const uint8_t *)"", 0);
    reply.framing = (enum framing)framing;
    exchange(&fixture, reply);
    CHECK_CODE(fixture.seen.code, BRS_E_INCOMPLETE);
    CHECK_NUMBER(fixture.seen.delivered, 0);
    CHECK_TEXT(fixture.seen.result_text, "");
    CHECK_NUMBER(fixture.seen.timings.first_delta_us, -1);
  }
  fixture_end(&fixture);
}

/* The connection ends without a response, or with half of its head. */
TEST(no_response) {
  static const char *const raws[] = {"HTTP/1.1 200 OK\r\nContent-Ty", "garbage\r\n\r\n", "\r\n"};
  fixture_begin(&fixture, NULL, NULL);
  exchange(&fixture, (struct reply){.drops = 1});
  CHECK_CODE(fixture.seen.code, BRS_E_TRANSPORT);
  CHECK_NUMBER(fixture.seen.phase, BRS_PHASE_REQUEST);
  CHECK_NUMBER(fixture.seen.retryable, 1);
  for (size_t i = 0; i < sizeof raws / sizeof *raws; i++) {
    exchange(&fixture, (struct reply){.raw = raws[i], .raw_len = strlen(raws[i])});
    CHECK(fixture.seen.code == BRS_E_TRANSPORT || fixture.seen.code == BRS_E_PROTOCOL);
  }
  fixture_end(&fixture);
}

static int refused_port(void) {
  static struct server server;
  server_start(&server);
  int port = server.port;
  server_stop(&server);
  return port;
}

TEST(no_server) {
  char url[64];
  fixture_begin(&fixture, NULL, NULL);
  snprintf(url, sizeof url, "http://127.0.0.1:%d", refused_port());
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_ENDPOINT, url);
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  request.config = config;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  CHECK_CODE(fixture.seen.code, BRS_E_CONNECT);
  CHECK_NUMBER(fixture.seen.phase, BRS_PHASE_CONNECT);
  CHECK_NUMBER(fixture.seen.retryable, 1);
  CHECK_NUMBER(fixture.seen.timings.connected_us, -1);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  brs_config_free(config);
  fixture_end(&fixture);
}

/* One flipped bit anywhere is found, and is no success. */
TEST(flipped_bits) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 2);
  for (size_t at = 0; at < answer.len; at += check_is_slow() ? 61 : 3) {
    uint8_t *flipped = malloc(answer.len);
    memcpy(flipped, answer.data, answer.len);
    flipped[at] ^= (uint8_t)(1 << at % 8);
    exchange(&fixture, stream_reply(flipped, answer.len));
    if (fixture.seen.code != BRS_E_PROTOCOL || fixture.seen.errors != 1)
      check_failed(__FILE__, __LINE__, "flip at %zu: %s (%s)", at, brs_code_name(fixture.seen.code),
                   fixture.seen.message);
    CHECK_NUMBER(fixture.seen.deltas, whole_deltas(&answer, at));
    CHECK_NUMBER(fixture.seen.phase, BRS_PHASE_STREAM);
    free(flipped);
  }
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* Lengths that a frame claims and no memory should be spent on. */
TEST(lengths_that_lie) {
  static const uint32_t totals[] = {0, 1, 11, 12, 15, 0x7fffffff, 0xffffffff, 100u << 20};
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
    uint8_t frame[16] = {(uint8_t)(totals[i] >> 24), (uint8_t)(totals[i] >> 16), (uint8_t)(totals[i] >> 8),
                         (uint8_t)totals[i]};
    uint32_t crc = crc32_of(frame, 8);
    for (int k = 0; k < 4; k++) frame[8 + k] = (uint8_t)(crc >> (24 - 8 * k));
    exchange(&fixture, stream_reply(frame, sizeof frame));
    if (fixture.seen.code != BRS_E_PROTOCOL && fixture.seen.code != BRS_E_LIMIT)
      check_failed(__FILE__, __LINE__, "length %u: %s", totals[i], brs_code_name(fixture.seen.code));
  }
  fixture_end(&fixture);
}

TEST(payloads_that_are_no_json) {
  static const char *const payloads[] = {"", "{", "nonsense", "{\"a\":1,}",
                                         "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a}"};
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
    struct bytes answer = {0};
    answer_begin(&answer);
    event_add(&answer, "contentBlockDelta", payloads[i]);
    answer_end(&answer);
    exchange(&fixture, stream_reply(answer.data, answer.len));
    if (fixture.seen.code != BRS_E_PROTOCOL)
      check_failed(__FILE__, __LINE__, "payload %s: %s", payloads[i], brs_code_name(fixture.seen.code));
    CHECK_NUMBER(fixture.seen.deltas, 0);
    bytes_free(&answer);
  }
  fixture_end(&fixture);
}

/* Members and events that this version does not know are no errors. */
TEST(unknown_things_pass) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  event_add(&answer, "messageStart", "{\"role\":\"assistant\",\"new\":{\"a\":[1,2,{\"b\":null}]}}");
  event_add(&answer, "somethingNew", "{\"x\":1}");
  event_add(&answer, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"hologram\":{\"a\":1}}}");
  event_add(&answer, "contentBlockDelta",
            "{\"new\":true,\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\",\"new\":[]}}");
  event_add(&answer, "contentBlockStop", "{\"contentBlockIndex\":0}");
  event_add(&answer, "messageStop", "{\"stopReason\":\"tired\",\"additionalModelResponseFields\":{\"a\":1}}");
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_TEXT(fixture.seen.text, "a");
  CHECK_NUMBER(fixture.seen.stop_reason, BRS_STOP_OTHER);
  CHECK_TEXT(fixture.seen.stop_text, "tired");
  bytes_free(&answer);
  fixture_end(&fixture);
}

/* Bytes that follow the answer, and events that follow its end. */
TEST(more_after_the_end) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 1);
  size_t whole = answer.len;
  bytes_add(&answer, "xyz", 3);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_CODE(fixture.seen.code, BRS_E_INCOMPLETE);
  answer.len = whole;
  exception_add(&answer, "throttlingException", "{\"message\":\"late\"}");
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_CODE(fixture.seen.code, BRS_E_THROTTLED);
  CHECK_NUMBER(fixture.seen.delivered, 1);
  bytes_free(&answer);
  fixture_end(&fixture);
}

TEST(text_with_every_character) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_begin(&answer);
  delta_add(&answer, 0, "a\\u0000b\\n\\t\\\"\\\\\\/\\ud83d\\ude00\xc3\xa9\\u00e9");
  answer_end(&answer);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  static const char expected[] = "a\0b\n\t\"\\/\xf0\x9f\x98\x80\xc3\xa9\xc3\xa9";
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(fixture.seen.text_len, sizeof expected - 1);
  CHECK(fixture.seen.text_len == sizeof expected - 1 && memcmp(fixture.seen.text, expected, sizeof expected) == 0);
  bytes_free(&answer);
  fixture_end(&fixture);
}

/* The four limits of time are four codes, and each message says how long it was. */
static void time_out(const char *key, const char *value, struct reply reply, brs_code expected) {
  fixture_begin(&fixture, key, value);
  int64_t start = now_ms();
  exchange(&fixture, reply);
  int64_t took = now_ms() - start;
  CHECK_CODE(fixture.seen.code, expected);
  CHECK_CONTAINS(fixture.seen.message, value);
  CHECK(took >= atoi(value) - 1);
  if (!check_is_slow()) CHECK(took < atoi(value) + 400);
  fixture_end(&fixture);
}

TEST(first_byte_takes_too_long) {
  time_out(KEY_FIRST_BYTE_MS, "150", (struct reply){.never = 1}, BRS_E_TIMEOUT_FIRST_BYTE);
  CHECK_NUMBER(fixture.seen.phase, BRS_PHASE_REQUEST);
}

/* A listener whose queue is full: the system drops what asks for a connection, and says nothing. */
TEST(connection_takes_too_long) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), queued[4];
  char url[64];
  CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 0) == 0);
  getsockname(listener, (struct sockaddr *)&address, &len);
  for (int i = 0; i < 4; i++) {
    queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(queued[i], (struct sockaddr *)&address, sizeof address);
  }
  fixture_begin(&fixture, KEY_CONNECT_MS, "200");
  snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_ENDPOINT, url);
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  request.config = config;
  int64_t start = now_ms();
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  CHECK(now_ms() - start >= 199 && (check_is_slow() || now_ms() - start < 600));
  CHECK_CODE(fixture.seen.code, BRS_E_TIMEOUT_CONNECT);
  CHECK_NUMBER(fixture.seen.phase, BRS_PHASE_CONNECT);
  CHECK_CONTAINS(fixture.seen.message, "200");
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  brs_config_free(config);
  fixture_end(&fixture);
  for (int i = 0; i < 4; i++) close(queued[i]);
  close(listener);
}

TEST(silence_between_bytes) {
  struct bytes answer = {0};
  answer_add(&answer, 2);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.holds = 1;
  reply.hold_at = answer.len / 2;
  time_out(KEY_BETWEEN_MS, "150", reply, BRS_E_TIMEOUT_BETWEEN_BYTES);
  CHECK_NUMBER(fixture.seen.phase, BRS_PHASE_STREAM);
  bytes_free(&answer);
}

TEST(total_takes_too_long) {
  struct bytes answer = {0};
  answer_add(&answer, 200);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.piece = 200;
  reply.piece_us = 10000;
  time_out(KEY_TOTAL_MS, "200", reply, BRS_E_TIMEOUT_TOTAL);
  CHECK(fixture.seen.delivered > 0);
  bytes_free(&answer);
}

/* Slow but steady is fine. */
TEST(slow_bytes_are_no_silence) {
  struct bytes answer = {0};
  fixture_begin(&fixture, KEY_BETWEEN_MS, "300");
  answer_add(&answer, 1);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.piece = answer.len / 10;
  reply.piece_us = 60000;
  exchange(&fixture, reply);
  CHECK_NUMBER(fixture.seen.stops, 1);
  fixture_end(&fixture);
  bytes_free(&answer);
}
