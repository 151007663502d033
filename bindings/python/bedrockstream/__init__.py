"""Streams Amazon Bedrock answers through libbedrockstream.

    import bedrockstream

    client = bedrockstream.Client(region_name="us-east-1")
    response = client.converse_stream(
        modelId="amazon.nova-lite-v1:0", messages=[{"role": "user", "content": [{"text": "Hello"}]}]
    )
    with response["stream"] as stream:
        for event in stream:
            if "contentBlockDelta" in event:
                print(event["contentBlockDelta"]["delta"].get("text", ""), end="", flush=True)
    print(stream.result.stop_reason, stream.result.usage.output_tokens)

Calls, events and their order are those of boto3's `bedrock-runtime` client. The difference is the end: the iterator
ends without an exception only where the answer is complete. `AsyncClient` has the same calls for asyncio.
"""

from typing import TYPE_CHECKING, Any

from ._config import ConfigKey, config_keys
from ._ffi import VERSION as __version__
from ._ffi import brs_code as Code
from ._ffi import brs_phase as Phase
from ._library import LibraryNotFound
from ._requests import BatchResponse, ConverseResponse, InvokeResponse
from .client import Client
from .errors import (
    AccessDeniedError,
    ArgumentError,
    BedrockStreamError,
    CancelledError,
    ConnectionFailedError,
    ForkedError,
    IncompleteError,
    ModelError,
    ProtocolError,
    QueueFullError,
    ServiceError,
    ServiceUnavailableError,
    SetupError,
    StateError,
    StreamTimeoutError,
    ThrottlingError,
    ToolResultError,
    ToolRoundsError,
    ValidationError,
)
from .identity import Identity
from .retry import Retry
from .result import Result, Timings, ToolCall, Usage
from .stream import EventStream

if TYPE_CHECKING:
    from .aio import AsyncClient, AsyncEventStream

__all__ = [
    "AccessDeniedError",
    "ArgumentError",
    "AsyncClient",
    "AsyncEventStream",
    "BatchResponse",
    "BedrockStreamError",
    "CancelledError",
    "Client",
    "Code",
    "ConfigKey",
    "ConnectionFailedError",
    "ConverseResponse",
    "EventStream",
    "ForkedError",
    "Identity",
    "IncompleteError",
    "InvokeResponse",
    "LibraryNotFound",
    "ModelError",
    "Phase",
    "ProtocolError",
    "QueueFullError",
    "Result",
    "Retry",
    "ServiceError",
    "ServiceUnavailableError",
    "SetupError",
    "StateError",
    "StreamTimeoutError",
    "ThrottlingError",
    "Timings",
    "ToolCall",
    "ToolResultError",
    "ToolRoundsError",
    "Usage",
    "ValidationError",
    "__version__",
    "config_keys",
]


def __getattr__(name: str) -> Any:
    """What asyncio is for is loaded when it is asked for: importing that takes longer than all the rest."""
    if name not in ("AsyncClient", "AsyncEventStream"):
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    from . import aio

    return getattr(aio, name)
