/* Log lines: which are written for which level, that each is one line, and that none holds a secret. */
#include "host.h"
#include <stdlib.h>

static struct host host;

static void begin(brs_log_level level) {
  host_begin(&host, BRS_ASK_CREDENTIALS | BRS_ASK_TOKEN);
  host.act = host_answer_now;
  host_log(&host, level);
}

static void check_no_secrets(void) {
  static const char *const secrets[] = {HOST_SECRET, HOST_TOKEN, HOST_BEARER, "Signature="};
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
    if (host.log != NULL && strstr(host.log, secrets[i]) != NULL)
      check_failed(__FILE__, __LINE__, "\"%s\" is in the log: %.400s", secrets[i], host.log);
}

static void check_no_token(const char *text) {
  if (strstr(text, HOST_TOKEN) != NULL || strstr(text, HOST_BEARER) != NULL)
    check_failed(__FILE__, __LINE__, "an error shows a token: %.400s", text);
}

static void end(void) {
  check_no_secrets();
  check_no_token(host.fixture.seen.message);
  check_no_token(host.fixture.seen.original_message);
  check_no_token(host.fixture.seen.service_code);
  host_end(&host);
}

TEST(each_level_has_its_lines) {
  static const int expected[5][5] = {
      {0}, {0, 1}, {0, 1, 0}, {0, 1, 0, 2}, {0, 1, 0, 2, 2}}; /* one stream that ends well, one that fails */
  for (int level = BRS_LOG_NONE; level <= BRS_LOG_DEBUG; level++) {
    begin((brs_log_level)level);
    host_start(&host);
    CHECK_CODE(host_run(&host)->code, BRS_OK);
    server_reply(&host.fixture.server, error_reply(400, "x-amzn-errortype: ValidationException\r\n",
                                                   "{\"message\":\"no\\nsuch\\u0000 model\"}"));
    CHECK_CODE(host_run(&host)->code, BRS_E_VALIDATION);
    brs_client_free(host.fixture.client);
    host.fixture.client = NULL;
    for (int i = 0; i < 5; i++) CHECK_NUMBER(host.lines[i], expected[level][i]);
    if (level >= BRS_LOG_ERROR)
      CHECK_CONTAINS(host.log, "1 stream of " MODEL " failed: BRS_E_VALIDATION: no such  model");
    if (level >= BRS_LOG_INFO) CHECK_CONTAINS(host.log, "3 credentials AKIDHOST from the host");
    if (level >= BRS_LOG_DEBUG) CHECK_CONTAINS(host.log, "4 POST http://127.0.0.1:");
    end();
  }
}

TEST(the_canonical_request_is_shown_without_the_token) {
  begin(BRS_LOG_DEBUG);
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  CHECK_CONTAINS(host.log, "x-amz-security-token:REDACTED");
  CHECK_CONTAINS(host.log, "x-amz-date:");
  CHECK_CONTAINS(host.log, "signed: POST | /model/test.model-v1%253A0/converse-stream |  | content-type:");
  end();
}

TEST(a_bearer_token_is_not_shown) {
  begin(BRS_LOG_DEBUG);
  config_put(host.config, "auth.scheme", "bearer");
  host.id = HOST_BEARER;
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  CHECK_CONTAINS(host.log, "3 a bearer token from the host");
  CHECK(host.lines[BRS_LOG_DEBUG] > 0);
  end();
}

/* The service shows what it would have signed, with the token. */
#define MISMATCH                                                                                              \
  "{\"message\":\"The request signature we calculated does not match the signature you provided.\\n\\n"      \
  "The Canonical String for this request should have been\\n'POST\\n/model/m/converse-stream\\n\\n"           \
  "host:127.0.0.1\\nx-amz-date:20260101T000000Z\\nx-amz-security-token:" HOST_TOKEN "\\n\\n"                   \
  "host;x-amz-date;x-amz-security-token\\nabc'\\n\"}"

TEST(what_the_service_echoes_is_not_shown) {
  for (int is_retried = 0; is_retried < 2; is_retried++) {
    begin(BRS_LOG_DEBUG);
    config_put(host.config, KEY_RETRY_MODE, "standard");
    config_put(host.config, KEY_MAX_ATTEMPTS, "2");
    config_put(host.config, "retry.max_backoff_ms", "20");
    host_start(&host);
    server_reply(&host.fixture.server,
                 error_reply(is_retried ? 503 : 403,
                             is_retried ? "x-amzn-errortype: ServiceUnavailableException\r\n"
                                        : "x-amzn-errortype: InvalidSignatureException\r\n",
                             MISMATCH));
    CHECK(host_run(&host)->code != BRS_OK);
    brs_client_free(host.fixture.client);
    host.fixture.client = NULL;
    CHECK_CONTAINS(host.log, "x-amz-security-token:REDACTED");
    CHECK_CONTAINS(host.log, "does not match");
    CHECK((host.lines[BRS_LOG_WARNING] > 0) == is_retried);
    CHECK_CONTAINS(host.fixture.seen.message, "x-amz-security-token:REDACTED");
    CHECK_CONTAINS(host.fixture.seen.message, "host;x-amz-date;x-amz-security-token");
    end();
  }
}

TEST(errors_do_not_show_the_token_that_was_sent) {
  static const struct {
    const char *headers, *body, *message, *original;
  } answers[] = {
      {"x-amzn-errortype: AccessDeniedException\r\n", "{\"message\":\"'" HOST_BEARER "' is no token\"}",
       "'REDACTED' is no token", ""},
      {"x-amzn-errortype: ModelErrorException\r\n",
       "{\"message\":\"no\",\"originalMessage\":\"Bearer " HOST_BEARER "\",\"originalStatusCode\":401}", "no",
       "Bearer REDACTED"},
      {NULL, "who is " HOST_BEARER "?", "who is REDACTED?", ""},
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    begin(BRS_LOG_DEBUG);
    config_put(host.config, "auth.scheme", "bearer");
    host.id = HOST_BEARER;
    host_start(&host);
    server_reply(&host.fixture.server, error_reply(403, answers[i].headers, answers[i].body));
    CHECK(host_run(&host)->code != BRS_OK);
    CHECK_TEXT(host.fixture.seen.message, answers[i].message);
    CHECK_TEXT(host.fixture.seen.original_message, answers[i].original);
    end();
  }
}

TEST(an_exception_within_a_stream_does_not_show_the_token_that_was_sent) {
  struct bytes body = {0};
  begin(BRS_LOG_DEBUG);
  exception_add(&body, "validationException", "{\"message\":\"token " HOST_TOKEN " is of no use\"}");
  server_reply(&host.fixture.server, stream_reply(body.data, body.len));
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_E_VALIDATION);
  CHECK_TEXT(host.fixture.seen.message, "token REDACTED is of no use");
  end();
  bytes_free(&body);
}

static void fail_now(struct host *of, struct asked *asked) {
  (void)of;
  host_fail(asked, "sealed\r\nand buried\x01");
}

TEST(questions_that_failed) {
  begin(BRS_LOG_WARNING);
  host.act = fail_now;
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_E_CREDENTIALS);
  CHECK_CONTAINS(host.log, "2 no credentials: the host's callback: sealed  and buried");
  CHECK_CONTAINS(host.log, "1 stream of " MODEL " failed: BRS_E_CREDENTIALS");
  end();
}

static void odd_keys(struct host *of, struct asked *asked) {
  (void)of;
  brs_answer answer = {.size = sizeof answer, .access_key_id = "AKID\xff\xc3(", .secret_access_key = HOST_SECRET};
  CHECK_CODE(brs_question_answer(asked->question, &answer, NULL), BRS_OK);
  asked->question = NULL;
}

TEST(lines_are_text) {
  begin(BRS_LOG_INFO);
  host.act = odd_keys;
  host_start(&host);
  host_run(&host);
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  CHECK_CONTAINS(host.log, "credentials AKID\xef\xbf\xbd\xef\xbf\xbd( from");
  end();
}

/* Keys of the environment and files may hold what no line of a log should. */
TEST(control_characters_of_the_environment) {
  begin(BRS_LOG_DEBUG);
  CHECK_CODE(brs_config_on_question(host.config, 0, NULL, NULL), BRS_OK);
  setenv("AWS_ACCESS_KEY_ID", "AKID\r\n4 forged line", 1);
  setenv("AWS_SECRET_ACCESS_KEY", HOST_SECRET, 1);
  host_start(&host);
  host_run(&host);
  CHECK(host.log != NULL && strstr(host.log, "\n4 forged") == NULL);
  end();
}
