/* What a caller is told of retries, restarts, continuations and fallbacks, and what he may say to them. */
#include "support.h"
#include <stdlib.h>

static struct fixture fixture;
static struct script script;
static brs_config *settings;
static struct bytes answer, cut, rest;

/* Failures that cost no time. */
static void begin(const char *key, const char *value) {
  fixture_begin(&fixture, NULL, NULL);
  CHECK_CODE(brs_config_new(&settings), BRS_OK);
  config_put(settings, KEY_RETRY_MODE, "standard");
  config_put(settings, KEY_MAX_ATTEMPTS, "3");
  config_put(settings, "retry.max_backoff_ms", "20");
  if (key != NULL) config_put(settings, key, value);
  answer = cut = rest = (struct bytes){0};
  answer_add(&answer, 2);
  answer_begin(&cut);
  delta_add(&cut, 0, "one,");
  delta_add(&cut, 0, "two");
  answer_begin(&rest);
  delta_add(&rest, 0, ",three");
  answer_end(&rest);
}

static void end(void) {
  fixture_end(&fixture);
  brs_config_free(settings);
  bytes_free(&answer);
  bytes_free(&cut);
  bytes_free(&rest);
}

static void answer_with(const struct reply *replies, int count) {
  script = (struct script){replies, count};
  server_script(&fixture.server, &script);
}

static struct reply busy(void) {
  return error_reply(503, "x-amzn-errortype: ServiceUnavailableException\r\n", "{\"message\":\"busy\"}");
}

static struct reply throttled(void) {
  return error_reply(429, "x-amzn-errortype: ThrottlingException\r\n", "{\"message\":\"slow down\"}");
}

static struct reply whole(void) { return stream_reply(answer.data, answer.len); }

static struct reply cut_off(void) {
  struct reply reply = stream_reply(cut.data, cut.len);
  reply.is_cut = 1;
  return reply;
}

struct judging {
  brs_verdict verdict;
  int count;
  int is_wrong;
  struct told last;
  void (*deed)(brs_stream *stream); /* done inside, once */
};

static brs_verdict judge(void *user, brs_stream *stream, const brs_error *error, const brs_retry *plan) {
  struct judging *judging = user;
  if (error != plan->error || stream == NULL || !told_of(&judging->last, plan)) judging->is_wrong++;
  judging->count++;
  void (*deed)(brs_stream *) = judging->deed;
  judging->deed = NULL;
  brs_verdict verdict = judging->verdict;
  if (deed != NULL) deed(stream);
  return verdict;
}

static brs_request request_judged(struct judging *judging) {
  brs_request request = request_of(BODY);
  request.config = settings;
  if (judging != NULL) request.on_failure = judge, request.on_failure_user = judging;
  return request;
}

static brs_stream *start(struct judging *judging) {
  brs_request request = request_judged(judging);
  brs_callbacks callbacks = seen_all_callbacks(&fixture.seen);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, NULL), BRS_OK);
  return stream;
}

/* One stream with callbacks, to its end. */
static struct seen *run(struct judging *judging) {
  brs_stream *stream = start(judging);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  return &fixture.seen;
}

static void check_told(const struct told *told, brs_event_kind kind, brs_code code, uint32_t attempt) {
  CHECK_NUMBER(told->kind, kind);
  CHECK_CODE(told->code, code);
  CHECK_NUMBER(told->attempt, attempt);
  CHECK(told->delay_ms <= 20);
}

TEST(retries_are_told) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy(), busy(), whole()};
  answer_with(replies, 3);
  struct seen *seen = run(NULL);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->attempts, 3);
  CHECK_TEXT(seen->region, "us-east-1");
  CHECK_TEXT(seen->result_text, "word 0 word 1 ");
  CHECK_NUMBER(seen->retries, 2);
  for (int i = 0; i < 2; i++) {
    check_told(&seen->told[i], BRS_EVENT_RETRY, BRS_E_SERVICE_UNAVAILABLE, (uint32_t)i + 2);
    CHECK_NUMBER(seen->told[i].max_attempts, 3);
    CHECK_NUMBER(seen->told[i].http_status, 503);
    CHECK_NUMBER(seen->told[i].delivered, 0);
    CHECK_TEXT(seen->told[i].model_id, MODEL);
    CHECK_TEXT(seen->told[i].region, "us-east-1");
  }
  end();
}

TEST(the_last_failure_is_the_end) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy()};
  answer_with(replies, 1);
  struct judging judging = {0};
  struct seen *seen = run(&judging);
  CHECK_CODE(seen->code, BRS_E_SERVICE_UNAVAILABLE);
  CHECK_NUMBER(seen->attempts, 3);
  CHECK_NUMBER(seen->retries, 2);
  CHECK_NUMBER(judging.count, 3);
  CHECK_NUMBER(judging.last.kind, BRS_EVENT_ERROR);
  CHECK_NUMBER(judging.is_wrong, 0);
  end();
}

TEST(an_exception_before_the_first_delta_is_retried) {
  begin(NULL, NULL);
  struct bytes early = {0};
  answer_begin(&early);
  exception_add(&early, "throttlingException", "{\"message\":\"slow down\"}");
  const struct reply replies[] = {stream_reply(early.data, early.len), whole()};
  answer_with(replies, 2);
  struct seen *seen = run(NULL);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_TEXT(seen->text, "word 0 word 1 ");
  CHECK_NUMBER(seen->retries, 1);
  check_told(&seen->told[0], BRS_EVENT_RETRY, BRS_E_THROTTLED, 2);
  end();
  bytes_free(&early);
}

TEST(a_restart_is_told) {
  begin("recovery", "restart");
  const struct reply replies[] = {cut_off(), whole()};
  answer_with(replies, 2);
  struct seen *seen = run(NULL);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_TEXT(seen->result_text, "word 0 word 1 ");
  CHECK_TEXT(seen->text, "one,twoword 0 word 1 ");
  CHECK_NUMBER(seen->retries, 1);
  check_told(&seen->told[0], BRS_EVENT_RESTART, BRS_E_INCOMPLETE, 2);
  CHECK_NUMBER(seen->told[0].delivered, 2);
  CHECK_TEXT(seen->told[0].partial, "one,two");
  end();
}

TEST(a_continuation_is_told) {
  begin("recovery", "continue");
  const struct reply replies[] = {cut_off(), stream_reply(rest.data, rest.len)};
  answer_with(replies, 2);
  struct seen *seen = run(NULL);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_TEXT(seen->text, "one,two,three");
  CHECK_TEXT(seen->result_text, "one,two,three");
  CHECK_NUMBER(seen->retries, 1);
  check_told(&seen->told[0], BRS_EVENT_CONTINUE, BRS_E_INCOMPLETE, 2);
  CHECK_TEXT(seen->told[0].partial, "one,two");
  CHECK_CONTAINS(fixture.server.request, "one,two");
  end();
}

TEST(without_recovery_nothing_follows_a_delta) {
  begin(NULL, NULL);
  const struct reply replies[] = {cut_off(), whole()};
  answer_with(replies, 2);
  struct seen *seen = run(NULL);
  CHECK_CODE(seen->code, BRS_E_INCOMPLETE);
  CHECK_NUMBER(seen->attempts, 1);
  CHECK_NUMBER(seen->retries, 0);
  CHECK_TEXT(seen->result_text, "one,two");
  end();
}

TEST(a_fallback_is_told) {
  begin("fallback", "other.model-v1:0@eu-west-1");
  config_put(settings, KEY_MAX_ATTEMPTS, "2");
  const struct reply replies[] = {throttled(), throttled(), whole()};
  answer_with(replies, 3);
  struct seen *seen = run(NULL);
  CHECK_CODE(seen->code, BRS_OK);
  CHECK_NUMBER(seen->attempts, 3);
  CHECK_TEXT(seen->model_id, "other.model-v1:0");
  CHECK_TEXT(seen->region, "eu-west-1");
  CHECK_NUMBER(seen->retries, 2);
  check_told(&seen->told[0], BRS_EVENT_RETRY, BRS_E_THROTTLED, 2);
  CHECK_TEXT(seen->told[0].model_id, MODEL);
  check_told(&seen->told[1], BRS_EVENT_FALLBACK, BRS_E_THROTTLED, 1);
  CHECK_NUMBER(seen->told[1].attempts, 2);
  CHECK_TEXT(seen->told[1].model_id, "other.model-v1:0");
  CHECK_TEXT(seen->told[1].region, "eu-west-1");
  CHECK_CONTAINS(fixture.server.request, "other.model-v1");
  CHECK_CONTAINS(fixture.server.request, "/eu-west-1/");
  end();
}

static brs_stream *pull_start(struct judging *judging) {
  brs_request request = request_judged(judging);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &stream, NULL), BRS_OK);
  return stream;
}

TEST(pull_hands_notices_out) {
  static const brs_event_kind kinds[] = {BRS_EVENT_RETRY,      BRS_EVENT_MESSAGE_START, BRS_EVENT_DELTA,
                                         BRS_EVENT_DELTA,      BRS_EVENT_RESTART,       BRS_EVENT_MESSAGE_START,
                                         BRS_EVENT_DELTA,      BRS_EVENT_DELTA,         BRS_EVENT_BLOCK_STOP,
                                         BRS_EVENT_MESSAGE_STOP, BRS_EVENT_METADATA,    BRS_EVENT_STOP};
  begin("recovery", "restart");
  const struct reply replies[] = {busy(), cut_off(), whole()};
  answer_with(replies, 3);
  brs_stream *stream = pull_start(NULL);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const brs_event *event = NULL;
    struct told told = {0};
    CHECK_CODE(brs_stream_next(stream, 20000, &event), BRS_OK);
    if (event == NULL) break;
    CHECK_NUMBER(event->kind, kinds[i]);
    int is_notice = kinds[i] == BRS_EVENT_RETRY || kinds[i] == BRS_EVENT_RESTART;
    CHECK((event->retry != NULL) == is_notice);
    CHECK(event->error == NULL && (event->result != NULL) == (kinds[i] == BRS_EVENT_STOP));
    if (event->retry != NULL) {
      CHECK(told_of(&told, event->retry));
      check_told(&told, kinds[i], i == 0 ? BRS_E_SERVICE_UNAVAILABLE : BRS_E_INCOMPLETE, i == 0 ? 2 : 3);
      CHECK_TEXT(told.partial, i == 0 ? "" : "one,two");
      CHECK_TEXT(told.region, "us-east-1");
    }
    if (event->result != NULL) CHECK_TEXT(event->result->text, "word 0 word 1 ");
    if (event->result != NULL) CHECK_NUMBER(event->result->attempts, 3);
  }
  brs_stream_free(stream);
  end();
}

/* 1 where the stream ended well. */
static int pull_to_the_end(brs_stream *stream) {
  const brs_event *event = NULL;
  int is_success = 0;
  while (brs_stream_next(stream, 20000, &event) == BRS_OK) is_success = event->kind == BRS_EVENT_STOP;
  brs_stream_free(stream);
  return is_success;
}

TEST(a_verdict_vetoes_a_retry) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy(), whole()};
  answer_with(replies, 2);
  struct judging judging = {.verdict = BRS_VERDICT_FAIL};
  struct seen *seen = run(&judging);
  CHECK_CODE(seen->code, BRS_E_SERVICE_UNAVAILABLE);
  CHECK_NUMBER(seen->attempts, 1);
  CHECK_NUMBER(seen->retries, 0);
  CHECK_NUMBER(judging.count, 1);
  CHECK_NUMBER(judging.is_wrong, 0);
  CHECK_NUMBER(judging.last.kind, BRS_EVENT_RETRY);
  CHECK_NUMBER(judging.last.attempt, 2);
  CHECK_NUMBER(judging.last.max_attempts, 3);
  end();
}

TEST(a_verdict_forces_a_retry) {
  for (int is_pull = 0; is_pull < 2; is_pull++) {
    begin(NULL, NULL);
    const struct reply replies[] = {
        error_reply(400, "x-amzn-errortype: ValidationException\r\n", "{\"message\":\"no\"}"), whole()};
    answer_with(replies, 2);
    struct judging judging = {.verdict = BRS_VERDICT_RETRY};
    if (is_pull) CHECK(pull_to_the_end(pull_start(&judging)));
    else CHECK_CODE(run(&judging)->code, BRS_OK);
    CHECK_NUMBER(judging.count, 1);
    CHECK_NUMBER(judging.is_wrong, 0);
    CHECK_NUMBER(judging.last.kind, BRS_EVENT_ERROR);
    CHECK_CODE(judging.last.code, BRS_E_VALIDATION);
    CHECK_NUMBER(server_requests(&fixture.server), 2);
    end();
  }
}

TEST(no_verdict_goes_past_the_attempts) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy()};
  answer_with(replies, 1);
  struct judging judging = {.verdict = BRS_VERDICT_RETRY};
  CHECK_CODE(run(&judging)->code, BRS_E_SERVICE_UNAVAILABLE);
  CHECK_NUMBER(server_requests(&fixture.server), 3);
  end();
}

TEST(an_unknown_verdict_is_as_planned) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy(), whole()};
  answer_with(replies, 2);
  struct judging judging = {.verdict = (brs_verdict)77};
  CHECK_CODE(run(&judging)->code, BRS_OK);
  CHECK_NUMBER(judging.count, 1);
  end();
}

static int is_done;

static void free_stream(brs_stream *stream) {
  brs_stream_free(stream);
  __atomic_store_n(&is_done, 1, __ATOMIC_SEQ_CST);
}

static void cancel_stream(brs_stream *stream) { CHECK_CODE(brs_stream_cancel(stream), BRS_OK); }

static void free_client(brs_stream *stream) {
  (void)stream;
  brs_client_free(fixture.client);
  fixture.client = NULL;
}

/* The stream ends with BRS_E_CANCELLED and no further request, whatever the verdict. */
static void act_in_on_failure(void (*deed)(brs_stream *)) {
  for (int verdict = BRS_VERDICT_AS_PLANNED; verdict <= BRS_VERDICT_FAIL; verdict++) {
    begin(NULL, NULL);
    const struct reply replies[] = {busy(), whole()};
    answer_with(replies, 2);
    struct judging judging = {.verdict = (brs_verdict)verdict, .deed = deed};
    brs_stream *stream = start(&judging);
    CHECK(seen_wait(&fixture.seen));
    sleep_ms(50);
    if (deed != free_stream) brs_stream_free(stream);
    CHECK_ENDED_ONCE(&fixture.seen);
    CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
    CHECK_NUMBER(judging.count, 1);
    CHECK_NUMBER(server_requests(&fixture.server), 1);
    end();
  }
}

TEST(cancel_in_on_failure) { act_in_on_failure(cancel_stream); }
TEST(free_in_on_failure) { act_in_on_failure(free_stream); }
TEST(client_free_in_on_failure) { act_in_on_failure(free_client); }

TEST(cancel_in_on_failure_of_a_pulled_stream) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy(), whole()};
  answer_with(replies, 2);
  struct judging judging = {.deed = cancel_stream};
  brs_stream *stream = pull_start(&judging);
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_next(stream, 20000, &event), BRS_OK);
  CHECK(event != NULL && event->kind == BRS_EVENT_ERROR && event->error->code == BRS_E_CANCELLED);
  brs_stream_free(stream);
  CHECK_NUMBER(judging.count, 1);
  end();
}

TEST(free_in_on_failure_of_a_pulled_stream) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy(), whole()};
  answer_with(replies, 2);
  struct judging judging = {.deed = free_stream};
  is_done = 0;
  pull_start(&judging);
  for (int i = 0; i < 1000 && !__atomic_load_n(&is_done, __ATOMIC_SEQ_CST); i++) sleep_ms(10);
  CHECK(__atomic_load_n(&is_done, __ATOMIC_SEQ_CST));
  end();
  CHECK_NUMBER(judging.count, 1);
}

static int is_inside;

static void linger(brs_stream *stream) {
  (void)stream;
  __atomic_store_n(&is_inside, 1, __ATOMIC_SEQ_CST);
  sleep_ms(200);
  __atomic_store_n(&is_inside, 0, __ATOMIC_SEQ_CST);
}

/* What `on_failure` is given may be freed by the caller as soon as brs_stream_free has returned. */
TEST(free_waits_for_on_failure_of_a_pulled_stream) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy()};
  answer_with(replies, 1);
  struct judging judging = {.deed = linger};
  brs_stream *stream = pull_start(&judging);
  for (int i = 0; i < 1000 && !__atomic_load_n(&is_inside, __ATOMIC_SEQ_CST); i++) sleep_ms(10);
  brs_stream_free(stream);
  CHECK_NUMBER(__atomic_load_n(&is_inside, __ATOMIC_SEQ_CST), 0);
  CHECK_NUMBER(judging.count, 1);
  end();
}

static brs_flow flow_of_retry(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  return kind == SEEN_EVENT && seen->retries == 1 && seen->events == 1 ? (brs_flow)seen->number : BRS_FLOW_CONTINUE;
}

TEST(cancel_by_what_on_event_returns) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy(), whole()};
  answer_with(replies, 2);
  fixture.seen.hook = flow_of_retry;
  fixture.seen.number = BRS_FLOW_CANCEL;
  struct seen *seen = run(NULL);
  CHECK_CODE(seen->code, BRS_E_CANCELLED);
  CHECK_NUMBER(seen->events, 1);
  CHECK_NUMBER(server_requests(&fixture.server), 1);
  end();
}

TEST(pause_by_what_on_event_returns) {
  begin(NULL, NULL);
  const struct reply replies[] = {busy(), whole()};
  answer_with(replies, 2);
  fixture.seen.hook = flow_of_retry;
  fixture.seen.number = BRS_FLOW_PAUSE;
  brs_stream *stream = start(NULL);
  sleep_ms(300);
  CHECK_NUMBER(seen_deltas(&fixture.seen), 0);
  CHECK_NUMBER(seen_terminals(&fixture.seen), 0);
  CHECK_CODE(brs_stream_resume(stream), BRS_OK);
  CHECK(seen_wait(&fixture.seen));
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture.seen);
  CHECK_CODE(fixture.seen.code, BRS_OK);
  CHECK_TEXT(fixture.seen.text, "word 0 word 1 ");
  end();
}

static brs_flow end_in_retry(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  if (kind == SEEN_EVENT && seen->retries == 1) {
    if (seen->number) free_client(stream);
    else brs_stream_free(stream);
  }
  return BRS_FLOW_CONTINUE;
}

TEST(free_in_the_retry_event) {
  for (int of_client = 0; of_client < 2; of_client++) {
    begin(NULL, NULL);
    const struct reply replies[] = {busy(), whole()};
    answer_with(replies, 2);
    fixture.seen.hook = end_in_retry;
    fixture.seen.number = of_client;
    brs_stream *stream = start(NULL);
    CHECK(seen_wait(&fixture.seen));
    sleep_ms(50);
    if (of_client) brs_stream_free(stream);
    CHECK_ENDED_ONCE(&fixture.seen);
    CHECK_CODE(fixture.seen.code, BRS_E_CANCELLED);
    CHECK_NUMBER(server_requests(&fixture.server), 1);
    end();
  }
}

/* The chunks of models whose format the library does not know come as they come, whatever may be retried. */
TEST(chunks_of_any_format_come_at_once) {
  begin(NULL, NULL);
  struct bytes chunks = {0};
  chunk_add(&chunks, "{\"novelty\":\"a\"}");
  size_t first = chunks.len;
  chunk_add(&chunks, "{\"novelty\":\"b\"}");
  struct reply reply = stream_reply(chunks.data, chunks.len);
  reply.holds = 1;
  reply.hold_at = first;
  const struct reply replies[] = {reply};
  answer_with(replies, 1);
  brs_request request = request_judged(NULL);
  request.operation = BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM;
  brs_stream *stream = NULL;
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &stream, NULL), BRS_OK);
  CHECK_CODE(brs_stream_next(stream, 5000, &event), BRS_OK);
  if (event != NULL) CHECK_CONTAINS(event->json, "\"a\"");
  server_release(&fixture.server);
  CHECK_CODE(brs_stream_next(stream, 5000, &event), BRS_OK);
  CHECK_CODE(brs_stream_next(stream, 5000, &event), BRS_OK);
  if (event != NULL) CHECK_NUMBER(event->kind, BRS_EVENT_STOP);
  brs_stream_free(stream);
  end();
  bytes_free(&chunks);
}

/* 500 for all streams of a client, 14 for each retry: 35, however many threads serve them. */
TEST(one_quota_for_all_streams_of_a_client) {
  enum { COUNT = 60, RETRIES = 500 / 14 };
  static struct seen seen[COUNT];
  brs_stream *streams[COUNT];
  begin(KEY_MAX_ATTEMPTS, "2");
  const struct reply replies[] = {busy()};
  answer_with(replies, 1);
  for (int i = 0; i < COUNT; i++) {
    seen_init(&seen[i]);
    brs_request request = request_judged(NULL);
    brs_callbacks callbacks = seen_callbacks(&seen[i]);
    CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &streams[i], NULL), BRS_OK);
  }
  for (int i = 0; i < COUNT; i++) {
    CHECK(seen_wait(&seen[i]));
    CHECK_ENDED_ONCE(&seen[i]);
    CHECK_CODE(seen[i].code, BRS_E_SERVICE_UNAVAILABLE);
    brs_stream_free(streams[i]);
    seen_free(&seen[i]);
  }
  CHECK_NUMBER(server_requests(&fixture.server), COUNT + RETRIES);
  end();
}
