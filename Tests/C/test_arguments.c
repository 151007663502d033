/* Every pointer argument NULL, every `size` member wrong: a code, no crash, nothing written where it may not. */
#include "support.h"
#include <stdlib.h>

#define UNTOUCHED ((void *)0x5a5a)

static brs_flow ignore_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  (void)user, (void)stream, (void)delta;
  return BRS_FLOW_CONTINUE;
}
static void ignore_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)user, (void)stream, (void)result;
}
static void ignore_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)user, (void)stream, (void)error;
}

static brs_callbacks ignoring(void) {
  return (brs_callbacks){
      .size = sizeof(brs_callbacks), .on_delta = ignore_delta, .on_stop = ignore_stop, .on_error = ignore_error};
}

TEST(config_takes_null) {
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  CHECK_CODE(brs_config_set(NULL, KEY_REGION, "us-east-1", NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_set(config, NULL, "us-east-1", NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_set(config, KEY_REGION, NULL, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_set(config, KEY_REGION, "us-east-1", NULL), BRS_OK);
  CHECK_CODE(brs_config_set(config, "no.such.key", "1", NULL), BRS_E_CONFIG);
  CHECK_CODE(brs_config_describe(0, NULL), BRS_E_ARGUMENT);
  brs_config_free(config);
  brs_config_free(NULL);
}

TEST(diagnostic_names_the_argument) {
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_request request = request_of(BODY);
  brs_stream *stream = UNTOUCHED;
  CHECK_CODE(brs_config_set(NULL, KEY_REGION, "us-east-1", &diagnostic), BRS_E_ARGUMENT);
  CHECK_CODE(diagnostic.code, BRS_E_ARGUMENT);
  CHECK_CONTAINS(diagnostic.message, "config");
  CHECK_CODE(brs_stream_open(NULL, &request, NULL, &stream, &diagnostic), BRS_E_ARGUMENT);
  CHECK_CONTAINS(diagnostic.message, "client");
  CHECK(stream == UNTOUCHED);
}

TEST(client_takes_null) {
  environment_clean();
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_client *client = NULL;
  CHECK_CODE(brs_client_new(NULL, NULL, &diagnostic), BRS_E_ARGUMENT);
  CHECK_CONTAINS(diagnostic.message, "client");
  CHECK_CODE(brs_client_new(NULL, NULL, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_client_new(NULL, &client, NULL), BRS_OK);
  CHECK(client != NULL);
  brs_client_free(client);
  brs_client_free(NULL);
}

TEST(stream_takes_null) {
  static struct fixture fixture;
  fixture_begin(&fixture, NULL, NULL);
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = ignoring();
  brs_stream *stream = UNTOUCHED;
  const brs_event *event = UNTOUCHED;
  CHECK_CODE(brs_stream_open(NULL, &request, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_stream_open(fixture.client, NULL, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, NULL, NULL), BRS_E_ARGUMENT);
  request.model_id = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
  request = request_of(BODY);
  request.body = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
  request.body_len = 0;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
  request = request_of(BODY);
  callbacks.on_error = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
  callbacks = ignoring();
  callbacks.on_stop = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
  CHECK(stream == UNTOUCHED);
  CHECK_CODE(brs_stream_next(NULL, 0, &event), BRS_E_ARGUMENT);
  CHECK(event == UNTOUCHED);
  CHECK_CODE(brs_stream_resume(NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_stream_cancel(NULL), BRS_E_ARGUMENT);
  brs_stream_free(NULL);
  sleep_ms(20);
  CHECK_NUMBER(server_requests(&fixture.server), 0);
  fixture_end(&fixture);
}

TEST(next_takes_no_null_event) {
  static struct fixture fixture;
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 1);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  brs_request request = request_of(BODY);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &stream, NULL), BRS_OK);
  CHECK_CODE(brs_stream_next(stream, 0, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_stream_next(stream, -1, NULL), BRS_E_ARGUMENT);
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&body);
}

TEST(operation_must_be_known) {
  static struct fixture fixture;
  fixture_begin(&fixture, NULL, NULL);
  brs_callbacks callbacks = ignoring();
  brs_stream *stream = UNTOUCHED;
  brs_decoder *decoder = UNTOUCHED;
  const int unknown[] = {0, 5, -1, 1000000};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    brs_request request = request_of(BODY);
    request.operation = (brs_operation)unknown[i];
    CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
    CHECK_CODE(brs_decoder_new((brs_operation)unknown[i], &callbacks, &decoder, NULL), BRS_E_ARGUMENT);
  }
  CHECK(stream == UNTOUCHED);
  CHECK(decoder == UNTOUCHED);
  fixture_end(&fixture);
}

TEST(decoder_takes_null) {
  brs_callbacks callbacks = ignoring();
  brs_decoder *decoder = NULL;
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, NULL, &decoder, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, NULL, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_decoder_feed(NULL, (const uint8_t *)"x", 1), BRS_E_ARGUMENT);
  CHECK_CODE(brs_decoder_finish(NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_decoder_reset(NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, &decoder, NULL), BRS_OK);
  CHECK_CODE(brs_decoder_feed(decoder, NULL, 1), BRS_E_ARGUMENT);
  CHECK_CODE(brs_decoder_feed(decoder, NULL, 0), BRS_OK);
  CHECK_CODE(brs_decoder_feed(decoder, (const uint8_t *)"x", 0), BRS_OK);
  brs_decoder_free(decoder);
  brs_decoder_free(NULL);
  callbacks.on_stop = NULL;
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, &decoder, NULL), BRS_E_ARGUMENT);
  callbacks = ignoring();
  callbacks.on_error = NULL;
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, &decoder, NULL), BRS_E_ARGUMENT);
}

/* Lengths that no memory holds must be refused before anything is read. */
TEST(lengths_beyond_memory) {
  brs_callbacks callbacks = ignoring();
  brs_decoder *decoder = NULL;
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, &decoder, NULL), BRS_OK);
  CHECK_CODE(brs_decoder_feed(decoder, (const uint8_t *)"x", SIZE_MAX), BRS_E_ARGUMENT);
  CHECK_CODE(brs_decoder_feed(decoder, (const uint8_t *)"x", (size_t)INT64_MAX + 1), BRS_E_ARGUMENT);
  brs_decoder_free(decoder);
  static struct fixture fixture;
  fixture_begin(&fixture, NULL, NULL);
  brs_request request = request_of(BODY);
  brs_stream *stream = UNTOUCHED;
  request.body_len = SIZE_MAX;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_E_ARGUMENT);
  CHECK(stream == UNTOUCHED);
  fixture_end(&fixture);
}

static brs_code open_with(brs_client *client, const brs_request *request, const brs_callbacks *callbacks) {
  brs_stream *stream = UNTOUCHED;
  brs_code code = brs_stream_open(client, request, callbacks, &stream, NULL);
  if (code == BRS_OK) brs_stream_free(stream);
  else CHECK(stream == UNTOUCHED);
  return code;
}

/* A caller built against an older header is refused where members are missing, one against a newer header is served. */
TEST(sizes_of_structs_read) {
  static struct fixture fixture;
  fixture_begin(&fixture, NULL, NULL);
  struct {
    brs_request known;
    char unknown[64];
  } request = {request_of(BODY), {0}};
  struct {
    brs_callbacks known;
    char unknown[64];
  } callbacks = {ignoring(), {0}};
  const size_t small[] = {0, 1, sizeof(size_t), offsetof(brs_request, body), sizeof(brs_request) - 1};
  for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
    request.known.size = small[i];
    CHECK_CODE(open_with(fixture.client, &request.known, &callbacks.known), BRS_E_ARGUMENT);
  }
  request.known.size = sizeof request;
  CHECK_CODE(open_with(fixture.client, &request.known, &callbacks.known), BRS_OK);
  request.known.size = sizeof(brs_request);
  const size_t few[] = {0, 1, sizeof(size_t), offsetof(brs_callbacks, on_error), sizeof(brs_callbacks) - 1};
  for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
    callbacks.known.size = few[i];
    CHECK_CODE(open_with(fixture.client, &request.known, &callbacks.known), BRS_E_ARGUMENT);
  }
  callbacks.known.size = sizeof callbacks;
  CHECK_CODE(open_with(fixture.client, &request.known, &callbacks.known), BRS_OK);
  fixture_end(&fixture);
}

/* A diagnostic that is too small is refused, and nothing of it is written. */
TEST(sizes_of_diagnostic) {
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  const size_t sizes[] = {0,
                          1,
                          sizeof(size_t),
                          offsetof(brs_diagnostic, message),
                          offsetof(brs_diagnostic, message) + 1,
                          offsetof(brs_diagnostic, message) + 20,
                          sizeof(brs_diagnostic) - 1};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    union {
      brs_diagnostic diagnostic;
      unsigned char raw[sizeof(brs_diagnostic)];
    } memory;
    memset(memory.raw, 0xa5, sizeof memory.raw);
    memory.diagnostic.size = sizes[i];
    CHECK_CODE(brs_config_set(config, KEY_REGION, "us-east-1", &memory.diagnostic), BRS_E_ARGUMENT);
    CHECK_NUMBER(memory.diagnostic.size, sizes[i]);
    for (size_t at = sizeof(size_t); at < sizeof memory.raw; at++)
      if (memory.raw[at] != 0xa5) {
        check_failed(__FILE__, __LINE__, "size %zu: byte %zu was written", sizes[i], at);
        break;
      }
  }
  struct {
    brs_diagnostic known;
    char unknown[64];
  } large = {{.size = sizeof large}, {0}};
  CHECK_CODE(brs_config_set(config, "no.such.key", "1", &large.known), BRS_E_CONFIG);
  CHECK_CONTAINS(large.known.message, "no.such.key");
  brs_config_free(config);
}

TEST(success_empties_the_diagnostic) {
  brs_config *config = NULL;
  brs_diagnostic diagnostic = {.size = sizeof diagnostic, .code = BRS_E_MEMORY, .message = "old"};
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  CHECK_CODE(brs_config_set(config, KEY_REGION, "us-east-1", &diagnostic), BRS_OK);
  CHECK_CODE(diagnostic.code, BRS_OK);
  CHECK_TEXT(diagnostic.message, "");
  brs_config_free(config);
}

TEST(code_names) {
#define NAMED(CODE) CHECK_TEXT(brs_code_name(CODE), #CODE)
  NAMED(BRS_OK);
  NAMED(BRS_E_ARGUMENT);
  NAMED(BRS_E_CONFIG);
  NAMED(BRS_E_STATE);
  NAMED(BRS_E_MEMORY);
  NAMED(BRS_E_FORKED);
  NAMED(BRS_E_CLOSED);
  NAMED(BRS_E_TIMEOUT);
  NAMED(BRS_E_END);
  NAMED(BRS_E_UNKNOWN_TOOL_CALL);
  NAMED(BRS_E_TOOL_ANSWERED);
  NAMED(BRS_E_REGION);
  NAMED(BRS_E_CREDENTIALS);
  NAMED(BRS_E_ENDPOINT);
  NAMED(BRS_E_SIGNING);
  NAMED(BRS_E_RESOLVE);
  NAMED(BRS_E_CONNECT);
  NAMED(BRS_E_TLS);
  NAMED(BRS_E_TRANSPORT);
  NAMED(BRS_E_TIMEOUT_CONNECT);
  NAMED(BRS_E_TIMEOUT_FIRST_BYTE);
  NAMED(BRS_E_TIMEOUT_BETWEEN_BYTES);
  NAMED(BRS_E_TIMEOUT_TOTAL);
  NAMED(BRS_E_TIMEOUT_TOOL);
  NAMED(BRS_E_INCOMPLETE);
  NAMED(BRS_E_PROTOCOL);
  NAMED(BRS_E_LIMIT);
  NAMED(BRS_E_TOOL_ROUNDS);
  NAMED(BRS_E_CANCELLED);
  NAMED(BRS_E_VALIDATION);
  NAMED(BRS_E_ACCESS_DENIED);
  NAMED(BRS_E_EXPIRED_TOKEN);
  NAMED(BRS_E_SIGNATURE);
  NAMED(BRS_E_NOT_FOUND);
  NAMED(BRS_E_QUOTA_EXCEEDED);
  NAMED(BRS_E_MODEL_TIMEOUT);
  NAMED(BRS_E_MODEL_ERROR);
  NAMED(BRS_E_MODEL_STREAM);
  NAMED(BRS_E_THROTTLED);
  NAMED(BRS_E_MODEL_NOT_READY);
  NAMED(BRS_E_INTERNAL_SERVER);
  NAMED(BRS_E_SERVICE_UNAVAILABLE);
  NAMED(BRS_E_SERVICE);
#undef NAMED
  const int unknown[] = {-1, 11, 19, 24, 98, 100, 1000, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    CHECK_TEXT(brs_code_name((brs_code)unknown[i]), "BRS_E_UNKNOWN");
}

TEST(version) {
  int major, minor, patch;
  char rest;
  CHECK_NUMBER(sscanf(brs_version(), "%d.%d.%d%c", &major, &minor, &patch, &rest), 3);
  CHECK(brs_version() == brs_version());
}
