"""An event of the library, as it lies in memory."""

from __future__ import annotations

from ctypes import c_char_p, sizeof, string_at

from . import _ffi

JSON_OFFSET: int = getattr(_ffi.brs_event, "json").offset


class View:
    """The struct at an address. The library uses few: views of them are made once, and read what stands there now."""

    def __init__(self, address: int = 0) -> None:
        self.event = _ffi.brs_event()
        self._json = c_char_p()
        if address:
            self.look(address)

    def look(self, address: int) -> None:
        self.event = _ffi.brs_event.from_address(address)
        if self.event.size < sizeof(_ffi.brs_event):
            raise RuntimeError("libbedrockstream is older than this package")
        self._json = c_char_p.from_address(address + JSON_OFFSET)

    def json(self) -> str:
        """The event's payload; JSON holds no NUL, so its end is found as C finds it."""
        return str(self._json.value or b"", "utf-8", "replace")

    def type(self) -> str:
        return str(string_at(self.event.type or 0, self.event.type_len), "utf-8", "replace")

    def bytes(self) -> bytes:
        return string_at(self.event.json or 0, self.event.json_len)
