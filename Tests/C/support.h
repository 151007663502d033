/* What most tests need: a server, a client that talks to it, and a record of what a stream's callbacks were told. */
#pragma once
#include "check.h"
#include "frames.h"
#include "server.h"
#include <bedrockstream.h>
#include <pthread.h>

#define KEY_ENDPOINT "endpoint_url"
#define KEY_REGION "region"
#define KEY_ACCESS_KEY "credentials.access_key_id"
#define KEY_SECRET_KEY "credentials.secret_access_key"
#define KEY_CONNECT_MS "timeout.connect_ms"
#define KEY_FIRST_BYTE_MS "timeout.first_byte_ms"
#define KEY_BETWEEN_MS "timeout.between_bytes_ms"
#define KEY_TOTAL_MS "timeout.total_ms"
#define KEY_QUEUE "delivery.queue_bytes"
#define KEY_RETRY_MODE "retry.mode"
#define KEY_MAX_ATTEMPTS "retry.max_attempts"
#define KEY_TURN "turn"
#define KEY_MAX_ROUNDS "turn.max_rounds"
#define KEY_MAX_RESULT "turn.max_result_bytes"
#define KEY_TOOL_MS "timeout.tool_ms"

#define BODY "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"
#define MODEL "test.model-v1:0"

enum seen_kind { SEEN_DELTA = 1, SEEN_TOOL = 2, SEEN_EVENT = 4, SEEN_STOP = 8, SEEN_ERROR = 16 };

/* What a brs_retry said. Strings are copies. */
struct told {
  brs_event_kind kind;
  uint32_t attempt, max_attempts;
  int64_t delay_ms;
  brs_code code; /* of the failure, as those below */
  int32_t http_status;
  uint64_t delivered;
  uint32_t attempts;
  char model_id[64], region[32], partial[256];
};

#define TOLD_MOST 8

/* What a brs_tool said, to on_tool or in an event. Strings are copies. */
struct called {
  brs_event_kind kind; /* BRS_EVENT_TOOL for on_tool */
  char id[64], name[64], input[256];
  int is_valid, is_server_tool, block_index;
  uint32_t round;
};

#define CALLED_MOST 32

/* The record of one stream. Strings are copies. */
struct seen {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  brs_flow (*hook)(struct seen *seen, brs_stream *stream, enum seen_kind kind); /* runs in each callback, unlocked */
  void *context;
  long number; /* for hooks */
  /* Under the mutex. */
  int deltas, tools, events, stops, errors;
  int after_end;  /* callbacks that came after a terminal one */
  int concurrent; /* callbacks that ran while another one ran */
  int running;    /* callbacks that have not returned; more than one when one runs inside another */
  pthread_t runner;
  char *text; /* text deltas joined */
  size_t text_len;
  brs_code code;
  brs_phase phase;
  int32_t http_status, retryable, original_status;
  char name[64], message[1024], service_code[256], request_id[128], original_message[256];
  uint64_t delivered;
  uint32_t attempts, reused, hedges, hedges_won;
  brs_stop_reason stop_reason;
  char stop_text[64], model_id[4096], metadata[2048];
  char *result_text;
  char region[64];
  brs_usage usage;
  brs_timings timings;
  int64_t queued_us;
  int called_count; /* of tool calls; the first of them are kept */
  struct called called[CALLED_MOST];
  char *assistant, *new_messages; /* messages */
  int is_truncated, is_refused, is_interrupted;
  uint32_t rounds;
  char answered_model[256], tier[32], latency[32], trace[1024], additional[256];
  int retries; /* events that tell of a failure; the first of them are kept */
  struct told told[TOLD_MOST];
  int is_wrong;       /* something of a callback's arguments broke a rule of the header */
  brs_stream *stream; /* the last one that a callback named */
};

/* Copies what `retry` says; 0 where it breaks a rule of the header. */
int told_of(struct told *told, const brs_retry *retry);
void seen_init(struct seen *seen);
void seen_free(struct seen *seen);
brs_callbacks seen_callbacks(struct seen *seen);
/* Callbacks with on_event as well. */
brs_callbacks seen_all_callbacks(struct seen *seen);
/* Waits for the terminal callback; 0 when it did not come in 20 seconds. */
int seen_wait(struct seen *seen);
/* Waits until so many deltas were seen. */
int seen_wait_deltas(struct seen *seen, int deltas);
/* Waits until so many calls of that kind were told, as struct called has it; the last of them, or NULL. */
const struct called *seen_wait_called(struct seen *seen, brs_event_kind kind, int count);
int seen_terminals(struct seen *seen);
int seen_deltas(struct seen *seen);
/* How many callbacks have not returned. */
int seen_running(struct seen *seen);

/* Exactly one terminal callback, nothing after it, never two at once, all arguments as the header says. */
#define CHECK_ENDED_ONCE(SEEN)             \
  do {                                     \
    CHECK_NUMBER(seen_terminals(SEEN), 1); \
    CHECK_NUMBER((SEEN)->after_end, 0);    \
    CHECK_NUMBER((SEEN)->concurrent, 0);   \
    CHECK_NUMBER((SEEN)->is_wrong, 0);     \
  } while (0)

struct fixture {
  struct server server;
  brs_client *client;
  struct seen seen;
};

brs_config *config_for(const struct server *server);
void config_put(brs_config *config, const char *key, const char *value);
brs_request request_of(const char *body);
/* Starts the server and makes a client with the settings of config_for and the key and value given, where not NULL. */
void fixture_begin(struct fixture *fixture, const char *key, const char *value);
void fixture_end(struct fixture *fixture);
/* Answers the first request with the first reply and so on, what comes after the last with that one. The replies and
   their bytes stay the caller's. */
struct script {
  const struct reply *replies;
  int count;
};
void server_script(struct server *server, struct script *script);
/* An answer that is no event stream, with an error of the service. */
struct reply error_reply(int status, const char *headers, const char *body);
/* Opens a stream that `seen` records; NULL when that failed, which is a failed check. */
brs_stream *stream_open(brs_client *client, struct seen *seen);
/* One whole stream against `reply`, recorded in fixture->seen, which is made anew. */
void exchange(struct fixture *fixture, struct reply reply);
/* Cleans the environment of whatever would reach a client. */
void environment_clean(void);
void environment_credentials(void);
int64_t now_ms(void);
void sleep_ms(int ms);
int count_entries(const char *directory);
