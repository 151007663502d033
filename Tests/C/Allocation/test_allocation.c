/* What is allocated, by counting: the allocator of this program stands before the C library's for everything loaded. */
#include "check.h"
#include "frames.h"
#include <bedrockstream.h>
#include <errno.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static long allocations;
static size_t fails_from; /* allocations of this size and above fail; 0: none does */

static int refuses(size_t size) {
  __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
  if (fails_from == 0 || size < fails_from) return 0;
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) { return refuses(size) ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return refuses(count * size) ? NULL : __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { return refuses(size) ? NULL : __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { return refuses(size) ? NULL : __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  return *memory == NULL ? ENOMEM : 0;
}
void free(void *memory) { __libc_free(memory); }

struct ends {
  int stops, errors;
  brs_code code;
  long deltas, tools;
};

static brs_flow on_delta(void *user, brs_stream *stream, const brs_delta *delta) {
  (void)stream, (void)delta;
  ((struct ends *)user)->deltas++;
  return BRS_FLOW_CONTINUE;
}
static brs_flow on_event(void *user, brs_stream *stream, const brs_event *event) {
  (void)user, (void)stream, (void)event;
  return BRS_FLOW_CONTINUE;
}
static void on_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)stream, (void)result;
  ((struct ends *)user)->stops++;
}
static void on_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)stream;
  ((struct ends *)user)->errors++;
  ((struct ends *)user)->code = error->code;
}

static brs_decoder *decoder_of(brs_operation operation, struct ends *ends) {
  brs_callbacks callbacks = {.size = sizeof callbacks,
                             .user = ends,
                             .on_delta = on_delta,
                             .on_event = on_event,
                             .on_stop = on_stop,
                             .on_error = on_error};
  brs_decoder *decoder = NULL;
  CHECK_CODE(brs_decoder_new(operation, &callbacks, &decoder, NULL), BRS_OK);
  return decoder;
}

/* How many allocations a decoder makes for an answer of so many deltas. */
static long allocations_for(brs_operation operation, int deltas, size_t piece) {
  struct bytes answer = {0};
  struct ends ends = {0};
  (operation == BRS_CONVERSE_STREAM ? answer_add : invoke_answer_add)(&answer, deltas);
  brs_decoder *decoder = decoder_of(operation, &ends);
  long before = allocations;
  for (size_t at = 0; at < answer.len; at += piece)
    brs_decoder_feed(decoder, answer.data + at, answer.len - at < piece ? answer.len - at : piece);
  CHECK_CODE(brs_decoder_finish(decoder), BRS_OK);
  long made = allocations - before;
  CHECK_NUMBER(ends.deltas, deltas);
  brs_decoder_free(decoder);
  bytes_free(&answer);
  return made;
}

/* Per event nothing is allocated: ten thousand events more cost a few steps of the growing answer text, and no more. */
static void check_steady(brs_operation operation, size_t piece) {
  allocations_for(operation, 10, piece);
  long few = allocations_for(operation, 1000, piece), many = allocations_for(operation, 11000, piece);
  if (many - few > 12) check_failed(__FILE__, __LINE__, "1,000 deltas: %ld allocations, 11,000: %ld", few, many);
}

TEST(no_allocation_per_converse_event) { check_steady(BRS_CONVERSE_STREAM, 16384); }
TEST(no_allocation_per_converse_event_torn) { check_steady(BRS_CONVERSE_STREAM, 50); }
TEST(no_allocation_per_invoke_event) { check_steady(BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM, 16384); }
TEST(no_allocation_per_invoke_event_torn) { check_steady(BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM, 50); }

/* The same answer again and again through one decoder: after the first time there is nothing left to allocate. */
TEST(no_allocation_after_reset) {
  struct bytes answer = {0};
  struct ends ends = {0};
  long rounds[10];
  answer_add(&answer, 100);
  brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &ends);
  for (int i = 0; i < 10; i++) {
    long before = allocations;
    brs_decoder_feed(decoder, answer.data, answer.len);
    CHECK_CODE(brs_decoder_finish(decoder), BRS_OK);
    CHECK_CODE(brs_decoder_reset(decoder), BRS_OK);
    rounds[i] = allocations - before;
  }
  CHECK(rounds[9] <= rounds[1] && rounds[9] <= 40);
  brs_decoder_free(decoder);
  bytes_free(&answer);
}

/* Memory for a large frame cannot be had: an error, not the end of the host. */
TEST(no_memory_for_a_large_frame) {
  enum { LARGE = 20 << 20 };
  struct ends ends = {0};
  struct bytes answer = {0};
  char *json = malloc(LARGE + 100);
  int head = sprintf(json, "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"");
  memset(json + head, 'x', LARGE);
  strcpy(json + head + LARGE, "\"}}");
  answer_begin(&answer);
  event_add(&answer, "contentBlockDelta", json);
  answer_end(&answer);
  free(json);
  brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &ends);
  fails_from = 1 << 20;
  for (size_t at = 0; at < answer.len; at += 65536)
    brs_decoder_feed(decoder, answer.data + at, answer.len - at < 65536 ? answer.len - at : 65536);
  CHECK_CODE(brs_decoder_finish(decoder), BRS_E_MEMORY);
  fails_from = 0;
  CHECK_NUMBER(ends.errors, 1);
  CHECK_NUMBER(ends.stops, 0);
  CHECK_CODE(ends.code, BRS_E_MEMORY);
  CHECK_CODE(brs_decoder_reset(decoder), BRS_OK);
  brs_decoder_free(decoder);
  bytes_free(&answer);
}

/* An answer whose joined text outgrows the memory there is. */
TEST(no_memory_for_a_long_answer) {
  struct ends ends = {0};
  struct bytes answer = {0};
  char text[400];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  answer_begin(&answer);
  for (int i = 0; i < 20000; i++) delta_add(&answer, 0, text);
  answer_end(&answer);
  brs_decoder *decoder = decoder_of(BRS_CONVERSE_STREAM, &ends);
  fails_from = 1 << 20;
  for (size_t at = 0; at < answer.len; at += 65536)
    brs_decoder_feed(decoder, answer.data + at, answer.len - at < 65536 ? answer.len - at : 65536);
  brs_code code = brs_decoder_finish(decoder);
  fails_from = 0;
  CHECK(code == BRS_E_MEMORY || code == BRS_E_LIMIT);
  CHECK_NUMBER(ends.errors, 1);
  brs_decoder_free(decoder);
  bytes_free(&answer);
}

/* A large body and no memory for its copy. */
TEST(no_memory_for_a_request) {
  enum { LARGE = 8 << 20 };
  char *body = malloc(LARGE);
  memset(body, ' ', LARGE);
  memcpy(body, "{}", 2);
  brs_config *config = NULL;
  brs_client *client = NULL;
  setenv("HOME", "/nonexistent", 1); /* nobody's profiles */
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_request request = {
      .size = sizeof request, .operation = BRS_CONVERSE_STREAM, .model_id = "m", .body = body, .body_len = LARGE};
  brs_stream *stream = NULL;
  fails_from = 1 << 20;
  brs_code code = brs_stream_open(client, &request, NULL, &stream, NULL);
  fails_from = 0;
  CHECK_CODE(code, BRS_E_MEMORY);
  CHECK(stream == NULL);
  if (code == BRS_OK) brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  free(body);
}

static brs_flow on_tool(void *user, brs_stream *stream, const brs_tool *tool) {
  (void)stream;
  /* A call that is handed over is whole. */
  CHECK(tool->input_json_len > 1000000);
  ++*(int *)user;
  return BRS_FLOW_CONTINUE;
}

static void ignore_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)user, (void)stream, (void)result;
}

static void ignore_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)user, (void)stream, (void)error;
}

/* A tool call whose input cannot be put together for its callback: an error, not a call without input. */
TEST(no_memory_for_a_tool_call) {
  struct bytes answer = {0}, end = {0};
  int tools = 0;
  char text[60001], json[60100];
  memset(text, '7', sizeof text - 1);
  text[sizeof text - 1] = 0;
  answer_begin(&answer);
  event_add(&answer, "contentBlockStart",
            "{\"contentBlockIndex\":1,\"start\":{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"clock\"}}}");
  snprintf(json, sizeof json, "{\"contentBlockIndex\":1,\"delta\":{\"toolUse\":{\"input\":\"%s\"}}}", text);
  for (int i = 0; i < 40; i++) event_add(&answer, "contentBlockDelta", json);
  event_add(&end, "contentBlockStop", "{\"contentBlockIndex\":1}");
  answer_end(&end);
  brs_callbacks callbacks = {
      .size = sizeof callbacks, .user = &tools, .on_tool = on_tool, .on_stop = ignore_stop, .on_error = ignore_error};
  brs_decoder *decoder = NULL;
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, &decoder, NULL), BRS_OK);
  CHECK_CODE(brs_decoder_feed(decoder, answer.data, answer.len), BRS_OK);
  fails_from = 1 << 20;
  brs_decoder_feed(decoder, end.data, end.len);
  brs_code code = brs_decoder_finish(decoder);
  fails_from = 0;
  CHECK(code == BRS_E_MEMORY || code == BRS_E_LIMIT);
  CHECK_NUMBER(tools, 0);
  brs_decoder_free(decoder);
  bytes_free(&answer), bytes_free(&end);
}
