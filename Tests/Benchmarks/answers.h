/* What the benchmarks' server says: answers that are rendered once and sent as often as asked. */
#pragma once
#include "frames.h"

enum {
  BLOCK = 1000,          /* deltas that are rendered one behind the other */
  STAMPED_ROOM = 300,    /* bytes that a stamped delta takes at most, its HTTP chunk included */
  MOST_PER_WRITE = 64,
  SMALL_ANSWER = 100     /* an answer of fewer deltas is sent with one call */
};

/* What a model id asks for, by words of a letter and a number: "n800-r80-w8". What is not said is 0 or 1. */
struct order {
  long count;    /* n: deltas of the answer */
  long rate;     /* r: deltas a second, each with the time of its sending; 0: as fast as they go */
  long together; /* k: paced deltas but the first wait until so many answers are on their way */
  int per_write; /* w: paced deltas that share an HTTP chunk and a write */
  int is_single; /* e1: at full speed, but each delta in a write of its own, and a TLS record */
  int is_invoke; /* by the route: Claude's chunks in place of Converse's events */
};

struct order order_of(const char *path);

/* The pieces of a route's answers, each frame an HTTP chunk of its own as the service sends them. */
struct pieces {
  struct bytes begin, block, end;
  size_t offsets[BLOCK + 1]; /* where each delta of `block` begins */
};

void answers_render(void);
const struct pieces *pieces_of(const struct order *order);

/* Writes one HTTP chunk of `count` deltas whose text is "@", `now` in nineteen digits, "|". Returns its length. */
size_t stamped_write(uint8_t *to, int count, uint64_t now);

/* Writes an answer of `count` deltas without HTTP around it to a file. Returns 1 when it is there. */
int answer_dump(const char *path, int count, int is_invoke);
