/* hedge.after_ms: a second request beside one that is late. */
#include "support.h"
#include <stdlib.h>
#include <unistd.h>

static struct fixture fixture;
static struct script script;
static struct bytes answer;
static brs_config *settings;

static void begin(const struct reply *replies, int count) {
  fixture_begin(&fixture, NULL, NULL);
  CHECK_CODE(brs_config_new(&settings), BRS_OK);
  config_put(settings, "hedge.after_ms", "50");
  config_put(settings, KEY_RETRY_MODE, "off");
  script = (struct script){replies, count};
  server_script(&fixture.server, &script);
}

static void end(void) {
  fixture_end(&fixture);
  brs_config_free(settings);
  bytes_free(&answer);
}

static struct reply whole(void) {
  if (answer.len == 0) answer_add(&answer, 3);
  return stream_reply(answer.data, answer.len);
}

static struct reply never(void) { return (struct reply){.never = 1}; }

/* Answers once server_release is called. */
static struct reply late(struct reply reply) {
  reply.waits = 1;
  return reply;
}

static brs_stream *start(void) {
  brs_request request = request_of(BODY);
  request.config = settings;
  brs_callbacks callbacks = seen_all_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  return stream;
}

static void check_whole(uint32_t attempts, uint32_t hedges, uint32_t won) {
  struct seen *seen = &fixture.seen;
  CHECK_ENDED_ONCE(seen);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_TEXT(seen->text, "word 0 word 1 word 2 ");
  CHECK_TEXT(seen->result_text, seen->text);
  CHECK_NUMBER(seen->retries, 0);
  CHECK_NUMBER(seen->attempts, attempts);
  CHECK_NUMBER(seen->hedges, hedges);
  CHECK_NUMBER(seen->hedges_won, won);
}

TEST(none_by_default) {
  const struct reply replies[] = {late(whole()), never()};
  begin(replies, 2);
  config_put(settings, "hedge.after_ms", "0");
  brs_stream *stream = start();
  CHECK(server_wait_requests(&fixture.server, 1));
  sleep_ms(150);
  CHECK_NUMBER(server_requests(&fixture.server), 1);
  server_release(&fixture.server);
  CHECK(seen_wait(&fixture.seen));
  check_whole(1, 0, 0);
  brs_stream_free(stream);
  end();
}

TEST(the_hedge_is_answered_first) {
  const struct reply replies[] = {never(), whole()};
  begin(replies, 2);
  brs_stream *stream = start();
  CHECK(seen_wait(&fixture.seen));
  check_whole(2, 1, 1);
  CHECK(fixture.seen.timings.first_byte_us >= 50000);
  /* The late one is closed; the other is kept for the next call. */
  CHECK(server_wait_open(&fixture.server, 1));
  brs_stream_free(stream);
  end();
}

TEST(the_first_request_is_answered_first) {
  const struct reply replies[] = {late(whole()), never()};
  begin(replies, 2);
  brs_stream *stream = start();
  CHECK(server_wait_requests(&fixture.server, 2));
  server_release(&fixture.server);
  CHECK(seen_wait(&fixture.seen));
  check_whole(2, 1, 0);
  brs_stream_free(stream);
  end();
}

TEST(a_refused_hedge_is_nobodys_business) {
  const struct reply replies[] = {late(whole()), error_reply(400, "x-amzn-errortype: ValidationException\r\n", "{}")};
  begin(replies, 2);
  brs_stream *stream = start();
  CHECK(server_wait_requests(&fixture.server, 2));
  sleep_ms(100);
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  server_release(&fixture.server);
  CHECK(seen_wait(&fixture.seen));
  check_whole(2, 1, 0);
  brs_stream_free(stream);
  end();
}

TEST(what_the_late_request_fails_for_is_left_to_the_hedge) {
  const struct reply replies[] = {never(), late(whole())};
  begin(replies, 2);
  config_put(settings, "hedge.after_ms", "200");
  config_put(settings, KEY_FIRST_BYTE_MS, "1000");
  brs_stream *stream = start();
  CHECK(server_wait_requests(&fixture.server, 2));
  CHECK(server_wait_open(&fixture.server, 1));
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  server_release(&fixture.server);
  CHECK(seen_wait(&fixture.seen));
  check_whole(2, 1, 1);
  brs_stream_free(stream);
  end();
}

TEST(both_are_late) {
  const struct reply replies[] = {never()};
  begin(replies, 1);
  config_put(settings, KEY_FIRST_BYTE_MS, "300");
  brs_stream *stream = start();
  CHECK(seen_wait(&fixture.seen));
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_TIMEOUT_FIRST_BYTE);
  CHECK_NUMBER(fixture.seen.attempts, 2);
  CHECK_NUMBER(fixture.seen.hedges, 1);
  CHECK(server_wait_open(&fixture.server, 0));
  brs_stream_free(stream);
  end();
}

static void cancel(brs_stream *stream) {
  CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
}

static void free_client(brs_stream *stream) {
  brs_client_free(fixture.client);
  fixture.client = NULL;
  brs_stream_free(stream);
}

TEST(both_go_with_the_stream) {
  void (*const ways[])(brs_stream *) = {cancel, brs_stream_free, free_client};
  for (int i = 0; i < 3; i++) {
    const struct reply replies[] = {never()};
    begin(replies, 1);
    brs_stream *stream = start();
    CHECK(server_wait_requests(&fixture.server, 2));
    ways[i](stream);
    CHECK_ENDED_ONCE(&fixture.seen);
    CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
    CHECK_NUMBER(fixture.seen.hedges, 1);
    CHECK(server_wait_open(&fixture.server, 0));
    end();
  }
}

static brs_flow free_at_first(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  if (kind == SEEN_DELTA && seen->deltas == 1) brs_stream_free(stream);
  return BRS_FLOW_CONTINUE;
}

TEST(freed_in_a_callback_of_the_hedges_answer) {
  const struct reply replies[] = {never(), whole()};
  begin(replies, 2);
  fixture.seen.hook = free_at_first;
  start();
  CHECK(seen_wait(&fixture.seen));
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
  CHECK(server_wait_open(&fixture.server, 0));
  end();
}

/* The record has the request that goes on as an exchange of its own. */
TEST(recorded) {
  const struct reply replies[] = {never(), whole()};
  begin(replies, 2);
  char path[] = "/tmp/brs-hedge-XXXXXX", text[65536] = "";
  close(mkstemp(path));
  config_put(settings, "tap.path", path);
  brs_stream *stream = start();
  CHECK(seen_wait(&fixture.seen));
  check_whole(2, 1, 1);
  brs_stream_free(stream);
  FILE *file = fopen(path, "r");
  CHECK(file != NULL && fread(text, 1, sizeof text - 1, file) > 0);
  if (file != NULL) fclose(file);
  unlink(path);
  const char *first = strstr(text, "\"attempt\":1"), *second = strstr(text, "\"attempt\":2");
  const char *cut = strstr(text, "\"end\":\"cut\",\"message\":\"another request goes on in its place\"");
  const char *head = strstr(text, "\"head\":\"HTTP/1.1 200"), *whole = strstr(text, "\"end\":\"complete\"");
  CHECK(first != NULL && cut != NULL && second != NULL && head != NULL && whole != NULL);
  CHECK(first < cut && cut < second && second < head && head < whole);
  end();
}

/* Many at once, each of which is late; that first requests fail when hedges are answered changes nothing. No connection
   is left but those that are kept. */
TEST(many) {
  enum { COUNT = 20 };
  static struct seen seen[COUNT];
  brs_stream *streams[COUNT];
  struct reply replies[2 * COUNT];
  for (int i = 0; i < 2 * COUNT; i++) replies[i] = i < COUNT ? never() : late(whole());
  begin(replies, 2 * COUNT);
  config_put(settings, "hedge.after_ms", "1500");
  for (int i = 0; i < COUNT; i++) {
    seen_init(&seen[i]);
    brs_request request = request_of(BODY);
    request.config = settings;
    brs_callbacks callbacks = seen_callbacks(&seen[i]);
    CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &streams[i], NULL), BRS_OK);
  }
  CHECK(server_wait_requests(&fixture.server, 2 * COUNT));
  server_release(&fixture.server);
  for (int i = 0; i < COUNT; i++) {
    CHECK(seen_wait(&seen[i]));
    CHECK_ENDED_ONCE(&seen[i]);
    CHECK_CODE(seen[i].code, BRS_OK);
    CHECK_NUMBER(seen[i].hedges_won, 1);
    brs_stream_free(streams[i]);
    seen_free(&seen[i]);
  }
  CHECK(server_wait_open(&fixture.server, COUNT));
  CHECK_NUMBER(server_requests(&fixture.server), 2 * COUNT);
  end();
}
