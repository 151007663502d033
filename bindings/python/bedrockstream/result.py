"""What is known of an answer when its stream has ended."""

from __future__ import annotations

import json
from ctypes import string_at
from typing import Any, NamedTuple, Optional, Sequence

from . import _ffi


class Usage(NamedTuple):
    """Token counts as the service reports them; -1 where it did not."""

    input_tokens: int = -1
    output_tokens: int = -1
    total_tokens: int = -1
    cache_read_input_tokens: int = -1
    cache_write_input_tokens: int = -1


class Timings(NamedTuple):
    """Microseconds since the call; -1 where the stream did not come so far."""

    connected_us: int = -1
    first_byte_us: int = -1
    first_delta_us: int = -1
    total_us: int = -1
    server_latency_ms: int = -1


class ToolCall(NamedTuple):
    """A complete tool call. `input` is the parsed JSON; where the model sent something else, the raw text."""

    id: str
    name: str
    input: Any
    is_valid: bool
    is_server_tool: bool
    block_index: int


class Result(NamedTuple):
    """An answer, or what there was of it when its stream failed.

    `model_id` and `region` are those that were asked last; `attempts` counts all requests that were sent.
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


def text(address: Optional[int], length: int) -> str:
    """A view of the library as a copy of our own."""
    return str(string_at(address, length), "utf-8", "replace") if address else ""


def read_result(result: _ffi.brs_result, tool_calls: Sequence[ToolCall]) -> Result:
    usage, timings = result.usage, result.timings
    metadata = text(result.metadata_json, result.metadata_json_len)
    return Result(
        stop_reason=text(result.stop_reason_text, result.stop_reason_text_len) or None,
        text=text(result.text, result.text_len),
        usage=Usage(
            usage.input_tokens,
            usage.output_tokens,
            usage.total_tokens,
            usage.cache_read_input_tokens,
            usage.cache_write_input_tokens,
        ),
        timings=Timings(
            timings.connected_us,
            timings.first_byte_us,
            timings.first_delta_us,
            timings.total_us,
            timings.server_latency_ms,
        ),
        request_id=text(result.request_id, result.request_id_len),
        model_id=text(result.model_id, result.model_id_len),
        delivered=result.delivered,
        attempts=result.attempts,
        connection_reused=bool(result.connection_reused),
        metadata=json.loads(metadata) if metadata else None,
        tool_calls=tuple(tool_calls),
        region=text(result.region, result.region_len),
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
    )
