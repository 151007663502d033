/* What brs_stream_open refuses, what it sends, and what comes as the stream's error instead. */
#include "support.h"
#include <stdlib.h>

static struct fixture fixture;

static brs_code open_request(const brs_request *request, brs_diagnostic *diagnostic) {
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  *diagnostic = (brs_diagnostic){.size = sizeof *diagnostic};
  brs_code code = brs_stream_open(fixture.client, request, &callbacks, &stream, diagnostic);
  if (code != BRS_OK) {
    CHECK(stream == NULL);
    CHECK_CODE(diagnostic->code, code);
    CHECK(diagnostic->message[0] != 0);
    return code;
  }
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  seen_free(&fixture.seen);
  seen_init(&fixture.seen);
  return code;
}

static void refuse_model(const char *model, const char *what) {
  brs_diagnostic diagnostic;
  brs_request request = request_of(BODY);
  request.model_id = model;
  brs_code code = open_request(&request, &diagnostic);
  if (code != BRS_E_ARGUMENT) check_failed(__FILE__, __LINE__, "model id, %s: %s", what, brs_code_name(code));
  CHECK_CONTAINS(diagnostic.message, "model_id");
}

TEST(model_ids_that_are_refused) {
  fixture_begin(&fixture, NULL, NULL);
  char *longest = malloc(2050);
  memset(longest, 'm', 2049);
  longest[2049] = 0;
  refuse_model("", "empty");
  refuse_model(longest, "2049 bytes");
  refuse_model("\xff\xfe", "no UTF-8");
  refuse_model("\xc3", "cut UTF-8");
  refuse_model("\xc0\xaf", "overlong UTF-8");
  refuse_model("\xed\xa0\x80", "surrogate");
  refuse_model("\xf4\x90\x80\x80", "beyond Unicode");
  CHECK_NUMBER(server_requests(&fixture.server), 0);
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  free(longest);
  fixture_end(&fixture);
}

static void send_model(const char *model, const char *path) {
  brs_diagnostic diagnostic;
  brs_request request = request_of(BODY);
  char line[8192];
  request.model_id = model;
  CHECK_CODE(open_request(&request, &diagnostic), BRS_OK);
  snprintf(line, sizeof line, "POST /model/%s/converse-stream HTTP/1.1\r\n", path);
  if (strncmp(fixture.server.request, line, strlen(line)) != 0)
    check_failed(__FILE__, __LINE__, "model id %.60s: request %.100s", model, fixture.server.request);
}

/* Every byte outside A-Z a-z 0-9 - . _ ~ is percent-encoded; dots stay and are not taken for folders. */
TEST(model_ids_on_the_wire) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes body = {0};
  answer_add(&body, 1);
  server_reply(&fixture.server, stream_reply(body.data, body.len));
  send_model("amazon.nova-lite-v1:0", "amazon.nova-lite-v1%3A0");
  send_model("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x-v1:0",
             "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x-v1%3A0");
  send_model(".", ".");
  send_model("..", "..");
  send_model("../../x", "..%2F..%2Fx");
  send_model("a b?c#d%e", "a%20b%3Fc%23d%25e");
  send_model("\xc3\xa9", "%C3%A9");
  send_model("a\r\nx-evil: 1", "a%0D%0Ax-evil%3A%201");
  char *longest = malloc(2049);
  memset(longest, 'm', 2048);
  longest[2048] = 0;
  send_model(longest, longest);
  free(longest);
  fixture_end(&fixture);
  bytes_free(&body);
}

static void refuse_body(const char *body, size_t len, const char *what) {
  brs_diagnostic diagnostic;
  brs_request request = request_of(BODY);
  request.body = body;
  request.body_len = len;
  brs_code code = open_request(&request, &diagnostic);
  if (code != BRS_E_ARGUMENT) check_failed(__FILE__, __LINE__, "body, %s: %s", what, brs_code_name(code));
  CHECK_CONTAINS(diagnostic.message, "body");
}

TEST(bodies_that_are_refused) {
  static const char *const bad[] = {"",
                                    " ",
                                    "{",
                                    "}",
                                    "{\"a\":1,}",
                                    "{'a':1}",
                                    "nul",
                                    "[1,2]",
                                    "\"x\"",
                                    "1",
                                    "{\"a\":01}",
                                    "{\"a\":1}x",
                                    "{a:1}",
                                    "{\"a\"}",
                                    "{\"a\":\"\n\"}",
                                    "{\"a\":NaN}",
                                    "{\"a\":\"\\x\"}",
                                    "// {}\n{}"};
  fixture_begin(&fixture, NULL, NULL);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse_body(bad[i], strlen(bad[i]), bad[i]);
  refuse_body("{\"a\":1}\0", 8, "NUL at its end");
  char *deep = malloc(200000);
  memset(deep, '[', 200000);
  memcpy(deep, "{\"a\":", 5);
  refuse_body(deep, 200000, "nested without end");
  free(deep);
  CHECK_NUMBER(server_requests(&fixture.server), 0);
  fixture_end(&fixture);
}

TEST(bodies_have_a_longest) {
  enum { LONGEST = 25000000 };
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 1);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  char *body = malloc(LONGEST + 1);
  memset(body, ' ', LONGEST + 1);
  memcpy(body, BODY, strlen(BODY));
  refuse_body(body, LONGEST + 1, "25,000,001 bytes");
  brs_diagnostic diagnostic;
  brs_request request = request_of(BODY);
  request.body = body;
  request.body_len = LONGEST;
  if (!check_is_slow()) CHECK_CODE(open_request(&request, &diagnostic), BRS_OK);
  free(body);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* The body reaches the server as it is, and the caller may change it as soon as open has returned. */
TEST(request_is_copied) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 1);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  char body[] = BODY, model[] = MODEL;
  brs_request request = request_of(body);
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  request.model_id = model;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  memset(body, 'x', sizeof body - 1);
  memset(model, 'x', sizeof model - 1);
  memset(&request, 0xa5, sizeof request);
  memset(&callbacks, 0xa5, sizeof callbacks);
  CHECK(seen_wait(&fixture.seen));
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_TEXT(fixture.seen.model_id, MODEL);
  CHECK_CONTAINS(fixture.server.request, "\r\n\r\n" BODY);
  CHECK_CONTAINS(fixture.server.request, "POST /model/test.model-v1%3A0/converse-stream HTTP/1.1\r\n");
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* A signed request names its headers; the secret itself never travels. */
TEST(request_is_signed) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 1);
  exchange(&fixture, stream_reply(answer.data, answer.len));
  const char *request = fixture.server.request;
  CHECK(strcasestr(request, "\r\nauthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") != NULL);
  CHECK(strstr(request, "/us-east-1/bedrock/aws4_request") != NULL);
  CHECK(strcasestr(request, "\r\nx-amz-date: ") != NULL);
  CHECK(strcasestr(request, "\r\ncontent-type: application/json\r\n") != NULL);
  CHECK(strstr(request, "wJalrXUtnFEMI") == NULL);
  CHECK(strcasestr(request, "\r\nexpect:") == NULL);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(invoke_route) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  invoke_answer_add(&answer, 3);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  brs_request request = request_of("{\"max_tokens\":5}");
  request.operation = BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM;
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, &diagnostic), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(fixture.seen.deltas, 3);
  CHECK_TEXT(fixture.seen.result_text, "word 0 word 1 word 2 ");
  CHECK_TEXT(fixture.seen.stop_text, "end_turn");
  CHECK_NUMBER(fixture.seen.stop_reason, BRS_STOP_END_TURN);
  CHECK_NUMBER(fixture.seen.usage.input_tokens, 12);
  CHECK_NUMBER(fixture.seen.usage.output_tokens, 34);
  CHECK_CONTAINS(fixture.server.request, "POST /model/test.model-v1%3A0/invoke-with-response-stream HTTP/1.1\r\n");
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&answer);
}

/* Without a region or credentials, the stream's error says where they were looked for. No request is made. */
static void end_without(const char *present, const char *value, brs_code expected, const char *word) {
  static struct server server;
  struct seen seen;
  brs_config *config = NULL;
  brs_client *client = NULL;
  environment_clean();
  server_start(&server);
  seen_init(&seen);
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_ENDPOINT, server.url);
  config_put(config, present, value);
  if (expected == BRS_E_REGION) config_put(config, KEY_SECRET_KEY, "secret");
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_stream *stream = stream_open(client, &seen);
  CHECK(seen_wait(&seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&seen);
  CHECK_CODE(seen.code, expected);
  CHECK_NUMBER(seen.phase, BRS_PHASE_PREPARE);
  CHECK_NUMBER(seen.retryable, 0);
  CHECK_NUMBER(seen.http_status, 0);
  CHECK_CONTAINS(seen.message, word);
  CHECK_NUMBER(server_connections(&server), 0);
  brs_client_free(client);
  brs_config_free(config);
  server_stop(&server);
  seen_free(&seen);
}

TEST(no_credentials) { end_without(KEY_REGION, "us-east-1", BRS_E_CREDENTIALS, "AWS_ACCESS_KEY_ID"); }

TEST(no_region) { end_without(KEY_ACCESS_KEY, "AKIDEXAMPLE", BRS_E_REGION, "AWS_REGION"); }

/* A bearer token goes over TLS or to this machine, and nowhere else. */
TEST(bearer_token_in_the_clear) {
  struct seen seen;
  brs_config *config = NULL;
  brs_client *client = NULL;
  environment_clean();
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, "bearer_token", "secret-token");
  config_put(config, KEY_REGION, "us-east-1");
  config_put(config, KEY_ENDPOINT, "http://bedrock.example.com");
  brs_code code = brs_client_new(config, &client, NULL);
  if (code == BRS_OK) {
    seen_init(&seen);
    brs_stream *stream = stream_open(client, &seen);
    CHECK(seen_wait(&seen));
    code = seen.code;
    CHECK(strstr(seen.message, "secret-token") == NULL);
    brs_stream_free(stream);
    brs_client_free(client);
    seen_free(&seen);
  }
  CHECK_CODE(code, BRS_E_ENDPOINT);
  brs_config_free(config);
}

TEST(bearer_token_to_this_machine) {
  static struct server server;
  struct seen seen;
  struct bytes answer = {0};
  brs_config *config = NULL;
  brs_client *client = NULL;
  environment_clean();
  server_start(&server);
  answer_add(&answer, 1);
  server_reply(&server, stream_reply(answer.data, answer.len));
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, "bearer_token", "secret-token");
  config_put(config, KEY_REGION, "us-east-1");
  config_put(config, KEY_ENDPOINT, server.url);
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  seen_init(&seen);
  brs_stream *stream = stream_open(client, &seen);
  CHECK(seen_wait(&seen));
  CHECK_NUMBER(seen.stops, 1);
  CHECK(strcasestr(server.request, "\r\nauthorization: Bearer secret-token\r\n") != NULL);
  CHECK(strcasestr(server.request, "x-amz-date") == NULL);
  brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  server_stop(&server);
  seen_free(&seen);
  bytes_free(&answer);
}

/* What the invoke route's settings become on the wire. */
TEST(headers_of_the_invoke_route) {
  static const struct {
    const char *key, *value, *line;
  } rows[] = {
      {"invoke.content_type", "application/x-mine", "content-type: application/x-mine"},
      {"invoke.trace", "ENABLED", "x-amzn-bedrock-trace: ENABLED"},
      {"invoke.performance_latency", "optimized", "x-amzn-bedrock-performanceconfig-latency: optimized"},
      {"invoke.service_tier", "flex", "x-amzn-bedrock-service-tier: flex"},
      {"invoke.request_metadata", "{\"team\":\"x\"}", "x-amzn-bedrock-request-metadata: {\"team\":\"x\"}"},
  };
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  invoke_answer_add(&answer, 1);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) config_put(config, rows[i].key, rows[i].value);
  brs_request request = request_of("{\"max_tokens\":5}");
  request.operation = BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM;
  request.config = config;
  brs_diagnostic diagnostic;
  CHECK_CODE(open_request(&request, &diagnostic), BRS_OK);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char line[200];
    snprintf(line, sizeof line, "\r\n%s\r\n", rows[i].line);
    if (strcasestr(fixture.server.request, line) == NULL)
      check_failed(__FILE__, __LINE__, "no line %s in %s", rows[i].line, fixture.server.request);
  }
  brs_config_free(config);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(environment_is_read_once) {
  static struct server server;
  struct seen seen;
  struct bytes answer = {0};
  brs_client *client = NULL;
  environment_clean();
  environment_credentials();
  server_start(&server);
  answer_add(&answer, 1);
  server_reply(&server, stream_reply(answer.data, answer.len));
  setenv("AWS_REGION", "eu-west-3", 1);
  setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url, 1);
  seen_init(&seen);
  CHECK_CODE(brs_client_new(NULL, &client, NULL), BRS_OK);
  environment_clean();
  unsetenv("AWS_REGION");
  brs_stream *stream = stream_open(client, &seen);
  CHECK(seen_wait(&seen));
  CHECK_NUMBER(seen.stops, 1);
  CHECK_CONTAINS(server.request, "/eu-west-3/bedrock/aws4_request");
  brs_stream_free(stream);
  brs_client_free(client);
  server_stop(&server);
  seen_free(&seen);
  bytes_free(&answer);
}

TEST(settings_of_one_call) {
  static struct server other;
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 2);
  server_start(&other);
  server_reply(&other, stream_reply(answer.data, answer.len));
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_ENDPOINT, other.url);
  config_put(config, KEY_REGION, "eu-central-1");
  brs_request request = request_of(BODY);
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  request.config = config;
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, &diagnostic), BRS_OK);
  CHECK_TEXT(diagnostic.message, "");
  brs_config_free(config);
  CHECK(seen_wait(&fixture.seen));
  CHECK_NUMBER(fixture.seen.stops, 1);
  CHECK_NUMBER(server_requests(&other), 1);
  CHECK_NUMBER(server_requests(&fixture.server), 0);
  CHECK_CONTAINS(other.request, "/eu-central-1/bedrock/aws4_request");
  brs_stream_free(stream);
  fixture_end(&fixture);
  server_stop(&other);
  bytes_free(&answer);
}

/* ---- the body that the library writes */

static brs_request prompt_of(const char *prompt) {
  return (brs_request){
      .size = sizeof(brs_request), .operation = BRS_CONVERSE_STREAM, .model_id = MODEL, .prompt = prompt};
}

static void refuse_prompt(brs_request request, const char *what) {
  brs_diagnostic diagnostic;
  CHECK_CODE(open_request(&request, &diagnostic), BRS_E_ARGUMENT);
  CHECK_CONTAINS(diagnostic.message, what);
}

TEST(prompts_that_are_refused) {
  fixture_begin(&fixture, NULL, NULL);
  brs_request request = prompt_of("hi");
  request.body = BODY;
  request.body_len = strlen(BODY);
  refuse_prompt(request, "request.prompt");
  request.body = NULL;
  refuse_prompt(request, "request.prompt");
  request = prompt_of("hi");
  request.operation = BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM;
  refuse_prompt(request, "request.prompt");
  request.operation = BRS_INVOKE_MODEL;
  refuse_prompt(request, "request.prompt");
  refuse_prompt(prompt_of(""), "request.prompt: the prompt is empty");
  refuse_prompt(prompt_of("ab\xff"), "request.prompt: the text is not UTF-8 at byte 2");
  request = prompt_of("hi");
  request.system = "\xc3";
  refuse_prompt(request, "request.system: the text is not UTF-8 at byte 0");
  request = prompt_of("hi");
  request.max_tokens = -1;
  refuse_prompt(request, "request.max_tokens");
  static const double temperatures[] = {-0.001, 1.001, 1.0 / 0.0, -1.0 / 0.0, 0.0 / 0.0};
  for (size_t i = 0; i < sizeof temperatures / sizeof *temperatures; i++) {
    request = prompt_of("hi");
    request.has_temperature = 1;
    request.temperature = temperatures[i];
    refuse_prompt(request, "request.temperature");
  }
  request = prompt_of(NULL);
  refuse_prompt(request, "request.body");
  request.system = "be brief";
  refuse_prompt(request, "request.body");
  CHECK_NUMBER(server_requests(&fixture.server), 0);
  fixture_end(&fixture);
}

static void send_prompt(brs_request request, const char *body) {
  brs_diagnostic diagnostic;
  char end[512];
  CHECK_CODE(open_request(&request, &diagnostic), BRS_OK);
  snprintf(end, sizeof end, "\r\n\r\n%s", body);
  CHECK_CONTAINS(fixture.server.request, end);
}

#define HI "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]"

TEST(prompts_on_the_wire) {
  fixture_begin(&fixture, NULL, NULL);
  struct bytes answer = {0};
  answer_add(&answer, 1);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  send_prompt(prompt_of("hi"), HI "}");
  brs_request request = prompt_of("hi");
  request.system = "";
  request.temperature = 7; /* does not count */
  send_prompt(request, HI "}");
  request.system = "be \"brief\"";
  request.max_tokens = 64;
  request.has_temperature = 1;
  request.temperature = 0.25;
  send_prompt(request, HI ",\"system\":[{\"text\":\"be \\\"brief\\\"\"}],"
                          "\"inferenceConfig\":{\"maxTokens\":64,\"temperature\":0.25}}");
  send_prompt(prompt_of("a\"\\\n\x01\x7f\xc3\xa9\xf0\x9f\xa6\x89"),
              "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\\\"\\\\\\n\\u0001\x7f\xc3\xa9\xf0\x9f\xa6\x89\"}]}]}");
  /* Without a prompt, the other members do not count. */
  request = request_of(BODY);
  request.max_tokens = -5;
  request.system = "\xff";
  send_prompt(request, BODY);
  fixture_end(&fixture);
  bytes_free(&answer);
}

TEST(prompts_have_a_longest) {
  enum { LONGEST = 25000000 };
  if (check_is_slow()) return;
  fixture_begin(&fixture, NULL, NULL);
  char *prompt = malloc(LONGEST + 2);
  memset(prompt, 'x', LONGEST + 1);
  prompt[LONGEST + 1] = 0;
  refuse_prompt(prompt_of(prompt), "request.prompt: the text is longer");
  prompt[LONGEST] = 0;
  refuse_prompt(prompt_of(prompt), "request.body: the body is longer");
  free(prompt);
  fixture_end(&fixture);
}
