"""The C interface of libbedrockstream for ctypes. Generated together with bedrockstream.h: do not edit."""

from __future__ import annotations

from ctypes import CDLL, CFUNCTYPE, POINTER, Structure
from ctypes import c_char, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from enum import IntEnum
from typing import Any, Optional

VERSION = "0.1.0"


class brs_code(IntEnum):
    """What went wrong, or nothing. The numbers never change; new ones may be added, so treat unknown ones as
    errors.
    """

    # Success.
    BRS_OK = 0
    # An argument is NULL, out of range or malformed; the message names it. Nothing was done.
    BRS_E_ARGUMENT = 1
    # A configuration key is unknown or its value is not acceptable; the message names the key.
    BRS_E_CONFIG = 2
    # The call does not fit the object: as `brs_stream_next` on a stream opened with callbacks.
    BRS_E_STATE = 3
    # Memory could not be had.
    BRS_E_MEMORY = 4
    # The object was made before a fork() and is used in the child. Free it there and make a new client.
    BRS_E_FORKED = 5
    # The client is being drained or freed and takes no new streams.
    BRS_E_CLOSED = 6
    # `brs_stream_next` waited as long as it was told to and nothing came, the stream goes on; or streams
    # still ran at the deadline of `brs_client_drain` and have been cancelled.
    BRS_E_TIMEOUT = 7
    # `brs_stream_next`: the terminal event was handed over already.
    BRS_E_END = 8
    # `brs_tool_result`: the stream has handed over no call with that id, or none in its present round.
    BRS_E_UNKNOWN_TOOL_CALL = 9
    # `brs_tool_result`: that call has its result already; the first one counts.
    BRS_E_TOOL_ANSWERED = 10
    # No region was given and none could be found; the message says where it was looked for.
    BRS_E_REGION = 20
    # No credentials were given and none could be found; the message says where they were looked for.
    BRS_E_CREDENTIALS = 21
    # The endpoint is not a usable URL, or a bearer token would have travelled without TLS.
    BRS_E_ENDPOINT = 22
    # The request could not be signed.
    BRS_E_SIGNING = 23
    # The host name could not be resolved.
    BRS_E_RESOLVE = 40
    # No connection to the endpoint or its proxy.
    BRS_E_CONNECT = 41
    # The TLS handshake failed, or the certificate is not trusted.
    BRS_E_TLS = 42
    # The transport failed before the response head was complete, in a way that none of the other codes names.
    BRS_E_TRANSPORT = 43
    # `timeout.connect_ms` passed before the connection stood.
    BRS_E_TIMEOUT_CONNECT = 44
    # `timeout.first_byte_ms` passed before the first byte of the response.
    BRS_E_TIMEOUT_FIRST_BYTE = 45
    # `timeout.between_bytes_ms` passed without a byte from the server.
    BRS_E_TIMEOUT_BETWEEN_BYTES = 46
    # `timeout.total_ms` passed before the stream ended.
    BRS_E_TIMEOUT_TOTAL = 47
    # `timeout.tool_ms` passed before every tool call of a round had its result; the message names a call that
    # has none.
    BRS_E_TIMEOUT_TOOL = 48
    # `limit.queue_ms` passed before the stream could begin: others of its client were under way, or before
    # it.
    BRS_E_TIMEOUT_QUEUE = 49
    # The response ended early: inside a frame, or between frames without the event that completes an answer.
    BRS_E_INCOMPLETE = 60
    # The response breaks the protocol: a checksum, length, header or payload is wrong, or the content type is
    # no event stream.
    BRS_E_PROTOCOL = 61
    # The response is larger than a bound of this library; the message names the bound.
    BRS_E_LIMIT = 62
    # The model called tools in more rounds than `turn.max_rounds` allows. The calls of the last one were
    # handed over; nothing was sent for them.
    BRS_E_TOOL_ROUNDS = 63
    # The caller cancelled or freed the stream, or freed its client.
    BRS_E_CANCELLED = 70
    # The stream would have had to wait, and `limit.queued_streams` streams of its client did already.
    BRS_E_QUEUE_FULL = 71
    # ValidationException (400): the service refuses the request as malformed.
    BRS_E_VALIDATION = 80
    # AccessDeniedException (403), or another refusal of the caller's identity.
    BRS_E_ACCESS_DENIED = 81
    # ExpiredTokenException (403): the credentials have expired.
    BRS_E_EXPIRED_TOKEN = 82
    # InvalidSignatureException, SignatureDoesNotMatch or another refusal of the signature (403).
    BRS_E_SIGNATURE = 83
    # ResourceNotFoundException (404): no such model, profile or route.
    BRS_E_NOT_FOUND = 84
    # ServiceQuotaExceededException (400).
    BRS_E_QUOTA_EXCEEDED = 85
    # ModelTimeoutException (408): the model took too long.
    BRS_E_MODEL_TIMEOUT = 86
    # ModelErrorException (424): the model failed; see `original_status`.
    BRS_E_MODEL_ERROR = 87
    # ModelStreamErrorException (424): the model failed while it streamed; see `original_status`.
    BRS_E_MODEL_STREAM = 88
    # ThrottlingException, or any other answer with status 429 but ModelNotReadyException.
    BRS_E_THROTTLED = 89
    # ModelNotReadyException (429): the model is still being loaded.
    BRS_E_MODEL_NOT_READY = 90
    # InternalServerException, or any other answer with status 500.
    BRS_E_INTERNAL_SERVER = 91
    # ServiceUnavailableException, or any other answer with status 502, 503 or 504.
    BRS_E_SERVICE_UNAVAILABLE = 92
    # Any other answer that is no success; see `http_status` and `service_code`.
    BRS_E_SERVICE = 99


class brs_phase(IntEnum):
    """How far a stream had come when it failed."""

    # Credentials, region and endpoint were being resolved, or the request signed.
    BRS_PHASE_PREPARE = 1
    # Resolving the name, connecting, TLS.
    BRS_PHASE_CONNECT = 2
    # Sending the request and waiting for the first byte of the response.
    BRS_PHASE_REQUEST = 3
    # Reading the response head, or the body of an error response.
    BRS_PHASE_RESPONSE = 4
    # Reading the answer.
    BRS_PHASE_STREAM = 5
    # Waiting for the results of tool calls, with `turn` set to auto.
    BRS_PHASE_TOOL = 6


class brs_operation(IntEnum):
    """Which operation of the Amazon Bedrock runtime a stream calls."""

    # ConverseStream: one request and event format for every model.
    BRS_CONVERSE_STREAM = 1
    # InvokeModelWithResponseStream: the model's own request and chunk format.
    BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM = 2
    # Converse: the answer comes whole, and is handed over by the same callbacks: see `brs_stream_open`.
    BRS_CONVERSE = 3
    # InvokeModel: the same for the model's own format.
    BRS_INVOKE_MODEL = 4


class brs_block_kind(IntEnum):
    """What a content block is."""

    # Text. ConverseStream announces none: such a block begins with its first delta.
    BRS_BLOCK_TEXT = 1
    # The model's reasoning. ConverseStream announces none.
    BRS_BLOCK_REASONING = 2
    # A tool call. `on_tool` gets it when it is complete.
    BRS_BLOCK_TOOL_USE = 3
    # The result of a tool that runs at the service.
    BRS_BLOCK_TOOL_RESULT = 4
    # An image.
    BRS_BLOCK_IMAGE = 5
    # A kind that this version does not know.
    BRS_BLOCK_OTHER = 99


class brs_delta_kind(IntEnum):
    """What a delta carries."""

    # A piece of the answer's text.
    BRS_DELTA_TEXT = 1
    # A piece of the model's reasoning.
    BRS_DELTA_REASONING = 2
    # The signature of a reasoning block.
    BRS_DELTA_REASONING_SIGNATURE = 3
    # Redacted reasoning, in base64 as it came.
    BRS_DELTA_REASONING_REDACTED = 4
    # A piece of the JSON text of a tool's input. `on_tool` gets the whole.
    BRS_DELTA_TOOL_INPUT = 5
    # The result of a tool that runs at the service: JSON.
    BRS_DELTA_TOOL_RESULT = 6
    # A citation: JSON.
    BRS_DELTA_CITATION = 7
    # A piece of an image: JSON.
    BRS_DELTA_IMAGE = 8
    # A kind that this version does not know: JSON.
    BRS_DELTA_OTHER = 99


class brs_stop_reason(IntEnum):
    """Why the model stopped. `stop_reason_text` of the result holds the word that came."""

    # None was given.
    BRS_STOP_NONE = 0
    # The answer is complete.
    BRS_STOP_END_TURN = 1
    # The model waits for the results of its tool calls.
    BRS_STOP_TOOL_USE = 2
    # The answer was cut at the limit of output tokens.
    BRS_STOP_MAX_TOKENS = 3
    # One of the request's stop sequences came up.
    BRS_STOP_STOP_SEQUENCE = 4
    # A guardrail stepped in.
    BRS_STOP_GUARDRAIL = 5
    # The content filter stepped in.
    BRS_STOP_CONTENT_FILTERED = 6
    # The model's output could not be parsed.
    BRS_STOP_MALFORMED_OUTPUT = 7
    # The model's tool call could not be parsed.
    BRS_STOP_MALFORMED_TOOL_USE = 8
    # The conversation is longer than the model's context.
    BRS_STOP_CONTEXT_EXCEEDED = 9
    # The model refuses to answer.
    BRS_STOP_REFUSAL = 10
    # The model pauses amid tools that run at the service; sent back as it is, the answer goes on.
    BRS_STOP_PAUSE_TURN = 11
    # A word that this version does not know.
    BRS_STOP_OTHER = 99


class brs_event_kind(IntEnum):
    """What an event is. Events other than the terminal two are one message of the wire each."""

    # The answer begins.
    BRS_EVENT_MESSAGE_START = 1
    # A content block begins: `block` says which. A tool call announces itself so.
    BRS_EVENT_BLOCK_START = 2
    # A piece of a content block: `delta` is set where the piece has a known place in the answer.
    BRS_EVENT_DELTA = 3
    # A content block is complete.
    BRS_EVENT_BLOCK_STOP = 4
    # The model stopped. The stream has not ended: usage may follow.
    BRS_EVENT_MESSAGE_STOP = 5
    # Usage, latency, traces.
    BRS_EVENT_METADATA = 6
    # A complete tool call: `tool` is set, `json` is the call's input. Made by this library when the call's
    # block ends.
    BRS_EVENT_TOOL = 7
    # Terminal: the stream ended well, `result` is set. Only `brs_stream_next` hands this over.
    BRS_EVENT_STOP = 8
    # Terminal: the stream failed, `error` is set. Only `brs_stream_next` hands this over.
    BRS_EVENT_ERROR = 9
    # An attempt failed before anything was delivered and is made again: `retry` is set, as for the next
    # three, which come instead of this one where they apply.
    BRS_EVENT_RETRY = 10
    # An attempt failed amid the answer, which begins again: everything that the stream delivered before is
    # void, its text, blocks and tool calls. Only with `recovery` set to restart.
    BRS_EVENT_RESTART = 11
    # An attempt failed amid the answer, which is continued: the text goes on where it was, without a gap or a
    # repeat. Only with `recovery` set to continue.
    BRS_EVENT_CONTINUE = 12
    # The attempts with one model are used up and nothing was delivered: another model or region is asked.
    # Only with `fallback` set.
    BRS_EVENT_FALLBACK = 13
    # A round of the conversation has ended and the stream waits for the result of a tool call: `tool` is set.
    # Comes for each call that has none yet. Only with `turn` set to auto, as the next one.
    BRS_EVENT_TOOL_WAITING = 14
    # A tool call has its result: `tool` is set. When the last one has, the next round's request is sent.
    BRS_EVENT_TOOL_ANSWERED = 15
    # Anything else that came, unknown events included.
    BRS_EVENT_OTHER = 99


class brs_flow(IntEnum):
    """What a callback wants to happen next."""

    # Go on.
    BRS_FLOW_CONTINUE = 0
    # Hold the transfer back after this event until `brs_stream_resume`. The server is slowed down, nothing is
    # lost. After BRS_EVENT_RETRY and the like the next request waits, too.
    BRS_FLOW_PAUSE = 1
    # End the stream: `on_error` with BRS_E_CANCELLED follows.
    BRS_FLOW_CANCEL = 2


class brs_verdict(IntEnum):
    """What is to be done about the failure of an attempt."""

    # What the library would do without being told.
    BRS_VERDICT_AS_PLANNED = 0
    # Make another attempt, also after an error that is not retried by itself. The number of attempts, the
    # quota that the streams of a client share and `timeout.total_ms` still hold, and of an answer that has
    # begun nothing is taken back unless `recovery` says so: where one of these forbids it, the stream ends.
    BRS_VERDICT_RETRY = 1
    # End the stream with this failure.
    BRS_VERDICT_FAIL = 2


class brs_tool_content(IntEnum):
    """What the result of a tool call is given as."""

    # Text, UTF-8.
    BRS_TOOL_TEXT = 1
    # One JSON value.
    BRS_TOOL_JSON = 2
    # A JSON array of content blocks as the request's format has them: for Converse [{"text": ...}, {"json":
    # ...}, {"image": ...}], for Anthropic Messages [{"type": "text", ...}].
    BRS_TOOL_BLOCKS = 3


class brs_config(Structure):
    """Settings, as keys and values. Not thread-safe; a client or stream takes its own copy."""

    # Private.
    opaque: int

    _fields_ = [
        ("opaque", c_size_t),
    ]


class brs_client(Structure):
    """A connection pool, its credentials and the thread that serves its streams. Thread-safe."""

    # Private.
    opaque: int

    _fields_ = [
        ("opaque", c_size_t),
    ]


class brs_stream(Structure):
    """One call of the service and its answer. Thread-safe."""

    # Private.
    opaque: int

    _fields_ = [
        ("opaque", c_size_t),
    ]


class brs_decoder(Structure):
    """The decoder of a response body alone, for bytes that came some other way. Not thread-safe."""

    # Private.
    opaque: int

    _fields_ = [
        ("opaque", c_size_t),
    ]


class brs_signer(Structure):
    """The signer alone, with its cache of derived keys. Not thread-safe."""

    # Private.
    opaque: int

    _fields_ = [
        ("opaque", c_size_t),
    ]


class brs_diagnostic(Structure):
    """Why a call refused its arguments. Owned by the caller, no lifetime to mind."""

    # (Required) sizeof(brs_diagnostic); set by the caller.
    size: int
    # The code that the call returned.
    code: int
    # One line, NUL-terminated, cut where too long; names the argument, key or byte offset. Empty on success.
    message: bytes

    _fields_ = [
        ("size", c_size_t),
        ("code", c_int),
        ("message", c_char * 500),
    ]


class brs_config_key(Structure):
    """One configuration key, as `brs_config_describe` tells it. The strings are constants."""

    # (Required) sizeof(brs_config_key); set by the caller.
    size: int
    # The key, as "timeout.connect_ms".
    name: Optional[bytes]
    # Its type: "text", "secret", "url", "path", "boolean", "integer" or "one of: a, b, c".
    type: Optional[bytes]
    # The default, as text; "" where there is none.
    default_value: Optional[bytes]
    # Environment variables that are read when the key is not set, first one first, separated by ", "; "" for
    # none.
    environment: Optional[bytes]
    # What it means, with the unit.
    meaning: Optional[bytes]
    # Property of a profile that is read when the environment does not say anything either; "" for none.
    config_file_key: Optional[bytes]

    _fields_ = [
        ("size", c_size_t),
        ("name", c_char_p),
        ("type", c_char_p),
        ("default_value", c_char_p),
        ("environment", c_char_p),
        ("meaning", c_char_p),
        ("config_file_key", c_char_p),
    ]


class brs_usage(Structure):
    """Token counts as the service reports them; -1 where it did not."""

    # Tokens of the request.
    input_tokens: int
    # Tokens of the answer.
    output_tokens: int
    # Both, as the service adds them up.
    total_tokens: int
    # Tokens of the request read from the prompt cache.
    cache_read_input_tokens: int
    # Tokens of the request written to the prompt cache.
    cache_write_input_tokens: int
    # Of these, tokens that are kept for five minutes.
    cache_write_5m_input_tokens: int
    # Of these, tokens that are kept for an hour.
    cache_write_1h_input_tokens: int

    _fields_ = [
        ("input_tokens", c_int64),
        ("output_tokens", c_int64),
        ("total_tokens", c_int64),
        ("cache_read_input_tokens", c_int64),
        ("cache_write_input_tokens", c_int64),
        ("cache_write_5m_input_tokens", c_int64),
        ("cache_write_1h_input_tokens", c_int64),
    ]


class brs_timings(Structure):
    """Times since `brs_stream_open`, in microseconds, and what else was measured; -1 where the stream did not
    come so far. Where there was more than one attempt or round, the times up to the first byte are those
    of the last.
    """

    # The host's name was resolved; -1 also where a connection was reused.
    resolved_us: int
    # TCP stood; -1 also where a connection was reused.
    tcp_connected_us: int
    # TLS stood; -1 also without TLS, and where a connection was reused.
    tls_connected_us: int
    # The connection was ready for the request; near 0 where one was reused.
    connected_us: int
    # The last byte of the request was sent.
    request_sent_us: int
    # The first byte of the response head arrived.
    first_byte_us: int
    # The stream's first delta was decoded: the time to first token.
    first_delta_us: int
    # The longest time between two deltas. What the caller held back, and the wait for tools, does not count.
    longest_gap_us: int
    # The stream ended.
    total_us: int
    # The latency that the service reports, in milliseconds.
    server_latency_ms: int
    # Bytes sent in all attempts: heads and bodies of requests as HTTP has them, without TLS.
    bytes_sent: int
    # Bytes received in all attempts, counted likewise.
    bytes_received: int
    # Output tokens for each second between the first and the last delta; counts no time that `longest_gap_us`
    # does not. -1 where the service reported no tokens, or fewer than two deltas came.
    output_tokens_per_s: float

    _fields_ = [
        ("resolved_us", c_int64),
        ("tcp_connected_us", c_int64),
        ("tls_connected_us", c_int64),
        ("connected_us", c_int64),
        ("request_sent_us", c_int64),
        ("first_byte_us", c_int64),
        ("first_delta_us", c_int64),
        ("longest_gap_us", c_int64),
        ("total_us", c_int64),
        ("server_latency_ms", c_int64),
        ("bytes_sent", c_int64),
        ("bytes_received", c_int64),
        ("output_tokens_per_s", c_double),
    ]


class brs_result(Structure):
    """How an answer came out; complete in `on_stop`, what there was until then in an error's `partial`."""

    # sizeof(brs_result) of the library. Members at or beyond it do not exist.
    size: int
    # Why the model stopped.
    stop_reason: int
    # The word that came, as "end_turn"; "" for none.
    stop_reason_text: Optional[int]
    # Length of `stop_reason_text` in bytes.
    stop_reason_text_len: int
    # The answer's text, UTF-8: of all rounds, the text blocks of each in the order of their index.
    text: Optional[int]
    # Length of `text` in bytes.
    text_len: int
    # Token counts.
    usage: brs_usage
    # When what happened.
    timings: brs_timings
    # The service's request id; "" where none came.
    request_id: Optional[int]
    # Length of `request_id` in bytes.
    request_id_len: int
    # The model id that was asked.
    model_id: Optional[int]
    # Length of `model_id` in bytes.
    model_id_len: int
    # How many deltas were delivered.
    delivered: int
    # How many requests were sent, retries included.
    attempts: int
    # 1 where the connection had been used before, else 0.
    connection_reused: int
    # The `metadata` event's payload, or the invocation metrics of an invoke route: JSON; "" where none came.
    metadata_json: Optional[int]
    # Length of `metadata_json` in bytes.
    metadata_json_len: int
    # The region that was asked; with `model_id` it says which entry of `fallback` answered. "" where none was
    # found.
    region: Optional[int]
    # Length of `region` in bytes.
    region_len: int
    # 1 where the answer was cut off at a limit of tokens (BRS_STOP_MAX_TOKENS, BRS_STOP_CONTEXT_EXCEEDED),
    # else 0.
    is_truncated: int
    # 1 where a guardrail, a filter or the model itself refused (BRS_STOP_GUARDRAIL,
    # BRS_STOP_CONTENT_FILTERED, BRS_STOP_REFUSAL), else 0.
    is_refused: int
    # 1 where the stream ended before the answer was complete, else 0.
    is_interrupted: int
    # How many rounds there were: 1, and one for each time that results of tools were sent.
    rounds: int
    # The last round's answer as an assistant's message, JSON, ready to be appended to the `messages` of a
    # request: {"role":"assistant","content":[...]} in the shape of Converse, whichever format it came in.
    # Tool inputs are parsed; one that is no JSON object is {"INVALID_JSON": "its text"}. Blank texts, which
    # the service would refuse, and blocks that Converse has no shape for are left out; "" where nothing
    # remains.
    message_json: Optional[int]
    # Length of `message_json` in bytes.
    message_json_len: int
    # Every message that this stream added to the conversation, as a JSON array in the request's format: the
    # assistant's, and with tool rounds the results sent between them.
    new_messages_json: Optional[int]
    # Length of `new_messages_json` in bytes.
    new_messages_json_len: int
    # The model that answered, where the service says so: behind a prompt router, or in the model's own
    # format. "" where it does not.
    answered_model_id: Optional[int]
    # Length of `answered_model_id` in bytes.
    answered_model_id_len: int
    # The service tier that answered, as "default"; "" where none was told.
    service_tier: Optional[int]
    # Length of `service_tier` in bytes.
    service_tier_len: int
    # The latency setting that answered, as "optimized"; "" where none was told.
    performance_latency: Optional[int]
    # Length of `performance_latency` in bytes.
    performance_latency_len: int
    # Traces of guardrails and prompt routers: JSON; "" where none came.
    trace_json: Optional[int]
    # Length of `trace_json` in bytes.
    trace_json_len: int
    # additionalModelResponseFields: JSON; "" where none came.
    additional_fields_json: Optional[int]
    # Length of `additional_fields_json` in bytes.
    additional_fields_json_len: int
    # How long the stream waited for its turn, in microseconds; 0 where it did not. Only `limit.streams` and
    # its like make streams wait.
    queued_us: int
    # How many requests were sent beside late ones (`hedge.after_ms`); `attempts` has them too.
    hedges: int
    # How many of those took the place of the late one. The requests that were dropped may be paid for as
    # well: no service says what they used.
    hedges_won: int

    _fields_ = [
        ("size", c_size_t),
        ("stop_reason", c_int),
        ("stop_reason_text", c_void_p),
        ("stop_reason_text_len", c_size_t),
        ("text", c_void_p),
        ("text_len", c_size_t),
        ("usage", brs_usage),
        ("timings", brs_timings),
        ("request_id", c_void_p),
        ("request_id_len", c_size_t),
        ("model_id", c_void_p),
        ("model_id_len", c_size_t),
        ("delivered", c_uint64),
        ("attempts", c_uint32),
        ("connection_reused", c_uint32),
        ("metadata_json", c_void_p),
        ("metadata_json_len", c_size_t),
        ("region", c_void_p),
        ("region_len", c_size_t),
        ("is_truncated", c_int32),
        ("is_refused", c_int32),
        ("is_interrupted", c_int32),
        ("rounds", c_uint32),
        ("message_json", c_void_p),
        ("message_json_len", c_size_t),
        ("new_messages_json", c_void_p),
        ("new_messages_json_len", c_size_t),
        ("answered_model_id", c_void_p),
        ("answered_model_id_len", c_size_t),
        ("service_tier", c_void_p),
        ("service_tier_len", c_size_t),
        ("performance_latency", c_void_p),
        ("performance_latency_len", c_size_t),
        ("trace_json", c_void_p),
        ("trace_json_len", c_size_t),
        ("additional_fields_json", c_void_p),
        ("additional_fields_json_len", c_size_t),
        ("queued_us", c_int64),
        ("hedges", c_uint32),
        ("hedges_won", c_uint32),
    ]


class brs_error(Structure):
    """How a stream failed."""

    # sizeof(brs_error) of the library. Members at or beyond it do not exist.
    size: int
    # What went wrong.
    code: int
    # How far the stream had come.
    phase: int
    # The code's name, as "BRS_E_THROTTLED".
    name: Optional[bytes]
    # One line for a human, UTF-8.
    message: Optional[int]
    # Length of `message` in bytes.
    message_len: int
    # The status that belongs to the error: of the answer, 200 for one that broke off or is damaged; for an
    # exception inside a stream its modelled one; 0 for none.
    http_status: int
    # 1 where another try may succeed, else 0.
    retryable: int
    # The service's name for the error, as "ThrottlingException"; "" where the service did not speak.
    service_code: Optional[int]
    # Length of `service_code` in bytes.
    service_code_len: int
    # The service's request id; "" where none came.
    request_id: Optional[int]
    # Length of `request_id` in bytes.
    request_id_len: int
    # How many deltas were delivered before: 0 means that the caller has seen nothing of an answer.
    delivered: int
    # How many requests were sent, retries included.
    attempts: int
    # The status that the model's host gave, from ModelErrorException and ModelStreamErrorException; 0 for
    # none.
    original_status: int
    # What the model's host said; "" for nothing.
    original_message: Optional[int]
    # Length of `original_message` in bytes.
    original_message_len: int
    # What there is of the answer; never NULL.
    partial: Any

    _fields_ = [
        ("size", c_size_t),
        ("code", c_int),
        ("phase", c_int),
        ("name", c_char_p),
        ("message", c_void_p),
        ("message_len", c_size_t),
        ("http_status", c_int32),
        ("retryable", c_int32),
        ("service_code", c_void_p),
        ("service_code_len", c_size_t),
        ("request_id", c_void_p),
        ("request_id_len", c_size_t),
        ("delivered", c_uint64),
        ("attempts", c_uint32),
        ("original_status", c_int32),
        ("original_message", c_void_p),
        ("original_message_len", c_size_t),
        ("partial", POINTER(brs_result)),
    ]


class brs_retry(Structure):
    """What is done about an attempt that failed, or what is planned to be done."""

    # sizeof(brs_retry) of the library. Members at or beyond it do not exist.
    size: int
    # BRS_EVENT_RETRY, BRS_EVENT_RESTART, BRS_EVENT_CONTINUE or BRS_EVENT_FALLBACK; as a plan also
    # BRS_EVENT_ERROR, to end the stream.
    kind: int
    # The number of the attempt that follows, beginning with 1 for each model and region that is asked; for
    # BRS_EVENT_ERROR of the one that would have followed.
    attempt: int
    # How many attempts there may be with that model and region: `retry.max_attempts`.
    max_attempts: int
    # Milliseconds until it is sent.
    delay_ms: int
    # How the attempt before it failed; never NULL. `partial` is what the stream has delivered so far.
    error: Any
    # The model id that is asked next.
    model_id: Optional[int]
    # Length of `model_id` in bytes.
    model_id_len: int
    # The region that is asked next.
    region: Optional[int]
    # Length of `region` in bytes.
    region_len: int

    _fields_ = [
        ("size", c_size_t),
        ("kind", c_int),
        ("attempt", c_uint32),
        ("max_attempts", c_uint32),
        ("delay_ms", c_int64),
        ("error", POINTER(brs_error)),
        ("model_id", c_void_p),
        ("model_id_len", c_size_t),
        ("region", c_void_p),
        ("region_len", c_size_t),
    ]


class brs_block(Structure):
    """The start of a content block."""

    # sizeof(brs_block) of the library. Members at or beyond it do not exist.
    size: int
    # What the block is.
    kind: int
    # Its index; -1 where the service named none.
    block_index: int
    # 1 for a tool that the service runs itself, else 0.
    is_server_tool: int
    # 1 for the result of a tool that failed, else 0.
    is_error: int
    # The word of the wire: an image's format, as "png", or the block's type where it has one, as
    # "server_tool_use".
    type: Optional[int]
    # Length of `type` in bytes.
    type_len: int
    # The id of the tool call that this begins, or is the result of; "" for other blocks.
    tool_use_id: Optional[int]
    # Length of `tool_use_id` in bytes.
    tool_use_id_len: int
    # The tool's name; "" for other blocks.
    name: Optional[int]
    # Length of `name` in bytes.
    name_len: int

    _fields_ = [
        ("size", c_size_t),
        ("kind", c_int),
        ("block_index", c_int32),
        ("is_server_tool", c_int32),
        ("is_error", c_int32),
        ("type", c_void_p),
        ("type_len", c_size_t),
        ("tool_use_id", c_void_p),
        ("tool_use_id_len", c_size_t),
        ("name", c_void_p),
        ("name_len", c_size_t),
    ]


class brs_delta(Structure):
    """A piece of an answer."""

    # sizeof(brs_delta) of the library. Members at or beyond it do not exist.
    size: int
    # What `text` is.
    kind: int
    # The content block that it belongs to; -1 where the service named none.
    block_index: int
    # The piece, unescaped UTF-8, NUL-terminated; for the kinds called JSON, the JSON text of the member that
    # came.
    text: Optional[int]
    # Length of `text` in bytes; the text may hold NUL bytes.
    text_len: int
    # The round that it belongs to, from 0: `block_index` begins anew in each.
    round: int

    _fields_ = [
        ("size", c_size_t),
        ("kind", c_int),
        ("block_index", c_int32),
        ("text", c_void_p),
        ("text_len", c_size_t),
        ("round", c_uint32),
    ]


class brs_tool(Structure):
    """A complete tool call."""

    # sizeof(brs_tool) of the library. Members at or beyond it do not exist.
    size: int
    # The content block that it came in.
    block_index: int
    # 1 where the service runs the tool itself and only reports the call, else 0.
    is_server_tool: int
    # 1 where `input_json` is one JSON value; 0 where the model sent something else or was cut off: then it is
    # the raw text.
    is_valid: int
    # The call's id, to be named in the result.
    id: Optional[int]
    # Length of `id` in bytes.
    id_len: int
    # The tool's name.
    name: Optional[int]
    # Length of `name` in bytes.
    name_len: int
    # The input, joined from its pieces; "{}" where the model sent none.
    input_json: Optional[int]
    # Length of `input_json` in bytes.
    input_json_len: int
    # The round that it belongs to, from 0.
    round: int

    _fields_ = [
        ("size", c_size_t),
        ("block_index", c_int32),
        ("is_server_tool", c_int32),
        ("is_valid", c_int32),
        ("id", c_void_p),
        ("id_len", c_size_t),
        ("name", c_void_p),
        ("name_len", c_size_t),
        ("input_json", c_void_p),
        ("input_json_len", c_size_t),
        ("round", c_uint32),
    ]


class brs_event(Structure):
    """An event: one message of the wire, a complete tool call, what is done about a failure, or the stream's
    end.
    """

    # sizeof(brs_event) of the library. Members at or beyond it do not exist.
    size: int
    # What it is.
    kind: int
    # The content block that it belongs to; -1 for none.
    block_index: int
    # The wire's name of the event, as "contentBlockDelta" or "chunk"; "" for events that this library makes,
    # and for all but the first where one message holds several things. Of a whole answer: see
    # `brs_stream_open`.
    type: Optional[int]
    # Length of `type` in bytes.
    type_len: int
    # The payload as it came, unknown members included: JSON. On the invoke routes the chunk's inner bytes.
    json: Optional[int]
    # Length of `json` in bytes.
    json_len: int
    # Set for BRS_EVENT_DELTA where the piece has a known place in the answer, else NULL.
    delta: Any
    # Set for BRS_EVENT_TOOL, and for BRS_EVENT_TOOL_WAITING and BRS_EVENT_TOOL_ANSWERED, there without the
    # input, which came with the call; else NULL.
    tool: Any
    # Set for BRS_EVENT_STOP, else NULL.
    result: Any
    # Set for BRS_EVENT_ERROR, else NULL.
    error: Any
    # Set for BRS_EVENT_RETRY, BRS_EVENT_RESTART, BRS_EVENT_CONTINUE and BRS_EVENT_FALLBACK, else NULL. It and
    # what it points to live as long as the event.
    retry: Any
    # Set for BRS_EVENT_BLOCK_START, else NULL.
    block: Any
    # The round that it belongs to, from 0.
    round: int

    _fields_ = [
        ("size", c_size_t),
        ("kind", c_int),
        ("block_index", c_int32),
        ("type", c_void_p),
        ("type_len", c_size_t),
        ("json", c_void_p),
        ("json_len", c_size_t),
        ("delta", POINTER(brs_delta)),
        ("tool", POINTER(brs_tool)),
        ("result", POINTER(brs_result)),
        ("error", POINTER(brs_error)),
        ("retry", POINTER(brs_retry)),
        ("block", POINTER(brs_block)),
        ("round", c_uint32),
    ]


class brs_ready(Structure):
    """An event of one of a client's streams, as `brs_client_next` hands it out."""

    # Whose it is.
    stream: Any
    # The `user` of the stream's request.
    user: Optional[int]
    # The event; it and what it points to live until the next call for this client, or the stream's end.
    event: Any

    _fields_ = [
        ("stream", POINTER(brs_stream)),
        ("user", c_void_p),
        ("event", POINTER(brs_event)),
    ]


# A piece of the answer arrived. `user` is the pointer of the callbacks; `stream` is NULL when a decoder
# calls. `delta` and what it points to live until the callback returns. Runs on the client's thread, or in
# `brs_decoder_feed`. Returns what happens next.
brs_on_delta = CFUNCTYPE(c_int, c_void_p, POINTER(brs_stream), POINTER(brs_delta))


# The model calls a tool, and its input is complete. `tool` and what it points to live until the callback
# returns. Runs and returns as `brs_on_delta`. With `turn` set to auto the stream waits for `brs_tool_result`
# for each call without `is_server_tool`, which may be called in here. An input that is no JSON, or that was
# cut off, is told with `is_valid` 0 and its raw text. A call that the service gave no id or name has "" for
# it. A piece of input for a block that is no open tool call would be lost, and ends the stream with
# BRS_E_PROTOCOL.
brs_on_tool = CFUNCTYPE(c_int, c_void_p, POINTER(brs_stream), POINTER(brs_tool))


# Terminal: the answer is complete, nothing follows. `result` and what it points to live until the callback
# returns. Never runs together with `brs_on_error`.
brs_on_stop = CFUNCTYPE(None, c_void_p, POINTER(brs_stream), POINTER(brs_result))


# Terminal: the stream failed, nothing follows. `error` and what it points to live until the callback returns.
brs_on_error = CFUNCTYPE(None, c_void_p, POINTER(brs_stream), POINTER(brs_error))


# Any event of the wire arrived, before the typed callback that belongs to it; or an attempt failed and the
# library goes on, then `event->retry` says how. After BRS_EVENT_RESTART all that the round has delivered
# before is void. Events, deltas and members that this version does not know come as JSON, and disturb nothing
# else. Nor do an answer that begins twice, or deltas behind the end of their block or of the message: they
# are handed over, and are part of the result. A block that comes without a start begins with its first delta;
# without an index its index is -1. `event` and what it points to live until the callback returns. Runs and
# returns as `brs_on_delta`.
brs_on_event = CFUNCTYPE(c_int, c_void_p, POINTER(brs_stream), POINTER(brs_event))


# An attempt failed, and nothing has been done about it yet: asked once for each failure, also the last one.
# `user` is the request's `on_failure_user`; `plan` says what would be done: its `kind` is BRS_EVENT_ERROR
# where the stream would end. `error`, which `plan` points to as well, and `plan` live until the callback
# returns. Runs on the client's thread, for a stream that is read with `brs_stream_next` too, before the event
# that tells of it. Returns what is done; anything that is no brs_verdict means as planned. The stream may be
# cancelled or freed in here; then what it returns does not matter.
brs_on_failure = CFUNCTYPE(c_int, c_void_p, POINTER(brs_stream), POINTER(brs_error), POINTER(brs_retry))


class brs_callbacks(Structure):
    """What a stream or decoder calls. Copied by the call that takes it."""

    # (Required) sizeof(brs_callbacks); set by the caller.
    size: int
    # (Optional) Handed to each callback, never looked at. Must live until the terminal callback has returned.
    user: Optional[int]
    # (Optional) Pieces of the answer.
    on_delta: Any
    # (Optional) Complete tool calls.
    on_tool: Any
    # (Required) The end of a complete answer.
    on_stop: Any
    # (Required) The end of any other.
    on_error: Any
    # (Optional) Every event of the wire, as JSON, and what is done about failures.
    on_event: Any

    _fields_ = [
        ("size", c_size_t),
        ("user", c_void_p),
        ("on_delta", brs_on_delta),
        ("on_tool", brs_on_tool),
        ("on_stop", brs_on_stop),
        ("on_error", brs_on_error),
        ("on_event", brs_on_event),
    ]


class brs_request(Structure):
    """What to ask. Copied by `brs_stream_open`."""

    # (Required) sizeof(brs_request); set by the caller.
    size: int
    # (Required) Which operation.
    operation: int
    # (Required) A model id, inference profile or ARN: 1 to 2048 bytes of UTF-8, NUL-terminated. Encoded for
    # the wire by the library.
    model_id: Optional[bytes]
    # (Required, but see `prompt`) The request as JSON: for Converse and ConverseStream an object of the API's
    # members (without modelId), else the model's own format.
    body: Optional[int]
    # (Required with `body`) Length of `body` in bytes; at most 25,000,000.
    body_len: int
    # (Optional) Settings of this call alone, over those of the client. Copied. NULL for none.
    config: Any
    # (Optional) Asked about each failure of an attempt.
    on_failure: Any
    # (Optional) Handed to `on_failure`, never looked at. Must live until the stream has ended.
    on_failure_user: Optional[int]
    # (Optional) For Converse and ConverseStream, instead of `body`: what the user says, UTF-8,
    # NUL-terminated. The library writes the body, from this and the members below, which do not count without
    # it.
    prompt: Optional[bytes]
    # (Optional) The system's text, UTF-8, NUL-terminated.
    system: Optional[bytes]
    # (Optional) Most tokens of the answer; 0 leaves it to the model.
    max_tokens: int
    # (Optional) 1 where `temperature` counts.
    has_temperature: int
    # (Optional) The temperature, from 0 to 1.
    temperature: float
    # (Optional) Handed out with the stream's events by `brs_client_next`, never looked at.
    user: Optional[int]

    _fields_ = [
        ("size", c_size_t),
        ("operation", c_int),
        ("model_id", c_char_p),
        ("body", c_void_p),
        ("body_len", c_size_t),
        ("config", POINTER(brs_config)),
        ("on_failure", brs_on_failure),
        ("on_failure_user", c_void_p),
        ("prompt", c_char_p),
        ("system", c_char_p),
        ("max_tokens", c_int64),
        ("has_temperature", c_int32),
        ("temperature", c_double),
        ("user", c_void_p),
    ]


class brs_header(Structure):
    """A name and a value."""

    # NUL-terminated.
    name: Optional[bytes]
    # NUL-terminated.
    value: Optional[bytes]

    _fields_ = [
        ("name", c_char_p),
        ("value", c_char_p),
    ]


class brs_signing_request(Structure):
    """What `brs_signer_sign` signs."""

    # (Required) sizeof(brs_signing_request); set by the caller.
    size: int
    # (Required) As "POST".
    method: Optional[bytes]
    # (Required) As "https".
    scheme: Optional[bytes]
    # (Required) The host, with the port where it is not the scheme's default.
    host: Optional[bytes]
    # (Required) The path as on the request line, percent-encoded.
    path: Optional[bytes]
    # (Optional) The query as on the request line, without the question mark.
    query: Optional[bytes]
    # (Optional) Headers of the request. Those that must not be signed are left out by the signer.
    headers: Any
    # How many `headers` there are.
    header_count: int
    # (Optional) The body.
    body: Optional[int]
    # Length of `body` in bytes.
    body_len: int
    # (Required) As "us-east-1".
    region: Optional[bytes]
    # (Required) As "bedrock".
    service: Optional[bytes]
    # (Required) The access key.
    access_key_id: Optional[bytes]
    # (Required) The secret key.
    secret_access_key: Optional[bytes]
    # (Optional) The session token.
    session_token: Optional[bytes]
    # (Required) The time, in seconds since 1970 UTC.
    time_s: int

    _fields_ = [
        ("size", c_size_t),
        ("method", c_char_p),
        ("scheme", c_char_p),
        ("host", c_char_p),
        ("path", c_char_p),
        ("query", c_char_p),
        ("headers", POINTER(brs_header)),
        ("header_count", c_size_t),
        ("body", c_void_p),
        ("body_len", c_size_t),
        ("region", c_char_p),
        ("service", c_char_p),
        ("access_key_id", c_char_p),
        ("secret_access_key", c_char_p),
        ("session_token", c_char_p),
        ("time_s", c_int64),
    ]


class brs_signature(Structure):
    """What `brs_signer_sign` made."""

    # (Required) sizeof(brs_signature); set by the caller.
    size: int
    # Headers to add to the request. Live until the signer's next call or its end.
    headers: Any
    # How many `headers` there are.
    header_count: int
    # The canonical request that was signed, NUL-terminated. Same lifetime.
    canonical_request: Optional[bytes]
    # The string to sign, NUL-terminated. Same lifetime.
    string_to_sign: Optional[bytes]

    _fields_ = [
        ("size", c_size_t),
        ("headers", POINTER(brs_header)),
        ("header_count", c_size_t),
        ("canonical_request", c_char_p),
        ("string_to_sign", c_char_p),
    ]


class brs_question(Structure):
    """A question of a client to its host about who asks, until it is answered. Answer it once, on any thread.
    """

    # Private.
    opaque: int

    _fields_ = [
        ("opaque", c_size_t),
    ]


class brs_question_kind(IntEnum):
    """What a host can be asked for; to be combined with |."""

    # Credentials; asked before the environment and the profile are looked at.
    BRS_ASK_CREDENTIALS = 1
    # A bearer token; asked where requests are authenticated by one and none is set.
    BRS_ASK_TOKEN = 2
    # The code that a multi-factor device shows, for a profile with mfa_serial.
    BRS_ASK_MFA_CODE = 4


# A client has to know who asks: when its first stream is sent, and again before what it was told expires.
# `detail` is the device's serial number or ARN for BRS_ASK_MFA_CODE, else ""; it lives until the callback
# returns. `question` is answered by `brs_question_answer` or `brs_question_fail`, in here or later, on any
# thread; streams that need the answer wait as long as `credentials.timeout_ms`, all others go on. Runs on the
# client's thread and holds up all of its streams: answer later what takes time to find out.
brs_on_question = CFUNCTYPE(None, c_void_p, c_int, c_char_p, POINTER(brs_question))


class brs_answer(Structure):
    """The answer to a question. What the question did not ask for is not looked at."""

    # (Required) sizeof(brs_answer); set by the caller.
    size: int
    # BRS_ASK_CREDENTIALS: the access key; NULL where the host has none, then the next source is asked.
    access_key_id: Optional[bytes]
    # The secret key that goes with it.
    secret_access_key: Optional[bytes]
    # (Optional) The session token of temporary credentials.
    session_token: Optional[bytes]
    # (Optional) The account that they belong to.
    account_id: Optional[bytes]
    # BRS_ASK_TOKEN: the bearer token; NULL where the host has none.
    token: Optional[bytes]
    # BRS_ASK_MFA_CODE: the code.
    mfa_code: Optional[bytes]
    # When credentials or token expire, in seconds since 1970; 0 for never. They are asked for anew before
    # that.
    expires_s: int

    _fields_ = [
        ("size", c_size_t),
        ("access_key_id", c_char_p),
        ("secret_access_key", c_char_p),
        ("session_token", c_char_p),
        ("account_id", c_char_p),
        ("token", c_char_p),
        ("mfa_code", c_char_p),
        ("expires_s", c_int64),
    ]


class brs_scheme(IntEnum):
    """How requests prove who sends them."""

    # Not at all.
    BRS_SCHEME_NONE = 0
    # AWS Signature Version 4, with credentials.
    BRS_SCHEME_SIGV4 = 1
    # A bearer token.
    BRS_SCHEME_BEARER = 2


class brs_identity(Structure):
    """Who a client's streams are sent by. Owned by the caller, no lifetime to mind; texts are cut where too
    long.
    """

    # (Required) sizeof(brs_identity); set by the caller.
    size: int
    # How requests prove it.
    scheme: int
    # The access key, which is no secret; "" without credentials.
    access_key_id: bytes
    # The account, where the source says it; else "".
    account_id: bytes
    # Where it is from, as half a sentence.
    source: bytes
    # When it expires, in seconds since 1970; 0 for never. It is renewed before that.
    expires_s: int

    _fields_ = [
        ("size", c_size_t),
        ("scheme", c_int),
        ("access_key_id", c_char * 132),
        ("account_id", c_char * 32),
        ("source", c_char * 600),
        ("expires_s", c_int64),
    ]


class brs_log_level(IntEnum):
    """How much a log line matters."""

    # Nothing is said.
    BRS_LOG_NONE = 0
    # A stream failed.
    BRS_LOG_ERROR = 1
    # Something failed that the library goes on from: an attempt, a renewal of credentials.
    BRS_LOG_WARNING = 2
    # Where credentials were found, and how streams end.
    BRS_LOG_INFO = 3
    # Every request, with the canonical request that was signed.
    BRS_LOG_DEBUG = 4


# A line for the log. It holds no key, token or signature. `message` is UTF-8 without a line end at its end,
# and has `len` bytes and a NUL; it lives until the callback returns. Runs on the client's thread, on several
# at once where there are more (`io.threads`); must not wait, and must not call the library.
brs_on_log = CFUNCTYPE(None, c_void_p, c_int, c_char_p, c_size_t)


def declare(library: CDLL) -> None:
    """Tells ctypes the prototypes."""
    library.brs_version.argtypes = []
    library.brs_version.restype = c_char_p
    library.brs_code_name.argtypes = [c_int]
    library.brs_code_name.restype = c_char_p
    library.brs_config_new.argtypes = [POINTER(POINTER(brs_config))]
    library.brs_config_new.restype = c_int
    library.brs_config_set.argtypes = [POINTER(brs_config), c_char_p, c_char_p, POINTER(brs_diagnostic)]
    library.brs_config_set.restype = c_int
    library.brs_config_get.argtypes = [POINTER(brs_config), c_char_p, c_char_p, c_size_t, POINTER(c_size_t), POINTER(brs_diagnostic)]
    library.brs_config_get.restype = c_int
    library.brs_config_on_question.argtypes = [POINTER(brs_config), c_uint32, brs_on_question, c_void_p]
    library.brs_config_on_question.restype = c_int
    library.brs_config_on_log.argtypes = [POINTER(brs_config), c_int, brs_on_log, c_void_p]
    library.brs_config_on_log.restype = c_int
    library.brs_config_describe.argtypes = [c_size_t, POINTER(brs_config_key)]
    library.brs_config_describe.restype = c_int
    library.brs_config_free.argtypes = [POINTER(brs_config)]
    library.brs_config_free.restype = None
    library.brs_question_answer.argtypes = [POINTER(brs_question), POINTER(brs_answer), POINTER(brs_diagnostic)]
    library.brs_question_answer.restype = c_int
    library.brs_question_fail.argtypes = [POINTER(brs_question), c_char_p]
    library.brs_question_fail.restype = None
    library.brs_client_new.argtypes = [POINTER(brs_config), POINTER(POINTER(brs_client)), POINTER(brs_diagnostic)]
    library.brs_client_new.restype = c_int
    library.brs_client_drain.argtypes = [POINTER(brs_client), c_int64]
    library.brs_client_drain.restype = c_int
    library.brs_client_warm.argtypes = [POINTER(brs_client), c_uint32]
    library.brs_client_warm.restype = c_int
    library.brs_client_free.argtypes = [POINTER(brs_client)]
    library.brs_client_free.restype = None
    library.brs_client_fd.argtypes = [POINTER(brs_client), POINTER(c_int32)]
    library.brs_client_fd.restype = c_int
    library.brs_client_dispatch.argtypes = [POINTER(brs_client)]
    library.brs_client_dispatch.restype = c_int
    library.brs_client_identify.argtypes = [POINTER(brs_client), c_int64, POINTER(brs_identity), POINTER(brs_diagnostic)]
    library.brs_client_identify.restype = c_int
    library.brs_stream_open.argtypes = [POINTER(brs_client), POINTER(brs_request), POINTER(brs_callbacks), POINTER(POINTER(brs_stream)), POINTER(brs_diagnostic)]
    library.brs_stream_open.restype = c_int
    library.brs_stream_next.argtypes = [POINTER(brs_stream), c_int64, POINTER(POINTER(brs_event))]
    library.brs_stream_next.restype = c_int
    library.brs_stream_pause.argtypes = [POINTER(brs_stream)]
    library.brs_stream_pause.restype = c_int
    library.brs_stream_resume.argtypes = [POINTER(brs_stream)]
    library.brs_stream_resume.restype = c_int
    library.brs_stream_detach.argtypes = [POINTER(brs_stream)]
    library.brs_stream_detach.restype = c_int
    library.brs_stream_cancel.argtypes = [POINTER(brs_stream)]
    library.brs_stream_cancel.restype = c_int
    library.brs_stream_free.argtypes = [POINTER(brs_stream)]
    library.brs_stream_free.restype = None
    library.brs_client_next.argtypes = [POINTER(brs_client), POINTER(brs_ready), c_size_t, c_int64, POINTER(c_size_t)]
    library.brs_client_next.restype = c_int
    library.brs_tool_result.argtypes = [POINTER(brs_stream), c_char_p, c_int, c_char_p, c_size_t, c_int32, POINTER(brs_diagnostic)]
    library.brs_tool_result.restype = c_int
    library.brs_decoder_new.argtypes = [c_int, POINTER(brs_callbacks), POINTER(POINTER(brs_decoder)), POINTER(brs_diagnostic)]
    library.brs_decoder_new.restype = c_int
    library.brs_decoder_feed.argtypes = [POINTER(brs_decoder), c_char_p, c_size_t]
    library.brs_decoder_feed.restype = c_int
    library.brs_decoder_finish.argtypes = [POINTER(brs_decoder)]
    library.brs_decoder_finish.restype = c_int
    library.brs_decoder_reset.argtypes = [POINTER(brs_decoder)]
    library.brs_decoder_reset.restype = c_int
    library.brs_decoder_free.argtypes = [POINTER(brs_decoder)]
    library.brs_decoder_free.restype = None
    library.brs_signer_new.argtypes = [POINTER(POINTER(brs_signer))]
    library.brs_signer_new.restype = c_int
    library.brs_signer_sign.argtypes = [POINTER(brs_signer), POINTER(brs_signing_request), POINTER(brs_signature), POINTER(brs_diagnostic)]
    library.brs_signer_sign.restype = c_int
    library.brs_signer_free.argtypes = [POINTER(brs_signer)]
    library.brs_signer_free.restype = None
