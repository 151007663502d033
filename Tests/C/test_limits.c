/* The client's own limits: how many streams are under way, who waits, and for how long. */
#include "support.h"
#include <stdlib.h>

#define STREAMS 6

static struct server server;
static brs_client *client;
static struct seen seen[STREAMS];
static brs_stream *streams[STREAMS];
static struct bytes answer;

/* Answers stand still in their middle until server_release. `settings` are keys and values, ended by NULL. */
static void begin(const char *const *settings) {
  server_start(&server);
  answer = (struct bytes){0};
  answer_add(&answer, 3);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.holds = 1;
  reply.hold_at = answer.len / 2;
  server_reply(&server, reply);
  brs_config *config = config_for(&server);
  for (; *settings; settings += 2) config_put(config, settings[0], settings[1]);
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_config_free(config);
  for (int i = 0; i < STREAMS; i++) seen_init(&seen[i]);
}

static brs_stream *open_in(struct seen *one, const char *key, const char *value) {
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, key, value);
  brs_request request = request_of(BODY);
  request.config = config;
  brs_callbacks callbacks = seen_callbacks(one);
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(client, &request, &callbacks, &stream, NULL), BRS_OK);
  brs_config_free(config);
  return stream;
}

static void open_streams(int from, int to) {
  for (int i = from; i < to; i++) streams[i] = stream_open(client, &seen[i]);
}

static void end(int count) {
  for (int i = 0; i < count; i++) {
    CHECK_ENDED_ONCE(&seen[i]);
    brs_stream_free(streams[i]);
  }
  brs_client_free(client);
  server_stop(&server);
  for (int i = 0; i < STREAMS; i++) seen_free(&seen[i]);
  bytes_free(&answer);
}

#define BEGIN(...) begin((const char *const[]){__VA_ARGS__, NULL})

TEST(so_many_are_under_way) {
  BEGIN("limit.streams", "2");
  open_streams(0, STREAMS);
  CHECK(server_wait_requests(&server, 2));
  sleep_ms(100);
  CHECK_NUMBER(server_requests(&server), 2);
  CHECK_NUMBER(server_connections(&server), 2);
  server_release(&server);
  for (int i = 0; i < STREAMS; i++) {
    CHECK(seen_wait(&seen[i]));
    CHECK_CODE(seen[i].code, BRS_OK);
    CHECK_NUMBER(seen[i].queued_us > 0, i >= 2);
    if (i >= 2) CHECK(seen[i].queued_us >= 90000 && seen[i].queued_us <= seen[i].timings.total_us);
  }
  CHECK_NUMBER(server_connections(&server), 2);
  end(STREAMS);
}

TEST(a_wait_has_an_end) {
  BEGIN("limit.streams", "1", "limit.queue_ms", "150");
  open_streams(0, 1);
  CHECK(server_wait_requests(&server, 1));
  int64_t start = now_ms();
  open_streams(1, 2);
  CHECK(seen_wait(&seen[1]));
  CHECK(now_ms() - start >= 145);
  CHECK_CODE(seen[1].code, BRS_E_TIMEOUT_QUEUE);
  CHECK_NUMBER(seen[1].phase, BRS_PHASE_PREPARE);
  CHECK_NUMBER(seen[1].retryable, 0);
  CHECK_NUMBER(seen[1].attempts, 0);
  CHECK(strstr(seen[1].message, "limit.queue_ms=150") && strstr(seen[1].message, "waited "));
  CHECK(seen[1].queued_us >= 150000);
  /* For one stream it may be another. */
  streams[2] = open_in(&seen[2], "limit.queue_ms", "20000");
  sleep_ms(200);
  server_release(&server);
  CHECK(seen_wait(&seen[0]) && seen_wait(&seen[2]));
  CHECK_CODE(seen[2].code, BRS_OK);
  end(3);
}

TEST(so_many_wait) {
  BEGIN("limit.streams", "1", "limit.queued_streams", "2");
  open_streams(0, 4);
  CHECK(seen_wait(&seen[3]));
  CHECK_CODE(seen[3].code, BRS_E_QUEUE_FULL);
  CHECK(strstr(seen[3].message, "limit.queued_streams"));
  CHECK_NUMBER(seen[3].retryable, 0);
  brs_stream_free(streams[1]);
  CHECK_CODE(seen[1].code, BRS_E_CANCELLED);
  streams[1] = NULL;
  open_streams(4, 5);
  server_release(&server);
  CHECK(seen_wait(&seen[4]));
  CHECK_CODE(seen[4].code, BRS_OK);
  CHECK_CODE(seen[2].code, BRS_OK);
  end(5);
}

/* The order in which streams end. */
static int order[STREAMS], ordered;

static brs_flow note_order(struct seen *one, brs_stream *stream, enum seen_kind kind) {
  (void)stream;
  if (kind == SEEN_STOP) order[ordered++] = (int)(one - seen);
  return BRS_FLOW_CONTINUE;
}

TEST(groups_take_turns) {
  BEGIN("limit.streams", "1");
  ordered = 0;
  for (int i = 0; i < STREAMS; i++) {
    seen[i].hook = note_order;
    streams[i] = open_in(&seen[i], "limit.group", i < STREAMS - 1 ? "many" : "one");
  }
  server_release(&server);
  for (int i = 0; i < STREAMS; i++) CHECK(seen_wait(&seen[i]));
  static const int wanted[STREAMS] = {0, 1, 5, 2, 3, 4};
  for (int i = 0; i < STREAMS; i++) CHECK_NUMBER(order[i], wanted[i]);
  end(STREAMS);
}

TEST(who_waits_can_be_ended) {
  BEGIN("limit.streams", "1", "timeout.total_ms", "20000");
  open_streams(0, 4);
  streams[4] = open_in(&seen[4], "timeout.total_ms", "100");
  CHECK(server_wait_requests(&server, 1));
  brs_stream_cancel(streams[1]);
  CHECK(seen_wait(&seen[1]));
  CHECK_CODE(seen[1].code, BRS_E_CANCELLED);
  CHECK_CODE(brs_stream_detach(streams[2]), BRS_OK);
  CHECK(seen_wait(&seen[4]));
  CHECK_CODE(seen[4].code, BRS_E_TIMEOUT_TOTAL);
  CHECK_CODE(brs_client_drain(client, 200), BRS_E_TIMEOUT);
  for (int i = 0; i < 4; i++) CHECK_CODE(seen[i].code, BRS_E_CANCELLED);
  CHECK_NUMBER(server_requests(&server), 1);
  end(5);
}

TEST(a_drain_lets_them_go_on) {
  BEGIN("limit.streams", "1");
  open_streams(0, 4);
  server_release(&server);
  CHECK_CODE(brs_client_drain(client, 20000), BRS_OK);
  for (int i = 0; i < 4; i++) CHECK_CODE(seen[i].code, BRS_OK);
  end(4);
}

TEST(a_client_is_freed_while_they_wait) {
  BEGIN("limit.streams", "1");
  open_streams(0, 4);
  CHECK(server_wait_requests(&server, 1));
  brs_client_free(client);
  client = NULL;
  for (int i = 0; i < 4; i++) CHECK_CODE(seen[i].code, BRS_E_CANCELLED);
  end(4);
}

/* One in a second, and three at once. Not where threads have a share each. */
TEST(so_many_requests_in_a_minute) {
  if (check_style_is("threads")) return;
  BEGIN("limit.requests_per_minute", "60");
  server_release(&server);
  int64_t start = now_ms();
  open_streams(0, 5);
  for (int i = 0; i < 5; i++) {
    CHECK(seen_wait(&seen[i]));
    CHECK_CODE(seen[i].code, BRS_OK);
  }
  CHECK(now_ms() - start >= 1900);
  CHECK_NUMBER(seen[2].queued_us, 0);
  CHECK(seen[3].queued_us >= 900000 && seen[4].queued_us >= 1900000);
  end(5);
}

/* The request's estimate is corrected by its answer, so the second one need not wait for what the first reserved. */
TEST(so_many_tokens_in_a_minute) {
  if (check_style_is("threads")) return;
  BEGIN("limit.tokens_per_minute", "6000", "limit.queue_ms", "5000");
  static const char *const body = "{\"inferenceConfig\":{\"maxTokens\":5000},\"messages\":[]}";
  brs_request request = request_of(body);
  brs_callbacks callbacks = seen_callbacks(&seen[0]), others = seen_callbacks(&seen[1]);
  CHECK_CODE(brs_stream_open(client, &request, &callbacks, &streams[0], NULL), BRS_OK);
  CHECK(server_wait_requests(&server, 1));
  CHECK_CODE(brs_stream_open(client, &request, &others, &streams[1], NULL), BRS_OK);
  sleep_ms(200);
  CHECK_NUMBER(server_requests(&server), 1);
  server_release(&server);
  int64_t start = now_ms();
  CHECK(seen_wait(&seen[1]));
  CHECK_CODE(seen[1].code, BRS_OK);
  CHECK(seen[1].queued_us >= 200000 && now_ms() - start < 4000);
  end(2);
}

/* Each loop has a share; two streams over four loops leave work for two. */
TEST(loops_share_limits) {
  BEGIN("limit.streams", "2", "io.threads", "4");
  open_streams(0, STREAMS);
  CHECK(server_wait_requests(&server, 2));
  sleep_ms(100);
  CHECK_NUMBER(server_requests(&server), 2);
  server_release(&server);
  for (int i = 0; i < STREAMS; i++) {
    CHECK(seen_wait(&seen[i]));
    CHECK_CODE(seen[i].code, BRS_OK);
  }
  end(STREAMS);
}

TEST(limits_are_the_clients) {
  BEGIN("limit.streams", "1");
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, "limit.streams", "5");
  brs_request request = request_of(BODY);
  request.config = config;
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_stream *stream = NULL;
  CHECK_CODE(brs_stream_open(client, &request, NULL, &stream, &diagnostic), BRS_E_CONFIG);
  CHECK(strstr(diagnostic.message, "limit.streams"));
  brs_config_free(config);
  end(0);
}
