/* Errors of the service: as an HTTP answer, as an event in a stream that began well. Every field of the error. */
#include "support.h"
#include <stdlib.h>

static struct fixture fixture;

struct expected {
  int status;
  const char *header; /* x-amzn-errortype, NULL for none */
  const char *body;
  brs_code code;
  const char *service_code;
  const char *message; /* a part of it */
  int retryable;
};

static const struct expected answers[] = {
    {400, "ValidationException", "{\"message\":\"bad request\"}", BRS_E_VALIDATION, "ValidationException",
     "bad request", 0},
    {400, "ValidationException:http://internal.amazon.com/coral/", "{\"message\":\"b\"}", BRS_E_VALIDATION,
     "ValidationException", "b", 0},
    {400, NULL, "{\"__type\":\"com.amazonaws#ValidationException\",\"Message\":\"upper\"}", BRS_E_VALIDATION,
     "ValidationException", "upper", 0},
    {400, NULL, "{\"code\":\"ServiceQuotaExceededException\",\"message\":\"quota\"}", BRS_E_QUOTA_EXCEEDED,
     "ServiceQuotaExceededException", "quota", 0},
    {403, "AccessDeniedException", "{\"message\":\"no\"}", BRS_E_ACCESS_DENIED, "AccessDeniedException", "no", 0},
    {403, "ExpiredTokenException", "{\"message\":\"old\"}", BRS_E_EXPIRED_TOKEN, "ExpiredTokenException", "old", 0},
    {403, "InvalidSignatureException", "{\"message\":\"sig\"}", BRS_E_SIGNATURE, "InvalidSignatureException", "sig", 0},
    {404, "ResourceNotFoundException", "{\"message\":\"none\"}", BRS_E_NOT_FOUND, "ResourceNotFoundException", "none",
     0},
    {408, "ModelTimeoutException", "{\"message\":\"slow\"}", BRS_E_MODEL_TIMEOUT, "ModelTimeoutException", "slow", -1},
    {424, "ModelErrorException", "{\"message\":\"m\",\"originalStatusCode\":418,\"resourceName\":\"r\"}",
     BRS_E_MODEL_ERROR, "ModelErrorException", "m", -1},
    {429, "ThrottlingException", "{\"message\":\"slow down\"}", BRS_E_THROTTLED, "ThrottlingException", "slow down", 1},
    {429, NULL, "", BRS_E_THROTTLED, "", "429", 1},
    {429, "ModelNotReadyException", "{\"message\":\"loading\"}", BRS_E_MODEL_NOT_READY, "ModelNotReadyException",
     "loading", 1},
    {500, "InternalServerException", "{\"message\":\"oops\"}", BRS_E_INTERNAL_SERVER, "InternalServerException", "oops",
     1},
    {500, NULL, "<html><body>Oops</body></html>", BRS_E_INTERNAL_SERVER, "", "500", 1},
    {502, NULL, "<html>Bad Gateway</html>", BRS_E_SERVICE_UNAVAILABLE, "", "502", 1},
    {503, "ServiceUnavailableException", "{\"message\":\"busy\"}", BRS_E_SERVICE_UNAVAILABLE,
     "ServiceUnavailableException", "busy", 1},
    {503, NULL, "", BRS_E_SERVICE_UNAVAILABLE, "", "503", 1},
    {504, NULL, "not { json", BRS_E_SERVICE_UNAVAILABLE, "", "not { json", 1},
    {418, NULL, "{\"message\":\"teapot\"}", BRS_E_SERVICE, "", "teapot", 0},
    {400, "BrandNewException", "{\"message\":\"new\"}", BRS_E_SERVICE, "BrandNewException", "new", 0},
    {301, NULL, "", BRS_E_SERVICE, "", "301", 0},
};

TEST(http_errors) {
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    const struct expected *expected = &answers[i];
    char headers[256];
    snprintf(headers, sizeof headers, "x-amzn-RequestId: request-%zu\r\nLocation: http://127.0.0.1:1/\r\n%s%s%s", i,
             expected->header ? "x-amzn-errortype: " : "", expected->header ? expected->header : "",
             expected->header ? "\r\n" : "");
    exchange(&fixture, (struct reply){.status = expected->status,
                                      .content_type = expected->body[0] == '<' ? "text/html" : "application/json",
                                      .headers = headers,
                                      .body = (const uint8_t *)expected->body,
                                      .len = strlen(expected->body),
                                      .framing = FRAMING_LENGTH});
    struct seen *seen = &fixture.seen;
    char id[32];
    snprintf(id, sizeof id, "request-%zu", i);
    if (seen->code != expected->code)
      check_failed(__FILE__, __LINE__, "answer %zu (%d %s): %s", i, expected->status,
                   expected->header ? expected->header : "", brs_code_name(seen->code));
    CHECK_TEXT(seen->name, brs_code_name(expected->code));
    CHECK_NUMBER(seen->http_status, expected->status);
    CHECK_TEXT(seen->service_code, expected->service_code);
    CHECK_CONTAINS(seen->message, expected->message);
    CHECK_TEXT(seen->request_id, id);
    CHECK_NUMBER(seen->delivered, 0);
    CHECK_NUMBER(seen->phase, BRS_PHASE_RESPONSE);
    if (expected->retryable >= 0 && seen->retryable != expected->retryable)
      check_failed(__FILE__, __LINE__, "answer %zu (%d): retryable is %d", i, expected->status, seen->retryable);
    CHECK_NUMBER(seen->original_status, expected->code == BRS_E_MODEL_ERROR ? 418 : 0);
  }
  fixture_end(&fixture);
}

/* A body of an error that is cut, or that never ends, does not change what the status says. */
TEST(http_errors_with_broken_bodies) {
  fixture_begin(&fixture, KEY_BETWEEN_MS, "300");
  struct reply reply = {.status = 503,
                        .content_type = "application/json",
                        .body = (const uint8_t *)"{\"message\":\"b",
                        .len = 13,
                        .framing = FRAMING_LENGTH,
                        .is_cut = 1};
  exchange(&fixture, reply);
  CHECK_NUMBER(fixture.seen.http_status, 503);
  CHECK_CODE(fixture.seen.code, BRS_E_SERVICE_UNAVAILABLE);
  static uint8_t page[4096];
  memset(page, 'x', sizeof page);
  reply = (struct reply){
      .status = 500, .content_type = "text/html", .repeats = 2000, .unit = page, .unit_len = sizeof page};
  exchange(&fixture, reply);
  CHECK_NUMBER(fixture.seen.http_status, 500);
  CHECK_CODE(fixture.seen.code, BRS_E_INTERNAL_SERVER);
  fixture_end(&fixture);
}

/* Status 200 with something else than an event stream. */
TEST(success_that_is_no_stream) {
  static const struct {
    const char *type, *body;
  } others[] = {
      {"application/json", "{\"message\":\"hello\"}"}, {"text/html", "<html>login</html>"}, {"application/json", ""}};
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    exchange(&fixture, (struct reply){.status = 200,
                                      .content_type = others[i].type,
                                      .framing = FRAMING_LENGTH,
                                      .body = (const uint8_t *)others[i].body,
                                      .len = strlen(others[i].body)});
    CHECK_CODE(fixture.seen.code, BRS_E_PROTOCOL);
    CHECK_NUMBER(fixture.seen.http_status, 200);
    CHECK_CONTAINS(fixture.seen.message, others[i].type);
  }
  fixture_end(&fixture);
}

struct exception {
  const char *type, *payload;
  brs_code code;
  int status;
  const char *service_code;
  int retryable;
  int original_status;
  const char *original_message;
};

static const struct exception exceptions[] = {
    {"throttlingException", "{\"message\":\"slow down\"}", BRS_E_THROTTLED, 429, "ThrottlingException", 1, 0, ""},
    {"validationException", "{\"message\":\"slow down\"}", BRS_E_VALIDATION, 400, "ValidationException", 0, 0, ""},
    {"internalServerException", "{\"message\":\"slow down\"}", BRS_E_INTERNAL_SERVER, 500, "InternalServerException", 1,
     0, ""},
    {"serviceUnavailableException", "{\"Message\":\"slow down\"}", BRS_E_SERVICE_UNAVAILABLE, 503,
     "ServiceUnavailableException", 1, 0, ""},
    {"modelStreamErrorException",
     "{\"message\":\"slow down\",\"originalStatusCode\":502,\"originalMessage\":\"the host said so\"}",
     BRS_E_MODEL_STREAM, 424, "ModelStreamErrorException", 0, 502, "the host said so"},
    {"modelTimeoutException", "{\"message\":\"slow down\"}", BRS_E_MODEL_TIMEOUT, 408, "ModelTimeoutException", -1, 0,
     ""},
    {"brandNewException", "{\"message\":\"slow down\"}", BRS_E_SERVICE, -1, "BrandNewException", -1, 0, ""},
};

/* `how`: 0 an exception, 1 the same sent as an event. */
static void except(const struct exception *exception, int deltas, int how) {
  struct bytes answer = {0};
  if (deltas > 0) answer_begin(&answer);
  for (int i = 0; i < deltas; i++) delta_add(&answer, 0, "x");
  (how == 0 ? exception_add : event_add)(&answer, exception->type, exception->payload);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  struct seen *seen = &fixture.seen;
  if (seen->code != exception->code)
    check_failed(__FILE__, __LINE__, "%s after %d deltas, way %d: %s", exception->type, deltas, how,
                 brs_code_name(seen->code));
  if (exception->status >= 0) CHECK_NUMBER(seen->http_status, exception->status);
  CHECK_TEXT(seen->service_code, exception->service_code);
  CHECK_CONTAINS(seen->message, "slow down");
  CHECK_TEXT(seen->request_id, "11111111-2222-3333-4444-555555555555");
  CHECK_NUMBER(seen->delivered, deltas);
  CHECK_NUMBER(seen->phase, BRS_PHASE_STREAM);
  CHECK_NUMBER(seen->original_status, exception->original_status);
  CHECK_TEXT(seen->original_message, exception->original_message);
  if (exception->retryable >= 0) CHECK_NUMBER(seen->retryable, exception->retryable);
  CHECK_NUMBER(seen->errors, 1);
  bytes_free(&answer);
}

TEST(exceptions_in_the_stream) {
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
    except(&exceptions[i], 0, 0);
    except(&exceptions[i], 3, 0);
    if (exceptions[i].code != BRS_E_SERVICE) except(&exceptions[i], 0, 1);
    if (exceptions[i].code != BRS_E_SERVICE) except(&exceptions[i], 2, 1);
  }
  fixture_end(&fixture);
}

/* The answer goes on after an exception: none of it is delivered. */
TEST(nothing_after_an_exception) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_begin(&answer);
  exception_add(&answer, "throttlingException", "{\"message\":\"m\"}");
  answer_add(&answer, 3);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  CHECK_CODE(fixture.seen.code, BRS_E_THROTTLED);
  CHECK_NUMBER(fixture.seen.deltas, 0);
  bytes_free(&answer);
  fixture_end(&fixture);
}

TEST(exceptions_with_odd_payloads) {
  static const char *const payloads[] = {"", "{}", "no json", "[]", "{\"message\":7}", "{\"message\":null}"};
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
    struct bytes answer = {0};
    exception_add(&answer, "throttlingException", payloads[i]);
    exchange(&fixture, stream_reply(answer.data, answer.len));
    CHECK_CODE(fixture.seen.code, BRS_E_THROTTLED);
    bytes_free(&answer);
  }
  fixture_end(&fixture);
}

/* `:message-type: error` */
TEST(error_messages) {
  fixture_begin(&fixture, NULL, NULL);
  for (int deltas = 0; deltas <= 2; deltas += 2) {
    struct bytes answer = {0};
    if (deltas > 0) answer_begin(&answer);
    for (int i = 0; i < deltas; i++) delta_add(&answer, 0, "x");
    error_add(&answer, "InternalFailure", "it broke");
    exchange(&fixture, stream_reply(answer.data, answer.len));
    CHECK(fixture.seen.errors == 1 && fixture.seen.code != BRS_E_PROTOCOL && fixture.seen.code != BRS_E_INCOMPLETE);
    CHECK_TEXT(fixture.seen.service_code, "InternalFailure");
    CHECK_CONTAINS(fixture.seen.message, "it broke");
    CHECK_NUMBER(fixture.seen.delivered, deltas);
    bytes_free(&answer);
  }
  fixture_end(&fixture);
}

TEST(messages_without_required_headers) {
  static const struct frame_header none[] = {{":content-type", "application/json"}};
  static const struct frame_header untyped[] = {{":message-type", "event"}};
  static const struct frame_header odd[] = {{":message-type", "surprise"}, {":event-type", "messageStart"}};
  static const struct frame_header twice[] = {
      {":message-type", "event"}, {":event-type", "messageStart"}, {":event-type", "messageStop"}};
  static const struct {
    const struct frame_header *headers;
    size_t count;
  } frames[] = {{none, 1}, {untyped, 1}, {odd, 2}, {twice, 3}};
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
    struct bytes answer = {0};
    frame_add(&answer, frames[i].headers, frames[i].count, "{}", 2);
    answer_add(&answer, 1);
    exchange(&fixture, stream_reply(answer.data, answer.len));
    if (fixture.seen.code != BRS_E_PROTOCOL)
      check_failed(__FILE__, __LINE__, "frame %zu: %s", i, brs_code_name(fixture.seen.code));
    bytes_free(&answer);
  }
  fixture_end(&fixture);
}

/* A response head as no server sends it, but a hostile one may. */
TEST(response_heads_without_measure) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0}, headers = {0};
  answer_add(&answer, 1);
  for (int i = 0; i < 40; i++) {
    bytes_add(&headers, "x-long: ", 8);
    for (int k = 0; k < 100; k++) bytes_add(&headers, "0123456789", 10);
    bytes_add(&headers, "\r\n", 2);
  }
  bytes_add(&headers, "", 1);
  char head[65536];
  int len = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n%sx-amzn-RequestId: r1\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     (char *)headers.data, answer.len);
  struct bytes raw = {0};
  bytes_add(&raw, head, (size_t)len);
  bytes_add(&raw, answer.data, answer.len);
  exchange(&fixture, (struct reply){.raw = (char *)raw.data, .raw_len = raw.len});
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_TEXT(fixture.seen.request_id, "r1");
  bytes_free(&raw);
  bytes_free(&headers);
  bytes_free(&answer);
  fixture_end(&fixture);
}
