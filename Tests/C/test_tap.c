/* What tap.path writes, in streams that end well, are cut, retried, paused, cancelled and freed. */
#include "support.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture fixture;
static struct script script;
static struct bytes answer;
static char folder[64], path[96];

static void begin(const struct reply *replies, int count) {
  snprintf(folder, sizeof folder, "/tmp/brs-tap-XXXXXX");
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/tap", folder);
  fixture_begin(&fixture, "tap.path", path);
  script = (struct script){replies, count};
  server_script(&fixture.server, &script);
}

static void end(void) {
  fixture_end(&fixture);
  bytes_free(&answer);
  unlink(path);
  rmdir(folder);
}

/* The whole file, with a NUL behind it; the caller's. */
static char *contents(void) {
  char *text = calloc(1, 1 << 20);
  FILE *file = fopen(path, "r");
  CHECK(text != NULL && file != NULL);
  if (file == NULL) return text;
  CHECK(fread(text, 1, (1 << 20) - 1, file) > 0);
  fclose(file);
  return text;
}

static int count_of(const char *text, const char *piece) {
  int count = 0;
  for (; (text = strstr(text, piece)) != NULL; text += strlen(piece)) count++;
  return count;
}

static void ask(void) {
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
}

static void expect(const char *lines, int requests, int completes, int cuts) {
  CHECK_NUMBER(count_of(lines, "\"request\":{\"method\":\"POST\""), requests);
  CHECK_NUMBER(count_of(lines, "\"end\":\"complete\"}\n"), completes);
  CHECK_NUMBER(count_of(lines, "\"end\":\"cut\",\"message\":\""), cuts);
  CHECK_NUMBER(count_of(lines, "\n"), count_of(lines, "\n{\"exchange\":") + 1);
  CHECK_NUMBER(count_of(lines, "uthorization"), 0);
}

TEST(tap_of_a_good_answer) {
  answer_add(&answer, 2);
  struct reply reply = stream_reply(answer.data, answer.len);
  begin(&reply, 1);
  ask();
  char *lines = contents();
  expect(lines, 1, 1, 0);
  CHECK(strstr(lines, "\"head\":\"\"}\n") != NULL && strstr(lines, "\"bytes_b64\":\"") != NULL);
  free(lines);
  struct stat there;
  CHECK(stat(path, &there) == 0 && (there.st_mode & 07777) == 0600);
  end();
}

TEST(tap_of_attempts_and_a_cut) {
  answer_add(&answer, 2);
  struct reply replies[2] = {
      error_reply(503, "x-amzn-errortype: ServiceUnavailableException\r\n", "{\"message\":\"busy\"}"),
      stream_reply(answer.data, answer.len / 2)};
  replies[1].is_cut = 1;
  begin(replies, 2);
  brs_config *settings;
  CHECK_CODE(brs_config_new(&settings), BRS_OK);
  config_put(settings, KEY_RETRY_MODE, "standard");
  config_put(settings, KEY_MAX_ATTEMPTS, "2");
  config_put(settings, "retry.max_backoff_ms", "20");
  brs_request request = request_of(BODY);
  request.config = settings;
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  brs_config_free(settings);
  CHECK_CODE(fixture.seen.code, BRS_E_INCOMPLETE);
  char *lines = contents();
  expect(lines, 2, 1, 1);
  CHECK(strstr(lines, "\"attempt\":2,") != NULL);
  free(lines);
  end();
}

static brs_flow free_at_delta(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)seen;
  if (kind == SEEN_DELTA) brs_stream_free(stream);
  return BRS_FLOW_CONTINUE;
}

TEST(tap_of_a_stream_that_is_freed_in_a_callback) {
  answer_add(&answer, 20);
  struct reply reply = stream_reply(answer.data, answer.len);
  begin(&reply, 1);
  fixture.seen.hook = free_at_delta;
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  CHECK_CODE(brs_client_drain(fixture.client, -1), BRS_OK);
  char *lines = contents();
  expect(lines, 1, 0, 1);
  CHECK(strstr(lines, "the stream was freed") != NULL);
  free(lines);
  end();
}

static brs_flow pause_at_delta(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)seen, (void)stream;
  return kind == SEEN_DELTA ? BRS_FLOW_PAUSE : BRS_FLOW_CONTINUE;
}

TEST(tap_of_a_stream_that_is_paused) {
  answer_add(&answer, 3);
  struct reply reply = stream_reply(answer.data, answer.len);
  begin(&reply, 1);
  fixture.seen.hook = pause_at_delta;
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  for (int delta = 1; delta <= 3; delta++) {
    CHECK(seen_wait_deltas(&fixture.seen, delta));
    CHECK_CODE(brs_stream_resume(stream), BRS_OK);
  }
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  CHECK_CODE(fixture.seen.code, BRS_OK);
  char *lines = contents();
  expect(lines, 1, 1, 0);
  free(lines);
  end();
}

TEST(tap_that_cannot_be_opened) {
  struct reply reply = error_reply(500, "", "");
  begin(&reply, 1);
  CHECK(mkdir(path, 0700) == 0);
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(&fixture.seen);
  brs_stream *stream;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, &diagnostic), BRS_E_CONFIG);
  CHECK_TEXT(diagnostic.message, "tap.path: the file cannot be opened: Is a directory");
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  rmdir(path);
  end();
}
