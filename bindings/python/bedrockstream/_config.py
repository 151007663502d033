"""Settings as the library takes them, and what it says of its keys."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_size_t, create_string_buffer, sizeof
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple, Union

from . import _ffi
from ._calls import call, call_plain, to_text
from ._ffi import brs_code as Code
from ._library import library

Setting = Union[str, int, bool]
Settings = Mapping[str, Optional[Setting]]


class ConfigKey(NamedTuple):
    """A key of `config`: its type is "text", "secret", "url", "path", "boolean", "integer" or "one of: a, b, c"."""

    name: str
    type: str
    default: str
    environment: str
    """The variables that are read where it is not set, separated by commas."""
    config_file_key: str
    """The property of a profile that is read after those."""
    meaning: str


def config_keys() -> Tuple[ConfigKey, ...]:
    """Every key that `config` takes."""
    keys: List[ConfigKey] = []
    key = _ffi.brs_config_key(size=sizeof(_ffi.brs_config_key))
    while library().brs_config_describe(len(keys), byref(key)) == Code.BRS_OK:
        members = (key.name, key.type, key.default_value, key.environment, key.config_file_key, key.meaning)
        keys.append(ConfigKey(*((member or b"").decode() for member in members)))
    return tuple(keys)


class Config:
    """Settings as a brs_config, until it is closed or a `with` block ends; `handle` is None where nothing is set."""

    def __init__(self, loaded: ctypes.CDLL, settings: Settings, is_needed: bool = False) -> None:
        self.library = loaded
        self.handle: Any = None
        given = {key: value for key, value in settings.items() if value is not None}
        if given or is_needed:
            self.handle = POINTER(_ffi.brs_config)()
            call_plain(loaded.brs_config_new, byref(self.handle))
        try:
            for key, value in given.items():
                call(loaded.brs_config_set, self.handle, to_text("config", key), to_text(key, setting(value)))
        except BaseException:
            self.close()
            raise

    def get(self, key: str) -> str:
        """What was set, else the default. A secret is not told."""
        length = c_size_t()
        name = to_text("key", key)
        call(self.library.brs_config_get, self.handle, name, None, 0, byref(length))
        value = create_string_buffer(length.value + 1)
        call(self.library.brs_config_get, self.handle, name, value, len(value), byref(length))
        return value.value.decode("utf-8", "replace")

    def close(self) -> None:
        if self.handle is not None:
            self.library.brs_config_free(self.handle)
            self.handle = None

    def __enter__(self) -> Any:
        return self.handle

    def __exit__(self, *exception: object) -> None:
        self.close()


def setting(value: Setting) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
