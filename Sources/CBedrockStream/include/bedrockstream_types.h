// The types of the public C interface, written once: Swift imports them, the public header repeats them word for word.
// Every item carries the comment that a C programmer reads.
#pragma once
#include "bedrockstream_codes.h"
#include <stddef.h>
#include <stdint.h>

// [section] Objects

/** Settings, as keys and values. Not thread-safe; a client or stream takes its own copy. */
typedef struct brs_config {
  /** Private. */
  uintptr_t opaque;
} brs_config;

/** A connection pool, its credentials and the thread that serves its streams. Thread-safe. */
typedef struct brs_client {
  /** Private. */
  uintptr_t opaque;
} brs_client;

/** One call of the service and its answer. Thread-safe. */
typedef struct brs_stream {
  /** Private. */
  uintptr_t opaque;
} brs_stream;

/** The decoder of a response body alone, for bytes that came some other way. Not thread-safe. */
typedef struct brs_decoder {
  /** Private. */
  uintptr_t opaque;
} brs_decoder;

/** The signer alone, with its cache of derived keys. Not thread-safe. */
typedef struct brs_signer {
  /** Private. */
  uintptr_t opaque;
} brs_signer;

// [section] What calls fill and read

/** Why a call refused its arguments. Owned by the caller, no lifetime to mind. */
typedef struct brs_diagnostic {
  /** (Required) sizeof(brs_diagnostic); set by the caller. */
  size_t size;
  /** The code that the call returned. */
  brs_code code;
  /** One line, NUL-terminated, cut where too long; names the argument, key or byte offset. Empty on success. */
  char message[500];
} brs_diagnostic;

/** One configuration key, as `brs_config_describe` tells it. The strings are constants. */
typedef struct brs_config_key {
  /** (Required) sizeof(brs_config_key); set by the caller. */
  size_t size;
  /** The key, as "timeout.connect_ms". */
  const char *name;
  /** Its type: "text", "secret", "url", "path", "boolean", "integer" or "one of: a, b, c". */
  const char *type;
  /** The default, as text; "" where there is none. */
  const char *default_value;
  /** Environment variables that are read when the key is not set, first one first, separated by ", "; "" for none. */
  const char *environment;
  /** What it means, with the unit. */
  const char *meaning;
  /** Property of a profile that is read when the environment does not say anything either; "" for none. */
  const char *config_file_key;
} brs_config_key;

/** Token counts as the service reports them; -1 where it did not. */
typedef struct brs_usage {
  /** Tokens of the request. */
  int64_t input_tokens;
  /** Tokens of the answer. */
  int64_t output_tokens;
  /** Both, as the service adds them up. */
  int64_t total_tokens;
  /** Tokens of the request read from the prompt cache. */
  int64_t cache_read_input_tokens;
  /** Tokens of the request written to the prompt cache. */
  int64_t cache_write_input_tokens;
  /** Of these, tokens that are kept for five minutes. */
  int64_t cache_write_5m_input_tokens;
  /** Of these, tokens that are kept for an hour. */
  int64_t cache_write_1h_input_tokens;
} brs_usage;

/** Times since `brs_stream_open`, in microseconds, and what else was measured; -1 where the stream did not come so far.
 *  Where there was more than one attempt or round, the times up to the first byte are those of the last. */
typedef struct brs_timings {
  /** The host's name was resolved; -1 also where a connection was reused. */
  int64_t resolved_us;
  /** TCP stood; -1 also where a connection was reused. */
  int64_t tcp_connected_us;
  /** TLS stood; -1 also without TLS, and where a connection was reused. */
  int64_t tls_connected_us;
  /** The connection was ready for the request; near 0 where one was reused. */
  int64_t connected_us;
  /** The last byte of the request was sent. */
  int64_t request_sent_us;
  /** The first byte of the response head arrived. */
  int64_t first_byte_us;
  /** The stream's first delta was decoded: the time to first token. */
  int64_t first_delta_us;
  /** The longest time between two deltas. What the caller held back, and the wait for tools, does not count. */
  int64_t longest_gap_us;
  /** The stream ended. */
  int64_t total_us;
  /** The latency that the service reports, in milliseconds. */
  int64_t server_latency_ms;
  /** Bytes sent in all attempts: heads and bodies of requests as HTTP has them, without TLS. */
  int64_t bytes_sent;
  /** Bytes received in all attempts, counted likewise. */
  int64_t bytes_received;
  /** Output tokens for each second between the first and the last delta; counts no time that `longest_gap_us` does
   *  not. -1 where the service reported no tokens, or fewer than two deltas came. */
  double output_tokens_per_s;
} brs_timings;

/** How an answer came out; complete in `on_stop`, what there was until then in an error's `partial`. */
typedef struct brs_result {
  /** sizeof(brs_result) of the library. Members at or beyond it do not exist. */
  size_t size;
  /** Why the model stopped. */
  brs_stop_reason stop_reason;
  /** The word that came, as "end_turn"; "" for none. */
  const char *stop_reason_text;
  /** Length of `stop_reason_text` in bytes. */
  size_t stop_reason_text_len;
  /** The answer's text, UTF-8: of all rounds, the text blocks of each in the order of their index. */
  const char *text;
  /** Length of `text` in bytes. */
  size_t text_len;
  /** Token counts. */
  brs_usage usage;
  /** When what happened. */
  brs_timings timings;
  /** The service's request id; "" where none came. */
  const char *request_id;
  /** Length of `request_id` in bytes. */
  size_t request_id_len;
  /** The model id that was asked. */
  const char *model_id;
  /** Length of `model_id` in bytes. */
  size_t model_id_len;
  /** How many deltas were delivered. */
  uint64_t delivered;
  /** How many requests were sent, retries included. */
  uint32_t attempts;
  /** 1 where the connection had been used before, else 0. */
  uint32_t connection_reused;
  /** The `metadata` event's payload, or the invocation metrics of an invoke route: JSON; "" where none came. */
  const char *metadata_json;
  /** Length of `metadata_json` in bytes. */
  size_t metadata_json_len;
  /** The region that was asked; with `model_id` it says which entry of `fallback` answered. "" where none was found. */
  const char *region;
  /** Length of `region` in bytes. */
  size_t region_len;
  /** 1 where the answer was cut off at a limit of tokens (BRS_STOP_MAX_TOKENS, BRS_STOP_CONTEXT_EXCEEDED), else 0. */
  int32_t is_truncated;
  /** 1 where a guardrail, a filter or the model itself refused (BRS_STOP_GUARDRAIL, BRS_STOP_CONTENT_FILTERED,
   *  BRS_STOP_REFUSAL), else 0. */
  int32_t is_refused;
  /** 1 where the stream ended before the answer was complete, else 0. */
  int32_t is_interrupted;
  /** How many rounds there were: 1, and one for each time that results of tools were sent. */
  uint32_t rounds;
  /** The last round's answer as an assistant's message, JSON, ready to be appended to the `messages` of a request:
   *  {"role":"assistant","content":[...]} in the shape of Converse, whichever format it came in.
   *  Tool inputs are parsed; one that is no JSON object is {"INVALID_JSON": "its text"}. Blank texts, which the service
   *  would refuse, and blocks that Converse has no shape for are left out; "" where nothing remains. */
  const char *message_json;
  /** Length of `message_json` in bytes. */
  size_t message_json_len;
  /** Every message that this stream added to the conversation, as a JSON array in the request's format: the
   *  assistant's, and with tool rounds the results sent between them. */
  const char *new_messages_json;
  /** Length of `new_messages_json` in bytes. */
  size_t new_messages_json_len;
  /** The model that answered, where the service says so: behind a prompt router, or in the model's own format. "" where
   *  it does not. */
  const char *answered_model_id;
  /** Length of `answered_model_id` in bytes. */
  size_t answered_model_id_len;
  /** The service tier that answered, as "default"; "" where none was told. */
  const char *service_tier;
  /** Length of `service_tier` in bytes. */
  size_t service_tier_len;
  /** The latency setting that answered, as "optimized"; "" where none was told. */
  const char *performance_latency;
  /** Length of `performance_latency` in bytes. */
  size_t performance_latency_len;
  /** Traces of guardrails and prompt routers: JSON; "" where none came. */
  const char *trace_json;
  /** Length of `trace_json` in bytes. */
  size_t trace_json_len;
  /** additionalModelResponseFields: JSON; "" where none came. */
  const char *additional_fields_json;
  /** Length of `additional_fields_json` in bytes. */
  size_t additional_fields_json_len;
  /** How long the stream waited for its turn, in microseconds; 0 where it did not. Only `limit.streams` and its like
   *  make streams wait. */
  int64_t queued_us;
  /** How many requests were sent beside late ones (`hedge.after_ms`); `attempts` has them too. */
  uint32_t hedges;
  /** How many of those took the place of the late one. The requests that were dropped may be paid for as well: no
   *  service says what they used. */
  uint32_t hedges_won;
} brs_result;

/** How a stream failed. */
typedef struct brs_error {
  /** sizeof(brs_error) of the library. Members at or beyond it do not exist. */
  size_t size;
  /** What went wrong. */
  brs_code code;
  /** How far the stream had come. */
  brs_phase phase;
  /** The code's name, as "BRS_E_THROTTLED". */
  const char *name;
  /** One line for a human, UTF-8. */
  const char *message;
  /** Length of `message` in bytes. */
  size_t message_len;
  /** The status that belongs to the error: of the answer, 200 for one that broke off or is damaged; for an exception
   *  inside a stream its modelled one; 0 for none. */
  int32_t http_status;
  /** 1 where another try may succeed, else 0. */
  int32_t retryable;
  /** The service's name for the error, as "ThrottlingException"; "" where the service did not speak. */
  const char *service_code;
  /** Length of `service_code` in bytes. */
  size_t service_code_len;
  /** The service's request id; "" where none came. */
  const char *request_id;
  /** Length of `request_id` in bytes. */
  size_t request_id_len;
  /** How many deltas were delivered before: 0 means that the caller has seen nothing of an answer. */
  uint64_t delivered;
  /** How many requests were sent, retries included. */
  uint32_t attempts;
  /** The status that the model's host gave, from ModelErrorException and ModelStreamErrorException; 0 for none. */
  int32_t original_status;
  /** What the model's host said; "" for nothing. */
  const char *original_message;
  /** Length of `original_message` in bytes. */
  size_t original_message_len;
  /** What there is of the answer; never NULL. */
  const brs_result *partial;
} brs_error;

/** What is done about an attempt that failed, or what is planned to be done. */
typedef struct brs_retry {
  /** sizeof(brs_retry) of the library. Members at or beyond it do not exist. */
  size_t size;
  /** BRS_EVENT_RETRY, BRS_EVENT_RESTART, BRS_EVENT_CONTINUE or BRS_EVENT_FALLBACK; as a plan also BRS_EVENT_ERROR, to
   *  end the stream. */
  brs_event_kind kind;
  /** The number of the attempt that follows, beginning with 1 for each model and region that is asked; for
   *  BRS_EVENT_ERROR of the one that would have followed. */
  uint32_t attempt;
  /** How many attempts there may be with that model and region: `retry.max_attempts`. */
  uint32_t max_attempts;
  /** Milliseconds until it is sent. */
  int64_t delay_ms;
  /** How the attempt before it failed; never NULL. `partial` is what the stream has delivered so far. */
  const brs_error *error;
  /** The model id that is asked next. */
  const char *model_id;
  /** Length of `model_id` in bytes. */
  size_t model_id_len;
  /** The region that is asked next. */
  const char *region;
  /** Length of `region` in bytes. */
  size_t region_len;
} brs_retry;

/** The start of a content block. */
typedef struct brs_block {
  /** sizeof(brs_block) of the library. Members at or beyond it do not exist. */
  size_t size;
  /** What the block is. */
  brs_block_kind kind;
  /** Its index; -1 where the service named none. */
  int32_t block_index;
  /** 1 for a tool that the service runs itself, else 0. */
  int32_t is_server_tool;
  /** 1 for the result of a tool that failed, else 0. */
  int32_t is_error;
  /** The word of the wire: an image's format, as "png", or the block's type where it has one, as "server_tool_use". */
  const char *type;
  /** Length of `type` in bytes. */
  size_t type_len;
  /** The id of the tool call that this begins, or is the result of; "" for other blocks. */
  const char *tool_use_id;
  /** Length of `tool_use_id` in bytes. */
  size_t tool_use_id_len;
  /** The tool's name; "" for other blocks. */
  const char *name;
  /** Length of `name` in bytes. */
  size_t name_len;
} brs_block;

/** A piece of an answer. */
typedef struct brs_delta {
  /** sizeof(brs_delta) of the library. Members at or beyond it do not exist. */
  size_t size;
  /** What `text` is. */
  brs_delta_kind kind;
  /** The content block that it belongs to; -1 where the service named none. */
  int32_t block_index;
  /** The piece, unescaped UTF-8, NUL-terminated; for the kinds called JSON, the JSON text of the member that came. */
  const char *text;
  /** Length of `text` in bytes; the text may hold NUL bytes. */
  size_t text_len;
  /** The round that it belongs to, from 0: `block_index` begins anew in each. */
  uint32_t round;
} brs_delta;

/** A complete tool call. */
typedef struct brs_tool {
  /** sizeof(brs_tool) of the library. Members at or beyond it do not exist. */
  size_t size;
  /** The content block that it came in. */
  int32_t block_index;
  /** 1 where the service runs the tool itself and only reports the call, else 0. */
  int32_t is_server_tool;
  /** 1 where `input_json` is one JSON value; 0 where the model sent something else or was cut off: then it is
   *  the raw text. */
  int32_t is_valid;
  /** The call's id, to be named in the result. */
  const char *id;
  /** Length of `id` in bytes. */
  size_t id_len;
  /** The tool's name. */
  const char *name;
  /** Length of `name` in bytes. */
  size_t name_len;
  /** The input, joined from its pieces; "{}" where the model sent none. */
  const char *input_json;
  /** Length of `input_json` in bytes. */
  size_t input_json_len;
  /** The round that it belongs to, from 0. */
  uint32_t round;
} brs_tool;

/** An event: one message of the wire, a complete tool call, what is done about a failure, or the stream's end. */
typedef struct brs_event {
  /** sizeof(brs_event) of the library. Members at or beyond it do not exist. */
  size_t size;
  /** What it is. */
  brs_event_kind kind;
  /** The content block that it belongs to; -1 for none. */
  int32_t block_index;
  /** The wire's name of the event, as "contentBlockDelta" or "chunk"; "" for events that this library makes, and for
   *  all but the first where one message holds several things. Of a whole answer: see `brs_stream_open`. */
  const char *type;
  /** Length of `type` in bytes. */
  size_t type_len;
  /** The payload as it came, unknown members included: JSON. On the invoke routes the chunk's inner bytes. */
  const char *json;
  /** Length of `json` in bytes. */
  size_t json_len;
  /** Set for BRS_EVENT_DELTA where the piece has a known place in the answer, else NULL. */
  const brs_delta *delta;
  /** Set for BRS_EVENT_TOOL, and for BRS_EVENT_TOOL_WAITING and BRS_EVENT_TOOL_ANSWERED, there without the input, which
   *  came with the call; else NULL. */
  const brs_tool *tool;
  /** Set for BRS_EVENT_STOP, else NULL. */
  const brs_result *result;
  /** Set for BRS_EVENT_ERROR, else NULL. */
  const brs_error *error;
  /** Set for BRS_EVENT_RETRY, BRS_EVENT_RESTART, BRS_EVENT_CONTINUE and BRS_EVENT_FALLBACK, else NULL. It and what it
   *  points to live as long as the event. */
  const brs_retry *retry;
  /** Set for BRS_EVENT_BLOCK_START, else NULL. */
  const brs_block *block;
  /** The round that it belongs to, from 0. */
  uint32_t round;
} brs_event;

/** An event of one of a client's streams, as `brs_client_next` hands it out. */
typedef struct brs_ready {
  /** Whose it is. */
  brs_stream *stream;
  /** The `user` of the stream's request. */
  void *user;
  /** The event; it and what it points to live until the next call for this client, or the stream's end. */
  const brs_event *event;
} brs_ready;

// [section] Callbacks

/**
 * A piece of the answer arrived.
 * `user` is the pointer of the callbacks; `stream` is NULL when a decoder calls. `delta` and what it points to
 * live until the callback returns.
 * Runs on the client's thread, or in `brs_decoder_feed`. Returns what happens next.
 */
typedef brs_flow (*brs_on_delta)(void *user, brs_stream *stream, const brs_delta *delta);

/**
 * The model calls a tool, and its input is complete.
 * `tool` and what it points to live until the callback returns. Runs and returns as `brs_on_delta`.
 * With `turn` set to auto the stream waits for `brs_tool_result` for each call without `is_server_tool`, which may be
 * called in here. An input that is no JSON, or that was cut off, is told with `is_valid` 0 and its raw text. A call
 * that the service gave no id or name has "" for it. A piece of input for a block that is no open tool call would be
 * lost, and ends the stream with BRS_E_PROTOCOL.
 */
typedef brs_flow (*brs_on_tool)(void *user, brs_stream *stream, const brs_tool *tool);

/**
 * Terminal: the answer is complete, nothing follows.
 * `result` and what it points to live until the callback returns. Never runs together with `brs_on_error`.
 */
typedef void (*brs_on_stop)(void *user, brs_stream *stream, const brs_result *result);

/**
 * Terminal: the stream failed, nothing follows.
 * `error` and what it points to live until the callback returns.
 */
typedef void (*brs_on_error)(void *user, brs_stream *stream, const brs_error *error);

/**
 * Any event of the wire arrived, before the typed callback that belongs to it; or an attempt failed and the library
 * goes on, then `event->retry` says how. After BRS_EVENT_RESTART all that the round has delivered before is void.
 * Events, deltas and members that this version does not know come as JSON, and disturb nothing else. Nor do an answer
 * that begins twice, or deltas behind the end of their block or of the message: they are handed over, and are part of
 * the result. A block that comes without a start begins with its first delta; without an index its index is -1.
 * `event` and what it points to live until the callback returns. Runs and returns as `brs_on_delta`.
 */
typedef brs_flow (*brs_on_event)(void *user, brs_stream *stream, const brs_event *event);

/**
 * An attempt failed, and nothing has been done about it yet: asked once for each failure, also the last one.
 * `user` is the request's `on_failure_user`; `plan` says what would be done: its `kind` is BRS_EVENT_ERROR where the
 * stream would end. `error`, which `plan` points to as well, and `plan` live until the callback returns.
 * Runs on the client's thread, for a stream that is read with `brs_stream_next` too, before the event that tells of it.
 * Returns what is done; anything that is no brs_verdict means as planned. The stream may be cancelled or freed in here;
 * then what it returns does not matter.
 */
typedef brs_verdict (*brs_on_failure)(void *user, brs_stream *stream, const brs_error *error, const brs_retry *plan);

/** What a stream or decoder calls. Copied by the call that takes it. */
typedef struct brs_callbacks {
  /** (Required) sizeof(brs_callbacks); set by the caller. */
  size_t size;
  /** (Optional) Handed to each callback, never looked at. Must live until the terminal callback has returned. */
  void *user;
  /** (Optional) Pieces of the answer. */
  brs_on_delta on_delta;
  /** (Optional) Complete tool calls. */
  brs_on_tool on_tool;
  /** (Required) The end of a complete answer. */
  brs_on_stop on_stop;
  /** (Required) The end of any other. */
  brs_on_error on_error;
  /** (Optional) Every event of the wire, as JSON, and what is done about failures. */
  brs_on_event on_event;
} brs_callbacks;

// [section] Requests

/** What to ask. Copied by `brs_stream_open`. */
typedef struct brs_request {
  /** (Required) sizeof(brs_request); set by the caller. */
  size_t size;
  /** (Required) Which operation. */
  brs_operation operation;
  /** (Required) A model id, inference profile or ARN: 1 to 2048 bytes of UTF-8, NUL-terminated.
   *  Encoded for the wire by the library. */
  const char *model_id;
  /** (Required, but see `prompt`) The request as JSON: for Converse and ConverseStream an object of the API's members
   *  (without modelId), else the model's own format. */
  const char *body;
  /** (Required with `body`) Length of `body` in bytes; at most 25,000,000. */
  size_t body_len;
  /** (Optional) Settings of this call alone, over those of the client. Copied. NULL for none. */
  const brs_config *config;
  /** (Optional) Asked about each failure of an attempt. */
  brs_on_failure on_failure;
  /** (Optional) Handed to `on_failure`, never looked at. Must live until the stream has ended. */
  void *on_failure_user;
  /** (Optional) For Converse and ConverseStream, instead of `body`: what the user says, UTF-8, NUL-terminated. The
   *  library writes the body, from this and the members below, which do not count without it. */
  const char *prompt;
  /** (Optional) The system's text, UTF-8, NUL-terminated. */
  const char *system;
  /** (Optional) Most tokens of the answer; 0 leaves it to the model. */
  int64_t max_tokens;
  /** (Optional) 1 where `temperature` counts. */
  int32_t has_temperature;
  /** (Optional) The temperature, from 0 to 1. */
  double temperature;
  /** (Optional) Handed out with the stream's events by `brs_client_next`, never looked at. */
  void *user;
} brs_request;

/** A name and a value. */
typedef struct brs_header {
  /** NUL-terminated. */
  const char *name;
  /** NUL-terminated. */
  const char *value;
} brs_header;

/** What `brs_signer_sign` signs. */
typedef struct brs_signing_request {
  /** (Required) sizeof(brs_signing_request); set by the caller. */
  size_t size;
  /** (Required) As "POST". */
  const char *method;
  /** (Required) As "https". */
  const char *scheme;
  /** (Required) The host, with the port where it is not the scheme's default. */
  const char *host;
  /** (Required) The path as on the request line, percent-encoded. */
  const char *path;
  /** (Optional) The query as on the request line, without the question mark. */
  const char *query;
  /** (Optional) Headers of the request. Those that must not be signed are left out by the signer. */
  const brs_header *headers;
  /** How many `headers` there are. */
  size_t header_count;
  /** (Optional) The body. */
  const char *body;
  /** Length of `body` in bytes. */
  size_t body_len;
  /** (Required) As "us-east-1". */
  const char *region;
  /** (Required) As "bedrock". */
  const char *service;
  /** (Required) The access key. */
  const char *access_key_id;
  /** (Required) The secret key. */
  const char *secret_access_key;
  /** (Optional) The session token. */
  const char *session_token;
  /** (Required) The time, in seconds since 1970 UTC. */
  int64_t time_s;
} brs_signing_request;

/** What `brs_signer_sign` made. */
typedef struct brs_signature {
  /** (Required) sizeof(brs_signature); set by the caller. */
  size_t size;
  /** Headers to add to the request. Live until the signer's next call or its end. */
  const brs_header *headers;
  /** How many `headers` there are. */
  size_t header_count;
  /** The canonical request that was signed, NUL-terminated. Same lifetime. */
  const char *canonical_request;
  /** The string to sign, NUL-terminated. Same lifetime. */
  const char *string_to_sign;
} brs_signature;
