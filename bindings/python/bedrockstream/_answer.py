"""What is kept of a running answer, however its events come."""

from __future__ import annotations

import ctypes
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

from . import _ffi, errors
from ._calls import call, to_text
from ._ffi import brs_code as Code
from ._ffi import brs_event_kind as Kind
from ._lock import Lock
from ._tools import Packed, ToolRunner, pack, take_call
from ._view import View
from .errors import BedrockStreamError
from .result import Result, ToolCall, read_result, read_tool
from .retry import OnRetry, read_retry, restart_event

TOOL = Kind.BRS_EVENT_TOOL.value
STOP = Kind.BRS_EVENT_STOP.value
ERROR = Kind.BRS_EVENT_ERROR.value
RESTART = Kind.BRS_EVENT_RESTART.value
LAST_NOTICE = Kind.BRS_EVENT_FALLBACK.value
TOOL_ANSWERED = Kind.BRS_EVENT_TOOL_ANSWERED.value

Event = Dict[str, Any]
Decode = Callable[[View, int], Optional[Event]]


class Answer:
    """A stream of the library, what was read of it, and how it ended."""

    def __init__(
        self,
        library: ctypes.CDLL,
        handle: Any,
        owner: Any,
        decode: Decode,
        on_retry: Optional[OnRetry],
        runner: Optional[ToolRunner],
    ) -> None:
        self._library = library
        self._handle: Optional[Any] = handle
        self._owner = owner  # the client must outlive its streams
        self._decode = decode
        self._on_retry = on_retry
        self._changing = Lock()  # held while the handle is used by others or given up
        self._waiting: Deque[Optional[Event]] = deque()  # events that nobody has read yet
        self._tool_calls: List[ToolCall] = []
        self._runner = runner
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
                self._waiting = deque()

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

    def _take(self, event: _ffi.brs_event) -> Optional[Event]:
        """Keeps what an event tells that is none of the wire's; what the reader gets of it."""
        if event.kind == TOOL:
            self._keep_call(read_tool(event.tool.contents))
            return None
        return self._note(event) if event.kind <= LAST_NOTICE else self._note_tool(event)

    def _keep_call(self, tool: ToolCall) -> None:
        """The reader has seen it in the events of the wire."""
        self._tool_calls.append(tool)
        self._open_calls.append(tool)

    def _note_tool(self, event: _ffi.brs_event) -> Event:
        tool = read_tool(event.tool.contents)
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

    def _keep_result(self, result: _ffi.brs_result) -> None:
        self._result = read_result(result, self._tool_calls)
        self.metadata["RequestId"] = self._result.request_id
        self.metadata["RetryAttempts"] = errors.retries(self._result.attempts, self._result)

    def _keep_error(self, error: _ffi.brs_error) -> None:
        self._error = errors.of_stream(error, self._tool_calls)

    def _raise_again(self) -> None:
        """A stream that failed stays failed, however often it is read."""
        if self._error is not None:
            raise self._error
