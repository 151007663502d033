#include "tools.h"

void calling_begin(struct calling *calling, const char *key, const char *value) {
  memset(calling, 0, sizeof *calling);
  environment_clean();
  server_start(&calling->fixture.server);
  seen_init(&calling->fixture.seen);
  brs_config *config = config_for(&calling->fixture.server);
  config_put(config, KEY_TURN, "auto");
  if (key != NULL) config_put(config, key, value);
  CHECK_CODE(brs_client_new(config, &calling->fixture.client, NULL), BRS_OK);
  brs_config_free(config);
}

void calling_end(struct calling *calling) {
  fixture_end(&calling->fixture);
  for (int i = 0; i < CALLING_MOST; i++) bytes_free(&calling->answers[i]);
}

struct bytes *calling_answer(struct calling *calling) {
  struct bytes *answer = &calling->answers[calling->script.count++];
  answer_begin(answer);
  return answer;
}

void calling_add(struct calling *calling, const char *text, const char *const *ids) {
  struct bytes *answer = calling_answer(calling);
  text_block_add(answer, 0, text);
  for (int i = 0; ids[i] != NULL; i++)
    tool_block_add(answer, i + 1, ids[i], "weather", "{\\\"city\\\": \\\"Bern\\\"}");
  answer_stop(answer, "tool_use");
}

void calling_add_end(struct calling *calling, const char *text) {
  struct bytes *answer = calling_answer(calling);
  text_block_add(answer, 0, text);
  answer_stop(answer, "end_turn");
}

void calling_serve(struct calling *calling) {
  for (int i = 0; i < calling->script.count; i++)
    if (calling->replies[i].status == 0)
      calling->replies[i] = stream_reply(calling->answers[i].data, calling->answers[i].len);
  calling->script.replies = calling->replies;
  server_script(&calling->fixture.server, &calling->script);
}

brs_stream *calling_open(struct calling *calling) {
  brs_request request = request_of(BODY);
  brs_callbacks callbacks = seen_all_callbacks(&calling->fixture.seen);
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_stream *stream = NULL;
  if (brs_stream_open(calling->fixture.client, &request, &callbacks, &stream, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "brs_stream_open: %s", diagnostic.message);
  return stream;
}

void calling_finish(struct calling *calling, brs_stream *stream) {
  if (!seen_wait(&calling->fixture.seen)) check_failed(__FILE__, __LINE__, "no terminal callback");
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(&calling->fixture.seen);
}

brs_code give(brs_stream *stream, const char *id, brs_tool_content content, const char *text, int is_error,
              brs_diagnostic *diagnostic) {
  return brs_tool_result(stream, id, content, text, text != NULL ? strlen(text) : 0, is_error, diagnostic);
}

brs_code give_text(brs_stream *stream, const char *id, const char *text) {
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_code code = give(stream, id, BRS_TOOL_TEXT, text, 0, &diagnostic);
  CHECK_CODE(diagnostic.code, code);
  CHECK((code == BRS_OK) == (diagnostic.message[0] == 0));
  return code;
}
