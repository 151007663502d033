"""The library's decoder of response bodies (brs_decoder_*), and all that its callbacks are told."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("BEDROCKSTREAM_LIBRARY", str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))

from bedrockstream import _ffi, _library  # noqa: E402

# What a callback was told, in order: its name, and its structure with texts as bytes.
Told = tuple[str, dict[str, Any]]


def plain(structure: ctypes.Structure) -> dict[str, Any]:
    """A structure of the library by the names of its members: texts are copied, what it points to is followed."""
    size = getattr(structure, "size", ctypes.sizeof(structure))
    names = {field[0] for field in structure._fields_ if getattr(type(structure), field[0]).offset < size}
    copied: dict[str, Any] = {}
    for name in names:
        if name == "size" or (name.endswith("_len") and name.removesuffix("_len") in names):
            continue
        value = getattr(structure, name)
        if name + "_len" in names:
            copied[name] = text(value, getattr(structure, name + "_len"))
        elif isinstance(value, ctypes.Structure):
            copied[name] = plain(value)
        elif isinstance(value, ctypes._Pointer):
            copied[name] = plain(value.contents) if value else None
        else:
            copied[name] = value
    return copied


def text(address: int | None, length: int) -> bytes:
    """A text as the header promises it: never NULL, with a NUL behind it."""
    assert address is not None
    both = ctypes.string_at(address, length + 1)
    assert both.endswith(b"\0")
    return both[:-1]


class BodyDecoder:
    """One decoder for any number of bodies of an operation."""

    def __init__(self, operation: int) -> None:
        self._told: list[Told] = []
        self._fault: BaseException | None = None
        self._library = _library.library()
        # Kept alive here: the library holds no reference that Python knows of.
        self._callbacks = _ffi.brs_callbacks(
            size=ctypes.sizeof(_ffi.brs_callbacks),
            on_delta=_ffi.brs_on_delta(self._keeper("delta")),
            on_tool=_ffi.brs_on_tool(self._keeper("tool")),
            on_stop=_ffi.brs_on_stop(self._keeper("stop")),
            on_error=_ffi.brs_on_error(self._keeper("error")),
            on_event=_ffi.brs_on_event(self._keeper("event")),
        )
        self._decoder = ctypes.POINTER(_ffi.brs_decoder)()
        made = self._library.brs_decoder_new(
            operation, ctypes.byref(self._callbacks), ctypes.byref(self._decoder), None
        )
        assert made == _ffi.brs_code.BRS_OK, made

    def __del__(self) -> None:
        self._library.brs_decoder_free(self._decoder)

    def _keeper(self, name: str) -> Any:
        def keep(user: Any, stream: Any, told: Any) -> int:
            try:
                self._told.append((name, plain(told.contents)))
            except BaseException as fault:  # ctypes would swallow it
                self._fault = fault
            return int(_ffi.brs_flow.BRS_FLOW_CONTINUE)

        return keep

    def decode(self, chunks: Iterable[bytes]) -> list[Told]:
        """What the callbacks were told about a body; its end comes last, and only once."""
        assert self._library.brs_decoder_reset(self._decoder) == _ffi.brs_code.BRS_OK
        self._told = []
        for chunk in chunks:
            if self._library.brs_decoder_feed(self._decoder, chunk, len(chunk)) != _ffi.brs_code.BRS_OK:
                assert self._told[-1][0] == "error"
        ended = self._library.brs_decoder_finish(self._decoder)
        if self._fault:
            raise self._fault
        told = self._told
        assert [name for name, _ in told if name in ("stop", "error")] == [told[-1][0]]
        assert ended == (told[-1][1]["code"] if told[-1][0] == "error" else _ffi.brs_code.BRS_OK)
        return told
