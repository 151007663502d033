/* Hosts that do what nobody expects while it is found out who they are, and calls that bring keys of their own. */
#include "host.h"
#include <time.h>

static struct host host;

/* Frees the client inside the first thing that it asks; whatever comes after that is too much. */
static int asked_too_late;

static void free_in_question(struct host *of, struct asked *asked) {
  brs_client *client = of->fixture.client;
  (void)asked;
  asked_too_late += client == NULL;
  of->fixture.client = NULL;
  brs_client_free(client);
}

static brs_config *config_of(const char *key, const char *value) {
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, key, value);
  return config;
}

static brs_stream *open_with(const brs_config *config, struct seen *seen) {
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(seen);
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_stream *stream = NULL;
  request.config = config;
  if (brs_stream_open(host.fixture.client, &request, &callbacks, &stream, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "brs_stream_open: %s", diagnostic.message);
  return stream;
}

TEST(nothing_is_asked_behind_the_end_of_a_client) {
  struct seen other;
  host_begin(&host, BRS_ASK_CREDENTIALS | BRS_ASK_TOKEN);
  host.act = free_in_question;
  host_log(&host, BRS_LOG_DEBUG);
  host_start(&host);
  seen_init(&other);
  brs_config *bearer = config_of("auth.scheme", "bearer");
  asked_too_late = 0;
  /* Until both are there no question gets through. */
  pthread_mutex_lock(&host.mutex);
  brs_stream *first = open_with(NULL, &host.fixture.seen), *second = open_with(bearer, &other);
  pthread_mutex_unlock(&host.mutex);
  CHECK(seen_wait(&host.fixture.seen) && seen_wait(&other));
  brs_stream_free(first);
  brs_stream_free(second);
  sleep_ms(50);
  CHECK_NUMBER(asked_too_late, 0);
  CHECK(host.log == NULL || strstr(host.log, "is gone") == NULL);
  brs_config_free(bearer);
  seen_free(&other);
  host_end(&host);
}

static void answer_without_keys(struct host *of, struct asked *asked) {
  brs_answer answer = {.size = sizeof answer};
  (void)of;
  if (asked->kind != BRS_ASK_CREDENTIALS) return;
  CHECK_CODE(brs_question_answer(asked->question, &answer, NULL), BRS_OK);
  asked->question = NULL;
}

TEST(what_has_nothing_is_asked_once_for_a_call) {
  host_begin(&host, BRS_ASK_CREDENTIALS | BRS_ASK_TOKEN);
  config_put(host.config, "credentials.timeout_ms", "600");
  host.act = answer_without_keys;
  host_start(&host);
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_E_CREDENTIALS);
  CHECK_CONTAINS(seen->message, "no bearer token: ");
  CHECK_NUMBER(host_count(&host), 2);
  host_end(&host);
}

TEST(what_fails_is_not_gone_round) {
  host_begin(&host, BRS_ASK_CREDENTIALS | BRS_ASK_TOKEN);
  host_start(&host);
  brs_stream *stream = stream_open(host.fixture.client, &host.fixture.seen);
  host_fail(host_wait(&host, 1), "the vault is sealed");
  CHECK(seen_wait(&host.fixture.seen));
  CHECK_CODE(host.fixture.seen.code, BRS_E_CREDENTIALS);
  CHECK_CONTAINS(host.fixture.seen.message, "the vault is sealed");
  CHECK_NUMBER(host_count(&host), 1);
  brs_stream_free(stream);
  host_end(&host);
}

static brs_code found;

static void *identify(void *client) {
  brs_identity identity = {.size = sizeof identity};
  sleep_ms(100);
  found = brs_client_identify(client, -1, &identity, NULL);
  return NULL;
}

static brs_flow take_time(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)seen, (void)stream, (void)kind;
  sleep_ms(300);
  return BRS_FLOW_CONTINUE;
}

TEST(asked_who_it_is_while_a_client_ends) {
  pthread_t thread;
  struct timespec until;
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host_start(&host);
  host.fixture.seen.hook = take_time;
  brs_stream *stream = stream_open(host.fixture.client, &host.fixture.seen);
  host_wait(&host, 1);
  found = BRS_OK;
  CHECK_NUMBER(pthread_create(&thread, NULL, identify, host.fixture.client), 0);
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += check_is_slow() ? 60 : 10;
  CHECK_NUMBER(pthread_timedjoin_np(thread, NULL, &until), 0);
  CHECK_CODE(found, BRS_E_CANCELLED);
  brs_stream_free(stream);
  host_end(&host);
}

static void call_with(brs_config *config) {
  brs_stream *stream = open_with(config, &host.fixture.seen);
  CHECK(seen_wait(&host.fixture.seen));
  CHECK_CODE(host.fixture.seen.code, BRS_OK);
  brs_stream_free(stream);
  brs_config_free(config);
}

TEST(keys_of_a_call_go_with_no_token_of_the_client) {
  for (int is_bearer = 0; is_bearer < 2; is_bearer++) {
    host_begin(&host, 0);
    config_put(host.config, KEY_ACCESS_KEY, "AKIDCLIENT");
    config_put(host.config, KEY_SECRET_KEY, HOST_SECRET);
    config_put(host.config, is_bearer ? "bearer_token" : "credentials.session_token", HOST_TOKEN);
    host_start(&host);
    brs_config *own = config_of(KEY_ACCESS_KEY, "AKIDCALL");
    config_put(own, KEY_SECRET_KEY, "another");
    call_with(own);
    CHECK(host_is_signed_with(&host, "AKIDCALL"));
    CHECK(strstr(host.fixture.server.request, HOST_TOKEN) == NULL);
    host_end(&host);
  }
}

TEST(how_identities_are_found_out_is_no_business_of_one_call) {
  static const char *const settings[][2] = {
      {"profile", "x"},
      {"config_file", "/x"},
      {"credentials_file", "/x"},
      {"credentials.source", "profile"},
      {"credentials.timeout_ms", "1"},
      {"credentials.process_timeout_ms", "1000"},
      {"credentials.process_shell", "on"},
      {"imds.endpoint", "http://127.0.0.1:1"},
      {"imds.disabled", "on"},
      {"imds.attempts", "2"},
  };
  host_begin(&host, 0);
  host_start(&host);
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    brs_config *own = config_of(settings[i][0], settings[i][1]);
    brs_request request = request_of(BODY);
    brs_diagnostic diagnostic = {.size = sizeof diagnostic};
    brs_stream *stream = NULL;
    request.config = own;
    CHECK_CODE(brs_stream_open(host.fixture.client, &request, NULL, &stream, &diagnostic), BRS_E_CONFIG);
    CHECK_CONTAINS(diagnostic.message, settings[i][0]);
    brs_config_free(own);
  }
  host_end(&host);
}
