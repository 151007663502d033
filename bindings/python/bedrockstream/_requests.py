"""The four calls of the API as the library takes them, and what they return."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping, NamedTuple, Optional, TypedDict

from ._answer import Answer, Decode
from ._calls import Body, to_bytes, to_json
from ._config import Setting
from ._events import batch_event, chunk_event, converse_event
from ._ffi import brs_operation as Operation
from ._tools import Tools
from .result import Result
from .retry import OnRetry

if TYPE_CHECKING:
    from .stream import EventStream

Config = Optional[Mapping[str, Setting]]


class ConverseResponse(TypedDict):
    """What `converse_stream` returns."""

    stream: EventStream
    ResponseMetadata: Dict[str, Any]


class InvokeResponse(TypedDict):
    """What `invoke_model_with_response_stream` returns."""

    body: EventStream
    contentType: str
    ResponseMetadata: Dict[str, Any]


class BatchResponse(Dict[str, Any]):
    """What `converse` and `invoke_model` return: a dict as boto3's, and beside it what a stream's `result` tells."""

    result: Result


class ResponseBody(io.BytesIO):
    """The whole body of an answer, with the calls of botocore's StreamingBody."""

    def iter_chunks(self, chunk_size: int = 1024) -> Iterator[bytes]:
        return iter(lambda: self.read(chunk_size), b"")

    def iter_lines(self) -> Iterator[bytes]:
        for line in self:
            yield line.rstrip(b"\r\n")


class InvokeHeaders(TypedDict, total=False):
    """The members of an invoke request that travel in headers."""

    contentType: Optional[str]
    accept: Optional[str]
    trace: Optional[str]
    guardrailIdentifier: Optional[str]
    guardrailVersion: Optional[str]
    performanceConfigLatency: Optional[str]
    serviceTier: Optional[str]
    requestMetadata: Optional[str]


class Call(NamedTuple):
    """One call, before it is sent."""

    operation: int
    model_id: str
    body: bytes
    settings: Mapping[str, Optional[Setting]]
    decode: Decode
    on_retry: Optional[OnRetry] = None
    tools: Optional[Tools] = None


def converse_call(
    operation: int,
    model_id: str,
    members: Mapping[str, Any],
    config: Config,
    on_retry: Optional[OnRetry],
    tools: Optional[Tools],
    tool_timeout_s: Optional[float],
) -> Call:
    decode = converse_event if operation == Operation.BRS_CONVERSE_STREAM else batch_event
    settings = with_tools(config, tools, tool_timeout_s)
    return Call(operation, model_id, to_json("the request", members), settings, decode, on_retry, tools)


def invoke_call(
    operation: int,
    model_id: str,
    body: Body,
    headers: Mapping[str, Optional[Setting]],
    config: Config,
    on_retry: Optional[OnRetry],
    tools: Optional[Tools] = None,
    tool_timeout_s: Optional[float] = None,
) -> Call:
    decode = chunk_event if operation == Operation.BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM else batch_event
    settings = {**headers, **with_tools(config, tools, tool_timeout_s)}
    return Call(operation, model_id, to_bytes(body), settings, decode, on_retry, tools)


def with_tools(
    config: Config, tools: Optional[Tools], timeout_s: Optional[float]
) -> Dict[str, Optional[Setting]]:
    """What goes with tools that are run here; the caller's own settings win."""
    settings: Dict[str, Optional[Setting]] = {"turn": "auto"} if tools else {}
    if timeout_s is not None:
        settings["timeout.tool_ms"] = max(math.ceil(timeout_s * 1000), 1)
    settings.update(config or {})
    return settings


def invoke_headers(
    contentType: Optional[str] = None,
    accept: Optional[str] = None,
    trace: Optional[str] = None,
    guardrailIdentifier: Optional[str] = None,
    guardrailVersion: Optional[str] = None,
    performanceConfigLatency: Optional[str] = None,
    serviceTier: Optional[str] = None,
    requestMetadata: Optional[str] = None,
) -> Dict[str, Optional[Setting]]:
    """The members of an invoke request that travel in headers, as settings."""
    return {
        "invoke.content_type": contentType,
        "invoke.accept": accept,
        "invoke.trace": trace,
        "invoke.guardrail_identifier": guardrailIdentifier,
        "invoke.guardrail_version": guardrailVersion,
        "invoke.performance_latency": performanceConfigLatency,
        "invoke.service_tier": serviceTier,
        "invoke.request_metadata": requestMetadata,
    }


def content_type(accept: Optional[str]) -> str:
    return accept if accept and accept != "*/*" else "application/json"


def finished(answer: Answer, members: Dict[str, Any]) -> BatchResponse:
    response = BatchResponse(members)
    response["ResponseMetadata"] = answer.metadata
    response.result = answer.result or Result()
    return response
