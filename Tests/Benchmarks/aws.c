/*
 * The peer of decoding: the streaming decoder of aws-c-event-stream, which checks frames and parses their headers and
 * hands payloads over as they are, without a look at their JSON. Takes the arguments of client for workload a.
 */
#include "measure.h"
#include <aws/event-stream/event_stream.h>

typedef struct aws_event_stream_streaming_decoder decoder;
typedef struct aws_event_stream_message_prelude prelude;

static struct measure *m;
static volatile uint8_t touched;

static void on_payload(decoder *which, struct aws_byte_buf *payload, int8_t is_last, void *user) {
  (void)which, (void)is_last, (void)user;
  if (payload->len > 0) touched = payload->buffer[0];
}

static void on_prelude(decoder *which, prelude *frame, void *user) { (void)which, (void)frame, (void)user; }

static void on_header(decoder *which, prelude *frame, struct aws_event_stream_header_value_pair *header, void *user) {
  (void)which, (void)frame, (void)user;
  touched = header->header_name_len;
}

static void on_complete(decoder *which, uint32_t checksum, void *user) {
  (void)which, (void)checksum, (void)user;
  m->events++;
}

static void on_error(decoder *which, prelude *frame, int code, const char *message, void *user) {
  (void)which, (void)frame, (void)user;
  fprintf(stderr, "aws: %d: %s\n", code, message);
  exit(1);
}

static void decode(uint8_t *data, size_t len) {
  struct aws_event_stream_streaming_decoder_options options = {
      .on_payload_segment = on_payload, .on_prelude = on_prelude, .on_header = on_header, .on_complete = on_complete,
      .on_error = on_error};
  decoder which;
  aws_event_stream_streaming_decoder_init_from_options(&which, aws_default_allocator(), &options);
  for (size_t at = 0; at < len; at += m->piece) {
    struct aws_byte_buf piece = aws_byte_buf_from_array(data + at, len - at < m->piece ? len - at : m->piece);
    if (aws_event_stream_streaming_decoder_pump(&which, &piece) != 0) exit(1);
    m->bytes += piece.len;
  }
  aws_event_stream_streaming_decoder_clean_up(&which);
}

int main(int argc, char **argv) {
  size_t len;
  m = measure_new(argc, argv, "aws-c-event-stream");
  aws_event_stream_library_init(aws_default_allocator());
  uint8_t *data = read_file(m->file, &len);
  decode(data, len);
  measure_begin(m);
  for (int pass = 0; pass < m->reps; pass++) decode(data, len);
  int status = measure_report(m);
  free(data);
  return status;
}
