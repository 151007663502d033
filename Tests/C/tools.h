/* What the tests of tool calls share: answers that call tools, and streams that run them. */
#pragma once
#include "support.h"

#define CALLING_MOST 8

/* A server that calls tools: each reply is an answer of one round, the last one is repeated. */
struct calling {
  struct fixture fixture;
  struct bytes answers[CALLING_MOST];
  struct reply replies[CALLING_MOST];
  struct script script;
};

/* `turn` is auto, and one setting more where it is not NULL. */
void calling_begin(struct calling *calling, const char *key, const char *value);
void calling_end(struct calling *calling);
/* Begins the next answer; what is added to it is served when calling_serve was called behind the last one. */
struct bytes *calling_answer(struct calling *calling);
/* An answer with one text and a call of the tool "weather" for each id, up to a NULL; and one that ends the turn. */
void calling_add(struct calling *calling, const char *text, const char *const *ids);
void calling_add_end(struct calling *calling, const char *text);
void calling_serve(struct calling *calling);
/* Opens a stream with every callback. */
brs_stream *calling_open(struct calling *calling);
/* Waits for the end and frees the stream. */
void calling_finish(struct calling *calling, brs_stream *stream);

/* Gives a text as the result. */
brs_code give_text(brs_stream *stream, const char *id, const char *text);
brs_code give(brs_stream *stream, const char *id, brs_tool_content content, const char *text, int is_error,
              brs_diagnostic *diagnostic);

/* Checks that the last request's body holds `part`. */
#define CHECK_SENT(CALLING, PART) CHECK_CONTAINS((CALLING)->fixture.server.request, PART)
