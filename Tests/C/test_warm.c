/* brs_client_warm: connections are there before the streams; nothing of it delays or outlives a client. */
#include "support.h"

enum { WANTED = 3, CALLERS = 4 };

static struct fixture fixture;
static struct seen seen;
static struct bytes answer;

static void begin(void) {
  fixture_begin(&fixture, NULL, NULL);
  answer = (struct bytes){0};
  answer_add(&answer, 3);
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  seen_init(&seen);
}

static void end(void) {
  fixture_end(&fixture);
  seen_free(&seen);
  bytes_free(&answer);
}

/* A stream that finds a connection, on which the answer that nobody wanted has been read. */
static void check_stream(void) {
  brs_stream *stream = stream_open(fixture.client, &seen);
  CHECK(seen_wait(&seen));
  CHECK_ENDED_ONCE(&seen);
  CHECK_CODE(seen.code, BRS_OK);
  brs_stream_free(stream);
}

TEST(a_stream_finds_a_connection) {
  begin();
  CHECK_CODE(brs_client_warm(fixture.client, WANTED), BRS_OK);
  CHECK(server_wait_requests(&fixture.server, WANTED));
  CHECK_NUMBER(server_connections(&fixture.server), WANTED);
  CHECK(strncmp(fixture.server.request, "GET /ping HTTP/1.1\r\n", 20) == 0);
  CHECK(strstr(fixture.server.request, "uthorization") == NULL);
  sleep_ms(200);
  check_stream();
  CHECK_NUMBER(server_connections(&fixture.server), WANTED);
  end();
}

TEST(a_client_ends_before_it_is_warm) {
  begin();
  server_reply(&fixture.server, (struct reply){.never = 1});
  CHECK_CODE(brs_client_warm(fixture.client, WANTED), BRS_OK);
  CHECK(server_wait_requests(&fixture.server, WANTED));
  CHECK_CODE(brs_client_warm(fixture.client, 4 * WANTED), BRS_OK);
  end();
}

TEST(nobody_is_there) {
  begin();
  server_reply(&fixture.server, (struct reply){.drops = 1});
  CHECK_CODE(brs_client_warm(fixture.client, WANTED), BRS_OK);
  CHECK(server_wait_requests(&fixture.server, 1));
  server_reply(&fixture.server, stream_reply(answer.data, answer.len));
  check_stream();
  end();
}

static void *warm_on(void *unused) {
  (void)unused;
  for (uint32_t i = 0; i < 20; i++) CHECK_CODE(brs_client_warm(fixture.client, i % (WANTED + 1)), BRS_OK);
  return NULL;
}

TEST(threads_want_different_things) {
  pthread_t threads[CALLERS];
  begin();
  for (int i = 0; i < CALLERS; i++) pthread_create(&threads[i], NULL, warm_on, NULL);
  for (int i = 0; i < CALLERS; i++) pthread_join(threads[i], NULL);
  check_stream();
  CHECK_CODE(brs_client_drain(fixture.client, -1), BRS_OK);
  CHECK_CODE(brs_client_warm(fixture.client, 0), BRS_E_CLOSED);
  end();
}

static brs_flow warm_inside(struct seen *of, brs_stream *stream, enum seen_kind kind) {
  (void)of;
  (void)stream;
  (void)kind;
  CHECK_CODE(brs_client_warm(fixture.client, WANTED), BRS_OK);
  return BRS_FLOW_CONTINUE;
}

/* So many streams, each with a connection of its own that goes with it. */
static void cancel_streams(int count) {
  struct reply held = stream_reply(answer.data, answer.len);
  held.holds = 1;
  held.hold_at = answer.len / 2;
  server_reply(&fixture.server, held);
  for (int i = 0; i < count; i++) {
    struct seen cancelled;
    seen_init(&cancelled);
    brs_stream *stream = stream_open(fixture.client, &cancelled);
    CHECK(seen_wait_deltas(&cancelled, 1));
    server_reply(&fixture.server, stream_reply(answer.data, answer.len));
    brs_stream_free(stream);
    if (i + 1 < count) server_reply(&fixture.server, held);
    seen_free(&cancelled);
  }
}

/* Three, whatever is asked first: the one that went is replaced long before it is time for the next round. */
TEST(what_a_cancelled_stream_took_is_replaced) {
  begin();
  CHECK_CODE(brs_client_warm(fixture.client, WANTED), BRS_OK);
  CHECK(server_wait_requests(&fixture.server, WANTED));
  sleep_ms(200);
  cancel_streams(1);
  for (int i = 0; i < 300 && server_requests(&fixture.server) < WANTED + 2; i++) sleep_ms(10);
  CHECK_NUMBER(server_requests(&fixture.server), WANTED + 2);
  CHECK_NUMBER(server_connections(&fixture.server), WANTED + 1);
  CHECK(strncmp(fixture.server.request, "GET /ping HTTP/1.1\r\n", 20) == 0);
  end();
}

/* The server closes each connection behind its answer. */
TEST(what_a_server_closed_is_replaced) {
  begin();
  CHECK_CODE(brs_client_warm(fixture.client, WANTED), BRS_OK);
  CHECK(server_wait_requests(&fixture.server, WANTED));
  sleep_ms(200);
  struct reply last = stream_reply(answer.data, answer.len);
  last.closes = 1;
  last.headers = "connection: close\r\n";
  server_reply(&fixture.server, last);
  check_stream();
  for (int i = 0; i < 300 && server_requests(&fixture.server) < WANTED + 2; i++) sleep_ms(10);
  CHECK_NUMBER(server_requests(&fixture.server), WANTED + 2);
  CHECK_NUMBER(server_connections(&fixture.server), WANTED + 1);
  /* An answer to what replaces it that ends it as well is not the start of a circle. */
  sleep_ms(check_is_slow() ? 3000 : 1500);
  CHECK_NUMBER(server_requests(&fixture.server), WANTED + 2);
  end();
}

TEST(replacing_is_no_load) {
  enum { CANCELLED = 12 };
  begin();
  CHECK_CODE(brs_client_warm(fixture.client, WANTED), BRS_OK);
  CHECK(server_wait_requests(&fixture.server, WANTED));
  sleep_ms(200);
  int64_t start = now_ms();
  cancel_streams(CANCELLED);
  sleep_ms(1200);
  int rounds = 2 + (int)((now_ms() - start) / 1000);
  int asked = server_requests(&fixture.server) - CANCELLED - WANTED;
  CHECK(asked > 0 && asked <= rounds * WANTED);
  end();
}

TEST(called_inside_callbacks) {
  begin();
  seen.hook = warm_inside;
  check_stream();
  CHECK(server_wait_requests(&fixture.server, WANTED));
  end();
}

TEST(what_is_refused) {
  begin();
  CHECK_CODE(brs_client_warm(NULL, 1), BRS_E_ARGUMENT);
  CHECK_CODE(brs_client_warm(fixture.client, 4097), BRS_E_ARGUMENT);
  CHECK_CODE(brs_client_warm(fixture.client, 0), BRS_OK);
  end();
}
