/*
 * pull: the same question as chat, asked without callbacks. The program fetches one event after the other and may do
 * something else in between; what it does not fetch holds the server back and costs no memory.
 *
 *     pull [ENDPOINT-URL [PROMPT-AS-JSON-STRING]]
 *
 * Region and credentials come from the environment. Exit status: 0 for a complete answer, else 1.
 */
#include <bedrockstream.h>
#include <stdio.h>
#include <string.h>

/* What one event means to this program. Returns 1 when it was the last one. */
static int show(const brs_event *event, int *status) {
  switch (event->kind) {
  case BRS_EVENT_DELTA: /* a piece of the answer; `delta` is NULL where its place in the answer is not known */
    if (event->delta != NULL && event->delta->kind == BRS_DELTA_TEXT) {
      fwrite(event->delta->text, 1, event->delta->text_len, stdout);
      fflush(stdout);
    }
    return 0;
  case BRS_EVENT_STOP: /* the answer is complete */
    printf("\n[%s, %lld tokens out]\n", event->result->stop_reason_text, (long long)event->result->usage.output_tokens);
    *status = 0;
    return 1;
  case BRS_EVENT_ERROR: /* any other end, and what there is of the answer */
    fprintf(stderr, "\n[%s: %s; %lu bytes of text had come]\n", event->error->name, event->error->message,
            (unsigned long)event->error->partial->text_len);
    return 1;
  default: /* everything else the service sends, as JSON; new kinds of events arrive here too */
    fprintf(stderr, "(%s %.*s)\n", event->type, (int)(event->json_len < 100 ? event->json_len : 100), event->json);
    return 0;
  }
}

/* Fetches events until the last one. Each lives until the next call. */
static int run(brs_stream *stream) {
  int status = 1;
  for (;;) {
    const brs_event *event = NULL;
    brs_code code = brs_stream_next(stream, 1000, &event);
    if (code == BRS_E_TIMEOUT) {
      fputs("(still waiting)\n", stderr);
    } else if (code != BRS_OK) {
      fprintf(stderr, "pull: %s\n", brs_code_name(code));
      return 1;
    } else if (show(event, &status)) {
      return status;
    }
  }
}

int main(int argc, char **argv) {
  brs_diagnostic why = {.size = sizeof why};
  brs_request request = {.size = sizeof request, .operation = BRS_CONVERSE_STREAM, .model_id = "amazon.nova-lite-v1:0"};
  brs_config *config = NULL;
  brs_client *client = NULL;
  brs_stream *stream = NULL;
  char body[4096];
  int length, status = 1;

  length = snprintf(body, sizeof body, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":%s}]}]}",
                    argc > 2 ? argv[2] : "\"Name three rivers.\"");
  if (length < 0 || (size_t)length >= sizeof body) return 1;
  request.body = body;
  request.body_len = (size_t)length;

  /* Every failure below leaves its reason in `why`; freeing NULL does nothing. */
  if (brs_config_new(&config) == BRS_OK
      && (argc < 2 || brs_config_set(config, "endpoint_url", argv[1], &why) == BRS_OK)
      && brs_client_new(config, &client, &why) == BRS_OK
      && brs_stream_open(client, &request, NULL, &stream, &why) == BRS_OK)
    status = run(stream);
  else
    fprintf(stderr, "pull: %s\n", why.message);

  brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  return status;
}
