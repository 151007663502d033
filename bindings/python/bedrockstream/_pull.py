"""The one call that runs for every event, made cheap."""

from __future__ import annotations

from ctypes import CDLL, CFUNCTYPE, PYFUNCTYPE, addressof, c_char_p, c_int, c_int64, c_void_p, cast, sizeof, string_at
from typing import Any, Optional

from . import _ffi

JSON_OFFSET: int = getattr(_ffi.brs_event, "json").offset
# Plain addresses: ctypes takes them in two thirds of the time that typed pointers need.
ARGUMENTS = (c_void_p, c_int64, c_void_p)


class Puller:
    """Calls brs_stream_next for one stream, and shows the event that it hands over."""

    def __init__(self, library: CDLL, handle: Any) -> None:
        self._stream = cast(handle, c_void_p).value
        self._out = c_void_p()
        self._address = addressof(self._out)
        self._seen: Optional[int] = None
        # Keeps the interpreter lock: where events are waiting, giving it up for each costs a switch of threads.
        self._at_once = PYFUNCTYPE(c_int, *ARGUMENTS)(("brs_stream_next", library))
        self._blocking = CFUNCTYPE(c_int, *ARGUMENTS)(("brs_stream_next", library))
        self.event = _ffi.brs_event()
        self._json = c_char_p()

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

    def json(self) -> str:
        """The event's payload; JSON holds no NUL, so its end is found as C finds it."""
        return str(self._json.value or b"", "utf-8", "replace")

    def type(self) -> str:
        return str(string_at(self.event.type or 0, self.event.type_len), "utf-8", "replace")

    def bytes(self) -> bytes:
        return string_at(self.event.json or 0, self.event.json_len)

    def _look(self) -> None:
        """The library reuses one struct: views of it are made once, and read what stands there now."""
        self._seen = self._out.value
        address = self._seen or 0
        self.event = _ffi.brs_event.from_address(address)
        if self.event.size < sizeof(_ffi.brs_event):
            raise RuntimeError("libbedrockstream is older than this package")
        self._json = c_char_p.from_address(address + JSON_OFFSET)
