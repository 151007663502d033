#include "support.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void copy(char *to, size_t capacity, const char *text, size_t len) {
  if (text == NULL) text = "(null)", len = 6;
  if (len >= capacity) len = capacity - 1;
  memcpy(to, text, len);
  to[len] = 0;
}

/* A view is never NULL and has a NUL after its last byte. */
static int is_view(const char *text, size_t len) { return text != NULL && text[len] == 0; }

void seen_init(struct seen *seen) {
  memset(seen, 0, sizeof *seen);
  pthread_mutex_init(&seen->mutex, NULL);
  pthread_cond_init(&seen->changed, NULL);
}

void seen_free(struct seen *seen) {
  free(seen->text);
  free(seen->result_text);
  free(seen->assistant);
  free(seen->new_messages);
  seen->text = seen->result_text = seen->assistant = seen->new_messages = NULL;
  pthread_mutex_destroy(&seen->mutex);
  pthread_cond_destroy(&seen->changed);
}

static void begin(struct seen *seen, brs_stream *stream) {
  pthread_mutex_lock(&seen->mutex);
  if (seen->stops + seen->errors > 0) seen->after_end++;
  if (seen->running > 0 && !pthread_equal(seen->runner, pthread_self())) seen->concurrent++;
  seen->runner = pthread_self();
  seen->running++;
  seen->stream = stream;
}

static brs_flow end(struct seen *seen, brs_stream *stream, enum seen_kind kind) {
  brs_flow flow = BRS_FLOW_CONTINUE;
  if (seen->hook != NULL) {
    pthread_mutex_unlock(&seen->mutex);
    flow = seen->hook(seen, stream, kind);
    pthread_mutex_lock(&seen->mutex);
  }
  seen->running--;
  pthread_cond_broadcast(&seen->changed);
  pthread_mutex_unlock(&seen->mutex);
  return flow;
}

static brs_flow on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  struct seen *seen = user;
  begin(seen, stream);
  seen->deltas++;
  if (delta->size < sizeof *delta || !is_view(delta->text, delta->text_len)) seen->is_wrong++;
  if (delta->kind == BRS_DELTA_TEXT) {
    seen->text = realloc(seen->text, seen->text_len + delta->text_len + 1);
    memcpy(seen->text + seen->text_len, delta->text, delta->text_len + 1);
    seen->text_len += delta->text_len;
  }
  return end(seen, stream, SEEN_DELTA);
}

static void note_tool(struct seen *seen, brs_event_kind kind, const brs_tool *tool) {
  if (tool == NULL || tool->size < sizeof *tool || !is_view(tool->id, tool->id_len)
      || !is_view(tool->name, tool->name_len) || !is_view(tool->input_json, tool->input_json_len)) {
    seen->is_wrong++;
    return;
  }
  if (seen->called_count < CALLED_MOST) {
    struct called *called = &seen->called[seen->called_count];
    *called = (struct called){.kind = kind,
                              .is_valid = tool->is_valid,
                              .is_server_tool = tool->is_server_tool,
                              .block_index = tool->block_index,
                              .round = tool->round};
    copy(called->id, sizeof called->id, tool->id, tool->id_len);
    copy(called->name, sizeof called->name, tool->name, tool->name_len);
    copy(called->input, sizeof called->input, tool->input_json, tool->input_json_len);
  }
  seen->called_count++;
}

static brs_flow on_tool(void *user, brs_stream *stream, const brs_tool *tool) {
  struct seen *seen = user;
  begin(seen, stream);
  seen->tools++;
  note_tool(seen, BRS_EVENT_TOOL, tool);
  return end(seen, stream, SEEN_TOOL);
}

static int is_result(const brs_result *result) {
  return result != NULL && result->size >= sizeof *result
         && is_view(result->stop_reason_text, result->stop_reason_text_len) && is_view(result->text, result->text_len)
         && is_view(result->request_id, result->request_id_len) && is_view(result->model_id, result->model_id_len)
         && is_view(result->region, result->region_len) && is_view(result->metadata_json, result->metadata_json_len)
         && is_view(result->message_json, result->message_json_len)
         && is_view(result->new_messages_json, result->new_messages_json_len)
         && is_view(result->answered_model_id, result->answered_model_id_len)
         && is_view(result->service_tier, result->service_tier_len)
         && is_view(result->performance_latency, result->performance_latency_len)
         && is_view(result->trace_json, result->trace_json_len)
         && is_view(result->additional_fields_json, result->additional_fields_json_len);
}

static int is_error(const brs_error *error) {
  return error != NULL && error->size >= sizeof *error && is_view(error->message, error->message_len)
         && error->name != NULL && is_view(error->service_code, error->service_code_len)
         && is_view(error->request_id, error->request_id_len)
         && is_view(error->original_message, error->original_message_len) && error->code != BRS_OK
         && error->message_len > 0 && strchr(error->message, '\n') == NULL
         && (error->retryable == 0 || error->retryable == 1) && is_result(error->partial);
}

int told_of(struct told *told, const brs_retry *retry) {
  if (retry == NULL || retry->size < sizeof *retry || !is_view(retry->model_id, retry->model_id_len)
      || !is_view(retry->region, retry->region_len) || !is_error(retry->error))
    return 0;
  *told = (struct told){.kind = retry->kind,
                        .attempt = retry->attempt,
                        .max_attempts = retry->max_attempts,
                        .delay_ms = retry->delay_ms,
                        .code = retry->error->code,
                        .http_status = retry->error->http_status,
                        .delivered = retry->error->delivered,
                        .attempts = retry->error->attempts};
  copy(told->model_id, sizeof told->model_id, retry->model_id, retry->model_id_len);
  copy(told->region, sizeof told->region, retry->region, retry->region_len);
  copy(told->partial, sizeof told->partial, retry->error->partial->text, retry->error->partial->text_len);
  return retry->delay_ms >= 0 && retry->attempt >= 1 && retry->max_attempts >= 1;
}

static int is_notice(brs_event_kind kind) { return kind >= BRS_EVENT_RETRY && kind <= BRS_EVENT_FALLBACK; }

static void note_retry(struct seen *seen, const brs_event *event) {
  struct told told;
  if (is_notice(event->kind) != (event->retry != NULL)) seen->is_wrong++;
  if (event->retry == NULL) return;
  if (!told_of(&told, event->retry) || told.kind != event->kind || event->delta != NULL || event->tool != NULL
      || event->json_len != 0 || event->block_index != -1)
    seen->is_wrong++;
  else if (seen->retries < TOLD_MOST) seen->told[seen->retries] = told;
  seen->retries++;
}

static brs_flow on_event(void *user, brs_stream *stream, const brs_event *event) {
  struct seen *seen = user;
  begin(seen, stream);
  seen->events++;
  if (event->size < sizeof *event || !is_view(event->type, event->type_len) || !is_view(event->json, event->json_len)
      || event->result != NULL || event->error != NULL || event->kind == BRS_EVENT_STOP
      || event->kind == BRS_EVENT_ERROR)
    seen->is_wrong++;
  note_retry(seen, event);
  if (event->kind == BRS_EVENT_TOOL_WAITING || event->kind == BRS_EVENT_TOOL_ANSWERED)
    note_tool(seen, event->kind, event->tool);
  return end(seen, stream, SEEN_EVENT);
}

static char *kept(char *old, const char *text, size_t len) {
  free(old);
  char *made = malloc(len + 1);
  memcpy(made, text, len + 1);
  return made;
}

static void note_conversation(struct seen *seen, const brs_result *result) {
  seen->assistant = kept(seen->assistant, result->message_json, result->message_json_len);
  seen->new_messages = kept(seen->new_messages, result->new_messages_json, result->new_messages_json_len);
  seen->is_truncated = result->is_truncated;
  seen->is_refused = result->is_refused;
  seen->is_interrupted = result->is_interrupted;
  seen->rounds = result->rounds;
  copy(seen->answered_model, sizeof seen->answered_model, result->answered_model_id, result->answered_model_id_len);
  copy(seen->tier, sizeof seen->tier, result->service_tier, result->service_tier_len);
  copy(seen->latency, sizeof seen->latency, result->performance_latency, result->performance_latency_len);
  copy(seen->trace, sizeof seen->trace, result->trace_json, result->trace_json_len);
  copy(seen->additional, sizeof seen->additional, result->additional_fields_json, result->additional_fields_json_len);
}

static void note_result(struct seen *seen, const brs_result *result) {
  if (!is_result(result)) {
    seen->is_wrong++;
    return;
  }
  seen->stop_reason = result->stop_reason;
  copy(seen->stop_text, sizeof seen->stop_text, result->stop_reason_text, result->stop_reason_text_len);
  copy(seen->model_id, sizeof seen->model_id, result->model_id, result->model_id_len);
  copy(seen->region, sizeof seen->region, result->region, result->region_len);
  copy(seen->metadata, sizeof seen->metadata, result->metadata_json, result->metadata_json_len);
  copy(seen->request_id, sizeof seen->request_id, result->request_id, result->request_id_len);
  seen->result_text = kept(seen->result_text, result->text, result->text_len);
  note_conversation(seen, result);
  seen->usage = result->usage;
  seen->timings = result->timings;
  seen->queued_us = result->queued_us;
  seen->hedges = result->hedges;
  seen->hedges_won = result->hedges_won;
  seen->delivered = result->delivered;
  seen->attempts = result->attempts;
  seen->reused = result->connection_reused;
}

static void on_stop(void *user, brs_stream *stream, const brs_result *result) {
  struct seen *seen = user;
  begin(seen, stream);
  note_result(seen, result);
  seen->code = BRS_OK;
  seen->stops++;
  end(seen, stream, SEEN_STOP);
}

static void on_error(void *user, brs_stream *stream, const brs_error *error) {
  struct seen *seen = user;
  begin(seen, stream);
  note_result(seen, error->partial);
  if (!is_error(error)) seen->is_wrong++;
  seen->code = error->code;
  seen->phase = error->phase;
  seen->http_status = error->http_status;
  seen->retryable = error->retryable;
  seen->original_status = error->original_status;
  copy(seen->name, sizeof seen->name, error->name, error->name ? strlen(error->name) : 0);
  copy(seen->message, sizeof seen->message, error->message, error->message_len);
  copy(seen->service_code, sizeof seen->service_code, error->service_code, error->service_code_len);
  copy(seen->request_id, sizeof seen->request_id, error->request_id, error->request_id_len);
  copy(seen->original_message, sizeof seen->original_message, error->original_message, error->original_message_len);
  seen->delivered = error->delivered;
  seen->attempts = error->attempts;
  seen->errors++;
  end(seen, stream, SEEN_ERROR);
}

brs_callbacks seen_callbacks(struct seen *seen) {
  return (brs_callbacks){.size = sizeof(brs_callbacks),
                         .user = seen,
                         .on_delta = on_delta,
                         .on_tool = on_tool,
                         .on_stop = on_stop,
                         .on_error = on_error};
}

brs_callbacks seen_all_callbacks(struct seen *seen) {
  brs_callbacks callbacks = seen_callbacks(seen);
  callbacks.on_event = on_event;
  return callbacks;
}

static int wait_until(struct seen *seen, int (*is_there)(struct seen *, int), int argument) {
  struct timespec until;
  int is_late = 0;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += check_is_slow() ? 60 : 20;
  pthread_mutex_lock(&seen->mutex);
  while (!is_there(seen, argument) && !is_late)
    is_late = pthread_cond_timedwait(&seen->changed, &seen->mutex, &until) == ETIMEDOUT;
  pthread_mutex_unlock(&seen->mutex);
  return !is_late;
}

static int has_ended(struct seen *seen, int unused) {
  (void)unused;
  return seen->stops + seen->errors > 0;
}

static int has_deltas(struct seen *seen, int deltas) {
  return seen->deltas >= deltas || seen->stops + seen->errors > 0;
}

int seen_wait(struct seen *seen) { return wait_until(seen, has_ended, 0); }

int seen_wait_deltas(struct seen *seen, int deltas) { return wait_until(seen, has_deltas, deltas); }

static const struct called *nth_called(struct seen *seen, brs_event_kind kind, int count) {
  for (int i = 0; i < seen->called_count && i < CALLED_MOST; i++)
    if (seen->called[i].kind == kind && --count == 0) return &seen->called[i];
  return NULL;
}

/* The kind, and the number in the lower half. */
static int has_called(struct seen *seen, int wanted) {
  return nth_called(seen, (brs_event_kind)(wanted >> 16), wanted & 0xffff) != NULL || has_ended(seen, 0);
}

const struct called *seen_wait_called(struct seen *seen, brs_event_kind kind, int count) {
  wait_until(seen, has_called, (int)kind << 16 | count);
  pthread_mutex_lock(&seen->mutex);
  const struct called *called = nth_called(seen, kind, count);
  pthread_mutex_unlock(&seen->mutex);
  return called;
}

int seen_terminals(struct seen *seen) {
  pthread_mutex_lock(&seen->mutex);
  int count = seen->stops + seen->errors;
  pthread_mutex_unlock(&seen->mutex);
  return count;
}

int seen_deltas(struct seen *seen) {
  pthread_mutex_lock(&seen->mutex);
  int count = seen->deltas;
  pthread_mutex_unlock(&seen->mutex);
  return count;
}

int seen_running(struct seen *seen) {
  pthread_mutex_lock(&seen->mutex);
  int count = seen->running;
  pthread_mutex_unlock(&seen->mutex);
  return count;
}

void config_put(brs_config *config, const char *key, const char *value) {
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  if (brs_config_set(config, key, value, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "%s = %s: %s", key, value, diagnostic.message);
}

brs_config *config_for(const struct server *server) {
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_ENDPOINT, server->url);
  config_put(config, KEY_REGION, "us-east-1");
  config_put(config, KEY_ACCESS_KEY, "AKIDEXAMPLE");
  config_put(config, KEY_SECRET_KEY, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  config_put(config, KEY_RETRY_MODE, "off"); /* what one attempt comes to */
  return config;
}

brs_request request_of(const char *body) {
  return (brs_request){.size = sizeof(brs_request),
                       .operation = BRS_CONVERSE_STREAM,
                       .model_id = MODEL,
                       .body = body,
                       .body_len = strlen(body)};
}

void fixture_begin(struct fixture *fixture, const char *key, const char *value) {
  environment_clean();
  memset(fixture, 0, sizeof *fixture);
  server_start(&fixture->server);
  seen_init(&fixture->seen);
  brs_config *config = config_for(&fixture->server);
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  if (key != NULL) config_put(config, key, value);
  if (brs_client_new(config, &fixture->client, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "brs_client_new: %s", diagnostic.message);
  brs_config_free(config);
}

void fixture_end(struct fixture *fixture) {
  brs_client_free(fixture->client);
  server_stop(&fixture->server);
  seen_free(&fixture->seen);
}

brs_stream *stream_open(brs_client *client, struct seen *seen) {
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_callbacks(seen);
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_stream *stream = NULL;
  if (brs_stream_open(client, &request, &callbacks, &stream, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "brs_stream_open: %s", diagnostic.message);
  return stream;
}

void exchange(struct fixture *fixture, struct reply reply) {
  server_reply(&fixture->server, reply);
  seen_free(&fixture->seen);
  seen_init(&fixture->seen);
  brs_stream *stream = stream_open(fixture->client, &fixture->seen);
  if (stream == NULL) return;
  if (!seen_wait(&fixture->seen)) check_failed(__FILE__, __LINE__, "no terminal callback");
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&fixture->seen);
}

static struct reply choose_by_number(struct server *server, const char *request) {
  const struct script *script = server->context;
  (void)request;
  return script->replies[server->requests < script->count ? server->requests - 1 : script->count - 1];
}

void server_script(struct server *server, struct script *script) {
  pthread_mutex_lock(&server->mutex);
  server->context = script;
  server->choose = choose_by_number;
  pthread_mutex_unlock(&server->mutex);
}

struct reply error_reply(int status, const char *headers, const char *body) {
  return (struct reply){.status = status,
                        .content_type = "application/json",
                        .headers = headers,
                        .body = (const uint8_t *)body,
                        .len = strlen(body),
                        .framing = FRAMING_LENGTH};
}

void environment_clean(void) {
  for (char **entry = environ; entry != NULL && *entry != NULL;) {
    char name[256], *equals = strchr(*entry, '=');
    size_t len = equals ? (size_t)(equals - *entry) : 0;
    int is_ours =
        strncmp(*entry, "AWS_", 4) == 0 || strcasestr(*entry, "_proxy=") != NULL || strncmp(*entry, "HOME=", 5) == 0;
    if (!is_ours || len == 0 || len >= sizeof name) {
      entry++;
      continue;
    }
    copy(name, sizeof name, *entry, len);
    unsetenv(name);
    entry = environ;
  }
  setenv("HOME", "/nonexistent", 1);
  setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  setenv("AWS_MAX_ATTEMPTS", "1", 1);
}

void environment_credentials(void) {
  setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
}

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sleep_ms(int ms) {
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
  nanosleep(&pause, NULL);
}

int count_entries(const char *directory) {
  int count = 0;
  DIR *opened = opendir(directory);
  if (opened == NULL) return -1;
  while (readdir(opened) != NULL) count++;
  closedir(opened);
  return count - 3; /* ".", ".." and the directory that was open */
}
