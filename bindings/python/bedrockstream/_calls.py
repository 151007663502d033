"""Calls of the library: their arguments as C takes them, and the exceptions of those that fail."""

from __future__ import annotations

import json
from ctypes import byref, sizeof
from typing import IO, Any, Union

from . import _ffi, errors
from ._events import encode_blob
from ._ffi import brs_code as Code

Body = Union[bytes, bytearray, memoryview, str, IO[bytes], IO[str]]


def call(function: Any, *arguments: Any) -> None:
    """Calls a function whose last argument is a diagnostic; raises what it tells."""
    diagnostic = _ffi.brs_diagnostic(size=sizeof(_ffi.brs_diagnostic))
    code = function(*arguments, byref(diagnostic))
    if code != Code.BRS_OK:
        raise errors.of_code(code, diagnostic.message.decode("utf-8", "replace"))


def call_plain(function: Any, *arguments: Any) -> None:
    code = function(*arguments)
    if code != Code.BRS_OK:
        raise errors.of_code(code, "%s failed" % function.__name__)


def to_text(name: str, value: str) -> bytes:
    """For C, which ends at a NUL: one inside would cut the value off unseen."""
    if not isinstance(value, str):
        raise TypeError("%s must be str, not %s" % (name, type(value).__name__))
    if "\0" in value:
        raise errors.of_code(Code.BRS_E_ARGUMENT, "%s holds a NUL character" % name)
    return value.encode("utf-8")


def to_json(name: str, value: Any) -> bytes:
    try:
        return json.dumps(value, default=encode_blob, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8, but an escape in JSON.
        return json.dumps(value, default=encode_blob, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        raise errors.of_code(Code.BRS_E_ARGUMENT, "%s is not JSON: %s" % (name, error)) from error


def to_bytes(body: Body) -> bytes:
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    return to_bytes(body.read())
