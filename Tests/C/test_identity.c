/* A host that is asked who it is: answered at once, later, never, wrongly, when nobody waits any more. */
#include "host.h"
#include <stdlib.h>

static struct host host;

static void begin(uint32_t kinds, const char *key, const char *value) {
  host_begin(&host, kinds);
  if (key != NULL) config_put(host.config, key, value);
}

static brs_stream *open_one(void) { return stream_open(host.fixture.client, &host.fixture.seen); }

static struct seen *finish(brs_stream *stream) {
  CHECK(seen_wait(&host.fixture.seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&host.fixture.seen);
  return &host.fixture.seen;
}

TEST(answered_inside_the_callback) {
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host.act = host_answer_now;
  host_start(&host);
  CHECK_NUMBER(host_count(&host), 0); /* not before it is needed */
  for (int i = 0; i < 3; i++) {
    CHECK_CODE(host_run(&host)->code, BRS_OK);
    CHECK(host_is_signed_with(&host, "AKIDHOST"));
    CHECK(strcasestr(host.fixture.server.request, "\r\nx-amz-security-token: " HOST_TOKEN "\r\n") != NULL);
    CHECK(strstr(host.fixture.server.request, HOST_SECRET) == NULL);
  }
  CHECK_NUMBER(host_count(&host), 1);
  CHECK_NUMBER(host.asked[0].kind, BRS_ASK_CREDENTIALS);
  CHECK_TEXT(host.asked[0].detail, "");
  host_end(&host);
}

TEST(answered_later_by_another_thread) {
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host_start(&host);
  brs_stream *stream = open_one();
  struct asked *asked = host_wait(&host, 1);
  sleep_ms(100);
  CHECK_NUMBER(server_requests(&host.fixture.server), 0);
  host_answer(&host, asked, "AKIDLATER");
  CHECK_CODE(finish(stream)->code, BRS_OK);
  CHECK(host_is_signed_with(&host, "AKIDLATER"));
  host_end(&host);
}

TEST(read_by_calls_for_the_next_event) {
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host_start(&host);
  brs_request request = request_of(BODY);
  brs_stream *stream = NULL;
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_open(host.fixture.client, &request, NULL, &stream, NULL), BRS_OK);
  CHECK_CODE(brs_stream_next(stream, 50, &event), BRS_E_TIMEOUT);
  host_answer(&host, host_wait(&host, 1), "AKIDLATER");
  brs_event_kind last = BRS_EVENT_OTHER;
  while (brs_stream_next(stream, 20000, &event) == BRS_OK) last = event->kind;
  CHECK_NUMBER(last, BRS_EVENT_STOP);
  brs_stream_free(stream);
  host_end(&host);
}

TEST(never_answered) {
  begin(BRS_ASK_CREDENTIALS, "credentials.timeout_ms", "200");
  host_start(&host);
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_E_CREDENTIALS);
  CHECK_NUMBER(seen->phase, BRS_PHASE_PREPARE);
  CHECK_CONTAINS(seen->message, "credentials.timeout_ms=200");
  CHECK_CONTAINS(seen->message, "waiting for the host's callback");
  /* Nobody waits for this any more; the question is asked anew. */
  host_answer(&host, &host.asked[0], "AKIDTOOLATE");
  sleep_ms(400);
  host_act(&host, host_answer_now);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK(host_is_signed_with(&host, "AKIDHOST"));
  CHECK_NUMBER(host_count(&host), 2);
  host_end(&host);
}

TEST(the_total_time_passes_first) {
  begin(BRS_ASK_CREDENTIALS, KEY_TOTAL_MS, "150");
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_E_TIMEOUT_TOTAL);
  host_end(&host);
}

TEST(answered_behind_the_end_of_the_client) {
  for (int is_failed = 0; is_failed < 2; is_failed++) {
    begin(BRS_ASK_CREDENTIALS, NULL, NULL);
    host_start(&host);
    brs_stream *stream = open_one();
    struct asked *asked = host_wait(&host, 1);
    brs_client_free(host.fixture.client);
    host.fixture.client = NULL;
    CHECK_CODE(finish(stream)->code, BRS_E_CANCELLED);
    if (is_failed) host_fail(asked, "too late");
    else host_answer(&host, asked, "AKIDTOOLATE");
    CHECK_NUMBER(server_requests(&host.fixture.server), 0);
    host_end(&host);
  }
}

static void end_of(const char *reason, const char *expected) {
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host_start(&host);
  brs_stream *stream = open_one();
  host_fail(host_wait(&host, 1), reason);
  struct seen *seen = finish(stream);
  CHECK_CODE(seen->code, BRS_E_CREDENTIALS);
  CHECK_CONTAINS(seen->message, expected);
  CHECK(strpbrk(seen->message, "\r\n") == NULL);
  host_end(&host);
}

TEST(failed_with_a_reason) { end_of("the vault is sealed", "the host's callback: the vault is sealed"); }
TEST(failed_without_a_reason) { end_of(NULL, "the host's callback: gave up"); }
TEST(failed_with_an_empty_reason) { end_of("", "the host's callback"); }
TEST(a_reason_of_two_lines) { end_of("no\r\nX-Evil: 1\x01\x7f.", "no  X-Evil: 1  ."); }
TEST(a_reason_that_is_no_text) { end_of("no \xff\xc3(\xe2\x82", "no \xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd"); }

TEST(a_long_reason) {
  char reason[4000];
  memset(reason, 'x', sizeof reason - 1);
  reason[sizeof reason - 1] = 0;
  reason[499] = '.';
  reason[500] = '!';
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host_start(&host);
  brs_stream *stream = open_one();
  host_fail(host_wait(&host, 1), reason);
  CHECK_CONTAINS(finish(stream)->message, "xxx.");
  CHECK(strstr(host.fixture.seen.message, ".!") == NULL);
  host_end(&host);
}

static char *text_of(size_t len) {
  char *text = malloc(len + 1);
  memset(text, 'k', len);
  text[len] = 0;
  return text;
}

static void refused(struct asked *asked, brs_answer answer, const char *part) {
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  CHECK_CODE(brs_question_answer(asked->question, &answer, &diagnostic), BRS_E_ARGUMENT);
  CHECK_CODE(diagnostic.code, BRS_E_ARGUMENT);
  CHECK_CONTAINS(diagnostic.message, part);
}

TEST(unusable_answers_leave_the_question_open) {
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host_start(&host);
  brs_stream *stream = open_one();
  struct asked *asked = host_wait(&host, 1);
  char *long_text = text_of(65537), *long_id = text_of(4097), *long_account = text_of(257);
  const size_t size = sizeof(brs_answer);
  refused(asked, (brs_answer){.size = size - 1}, "answer.size");
  refused(asked, (brs_answer){size, .access_key_id = "AKID"}, "go together");
  refused(asked, (brs_answer){size, .secret_access_key = "x"}, "go together");
  refused(asked, (brs_answer){size, .access_key_id = "AKID", .secret_access_key = ""}, "go together");
  refused(asked, (brs_answer){size, .access_key_id = "", .secret_access_key = "x"}, "access_key_id");
  refused(asked, (brs_answer){size, .access_key_id = "A\nB", .secret_access_key = "x"}, "access_key_id");
  refused(asked, (brs_answer){size, .access_key_id = "AKID", .secret_access_key = "x\x7fy"}, "secret_access_key");
  refused(asked, (brs_answer){size, "AKID", "x", .session_token = "to\r\nken"}, "session_token");
  refused(asked, (brs_answer){size, "AKID", "x", .account_id = "12\n34"}, "account_id");
  refused(asked, (brs_answer){size, .access_key_id = long_id, .secret_access_key = "x"}, "access_key_id");
  refused(asked, (brs_answer){size, .access_key_id = "AKID", .secret_access_key = long_text}, "secret_access_key");
  refused(asked, (brs_answer){size, "AKID", "x", .session_token = long_text}, "session_token");
  refused(asked, (brs_answer){size, "AKID", "x", .account_id = long_account}, "account_id");
  CHECK_CODE(brs_question_answer(asked->question, NULL, NULL), BRS_E_ARGUMENT);
  brs_answer answer = {.size = size, .access_key_id = "AKID", .secret_access_key = "x"};
  CHECK_CODE(brs_question_answer(NULL, &answer, NULL), BRS_E_ARGUMENT);
  brs_question_fail(NULL, "nothing to fail");
  CHECK_NUMBER(seen_terminals(&host.fixture.seen), 0);
  host_answer(&host, asked, "AKIDATLAST");
  CHECK_CODE(finish(stream)->code, BRS_OK);
  CHECK(host_is_signed_with(&host, "AKIDATLAST"));
  free(long_text), free(long_id), free(long_account);
  host_end(&host);
}

static void answer_nothing(struct host *of, struct asked *asked) {
  brs_answer answer = {.size = sizeof answer, .token = "not asked for", .mfa_code = "123456"};
  (void)of;
  CHECK_CODE(brs_question_answer(asked->question, &answer, NULL), BRS_OK);
  asked->question = NULL;
}

TEST(an_answer_with_nothing_goes_on_to_the_next_source) {
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  environment_credentials();
  host.act = answer_nothing;
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK(host_is_signed_with(&host, "AKIDEXAMPLE"));
  host_end(&host);
}

TEST(an_answer_with_nothing_and_no_other_source) {
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host.act = answer_nothing;
  host_start(&host);
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_E_CREDENTIALS);
  CHECK_CONTAINS(seen->message, "host's callback (has none)");
  CHECK_CONTAINS(seen->message, "AWS_ACCESS_KEY_ID");
  host_end(&host);
}

TEST(the_host_goes_before_the_environment) {
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  environment_credentials();
  host.act = host_answer_now;
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK(host_is_signed_with(&host, "AKIDHOST"));
  host_end(&host);
}

TEST(not_asked_for_what_it_does_not_answer) {
  begin(BRS_ASK_TOKEN | BRS_ASK_MFA_CODE, "auth.scheme", "sigv4");
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_E_CREDENTIALS);
  CHECK_NUMBER(host_count(&host), 0);
  host_end(&host);
}

TEST(credentials_in_code_go_before_the_host) {
  begin(BRS_ASK_CREDENTIALS, KEY_ACCESS_KEY, "AKIDCODE");
  config_put(host.config, KEY_SECRET_KEY, HOST_SECRET);
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK(host_is_signed_with(&host, "AKIDCODE"));
  CHECK_NUMBER(host_count(&host), 0);
  host_end(&host);
}

#define MANY 50

TEST(one_question_for_many_streams) {
  static struct seen seen[MANY];
  brs_stream *streams[MANY];
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host_start(&host);
  for (int i = 0; i < MANY; i++) {
    seen_init(&seen[i]);
    streams[i] = stream_open(host.fixture.client, &seen[i]);
  }
  struct asked *asked = host_wait(&host, 1);
  sleep_ms(50);
  CHECK_NUMBER(server_requests(&host.fixture.server), 0);
  host_answer(&host, asked, "AKIDMANY");
  for (int i = 0; i < MANY; i++) {
    CHECK(seen_wait(&seen[i]));
    CHECK_CODE(seen[i].code, BRS_OK);
    brs_stream_free(streams[i]);
    CHECK_ENDED_ONCE(&seen[i]);
    seen_free(&seen[i]);
  }
  CHECK_NUMBER(host_count(&host), 1);
  CHECK_NUMBER(server_requests(&host.fixture.server), MANY);
  host_end(&host);
}

TEST(a_stream_with_credentials_of_its_own_goes_on) {
  struct seen seen;
  begin(BRS_ASK_CREDENTIALS, NULL, NULL);
  host_start(&host);
  brs_stream *waits = open_one(), *goes_on = NULL;
  struct asked *asked = host_wait(&host, 1);
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_ACCESS_KEY, "AKIDSTATIC");
  config_put(config, KEY_SECRET_KEY, HOST_SECRET);
  seen_init(&seen);
  brs_request request = request_of(BODY);
  request.config = config;
  brs_callbacks callbacks = seen_callbacks(&seen);
  CHECK_CODE(brs_stream_open(host.fixture.client, &request, &callbacks, &goes_on, NULL), BRS_OK);
  CHECK(seen_wait(&seen));
  CHECK_CODE(seen.code, BRS_OK);
  CHECK(host_is_signed_with(&host, "AKIDSTATIC"));
  CHECK_NUMBER(seen_terminals(&host.fixture.seen), 0);
  host_answer(&host, asked, "AKIDHOST");
  CHECK_CODE(finish(waits)->code, BRS_OK);
  brs_stream_free(goes_on);
  brs_config_free(config);
  seen_free(&seen);
  host_end(&host);
}

TEST(a_bearer_token) {
  begin(BRS_ASK_TOKEN | BRS_ASK_CREDENTIALS, "auth.scheme", "bearer");
  host.act = host_answer_now;
  host.id = HOST_BEARER;
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK(strcasestr(host.fixture.server.request, "\r\nauthorization: Bearer " HOST_BEARER "\r\n") != NULL);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK_NUMBER(host_count(&host), 1);
  CHECK_NUMBER(host.asked[0].kind, BRS_ASK_TOKEN);
  host_end(&host);
}

TEST(a_bearer_token_where_there_are_no_credentials) {
  begin(BRS_ASK_TOKEN, NULL, NULL);
  host.act = host_answer_now;
  host.id = HOST_BEARER;
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK(strcasestr(host.fixture.server.request, "\r\nauthorization: Bearer " HOST_BEARER "\r\n") != NULL);
  host_end(&host);
}

TEST(no_bearer_token) {
  begin(BRS_ASK_TOKEN, "auth.scheme", "bearer");
  host_start(&host);
  brs_stream *stream = open_one();
  struct asked *asked = host_wait(&host, 1);
  if (asked != NULL) {
    refused(asked, (brs_answer){.size = sizeof(brs_answer), .token = "to\nken"}, "answer.token");
    brs_answer none = {.size = sizeof none, .token = ""};
    CHECK_CODE(brs_question_answer(asked->question, &none, NULL), BRS_OK);
    asked->question = NULL;
  }
  struct seen *seen = finish(stream);
  CHECK_CODE(seen->code, BRS_E_CREDENTIALS);
  CHECK_CONTAINS(seen->message, "no bearer token");
  CHECK_CONTAINS(seen->message, "host's callback (has none)");
  host_end(&host);
}

TEST(the_registration_checks_its_arguments) {
  brs_config *config = NULL;
  host_begin(&host, 0);
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_E_CREDENTIALS);
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  CHECK_CODE(brs_config_on_question(NULL, 0, NULL, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_on_question(config, BRS_ASK_TOKEN, NULL, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_on_question(config, 0, NULL, NULL), BRS_OK);
  CHECK_CODE(brs_config_on_log(NULL, BRS_LOG_NONE, NULL, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_on_log(config, BRS_LOG_ERROR, NULL, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_on_log(config, BRS_LOG_NONE, NULL, NULL), BRS_OK);
  brs_config_free(config);
  host_end(&host);
}
