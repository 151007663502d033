/*
 * batch: the same question streamed or answered in one piece, through the same callbacks.
 *
 *     batch [--stream] [--endpoint URL] [--model ID] PROMPT
 *
 * Region and credentials come from the environment. Exit status: 0 for a complete answer, else 1.
 */
#include <bedrockstream.h>
#include <stdio.h>
#include <string.h>

static int status = 1;

/* A piece of the answer: a few words of a stream, or a whole block. */
static brs_flow on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  int *pieces = user;
  (void)stream;
  ++*pieces;
  if (delta->kind == BRS_DELTA_TEXT) fwrite(delta->text, 1, delta->text_len, stdout), fflush(stdout);
  return BRS_FLOW_CONTINUE;
}

static void on_stop(void *user, brs_stream *stream, const brs_result *result) {
  int *pieces = user;
  (void)stream;
  printf("\n[%s; %d pieces; %lld tokens out]\n", result->stop_reason_text, *pieces,
         (long long)result->usage.output_tokens);
  status = 0;
}

static void on_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)user, (void)stream;
  fprintf(stderr, "\n[%s: %s]\n", error->name, error->message);
}

int main(int argc, char **argv) {
  int pieces = 0;
  brs_diagnostic why = {.size = sizeof why};
  brs_callbacks callbacks = {.size = sizeof callbacks, .user = &pieces, .on_delta = on_delta, .on_stop = on_stop,
                             .on_error = on_error};
  /* Converse answers whole; ConverseStream would stream. The library writes the body from the prompt. */
  brs_request request = {.size = sizeof request, .operation = BRS_CONVERSE, .model_id = "amazon.nova-lite-v1:0",
                         .system = "Answer in one paragraph.", .max_tokens = 500};
  brs_config *config = NULL;
  brs_client *client = NULL;
  brs_stream *stream = NULL;
  brs_code code = brs_config_new(&config);
  for (int i = 1; i < argc && code == BRS_OK; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(argv[i], "--stream") == 0) request.operation = BRS_CONVERSE_STREAM;
    else if (strcmp(argv[i], "--model") == 0) request.model_id = value, i++;
    else if (strcmp(argv[i], "--endpoint") == 0) code = brs_config_set(config, "endpoint_url", value, &why), i++;
    else request.prompt = argv[i];
  }
  if (code == BRS_OK) code = brs_client_new(config, &client, &why);
  if (code == BRS_OK) code = brs_stream_open(client, &request, &callbacks, &stream, &why);
  if (code == BRS_OK) brs_client_drain(client, -1); /* waits for the end of every stream */
  else fprintf(stderr, "batch: %s\n", why.message);
  brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  return status;
}
