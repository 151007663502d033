/* Texts of the service longer than what is kept, memory that ends where a struct ends, queues larger than usual. */
#include "support.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fixture fixture;

static char *letters(size_t len) {
  char *text = malloc(len + 1);
  memset(text, 'm', len);
  text[len] = 0;
  return text;
}

/* A failure always has its message, however long the service's own is. */
TEST(longest_error_message_of_a_frame) {
  struct bytes body = {0};
  char *code = letters(65000), *message = letters(65000);
  fixture_begin(&fixture, NULL, NULL);
  answer_begin(&body);
  error_add(&body, code, message);
  exchange(&fixture, stream_reply(body.data, body.len));
  CHECK_CODE(fixture.seen.code, BRS_E_SERVICE);
  CHECK_CONTAINS(fixture.seen.message, "mmmm");
  CHECK_CONTAINS(fixture.seen.service_code, "mmmm");
  CHECK_TEXT(fixture.seen.request_id, "11111111-2222-3333-4444-555555555555");
  CHECK_TEXT(fixture.seen.model_id, MODEL);
  fixture_end(&fixture);
  bytes_free(&body);
  free(code);
  free(message);
}

struct last {
  brs_code code;
  size_t message_len, service_code_len;
  int is_terminated;
};

static void keep_error(void *user, brs_stream *stream, const brs_error *error) {
  (void)stream;
  struct last *last = user;
  last->code = error->code;
  last->message_len = error->message_len;
  last->service_code_len = error->service_code_len;
  last->is_terminated = error->message[error->message_len] == 0 && error->service_code[error->service_code_len] == 0
                        && error->original_message[error->original_message_len] == 0;
}

static void ignore_stop(void *user, brs_stream *stream, const brs_result *result) {
  (void)user, (void)stream, (void)result;
}

TEST(longest_error_of_a_chunk) {
  struct bytes body = {0};
  struct last last = {0};
  char *message = letters(1000000), *json = malloc(1000200);
  sprintf(json, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"%s\"}}", message);
  chunk_add(&body, json);
  brs_callbacks callbacks = {.size = sizeof callbacks, .user = &last, .on_stop = ignore_stop, .on_error = keep_error};
  brs_decoder *decoder = NULL;
  CHECK_CODE(brs_decoder_new(BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM, &callbacks, &decoder, NULL), BRS_OK);
  CHECK_CODE(brs_decoder_feed(decoder, body.data, body.len), BRS_OK);
  CHECK(last.code != BRS_OK);
  CHECK(last.message_len > 1000);
  CHECK(last.service_code_len > 10);
  CHECK_NUMBER(last.is_terminated, 1);
  brs_decoder_free(decoder);
  free(message);
  free(json);
  bytes_free(&body);
}

/* A struct of `size` bytes behind which no memory is. */
static void *at_the_edge(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED);
  CHECK_NUMBER(mprotect(pages + page, page, PROT_NONE), 0);
  return memcpy(pages + page - size, &size, sizeof size);
}

/* The library never looks beyond `size`. */
TEST(structs_of_nothing_but_their_size) {
  fixture_begin(&fixture, NULL, NULL);
  brs_stream *stream = NULL;
  brs_request request = request_of(BODY);
  brs_signer *signer = NULL;
  brs_signature signature = {.size = sizeof signature};
  CHECK_CODE(brs_stream_open(fixture.client, at_the_edge(8), NULL, &stream, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_stream_open(fixture.client, &request, at_the_edge(8), &stream, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &stream, at_the_edge(8)), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_describe(0, at_the_edge(8)), BRS_E_ARGUMENT);
  CHECK_CODE(brs_signer_new(&signer), BRS_OK);
  CHECK_CODE(brs_signer_sign(signer, at_the_edge(8), &signature, NULL), BRS_E_ARGUMENT);
  brs_signer_free(signer);
  fixture_end(&fixture);
}

/* Any queue that may be configured can be filled; with what the library does not know, as more than 64 MiB of what it
 * does is more than it keeps of an answer. */
TEST(largest_queue) {
  enum { LENGTH = 20 * 1000 * 1000, COUNT = 4 };
  struct bytes head = {0}, unit = {0}, tail = {0};
  char *text = letters(LENGTH), *json = malloc(LENGTH + 100);
  fixture_begin(&fixture, "delivery.queue_bytes", "1000000000");
  sprintf(json, "{\"contentBlockIndex\":0,\"delta\":{\"hologram\":\"%s\"}}", text);
  answer_begin(&head);
  event_add(&unit, "contentBlockDelta", json);
  answer_end(&tail);
  struct reply reply = stream_reply(head.data, head.len);
  reply.repeats = COUNT, reply.unit = unit.data, reply.unit_len = unit.len;
  reply.tail = tail.data, reply.tail_len = tail.len;
  server_reply(&fixture.server, reply);
  brs_request request = request_of(BODY);
  brs_stream *stream = NULL;
  const brs_event *event = NULL;
  CHECK_CODE(brs_stream_open(fixture.client, &request, NULL, &stream, NULL), BRS_OK);
  for (int i = 0; i < 1000 && server_sent(&fixture.server) < head.len + COUNT * unit.len + tail.len; i++) sleep_ms(20);
  sleep_ms(200);
  uint64_t got = 0;
  brs_code code;
  while ((code = brs_stream_next(stream, 10000, &event)) == BRS_OK) {
    if (event->delta) got += event->delta->text_len;
    if (event->error) check_failed(__FILE__, __LINE__, "%s: %s", event->error->name, event->error->message);
  }
  CHECK_CODE(code, BRS_E_END);
  CHECK_NUMBER(got, (uint64_t)(LENGTH + sizeof "{\"hologram\":\"\"}" - 1) * COUNT);
  brs_stream_free(stream);
  fixture_end(&fixture);
  bytes_free(&head), bytes_free(&unit), bytes_free(&tail);
  free(text);
  free(json);
}

/* Trailers are read and dropped, but not for ever. */
TEST(trailers_without_end) {
  struct bytes body = {0}, raw = {0};
  char size[200];
  fixture_begin(&fixture, NULL, NULL);
  answer_add(&body, 2);
  int head = snprintf(size, sizeof size,
                      "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n"
                      "transfer-encoding: chunked\r\n\r\n%zx\r\n",
                      body.len);
  bytes_add(&raw, size, (size_t)head);
  bytes_add(&raw, body.data, body.len);
  bytes_add(&raw, "\r\n0\r\n", 5);
  for (int i = 0; i < 100000; i++) bytes_add(&raw, "x-trailer: abcdefgh\r\n", 21);
  exchange(&fixture, (struct reply){.raw = (char *)raw.data, .raw_len = raw.len});
  CHECK_CODE(fixture.seen.code, BRS_E_LIMIT);
  CHECK_NUMBER(fixture.seen.delivered, 2);
  fixture_end(&fixture);
  bytes_free(&body), bytes_free(&raw);
}

/* What open tool calls hold has one bound for all of them. */
TEST(tool_inputs_together) {
  enum { LENGTH = 12 * 1000 * 1000, CALLS = 7 };
  struct last last = {0};
  char *text = letters(LENGTH), *json = malloc(LENGTH + 100);
  brs_callbacks callbacks = {.size = sizeof callbacks, .user = &last, .on_stop = ignore_stop, .on_error = keep_error};
  brs_decoder *decoder = NULL;
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, &decoder, NULL), BRS_OK);
  for (int i = 0; i < CALLS; i++) {
    struct bytes body = {0};
    sprintf(json, "{\"contentBlockIndex\":%d,\"start\":{\"toolUse\":{\"toolUseId\":\"t\",\"name\":\"n\"}}}", i);
    event_add(&body, "contentBlockStart", json);
    sprintf(json, "{\"contentBlockIndex\":%d,\"delta\":{\"toolUse\":{\"input\":\"%s\"}}}", i, text);
    event_add(&body, "contentBlockDelta", json);
    brs_code expected = last.code == BRS_OK ? BRS_OK : BRS_E_STATE;
    CHECK_CODE(brs_decoder_feed(decoder, body.data, body.len), expected);
    bytes_free(&body);
    CHECK_CODE(last.code, i < 5 ? BRS_OK : BRS_E_LIMIT);
  }
  brs_decoder_free(decoder);
  free(text);
  free(json);
}

/* Things without content cost memory too: all blocks together hold so many of them. */
TEST(parts_of_blocks_together) {
  enum { BLOCKS = 8, MOST = 4096 };
  struct last last = {0};
  struct bytes body = {0};
  brs_callbacks callbacks = {.size = sizeof callbacks, .user = &last, .on_stop = ignore_stop, .on_error = keep_error};
  brs_decoder *decoder = NULL;
  CHECK_CODE(brs_decoder_new(BRS_CONVERSE_STREAM, &callbacks, &decoder, NULL), BRS_OK);
  for (int i = 0; i < MOST; i++) {
    char json[100];
    snprintf(json, sizeof json, "{\"contentBlockIndex\":%d,\"start\":{\"toolResult\":{}}}", i % BLOCKS);
    event_add(&body, "contentBlockStart", json);
  }
  CHECK_CODE(brs_decoder_feed(decoder, body.data, body.len), BRS_OK);
  CHECK_CODE(last.code, BRS_OK);
  CHECK_CODE(brs_decoder_feed(decoder, body.data, body.len), BRS_OK);
  CHECK_CODE(last.code, BRS_E_LIMIT);
  brs_decoder_free(decoder);
  bytes_free(&body);
}

TEST(a_header_that_never_ends) {
  struct bytes raw = {0};
  fixture_begin(&fixture, NULL, NULL);
  bytes_add(&raw, "HTTP/1.1 200 OK\r\nX-Long: ", 25);
  for (int i = 0; i < 30000; i++) bytes_add(&raw, "0123456789", 10);
  exchange(&fixture, (struct reply){.raw = (char *)raw.data, .raw_len = raw.len});
  /* libcurl reports that its buffer may not grow as a lack of memory, which it is not. */
  CHECK_CODE(fixture.seen.code, BRS_E_TRANSPORT);
  CHECK_NUMBER(fixture.seen.retryable, 1);
  fixture_end(&fixture);
  bytes_free(&raw);
}
