/*
 * identity: a host that says who asks. The library asks for credentials when the first stream needs them, and again
 * before they expire; this program takes its time on a thread of its own, and prints what the library logs.
 *
 *     identity [ENDPOINT-URL]
 *
 * HOST_KEY_ID and HOST_SECRET stand for wherever a program has its keys from; without them the next source is asked,
 * as the environment or a profile. Exit status: 0 for a complete answer, else 1.
 */
#include <bedrockstream.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void print_line(void *user, brs_log_level level, const char *message, size_t len) {
  static const char *const names[] = {"", "error", "warning", "info", "debug"};
  (void)user, (void)len;
  fprintf(stderr, "%s: %s\n", names[level], message);
}

/* May wait: streams that need the answer wait with it, others go on. */
static void *answer(void *context) {
  brs_question *question = context;
  brs_diagnostic why = {.size = sizeof why};
  brs_answer keys = {.size = sizeof keys};
  keys.access_key_id = getenv("HOST_KEY_ID");
  keys.secret_access_key = getenv("HOST_SECRET");
  keys.expires_s = (int64_t)time(NULL) + 3600;
  if (brs_question_answer(question, &keys, &why) != BRS_OK) brs_question_fail(question, why.message);
  return NULL;
}

/* On the client's thread, which must not wait. */
static void ask(void *user, brs_question_kind kind, const char *detail, brs_question *question) {
  pthread_t thread;
  (void)user, (void)kind, (void)detail;
  if (pthread_create(&thread, NULL, answer, question) == 0) pthread_detach(thread);
  else brs_question_fail(question, "there are too many threads");
}

static int run(brs_stream *stream) {
  const brs_event *event = NULL;
  while (brs_stream_next(stream, -1, &event) == BRS_OK) {
    if (event->kind == BRS_EVENT_DELTA && event->delta != NULL && event->delta->kind == BRS_DELTA_TEXT)
      fwrite(event->delta->text, 1, event->delta->text_len, stdout);
    if (event->kind == BRS_EVENT_STOP) return putchar('\n') == EOF;
    if (event->kind == BRS_EVENT_ERROR) break;
  }
  return 1;
}

int main(int argc, char **argv) {
  brs_diagnostic why = {.size = sizeof why};
  brs_identity identity = {.size = sizeof identity};
  brs_request request = {.size = sizeof request, .operation = BRS_CONVERSE_STREAM, .model_id = "amazon.nova-lite-v1:0"};
  brs_config *config = NULL;
  brs_client *client = NULL;
  brs_stream *stream = NULL;
  int status = 1;

  request.prompt = "Name three rivers.";
  if (brs_config_new(&config) == BRS_OK
      && (argc < 2 || brs_config_set(config, "endpoint_url", argv[1], &why) == BRS_OK)
      && brs_config_on_question(config, BRS_ASK_CREDENTIALS, ask, NULL) == BRS_OK
      && brs_config_on_log(config, BRS_LOG_INFO, print_line, NULL) == BRS_OK
      && brs_client_new(config, &client, &why) == BRS_OK
      && brs_client_identify(client, -1, &identity, &why) == BRS_OK
      && printf("[%s from %s]\n", identity.access_key_id, identity.source) > 0
      && brs_stream_open(client, &request, NULL, &stream, &why) == BRS_OK)
    status = run(stream);
  else
    fprintf(stderr, "identity: %s\n", why.message);

  brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  return status;
}
