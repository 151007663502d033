"""A lock that a fork does not leave shut for ever."""

from __future__ import annotations

import os
import threading

from . import errors
from ._ffi import brs_code as Code


class Lock:
    """As threading.Lock. A thread that held it when the process forked is not there in the child to open it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()
        self.release = self._lock.release

    def acquire(self, blocking: bool = True) -> bool:
        if self._lock.acquire(False):
            return True
        if os.getpid() != self._process:
            raise errors.of_code(Code.BRS_E_FORKED, "made before a fork and in use then; make a new client")
        return blocking and self._lock.acquire()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *exception: object) -> None:
        self.release()
