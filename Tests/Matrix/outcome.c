/* Makes calls and tells how each ended: what the fault matrix in Tests/Python looks at.
 *
 *     outcome THREADS < calls > endings
 *
 * A line of the input is a client and its calls, one after another, as fields between tabs: the style (callbacks or
 * pull), then `ask=MODEL` for each call, `sleep=MS` between two, and `KEY=VALUE` for each setting of the client. The
 * output has a line of JSON for each line of the input, as they finish, with the number of that line and the endings in
 * the order of the calls. */
#include <bedrockstream.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIELD_COUNT 64
#define MOST_MS 20000 /* a call that has not ended by then never will */

static const char BODY[] =
  "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Tell me about rivers.\"}]}]}";
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER, writing = PTHREAD_MUTEX_INITIALIZER;
static int line_count;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what is told of a call */

struct told {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int ends, late;      /* terminal callbacks or events, and what came behind one */
  int retries, judged; /* attempts that were made again, and failures that were asked about */
  FILE *text_file;
  char *text; /* text deltas joined */
  size_t text_len;
  uint64_t deltas;
  char *end; /* the members of the ending, as JSON */
};

static void told_init(struct told *told) {
  memset(told, 0, sizeof *told);
  pthread_mutex_init(&told->mutex, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&told->changed, &monotonic);
  told->text_file = open_memstream(&told->text, &told->text_len);
}

static void told_free(struct told *told) {
  fclose(told->text_file);
  free(told->text);
  free(told->end);
}

static void put_text(FILE *out, const char *name, const char *text, size_t len) {
  fprintf(out, ",\"%s\":\"", name);
  for (size_t i = 0; i < len; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c < 0x20 || c == '"' || c == '\\')
      fprintf(out, "\\u%04x", c);
    else
      fputc(c, out);
  }
  fputc('"', out);
}

static void put_result(FILE *out, const brs_result *result) {
  fprintf(out, ",\"attempts\":%u,\"delivered\":%llu,\"reused\":%u", result->attempts,
          (unsigned long long)result->delivered, result->connection_reused);
  put_text(out, "text", result->text, result->text_len);
  put_text(out, "stop_reason", result->stop_reason_text, result->stop_reason_text_len);
}

static char *ending(const brs_result *result, const brs_error *error) {
  char *members;
  size_t len;
  FILE *out = open_memstream(&members, &len);
  if (error == NULL) {
    fputs("\"code\":\"BRS_OK\",\"phase\":0,\"status\":0,\"retryable\":0,\"message\":\"\",\"service_code\":\"\"", out);
    put_result(out, result);
  } else {
    fprintf(out, "\"code\":\"%s\",\"phase\":%d,\"status\":%d,\"retryable\":%d", error->name, error->phase,
            error->http_status, error->retryable);
    put_text(out, "message", error->message, error->message_len);
    put_text(out, "service_code", error->service_code, strlen(error->service_code));
    put_result(out, error->partial);
    if (error->attempts != error->partial->attempts || error->delivered != error->partial->delivered)
      fputs(",\"contradiction\":1", out);
  }
  fclose(out);
  return members;
}

static void tell_end(struct told *told, const brs_result *result, const brs_error *error) {
  pthread_mutex_lock(&told->mutex);
  if (told->ends++ == 0) told->end = ending(result, error);
  pthread_cond_broadcast(&told->changed);
  pthread_mutex_unlock(&told->mutex);
}

static void tell_delta(struct told *told, const brs_delta *delta) {
  if (delta == NULL) return;
  told->late += told->ends > 0;
  told->deltas++;
  if (delta->kind == BRS_DELTA_TEXT) fwrite(delta->text, 1, delta->text_len, told->text_file);
}

static void tell_event(struct told *told, const brs_event *event) {
  told->late += told->ends > 0;
  told->retries += event->retry != NULL;
  if (event->kind != BRS_EVENT_RESTART) return;
  /* What came before is void; that it was delivered is still true. */
  fclose(told->text_file);
  free(told->text);
  told->text_file = open_memstream(&told->text, &told->text_len);
}

/* ---- by callbacks */

static brs_flow on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  (void)stream;
  tell_delta(user, delta);
  return BRS_FLOW_CONTINUE;
}

static brs_flow on_event(void *user, brs_stream *stream, const brs_event *event) {
  (void)stream;
  tell_event(user, event);
  return BRS_FLOW_CONTINUE;
}

static void on_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)stream;
  tell_end(user, result, NULL);
}

static void on_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)stream;
  tell_end(user, NULL, error);
}

static brs_verdict on_failure(void *user, brs_stream *stream, const brs_error *error, const brs_retry *plan) {
  (void)stream, (void)error, (void)plan;
  ((struct told *)user)->judged++;
  return BRS_VERDICT_AS_PLANNED;
}

static void wait_for_end(struct told *told) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += MOST_MS / 1000;
  int result = 0;
  pthread_mutex_lock(&told->mutex);
  while (told->ends == 0 && result == 0) result = pthread_cond_timedwait(&told->changed, &told->mutex, &until);
  pthread_mutex_unlock(&told->mutex);
}

/* ---- by pulling */

static void pull(struct told *told, brs_stream *stream) {
  const brs_event *event;
  int64_t until = now_ms() + MOST_MS;
  while (now_ms() < until) {
    brs_code code = brs_stream_next(stream, 1000, &event);
    if (code == BRS_E_END) return;
    if (code != BRS_OK) continue;
    if (event->kind == BRS_EVENT_STOP || event->kind == BRS_EVENT_ERROR) {
      tell_end(told, event->result, event->error);
    } else {
      tell_event(told, event);
      tell_delta(told, event->delta);
    }
  }
}

/* ---- a call */

static brs_code run(struct told *told, brs_client *client, int pulls, const char *model) {
  brs_callbacks callbacks = {.size = sizeof callbacks,
                             .user = told,
                             .on_delta = on_delta,
                             .on_event = on_event,
                             .on_stop = on_stop,
                             .on_error = on_error};
  brs_request request = {.size = sizeof request,
                         .operation = BRS_CONVERSE_STREAM,
                         .model_id = model,
                         .body = BODY,
                         .body_len = sizeof BODY - 1,
                         .on_failure = on_failure,
                         .on_failure_user = told};
  brs_stream *stream;
  brs_code code = brs_stream_open(client, &request, pulls ? NULL : &callbacks, &stream, NULL);
  if (code != BRS_OK) return code;
  if (pulls)
    pull(told, stream);
  else
    wait_for_end(told);
  /* One that hangs shows as a call without an end: what freeing it leads to is not told. */
  if (told->ends == 0) told->end = strdup("\"code\":\"HANGS\"");
  int ends = told->ends;
  brs_stream_free(stream);
  told->late += told->ends - ends;
  return BRS_OK;
}

static void call(FILE *out, brs_client *client, int pulls, const char *model) {
  struct told told;
  told_init(&told);
  int64_t start = now_ms();
  brs_code code = run(&told, client, pulls, model);
  if (code != BRS_OK) {
    fprintf(out, "{\"code\":\"%s\",\"ends\":0}", brs_code_name(code));
  } else {
    fflush(told.text_file);
    fprintf(out, "{%s,\"ends\":%d,\"late\":%d,\"retries\":%d,\"judged\":%d,\"deltas\":%llu,\"ms\":%lld", told.end,
            told.ends, told.late, told.retries, told.judged, (unsigned long long)told.deltas,
            (long long)(now_ms() - start));
    put_text(out, "came", told.text, told.text_len);
    fputc('}', out);
  }
  told_free(&told);
}

/* ---- a line of the input */

static int fields_of(char *line, char **fields) {
  int count = 0;
  for (char *field; count < FIELD_COUNT && (field = strsep(&line, "\t\n")) != NULL;)
    if (*field) fields[count++] = field;
  return count;
}

static const char *value_of(const char *field, const char *name) {
  size_t len = strlen(name);
  return strncmp(field, name, len) == 0 && field[len] == '=' ? field + len + 1 : NULL;
}

static brs_client *client_for(char **fields, int count, brs_diagnostic *diagnostic) {
  brs_config *config;
  if (brs_config_new(&config) != BRS_OK) return NULL;
  brs_client *client = NULL;
  brs_code code = BRS_OK;
  for (int i = 1; i < count && code == BRS_OK; i++) {
    if (value_of(fields[i], "ask") || value_of(fields[i], "sleep")) continue;
    char *key = strdup(fields[i]), *value = strchr(key, '=');
    if (value) *value++ = 0;
    code = brs_config_set(config, key, value, diagnostic);
    free(key);
  }
  if (code == BRS_OK) code = brs_client_new(config, &client, diagnostic);
  brs_config_free(config);
  return code == BRS_OK ? client : NULL;
}

static void serve(int number, char *line) {
  char *fields[FIELD_COUNT], *answer;
  size_t len;
  FILE *out = open_memstream(&answer, &len);
  int count = fields_of(line, fields), calls = 0;
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_client *client = client_for(fields, count, &diagnostic);
  fprintf(out, "{\"line\":%d", number);
  put_text(out, "refusal", diagnostic.message, strlen(diagnostic.message));
  fputs(",\"calls\":[", out);
  for (int i = 1; client && i < count; i++) {
    const char *model = value_of(fields[i], "ask"), *pause = value_of(fields[i], "sleep");
    if (pause) usleep(1000 * (useconds_t)atoi(pause));
    if (!model) continue;
    if (calls++) fputc(',', out);
    call(out, client, strcmp(fields[0], "pull") == 0, model);
  }
  brs_client_free(client);
  fputs("]}", out);
  fclose(out);
  pthread_mutex_lock(&writing);
  puts(answer);
  fflush(stdout);
  pthread_mutex_unlock(&writing);
  free(answer);
}

static void *work(void *unused) {
  char *line = NULL;
  size_t capacity = 0;
  for (;;) {
    pthread_mutex_lock(&reading);
    ssize_t len = getline(&line, &capacity, stdin);
    int number = line_count++;
    pthread_mutex_unlock(&reading);
    if (len < 0) break;
    serve(number, line);
  }
  free(line);
  return unused;
}

int main(int argc, char **argv) {
  enum { MOST = 256 };
  pthread_t threads[MOST];
  int count = argc > 1 ? atoi(argv[1]) : 1;
  if (count < 1 || count > MOST) return 2;
  for (int i = 0; i < count; i++)
    if (pthread_create(&threads[i], NULL, work, NULL) != 0) return 1;
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  return 0;
}
