/*
 * libuv: several questions at once in a loop of libuv's, on one thread: the client has none of its own.
 *
 *     libuv MODEL PROMPT...
 *
 * Pieces of the answers are printed as they come; "[2]" says that what follows belongs to the second one. A timer of
 * the program's own ticks meanwhile, and the last line says how late its latest tick was. Region, credentials and
 * endpoint come from the environment. Ctrl-C ends all answers. Exit status: 0 where all are complete, 130 after Ctrl-C,
 * else 1.
 */
#define _GNU_SOURCE
#include <bedrockstream.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { TICK_MS = 20 };

struct question {
  int number;
  brs_stream *stream;
};

static brs_client *client;
static struct question *questions;
static int question_count, open_count, failed_count, is_interrupted, last_shown;
static uv_poll_t readable;
static uv_timer_t timer;
static uv_signal_t interrupt;
static uint64_t last_tick_ms, tick_count, latest_ms;

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

/* When the last answer has ended nothing keeps the loop running any more. */
static void one_ended(void) {
  if (--open_count > 0) return;
  uv_close((uv_handle_t *)&readable, NULL);
  uv_close((uv_handle_t *)&timer, NULL);
  uv_close((uv_handle_t *)&interrupt, NULL);
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

/* Level-triggered: where there is more to do than one call does, libuv comes back. */
static void on_readable(uv_poll_t *handle, int status, int events) {
  (void)handle, (void)status, (void)events;
  brs_client_dispatch(client);
}

static void on_tick(uv_timer_t *handle) {
  uint64_t now_ms = uv_hrtime() / 1000000, late_ms = now_ms - last_tick_ms - TICK_MS;
  (void)handle;
  if (now_ms > last_tick_ms + TICK_MS && late_ms > latest_ms) latest_ms = late_ms;
  last_tick_ms = now_ms;
  tick_count++;
}

/* Each stream's on_error follows, in the loop. */
static void on_interrupt(uv_signal_t *handle, int number) {
  (void)handle, (void)number;
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

static void watch(uv_loop_t *loop) {
  int32_t fd = -1;
  brs_client_fd(client, &fd);
  uv_poll_init(loop, &readable, fd);
  uv_poll_start(&readable, UV_READABLE, on_readable);
  uv_timer_init(loop, &timer);
  uv_timer_start(&timer, on_tick, TICK_MS, TICK_MS);
  uv_signal_init(loop, &interrupt);
  uv_signal_start(&interrupt, on_interrupt, SIGINT);
  last_tick_ms = uv_hrtime() / 1000000;
}

static int run(const char *model, char **prompts) {
  uv_loop_t *loop = uv_default_loop();
  for (int i = 0; i < question_count; i++) {
    questions[i].number = i + 1;
    ask(&questions[i], model, prompts[i]);
  }
  if (open_count > 0) {
    watch(loop);
    uv_run(loop, UV_RUN_DEFAULT);
    printf("\n[%llu ticks, the latest %llu ms late]\n", (unsigned long long)tick_count, (unsigned long long)latest_ms);
  }
  for (int i = 0; i < question_count; i++) brs_stream_free(questions[i].stream); /* NULL does nothing */
  brs_client_free(client); /* its descriptor is out of the loop since uv_close */
  uv_loop_close(loop);
  return is_interrupted ? 130 : failed_count > 0;
}

int main(int argc, char **argv) {
  brs_diagnostic why = {.size = sizeof why};
  int status = 1;
  if (argc < 3) return fprintf(stderr, "usage: libuv MODEL PROMPT...\n"), 1;
  question_count = argc - 2;
  questions = calloc((size_t)question_count, sizeof *questions);
  if (questions == NULL || open_client(&why) != BRS_OK) fprintf(stderr, "libuv: %s\n", why.message);
  else status = run(argv[1], argv + 2);
  free(questions);
  return status;
}
