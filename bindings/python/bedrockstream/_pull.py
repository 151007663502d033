"""The one call that runs for every event, made cheap."""

from __future__ import annotations

from ctypes import CDLL, CFUNCTYPE, PYFUNCTYPE, addressof, c_int, c_int64, c_void_p, cast
from typing import Any, Optional

from ._view import View

# Plain addresses: ctypes takes them in two thirds of the time that typed pointers need.
ARGUMENTS = (c_void_p, c_int64, c_void_p)


class Puller(View):
    """Calls brs_stream_next for one stream, and shows the event that it hands over."""

    def __init__(self, library: CDLL, handle: Any) -> None:
        super().__init__()
        self._stream = cast(handle, c_void_p).value
        self._out = c_void_p()
        self._address = addressof(self._out)
        self._seen: Optional[int] = None
        # Keeps the interpreter lock: where events are waiting, giving it up for each costs a switch of threads.
        self._at_once = PYFUNCTYPE(c_int, *ARGUMENTS)(("brs_stream_next", library))
        self._blocking = CFUNCTYPE(c_int, *ARGUMENTS)(("brs_stream_next", library))

    def poll(self) -> int:
        """What is there now: the code of brs_stream_next."""
        code: int = self._at_once(self._stream, 0, self._address)
        if code == 0 and self._out.value != self._seen:
            self._look()
        return code

    def wait(self, milliseconds: int) -> int:
        """Waits, without the interpreter lock."""
        code: int = self._blocking(self._stream, milliseconds, self._address)
        if code == 0 and self._out.value != self._seen:
            self._look()
        return code

    def _look(self) -> None:
        self._seen = self._out.value
        self.look(self._seen or 0)
