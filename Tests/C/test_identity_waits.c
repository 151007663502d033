/* A stream that waits for the host's answer: it can be cancelled, freed, drained, and its client be freed. */
#include "host.h"

static struct host host;
static struct seen *const seen = &host.fixture.seen;

static brs_stream *open_and_wait(void) {
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host_start(&host);
  brs_stream *stream = stream_open(host.fixture.client, seen);
  host_wait(&host, 1);
  return stream;
}

static void check_cancelled(void) {
  CHECK(seen_wait(seen));
  CHECK_ENDED_ONCE(seen);
  CHECK_CODE(seen->code, BRS_E_CANCELLED);
  CHECK_NUMBER(server_requests(&host.fixture.server), 0);
}

/* What is answered now is there for the next stream. */
static void check_still_asked(void) {
  host_answer(&host, &host.asked[0], "AKIDHOST");
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK_NUMBER(host_count(&host), 1);
  host_end(&host);
}

TEST(cancelled_while_it_waits) {
  brs_stream *stream = open_and_wait();
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  check_cancelled();
  brs_stream_free(stream);
  check_still_asked();
}

TEST(freed_while_it_waits) {
  brs_stream_free(open_and_wait());
  check_cancelled();
  check_still_asked();
}

TEST(paused_and_resumed_while_it_waits) {
  brs_stream *stream = open_and_wait();
  CHECK_CODE(brs_stream_resume(stream), BRS_OK);
  CHECK_NUMBER(seen_terminals(seen), 0);
  host_answer(&host, &host.asked[0], "AKIDHOST");
  CHECK(seen_wait(seen));
  CHECK_CODE(seen->code, BRS_OK);
  brs_stream_free(stream);
  host_end(&host);
}

TEST(drained_while_it_waits) {
  brs_stream *stream = open_and_wait();
  CHECK_CODE(brs_client_drain(host.fixture.client, 50), BRS_E_TIMEOUT);
  check_cancelled();
  brs_stream_free(stream);
  host_end(&host);
}

TEST(its_client_is_freed_while_it_waits) {
  brs_stream *stream = open_and_wait();
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  check_cancelled();
  brs_stream_free(stream);
  host_end(&host);
}

static brs_stream *opened;
static int has_opened, has_acted;

/* The stream may be there before brs_stream_open has returned. */
static void wait_for_the_stream(void) {
  while (!__atomic_load_n(&has_opened, __ATOMIC_ACQUIRE)) sleep_ms(1);
}

static void free_client(struct host *of, struct asked *asked) {
  wait_for_the_stream();
  brs_client_free(of->fixture.client);
  of->fixture.client = NULL;
  host_answer(of, asked, "AKIDTOOLATE");
  __atomic_store_n(&has_acted, 1, __ATOMIC_RELEASE);
}

static void free_stream(struct host *of, struct asked *asked) {
  wait_for_the_stream();
  brs_stream_free(opened);
  host_answer(of, asked, "AKIDHOST");
  __atomic_store_n(&has_acted, 1, __ATOMIC_RELEASE);
}

static void cancel_stream(struct host *of, struct asked *asked) {
  wait_for_the_stream();
  CHECK_CODE(brs_stream_cancel(opened), BRS_OK);
  host_answer(of, asked, "AKIDHOST");
  __atomic_store_n(&has_acted, 1, __ATOMIC_RELEASE);
}

static void act_inside(void (*act)(struct host *, struct asked *)) {
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host.act = act;
  has_opened = has_acted = 0;
  host_start(&host);
  opened = stream_open(host.fixture.client, seen);
  __atomic_store_n(&has_opened, 1, __ATOMIC_RELEASE);
  check_cancelled();
  for (int i = 0; i < 1000 && !__atomic_load_n(&has_acted, __ATOMIC_ACQUIRE); i++) sleep_ms(10);
  if (act != free_stream) brs_stream_free(opened);
  host_end(&host);
}

TEST(the_client_is_freed_inside_the_question) { act_inside(free_client); }
TEST(the_stream_is_freed_inside_the_question) { act_inside(free_stream); }
TEST(the_stream_is_cancelled_inside_the_question) { act_inside(cancel_stream); }

/* Answers and ends meet at all moments. */
TEST(answers_that_meet_the_end_of_the_client) {
  for (int i = 0; i < (check_is_slow() ? 10 : 60); i++) {
    host_begin(&host, BRS_ASK_CREDENTIALS);
    host.act = host_answer_later;
    host_start(&host);
    brs_stream *stream = stream_open(host.fixture.client, seen);
    host_wait(&host, 1);
    if (i % 3 > 0) sleep_ms(18 + i % 5);
    brs_client_free(host.fixture.client);
    host.fixture.client = NULL;
    CHECK(seen_wait(seen));
    host_wait_later(&host);
    brs_stream_free(stream);
    CHECK_ENDED_ONCE(seen);
    host_end(&host);
  }
}

static brs_identity identity_of(void) { return (brs_identity){.size = sizeof(brs_identity)}; }

TEST(who_a_client_is_is_found_out_before_its_first_stream) {
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host.act = host_answer_later;
  host.life_s = 3600;
  host_start(&host);
  brs_identity identity = identity_of();
  CHECK_CODE(brs_client_identify(host.fixture.client, -1, &identity, NULL), BRS_OK);
  CHECK_TEXT(identity.access_key_id, "AKIDHOST0");
  CHECK_TEXT(identity.source, "the host");
  CHECK(identity.expires_s > 0);
  CHECK_NUMBER(identity.scheme, BRS_SCHEME_SIGV4);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK_NUMBER(host_count(&host), 1);
  host_wait_later(&host);
  host_end(&host);
}

TEST(what_is_not_found_out_in_time_is_looked_for_on) {
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host_start(&host);
  brs_identity identity = identity_of();
  CHECK_CODE(brs_client_identify(host.fixture.client, 50, &identity, NULL), BRS_E_TIMEOUT);
  CHECK_CODE(brs_client_identify(host.fixture.client, 0, &identity, NULL), BRS_E_TIMEOUT);
  host_answer(&host, host_wait(&host, 1), "AKIDHOST");
  CHECK_CODE(brs_client_identify(host.fixture.client, 20000, &identity, NULL), BRS_OK);
  CHECK_NUMBER(host_count(&host), 1);
  host_end(&host);
}

static void *free_later(void *unused) {
  sleep_ms(50);
  brs_client_free(host.fixture.client);
  return unused;
}

TEST(the_client_is_freed_while_it_is_found_out) {
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host_start(&host);
  brs_identity identity = identity_of();
  pthread_t thread;
  pthread_create(&thread, NULL, free_later, NULL);
  CHECK_CODE(brs_client_identify(host.fixture.client, -1, &identity, NULL), BRS_E_CANCELLED);
  pthread_join(thread, NULL);
  host.fixture.client = NULL;
  host_end(&host);
}

static void identify_inside(struct host *of, struct asked *asked) {
  brs_identity identity = identity_of();
  CHECK_CODE(brs_client_identify(of->fixture.client, -1, &identity, NULL), BRS_E_STATE);
  host_answer_now(of, asked);
}

TEST(not_found_out_inside_a_callback) {
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host.act = identify_inside;
  host_start(&host);
  brs_identity identity = identity_of();
  CHECK_CODE(brs_client_identify(host.fixture.client, -1, &identity, NULL), BRS_OK);
  host_end(&host);
}
