/*
 * libevent: several questions at once in a loop of libevent's, on one thread: the client has none of its own.
 *
 *     libevent MODEL PROMPT...
 *
 * Pieces of the answers are printed as they come; "[2]" says that what follows belongs to the second one. A timer of
 * the program's own ticks meanwhile, and the last line says how late its latest tick was. Region, credentials and
 * endpoint come from the environment. Ctrl-C ends all answers. Exit status: 0 where all are complete, 130 after Ctrl-C,
 * else 1.
 */
#define _GNU_SOURCE
#include <bedrockstream.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TICK_MS = 20 };

struct question {
  int number;
  brs_stream *stream;
};

static brs_client *client;
static struct question *questions;
static int question_count, open_count, failed_count, is_interrupted, last_shown;
static struct event_base *base;
static int64_t last_tick_ms, tick_count, latest_ms;

/* All callbacks run inside brs_client_dispatch, on this thread: nothing here has to be locked. */
static void show(const struct question *question, const char *text, size_t len) {
  if (last_shown != question->number) printf("\n[%d] ", question->number);
  last_shown = question->number;
  fwrite(text, 1, len, stdout);
  fflush(stdout);
}

static brs_flow on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  (void)stream;
  if (delta->kind == BRS_DELTA_TEXT) show(user, delta->text, delta->text_len);
  return BRS_FLOW_CONTINUE;
}

static void one_ended(void) {
  if (--open_count == 0) event_base_loopbreak(base);
}

static void on_stop(void *user, brs_stream *stream, const brs_result *result) {
  char text[64];
  int len = snprintf(text, sizeof text, " [end: %lld tokens]", (long long)result->usage.output_tokens);
  (void)stream;
  show(user, text, (size_t)len);
  one_ended();
}

static void on_error(void *user, brs_stream *stream, const brs_error *error) {
  const struct question *question = user;
  (void)stream;
  failed_count++;
  fprintf(stderr, "[%d] %s after %llu pieces: %s\n", question->number, error->name,
          (unsigned long long)error->delivered, error->message);
  one_ended();
}

/* Level-triggered: where there is more to do than one call does, libevent comes back. */
static void on_readable(evutil_socket_t fd, short events, void *user) {
  (void)fd, (void)events, (void)user;
  brs_client_dispatch(client);
}

static int64_t clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_tick(evutil_socket_t fd, short events, void *user) {
  int64_t now_ms = clock_ms(), late_ms = now_ms - last_tick_ms - TICK_MS;
  (void)fd, (void)events, (void)user;
  if (late_ms > latest_ms) latest_ms = late_ms;
  last_tick_ms = now_ms;
  tick_count++;
}

/* Each stream's on_error follows, in the loop. */
static void on_interrupt(evutil_socket_t number, short events, void *user) {
  (void)number, (void)events, (void)user;
  is_interrupted = 1;
  for (int i = 0; i < question_count; i++) brs_stream_cancel(questions[i].stream);
}

static brs_code open_client(brs_diagnostic *why) {
  brs_config *config = NULL;
  brs_code code = brs_config_new(&config);
  if (code == BRS_OK) code = brs_config_set(config, "io.threads", "0", why);
  if (code == BRS_OK) code = brs_client_new(config, &client, why);
  brs_config_free(config);
  return code;
}

/* Returns at once; what becomes of a question comes by its callbacks. */
static void ask(struct question *question, const char *model, const char *prompt) {
  brs_callbacks callbacks = {.size = sizeof callbacks, .user = question, .on_delta = on_delta, .on_stop = on_stop,
                             .on_error = on_error};
  brs_request request = {.size = sizeof request, .operation = BRS_CONVERSE_STREAM, .model_id = model, .prompt = prompt};
  brs_diagnostic why = {.size = sizeof why};
  if (brs_stream_open(client, &request, &callbacks, &question->stream, &why) == BRS_OK) {
    open_count++;
  } else {
    failed_count++;
    fprintf(stderr, "[%d] %s: %s\n", question->number, brs_code_name(why.code), why.message);
  }
}

/* Runs the loop until the last answer has ended. */
static void run_loop(void) {
  struct timeval tick = {.tv_usec = TICK_MS * 1000};
  struct event *readable, *timer, *interrupt;
  int32_t fd = -1;
  brs_client_fd(client, &fd);
  readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, NULL);
  timer = event_new(base, -1, EV_PERSIST, on_tick, NULL);
  interrupt = evsignal_new(base, SIGINT, on_interrupt, NULL);
  event_add(readable, NULL);
  event_add(timer, &tick);
  event_add(interrupt, NULL);
  last_tick_ms = clock_ms();
  event_base_dispatch(base);
  printf("\n[%lld ticks, the latest %lld ms late]\n", (long long)tick_count, (long long)latest_ms);
  event_free(interrupt);
  event_free(timer);
  event_free(readable); /* before brs_client_free, which closes the descriptor */
}

static int run(const char *model, char **prompts) {
  for (int i = 0; i < question_count; i++) {
    questions[i].number = i + 1;
    ask(&questions[i], model, prompts[i]);
  }
  if (open_count > 0) run_loop();
  for (int i = 0; i < question_count; i++) brs_stream_free(questions[i].stream); /* NULL does nothing */
  brs_client_free(client);
  return is_interrupted ? 130 : failed_count > 0;
}

int main(int argc, char **argv) {
  brs_diagnostic why = {.size = sizeof why};
  int status = 1;
  if (argc < 3) return fprintf(stderr, "usage: libevent MODEL PROMPT...\n"), 1;
  question_count = argc - 2;
  questions = calloc((size_t)question_count, sizeof *questions);
  base = event_base_new();
  if (questions == NULL || base == NULL || open_client(&why) != BRS_OK) fprintf(stderr, "libevent: %s\n", why.message);
  else status = run(argv[1], argv + 2);
  if (base != NULL) event_base_free(base);
  free(questions);
  libevent_global_shutdown();
  return status;
}
