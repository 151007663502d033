/*
 * bedrockstream.h - streams the answers of Amazon Bedrock into any process.
 *
 * libbedrockstream.so signs a request, sends it, decodes the event stream that comes back, enforces limits of time,
 * and says exactly how that stream ended. It needs libcurl, libcrypto, libm and libc. This file is its whole
 * interface. Generated from the library's sources: change those, then run `make header`.
 *
 *     #include <bedrockstream.h>
 *     #include <stdio.h>
 *
 *     int main(void) {
 *       brs_request request = {.size = sizeof request, .operation = BRS_CONVERSE_STREAM,
 *                              .model_id = "amazon.nova-lite-v1:0", .prompt = "Hello"};
 *       brs_client *client;
 *       brs_stream *stream;
 *       const brs_event *event;
 *       if (brs_client_new(NULL, &client, NULL) != BRS_OK) return 1;
 *       if (brs_stream_open(client, &request, NULL, &stream, NULL) == BRS_OK) {
 *         while (brs_stream_next(stream, -1, &event) == BRS_OK) {
 *           if (event->delta) fwrite(event->delta->text, 1, event->delta->text_len, stdout);
 *           if (event->error) fprintf(stderr, "%s: %s\n", event->error->name, event->error->message);
 *         }
 *         brs_stream_free(stream);
 *       }
 *       brs_client_free(client);
 *       return 0;
 *     }
 *
 * OWNERSHIP. Every object is made by a function called `..._new` or `brs_stream_open` and must be freed once by its
 * `..._free`; freeing NULL does nothing. The members of the object types are private. Whatever goes in is copied or
 * read before the call returns; the caller keeps what is the caller's. Out parameters come last, a diagnostic after
 * them; they are written on success only, a diagnostic always. Objects may be freed in any order: a stream that
 * outlives its client has ended.
 *
 * TEXT. Strings that go in are UTF-8 and end with a NUL unless they come with a length. Strings that come out have a
 * length and end with a NUL as well; they are never NULL, "" stands for nothing.
 *
 * LIFETIMES. What a callback is given lives until the callback returns. What `brs_stream_next` hands over lives until
 * its next call for the same stream, or the stream's end. What a signer hands over lives until its next call. Copy
 * what has to live longer. Constants, as names of codes, live as long as the library is loaded.
 *
 * THREADS. A client and a stream may be used by any threads at once; only `brs_stream_next` belongs to one thread at
 * a time for each stream, and `..._free` must be the last call on its object. A config, decoder or signer belongs to
 * one thread at a time. A client runs one thread of its own, whatever the number of its streams. All callbacks run on
 * that thread, one after another, so a callback that waits holds up all streams of its client; return BRS_FLOW_PAUSE
 * and call `brs_stream_resume` later instead. With `io.threads` above 1 there are so many: a stream stays with one of
 * them, and what several streams share, log lines too, may be called on several at once. With `io.threads` 0 there is
 * none: callbacks run in `brs_client_dispatch`, and in whatever else waits for a stream. A decoder's callbacks run
 * inside `brs_decoder_feed` and `brs_decoder_finish`.
 *
 * CALLBACKS AND RE-ENTRANCY. Every stream that was opened gets exactly one terminal callback, `on_stop` or
 * `on_error`, and none after it; a stream without callbacks gets exactly one terminal event. A callback may call any
 * function of this library on any object, its own stream and client included, `brs_stream_free` and
 * `brs_client_free` too; only a decoder must not be freed or reset inside its own callbacks. After `brs_stream_free`
 * or `brs_client_free` has returned, no callback of the stream or client runs. No lock of the library is held while
 * a callback runs. Callbacks must return: no longjmp, no exception across them.
 *
 * ERRORS. A call that can fail returns a brs_code and does nothing when it fails; a brs_diagnostic tells the reason.
 * NULL where an object is needed gives BRS_E_ARGUMENT. There is no "last error" to ask for. What goes wrong after
 * `brs_stream_open` comes with the stream's end, as a brs_error:
 *
 *     what happened                                  code                         what to do
 *     ---------------------------------------------  ---------------------------  -----------------------------------
 *     the answer is complete, and the body ended on  success: `on_stop`,          use it
 *     the boundary of a frame, all checksums right   BRS_EVENT_STOP
 *     the body ended early: in a frame, between      BRS_E_INCOMPLETE             ask again, or set `recovery`; treat
 *     frames, without the event that completes an                                 `partial` as cut off
 *     answer; or the connection broke within it
 *     a checksum, length, header or payload is       BRS_E_PROTOCOL               look at what stands between here
 *     wrong, or it is no event stream                                             and the service, as a proxy
 *     something is larger than a bound               BRS_E_LIMIT                  ask for less
 *     the service says no, with a status or by an    its own: BRS_E_VALIDATION,   correct the request, the account or
 *     exception inside the stream                    BRS_E_ACCESS_DENIED, ...     the model id; see `service_code`
 *     throttling, overload or failure of the         BRS_E_THROTTLED,             all attempts are used up: ask later,
 *     service, by status or inside the stream        BRS_E_MODEL_NOT_READY, ...   or set `fallback`
 *     the model failed or took too long              BRS_E_MODEL_ERROR, ...       ask for less, or otherwise; see the
 *                                                                                 keys `retry.on_model_...`
 *     the host has no address                        BRS_E_RESOLVE                check region and `endpoint_url`
 *     nobody listens, or the way there is closed     BRS_E_CONNECT,               check network, proxy, firewall
 *                                                    BRS_E_TRANSPORT
 *     a certificate or handshake is wrong            BRS_E_TLS                    check `tls.ca_bundle`, host, clock
 *     `timeout.connect_ms`, `timeout.first_byte_ms`  BRS_E_TIMEOUT_CONNECT,       raise the limit that the message
 *     or `timeout.between_bytes_ms` passed           ..._FIRST_BYTE,              names, or ask later
 *                                                    ..._BETWEEN_BYTES
 *     `timeout.total_ms` passed, waits included      BRS_E_TIMEOUT_TOTAL          nothing, or raise it
 *     a tool's result did not come within            BRS_E_TIMEOUT_TOOL           answer each call, or raise it
 *     `timeout.tool_ms`
 *     the client's own limits let the stream not     BRS_E_TIMEOUT_QUEUE,         ask later, or raise the limit that the
 *     begin in time, or too many waited              BRS_E_QUEUE_FULL             message names
 *     the model calls tools again and again          BRS_E_TOOL_ROUNDS            raise `turn.max_rounds`, or mend
 *                                                                                 what the tools answer
 *     no region, credentials or usable endpoint      BRS_E_REGION, ...            configure it; the message says where
 *     the caller cancelled, or freed the stream or   BRS_E_CANCELLED              nothing
 *     client, or `brs_client_drain` ran out of time
 *
 * Nothing else is ever reported as success. Every error tells how many deltas were `delivered` and holds the
 * `partial` result; `retryable` says whether another try may succeed.
 *
 * RETRIES. A failure that may pass is tried again while nothing of an answer was delivered, `retry.max_attempts`
 * times in all, with growing waits and a quota that the streams of a client share. After the first delta `recovery`
 * decides: none ends the stream, restart begins the answer again after BRS_EVENT_RESTART, which makes what came
 * before void, continue goes on with the text where it was. Events tell of each of these, and `on_failure` of a
 * request may veto or force one. `brs_stream_detach` lets go of an answer but reads it to its end for the usage;
 * `brs_client_drain` lets running streams end before a client is freed.
 *
 * TOOLS. `on_tool` hands over each complete call of a tool, in every stream. With `turn` set to manual, which is the
 * default, the stream ends when the answer does, with BRS_STOP_TOOL_USE, and the caller sends a request with
 * `message_json` and the results himself. With auto, the library does: BRS_EVENT_TOOL_WAITING says which calls it
 * waits for, `brs_tool_result` gives a result from any thread, BRS_EVENT_TOOL_ANSWERED says that it was taken, and
 * when all have one the answer goes on in the same stream, one `round` further. There is one end, after the last
 * round; `text` and the usage are those of all rounds, `message_json` is of the last one, `new_messages_json` has
 * every message that came in between. Each round is a call of the service of its own, with its own attempts. Where
 * the request's format has no place for results that this library knows, the stream ends with BRS_STOP_TOOL_USE also
 * with auto.
 *
 * LIMITS. With `limit.streams` a client has so many streams under way at a time, from their first attempt to their end;
 * a stream whose tools are waited for keeps its place. Others wait, without a connection. Those of one `limit.group`,
 * which is set for each request, go in the order of their coming, and groups take turns: who opens a thousand streams
 * does not hold up who opens one. `limit.queue_ms` bounds the wait and `limit.queued_streams` how many wait;
 * `queued_us` of the result tells how long one did. `limit.requests_per_minute` and `limit.tokens_per_minute` hold back
 * what a client sends, a few seconds' worth of which may go at once: new streams wait in the same line, retries and
 * rounds of tools before they are sent. A request's tokens are reckoned as a quarter of its body's bytes and its limit of
 * output tokens, or where it has none what answers have come to, until the usage tells. Throttling lowers both rates, and
 * in half a minute they are themselves again. With several threads each has its share of every limit.
 *
 * MEMORY. What a stream takes has a bound, however slow its consumer is: the request; the text of the answer, kept for
 * the result, at most 64 MiB; the message that is coming in, at most 24 MiB; and what waits to be handed over, 16 KiB
 * behind an event at which a callback paused, `delivery.queue_bytes` and one event for `brs_stream_next`, 32 KiB of
 * events before the first delta. What is beyond stays with the server, which is slowed down; nothing is lost.
 *
 * FORK. In a child process, the objects of its parent answer BRS_E_FORKED; free them there, without effect on the
 * parent's connections, and make new ones.
 *
 * THE HOST PROCESS. Loading the library starts nothing. The environment is read when a client is made, and again when
 * credentials from it have expired, and never changed. Of files only those of certificate authorities and those with
 * profiles are read, the latter when a client is made. The library installs no signal handler, blocks all signals on
 * its own thread, writes nothing to stdout or stderr, never calls exit, changes no locale, and keeps no settings
 * outside its objects: two users in one process do not meet. The secrets in a config are overwritten when it is freed.
 * Input from outside never crashes it: all lengths are bounded.
 *
 * STRUCTS GROW. Where a struct begins with `size`: in a struct that goes in, set `size` to its sizeof and everything
 * not used to zero; the library never looks beyond `size`. In one that comes out, a program that may meet an older
 * library than its header checks that a newer member lies below `size` before it reads it.
 *
 * WHAT IS PROMISED. Libraries with the SONAME libbedrockstream.so.0 keep these functions, numbers, and the order of
 * members; functions, codes, enumerators and members at the end may be added, so have a default branch. Not promised:
 * the words of messages; how the bytes of an answer are cut into deltas; the order of events of different streams;
 * which events beyond the terminal one a stream has, for Bedrock adds new ones; anything this file does not say.
 */

#ifndef BEDROCKSTREAM_H
#define BEDROCKSTREAM_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header, as text. `brs_version` tells that of the library which was loaded. */
#define BRS_VERSION "0.1.0"
/** First part of the version: changes when programs must be changed. */
#define BRS_VERSION_MAJOR 0
/** Second part of the version: changes when something was added. */
#define BRS_VERSION_MINOR 1
/** Third part of the version: changes when something was mended. */
#define BRS_VERSION_PATCH 0
/** The version as one number that grows: major << 16 | minor << 8 | patch. */
#define BRS_VERSION_NUMBER 0x000100

#ifdef __cplusplus
extern "C" {
#endif

/* Codes and names ---------------------------------------------------------------------------------------- */

/** What went wrong, or nothing. The numbers never change; new ones may be added, so treat unknown ones as errors. */
typedef enum brs_code {
  /** Success. */
  BRS_OK = 0,

  /** An argument is NULL, out of range or malformed; the message names it. Nothing was done. */
  BRS_E_ARGUMENT = 1,
  /** A configuration key is unknown or its value is not acceptable; the message names the key. */
  BRS_E_CONFIG = 2,
  /** The call does not fit the object: as `brs_stream_next` on a stream opened with callbacks. */
  BRS_E_STATE = 3,
  /** Memory could not be had. */
  BRS_E_MEMORY = 4,
  /** The object was made before a fork() and is used in the child. Free it there and make a new client. */
  BRS_E_FORKED = 5,
  /** The client is being drained or freed and takes no new streams. */
  BRS_E_CLOSED = 6,
  /** `brs_stream_next` waited as long as it was told to and nothing came, the stream goes on; or streams still ran at
   *  the deadline of `brs_client_drain` and have been cancelled. */
  BRS_E_TIMEOUT = 7,
  /** `brs_stream_next`: the terminal event was handed over already. */
  BRS_E_END = 8,
  /** `brs_tool_result`: the stream has handed over no call with that id, or none in its present round. */
  BRS_E_UNKNOWN_TOOL_CALL = 9,
  /** `brs_tool_result`: that call has its result already; the first one counts. */
  BRS_E_TOOL_ANSWERED = 10,

  /** No region was given and none could be found; the message says where it was looked for. */
  BRS_E_REGION = 20,
  /** No credentials were given and none could be found; the message says where they were looked for. */
  BRS_E_CREDENTIALS = 21,
  /** The endpoint is not a usable URL, or a bearer token would have travelled without TLS. */
  BRS_E_ENDPOINT = 22,
  /** The request could not be signed. */
  BRS_E_SIGNING = 23,

  /** The host name could not be resolved. */
  BRS_E_RESOLVE = 40,
  /** No connection to the endpoint or its proxy. */
  BRS_E_CONNECT = 41,
  /** The TLS handshake failed, or the certificate is not trusted. */
  BRS_E_TLS = 42,
  /** The transport failed before the response head was complete, in a way that none of the other codes names. */
  BRS_E_TRANSPORT = 43,
  /** `timeout.connect_ms` passed before the connection stood. */
  BRS_E_TIMEOUT_CONNECT = 44,
  /** `timeout.first_byte_ms` passed before the first byte of the response. */
  BRS_E_TIMEOUT_FIRST_BYTE = 45,
  /** `timeout.between_bytes_ms` passed without a byte from the server. */
  BRS_E_TIMEOUT_BETWEEN_BYTES = 46,
  /** `timeout.total_ms` passed before the stream ended. */
  BRS_E_TIMEOUT_TOTAL = 47,
  /** `timeout.tool_ms` passed before every tool call of a round had its result; the message names a call that has
   *  none. */
  BRS_E_TIMEOUT_TOOL = 48,
  /** `limit.queue_ms` passed before the stream could begin: others of its client were under way, or before it. */
  BRS_E_TIMEOUT_QUEUE = 49,

  /** The response ended early: inside a frame, or between frames without the event that completes an answer. */
  BRS_E_INCOMPLETE = 60,
  /** The response breaks the protocol: a checksum, length, header or payload is wrong,
   *  or the content type is no event stream. */
  BRS_E_PROTOCOL = 61,
  /** The response is larger than a bound of this library; the message names the bound. */
  BRS_E_LIMIT = 62,
  /** The model called tools in more rounds than `turn.max_rounds` allows. The calls of the last one were handed over;
   *  nothing was sent for them. */
  BRS_E_TOOL_ROUNDS = 63,

  /** The caller cancelled or freed the stream, or freed its client. */
  BRS_E_CANCELLED = 70,
  /** The stream would have had to wait, and `limit.queued_streams` streams of its client did already. */
  BRS_E_QUEUE_FULL = 71,

  /** ValidationException (400): the service refuses the request as malformed. */
  BRS_E_VALIDATION = 80,
  /** AccessDeniedException (403), or another refusal of the caller's identity. */
  BRS_E_ACCESS_DENIED = 81,
  /** ExpiredTokenException (403): the credentials have expired. */
  BRS_E_EXPIRED_TOKEN = 82,
  /** InvalidSignatureException, SignatureDoesNotMatch or another refusal of the signature (403). */
  BRS_E_SIGNATURE = 83,
  /** ResourceNotFoundException (404): no such model, profile or route. */
  BRS_E_NOT_FOUND = 84,
  /** ServiceQuotaExceededException (400). */
  BRS_E_QUOTA_EXCEEDED = 85,
  /** ModelTimeoutException (408): the model took too long. */
  BRS_E_MODEL_TIMEOUT = 86,
  /** ModelErrorException (424): the model failed; see `original_status`. */
  BRS_E_MODEL_ERROR = 87,
  /** ModelStreamErrorException (424): the model failed while it streamed; see `original_status`. */
  BRS_E_MODEL_STREAM = 88,
  /** ThrottlingException, or any other answer with status 429 but ModelNotReadyException. */
  BRS_E_THROTTLED = 89,
  /** ModelNotReadyException (429): the model is still being loaded. */
  BRS_E_MODEL_NOT_READY = 90,
  /** InternalServerException, or any other answer with status 500. */
  BRS_E_INTERNAL_SERVER = 91,
  /** ServiceUnavailableException, or any other answer with status 502, 503 or 504. */
  BRS_E_SERVICE_UNAVAILABLE = 92,
  /** Any other answer that is no success; see `http_status` and `service_code`. */
  BRS_E_SERVICE = 99
} brs_code;

/** How far a stream had come when it failed. */
typedef enum brs_phase {
  /** Credentials, region and endpoint were being resolved, or the request signed. */
  BRS_PHASE_PREPARE = 1,
  /** Resolving the name, connecting, TLS. */
  BRS_PHASE_CONNECT = 2,
  /** Sending the request and waiting for the first byte of the response. */
  BRS_PHASE_REQUEST = 3,
  /** Reading the response head, or the body of an error response. */
  BRS_PHASE_RESPONSE = 4,
  /** Reading the answer. */
  BRS_PHASE_STREAM = 5,
  /** Waiting for the results of tool calls, with `turn` set to auto. */
  BRS_PHASE_TOOL = 6
} brs_phase;

/** Which operation of the Amazon Bedrock runtime a stream calls. */
typedef enum brs_operation {
  /** ConverseStream: one request and event format for every model. */
  BRS_CONVERSE_STREAM = 1,
  /** InvokeModelWithResponseStream: the model's own request and chunk format. */
  BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM = 2,
  /** Converse: the answer comes whole, and is handed over by the same callbacks: see `brs_stream_open`. */
  BRS_CONVERSE = 3,
  /** InvokeModel: the same for the model's own format. */
  BRS_INVOKE_MODEL = 4
} brs_operation;

/** What a content block is. */
typedef enum brs_block_kind {
  /** Text. ConverseStream announces none: such a block begins with its first delta. */
  BRS_BLOCK_TEXT = 1,
  /** The model's reasoning. ConverseStream announces none. */
  BRS_BLOCK_REASONING = 2,
  /** A tool call. `on_tool` gets it when it is complete. */
  BRS_BLOCK_TOOL_USE = 3,
  /** The result of a tool that runs at the service. */
  BRS_BLOCK_TOOL_RESULT = 4,
  /** An image. */
  BRS_BLOCK_IMAGE = 5,
  /** A kind that this version does not know. */
  BRS_BLOCK_OTHER = 99
} brs_block_kind;

/** What a delta carries. */
typedef enum brs_delta_kind {
  /** A piece of the answer's text. */
  BRS_DELTA_TEXT = 1,
  /** A piece of the model's reasoning. */
  BRS_DELTA_REASONING = 2,
  /** The signature of a reasoning block. */
  BRS_DELTA_REASONING_SIGNATURE = 3,
  /** Redacted reasoning, in base64 as it came. */
  BRS_DELTA_REASONING_REDACTED = 4,
  /** A piece of the JSON text of a tool's input. `on_tool` gets the whole. */
  BRS_DELTA_TOOL_INPUT = 5,
  /** The result of a tool that runs at the service: JSON. */
  BRS_DELTA_TOOL_RESULT = 6,
  /** A citation: JSON. */
  BRS_DELTA_CITATION = 7,
  /** A piece of an image: JSON. */
  BRS_DELTA_IMAGE = 8,
  /** A kind that this version does not know: JSON. */
  BRS_DELTA_OTHER = 99
} brs_delta_kind;

/** Why the model stopped. `stop_reason_text` of the result holds the word that came. */
typedef enum brs_stop_reason {
  /** None was given. */
  BRS_STOP_NONE = 0,
  /** The answer is complete. */
  BRS_STOP_END_TURN = 1,
  /** The model waits for the results of its tool calls. */
  BRS_STOP_TOOL_USE = 2,
  /** The answer was cut at the limit of output tokens. */
  BRS_STOP_MAX_TOKENS = 3,
  /** One of the request's stop sequences came up. */
  BRS_STOP_STOP_SEQUENCE = 4,
  /** A guardrail stepped in. */
  BRS_STOP_GUARDRAIL = 5,
  /** The content filter stepped in. */
  BRS_STOP_CONTENT_FILTERED = 6,
  /** The model's output could not be parsed. */
  BRS_STOP_MALFORMED_OUTPUT = 7,
  /** The model's tool call could not be parsed. */
  BRS_STOP_MALFORMED_TOOL_USE = 8,
  /** The conversation is longer than the model's context. */
  BRS_STOP_CONTEXT_EXCEEDED = 9,
  /** The model refuses to answer. */
  BRS_STOP_REFUSAL = 10,
  /** The model pauses amid tools that run at the service; sent back as it is, the answer goes on. */
  BRS_STOP_PAUSE_TURN = 11,
  /** A word that this version does not know. */
  BRS_STOP_OTHER = 99
} brs_stop_reason;

/** What an event is. Events other than the terminal two are one message of the wire each. */
typedef enum brs_event_kind {
  /** The answer begins. */
  BRS_EVENT_MESSAGE_START = 1,
  /** A content block begins: `block` says which. A tool call announces itself so. */
  BRS_EVENT_BLOCK_START = 2,
  /** A piece of a content block: `delta` is set where the piece has a known place in the answer. */
  BRS_EVENT_DELTA = 3,
  /** A content block is complete. */
  BRS_EVENT_BLOCK_STOP = 4,
  /** The model stopped. The stream has not ended: usage may follow. */
  BRS_EVENT_MESSAGE_STOP = 5,
  /** Usage, latency, traces. */
  BRS_EVENT_METADATA = 6,
  /** A complete tool call: `tool` is set, `json` is the call's input. Made by this library when the call's
   *  block ends. */
  BRS_EVENT_TOOL = 7,
  /** Terminal: the stream ended well, `result` is set. Only `brs_stream_next` hands this over. */
  BRS_EVENT_STOP = 8,
  /** Terminal: the stream failed, `error` is set. Only `brs_stream_next` hands this over. */
  BRS_EVENT_ERROR = 9,
  /** An attempt failed before anything was delivered and is made again: `retry` is set, as for the next three, which
   *  come instead of this one where they apply. */
  BRS_EVENT_RETRY = 10,
  /** An attempt failed amid the answer, which begins again: everything that the stream delivered before is void, its
   *  text, blocks and tool calls. Only with `recovery` set to restart. */
  BRS_EVENT_RESTART = 11,
  /** An attempt failed amid the answer, which is continued: the text goes on where it was, without a gap or a repeat.
   *  Only with `recovery` set to continue. */
  BRS_EVENT_CONTINUE = 12,
  /** The attempts with one model are used up and nothing was delivered: another model or region is asked. Only with
   *  `fallback` set. */
  BRS_EVENT_FALLBACK = 13,
  /** A round of the conversation has ended and the stream waits for the result of a tool call: `tool` is set. Comes
   *  for each call that has none yet. Only with `turn` set to auto, as the next one. */
  BRS_EVENT_TOOL_WAITING = 14,
  /** A tool call has its result: `tool` is set. When the last one has, the next round's request is sent. */
  BRS_EVENT_TOOL_ANSWERED = 15,
  /** Anything else that came, unknown events included. */
  BRS_EVENT_OTHER = 99
} brs_event_kind;

/** What a callback wants to happen next. */
typedef enum brs_flow {
  /** Go on. */
  BRS_FLOW_CONTINUE = 0,
  /** Hold the transfer back after this event until `brs_stream_resume`. The server is slowed down, nothing is lost.
   *  After BRS_EVENT_RETRY and the like the next request waits, too. */
  BRS_FLOW_PAUSE = 1,
  /** End the stream: `on_error` with BRS_E_CANCELLED follows. */
  BRS_FLOW_CANCEL = 2
} brs_flow;

/** What is to be done about the failure of an attempt. */
typedef enum brs_verdict {
  /** What the library would do without being told. */
  BRS_VERDICT_AS_PLANNED = 0,
  /** Make another attempt, also after an error that is not retried by itself. The number of attempts, the quota that
   *  the streams of a client share and `timeout.total_ms` still hold, and of an answer that has begun nothing is taken
   *  back unless `recovery` says so: where one of these forbids it, the stream ends. */
  BRS_VERDICT_RETRY = 1,
  /** End the stream with this failure. */
  BRS_VERDICT_FAIL = 2
} brs_verdict;

/** What the result of a tool call is given as. */
typedef enum brs_tool_content {
  /** Text, UTF-8. */
  BRS_TOOL_TEXT = 1,
  /** One JSON value. */
  BRS_TOOL_JSON = 2,
  /** A JSON array of content blocks as the request's format has them: for Converse [{"text": ...}, {"json": ...},
   *  {"image": ...}], for Anthropic Messages [{"type": "text", ...}]. */
  BRS_TOOL_BLOCKS = 3
} brs_tool_content;

/* Objects ------------------------------------------------------------------------------------------------ */

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

/* What calls fill and read ------------------------------------------------------------------------------- */

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

/* Callbacks ---------------------------------------------------------------------------------------------- */

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

/* Requests ----------------------------------------------------------------------------------------------- */

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

/* Questions and log lines -------------------------------------------------------------------------------- */

/** A question of a client to its host about who asks, until it is answered. Answer it once, on any thread. */
typedef struct brs_question {
  /** Private. */
  uintptr_t opaque;
} brs_question;

/** What a host can be asked for; to be combined with |. */
typedef enum brs_question_kind {
  /** Credentials; asked before the environment and the profile are looked at. */
  BRS_ASK_CREDENTIALS = 1,
  /** A bearer token; asked where requests are authenticated by one and none is set. */
  BRS_ASK_TOKEN = 2,
  /** The code that a multi-factor device shows, for a profile with mfa_serial. */
  BRS_ASK_MFA_CODE = 4,
} brs_question_kind;

/**
 * A client has to know who asks: when its first stream is sent, and again before what it was told expires.
 * `detail` is the device's serial number or ARN for BRS_ASK_MFA_CODE, else ""; it lives until the callback returns.
 * `question` is answered by `brs_question_answer` or `brs_question_fail`, in here or later, on any thread; streams that
 * need the answer wait as long as `credentials.timeout_ms`, all others go on.
 * Runs on the client's thread and holds up all of its streams: answer later what takes time to find out.
 */
typedef void (*brs_on_question)(void *user, brs_question_kind kind, const char *detail, brs_question *question);

/** The answer to a question. What the question did not ask for is not looked at. */
typedef struct brs_answer {
  /** (Required) sizeof(brs_answer); set by the caller. */
  size_t size;
  /** BRS_ASK_CREDENTIALS: the access key; NULL where the host has none, then the next source is asked. */
  const char *access_key_id;
  /** The secret key that goes with it. */
  const char *secret_access_key;
  /** (Optional) The session token of temporary credentials. */
  const char *session_token;
  /** (Optional) The account that they belong to. */
  const char *account_id;
  /** BRS_ASK_TOKEN: the bearer token; NULL where the host has none. */
  const char *token;
  /** BRS_ASK_MFA_CODE: the code. */
  const char *mfa_code;
  /** When credentials or token expire, in seconds since 1970; 0 for never. They are asked for anew before that. */
  int64_t expires_s;
} brs_answer;

/** How requests prove who sends them. */
typedef enum brs_scheme {
  /** Not at all. */
  BRS_SCHEME_NONE = 0,
  /** AWS Signature Version 4, with credentials. */
  BRS_SCHEME_SIGV4 = 1,
  /** A bearer token. */
  BRS_SCHEME_BEARER = 2,
} brs_scheme;

/** Who a client's streams are sent by. Owned by the caller, no lifetime to mind; texts are cut where too long. */
typedef struct brs_identity {
  /** (Required) sizeof(brs_identity); set by the caller. */
  size_t size;
  /** How requests prove it. */
  brs_scheme scheme;
  /** The access key, which is no secret; "" without credentials. */
  char access_key_id[132];
  /** The account, where the source says it; else "". */
  char account_id[32];
  /** Where it is from, as half a sentence. */
  char source[600];
  /** When it expires, in seconds since 1970; 0 for never. It is renewed before that. */
  int64_t expires_s;
} brs_identity;

/** How much a log line matters. */
typedef enum brs_log_level {
  /** Nothing is said. */
  BRS_LOG_NONE = 0,
  /** A stream failed. */
  BRS_LOG_ERROR = 1,
  /** Something failed that the library goes on from: an attempt, a renewal of credentials. */
  BRS_LOG_WARNING = 2,
  /** Where credentials were found, and how streams end. */
  BRS_LOG_INFO = 3,
  /** Every request, with the canonical request that was signed. */
  BRS_LOG_DEBUG = 4,
} brs_log_level;

/**
 * A line for the log. It holds no key, token or signature.
 * `message` is UTF-8 without a line end at its end, and has `len` bytes and a NUL; it lives until the callback returns.
 * Runs on the client's thread, on several at once where there are more (`io.threads`); must not wait, and must not call
 * the library.
 */
typedef void (*brs_on_log)(void *user, brs_log_level level, const char *message, size_t len);

/* Library ------------------------------------------------------------------------------------------------ */

/**
 * Tells the version of the library, as "0.1.0".
 *
 * @return a constant; never NULL.
 */
const char *brs_version(void);

/**
 * Tells the name of a code, as "BRS_E_THROTTLED".
 *
 * @param code  any number; unknown ones are called "BRS_E_UNKNOWN".
 * @return a constant; never NULL.
 */
const char *brs_code_name(brs_code code);

/* Configuration ------------------------------------------------------------------------------------------ */

/*
 * The configuration keys, as `brs_config_describe` lists them:
 *
 * region (text; default none)
 *     AWS region whose endpoint is called and for which requests are signed. Last, the one in a model's ARN.
 *     Environment: AWS_REGION, AWS_DEFAULT_REGION.
 *     Profile: region.
 * endpoint_url (url; default none)
 *     Base URL called instead of the region's endpoint: http or https, with a path in front of the API's. In
 *     a profile also bedrock_runtime's endpoint_url of its services section, which wins.
 *     Environment: AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_ENDPOINT_URL.
 *     Profile: endpoint_url.
 * endpoint.ignore_configured (boolean; default off)
 *     Whether endpoint URLs of the environment and of profiles do not count.
 *     Environment: AWS_IGNORE_CONFIGURED_ENDPOINT_URLS.
 *     Profile: ignore_configured_endpoint_urls.
 * endpoint.fips (boolean; default off)
 *     Whether the region's FIPS endpoint is called. Not with endpoint_url.
 *     Environment: AWS_USE_FIPS_ENDPOINT.
 *     Profile: use_fips_endpoint.
 * endpoint.dual_stack (boolean; default off)
 *     Whether the region's endpoint for IPv4 and IPv6 is called. Not with endpoint_url.
 *     Environment: AWS_USE_DUALSTACK_ENDPOINT.
 *     Profile: use_dualstack_endpoint.
 * profile (text; default none)
 *     Profile of the AWS files to go by. Named here, the environment's credentials do not count.
 *     Environment: AWS_PROFILE, AWS_DEFAULT_PROFILE.
 * config_file (path; default none)
 *     AWS config file; ~/.aws/config where nothing is said.
 *     Environment: AWS_CONFIG_FILE.
 * credentials_file (path; default none)
 *     AWS credentials file; ~/.aws/credentials where nothing is said.
 *     Environment: AWS_SHARED_CREDENTIALS_FILE.
 * credentials.access_key_id (text; default none)
 *     AWS access key; goes with credentials.secret_access_key.
 *     Environment: AWS_ACCESS_KEY_ID.
 *     Profile: aws_access_key_id.
 * credentials.secret_access_key (secret; default none)
 *     AWS secret key.
 *     Environment: AWS_SECRET_ACCESS_KEY.
 *     Profile: aws_secret_access_key.
 * credentials.session_token (secret; default none)
 *     Session token of temporary credentials.
 *     Environment: AWS_SESSION_TOKEN.
 *     Profile: aws_session_token.
 * bearer_token (secret; default none)
 *     Amazon Bedrock API key. Sent over https, or straight to a loopback address. Wins over credentials.
 *     Environment: AWS_BEARER_TOKEN_BEDROCK.
 * auth.scheme (one of: auto, sigv4, bearer, none; default auto)
 *     How requests are authenticated; auto takes a bearer token where there is one, else signs.
 * auth.scheme_preference (text; default none)
 *     In which order auto goes by what there is: sigv4 and httpBearerAuth, separated by commas. A bearer
 *     token of the environment wins over what the environment or a profile prefer.
 *     Environment: AWS_AUTH_SCHEME_PREFERENCE.
 *     Profile: auth_scheme_preference.
 * credentials.source (one of: all, profile; default all)
 *     Where they are looked for: all sources in their order, or the profile alone and what it names.
 * credentials.timeout_ms (integer; default 120000)
 *     Milliseconds for finding out credentials, all steps together; 0 for no limit.
 * credentials.process_timeout_ms (integer; default 60000)
 *     Milliseconds that a profile's credential_process may take.
 * credentials.process_shell (boolean; default off)
 *     Whether a profile's credential_process is run by a shell, not split into words as a shell would.
 * imds.disabled (boolean; default off)
 *     Whether the metadata service of EC2 is not asked.
 *     Environment: AWS_EC2_METADATA_DISABLED.
 * imds.v1_disabled (boolean; default off)
 *     Whether that service is not asked by its first version where the second is refused.
 *     Environment: AWS_EC2_METADATA_V1_DISABLED.
 *     Profile: ec2_metadata_v1_disabled.
 * imds.endpoint (url; default none)
 *     URL of that service instead of its usual addresses.
 *     Environment: AWS_EC2_METADATA_SERVICE_ENDPOINT.
 *     Profile: ec2_metadata_service_endpoint.
 * imds.endpoint_mode (one of: ipv4, ipv6; default ipv4)
 *     Which of its usual addresses is asked.
 *     Environment: AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE.
 *     Profile: ec2_metadata_service_endpoint_mode.
 * imds.timeout_s (integer; default 1)
 *     Seconds that one request to that service may take.
 *     Environment: AWS_METADATA_SERVICE_TIMEOUT.
 *     Profile: metadata_service_timeout.
 * imds.attempts (integer; default 1)
 *     Most attempts at a request to that service.
 *     Environment: AWS_METADATA_SERVICE_NUM_ATTEMPTS.
 *     Profile: metadata_service_num_attempts.
 * retry.mode (one of: standard, adaptive, off; default standard)
 *     How failed attempts are repeated: as the AWS SDKs do, with a limited sending rate as well, or never.
 *     Environment: AWS_RETRY_MODE.
 *     Profile: retry_mode.
 * retry.max_attempts (integer; default 3)
 *     Most attempts at a call with one model, the first included.
 *     Environment: AWS_MAX_ATTEMPTS.
 *     Profile: max_attempts.
 * retry.max_backoff_ms (integer; default 20000)
 *     Most milliseconds that exponential backoff grows to before an attempt; 0 for no limit.
 * retry.on_model_timeout (one of: error, retry, halve_max_tokens; default error)
 *     What a ModelTimeoutException leads to; halve_max_tokens asks for half as many tokens each time.
 * retry.min_max_tokens (integer; default 256)
 *     Fewest tokens that halve_max_tokens asks for.
 * retry.on_model_stream_error (one of: error, retry; default error)
 *     What a ModelStreamErrorException leads to while nothing was delivered; many come again each time.
 * recovery (one of: none, restart, continue; default none)
 *     What a failure after the first delta leads to: the error, the answer anew, or the rest of it.
 * recovery.nudge (text; default Your last message was cut off. Go on exactly where it stops, beginning with the very next characters: no introduction, no remark, and nothing said twice.)
 *     What a model that takes no prefilled turn is asked so that it goes on with a broken answer.
 * fallback (text; default none)
 *     Who is asked when throttling or an unavailable model exhausts the attempts: MODEL, MODEL@REGION or
 *     @REGION, separated by commas.
 * hedge.after_ms (integer; default 0)
 *     Milliseconds without a byte of the answer after which a request is sent a second time: the first to be
 *     answered goes on, the other is dropped, and costs what it costs; 0 for never.
 * http.version (one of: auto, 1.1, 2; default 1.1)
 *     HTTP version to speak. 2 is spoken where TLS agrees on it; streams share connections then where libcurl
 *     is 8.5 or newer, and each has one of its own with an older libcurl, for which auto means 1.1.
 * http2.streams (integer; default 100)
 *     Most streams that share a connection at a time, where the server takes as many.
 * http.headers (text; default none)
 *     Headers to send beside the library's own, as a JSON object of texts. They are signed, but for those
 *     that proxies change.
 * http.user_agent_suffix (text; default none)
 *     What stands behind the library's name in the User-Agent header; from the environment or a profile, app/
 *     and that.
 *     Environment: AWS_SDK_UA_APP_ID.
 *     Profile: sdk_ua_app_id.
 * proxy.url (url; default none)
 *     Proxy to go through; "none" for none. For http endpoints http_proxy is read, not https_proxy.
 *     Environment: https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY.
 * proxy.user (text; default none)
 *     Name that the proxy is told, in place of one in its URL.
 * proxy.password (secret; default none)
 *     Password that goes with proxy.user.
 * proxy.bypass (text; default none)
 *     Hosts that are reached without the proxy, separated by commas; * for all.
 *     Environment: no_proxy, NO_PROXY.
 * tls.ca_bundle (path; default none)
 *     PEM file of the certificate authorities to trust instead of the system's.
 *     Environment: AWS_CA_BUNDLE.
 *     Profile: ca_bundle.
 * tls.client_certificate (path; default none)
 *     PEM file of the certificate that servers are shown, with those between it and its authority.
 * tls.client_key (path; default none)
 *     PEM file of that certificate's private key, where the certificate's file does not hold it.
 * tls.client_key_password (secret; default none)
 *     Password of that key.
 * tls.min_version (one of: 1.2, 1.3; default 1.2)
 *     Oldest version of TLS to speak.
 * connect_to (text; default none)
 *     Where to connect instead of the host in a URL: HOST:PORT:TO_HOST:TO_PORT, separated by commas. An empty
 *     HOST or PORT stands for any, an empty TO_HOST or TO_PORT for the same.
 * interface (text; default none)
 *     Network interface, local address or local host name that connections are made from.
 * connection.max_idle_s (integer; default 60)
 *     Seconds after which an unused connection is closed; 0 for never.
 * connection.max_age_s (integer; default 1800)
 *     Seconds after which a connection takes no further request; 0 for no limit.
 * connection.keepalive_s (integer; default 60)
 *     Seconds of silence after which TCP asks whether the server is still there; 0 for never.
 * connection.unacknowledged_ms (integer; default 10000)
 *     Milliseconds that sent bytes may stay unacknowledged before the connection is given up; 0 for what the
 *     system does.
 * timeout.connect_ms (integer; default 3100)
 *     Milliseconds for resolving the name, connecting and TLS; 0 for no limit.
 * timeout.first_byte_ms (integer; default 60000)
 *     Milliseconds from the connection to the first byte of the response; 0 for no limit.
 * timeout.between_bytes_ms (integer; default 60000)
 *     Milliseconds of silence of the server within a response; 0 for no limit. Not while the caller pauses.
 * timeout.total_ms (integer; default 0)
 *     Milliseconds from brs_stream_open to the end, the body included; 0 for no limit.
 * timeout.tool_ms (integer; default 600000)
 *     Milliseconds that the results of a round's tool calls may take; 0 for no limit.
 * delivery.queue_bytes (integer; default 262144)
 *     Bytes of events that wait for brs_stream_next before the transfer is held back.
 * turn (one of: manual, auto; default manual)
 *     Whether tool calls end the stream, or it goes on with their results, given by brs_tool_result.
 * turn.max_rounds (integer; default 10)
 *     Most times that results of tools are sent in one stream.
 * turn.max_result_bytes (integer; default 1048576)
 *     Most bytes of the result of one tool call.
 * tap.path (path; default none)
 *     File that requests, without secrets, and responses are appended to as JSON lines while it can be
 *     written.
 * io.threads (integer; default 1)
 *     Threads that serve the streams of a client; 0 for none: the host's own loop calls brs_client_dispatch.
 * delivery.queue (one of: stream, client; default stream)
 *     Who fetches the events of streams without callbacks: brs_stream_next for each, or brs_client_next for
 *     all.
 * limit.streams (integer; default 0)
 *     Most streams of a client that are under way at a time, others wait; 0 for no limit.
 * limit.queued_streams (integer; default 0)
 *     Most streams of a client that wait, one more ends at once; 0 for no limit.
 * limit.requests_per_minute (integer; default 0)
 *     Most requests of a client in a minute, lowered while the service throttles; 0 for no limit.
 * limit.tokens_per_minute (integer; default 0)
 *     Most tokens of a client in a minute, input and output, lowered while the service throttles; 0 for no
 *     limit.
 * limit.queue_ms (integer; default 0)
 *     Milliseconds that a stream may wait before its first attempt; 0 for no limit.
 * limit.group (text; default none)
 *     Whose a stream is. Of streams that wait those of one group go in the order of their coming, and groups
 *     take turns.
 * invoke.content_type (text; default application/json)
 *     Content type of the body on the invoke route.
 * invoke.accept (text; default none)
 *     Content type wanted of the chunks on the invoke route.
 * invoke.trace (text; default none)
 *     Guardrail trace on the invoke route: ENABLED, DISABLED or ENABLED_FULL.
 * invoke.guardrail_identifier (text; default none)
 *     Guardrail to apply on the invoke route.
 * invoke.guardrail_version (text; default none)
 *     Version of that guardrail.
 * invoke.performance_latency (text; default none)
 *     Latency setting on the invoke route: standard or optimized.
 * invoke.service_tier (text; default none)
 *     Service tier on the invoke route: priority, default, flex or reserved.
 * invoke.request_metadata (text; default none)
 *     Request metadata on the invoke route: JSON of at most 8,500 bytes.
 */

/**
 * Makes an empty configuration: every key has its default.
 *
 * @param config  where the new object's pointer goes; free it with `brs_config_free`.
 * @return BRS_OK, BRS_E_ARGUMENT or BRS_E_MEMORY.
 */
brs_code brs_config_new(brs_config **config);

/**
 * Sets a key. A later value replaces an earlier one; an empty value brings the default back.
 *
 * @param config  the configuration to change.
 * @param key  one of the keys that `brs_config_describe` lists, NUL-terminated.
 * @param value  its value as text, NUL-terminated, at most 65,536 bytes; copied.
 * @param diagnostic  (Optional) gets the reason of a failure.
 * @return BRS_OK, BRS_E_ARGUMENT, BRS_E_MEMORY, or BRS_E_CONFIG for an unknown key or a value that does not
 *     fit; then the configuration is as before.
 */
brs_code brs_config_set(brs_config *config, const char *key, const char *value, brs_diagnostic *diagnostic);

/**
 * Tells the value of a key: what was set, else the default. What environment and profile say is not known to
 * a configuration.
 *
 * @param config  the configuration.
 * @param key  one of the keys that `brs_config_describe` lists, NUL-terminated.
 * @param value  (Optional) memory for the value and a NUL; nothing is written where it is too small.
 * @param capacity  its size in bytes.
 * @param len  gets the length of the value, without the NUL; 0 where nothing is set and there is no default.
 * @param diagnostic  (Optional) gets the reason of a failure.
 * @return BRS_OK, also where the memory is too small (then `len` is not below `capacity`); BRS_E_ARGUMENT;
 *     BRS_E_CONFIG for an unknown key, or one whose value is a secret, which is not handed out.
 */
brs_code brs_config_get(
    const brs_config *config, const char *key, char *value, size_t capacity, size_t *len,
    brs_diagnostic *diagnostic);

/**
 * Has clients that are made with this configuration ask the host who it is.
 *
 * @param config  the configuration.
 * @param kinds  what may be asked, brs_question_kind values combined with |; 0 for nothing.
 * @param callback  what is called; may be NULL where `kinds` is 0.
 * @param user  handed to the callback. Must live until the clients are freed.
 * @return BRS_OK or BRS_E_ARGUMENT.
 */
brs_code brs_config_on_question(brs_config *config, uint32_t kinds, brs_on_question callback, void *user);

/**
 * Has clients that are made with this configuration tell what they do.
 *
 * @param config  the configuration.
 * @param level  the least important lines that are wanted; BRS_LOG_NONE for none.
 * @param callback  what is called; may be NULL for BRS_LOG_NONE.
 * @param user  handed to the callback. Must live until the clients are freed.
 * @return BRS_OK or BRS_E_ARGUMENT.
 */
brs_code brs_config_on_log(brs_config *config, brs_log_level level, brs_on_log callback, void *user);

/**
 * Lists the configuration keys.
 *
 * @param index  0 for the first key, and so on.
 * @param key  gets the key's description; its `size` must be set.
 * @return BRS_OK, BRS_E_ARGUMENT, or BRS_E_END when there are not so many keys.
 */
brs_code brs_config_describe(size_t index, brs_config_key *key);

/**
 * Frees a configuration and overwrites the secrets in it. Clients and streams made with it keep their copy.
 *
 * @param config  the configuration; NULL does nothing.
 */
void brs_config_free(brs_config *config);

/* Questions to the host ---------------------------------------------------------------------------------- */

/**
 * Answers a question and frees it. An answer that comes when nobody waits for it any more, as behind the end
 * of its client, does nothing.
 *
 * @param question  the question; gone when this returns BRS_OK, still to be answered after a failure.
 * @param answer  what was asked for; copied. Where it has nothing of that, the next source is asked.
 * @param diagnostic  (Optional) gets the reason of a failure.
 * @return BRS_OK, BRS_E_MEMORY, BRS_E_FORKED, or BRS_E_ARGUMENT for what cannot be right: half a pair of
 *     keys, control characters, more than 65,536 bytes (4,096 of an access key, 256 of an account).
 */
brs_code brs_question_answer(brs_question *question, const brs_answer *answer, brs_diagnostic *diagnostic);

/**
 * Says that a question has no answer, and frees it: streams that wait for it end with BRS_E_CREDENTIALS,
 * unless what is known from before is still good.
 *
 * @param question  the question; NULL does nothing.
 * @param reason  (Optional) why, half a sentence for the error's message, NUL-terminated; copied.
 */
void brs_question_fail(brs_question *question, const char *reason);

/* Clients ------------------------------------------------------------------------------------------------ */

/**
 * Makes a client: reads environment and profile, starts the threads that serve its streams: one, or as many
 * as `io.threads` says, over which streams are spread; with 0 the host's own loop serves them, see
 * `brs_client_dispatch`. Connects to nothing yet.
 *
 * The environment variables it reads are those that `brs_config_describe` names, for keys that are not set,
 * http_proxy, those of the AWS SDKs' sources of credentials, and AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_SSO,
 * AWS_ENDPOINT_URL_SSO_OIDC and AWS_ENDPOINT_URL_SIGNIN for these; in Lambda each stream reads
 * _X_AMZN_TRACE_ID, and sends it as X-Amzn-Trace-Id. It reads them again when the service says that
 * credentials from there have expired. The profile is the one that AWS_PROFILE names, else "default", of the
 * files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, else ~/.aws/config and ~/.aws/credentials;
 * a file that does not exist is none. It is read once, and counts where the environment says nothing. Threads
 * block all signals.
 *
 * @param config  (Optional) the settings, copied; NULL for the defaults.
 * @param client  where the new object's pointer goes; free it with `brs_client_free`.
 * @param diagnostic  (Optional) gets the reason of a failure.
 * @return BRS_OK, BRS_E_ARGUMENT, BRS_E_MEMORY (also where descriptors or threads are used up), or
 *     BRS_E_CONFIG or BRS_E_ENDPOINT where settings, the environment or a profile hold something unusable;
 *     the diagnostic names the file and the line.
 */
brs_code brs_client_new(const brs_config *config, brs_client **client, brs_diagnostic *diagnostic);

/**
 * Lets the streams of a client come to their ends, as before a process ends: new streams are refused with
 * BRS_E_CLOSED from now on, and this waits until all that were opened have had their terminal callback or
 * event.
 *
 * Those that still run at the deadline are cancelled, and their ends are waited for as well. A stream that is
 * read with `brs_stream_next` has ended when its terminal event is there to be fetched; another thread has to
 * read on where more events are waiting than `delivery.queue_bytes`. Several threads may call this. The
 * client is still to be freed.
 *
 * @param client  the client.
 * @param deadline_ms  how long to wait before what still runs is cancelled; 0 not at all, negative without
 *     limit.
 * @return BRS_OK when all streams ended by themselves, BRS_E_TIMEOUT when some had to be cancelled,
 *     BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE inside a callback of the client, where nothing can be
 *     waited for.
 */
brs_code brs_client_drain(brs_client *client, int64_t deadline_ms);

/**
 * Keeps connections ready, so that streams need not wait for name lookup, TCP and TLS: as many as `streams`
 * streams at once need, those that streams are using counted.
 *
 * Returns at once. The client's thread opens what is missing, with a GET of /ping that is not signed, to the
 * endpoint that its settings lead to (one of a call's own is left alone), and uses each anew after half of
 * `connection.max_idle_s`, so that it stays open. One that goes with a stream, which was cancelled or whose
 * server closed it, is replaced at once, or where that happens all the time once a second. Where nothing
 * names a region, that is found out as for a stream; credentials are not. What fails is logged, and tried
 * again by the next time.
 *
 * @param client  the client.
 * @param streams  how many streams at once, 4096 at most, in place of what an earlier call said; 0 for none
 *     any more.
 * @return BRS_OK, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_CLOSED after `brs_client_drain`, which ends this.
 */
brs_code brs_client_warm(brs_client *client, uint32_t streams);

/**
 * Ends a client: cancels its streams, closes its connections, ends its thread.
 *
 * Each stream that has not ended gets its `on_error` with BRS_E_CANCELLED before this returns; after it no
 * callback runs. Streams stay valid until `brs_stream_free`, but only that is of use on them. May be called
 * inside a callback of the client, then the thread ends when the callback has returned. Do not hold a lock
 * that a callback waits for.
 *
 * @param client  the client; NULL does nothing.
 */
void brs_client_free(brs_client *client);

/* Clients ------------------------------------------------------------------------------------------------ */

/**
 * The descriptor that a host's own loop waits for, of a client made with `io.threads` 0: it becomes readable
 * when `brs_client_dispatch` has something to do.
 *
 * It is an epoll set (Linux), which poll, epoll, libuv, libevent and asyncio's `add_reader` take like any
 * other descriptor; wait for it to be readable, level-triggered, nothing else. It stays the same and belongs
 * to the client: do not close it or read from it, and take it out of the loop before `brs_client_free`.
 *
 * @param client  the client.
 * @param fd  gets the descriptor.
 * @return BRS_OK, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE for a client with threads.
 */
brs_code brs_client_fd(brs_client *client, int32_t *fd);

/**
 * Does what is due for the streams of a client made with `io.threads` 0, and returns without waiting: sends,
 * receives, watches time limits, retries. All callbacks of its streams run inside this call, on the calling
 * thread.
 *
 * Call it whenever the descriptor of `brs_client_fd` is readable; calling it without need does no harm. Where
 * much has come at once it does a part, and the descriptor stays readable. One thread at a time; which one
 * may change. Other threads may open, cancel, resume and free streams meanwhile, and answer tool calls: the
 * descriptor becomes readable.
 *
 * A client without threads does nothing between two calls: time limits pass unseen, and servers are kept
 * waiting. What waits for a stream turns the loop itself as far as it needs to, callbacks included:
 * `brs_stream_next`, `brs_client_identify`, `brs_client_drain`. So a program that only reads one stream after
 * the other needs neither thread nor loop.
 *
 * @param client  the client.
 * @return BRS_OK, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE for a client with threads, inside one of its
 *     callbacks, and while another thread is in here.
 */
brs_code brs_client_dispatch(brs_client *client);

/* Clients ------------------------------------------------------------------------------------------------ */

/**
 * Finds out who a client's streams are sent by, as a check before the first of them: credentials are looked
 * for as that stream would do it, and kept for it.
 *
 * @param client  the client.
 * @param timeout_ms  how long to wait; 0 not at all, negative without limit other than
 *     `credentials.timeout_ms`.
 * @param identity  gets what was found; its `size` must be set.
 * @param diagnostic  (Optional) gets the reason of a failure: every source that was tried, and what it said.
 * @return BRS_OK; BRS_E_TIMEOUT when it takes longer, the search goes on then; BRS_E_CREDENTIALS and other
 *     codes that a stream would end with; BRS_E_ARGUMENT, BRS_E_FORKED, BRS_E_MEMORY, BRS_E_CANCELLED where
 *     the client is freed meanwhile, or BRS_E_STATE inside a callback of the client, where nothing can be
 *     waited for.
 */
brs_code brs_client_identify(
    brs_client *client, int64_t timeout_ms, brs_identity *identity, brs_diagnostic *diagnostic);

/* Streams ------------------------------------------------------------------------------------------------ */

/**
 * Sends a request and streams the answer.
 *
 * Returns at once. With callbacks, they run on the client's thread, possibly before this returns; exactly one
 * of `on_stop` and `on_error` runs, and nothing after it. Without, the caller fetches events with
 * `brs_stream_next`. Failures after the arguments were checked, a missing region or credentials included,
 * come as the stream's error.
 *
 * The batch operations BRS_CONVERSE and BRS_INVOKE_MODEL run through the same callbacks, so that `operation`
 * alone switches between streaming and batch: when the whole answer is there, first comes one BRS_EVENT_OTHER
 * whose `type` is "Converse" or "InvokeModel" and whose `json` is the answer as the service sent it, at most
 * 32 MiB; then come the events that would have streamed it, with a delta for each block, tool calls, and the
 * end. Limits, retries, `turn` and the result work as for a stream. A body of InvokeModel whose format is not
 * known is a success without deltas; a page of HTML in place of one is BRS_E_PROTOCOL.
 *
 * With `turn` set to auto, an answer that stops for tool calls of the caller's is not the end of the stream:
 * see `brs_tool_result`.
 *
 * @param client  the client.
 * @param request  what to ask; copied.
 * @param callbacks  (Optional) what to call, copied; NULL for `brs_stream_next`, or with `delivery.queue`
 *     client for `brs_client_next`.
 * @param stream  where the new object's pointer goes; free it with `brs_stream_free`.
 * @param diagnostic  (Optional) gets the reason of a failure.
 * @return BRS_OK, BRS_E_ARGUMENT (also for a body that is not JSON), BRS_E_CONFIG, BRS_E_MEMORY, BRS_E_CLOSED
 *     or BRS_E_FORKED. On failure there is no stream and no callback runs.
 */
brs_code brs_stream_open(
    brs_client *client, const brs_request *request, const brs_callbacks *callbacks, brs_stream **stream,
    brs_diagnostic *diagnostic);

/**
 * Waits for the next event of a stream that was opened without callbacks.
 *
 * The terminal event (BRS_EVENT_STOP or BRS_EVENT_ERROR) comes exactly once; a stream's failure is an event,
 * not a code of this call. Events that are not fetched hold the transfer back once `delivery.queue_bytes` are
 * waiting. One thread at a time may call this for a stream; `brs_stream_cancel` from any thread wakes it.
 *
 * @param stream  the stream.
 * @param timeout_ms  how long to wait; 0 not at all, negative without limit.
 * @param event  gets the event; it and what it points to live until the next call for this stream, or its
 *     end.
 * @return BRS_OK, BRS_E_TIMEOUT, BRS_E_END after the terminal event, BRS_E_ARGUMENT, BRS_E_FORKED, or
 *     BRS_E_STATE for a stream with callbacks, or one that `brs_client_next` reads.
 */
brs_code brs_stream_next(brs_stream *stream, int64_t timeout_ms, const brs_event **event);

/**
 * Holds a stream back that `brs_client_next` reads, as for one whose events nobody has room for: none of it
 * is handed out until `brs_stream_resume`, its terminal event neither.
 *
 * What comes meanwhile waits, and the server is slowed down once `delivery.queue_bytes` are waiting; no other
 * stream is. Cancelling and detaching resume it. Any thread; events that another thread is just being handed
 * still come.
 *
 * @param stream  the stream.
 * @return BRS_OK, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE for a stream of another kind: callbacks return
 *     BRS_FLOW_PAUSE, and `brs_stream_next` need not be called.
 */
brs_code brs_stream_pause(brs_stream *stream);

/**
 * Lets a stream go on whose callback returned BRS_FLOW_PAUSE, or that `brs_stream_pause` holds back. Any
 * thread, a callback of the stream included. In a client without threads the descriptor becomes readable.
 *
 * @param stream  the stream; one that is not paused is left alone.
 * @return BRS_OK, BRS_E_ARGUMENT or BRS_E_FORKED.
 */
brs_code brs_stream_resume(brs_stream *stream);

/**
 * Lets go of the answer without ending the stream: it is read on to its end, for the usage figures of the
 * result.
 *
 * No event is delivered any more, no delta and no tool call: with callbacks only the terminal one runs,
 * without, only the terminal event comes, and events that are waiting to be fetched are dropped. Callbacks of
 * the one event that is being delivered may still run. A stream that is paused goes on. Limits, retries,
 * `on_failure` and `brs_stream_cancel` work as before. Tool calls that were handed over, or fetched, are
 * still waited for with `turn` set to auto; where one was not, nobody can answer it, and the stream ends with
 * its round. Any thread, any time, a callback of the stream included; again does nothing.
 *
 * @param stream  the stream.
 * @return BRS_OK, BRS_E_ARGUMENT or BRS_E_FORKED.
 */
brs_code brs_stream_detach(brs_stream *stream);

/**
 * Cancels a stream. Any thread, any time, a callback of the stream included; again does nothing.
 *
 * The terminal event with BRS_E_CANCELLED follows, unless the stream has ended on its own before.
 *
 * @param stream  the stream.
 * @return BRS_OK, BRS_E_ARGUMENT or BRS_E_FORKED.
 */
brs_code brs_stream_cancel(brs_stream *stream);

/**
 * Frees a stream; one that has not ended is cancelled first.
 *
 * With callbacks: its `on_error` with BRS_E_CANCELLED runs before this returns, and after it no callback of
 * the stream runs; nor does `on_failure` of a stream without. Inside one of the stream's own callbacks that
 * `on_error` is called from within this call, and the event that the callback was given stays readable until
 * the callback returns. On another thread this waits for a callback that is running: do not hold a lock that
 * it waits for. Two callbacks on threads of their own (several clients, `io.threads`) that free each other's
 * stream wait for ever: cancel there, free elsewhere. The stream must not be used afterwards.
 *
 * @param stream  the stream; NULL does nothing.
 */
void brs_stream_free(brs_stream *stream);

/* Streams ------------------------------------------------------------------------------------------------ */

/**
 * Waits until streams of a client have events, and hands over what there is of all of them in one call; for
 * clients made with `delivery.queue` client, whose streams are opened without callbacks.
 *
 * Streams take turns; the events of one stream come in their order, its terminal event once. A stream whose
 * events are not fetched is held back once `delivery.queue_bytes` of it are waiting; it holds up no other
 * one. A stream whose own reader has enough is left out by `brs_stream_pause`. At most 256 events come in one
 * call, whatever the capacity. In a client without threads this turns the loop while it waits; with a timeout
 * of 0 it hands over what `brs_client_dispatch` brought.
 *
 * One thread at a time may call this for a client, and no stream of the client may be freed meanwhile, though
 * it may be cancelled; its terminal event still comes. What was handed out of a stream lives no longer than
 * the stream.
 *
 * @param client  the client.
 * @param ready  gets the events.
 * @param capacity  how many there is room for.
 * @param timeout_ms  how long to wait when there is none; 0 not at all, negative without limit.
 * @param count  gets how many came.
 * @return BRS_OK, BRS_E_TIMEOUT (then `count` is 0), BRS_E_CLOSED where the client was freed meanwhile (too),
 *     BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE for a client of another kind.
 */
brs_code brs_client_next(
    brs_client *client, brs_ready *ready, size_t capacity, int64_t timeout_ms, size_t *count);

/* Tools -------------------------------------------------------------------------------------------------- */

/**
 * Gives the result of a tool call to a stream that runs tools: one opened with `turn` set to auto.
 *
 * When each call of a round has its result, the stream sends the conversation with the assistant's message
 * and the results behind it, and goes on with the next round. Any thread, any order, from `on_tool` or the
 * event that tells of the call on, inside that callback included, while the round's answer is still coming in
 * too; the wait is bounded by `timeout.tool_ms`. Calls with `is_server_tool` have no result to give. A call
 * whose id holds a NUL cannot be named: the stream ends with BRS_STOP_TOOL_USE, as with manual.
 *
 * What becomes of the result in a Converse request: BRS_TOOL_TEXT is {"text": ...}; BRS_TOOL_JSON is {"json":
 * ...} for an object, and any other value goes as {"text": its JSON text}, as Converse takes objects alone;
 * BRS_TOOL_BLOCKS is sent as it is. In a request of Anthropic Messages text and JSON are the content as a
 * string, and blocks are sent as they are. Whether a block has the right members is for the service to say.
 *
 * @param stream  the stream.
 * @param tool_use_id  `id` of the call, NUL-terminated. Where several calls have the same one, the oldest
 *     without a result is meant.
 * @param content  what `text` is.
 * @param text  the result, UTF-8; copied. May be NULL where `len` is 0.
 * @param len  its length in bytes; at most `turn.max_result_bytes`.
 * @param is_error  not 0 where the tool failed: the model is told so, and `text` says how.
 * @param diagnostic  (Optional) gets the reason of a failure.
 * @return BRS_OK; BRS_E_UNKNOWN_TOOL_CALL; BRS_E_TOOL_ANSWERED for a second result; BRS_E_ARGUMENT, also for
 *     what is not UTF-8, not JSON, no array of objects as `content` says, or too long; BRS_E_STATE for a
 *     stream that has ended or does not run tools; BRS_E_FORKED; BRS_E_MEMORY. After a failure the call still
 *     waits for its result.
 */
brs_code brs_tool_result(
    brs_stream *stream, const char *tool_use_id, brs_tool_content content, const char *text, size_t len,
    int32_t is_error, brs_diagnostic *diagnostic);

/* Decoder ------------------------------------------------------------------------------------------------ */

/**
 * Makes a decoder of a response body, for bytes that came some other way: the same events and ends as of a
 * stream.
 *
 * @param operation  whose response it is; with a batch operation the body is a whole answer.
 * @param callbacks  what to call; copied.
 * @param decoder  where the new object's pointer goes; free it with `brs_decoder_free`.
 * @param diagnostic  (Optional) gets the reason of a failure.
 * @return BRS_OK, BRS_E_ARGUMENT or BRS_E_MEMORY.
 */
brs_code brs_decoder_new(
    brs_operation operation, const brs_callbacks *callbacks, brs_decoder **decoder,
    brs_diagnostic *diagnostic);

/**
 * Hands bytes of the body over, in pieces of any size. Callbacks run inside this call.
 *
 * @param decoder  the decoder.
 * @param bytes  the bytes; read before this returns.
 * @param len  how many.
 * @return BRS_OK, BRS_E_ARGUMENT, or BRS_E_STATE after the terminal callback. BRS_FLOW_PAUSE is ignored.
 */
brs_code brs_decoder_feed(brs_decoder *decoder, const uint8_t *bytes, size_t len);

/**
 * Says that the body has ended. The terminal callback runs inside this call, unless it ran before.
 *
 * @param decoder  the decoder.
 * @return BRS_OK where the answer was complete, else the code of its error.
 */
brs_code brs_decoder_finish(brs_decoder *decoder);

/**
 * Makes a decoder ready for another body.
 *
 * @param decoder  the decoder.
 * @return BRS_OK or BRS_E_ARGUMENT; BRS_E_STATE inside one of its callbacks.
 */
brs_code brs_decoder_reset(brs_decoder *decoder);

/**
 * Frees a decoder, without a terminal callback. Not inside one of its callbacks.
 *
 * @param decoder  the decoder; NULL does nothing.
 */
void brs_decoder_free(brs_decoder *decoder);

/* Signer ------------------------------------------------------------------------------------------------- */

/**
 * Makes a signer of requests by AWS Signature Version 4.
 *
 * @param signer  where the new object's pointer goes; free it with `brs_signer_free`.
 * @return BRS_OK, BRS_E_ARGUMENT or BRS_E_MEMORY.
 */
brs_code brs_signer_new(brs_signer **signer);

/**
 * Signs a request. The derived key is kept for the next call with the same secret, date, region and service.
 *
 * @param signer  the signer.
 * @param request  what to sign; read before this returns.
 * @param signature  gets the headers to add; its `size` must be set. Lives until the signer's next call or
 *     its end.
 * @param diagnostic  (Optional) gets the reason of a failure.
 * @return BRS_OK, BRS_E_ARGUMENT, BRS_E_SIGNING or BRS_E_MEMORY.
 */
brs_code brs_signer_sign(
    brs_signer *signer, const brs_signing_request *request, brs_signature *signature,
    brs_diagnostic *diagnostic);

/**
 * Frees a signer and overwrites its keys.
 *
 * @param signer  the signer; NULL does nothing.
 */
void brs_signer_free(brs_signer *signer);

#ifdef __cplusplus
}
#endif

#endif /* BEDROCKSTREAM_H */
