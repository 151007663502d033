/* Writes what a Bedrock endpoint sends: event-stream frames and whole recorded answers. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct bytes {
  uint8_t *data;
  size_t len, capacity;
};

void bytes_add(struct bytes *bytes, const void *data, size_t len);
void bytes_free(struct bytes *bytes);

/* One header of a frame; `type` 7 is a string, others are written as `value` stands. */
struct frame_header {
  const char *name;
  const char *value;
};

uint32_t crc32_of(const uint8_t *data, size_t len);

/* Adds a frame with string headers. */
void frame_add(struct bytes *bytes, const struct frame_header *headers, size_t count, const void *payload, size_t len);
void event_add(struct bytes *bytes, const char *type, const char *json);
void exception_add(struct bytes *bytes, const char *type, const char *json);
void error_add(struct bytes *bytes, const char *code, const char *message);
/* An invoke route's chunk: {"bytes": base64 of json}. */
void chunk_add(struct bytes *bytes, const char *json);
/* Adds a delta of an answer: `text` goes into the JSON as it stands. */
void delta_add(struct bytes *bytes, int block, const char *text);

/* Adds a block of text, and a tool call whose input comes in one piece; texts go into the JSON as they stand. */
void text_block_add(struct bytes *bytes, int block, const char *text);
void tool_block_add(struct bytes *bytes, int block, const char *id, const char *name, const char *input);
/* Ends an answer for this reason, with the metadata of answer_end. */
void answer_stop(struct bytes *bytes, const char *reason);

/* A complete ConverseStream answer of `deltas` deltas "word N ". Ends with messageStop end_turn and metadata. */
void answer_add(struct bytes *bytes, int deltas);
/* The same by the invoke route, in Claude's format. */
void invoke_answer_add(struct bytes *bytes, int deltas);
/* How an answer begins, and its first delta; and how it ends. */
void answer_begin(struct bytes *bytes);
void answer_end(struct bytes *bytes);
