"""What is known of an answer when its stream has ended."""

from __future__ import annotations

import json
from ctypes import string_at
from typing import Any, NamedTuple, Optional, Sequence, Type, TypeVar

from . import _ffi
from ._blobs import decode_message


class Usage(NamedTuple):
    """Token counts as the service reports them; -1 where it did not."""

    input_tokens: int = -1
    output_tokens: int = -1
    total_tokens: int = -1
    cache_read_input_tokens: int = -1
    cache_write_input_tokens: int = -1
    cache_write_5m_input_tokens: int = -1
    cache_write_1h_input_tokens: int = -1


class Timings(NamedTuple):
    """Microseconds since the call, unless the name says otherwise; -1 where the stream did not come so far.

    `brs_timings` in the C header says what each is. Those up to the first byte are of the last attempt.
    """

    resolved_us: int = -1
    tcp_connected_us: int = -1
    tls_connected_us: int = -1
    connected_us: int = -1
    request_sent_us: int = -1
    first_byte_us: int = -1
    first_delta_us: int = -1
    longest_gap_us: int = -1
    total_us: int = -1
    server_latency_ms: int = -1
    bytes_sent: int = 0
    bytes_received: int = 0
    output_tokens_per_s: float = -1.0


class ToolCall(NamedTuple):
    """A complete tool call. `input` is the parsed JSON; where the model sent something else, the raw text."""

    id: str
    name: str
    input: Any
    is_valid: bool
    is_server_tool: bool
    block_index: int
    round: int = 0


class Result(NamedTuple):
    """An answer, or what there was of it when its stream failed.

    `model_id` and `region` are those that were asked last; `attempts` counts all requests that were sent.

    `message` is the assistant's message of the last round in Converse's shape, as boto3 has it, to be appended to
    `messages`; `new_messages` are all that this stream added to the conversation, results of tools included, in the
    format of the request. `trace` and `additional_fields` are None where none came. `queued_us` is how long the stream
    waited for its turn, in microseconds. `hedges` of the requests were sent beside late ones (`hedge.after_ms`), and
    `hedges_won` of those took their place.
    """

    stop_reason: Optional[str] = None
    text: str = ""
    usage: Usage = Usage()
    timings: Timings = Timings()
    request_id: str = ""
    model_id: str = ""
    delivered: int = 0
    attempts: int = 0
    connection_reused: bool = False
    metadata: Any = None
    tool_calls: Sequence[ToolCall] = ()
    region: str = ""
    is_truncated: bool = False
    is_refused: bool = False
    is_interrupted: bool = False
    rounds: int = 0
    message: Any = None
    new_messages: Sequence[Any] = ()
    answered_model_id: str = ""
    service_tier: str = ""
    performance_latency: str = ""
    trace: Any = None
    additional_fields: Any = None
    queued_us: int = 0
    hedges: int = 0
    hedges_won: int = 0


Numbers = TypeVar("Numbers", Usage, Timings)


def text(address: Optional[int], length: int) -> str:
    """A view of the library as a copy of our own."""
    return str(string_at(address, length), "utf-8", "replace") if address else ""


def parsed(address: Optional[int], length: int) -> Any:
    """A view that is JSON, or nothing."""
    raw = text(address, length)
    return json.loads(raw) if raw else None


def numbers(kind: Type[Numbers], struct: Any) -> Numbers:
    """The members of a C struct, which have the names of the tuple's."""
    return kind(*[getattr(struct, name) for name in kind._fields])


def read_result(result: _ffi.brs_result, tool_calls: Sequence[ToolCall]) -> Result:
    message = parsed(result.message_json, result.message_json_len)
    new_messages = parsed(result.new_messages_json, result.new_messages_json_len) or []
    for one in [message, *new_messages]:
        decode_message(one)
    return Result(
        stop_reason=text(result.stop_reason_text, result.stop_reason_text_len) or None,
        text=text(result.text, result.text_len),
        usage=numbers(Usage, result.usage),
        timings=numbers(Timings, result.timings),
        request_id=text(result.request_id, result.request_id_len),
        model_id=text(result.model_id, result.model_id_len),
        delivered=result.delivered,
        attempts=result.attempts,
        connection_reused=bool(result.connection_reused),
        metadata=parsed(result.metadata_json, result.metadata_json_len),
        tool_calls=tuple(tool_calls),
        region=text(result.region, result.region_len),
        is_truncated=bool(result.is_truncated),
        is_refused=bool(result.is_refused),
        is_interrupted=bool(result.is_interrupted),
        rounds=result.rounds,
        message=message,
        new_messages=tuple(new_messages),
        answered_model_id=text(result.answered_model_id, result.answered_model_id_len),
        service_tier=text(result.service_tier, result.service_tier_len),
        performance_latency=text(result.performance_latency, result.performance_latency_len),
        trace=parsed(result.trace_json, result.trace_json_len),
        additional_fields=parsed(result.additional_fields_json, result.additional_fields_json_len),
        queued_us=result.queued_us,
        hedges=result.hedges,
        hedges_won=result.hedges_won,
    )


def read_tool(tool: _ffi.brs_tool) -> ToolCall:
    raw = text(tool.input_json, tool.input_json_len)
    return ToolCall(
        id=text(tool.id, tool.id_len),
        name=text(tool.name, tool.name_len),
        input=json.loads(raw) if tool.is_valid else raw,
        is_valid=bool(tool.is_valid),
        is_server_tool=bool(tool.is_server_tool),
        block_index=tool.block_index,
        round=tool.round,
    )
