"""Log lines of the library, on their way to a logger of Python."""

from __future__ import annotations

import ctypes
import threading
from typing import TYPE_CHECKING, Any, Optional, Tuple

from . import _ffi
from ._calls import call_plain
from ._ffi import brs_log_level as Level

if TYPE_CHECKING:
    from logging import Logger
    from queue import SimpleQueue

# The numbers of the module logging.
LEVELS = {
    Level.BRS_LOG_DEBUG: 10,
    Level.BRS_LOG_INFO: 20,
    Level.BRS_LOG_WARNING: 30,
    Level.BRS_LOG_ERROR: 40,
}
# How long the end of a client waits for a handler that is busy.
LAST_LINES_S = 1.0


class LogLines:
    """Takes lines from the client's thread, and gives them to a logger on one of its own.

    Handlers may wait and hold locks: on the client's thread they would hold up its streams, and its end where the
    thread that frees it is inside a handler.
    """

    def __init__(self, logger: Logger) -> None:
        from queue import SimpleQueue  # costs more to import than most of the rest

        self._logger = logger
        self._lines: SimpleQueue[Optional[Tuple[int, bytes]]] = SimpleQueue()
        self._callback = _ffi.brs_on_log(self._take)
        self._thread = threading.Thread(target=self._write, name="bedrockstream-log", daemon=True)
        self._thread.start()

    def register(self, loaded: ctypes.CDLL, config: Any) -> None:
        wanted = [level for level, number in LEVELS.items() if self._logger.isEnabledFor(number)]
        call_plain(loaded.brs_config_on_log, config, max(wanted, default=Level.BRS_LOG_NONE), self._callback, None)

    def _take(self, _user: Any, level: int, message: Optional[bytes], _length: int) -> None:
        self._lines.put((level, message or b""))

    def _write(self) -> None:
        line = self._lines.get()
        while line is not None:
            level, message = line
            try:
                self._logger.log(LEVELS.get(Level(level), 10), "%s", message.decode("utf-8", "replace"))
            except Exception:
                pass  # a logger that cannot write has nobody to tell
            line = self._lines.get()

    def end(self) -> None:
        """The client has said its last. Waits until that is written."""
        self._lines.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(LAST_LINES_S)
