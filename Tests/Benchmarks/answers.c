#include "answers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pieces converse, invoke;

/* A delta whose text is a time. A CRC is linear: what each digit adds to it is known in advance. */
enum { DIGITS = 19 };
static struct {
  struct bytes frame;
  size_t at; /* of the first digit */
  uint32_t crc_of_zeros, added[DIGITS][10];
} stamped;

struct order order_of(const char *path) {
  struct order order = {.per_write = 1};
  const char *slash = strrchr(path, '/');
  order.is_invoke = slash != NULL && strncmp(slash, "/invoke", 7) == 0;
  for (const char *p = strncmp(path, "/model/", 7) == 0 ? path + 7 : ""; *p != 0 && *p != '/'; p++) {
    char *end;
    long number = strtol(p + 1, &end, 10);
    if (*p == 'n') order.count = number;
    if (*p == 'r') order.rate = number;
    if (*p == 'k') order.together = number;
    if (*p == 'w' && number > 0 && number <= MOST_PER_WRITE) order.per_write = (int)number;
    if (*p == 'e') order.is_single = number != 0;
    p = end > p + 1 ? end : p;
    if (*p == '/' || *p == 0) break;
  }
  return order;
}

static size_t frame_length(const uint8_t *p) {
  return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

static const char *text_of(int index) {
  static const char *const texts[] = {"the quick model sent", "s tokens over a wire", " and each of them is",
                                      " a \\\"piece\\\" of text\\n"};
  return texts[index % 4];
}

/* Each frame as an HTTP chunk of its own. `offsets` gets where they begin and where the last ends. */
static struct bytes chunked(struct bytes frames, size_t *offsets) {
  struct bytes result = {0};
  for (size_t at = 0, len; at < frames.len; at += len) {
    char head[24];
    len = frame_length(frames.data + at);
    if (offsets != NULL) *offsets++ = result.len;
    bytes_add(&result, head, (size_t)snprintf(head, sizeof head, "%zx\r\n", len));
    bytes_add(&result, frames.data + at, len);
    bytes_add(&result, "\r\n", 2);
  }
  if (offsets != NULL) *offsets = result.len;
  bytes_free(&frames);
  return result;
}

static void claude_delta_add(struct bytes *bytes, const char *text) {
  char json[256];
  snprintf(json, sizeof json,
           "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}", text);
  chunk_add(bytes, json);
}

/* An invoke route's answer without a delta, cut where its deltas would be. */
static void claude_frame(struct bytes *begin, struct bytes *end) {
  struct bytes whole = {0};
  size_t head = 0;
  invoke_answer_add(&whole, 0);
  for (int frame = 0; frame < 2; frame++) head += frame_length(whole.data + head);
  bytes_add(begin, whole.data, head);
  bytes_add(end, whole.data + head, whole.len - head);
  bytes_free(&whole);
}

static void render(struct pieces *pieces, int is_invoke) {
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
                             "x-amzn-RequestId: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
  struct bytes begin = {0}, block = {0}, end = {0};
  for (int i = 0; i < BLOCK; i++)
    if (is_invoke) claude_delta_add(&block, text_of(i));
    else delta_add(&block, 0, text_of(i));
  if (is_invoke) claude_frame(&begin, &end);
  else answer_begin(&begin), answer_end(&end);
  begin = chunked(begin, NULL);
  bytes_add(&pieces->begin, head, sizeof head - 1);
  bytes_add(&pieces->begin, begin.data, begin.len);
  bytes_free(&begin);
  pieces->block = chunked(block, pieces->offsets);
  pieces->end = chunked(end, NULL);
  bytes_add(&pieces->end, "0\r\n\r\n", 5);
}

static void render_stamped(void) {
  delta_add(&stamped.frame, 0, "@0000000000000000000|");
  uint8_t *data = stamped.frame.data;
  size_t covered = stamped.frame.len - 4;
  stamped.at = (size_t)((uint8_t *)memchr(data, '@', covered) - data) + 1;
  stamped.crc_of_zeros = crc32_of(data, covered);
  for (int digit = 0; digit < DIGITS; digit++) {
    for (int value = 0; value < 10; value++) {
      data[stamped.at + (size_t)digit] = (uint8_t)('0' + value);
      stamped.added[digit][value] = crc32_of(data, covered) ^ stamped.crc_of_zeros;
    }
    data[stamped.at + (size_t)digit] = '0';
  }
}

void answers_render(void) {
  render(&converse, 0);
  render(&invoke, 1);
  render_stamped();
}

const struct pieces *pieces_of(const struct order *order) { return order->is_invoke ? &invoke : &converse; }

size_t stamped_write(uint8_t *to, int count, uint64_t now) {
  size_t frame = stamped.frame.len, head = (size_t)sprintf((char *)to, "%zx\r\n", frame * (size_t)count);
  uint8_t *first = to + head, *tail = first + frame - 4;
  uint32_t crc = stamped.crc_of_zeros;
  memcpy(first, stamped.frame.data, frame);
  for (int digit = DIGITS - 1; digit >= 0; digit--, now /= 10) {
    first[stamped.at + (size_t)digit] = (uint8_t)('0' + now % 10);
    crc ^= stamped.added[digit][now % 10];
  }
  tail[0] = (uint8_t)(crc >> 24), tail[1] = (uint8_t)(crc >> 16), tail[2] = (uint8_t)(crc >> 8), tail[3] = (uint8_t)crc;
  for (int i = 1; i < count; i++) memcpy(first + frame * (size_t)i, first, frame);
  memcpy(first + frame * (size_t)count, "\r\n", 2);
  return head + frame * (size_t)count + 2;
}

int answer_dump(const char *path, int count, int is_invoke) {
  struct bytes frames = {0}, end = {0};
  if (is_invoke) claude_frame(&frames, &end);
  else answer_begin(&frames), answer_end(&end);
  for (int i = 0; i < count; i++)
    if (is_invoke) claude_delta_add(&frames, text_of(i));
    else delta_add(&frames, 0, text_of(i));
  bytes_add(&frames, end.data, end.len);
  FILE *file = fopen(path, "wb");
  int is_there = file != NULL && fwrite(frames.data, 1, frames.len, file) == frames.len && fclose(file) == 0;
  bytes_free(&frames), bytes_free(&end);
  return is_there;
}
