#include "frames.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_add(struct bytes *bytes, const void *data, size_t len) {
  if (bytes->len + len > bytes->capacity) {
    bytes->capacity = (bytes->len + len) * 2;
    bytes->data = realloc(bytes->data, bytes->capacity);
    if (bytes->data == NULL) abort();
  }
  if (len > 0) memcpy(bytes->data + bytes->len, data, len);
  bytes->len += len;
}

void bytes_free(struct bytes *bytes) {
  free(bytes->data);
  *bytes = (struct bytes){0};
}

uint32_t crc32_of(const uint8_t *data, size_t len) {
  static uint32_t table[256];
  if (table[1] == 0)
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
      table[i] = value;
    }
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < len; i++) crc = table[(crc ^ data[i]) & 0xff] ^ crc >> 8;
  return ~crc;
}

static void u32_add(struct bytes *bytes, uint32_t value) {
  uint8_t text[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
  bytes_add(bytes, text, 4);
}

void frame_add(struct bytes *bytes, const struct frame_header *headers, size_t count, const void *payload, size_t len) {
  struct bytes head = {0};
  for (size_t i = 0; i < count; i++) {
    size_t value = strlen(headers[i].value);
    uint8_t name = (uint8_t)strlen(headers[i].name), tail[3] = {7, (uint8_t)(value >> 8), (uint8_t)value};
    bytes_add(&head, &name, 1);
    bytes_add(&head, headers[i].name, name);
    bytes_add(&head, tail, 3);
    bytes_add(&head, headers[i].value, value);
  }
  size_t start = bytes->len;
  u32_add(bytes, (uint32_t)(16 + head.len + len));
  u32_add(bytes, (uint32_t)head.len);
  u32_add(bytes, crc32_of(bytes->data + start, 8));
  bytes_add(bytes, head.data, head.len);
  bytes_add(bytes, payload, len);
  u32_add(bytes, crc32_of(bytes->data + start, bytes->len - start));
  bytes_free(&head);
}

void event_add(struct bytes *bytes, const char *type, const char *json) {
  const struct frame_header headers[] = {
      {":event-type", type}, {":content-type", "application/json"}, {":message-type", "event"}};
  frame_add(bytes, headers, 3, json, strlen(json));
}

void exception_add(struct bytes *bytes, const char *type, const char *json) {
  const struct frame_header headers[] = {
      {":exception-type", type}, {":content-type", "application/json"}, {":message-type", "exception"}};
  frame_add(bytes, headers, 3, json, strlen(json));
}

void error_add(struct bytes *bytes, const char *code, const char *message) {
  const struct frame_header headers[] = {
      {":message-type", "error"}, {":error-code", code}, {":error-message", message}};
  frame_add(bytes, headers, 3, "", 0);
}

static void base64_add(struct bytes *bytes, const uint8_t *data, size_t len) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < len; i += 3) {
    uint32_t three =
        (uint32_t)data[i] << 16 | (i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0) | (i + 2 < len ? data[i + 2] : 0);
    char four[4] = {digits[three >> 18], digits[three >> 12 & 63], i + 1 < len ? digits[three >> 6 & 63] : '=',
                    i + 2 < len ? digits[three & 63] : '='};
    bytes_add(bytes, four, 4);
  }
}

void chunk_add(struct bytes *bytes, const char *json) {
  static const char head[] = "{\"bytes\":\"", tail[] = "\",\"p\":\"abcdefgh\"}";
  struct bytes payload = {0};
  bytes_add(&payload, head, strlen(head));
  base64_add(&payload, (const uint8_t *)json, strlen(json));
  bytes_add(&payload, tail, sizeof tail);
  event_add(bytes, "chunk", (char *)payload.data);
  bytes_free(&payload);
}

void delta_add(struct bytes *bytes, int block, const char *text) {
  char json[512];
  snprintf(json, sizeof json, "{\"contentBlockIndex\":%d,\"delta\":{\"text\":\"%s\"},\"p\":\"abcdefghijkl\"}", block,
           text);
  event_add(bytes, "contentBlockDelta", json);
}

void answer_begin(struct bytes *bytes) {
  event_add(bytes, "messageStart", "{\"p\":\"abcdefghijklmnopqrstu\",\"role\":\"assistant\"}");
}

static void block_stop_add(struct bytes *bytes, int block) {
  char json[64];
  snprintf(json, sizeof json, "{\"contentBlockIndex\":%d,\"p\":\"abc\"}", block);
  event_add(bytes, "contentBlockStop", json);
}

void text_block_add(struct bytes *bytes, int block, const char *text) {
  delta_add(bytes, block, text);
  block_stop_add(bytes, block);
}

void tool_block_add(struct bytes *bytes, int block, const char *id, const char *name, const char *input) {
  char json[512];
  snprintf(json, sizeof json,
           "{\"contentBlockIndex\":%d,\"start\":{\"toolUse\":{\"toolUseId\":\"%s\",\"name\":\"%s\"}}}", block, id,
           name);
  event_add(bytes, "contentBlockStart", json);
  snprintf(json, sizeof json, "{\"contentBlockIndex\":%d,\"delta\":{\"toolUse\":{\"input\":\"%s\"}}}", block,
           input);
  event_add(bytes, "contentBlockDelta", json);
  block_stop_add(bytes, block);
}

void answer_end(struct bytes *bytes) {
  block_stop_add(bytes, 0);
  answer_stop(bytes, "end_turn");
}

void answer_stop(struct bytes *bytes, const char *reason) {
  char json[128];
  snprintf(json, sizeof json, "{\"p\":\"abcdefg\",\"stopReason\":\"%s\"}", reason);
  event_add(bytes, "messageStop", json);
  event_add(bytes, "metadata",
            "{\"metrics\":{\"latencyMs\":321},\"p\":\"ab\","
            "\"usage\":{\"inputTokens\":12,\"outputTokens\":34,\"totalTokens\":46}}");
}

void answer_add(struct bytes *bytes, int deltas) {
  answer_begin(bytes);
  for (int i = 0; i < deltas; i++) {
    char text[32];
    snprintf(text, sizeof text, "word %d ", i);
    delta_add(bytes, 0, text);
  }
  answer_end(bytes);
}

void invoke_answer_add(struct bytes *bytes, int deltas) {
  chunk_add(bytes,
            "{\"type\":\"message_start\",\"message\":{\"model\":\"claude\",\"id\":\"msg_1\",\"type\":\"message\","
            "\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}");
  chunk_add(bytes,
            "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
  for (int i = 0; i < deltas; i++) {
    char json[160];
    snprintf(json, sizeof json,
             "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"word %d \"}}",
             i);
    chunk_add(bytes, json);
  }
  chunk_add(bytes, "{\"type\":\"content_block_stop\",\"index\":0}");
  chunk_add(bytes,
            "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":34}}");
  chunk_add(bytes, "{\"type\":\"message_stop\",\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":12,"
                   "\"outputTokenCount\":34,\"invocationLatency\":321,\"firstByteLatency\":100}}");
}
