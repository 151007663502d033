"""Finds and loads libbedrockstream."""

from __future__ import annotations

import ctypes
import functools
import os
from typing import List, Tuple

from . import _ffi

SONAME = "libbedrockstream.so.0"
VARIABLE = "BEDROCKSTREAM_LIBRARY"


class LibraryNotFound(ImportError):
    """libbedrockstream could not be loaded; the message names every place that was tried, and why it failed."""


@functools.lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    """The library, loaded once; at the first use and not at import, so that importing costs and risks nothing."""
    failures: List[str] = []
    for place, name in candidates():
        try:
            return prepared(ctypes.CDLL(located(name)))
        except (OSError, AttributeError) as error:
            failures.append("%s: %s" % (place, error))
    raise LibraryNotFound("%s could not be loaded:\n  %s" % (SONAME, "\n  ".join(failures)))


def candidates() -> List[Tuple[str, str]]:
    """Where to look, in order, as (what to call the place, what to load)."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        # A choice of the user is final: quietly loading another library would be a trap.
        return [(VARIABLE, chosen)]
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    return [("beside the package", beside), ("the system's loader", SONAME), ("the system's cache", "")]


def located(name: str) -> str:
    """What to load; for the last place, what ctypes finds by running other programs."""
    if name:
        return name
    from ctypes.util import find_library  # costs more to import than all the rest

    found = find_library("bedrockstream")
    if not found:
        raise OSError("ctypes.util.find_library knows no bedrockstream")
    return found


def prepared(loaded: ctypes.CDLL) -> ctypes.CDLL:
    """Declares the prototypes; AttributeError where the library is too old to have them all."""
    _ffi.declare(loaded)
    return loaded
