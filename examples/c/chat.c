/*
 * chat: asks a model one thing and prints the answer as it arrives.
 *
 *     chat [--endpoint URL] [--model ID] [--region REGION] [--route converse|invoke] PROMPT
 *
 * Credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN).
 * Ctrl-C ends the answer early. Exit status: 0 for a complete answer, 130 for one that was cancelled, else 1.
 */
#define _POSIX_C_SOURCE 200809L
#include <bedrockstream.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int notes[2]; /* a pipe to main: 'i' says that Ctrl-C was pressed, 'e' that the stream has ended */
static int status = 1;

static void note(char what) { if (write(notes[1], &what, 1) != 1) _exit(1); }
static void on_interrupt(int number) { (void)number; note('i'); } /* write() is about all that a handler may do */

/* Each piece of the answer. Runs on the client's thread; the piece lives until this returns. */
static brs_flow on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  (void)user, (void)stream;
  if (delta->kind == BRS_DELTA_TEXT) fwrite(delta->text, 1, delta->text_len, stdout), fflush(stdout);
  return BRS_FLOW_CONTINUE;
}

/* One of the next two runs, once, and is the last callback of the stream. */
static void on_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)user, (void)stream;
  printf("\n\n[%s; %lld tokens in, %lld out; first token after %.1f ms, all after %.1f ms]\n", result->stop_reason_text,
         (long long)result->usage.input_tokens, (long long)result->usage.output_tokens,
         (double)result->timings.first_delta_us / 1000, (double)result->timings.total_us / 1000);
  status = 0;
  note('e');
}

static void on_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)user, (void)stream;
  fprintf(stderr, "\n[%s: %s", error->name, error->message);
  if (error->request_id_len > 0) fprintf(stderr, "; request %s", error->request_id);
  fprintf(stderr, "; %llu pieces had come]\n", (unsigned long long)error->delivered);
  status = error->code == BRS_E_CANCELLED ? 130 : 1;
  note('e');
}

/* Writes `text` as the inside of a JSON string. Returns where it ended. */
static char *escape(char *to, const char *text) {
  for (; *text != '\0'; text++) {
    if ((unsigned char)*text < 0x20) to += sprintf(to, "\\u%04x", (unsigned)*text);
    else if (*text == '"' || *text == '\\') *to++ = '\\', *to++ = *text;
    else *to++ = *text;
  }
  *to = '\0';
  return to;
}

/* The request: ConverseStream has one format for every model, the invoke route takes the model's own, here Claude's. */
static char *make_body(brs_operation operation, const char *prompt) {
  const char *head = operation == BRS_CONVERSE_STREAM
    ? "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\""
    : "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":1024,"
      "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"";
  char *body = malloc(strlen(head) + 6 * strlen(prompt) + 8); /* a character becomes at most \u0000 */
  if (body != NULL) strcpy(escape(body + sprintf(body, "%s", head), prompt), "\"}]}]}");
  return body;
}

static void complain(const char *what, const brs_diagnostic *why) {
  fprintf(stderr, "chat: %s: %s (%s)\n", what, why->message, brs_code_name(why->code));
}

/* Puts the options where they belong and returns the prompt; NULL after a complaint. */
static const char *read_arguments(int argc, char **argv, brs_config *config, brs_request *request) {
  brs_diagnostic why = {.size = sizeof why};
  const char *prompt = NULL;
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "", *key = NULL;
    if (strncmp(argv[i], "--", 2) != 0) { prompt = argv[i]; continue; }
    if (strcmp(argv[i], "--endpoint") == 0) key = "endpoint_url";
    else if (strcmp(argv[i], "--region") == 0) key = "region";
    else if (strcmp(argv[i], "--model") == 0) request->model_id = value;
    else if (strcmp(argv[i], "--route") != 0) { prompt = NULL; break; }
    else if (strcmp(value, "invoke") == 0) request->operation = BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM;
    if (key != NULL && brs_config_set(config, key, value, &why) != BRS_OK) return complain(argv[i], &why), NULL;
    i++;
  }
  if (prompt == NULL)
    fprintf(stderr, "usage: chat [--endpoint URL] [--model ID] [--region REGION] [--route converse|invoke] PROMPT\n");
  return prompt;
}

int main(int argc, char **argv) {
  brs_diagnostic why = {.size = sizeof why};
  brs_callbacks callbacks = {.size = sizeof callbacks, .on_delta = on_delta, .on_stop = on_stop, .on_error = on_error};
  brs_request request = {.size = sizeof request, .operation = BRS_CONVERSE_STREAM, .model_id = "amazon.nova-lite-v1:0"};
  struct sigaction interrupt = {.sa_handler = on_interrupt};
  brs_config *config = NULL; /* freeing NULL does nothing */
  brs_client *client = NULL;
  brs_stream *stream = NULL;
  char *body = NULL;
  const char *prompt = brs_config_new(&config) == BRS_OK ? read_arguments(argc, argv, config, &request) : NULL;
  if (prompt != NULL) body = make_body(request.operation, prompt);
  if (body != NULL && pipe(notes) == 0 && sigaction(SIGINT, &interrupt, NULL) == 0) {
    request.body = body, request.body_len = strlen(body);
    if (brs_client_new(config, &client, &why) != BRS_OK) complain("client", &why);
    else if (brs_stream_open(client, &request, &callbacks, &stream, &why) != BRS_OK) complain("request", &why);
    else for (char what = 0; what != 'e';) /* a signal may interrupt read(); then there is a note to read */
      if (read(notes[0], &what, 1) == 1 && what == 'i') brs_stream_cancel(stream);
  }

  brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  free(body);
  return status;
}
