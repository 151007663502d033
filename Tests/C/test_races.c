/* Everything that several threads may do to a client and its streams at once, done at once: each stream ends once, and
   nothing hangs. What is wrong beside that, memory checkers and ThreadSanitizer see. */
#include "support.h"
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { CALLERS = 8, KEPT = 6, SECONDS = 2 };

static struct server server;
static struct bytes answer;
static brs_client *client;
static int64_t limit_ms;
static atomic_int is_reading, is_over, opened, ended;

/* A stream that brs_client_next reads, known to all threads. It is freed when nobody fetches and nobody acts on it. */
struct shared {
  pthread_rwlock_t lock;
  brs_stream *stream; /* NULL for none */
  int ends;
};

static struct shared all[CALLERS * KEPT];
/* Streams are freed while nobody is in brs_client_next. */
static pthread_rwlock_t fetching = PTHREAD_RWLOCK_INITIALIZER;

static void begin(const char *threads) {
  environment_clean();
  environment_credentials();
  server_start(&server);
  answer_add(&answer, 40);
  struct reply reply = stream_reply(answer.data, answer.len);
  reply.piece = 700;
  reply.piece_us = 300;
  server_reply(&server, reply);
  brs_config *config = config_for(&server);
  config_put(config, "delivery.queue", "client");
  config_put(config, "delivery.queue_bytes", "4096");
  config_put(config, "io.threads", threads);
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_config_free(config);
  memset(all, 0, sizeof all);
  for (int i = 0; i < CALLERS * KEPT; i++) pthread_rwlock_init(&all[i].lock, NULL);
  is_reading = is_over = opened = ended = 0;
  limit_ms = now_ms() + SECONDS * 1000;
}

static void open_one(struct shared *at) {
  brs_request request = request_of("{}");
  request.user = at;
  at->ends = 0;
  if (brs_stream_open(client, &request, NULL, &at->stream, NULL) == BRS_OK) opened++;
}

static void free_one(struct shared *at) {
  pthread_rwlock_wrlock(&fetching);
  pthread_rwlock_wrlock(&at->lock);
  if (at->stream != NULL) {
    brs_stream_free(at->stream);
    CHECK(at->ends <= 1);
    at->stream = NULL;
  }
  open_one(at);
  pthread_rwlock_unlock(&at->lock);
  pthread_rwlock_unlock(&fetching);
}

/* A stream with callbacks, which lives as long as this. */
static void open_with_callbacks(unsigned number) {
  struct seen seen;
  seen_init(&seen);
  brs_stream *stream = stream_open(client, &seen);
  if (number % 3 == 0) CHECK_CODE(brs_stream_cancel(stream), BRS_OK);
  if (number % 3 == 1) CHECK_CODE(brs_stream_detach(stream), BRS_OK);
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&seen);
  seen_free(&seen);
}

static void act_on(struct shared *at, unsigned deed) {
  pthread_rwlock_rdlock(&at->lock);
  if (at->stream != NULL) {
    switch (deed) {
      case 0: CHECK_CODE(brs_stream_cancel(at->stream), BRS_OK); break;
      case 1: CHECK_CODE(brs_stream_detach(at->stream), BRS_OK); break;
      case 2:
      case 3: CHECK_CODE(brs_stream_pause(at->stream), BRS_OK); break;
      default: CHECK_CODE(brs_stream_resume(at->stream), BRS_OK);
    }
  }
  pthread_rwlock_unlock(&at->lock);
}

static void *mix(void *context) {
  unsigned seed = 1 + (unsigned)(size_t)context, turn = 0;
  while (now_ms() < limit_ms) {
    struct shared *at = &all[(unsigned)rand_r(&seed) % (CALLERS * KEPT)];
    unsigned deed = (unsigned)rand_r(&seed) % 12;
    if (deed == 11) open_with_callbacks(++turn);
    else if (deed == 10) CHECK_CODE(brs_client_warm(client, (uint32_t)rand_r(&seed) % 5), BRS_OK);
    else if (deed >= 8) free_one(at);
    else act_on(at, deed);
  }
  return NULL;
}

/* Fetches until all is over and nothing has come for a while. */
static void *fetch(void *unused) {
  brs_ready ready[64];
  size_t count = 0;
  (void)unused;
  for (;;) {
    pthread_rwlock_rdlock(&fetching);
    brs_code code = brs_client_next(client, ready, 64, 5, &count);
    CHECK(code == BRS_OK || code == BRS_E_TIMEOUT);
    for (size_t i = 0; i < count; i++) {
      struct shared *at = ready[i].user;
      int is_end = ready[i].event->kind == BRS_EVENT_STOP || ready[i].event->kind == BRS_EVENT_ERROR;
      CHECK(ready[i].stream == at->stream && at->ends == 0);
      at->ends += is_end;
      ended += is_end;
    }
    pthread_rwlock_unlock(&fetching);
    if (is_over && code == BRS_E_TIMEOUT) return NULL;
    usleep(100); /* for those who want to free */
  }
}

/* A host's loop beside those who turn it while they wait. */
static void *dispatch(void *context) {
  int fd = *(int *)context;
  struct pollfd set = {fd, POLLIN, 0};
  while (!is_over) {
    if (poll(&set, 1, 20) <= 0) continue;
    brs_code code = brs_client_dispatch(client);
    CHECK(code == BRS_OK || code == BRS_E_STATE);
    if (code == BRS_E_STATE) usleep(200);
  }
  return NULL;
}

static void mix_all(const char *threads) {
  pthread_t callers[CALLERS], fetcher, hosts[2];
  int fd = -1;
  begin(threads);
  int is_hosted = brs_client_fd(client, &fd) == BRS_OK;
  pthread_create(&fetcher, NULL, fetch, NULL);
  for (int i = 0; is_hosted && i < 2; i++) pthread_create(&hosts[i], NULL, dispatch, &fd);
  for (int i = 0; i < CALLERS; i++) pthread_create(&callers[i], NULL, mix, (void *)(size_t)i);
  for (int i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
  /* What is paused would hold its end back. */
  for (int i = 0; i < CALLERS * KEPT; i++) act_on(&all[i], 4);
  brs_code code = brs_client_drain(client, 100);
  CHECK(code == BRS_OK || code == BRS_E_TIMEOUT);
  is_over = 1;
  pthread_join(fetcher, NULL);
  for (int i = 0; is_hosted && i < 2; i++) pthread_join(hosts[i], NULL);
  for (int i = 0; i < CALLERS * KEPT; i++) {
    if (all[i].stream != NULL) CHECK_NUMBER(all[i].ends, 1);
    if (i % 2 == 0) brs_stream_free(all[i].stream);
  }
  brs_client_free(client);
  for (int i = 1; i < CALLERS * KEPT; i += 2) brs_stream_free(all[i].stream);
  CHECK(opened > CALLERS && ended > 0);
  server_stop(&server);
  bytes_free(&answer);
}

TEST(everything_at_once_without_a_thread) { mix_all("0"); }
TEST(everything_at_once_with_one_thread) { mix_all("1"); }
TEST(everything_at_once_with_four_threads) { mix_all("4"); }
