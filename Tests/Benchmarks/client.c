/*
 * The library's side of the benchmarks.
 *
 *     client --workload b|t|c|d|m --url URL --model ID --route converse|invoke --streams K --repeat R
 *            [--style threaded|host|pull|batch] [--ca FILE] [--http 2] [--inflight N] [--warm CALLS] [--t0 NS]
 *     client --workload a --file CORPUS --route R --reps N [--piece BYTES] [--t0 NS]
 *     client --workload e --size BYTES --reps N [--t0 NS]
 *
 * a decodes frames in memory, b is one stream at full speed, t calls one after the other on a kept connection, c many
 * paced streams, d a cold start, e signs, m is t with a look at memory after --warm calls and at the end. Prints one
 * line of JSON.
 *
 * Styles: callbacks on the client's thread; callbacks in brs_client_dispatch, for which this program waits with poll,
 * without a thread; one stream at a time fetched with brs_stream_next; events of all streams fetched with
 * brs_client_next, of a client with as many threads as --threads says, 1 or 0 or more.
 */
#include "measure.h"
#include <bedrockstream.h>
#include <poll.h>
#include <pthread.h>

static struct measure *m;
static brs_client *client;
static brs_request request = {.size = sizeof request};

/* Guards how many streams wait for their first byte and how many have ended. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int waiting, ended;

struct slot {
  int number, calls, is_waiting;
};

static int is_style(const char *name) { return strcmp(m->style, name) == 0; }

static void fail(const char *what, const brs_diagnostic *why) {
  fprintf(stderr, "client: %s: %s\n", what, why->message);
  exit(1);
}

static void note(int waiting_less, int ended_more) {
  pthread_mutex_lock(&mutex);
  waiting -= waiting_less;
  ended += ended_more;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
}

static void open_next(struct slot *slot);

static brs_flow on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  struct slot *slot = user;
  (void)stream;
  measure_delta(m, slot->number, delta->text, delta->text_len);
  if (slot->is_waiting) {
    slot->is_waiting = 0;
    note(1, 0);
  }
  return BRS_FLOW_CONTINUE;
}

static void end_call(struct slot *slot, brs_stream *stream, int is_well) {
  measure_done(m, is_well);
  brs_stream_free(stream);
  if (++slot->calls < m->repeat) {
    open_next(slot);
  } else {
    note(slot->is_waiting, 1);
  }
}

static void on_stop(void *user, brs_stream *stream, const brs_result *result) {
  struct slot *slot = user;
  m->events++;
  end_call(slot, stream, result->delivered == m->deltas_of_call[slot->number]);
}

static void on_error(void *user, brs_stream *stream, const brs_error *error) {
  if (m->failed < 5) fprintf(stderr, "client: %s: %s\n", error->name, error->message);
  end_call(user, stream, 0);
}

static const brs_callbacks *callbacks_of(struct slot *slot) {
  static __thread brs_callbacks callbacks;
  callbacks = (brs_callbacks){
      .size = sizeof callbacks, .user = slot, .on_delta = on_delta, .on_stop = on_stop, .on_error = on_error};
  return &callbacks;
}

static void open_next(struct slot *slot) {
  brs_diagnostic why = {.size = sizeof why};
  brs_stream *stream = NULL;
  measure_call(m, slot->number);
  if (brs_stream_open(client, &request, callbacks_of(slot), &stream, &why) != BRS_OK) fail("brs_stream_open", &why);
}

/* ---- pulled */

static void take_event(const brs_event *event, int number) {
  if (event->delta != NULL) measure_delta(m, number, event->delta->text, event->delta->text_len);
  else m->events++;
}

static void tell_error(const brs_event *event) {
  if (event->error != NULL && m->failed < 5)
    fprintf(stderr, "client: %s: %s\n", event->error->name, event->error->message);
}

static void pull_call(void) {
  brs_diagnostic why = {.size = sizeof why};
  brs_stream *stream = NULL;
  const brs_event *event = NULL;
  int is_well = 0;
  measure_call(m, 0);
  if (brs_stream_open(client, &request, NULL, &stream, &why) != BRS_OK) fail("brs_stream_open", &why);
  while (brs_stream_next(stream, -1, &event) == BRS_OK) {
    take_event(event, 0);
    if (event->result != NULL) is_well = event->result->delivered == m->deltas_of_call[0];
    tell_error(event);
  }
  measure_done(m, is_well);
  brs_stream_free(stream);
}

static void batch_open(struct slot *slot) {
  brs_diagnostic why = {.size = sizeof why};
  brs_stream *stream = NULL;
  measure_call(m, slot->number);
  request.user = slot;
  if (brs_stream_open(client, &request, NULL, &stream, &why) != BRS_OK) fail("brs_stream_open", &why);
}

/* A stream is freed with its last event, which is not looked at behind that. */
static void batch_take(const brs_ready *ready) {
  struct slot *slot = ready->user;
  const brs_event *event = ready->event;
  take_event(event, slot->number);
  if (slot->is_waiting && event->delta != NULL) waiting -= slot->is_waiting, slot->is_waiting = 0;
  if (event->result == NULL && event->error == NULL) return;
  tell_error(event);
  measure_done(m, event->result != NULL && event->result->delivered == m->deltas_of_call[slot->number]);
  brs_stream_free(ready->stream);
  if (++slot->calls < m->repeat) return batch_open(slot);
  waiting -= slot->is_waiting;
  ended++;
}

static void run_batches(struct slot *slots) {
  brs_ready ready[256];
  size_t count = 0;
  for (int begun = 0; ended < m->streams;) {
    for (; begun < m->streams && waiting < m->inflight; begun++) {
      waiting++;
      slots[begun] = (struct slot){.number = begun, .is_waiting = 1};
      batch_open(&slots[begun]);
    }
    if (brs_client_next(client, ready, 256, -1, &count) != BRS_OK) exit(1);
    for (size_t i = 0; i < count; i++) batch_take(&ready[i]);
  }
}

/* ---- set-up */

static brs_operation operation(void) {
  return strcmp(m->route, "invoke") == 0 ? BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM : BRS_CONVERSE_STREAM;
}

static void set(brs_config *config, const char *key, const char *value) {
  brs_diagnostic why = {.size = sizeof why};
  if (value != NULL && brs_config_set(config, key, value, &why) != BRS_OK) fail(key, &why);
}

static void make_client(void) {
  brs_diagnostic why = {.size = sizeof why};
  brs_config *config = NULL;
  if (brs_config_new(&config) != BRS_OK) exit(1);
  set(config, "endpoint_url", m->url);
  set(config, "region", "us-east-1");
  set(config, "credentials.access_key_id", "AKIDEXAMPLE");
  set(config, "credentials.secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  set(config, "tls.ca_bundle", m->ca);
  set(config, "http.version", m->http);
  set(config, "io.threads", is_style("host") ? "0" : m->threads);
  if (is_style("batch")) set(config, "delivery.queue", "client");
  if (brs_client_new(config, &client, &why) != BRS_OK) fail("brs_client_new", &why);
  brs_config_free(config);
}

static void set_request(void) {
  static const char converse[] = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
  static const char invoke[] = "{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":100,"
                               "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
  request.operation = operation();
  request.model_id = m->model;
  request.body = request.operation == BRS_CONVERSE_STREAM ? converse : invoke;
  request.body_len = strlen(request.body);
}

static void run_pulled(void) {
  for (int i = 0; i < m->repeat; i++) pull_call();
}

static void run_hosted(struct slot *slots) {
  int32_t fd = -1;
  if (brs_client_fd(client, &fd) != BRS_OK) exit(1);
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  for (int begun = 0; ended < m->streams;) {
    for (; begun < m->streams && waiting < m->inflight; begun++) {
      waiting++;
      slots[begun] = (struct slot){.number = begun, .is_waiting = 1};
      open_next(&slots[begun]);
    }
    poll(&poller, 1, -1);
    brs_client_dispatch(client);
  }
}

static void run_threaded(struct slot *slots) {
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < m->streams; i++) {
    while (waiting >= m->inflight) pthread_cond_wait(&changed, &mutex);
    waiting++;
    pthread_mutex_unlock(&mutex);
    slots[i] = (struct slot){.number = i, .is_waiting = 1};
    open_next(&slots[i]);
    pthread_mutex_lock(&mutex);
  }
  while (ended < m->streams) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
}

static int run_streams(void) {
  int is_pulled = is_style("pull");
  struct slot *slots = calloc((size_t)m->streams, sizeof *slots);
  m->loaded_at = now_ns();
  make_client();
  m->client_at = now_ns();
  set_request();
  if (slots == NULL || (is_pulled && m->streams != 1)) return 2;
  measure_begin(m);
  if (is_pulled) run_pulled();
  else if (is_style("host")) run_hosted(slots);
  else if (is_style("batch")) run_batches(slots);
  else run_threaded(slots);
  int status = measure_report(m);
  brs_client_free(client);
  free(slots);
  return status;
}

/* ---- without a network */

static brs_flow on_decoded_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  (void)user, (void)stream;
  m->events++;
  m->deltas++;
  if (delta->text_len > 0) m->bytes += delta->text[0] == 0; /* the piece is touched, as a caller would */
  return BRS_FLOW_CONTINUE;
}

static void on_decoded_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)user, (void)stream, (void)result;
  m->events++;
}

static void on_decoded_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)user, (void)stream;
  fprintf(stderr, "client: %s: %s\n", error->name, error->message);
  exit(1);
}

/* A corpus may hold frames of deltas alone, which no answer ends with: then there is no end to be checked. */
static int run_decoder(void) {
  size_t len;
  uint8_t *data = read_file(m->file, &len);
  brs_callbacks callbacks = {
      .size = sizeof callbacks, .on_delta = on_decoded_delta, .on_stop = on_decoded_stop, .on_error = on_decoded_error};
  brs_decoder *decoder = NULL;
  m->loaded_at = m->client_at = now_ns();
  if (brs_decoder_new(operation(), &callbacks, &decoder, NULL) != BRS_OK) return 1;
  for (int pass = -1; pass < m->reps; pass++) {
    if (pass == 0) measure_begin(m);
    for (size_t at = 0; at < len; at += m->piece)
      if (brs_decoder_feed(decoder, data + at, len - at < m->piece ? len - at : m->piece) != BRS_OK) return 1;
    m->bytes += len;
    brs_decoder_reset(decoder);
  }
  int status = measure_report(m);
  brs_decoder_free(decoder);
  free(data);
  return status;
}

static int run_signer(void) {
  static const brs_header headers[] = {{"content-type", "application/json"}};
  brs_signing_request signing = {.size = sizeof signing,
                                 .method = "POST",
                                 .scheme = "https",
                                 .host = "bedrock-runtime.us-east-1.amazonaws.com",
                                 .path = "/model/anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse-stream",
                                 .headers = headers,
                                 .header_count = 1,
                                 .region = "us-east-1",
                                 .service = "bedrock",
                                 .access_key_id = "AKIDEXAMPLE",
                                 .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                 .time_s = 1751328000};
  brs_diagnostic why = {.size = sizeof why};
  brs_signature signature = {.size = sizeof signature};
  brs_signer *signer = NULL;
  char *body = malloc(m->size);
  if (body == NULL || brs_signer_new(&signer) != BRS_OK) return 1;
  for (size_t i = 0; i < m->size; i++) body[i] = (char)(i * 31 + 7);
  signing.body = body;
  signing.body_len = m->size;
  m->loaded_at = m->client_at = now_ns();
  for (int pass = -5; pass < m->reps; pass++) {
    if (pass == 0) measure_begin(m);
    if (brs_signer_sign(signer, &signing, &signature, &why) != BRS_OK) fail("brs_signer_sign", &why);
    m->events++;
    m->bytes += m->size;
  }
  int status = measure_report(m);
  brs_signer_free(signer);
  free(body);
  return status;
}

int main(int argc, char **argv) {
  m = measure_new(argc, argv, "bedrockstream_c");
  switch (m->workload[0]) {
  case 'a': return run_decoder();
  case 'e': return run_signer();
  default: return run_streams();
  }
}
