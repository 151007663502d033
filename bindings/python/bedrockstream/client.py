"""The client: boto3's four calls of Amazon Bedrock models."""

from __future__ import annotations

import ctypes
import io
import math
import threading
import time
import weakref
from ctypes import POINTER, byref, sizeof
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, TypedDict

from . import _ffi, errors
from ._calls import Body, call, call_plain, to_bytes, to_json, to_text
from ._config import Config, Setting, Settings
from ._events import batch_event, chunk_event, converse_event, converse_response
from ._ffi import brs_code as Code
from ._ffi import brs_operation as Operation
from ._library import library
from ._lock import Lock
from ._log import LogLines
from ._pull import Puller
from ._tools import Tools
from .identity import Credentials, Host, Identity, Mfa, Token, read_identity
from .result import Result
from .retry import OnRetry
from .stream import SLICE_MS, Event, EventStream

if TYPE_CHECKING:
    from logging import Logger


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


class Client:
    """A connection pool with its credentials. Any number of threads may use it at once.

    What is not given is found as the AWS SDKs find it: in the environment, the profile that `profile_name` or
    AWS_PROFILE names, and where the machine or container has it. `config` takes any key of the library's
    configuration, as {"timeout.first_byte_ms": "3000"}; `config_keys()` lists them.

    `credentials` is asked before the environment and the profile: a callable without arguments, or an object of
    botocore, as `boto3.Session().get_credentials()`. It gives a dict or an object with `access_key`, `secret_key`,
    `token` and `expiry_time`, or as services write them (`AccessKeyId`, ...); None leaves it to the next source.
    `token` gives a bearer token in the same way, a str or with `token` and `expiration`; `mfa` is called with the
    device's serial number and gives its code. They are called on threads of their own, when the first call needs it
    and before what they gave expires; calls that need it wait. What they raise is the message of the calls' errors.

    `logger` gets what the library logs, by a thread of its own; its level counts as it is now.
    """

    def __init__(
        self,
        region_name: Optional[str] = None,
        endpoint_url: Optional[str] = None,
        aws_access_key_id: Optional[str] = None,
        aws_secret_access_key: Optional[str] = None,
        aws_session_token: Optional[str] = None,
        bearer_token: Optional[str] = None,
        config: Optional[Mapping[str, Setting]] = None,
        *,
        profile_name: Optional[str] = None,
        credentials: Optional[Credentials] = None,
        token: Optional[Token] = None,
        mfa: Optional[Mfa] = None,
        logger: Optional[Logger] = None,
    ) -> None:
        self._library = library()
        settings: Dict[str, Optional[Setting]] = {
            "region": region_name,
            "endpoint_url": endpoint_url,
            "profile": profile_name,
            "credentials.access_key_id": aws_access_key_id,
            "credentials.secret_access_key": aws_secret_access_key,
            "credentials.session_token": aws_session_token,
            "bearer_token": bearer_token,
        }
        settings.update(config or {})
        client = POINTER(_ffi.brs_client)()
        # What the client's thread calls must be there until it has ended.
        self._host = Host(self._library, credentials, token, mfa)
        self._config = Config(self._library, settings, is_needed=True)
        lines = None
        try:
            self._host.register(self._config.handle)
            if logger is not None:
                lines = LogLines(logger)
                lines.register(self._library, self._config.handle)
            call(self._library.brs_client_new, self._config.handle, byref(client))
        except BaseException:
            end(self._library, None, self._config, lines)
            raise
        self._handle = client
        self._using = Lock()  # held while the handle is in use
        self._draining = Lock()  # held by `drain` and `identify`, which wait too long to hold the other
        self._free = weakref.finalize(self, end, self._library, client, self._config, lines)

    def identify(self, timeout_s: Optional[float] = None) -> Identity:
        """Finds out who the client is, as its first call would, without sending one; raises what that would raise.

        After `timeout_s` seconds (None: no limit but the setting `credentials.timeout_ms`) a StreamTimeoutError.
        """
        identity = _ffi.brs_identity(size=sizeof(_ffi.brs_identity))
        until = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left = max(min(until - time.monotonic(), SLICE_MS / 1000), 0)
            try:
                # Not `_using`, which every new stream needs.
                with self._draining:
                    self._check_open()
                    call(self._library.brs_client_identify, self._handle, math.ceil(left * 1000), byref(identity))
                return read_identity(identity)
            except errors.BedrockStreamError as error:
                if error.code != Code.BRS_E_TIMEOUT or time.monotonic() >= until:
                    raise

    def warm(self, streams: int) -> None:
        """Keeps connections ready for `streams` streams at once, 4096 at most; 0 ends that. Returns at once.

        They are opened and renewed by requests of GET /ping without credentials; what fails is logged and tried again.
        """
        with self._using:
            self._check_open()
            call_plain(self._library.brs_client_warm, self._handle, max(min(streams, 0xFFFFFFFF), -1))

    def setting(self, key: str) -> str:
        """The value of a configuration key: what was given to this client, else the default; not that of a secret.

        What the environment and the profile say of it is not in there.
        """
        with self._using:
            self._check_open()
            return self._config.get(key)

    def _check_open(self) -> None:
        if not self._free.alive:
            raise errors.of_code(Code.BRS_E_CLOSED, "the client was closed")

    def converse_stream(
        self,
        *,
        modelId: str,
        config: Optional[Mapping[str, Setting]] = None,
        on_retry: Optional[OnRetry] = None,
        tools: Optional[Tools] = None,
        tool_timeout_s: Optional[float] = None,
        **members: Any,
    ) -> ConverseResponse:
        """Sends a ConverseStream request: the members are those of the API. Returns when the first event is there.

        `config` holds settings of this call alone. Errors before the first event are raised here, later ones by the
        iterator. `on_retry` is called with a `Retry` for each failure that is not the end, by the thread that waits
        here or reads the stream, which it must not read itself.

        `tools` are the callables behind the request's `toolConfig`, by name: each is called with the parsed input, on
        a thread of its own, and returns a str, a list of content blocks, or another JSON value; what it raises, and a
        name that is not there, is told to the model as an error. The answer goes on with the results in the same
        stream. `tool_timeout_s` bounds the wait for the results of a round; the settings `turn.*` have further bounds.
        """
        body = to_json("the request", members)
        settings = with_tools(config, tools, tool_timeout_s)
        operation = Operation.BRS_CONVERSE_STREAM
        stream = self._open(operation, modelId, body, settings, converse_event, on_retry, tools)
        return {"stream": stream, "ResponseMetadata": stream.metadata}

    def converse(
        self,
        *,
        modelId: str,
        config: Optional[Mapping[str, Setting]] = None,
        on_retry: Optional[OnRetry] = None,
        tools: Optional[Tools] = None,
        tool_timeout_s: Optional[float] = None,
        **members: Any,
    ) -> BatchResponse:
        """Sends a Converse request and waits for the whole answer. Arguments as for `converse_stream`.

        With tools it is the last round's answer; `result.new_messages` of it has all messages.
        """
        body = to_json("the request", members)
        settings = with_tools(config, tools, tool_timeout_s)
        stream = self._open(Operation.BRS_CONVERSE, modelId, body, settings, batch_event, on_retry, tools)
        answer = last_body(stream, "Converse")
        return finished(stream, converse_response(answer))

    def invoke_model_with_response_stream(
        self,
        *,
        modelId: str,
        body: Body,
        contentType: Optional[str] = None,
        accept: Optional[str] = None,
        trace: Optional[str] = None,
        guardrailIdentifier: Optional[str] = None,
        guardrailVersion: Optional[str] = None,
        performanceConfigLatency: Optional[str] = None,
        serviceTier: Optional[str] = None,
        requestMetadata: Optional[str] = None,
        config: Optional[Mapping[str, Setting]] = None,
        on_retry: Optional[OnRetry] = None,
        tools: Optional[Tools] = None,
        tool_timeout_s: Optional[float] = None,
    ) -> InvokeResponse:
        """Sends an InvokeModelWithResponseStream request: `body` is the model's own format.

        Each event is {"chunk": {"bytes": ...}}. Errors, `on_retry` and `tools`, which go with Anthropic's format, as
        for `converse_stream`.
        """
        headers = invoke_settings(
            contentType, accept, trace, guardrailIdentifier, guardrailVersion, performanceConfigLatency, serviceTier,
            requestMetadata,
        )
        settings = {**headers, **with_tools(config, tools, tool_timeout_s)}
        operation = Operation.BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM
        stream = self._open(operation, modelId, to_bytes(body), settings, chunk_event, on_retry, tools)
        return {"body": stream, "contentType": content_type(accept), "ResponseMetadata": stream.metadata}

    def invoke_model(
        self,
        *,
        modelId: str,
        body: Body,
        contentType: Optional[str] = None,
        accept: Optional[str] = None,
        trace: Optional[str] = None,
        guardrailIdentifier: Optional[str] = None,
        guardrailVersion: Optional[str] = None,
        performanceConfigLatency: Optional[str] = None,
        serviceTier: Optional[str] = None,
        requestMetadata: Optional[str] = None,
        config: Optional[Mapping[str, Setting]] = None,
        on_retry: Optional[OnRetry] = None,
    ) -> BatchResponse:
        """Sends an InvokeModel request and waits for the whole answer: {"body": a file, "contentType": ...}."""
        headers = invoke_settings(
            contentType, accept, trace, guardrailIdentifier, guardrailVersion, performanceConfigLatency, serviceTier,
            requestMetadata,
        )
        settings = {**headers, **(config or {})}
        operation = Operation.BRS_INVOKE_MODEL
        stream = self._open(operation, modelId, to_bytes(body), settings, batch_event, on_retry)
        answer = last_body(stream, "InvokeModel")
        return finished(stream, {"body": ResponseBody(answer), "contentType": content_type(accept)})

    def drain(self, timeout_s: Optional[float] = None) -> bool:
        """Refuses new streams and waits until those that run have come to their ends; then close the client.

        After `timeout_s` seconds (None: no limit) what still runs is cancelled. True where nothing had to be. Other
        threads have to go on reading their streams. An exception while it waits, as of Ctrl-C, cancels at once.
        """
        with self._draining:
            with self._using:
                if not self._free.alive:
                    return True
            limit = -1 if timeout_s is None else max(math.ceil(timeout_s * 1000), 0)
            code = self._drain_interruptibly(limit)
        if code not in (Code.BRS_OK, Code.BRS_E_TIMEOUT):
            raise errors.of_code(code, "the client cannot be drained")
        return code == Code.BRS_OK

    def _drain_interruptibly(self, milliseconds: int) -> int:
        """The code of brs_client_drain. A thread of its own waits in the library, where no signal is seen."""
        codes: List[int] = []
        waiter = threading.Thread(
            target=lambda: codes.append(self._library.brs_client_drain(self._handle, milliseconds)), daemon=True
        )
        waiter.start()
        try:
            waiter.join()
        except BaseException:
            self._library.brs_client_drain(self._handle, 0)
            waiter.join()
            raise
        return codes[0]

    def close(self) -> None:
        """Cancels the client's streams and closes its connections. Waits for its thread, not for the network."""
        if not self._draining.acquire(False):
            with self._using:
                if self._free.alive:
                    self._library.brs_client_drain(self._handle, 0)
            self._draining.acquire()
        try:
            with self._using:
                self._free()
        finally:
            self._draining.release()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _open(
        self,
        operation: Operation,
        model_id: str,
        body: bytes,
        settings: Settings,
        decode: Callable[[Puller, int], Optional[Event]],
        on_retry: Optional[OnRetry],
        tools: Optional[Tools] = None,
    ) -> EventStream:
        handle = POINTER(_ffi.brs_stream)()
        request = _ffi.brs_request(size=sizeof(_ffi.brs_request), operation=operation)
        request.model_id = to_text("modelId", model_id)
        request.body = ctypes.cast(ctypes.c_char_p(body), ctypes.c_void_p).value
        request.body_len = len(body)
        with Config(self._library, settings) as config:
            if config is not None:
                request.config = config
            with self._using:
                self._check_open()
                call(self._library.brs_stream_open, self._handle, byref(request), None, byref(handle))
        stream = EventStream(self._library, handle, self, decode, on_retry, tools)
        stream.start()
        return stream


def end(loaded: ctypes.CDLL, client: Any, config: Config, lines: Optional[LogLines]) -> None:
    """The end of a client, and of what was made for it."""
    if client is not None:
        loaded.brs_client_free(client)
    config.close()
    if lines is not None:
        lines.end()


def with_tools(
    config: Optional[Mapping[str, Setting]], tools: Optional[Tools], timeout_s: Optional[float]
) -> Dict[str, Optional[Setting]]:
    """What goes with tools that are run here; the caller's own settings win."""
    settings: Dict[str, Optional[Setting]] = {"turn": "auto"} if tools else {}
    if timeout_s is not None:
        settings["timeout.tool_ms"] = max(math.ceil(timeout_s * 1000), 1)
    settings.update(config or {})
    return settings


def invoke_settings(
    content_type: Optional[str],
    accept: Optional[str],
    trace: Optional[str],
    guardrail_identifier: Optional[str],
    guardrail_version: Optional[str],
    performance_latency: Optional[str],
    service_tier: Optional[str],
    request_metadata: Optional[str],
) -> Dict[str, Optional[Setting]]:
    """The members of an invoke request that travel in headers."""
    return {
        "invoke.content_type": content_type,
        "invoke.accept": accept,
        "invoke.trace": trace,
        "invoke.guardrail_identifier": guardrail_identifier,
        "invoke.guardrail_version": guardrail_version,
        "invoke.performance_latency": performance_latency,
        "invoke.service_tier": service_tier,
        "invoke.request_metadata": request_metadata,
    }


def content_type(accept: Optional[str]) -> str:
    return accept if accept and accept != "*/*" else "application/json"


def last_body(stream: EventStream, name: str) -> bytes:
    """Reads a batch operation's stream to its end; the body of the last round."""
    body = b""
    with stream:
        for event in stream:
            body = event.get(name, body)
    return body


def finished(stream: EventStream, members: Dict[str, Any]) -> BatchResponse:
    response = BatchResponse(members)
    response["ResponseMetadata"] = stream.metadata
    response.result = stream.result or Result()
    return response
