// The codes and names of the public C interface; the types are beside this.
#pragma once

// [section] Codes and names

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
