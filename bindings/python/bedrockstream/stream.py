"""A running answer."""

from __future__ import annotations

import ctypes
import weakref
from collections import deque
from typing import Any, Iterator, Optional

from . import _ffi, errors
from ._answer import ERROR, STOP, TOOL, TOOL_ANSWERED, Answer, Decode, Event
from ._ffi import brs_code as Code
from ._lock import Lock
from ._pull import Puller
from ._tools import ToolRunner, Tools
from .errors import BedrockStreamError
from .retry import OnRetry

# ctypes calls cannot be interrupted: waits are cut so that Ctrl-C is seen in time.
SLICE_MS = 100

OK = Code.BRS_OK.value
TIMEOUT = Code.BRS_E_TIMEOUT.value


class EventStream(Answer):
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
        decode: Decode,
        on_retry: Optional[OnRetry] = None,
        tools: Optional[Tools] = None,
    ) -> None:
        super().__init__(library, handle, owner, decode, on_retry, ToolRunner(tools) if tools else None)
        self._puller = Puller(library, handle)
        self._reading = Lock()  # held by the thread that is in brs_stream_next
        self._closing = False
        self._free = weakref.finalize(self, library.brs_stream_free, handle)
        # At exit a thread may still be reading; the client's end wakes it, and the process takes the rest.
        self._free.atexit = False

    def __iter__(self) -> Iterator[Event]:
        waiting = self._waiting
        while waiting:
            first = waiting.popleft()
            if first is not None:
                yield first
        read = self._read
        event = read()
        while event is not None:
            yield event
            event = read()

    def __next__(self) -> Event:
        for event in self:
            return event
        raise StopIteration

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
                else:
                    event = self._take(puller.event)
                if event is not None:
                    return event
        finally:
            self._reading.release()

    def _finish_closing(self) -> None:
        """Only under `_reading`. A stream that has ended is left as it is."""
        if self._handle is not None:
            self._waiting = deque()
            self._error = errors.of_code(Code.BRS_E_CANCELLED, "the stream was closed")
            self._release()

    def _end(self, event: _ffi.brs_event) -> None:
        """Keeps what the terminal event tells, then gives the stream up."""
        if event.kind == ERROR:
            self._keep_error(event.error.contents)
        else:
            self._keep_result(event.result.contents)
        self._release()
        self._raise_again()

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
