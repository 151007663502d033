/*
 * tools: lets a model call two tools, one that answers at once and one that takes its time, and prints the answer.
 *
 *     tools [ENDPOINT-URL [MODEL]]
 *
 * Region and credentials come from the environment. Exit status: 0 for a complete answer, else 1.
 */
#define _POSIX_C_SOURCE 200809L
#include <bedrockstream.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SCHEMA(NAME) "{\"json\":{\"type\":\"object\",\"properties\":{\"" NAME "\":{\"type\":\"string\"}}}}"

static const char body[] =
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Can I hike near Bern, and how do I get there?\"}]}],"
    "\"toolConfig\":{\"tools\":["
    "{\"toolSpec\":{\"name\":\"weather\",\"description\":\"The weather.\",\"inputSchema\":" SCHEMA("city") "}},"
    "{\"toolSpec\":{\"name\":\"trains\",\"description\":\"Trains.\",\"inputSchema\":" SCHEMA("place") "}}]}}";

/* A call that is being worked on: what a thread needs to know of it. */
struct job {
  brs_stream *stream;
  char *id;
  pthread_t thread;
};

/* Calls of the slow tool; touched by the client's thread alone until the stream has ended. */
static struct job jobs[64];
static size_t job_count;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int has_ended, status = 1;

static void give(brs_stream *stream, const char *id, brs_tool_content content, const char *result, int is_error) {
  brs_diagnostic why = {.size = sizeof why};
  if (brs_tool_result(stream, id, content, result, strlen(result), is_error, &why) != BRS_OK)
    fprintf(stderr, "tools: %s: %s\n", id, why.message);
}

/* The slow tool. Its thread may take minutes; the stream waits, and costs nothing meanwhile. */
static void *look_up_trains(void *user) {
  struct job *job = user;
  struct timespec pause = {0, 300000000};
  nanosleep(&pause, NULL);
  give(job->stream, job->id, BRS_TOOL_TEXT, "Every half hour, at :07 and :37, from platform 3.", 0);
  return NULL;
}

static int start_job(brs_stream *stream, const char *id) {
  struct job *job = &jobs[job_count];
  if (job_count == sizeof jobs / sizeof *jobs || (job->id = malloc(strlen(id) + 1)) == NULL) return 0;
  strcpy(job->id, id); /* what a callback is given lives until it returns */
  job->stream = stream;
  if (pthread_create(&job->thread, NULL, look_up_trains, job) != 0) return free(job->id), 0;
  job_count++;
  return 1;
}

/* A complete call. What takes long must not be done here: other streams of the client would wait. */
static brs_flow on_tool(void *user, brs_stream *stream, const brs_tool *tool) {
  (void)user;
  printf("\n[%s %s]\n", tool->name, tool->input_json);
  if (tool->is_server_tool) return BRS_FLOW_CONTINUE; /* the service runs it itself */
  if (!tool->is_valid)
    give(stream, tool->id, BRS_TOOL_TEXT, "the input is not JSON", 1);
  else if (strcmp(tool->name, "weather") == 0)
    give(stream, tool->id, BRS_TOOL_JSON, "{\"sky\":\"clear\",\"celsius\":21}", 0);
  else if (!start_job(stream, tool->id))
    give(stream, tool->id, BRS_TOOL_TEXT, "the timetable is not available", 1);
  return BRS_FLOW_CONTINUE;
}

static brs_flow on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  (void)user, (void)stream;
  if (delta->kind == BRS_DELTA_TEXT) fwrite(delta->text, 1, delta->text_len, stdout), fflush(stdout);
  return BRS_FLOW_CONTINUE;
}

static brs_flow on_event(void *user, brs_stream *stream, const brs_event *event) {
  (void)user, (void)stream;
  if (event->kind == BRS_EVENT_TOOL_WAITING) printf("[waiting for %s]\n", event->tool->name);
  return BRS_FLOW_CONTINUE;
}

static void end(int code) {
  pthread_mutex_lock(&mutex);
  has_ended = 1, status = code;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
}

static void on_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)user, (void)stream;
  printf("\n[%s after %u rounds; %lld tokens out]\n", result->stop_reason_text, (unsigned)result->rounds,
         (long long)result->usage.output_tokens);
  printf("[the conversation goes on with %s]\n", result->new_messages_json);
  end(0);
}

static void on_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)user, (void)stream;
  fprintf(stderr, "\n[%s: %s]\n", error->name, error->message);
  end(1);
}

int main(int argc, char **argv) {
  brs_diagnostic why = {.size = sizeof why};
  brs_request request = {.size = sizeof request, .operation = BRS_CONVERSE_STREAM, .body = body,
                         .body_len = sizeof body - 1, .model_id = argc > 2 ? argv[2] : "amazon.nova-lite-v1:0"};
  brs_callbacks callbacks = {.size = sizeof callbacks, .on_delta = on_delta, .on_tool = on_tool, .on_stop = on_stop,
                             .on_error = on_error, .on_event = on_event};
  brs_config *config = NULL;
  brs_client *client = NULL;
  brs_stream *stream = NULL;
  if (brs_config_new(&config) == BRS_OK && brs_config_set(config, "turn", "auto", &why) == BRS_OK
      && (argc < 2 || brs_config_set(config, "endpoint_url", argv[1], &why) == BRS_OK)
      && brs_client_new(config, &client, &why) == BRS_OK
      && brs_stream_open(client, &request, &callbacks, &stream, &why) == BRS_OK) {
    pthread_mutex_lock(&mutex);
    while (!has_ended) pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
  } else {
    fprintf(stderr, "tools: %s\n", why.message);
  }

  /* The threads use the stream: they end before it is freed. */
  for (size_t i = 0; i < job_count; i++) pthread_join(jobs[i].thread, NULL), free(jobs[i].id);
  brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  return status;
}
