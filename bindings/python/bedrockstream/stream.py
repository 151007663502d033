"""A running answer."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, Callable, Dict, Iterator, List, Optional

from . import _ffi, errors
from ._calls import call, to_text
from ._ffi import brs_code as Code
from ._ffi import brs_event_kind as Kind
from ._lock import Lock
from ._pull import Puller
from ._tools import Packed, ToolRunner, Tools, pack, take_call
from .errors import BedrockStreamError
from .result import Result, ToolCall, read_result, read_tool
from .retry import OnRetry, read_retry, restart_event

# ctypes calls cannot be interrupted: waits are cut so that Ctrl-C is seen in time.
SLICE_MS = 100

OK = Code.BRS_OK.value
TIMEOUT = Code.BRS_E_TIMEOUT.value
TOOL = Kind.BRS_EVENT_TOOL.value
STOP = Kind.BRS_EVENT_STOP.value
ERROR = Kind.BRS_EVENT_ERROR.value
RESTART = Kind.BRS_EVENT_RESTART.value
LAST_NOTICE = Kind.BRS_EVENT_FALLBACK.value
TOOL_WAITING = Kind.BRS_EVENT_TOOL_WAITING.value
TOOL_ANSWERED = Kind.BRS_EVENT_TOOL_ANSWERED.value

Event = Dict[str, Any]


class EventStream:
    """The events of one answer, as an iterator. It ends without an exception only where the answer is complete.

    One thread at a time reads; `cancel`, `detach` and `close` may be called by any thread, any time. A stream that is
    dropped is cancelled and freed.

    With the setting recovery="restart" an event {"restart": ...} may come: what its round had read before is void.

    With tools, or the setting turn="auto", an answer that stops for tool calls goes on when each has its result:
    {"toolWaiting": ...} comes for each call that has none, {"toolAnswered": ...} for each that has, and then the next
    answer in the same iteration. Tools run on threads of their own while somebody reads the stream.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        handle: Any,
        owner: Any,
        decode: Callable[[Puller, int], Optional[Event]],
        on_retry: Optional[OnRetry] = None,
        tools: Optional[Tools] = None,
    ) -> None:
        self._library = library
        self._handle: Optional[Any] = handle
        self._owner = owner  # the client must outlive its streams
        self._puller = Puller(library, handle)
        self._decode = decode
        self._on_retry = on_retry
        self._reading = Lock()  # held by the thread that is in brs_stream_next
        self._changing = Lock()  # held while the handle is used by others or given up
        self._closing = False
        self._free = weakref.finalize(self, library.brs_stream_free, handle)
        # At exit a thread may still be reading; the client's end wakes it, and the process takes the rest.
        self._free.atexit = False
        self._waiting: List[Event] = []
        self._tool_calls: List[ToolCall] = []
        self._runner = ToolRunner(tools) if tools else None
        self._round = 0  # the one that a restart would void
        self._open_calls: List[ToolCall] = []  # of this round, not waited for yet
        self._result: Optional[Result] = None
        self._error: Optional[BedrockStreamError] = None
        # boto3's ResponseMetadata; the request id and the number of attempts come with the end.
        self.metadata: Dict[str, Any] = {
            "RequestId": "",
            "HTTPStatusCode": 200,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        }

    @property
    def result(self) -> Optional[Result]:
        """The answer; None until the stream has ended. What there is of it where the stream failed."""
        return self._error.partial if self._error else self._result

    @property
    def error(self) -> Optional[BedrockStreamError]:
        """How the stream failed; None where it did not, or not yet."""
        return self._error

    def __iter__(self) -> Iterator[Event]:
        waiting = self._waiting
        while waiting:
            yield waiting.pop(0)
        read = self._read
        event = read()
        while event is not None:
            yield event
            event = read()

    def __next__(self) -> Event:
        for event in self:
            return event
        raise StopIteration

    def cancel(self) -> None:
        """Ends the stream; its reader gets a CancelledError. Does nothing once the stream has ended."""
        with self._changing:
            if self._handle is not None:
                self._library.brs_stream_cancel(self._handle)

    def detach(self) -> None:
        """Lets go of the answer without ending it: no event comes any more, and reading on waits for the end.

        The iterator ends, or raises, when the service has sent everything; then `result` is there with the usage.
        Closing the stream before that cancels it.
        """
        with self._changing:
            if self._handle is not None:
                self._library.brs_stream_detach(self._handle)
                self._waiting = []

    def tool_result(self, tool_use_id: str, content: Any, is_error: bool = False) -> None:
        """Gives the result of a tool call, where no callable does: any thread, any order, from the call on.

        A str is sent as text, a list of dicts as content blocks of the API, anything else as a JSON value. Raises
        ToolResultError for an id that nobody waits for or that has its result, ArgumentError for a result that is too
        long, StateError where the stream has ended or was opened without turn="auto".
        """
        self.give(tool_use_id, pack(content), is_error)

    def give(self, tool_use_id: str, packed: Packed, is_error: bool) -> None:
        name = to_text("tool_use_id", tool_use_id)
        with self._changing:
            if self._handle is None:
                raise errors.of_code(Code.BRS_E_STATE, "the stream has ended")
            data = packed.data
            call(self._library.brs_tool_result, self._handle, name, packed.content, data, len(data), int(is_error))

    def close(self) -> None:
        """Cancels the stream and frees it, at the latest when a thread that is reading has come back."""
        self._closing = True
        self.cancel()
        if self._reading.acquire(False):
            try:
                self._finish_closing()
            finally:
                self._reading.release()

    def __enter__(self) -> EventStream:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self) -> None:
        """Waits for the first event, so that a call that fails at once fails in the call."""
        event = self._read()
        if event is not None:
            self._waiting.append(event)

    def _read(self) -> Optional[Event]:
        """The next event; None behind the end of a complete answer."""
        self._reading.acquire()
        try:
            if self._handle is None or self._closing:
                self._finish_closing()
                self._raise_again()
                return None
            puller = self._puller
            while True:
                code = puller.poll()
                while code == TIMEOUT:
                    code = puller.wait(SLICE_MS)
                if code != OK:
                    self._fail(errors.of_code(code, "the stream cannot be read any further"))
                kind = puller.event.kind
                if not TOOL <= kind <= TOOL_ANSWERED:
                    event = self._decode(puller, kind)
                elif kind == STOP or kind == ERROR:
                    self._end(puller.event)
                    return None
                elif TOOL < kind <= LAST_NOTICE:
                    event = self._note(puller.event)
                else:
                    event = self._note_tool(puller.event)
                if event is not None:
                    return event
        finally:
            self._reading.release()

    def _note_tool(self, event: _ffi.brs_event) -> Optional[Event]:
        """What the reader is told of a tool call; nothing of the call itself, which is in the events of the wire."""
        tool = read_tool(event.tool.contents)
        if event.kind == TOOL:
            self._tool_calls.append(tool)
            self._open_calls.append(tool)
            return None
        told = take_call(self._open_calls, tool.id, tool.block_index)
        about = {"toolUseId": tool.id, "name": tool.name, "contentBlockIndex": tool.block_index, "round": tool.round}
        if event.kind == TOOL_ANSWERED:
            # Nothing of a round comes behind its last result.
            self._round = tool.round + 1
            return {"toolAnswered": about}
        if told is not None and self._runner is not None:
            self._runner.run(self, told)
        return {"toolWaiting": {**about, "input": told.input} if told is not None else about}

    def _note(self, event: _ffi.brs_event) -> Optional[Event]:
        """Tells of a failure that is not the end; what the reader gets, where it concerns him."""
        retry = read_retry(event.retry.contents, self._tool_calls)
        self.metadata["RetryAttempts"] = retry.attempt - 1
        if event.kind == RESTART:
            self._tool_calls = [tool for tool in self._tool_calls if tool.round < self._round]
            self._open_calls.clear()
        if self._on_retry is not None:
            self._on_retry(retry)
        return restart_event(retry) if event.kind == RESTART else None

    def _finish_closing(self) -> None:
        """Only under `_reading`. A stream that has ended is left as it is."""
        if self._handle is not None:
            self._waiting = []
            self._error = errors.of_code(Code.BRS_E_CANCELLED, "the stream was closed")
            self._release()

    def _raise_again(self) -> None:
        """A stream that failed stays failed, however often it is read."""
        if self._error is not None:
            raise self._error

    def _end(self, event: _ffi.brs_event) -> None:
        """Keeps what the terminal event tells, then gives the stream up."""
        if event.kind == ERROR:
            self._fail(errors.of_stream(event.error.contents, self._tool_calls))
        self._result = read_result(event.result.contents, self._tool_calls)
        self.metadata["RequestId"] = self._result.request_id
        self.metadata["RetryAttempts"] = errors.retries(self._result.attempts, self._result)
        self._release()

    def _fail(self, error: BedrockStreamError) -> None:
        self._error = error
        self._release()
        raise error

    def _release(self) -> None:
        """Only under `_reading`: nobody is in brs_stream_next, and `cancel` does not see the handle any more."""
        with self._changing:
            self._handle = None
        if self._runner is not None:
            self._runner.end()
        self._free()
