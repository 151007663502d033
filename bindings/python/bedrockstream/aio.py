"""The client for asyncio: no thread, any number of streams in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ctypes
import functools
import inspect
import math
import time
import weakref
from collections import deque
from ctypes import byref, sizeof
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, Optional, Set, TypedDict

from . import _ffi, errors
from ._answer import ERROR, STOP, TOOL, TOOL_ANSWERED, Answer, Event
from ._calls import Body, call
from ._client import ClientCore
from ._events import converse_response
from ._ffi import brs_code as Code
from ._ffi import brs_operation as Operation
from ._hub import Hub, settle
from ._requests import (
    BatchResponse,
    Call,
    Config,
    InvokeHeaders,
    ResponseBody,
    content_type,
    converse_call,
    finished,
    invoke_call,
    invoke_headers,
)
from ._tools import Result as ToolResult
from ._tools import Tool, ToolRunner, Tools, failure, give, pack
from ._view import View
from .identity import Identity, read_identity
from .result import ToolCall, read_tool
from .retry import OnRetry

if TYPE_CHECKING:
    from typing_extensions import Unpack

# An event takes at least so much memory, however short its JSON.
EVENT_BYTES = 256
# `identify` looks now and then: it has to turn the client's loop a little to be told.
IDENTIFY_STEP_S = 0.01
IDENTIFY_WAIT_MS = 1


class AsyncConverseResponse(TypedDict):
    """What `converse_stream` returns."""

    stream: AsyncEventStream
    ResponseMetadata: Dict[str, Any]


class AsyncInvokeResponse(TypedDict):
    """What `invoke_model_with_response_stream` returns."""

    body: AsyncEventStream
    contentType: str
    ResponseMetadata: Dict[str, Any]


class AsyncEventStream(Answer):
    """The events of one answer, for `async for`. It ends without an exception only where the answer is complete.

    One task at a time reads. Where it is cancelled while it waits, so is the stream; and a stream that is dropped is
    cancelled and freed. `cancel`, `detach` and `tool_result` may be called by any thread, any time. Events and tools
    are those of `EventStream`.
    """

    def __init__(
        self, library: ctypes.CDLL, handle: Any, owner: AsyncClient, one: Call, hub: Hub, number: int
    ) -> None:
        context = contextvars.copy_context()
        runner = TaskRunner(one.tools, context) if one.tools else None
        on_retry = in_context(context, one.on_retry) if one.on_retry else None
        super().__init__(library, handle, owner, one.decode, on_retry, runner)
        self._hub = hub
        self._number = number
        self._waiter: Optional[asyncio.Future[None]] = None
        self._waiting_bytes = 0
        self._is_paused = False
        self._broken: Optional[BaseException] = None
        self._free = weakref.finalize(self, hub.drop, number)
        # The client's end comes first, and does not need it.
        self._free.atexit = False

    def __aiter__(self) -> AsyncEventStream:
        return self

    async def __anext__(self) -> Event:
        waiting = self._waiting or await self._wait()
        event = waiting.popleft()
        if event is None:
            waiting.append(None)
            self._raise_again()
            raise StopAsyncIteration
        return event

    async def close(self) -> None:
        """Cancels the stream and frees it; a task that is reading gets a CancelledError."""
        if self._handle is not None:
            self._waiting = deque()
            self._error = errors.of_code(Code.BRS_E_CANCELLED, "the stream was closed")
            self._end()
            self._hub.push()

    # What contextlib.aclosing calls.
    aclose = close

    async def __aenter__(self) -> AsyncEventStream:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Waits for the first event, so that a call that fails at once fails in the call."""
        if (self._waiting or await self._wait())[0] is None:
            self._raise_again()

    async def _wait(self) -> Deque[Optional[Event]]:
        """Until there is something to read, which is what it returns."""
        loop = self._hub.attach()
        self._waiting_bytes = 0
        if self._is_paused:
            self._resume()
        while not self._waiting:
            if self._waiter is not None and not self._waiter.get_loop().is_closed():
                raise errors.of_code(Code.BRS_E_STATE, "another task is reading the stream")
            self._waiter = waiter = loop.create_future()
            try:
                await waiter
            except asyncio.CancelledError:
                self.cancel()
                self._hub.push()
                raise
            finally:
                if self._waiter is waiter:
                    self._waiter = None
        return self._waiting

    def _resume(self) -> None:
        self._is_paused = False
        with self._changing:
            if self._handle is not None:
                self._library.brs_stream_resume(self._handle)
        self._hub.wake()

    def _raise_again(self) -> None:
        if self._broken is not None:
            raise self._broken
        super()._raise_again()

    # ---- what the hub calls, in the event loop

    def take(self, view: View) -> None:
        """An event. In here every call of a function is a part of the cost."""
        struct = view.event
        kind = struct.kind
        if not TOOL <= kind <= TOOL_ANSWERED:
            event = self._decode(view, kind)
        elif kind == STOP or kind == ERROR:
            return self._take_end(struct)
        else:
            event = self._take(struct)
        if event is None:
            return
        self._waiting.append(event)
        if self._waiter is not None:
            settle(self._waiter)
        self._waiting_bytes = waiting = self._waiting_bytes + struct.json_len + EVENT_BYTES
        if waiting >= self._hub.most_bytes_waiting and not self._is_paused:
            self._is_paused = True
            self._library.brs_stream_pause(self._handle)

    def _take_end(self, struct: _ffi.brs_event) -> None:
        if struct.kind == ERROR:
            self._keep_error(struct.error.contents)
        else:
            self._keep_result(struct.result.contents)
        self._end()

    def break_off(self, error: BaseException) -> None:
        """Something of this side failed, as `on_retry`: the reader gets that."""
        if self._handle is None:
            return
        if isinstance(error, errors.BedrockStreamError):
            self._error = error
        else:
            self._broken = error
        self._end()

    def _end(self) -> None:
        """Gives the stream up, and tells its reader; what it still brings is for nobody."""
        with self._changing:
            self._handle = None
        if self._runner is not None:
            self._runner.end()
        self._waiting.append(None)
        if self._waiter is not None:
            settle(self._waiter)
        self._free.detach()
        self._hub.release(self._number)


class TaskRunner(ToolRunner):
    """Runs tools as tasks of the event loop; those that are no coroutine functions on threads, which tasks wait for."""

    def __init__(self, tools: Tools, context: contextvars.Context) -> None:
        super().__init__(tools)
        self._context = context
        self._tasks: Set[asyncio.Task[None]] = set()

    def run(self, stream: Answer, tool: ToolCall) -> None:
        loop = asyncio.get_running_loop()
        task = self._context.run(loop.create_task, self._answer_later(weakref.ref(stream), tool))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def end(self) -> None:
        super().end()
        for task in list(self._tasks):
            task.cancel()

    async def _answer_later(self, stream: weakref.ref[Answer], tool: ToolCall) -> None:
        try:
            result = self._refusal(tool) or await self._await(self._tools[tool.name], tool.input)
        except (Exception, asyncio.CancelledError) as error:
            if self._has_ended:
                raise
            # Also of one that cancelled itself: the model has to know, or all would wait.
            result = failure(error)
        give(stream, tool, result)

    async def _await(self, function: Tool, question: Any) -> ToolResult:
        if is_coroutine_function(function):
            value = await function(question)
        else:
            on_thread = functools.partial(contextvars.copy_context().run, outcome_of, function, question)
            value = await asyncio.get_running_loop().run_in_executor(self._threads(), on_thread)
            if isinstance(value, ToolResult):
                return value
            # As a lambda has it that calls a coroutine function.
            if inspect.isawaitable(value):
                value = await value
        return ToolResult(pack(value), False)


def outcome_of(function: Tool, question: Any) -> Any:
    """What it gives, or its failure: not every exception can be that of a future."""
    try:
        return function(question)
    except Exception as error:
        return failure(error)


def in_context(context: contextvars.Context, on_retry: OnRetry) -> OnRetry:
    """In that of the call; the hub's is that of whoever used the client first."""
    return lambda retry: context.run(on_retry, retry)


def is_coroutine_function(tool: Optional[Tool]) -> bool:
    """Also an object whose call is one."""
    return inspect.iscoroutinefunction(tool) or inspect.iscoroutinefunction(getattr(tool, "__call__", None))


class AsyncClient(ClientCore):
    """As `Client`, for asyncio; the arguments are the same. It has no thread: its streams run in the event loop that
    uses it first, and in no other before that one is closed.

        async with bedrockstream.AsyncClient(region_name="us-east-1") as client:
            response = await client.converse_stream(modelId=..., messages=...)
            async for event in response["stream"]:
                ...

    `tools` may be coroutine functions. `on_retry` is called in the event loop and must not wait.
    """

    _own_settings = {"io.threads": 0, "delivery.queue": "client"}

    def _ending(self, at_end: Callable[[], None]) -> Callable[[], None]:
        self._hub = Hub(self._library, self._handle, int(self._config.get("delivery.queue_bytes")))
        self._is_draining = False
        return functools.partial(self._hub.end, at_end)

    def _check_open(self) -> None:
        super()._check_open()
        if self._is_draining:
            raise errors.of_code(Code.BRS_E_CLOSED, "the client is being drained")

    async def converse_stream(
        self,
        *,
        modelId: str,
        config: Config = None,
        on_retry: Optional[OnRetry] = None,
        tools: Optional[Tools] = None,
        tool_timeout_s: Optional[float] = None,
        **members: Any,
    ) -> AsyncConverseResponse:
        """Sends a ConverseStream request. Returns when the first event is there; errors before it are raised here."""
        operation = Operation.BRS_CONVERSE_STREAM
        stream = await self._open(converse_call(operation, modelId, members, config, on_retry, tools, tool_timeout_s))
        return {"stream": stream, "ResponseMetadata": stream.metadata}

    async def converse(
        self,
        *,
        modelId: str,
        config: Config = None,
        on_retry: Optional[OnRetry] = None,
        tools: Optional[Tools] = None,
        tool_timeout_s: Optional[float] = None,
        **members: Any,
    ) -> BatchResponse:
        """Sends a Converse request and waits for the whole answer."""
        operation = Operation.BRS_CONVERSE
        stream = await self._open(converse_call(operation, modelId, members, config, on_retry, tools, tool_timeout_s))
        answer = await last_body(stream, "Converse")
        return finished(stream, converse_response(answer))

    async def invoke_model_with_response_stream(
        self,
        *,
        modelId: str,
        body: Body,
        config: Config = None,
        on_retry: Optional[OnRetry] = None,
        tools: Optional[Tools] = None,
        tool_timeout_s: Optional[float] = None,
        **headers: Unpack[InvokeHeaders],
    ) -> AsyncInvokeResponse:
        """Sends an InvokeModelWithResponseStream request: `body` is the model's own format."""
        operation, settings = Operation.BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM, invoke_headers(**headers)
        one = invoke_call(operation, modelId, body, settings, config, on_retry, tools, tool_timeout_s)
        stream = await self._open(one)
        kind = content_type(headers.get("accept"))
        return {"body": stream, "contentType": kind, "ResponseMetadata": stream.metadata}

    async def invoke_model(
        self,
        *,
        modelId: str,
        body: Body,
        config: Config = None,
        on_retry: Optional[OnRetry] = None,
        **headers: Unpack[InvokeHeaders],
    ) -> BatchResponse:
        """Sends an InvokeModel request and waits for the whole answer: {"body": a file, "contentType": ...}."""
        settings = invoke_headers(**headers)
        one = invoke_call(Operation.BRS_INVOKE_MODEL, modelId, body, settings, config, on_retry)
        stream = await self._open(one)
        answer = await last_body(stream, "InvokeModel")
        return finished(stream, {"body": ResponseBody(answer), "contentType": content_type(headers.get("accept"))})

    def warm(self, streams: int) -> None:
        """As `Client.warm`, in the event loop: where none is running, the first that uses the client opens them."""
        super().warm(streams)
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            self._hub.attach()

    async def identify(self, timeout_s: Optional[float] = None) -> Identity:
        """Finds out who the client is, as its first call would, without sending one; as `Client.identify`."""
        identity = _ffi.brs_identity(size=sizeof(_ffi.brs_identity))
        until = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self._check_open()
            self._hub.attach()
            try:
                with self._using:
                    call(self._library.brs_client_identify, self._handle, IDENTIFY_WAIT_MS, byref(identity))
                return read_identity(identity)
            except errors.BedrockStreamError as error:
                if error.code != Code.BRS_E_TIMEOUT or time.monotonic() >= until:
                    raise
            finally:
                self._hub.wake()
            await asyncio.sleep(IDENTIFY_STEP_S)

    async def drain(self, timeout_s: Optional[float] = None) -> bool:
        """Refuses new streams and waits until those that run have come to their ends; then close the client.

        After `timeout_s` seconds (None: no limit) what still runs is cancelled. True where nothing had to be. Other
        tasks have to go on reading their streams.
        """
        if not self._free.alive:
            return True
        self._hub.attach()
        self._is_draining = True
        is_whole = await self._hub.wait_until_empty(timeout_s)
        if not is_whole and self._free.alive:
            self._hub.cancel_all()
        return is_whole

    async def close(self) -> None:
        """Cancels the client's streams and closes its connections. Does not wait for the network."""
        self._free()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def _open(self, one: Call) -> AsyncEventStream:
        self._check_open()
        hub = self._hub
        hub.attach()
        number = hub.next_number()
        handle = self._send(one, number)
        stream = AsyncEventStream(self._library, handle, self, one, hub, number)
        hub.add(stream, handle, number)
        await stream.start()
        return stream


async def last_body(stream: AsyncEventStream, name: str) -> bytes:
    """Reads a batch operation's stream to its end; the body of the last round."""
    body = b""
    async with stream:
        async for event in stream:
            body = event.get(name, body)
    return body
