"""A running answer."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any, Callable, Dict, Iterator, List, Optional

from . import _ffi, errors
from ._ffi import brs_code as Code
from ._ffi import brs_event_kind as Kind
from ._lock import Lock
from ._pull import Puller
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

Event = Dict[str, Any]


class EventStream:
    """The events of one answer, as an iterator. It ends without an exception only where the answer is complete.

    One thread at a time reads; `cancel`, `detach` and `close` may be called by any thread, any time. A stream that is
    dropped is cancelled and freed.

    With the setting recovery="restart" an event {"restart": ...} may come: what was read before it is void.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        handle: Any,
        owner: Any,
        decode: Callable[[Puller, int], Event],
        on_retry: Optional[OnRetry] = None,
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
                if not TOOL <= kind <= LAST_NOTICE:
                    return self._decode(puller, kind)
                if kind == TOOL:
                    self._tool_calls.append(read_tool(puller.event.tool.contents))
                elif kind <= ERROR:
                    self._end(puller.event)
                    return None
                else:
                    restart = self._note(puller.event)
                    if restart is not None:
                        return restart
        finally:
            self._reading.release()

    def _note(self, event: _ffi.brs_event) -> Optional[Event]:
        """Tells of a failure that is not the end; what the reader gets, where it concerns him."""
        retry = read_retry(event.retry.contents, self._tool_calls)
        self.metadata["RetryAttempts"] = retry.attempt - 1
        if event.kind == RESTART:
            self._tool_calls.clear()
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
        self.metadata["RetryAttempts"] = max(self._result.attempts - 1, 0)
        self._release()

    def _fail(self, error: BedrockStreamError) -> None:
        self._error = error
        self._release()
        raise error

    def _release(self) -> None:
        """Only under `_reading`: nobody is in brs_stream_next, and `cancel` does not see the handle any more."""
        with self._changing:
            self._handle = None
        self._free()
