"""What the client with threads and the one of asyncio have in common."""

from __future__ import annotations

import ctypes
import functools
import weakref
from ctypes import POINTER, byref, sizeof
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional

from . import _ffi, errors
from ._calls import call, call_plain, to_text
from ._config import Config, Setting
from ._ffi import brs_code as Code
from ._library import library
from ._lock import Lock
from ._log import LogLines
from ._requests import Call
from .identity import Credentials, Host, Mfa, Token

if TYPE_CHECKING:
    from logging import Logger


class ClientCore:
    """A client of the library, its settings, and whom it asks and tells."""

    # What the caller's settings must not change.
    _own_settings: Mapping[str, Setting] = {}

    def __init__(
        self,
        region_name: Optional[str] = None,
        endpoint_url: Optional[str] = None,
        aws_access_key_id: Optional[str] = None,
        aws_secret_access_key: Optional[str] = None,
        aws_session_token: Optional[str] = None,
        bearer_token: Optional[str] = None,
        config: Optional[Mapping[str, Setting]] = None,
        *,
        profile_name: Optional[str] = None,
        credentials: Optional[Credentials] = None,
        token: Optional[Token] = None,
        mfa: Optional[Mfa] = None,
        logger: Optional[Logger] = None,
    ) -> None:
        self._library = library()
        settings: Dict[str, Optional[Setting]] = {
            "region": region_name,
            "endpoint_url": endpoint_url,
            "profile": profile_name,
            "credentials.access_key_id": aws_access_key_id,
            "credentials.secret_access_key": aws_secret_access_key,
            "credentials.session_token": aws_session_token,
            "bearer_token": bearer_token,
        }
        settings.update(config or {})
        for key, value in self._own_settings.items():
            if str(settings.setdefault(key, value)) != str(value):
                message = "%s: is %s for %s, not %s" % (key, value, type(self).__name__, settings[key])
                raise errors.of_code(Code.BRS_E_CONFIG, message)
        client = POINTER(_ffi.brs_client)()
        # What the client calls must be there until it has ended.
        self._host = Host(self._library, credentials, token, mfa)
        self._config = Config(self._library, settings, is_needed=True)
        lines = None
        try:
            self._host.register(self._config.handle)
            if logger is not None:
                lines = LogLines(logger)
                lines.register(self._library, self._config.handle)
            call(self._library.brs_client_new, self._config.handle, byref(client))
        except BaseException:
            end(self._library, None, self._config, lines)
            raise
        self._handle = client
        self._using = Lock()  # held while the handle is in use
        self._draining = Lock()  # held by what waits too long to hold the other
        at_end = functools.partial(end, self._library, client, self._config, lines)
        self._free = weakref.finalize(self, self._ending(at_end))

    def _ending(self, at_end: Callable[[], None]) -> Callable[[], None]:
        """What the client's end is, once nobody has it any more. It must not keep the client."""
        return at_end

    def setting(self, key: str) -> str:
        """The value of a configuration key: what was given to this client, else the default; not that of a secret.

        What the environment and the profile say of it is not in there.
        """
        with self._using:
            self._check_open()
            return self._config.get(key)

    def warm(self, streams: int) -> None:
        """Keeps connections ready for `streams` streams at once, 4096 at most; 0 ends that. Returns at once.

        They are opened and renewed by requests of GET /ping without credentials; what fails is logged and tried again.
        """
        with self._using:
            self._check_open()
            call_plain(self._library.brs_client_warm, self._handle, max(min(streams, 0xFFFFFFFF), -1))

    def _check_open(self) -> None:
        if not self._free.alive:
            raise errors.of_code(Code.BRS_E_CLOSED, "the client was closed")

    def _send(self, one: Call, number: Optional[int] = None) -> Any:
        """Opens a stream, which is known by that number where all of a client are read together; its handle."""
        handle = POINTER(_ffi.brs_stream)()
        request = _ffi.brs_request(size=sizeof(_ffi.brs_request), operation=one.operation)
        request.model_id = to_text("modelId", one.model_id)
        request.body = ctypes.cast(ctypes.c_char_p(one.body), ctypes.c_void_p).value
        request.body_len = len(one.body)
        request.user = number
        with Config(self._library, one.settings) as config:
            if config is not None:
                request.config = config
            with self._using:
                self._check_open()
                call(self._library.brs_stream_open, self._handle, byref(request), None, byref(handle))
        return handle


def end(loaded: ctypes.CDLL, client: Any, config: Config, lines: Optional[LogLines]) -> None:
    """The end of a client, and of what was made for it."""
    if client is not None:
        loaded.brs_client_free(client)
    config.close()
    if lines is not None:
        lines.end()
