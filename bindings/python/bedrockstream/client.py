"""The client: boto3's four calls of Amazon Bedrock models."""

from __future__ import annotations

import math
import threading
import time
from ctypes import byref, sizeof
from typing import Any, List, Mapping, Optional

from . import _ffi, errors
from ._calls import Body, call
from ._client import ClientCore
from ._config import Setting
from ._events import converse_response
from ._ffi import brs_code as Code
from ._ffi import brs_operation as Operation
from ._requests import (
    BatchResponse,
    Call,
    ConverseResponse,
    InvokeResponse,
    ResponseBody,
    content_type,
    converse_call,
    finished,
    invoke_call,
    invoke_headers,
)
from ._tools import Tools
from .identity import Identity, read_identity
from .retry import OnRetry
from .stream import SLICE_MS, EventStream


class Client(ClientCore):
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

    _own_settings = {"delivery.queue": "stream"}

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
        operation = Operation.BRS_CONVERSE_STREAM
        stream = self._open(converse_call(operation, modelId, members, config, on_retry, tools, tool_timeout_s))
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
        operation = Operation.BRS_CONVERSE
        stream = self._open(converse_call(operation, modelId, members, config, on_retry, tools, tool_timeout_s))
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
        headers = invoke_headers(
            contentType, accept, trace, guardrailIdentifier, guardrailVersion, performanceConfigLatency, serviceTier,
            requestMetadata,
        )
        operation = Operation.BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM
        stream = self._open(invoke_call(operation, modelId, body, headers, config, on_retry, tools, tool_timeout_s))
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
        headers = invoke_headers(
            contentType, accept, trace, guardrailIdentifier, guardrailVersion, performanceConfigLatency, serviceTier,
            requestMetadata,
        )
        stream = self._open(invoke_call(Operation.BRS_INVOKE_MODEL, modelId, body, headers, config, on_retry))
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

    def _open(self, one: Call) -> EventStream:
        stream = EventStream(self._library, self._send(one), self, one.decode, one.on_retry, one.tools)
        stream.start()
        return stream


def last_body(stream: EventStream, name: str) -> bytes:
    """Reads a batch operation's stream to its end; the body of the last round."""
    body = b""
    with stream:
        for event in stream:
            body = event.get(name, body)
    return body
