/* Keys of the host that expire, or that the service says have expired. */
#include "host.h"
#include <stdlib.h>

static struct host host;

static void begin(int64_t life_s) {
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host.life_s = life_s;
}

TEST(renewed_at_half_of_a_short_life) {
  begin(4);
  host.act = host_answer_later;
  host_start(&host);
  int64_t from = now_ms();
  while (now_ms() - from < 6000) {
    CHECK_CODE(host_run(&host)->code, BRS_OK);
    sleep_ms(50);
  }
  /* Twice or three times, by how long the seconds are that lives are counted in. */
  int count = host_count(&host);
  CHECK(count >= 3 && count <= 6);
  CHECK(!host_is_signed_with(&host, "AKIDHOST0"));
  host_wait_later(&host);
  host_end(&host);
}

TEST(a_life_of_seconds_is_used_nevertheless) {
  for (int life_s = 1; life_s <= 3; life_s++) {
    begin(life_s);
    host.act = host_answer_later;
    host_start(&host);
    CHECK_CODE(host_run(&host)->code, BRS_OK);
    CHECK(host_count(&host) <= 2);
    host_wait_later(&host);
    host_end(&host);
  }
}

static void fail_now(struct host *of, struct asked *asked) {
  (void)of;
  host_fail(asked, "the vault is sealed");
}

TEST(a_renewal_that_fails_leaves_what_is_good) {
  begin(6);
  host.act = host_answer_now;
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  host_act(&host, fail_now);
  int64_t from = now_ms();
  while (now_ms() - from < 4000) {
    CHECK_CODE(host_run(&host)->code, BRS_OK);
    sleep_ms(50);
  }
  CHECK(host_count(&host) >= 2);
  sleep_ms(3000);
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_E_CREDENTIALS);
  CHECK_CONTAINS(seen->message, "the vault is sealed");
  host_end(&host);
}

static void expired_answer(struct host *of, struct asked *asked) {
  char id[64];
  snprintf(id, sizeof id, "%s%d", of->id, of->count);
  host_answer(of, asked, id);
}

/* Each is another key, so nothing but its end tells that it is of no use. */
TEST(expired_when_they_come) {
  begin(-10);
  host.act = expired_answer;
  host_start(&host);
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_E_CREDENTIALS);
  CHECK_CONTAINS(seen->message, "expired");
  CHECK_CONTAINS(seen->message, "the host");
  CHECK_NUMBER(server_requests(&host.fixture.server), 0);
  CHECK(host_count(&host) <= 2);
  host_end(&host);
}

TEST(moments_at_the_borders_of_numbers) {
  static const int64_t moments[] = {INT64_MIN, -1, 1, INT64_MAX};
  for (int i = 0; i < 4; i++) {
    begin(0);
    host_start(&host);
    brs_stream *stream = stream_open(host.fixture.client, &host.fixture.seen);
    struct asked *asked = host_wait(&host, 1);
    brs_answer answer = {sizeof answer, "AKIDHOST", HOST_SECRET, .expires_s = moments[i]};
    CHECK_CODE(brs_question_answer(asked->question, &answer, NULL), BRS_OK);
    asked->question = NULL;
    CHECK(seen_wait(&host.fixture.seen));
    CHECK_CODE(host.fixture.seen.code, moments[i] == INT64_MAX ? BRS_OK : BRS_E_CREDENTIALS);
    brs_stream_free(stream);
    host_end(&host);
  }
}

/* What the service takes: every key but this one. */
static const char *refused_id;

static struct reply by_key(struct server *server, const char *request) {
  char part[128];
  snprintf(part, sizeof part, "Credential=%s/", refused_id);
  return strstr(request, part) != NULL ? expired_reply() : server->reply;
}

static void begin_refused(const char *id) {
  begin(0);
  refused_id = id;
  config_put(host.config, KEY_RETRY_MODE, "standard");
  config_put(host.config, KEY_MAX_ATTEMPTS, "3");
  host.fixture.server.choose = by_key;
  host.act = host_answer_later;
  host_start(&host);
}

TEST(refused_by_the_service_and_asked_again) {
  begin_refused("AKIDHOST0");
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->attempts, 2);
  CHECK_NUMBER(host_count(&host), 2);
  CHECK(host_is_signed_with(&host, "AKIDHOST1"));
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK_NUMBER(host_count(&host), 2);
  host_wait_later(&host);
  host_end(&host);
}

TEST(refused_by_the_service_with_nothing_newer) {
  begin_refused("AKIDHOST");
  host_act(&host, host_answer_now);
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_E_EXPIRED_TOKEN);
  CHECK_CONTAINS(seen->message, "the host");
  CHECK_NUMBER(host_count(&host), 2);
  CHECK_NUMBER(server_requests(&host.fixture.server), 1);
  host_end(&host);
}

static void answer_the_first(struct host *of, struct asked *asked) {
  if (asked == of->asked) host_answer_now(of, asked);
  else fail_now(of, asked);
}

TEST(refused_by_the_service_and_not_answered_again) {
  begin_refused("AKIDHOST");
  host_act(&host, answer_the_first);
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_E_EXPIRED_TOKEN);
  CHECK_NUMBER(host_count(&host), 2);
  host_end(&host);
}

#define MANY 20

TEST(one_question_for_many_refusals) {
  static struct seen seen[MANY];
  brs_stream *streams[MANY];
  begin_refused("AKIDHOST0");
  for (int i = 0; i < MANY; i++) {
    seen_init(&seen[i]);
    streams[i] = stream_open(host.fixture.client, &seen[i]);
  }
  for (int i = 0; i < MANY; i++) {
    CHECK(seen_wait(&seen[i]));
    CHECK_CODE(seen[i].code, BRS_OK);
    brs_stream_free(streams[i]);
    seen_free(&seen[i]);
  }
  CHECK_NUMBER(host_count(&host), 2);
  host_wait_later(&host);
  host_end(&host);
}

static struct reply by_token(struct server *server, const char *request) {
  return strstr(request, "Bearer AKIDHOST0\r\n") != NULL ? expired_reply() : server->reply;
}

TEST(a_bearer_token_that_has_expired) {
  host_begin(&host, BRS_ASK_TOKEN);
  config_put(host.config, "auth.scheme", "bearer");
  config_put(host.config, KEY_RETRY_MODE, "standard");
  config_put(host.config, KEY_MAX_ATTEMPTS, "2");
  host.fixture.server.choose = by_token;
  host.act = host_answer_later;
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK_NUMBER(host_count(&host), 2);
  host_wait_later(&host);
  host_end(&host);
}
