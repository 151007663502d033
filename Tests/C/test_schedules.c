/* Random faults of the server and random deeds of the caller at once, each from a seed that a failure names. */
#include "support.h"
#include <stdlib.h>
#include <unistd.h>

static struct fixture fixture;

struct random {
  uint32_t state;
};

static uint32_t below(struct random *random, uint32_t bound) {
  random->state ^= random->state << 13;
  random->state ^= random->state >> 17;
  random->state ^= random->state << 5;
  return random->state % bound;
}

/* What one caller does in its callbacks. */
struct schedule {
  struct random random;
  int deed_at; /* at this callback */
  int deed;    /* 0 nothing, 1 cancel, 2 free, 3 return cancel, 4 pause each time */
  int callbacks;
  int has_freed;
};

static brs_flow follow(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  struct schedule *schedule = seen->context;
  if (kind == SEEN_STOP || kind == SEEN_ERROR) return BRS_FLOW_CONTINUE;
  int is_now = schedule->callbacks++ == schedule->deed_at;
  if (schedule->deed == 4) return below(&schedule->random, 3) == 0 ? BRS_FLOW_PAUSE : BRS_FLOW_CONTINUE;
  if (!is_now) return BRS_FLOW_CONTINUE;
  if (schedule->deed == 1) brs_stream_cancel(stream);
  if (schedule->deed == 2) {
    __atomic_store_n(&schedule->has_freed, 1, __ATOMIC_RELEASE);
    brs_stream_free(stream);
  }
  return schedule->deed == 3 ? BRS_FLOW_CANCEL : BRS_FLOW_CONTINUE;
}

static struct bytes answer;
static size_t whole_length;

/* Runs under the server's mutex, for each request. The request's body says its seed. */
static struct reply choose(struct server *server, const char *request) {
  const char *seed = strstr(request, "seed ");
  struct random random = {seed ? (uint32_t)strtoul(seed + 5, NULL, 10) * 2654435761u | 1 : 1};
  struct reply reply = stream_reply(answer.data, answer.len);
  (void)server;
  reply.len = below(&random, 2) ? whole_length : below(&random, (uint32_t)answer.len + 1);
  reply.framing = (enum framing)below(&random, 3);
  reply.is_cut = reply.framing != FRAMING_CLOSE && below(&random, 4) == 0;
  reply.piece = below(&random, 2) ? 1 + below(&random, 300) : 0;
  reply.piece_us = below(&random, 4) == 0 ? (int)below(&random, 300) : 0;
  reply.drops = below(&random, 20) == 0;
  reply.closes = below(&random, 5) == 0;
  if (below(&random, 8) == 0) reply.status = 503, reply.content_type = "text/html";
  return reply;
}

static void live(uint32_t seed) {
  struct random random = {seed * 40503u | 1};
  struct schedule schedule = {.random = {seed | 1}, .deed_at = (int)below(&random, 12), .deed = (int)below(&random, 5)};
  struct seen seen;
  char body[128];
  seen_init(&seen);
  seen.hook = follow;
  seen.context = &schedule;
  snprintf(body, sizeof body, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"seed %u \"}]}]}", seed);
  brs_request request = request_of(body);
  brs_callbacks callbacks = below(&random, 2) ? seen_all_callbacks(&seen) : seen_callbacks(&seen);
  brs_stream *stream = NULL;
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  CHECK_CODE(brs_stream_open(fixture.client, &request, &callbacks, &stream, &diagnostic), BRS_OK);
  int frees_early = schedule.deed != 2 && below(&random, 4) == 0;
  if (frees_early) {
    for (volatile uint32_t spin = below(&random, 200000); spin > 0; spin--) {}
  } else if (schedule.deed == 4) {
    /* With a sleep: valgrind runs one thread at a time and lets a busy one go on. */
    for (int64_t end = now_ms() + 30000; seen_terminals(&seen) == 0 && now_ms() < end; usleep(50))
      brs_stream_resume(stream);
  } else if (!seen_wait(&seen)) {
    check_failed(__FILE__, __LINE__, "seed %u: no terminal callback", seed);
  }
  /* Inside brs_stream_free of a callback the terminal callback runs first; the handle is gone only after that. */
  if (!__atomic_load_n(&schedule.has_freed, __ATOMIC_ACQUIRE)) brs_stream_free(stream);
  while (seen_running(&seen) > 0) sleep_ms(1);
  if (seen_terminals(&seen) != 1 || seen.after_end != 0 || seen.concurrent != 0 || seen.is_wrong != 0)
    check_failed(__FILE__, __LINE__, "seed %u: %d terminal callbacks, %d after the end, %d at once, %d wrong", seed,
                 seen_terminals(&seen), seen.after_end, seen.concurrent, seen.is_wrong);
  if (seen.stops == 1 && strcmp(seen.result_text, "word 0 word 1 word 2 word 3 word 4 ") != 0)
    check_failed(__FILE__, __LINE__, "seed %u: success with \"%s\"", seed, seen.result_text);
  seen_free(&seen);
}

struct range {
  uint32_t from, to;
};

static void *live_range(void *context) {
  struct range *range = context;
  for (uint32_t seed = range->from; seed < range->to; seed++) live(seed);
  return NULL;
}

TEST(faults_and_deeds) {
  enum { THREADS = 6 };
  uint32_t each = check_is_slow() ? 40 : 400;
  pthread_t threads[THREADS];
  struct range ranges[THREADS];
  answer = (struct bytes){0};
  answer_add(&answer, 5);
  whole_length = answer.len;
  exception_add(&answer, "throttlingException", "{\"message\":\"late\"}");
  fixture_begin(&fixture, NULL, NULL);
  fixture.server.choose = choose;
  for (uint32_t i = 0; i < THREADS; i++) {
    ranges[i] = (struct range){1 + i * each, 1 + (i + 1) * each};
    pthread_create(&threads[i], NULL, live_range, &ranges[i]);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(server_requests(&fixture.server) > 0);
  fixture_end(&fixture);
  bytes_free(&answer);
}
