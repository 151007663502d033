"""The client: boto3's two streaming calls of Amazon Bedrock."""

from __future__ import annotations

import ctypes
import json
import math
import threading
import weakref
from ctypes import POINTER, byref, sizeof
from typing import IO, Any, Callable, Dict, List, Mapping, Optional, TypedDict, Union

from . import _ffi, errors
from ._events import chunk_event, converse_event, encode_blob
from ._ffi import brs_code as Code
from ._ffi import brs_operation as Operation
from ._library import library
from ._lock import Lock
from ._pull import Puller
from .retry import OnRetry
from .stream import Event, EventStream

Setting = Union[str, int, bool]
Body = Union[bytes, bytearray, memoryview, str, IO[bytes], IO[str]]


class ConverseResponse(TypedDict):
    """What `converse_stream` returns."""

    stream: EventStream
    ResponseMetadata: Dict[str, Any]


class InvokeResponse(TypedDict):
    """What `invoke_model_with_response_stream` returns."""

    body: EventStream
    contentType: str
    ResponseMetadata: Dict[str, Any]


class Client:
    """A connection pool with its credentials. Any number of threads may use it at once.

    What is not given is found as the AWS SDKs find it. `config` takes any key of the library's configuration, as
    {"timeout.first_byte_ms": "3000"}.
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
    ) -> None:
        self._library = library()
        settings: Dict[str, Optional[Setting]] = {
            "region": region_name,
            "endpoint_url": endpoint_url,
            "credentials.access_key_id": aws_access_key_id,
            "credentials.secret_access_key": aws_secret_access_key,
            "credentials.session_token": aws_session_token,
            "bearer_token": bearer_token,
        }
        settings.update(config or {})
        client = POINTER(_ffi.brs_client)()
        with Config(self._library, settings) as handle:
            call(self._library.brs_client_new, handle, byref(client))
        self._handle = client
        self._using = Lock()  # held while the handle is in use
        self._draining = Lock()  # held by `drain`, which waits too long to hold the other
        self._free = weakref.finalize(self, self._library.brs_client_free, client)

    def converse_stream(
        self,
        *,
        modelId: str,
        config: Optional[Mapping[str, Setting]] = None,
        on_retry: Optional[OnRetry] = None,
        **members: Any,
    ) -> ConverseResponse:
        """Sends a ConverseStream request: the members are those of the API. Returns when the first event is there.

        `config` holds settings of this call alone. Errors before the first event are raised here, later ones by the
        iterator. `on_retry` is called with a `Retry` for each failure that is not the end, by the thread that waits
        here or reads the stream, which it must not read itself.
        """
        body = to_json(members)
        stream = self._open(Operation.BRS_CONVERSE_STREAM, modelId, body, config or {}, converse_event, on_retry)
        return {"stream": stream, "ResponseMetadata": stream.metadata}

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
    ) -> InvokeResponse:
        """Sends an InvokeModelWithResponseStream request: `body` is the model's own format.

        Each event is {"chunk": {"bytes": ...}}. Errors and `on_retry` as for `converse_stream`.
        """
        settings: Dict[str, Optional[Setting]] = {
            "invoke.content_type": contentType,
            "invoke.accept": accept,
            "invoke.trace": trace,
            "invoke.guardrail_identifier": guardrailIdentifier,
            "invoke.guardrail_version": guardrailVersion,
            "invoke.performance_latency": performanceConfigLatency,
            "invoke.service_tier": serviceTier,
            "invoke.request_metadata": requestMetadata,
        }
        settings.update(config or {})
        operation = Operation.BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM
        stream = self._open(operation, modelId, to_bytes(body), settings, chunk_event, on_retry)
        content_type = accept if accept and accept != "*/*" else "application/json"
        return {"body": stream, "contentType": content_type, "ResponseMetadata": stream.metadata}

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
        settings: Mapping[str, Optional[Setting]],
        decode: Callable[[Puller, int], Event],
        on_retry: Optional[OnRetry],
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
                if not self._free.alive:
                    raise errors.of_code(Code.BRS_E_CLOSED, "the client was closed")
                call(self._library.brs_stream_open, self._handle, byref(request), None, byref(handle))
        stream = EventStream(self._library, handle, self, decode, on_retry)
        stream.start()
        return stream


class Config:
    """Settings as a brs_config for the time of a call; None where nothing is set."""

    def __init__(self, loaded: ctypes.CDLL, settings: Mapping[str, Optional[Setting]]) -> None:
        self.library = loaded
        self.settings = {key: value for key, value in settings.items() if value is not None}
        self.handle: Any = None

    def __enter__(self) -> Any:
        if self.settings:
            self.handle = POINTER(_ffi.brs_config)()
            call_plain(self.library.brs_config_new, byref(self.handle))
        try:
            for key, value in self.settings.items():
                call(self.library.brs_config_set, self.handle, to_text("config", key), to_text(key, setting(value)))
        except BaseException:
            self.__exit__()
            raise
        return self.handle

    def __exit__(self, *exception: object) -> None:
        if self.handle is not None:
            self.library.brs_config_free(self.handle)


def call(function: Any, *arguments: Any) -> None:
    """Calls a function whose last argument is a diagnostic; raises what it tells."""
    diagnostic = _ffi.brs_diagnostic(size=sizeof(_ffi.brs_diagnostic))
    code = function(*arguments, byref(diagnostic))
    if code != Code.BRS_OK:
        raise errors.of_code(code, diagnostic.message.decode("utf-8", "replace"))


def call_plain(function: Any, *arguments: Any) -> None:
    code = function(*arguments)
    if code != Code.BRS_OK:
        raise errors.of_code(code, "%s failed" % function.__name__)


def setting(value: Setting) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def to_text(name: str, value: str) -> bytes:
    """For C, which ends at a NUL: one inside would cut the value off unseen."""
    if not isinstance(value, str):
        raise TypeError("%s must be str, not %s" % (name, type(value).__name__))
    if "\0" in value:
        raise errors.of_code(Code.BRS_E_ARGUMENT, "%s holds a NUL character" % name)
    return value.encode("utf-8")


def to_json(members: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(members, default=encode_blob, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8, but an escape in JSON.
        return json.dumps(members, default=encode_blob, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        raise errors.of_code(Code.BRS_E_ARGUMENT, "the request is not JSON: %s" % error) from error


def to_bytes(body: Body) -> bytes:
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    return to_bytes(body.read())
