"""A client in the loop of asyncio: waits for its descriptor, and hands what came to the streams."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import threading
import weakref
from collections import deque
from ctypes import PYFUNCTYPE, addressof, byref, c_int, c_int32, c_int64, c_size_t, c_void_p, cast
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, List, Optional

from . import _ffi, errors
from ._calls import call_plain
from ._ffi import brs_code as Code
from ._view import View

if TYPE_CHECKING:
    from .aio import AsyncEventStream

FORKED = Code.BRS_E_FORKED.value
# Events of one call, the most that the library gives.
CAPACITY = 256
# A brs_ready is three pointers: the stream, what it is known by, and the event.
WORDS = ctypes.sizeof(_ffi.brs_ready) // ctypes.sizeof(c_size_t)
# Calls of one turn: others in the event loop want theirs, too.
MOST_BATCHES = 4


class Hub:
    """Turns the client's loop on the thread of an event loop, and fetches the events of all its streams together.

    It knows its streams by number, and keeps none of them alive: one that was dropped is cancelled. Handles are freed
    on the event loop's thread, and never while events that were fetched are looked at.
    """

    def __init__(self, library: ctypes.CDLL, client: Any, most_bytes_waiting: int) -> None:
        # Of JSON for one reader since it had everything: what is more stays in the library, and with the server.
        self.most_bytes_waiting = most_bytes_waiting
        self._library = library
        self._handle = client
        self._client = cast(client, c_void_p).value
        # Both keep the interpreter lock: they never wait, and giving it up costs more than they do.
        self._dispatch = PYFUNCTYPE(c_int, c_void_p)(("brs_client_dispatch", library))
        arguments = (c_void_p, c_void_p, c_size_t, c_int64, c_void_p)
        self._next = PYFUNCTYPE(c_int, *arguments)(("brs_client_next", library))
        self._ready = (c_size_t * (CAPACITY * WORDS))()
        self._count = c_size_t()
        self._process = os.getpid()
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._thread = 0
        self._numbers = itertools.count(1)
        self._streams: Dict[int, weakref.ref[AsyncEventStream]] = {}
        self._handles: Dict[int, Any] = {}
        self._dropped: Deque[int] = deque()
        self._views: Dict[int, View] = {}
        self._is_turning = False
        self._is_woken = False
        self._whole: Optional[asyncio.Future[None]] = None
        self._at_end: Optional[Callable[[], None]] = None
        fd = c_int32()
        call_plain(library.brs_client_fd, client, byref(fd))
        self._fd = fd.value

    # ---- the event loop

    def attach(self) -> asyncio.AbstractEventLoop:
        """Sees to it that the running event loop serves the client."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move_to(loop)
        return loop

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        if os.getpid() != self._process:
            raise errors.of_code(Code.BRS_E_FORKED, "the client was made before a fork; make a new one")
        if self._client is None:
            raise errors.of_code(Code.BRS_E_CLOSED, "the client was closed")
        if self._loop is not None and not self._loop.is_closed():
            message = "the client belongs to another event loop, which is not closed; make a client for each"
            raise errors.of_code(Code.BRS_E_STATE, message)
        loop.add_reader(self._fd, self._turn)
        self._loop = loop
        self._thread = threading.get_ident()
        self._is_woken = False
        # What the loop before has left.
        self.wake()

    def wake(self) -> None:
        """There is something to fetch that the descriptor does not tell of. On the event loop's thread."""
        if self._loop is not None and not self._is_woken:
            self._is_woken = True
            self._loop.call_soon(self._turn)

    def push(self) -> None:
        """Carries out now what was asked for, as the event loop may be about to close."""
        if self._is_mine() and not self._is_turning:
            self._dispatch(self._client)
            self.wake()

    def _is_mine(self) -> bool:
        return self._loop is not None and threading.get_ident() == self._thread

    def _turn(self) -> None:
        """Level-triggered: where there is more to do than one call does, the event loop comes back."""
        self._is_woken = False
        if self._is_turning or self._client is None:
            return
        self._is_turning = True
        try:
            if self._dispatch(self._client) == FORKED:
                self._break_off_all(errors.of_code(Code.BRS_E_FORKED, "the client was made before a fork"))
            elif not self._fetch():
                self.wake()
        finally:
            self._is_turning = False
            self._tidy()

    def _fetch(self) -> bool:
        """Hands out what there is; False where there may be more."""
        for _ in range(MOST_BATCHES):
            self._next(self._client, addressof(self._ready), CAPACITY, 0, addressof(self._count))
            if not self._count.value:
                return True
            try:
                self._hand_out(self._ready[: WORDS * self._count.value])
            except BaseException:
                # As Ctrl-C. Nobody knows which streams have got their events.
                self._break_off_all(errors.of_code(Code.BRS_E_CANCELLED, "interrupted, and events were lost"))
                raise
        return False

    def _hand_out(self, words: List[int]) -> None:
        """To the streams that somebody has."""
        streams, views = self._streams, self._views
        for number, address in zip(words[1::WORDS], words[2::WORDS]):
            reference = streams.get(number)
            stream = None if reference is None else reference()
            if stream is None:
                continue
            try:
                stream.take(views.get(address) or self._view(address))
            except Exception as error:
                stream.break_off(error)

    def _view(self, address: int) -> View:
        """The library puts events where it had others: there are no more views than it gives events at once."""
        return self._views.setdefault(address, View(address))

    # ---- the streams

    def add(self, stream: AsyncEventStream, handle: Any, number: int) -> None:
        self._streams[number] = weakref.ref(stream)
        self._handles[number] = handle

    def next_number(self) -> int:
        """What a stream is known by."""
        return next(self._numbers)

    def drop(self, number: int) -> None:
        """Any thread, inside anything: nobody has that stream any more."""
        self._dropped.append(number)
        loop = self._loop
        if loop is not None and os.getpid() == self._process:
            try:
                loop.call_soon_threadsafe(self._tidy)
            except RuntimeError:
                pass  # it is closed: the next one, or the client's end

    def release(self, number: int) -> None:
        """The stream has ended, or is to end."""
        self._streams.pop(number, None)
        if not self._is_mine():
            return self.drop(number)
        self._dropped.append(number)
        self._tidy()

    def _tidy(self) -> None:
        if self._is_turning:
            return
        while self._dropped:
            number = self._dropped.popleft()
            self._streams.pop(number, None)
            handle = self._handles.pop(number, None)
            if handle is not None:
                self._library.brs_stream_free(handle)
        if self._whole is not None and not self._streams:
            settle(self._whole)
        if self._at_end is not None:
            self._finish()

    async def wait_until_empty(self, timeout_s: Optional[float]) -> bool:
        """Waits until all streams have ended; False where the time is over before."""
        loop = self.attach()
        if self._streams:
            if self._whole is None or self._whole.done():
                self._whole = loop.create_future()
            await asyncio.wait([self._whole], timeout=timeout_s)
        return not self._streams

    def cancel_all(self) -> None:
        """All streams end at once, and their ends are there to be fetched. On the event loop's thread."""
        for handle in self._handles.values():
            self._library.brs_stream_cancel(handle)
        self._library.brs_client_drain(self._handle, 0)
        self.wake()

    def _break_off_all(self, error: BaseException) -> None:
        for reference in list(self._streams.values()):
            stream = reference()
            if stream is not None:
                stream.break_off(error)

    # ---- the end

    def end(self, at_end: Callable[[], None]) -> None:
        """Any thread: takes the client out of the event loop, then ends it."""
        self._at_end = at_end
        loop = self._loop
        if loop is None or not loop.is_running() or threading.get_ident() == self._thread:
            return self._finish()
        try:
            loop.call_soon_threadsafe(self._finish)
        except RuntimeError:  # closed meanwhile
            self._finish()

    def _finish(self) -> None:
        """Readers get the end of their streams before the client goes."""
        if self._is_turning or self._at_end is None:
            return
        at_end, self._at_end = self._at_end, None
        try:
            if os.getpid() == self._process:
                self._take_out()
                self._end_streams()
        finally:
            self._client = None
            at_end()

    def _take_out(self) -> None:
        """Before the descriptor is closed, or the event loop would keep its number. Not in a child process, which has
        the epoll set of its parent's event loop in common with it."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._fd)
        self._loop = None

    def _end_streams(self) -> None:
        self._is_turning = True
        try:
            if self._streams:
                self.cancel_all()
                while not self._fetch():
                    pass
                self._break_off_all(errors.of_code(Code.BRS_E_CANCELLED, "the client was closed"))
        finally:
            self._is_turning = False
        self._tidy()
        # Those that were dropped since then.
        for handle in self._handles.values():
            self._library.brs_stream_free(handle)
        self._handles.clear()


def settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        try:
            future.set_result(None)
        except RuntimeError:
            pass  # its event loop is closed: nobody waits
