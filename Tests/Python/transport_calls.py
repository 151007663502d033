"""Streams through the C interface by callbacks, each of which counts its ends, and what is to be said of them."""

from __future__ import annotations

import ctypes
import json
import os
import pathlib
import threading
import time
from ctypes import POINTER, byref, sizeof, string_at
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("BEDROCKSTREAM_LIBRARY", str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))

import bedrockstream  # noqa: E402
from bedrockstream import _ffi  # noqa: E402
from bedrockstream._calls import call  # noqa: E402
from bedrockstream._config import Config  # noqa: E402

QUESTION = "Tell me about rivers."
KEYS = {
    "region": "us-east-1", "credentials.access_key_id": "AKIDEXAMPLE",
    "credentials.secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
ONE_ATTEMPT = {"retry.mode": "off"}  # a test that looks at retries asks for another


@dataclass
class Ending:
    """How a stream ended, and what it delivered until then."""

    name: str
    text: str
    result: bedrockstream.Result
    error: bedrockstream.BedrockStreamError | None = None
    seconds: float = 0.0

    @property
    def phase(self):
        return self.error.phase.name if self.error else ""

    @property
    def message(self):
        return self.error.message if self.error else ""


class Call:
    """One stream by callbacks. Every end is counted: a test that asks for the ending also asks for exactly one."""

    def __init__(self, library, client, model, settings, hold=False, question=QUESTION):
        self.library = library
        self.hold = hold
        self.deltas, self.pieces = 0, []
        self.ends = []
        self.begun, self.done = threading.Event(), threading.Event()
        self.callbacks = _ffi.brs_callbacks(
            size=sizeof(_ffi.brs_callbacks), on_delta=_ffi.brs_on_delta(self._delta),
            on_stop=_ffi.brs_on_stop(self._stop), on_error=_ffi.brs_on_error(self._error))
        body = json.dumps({"messages": [{"role": "user", "content": [{"text": question}]}]}).encode()
        request = _ffi.brs_request(
            size=sizeof(_ffi.brs_request), operation=_ffi.brs_operation.BRS_CONVERSE_STREAM, model_id=model.encode(),
            body=ctypes.cast(ctypes.c_char_p(body), ctypes.c_void_p).value, body_len=len(body))
        self.stream = POINTER(_ffi.brs_stream)()
        self.started = time.monotonic()
        with Config(library, settings) as config:
            if config is not None:
                request.config = config
            call(library.brs_stream_open, client, byref(request), byref(self.callbacks), byref(self.stream))

    def _delta(self, user, stream, delta):
        piece = delta.contents
        self.deltas += 1
        if piece.kind == _ffi.brs_delta_kind.BRS_DELTA_TEXT:
            self.pieces.append(string_at(piece.text, piece.text_len).decode())
            self.begun.set()
        return _ffi.brs_flow.BRS_FLOW_PAUSE if self.hold else _ffi.brs_flow.BRS_FLOW_CONTINUE

    def _stop(self, user, stream, result):
        self._ended(Ending("BRS_OK", "", bedrockstream.result.read_result(result.contents, [])))

    def _error(self, user, stream, error):
        error = bedrockstream.errors.of_stream(error.contents, [])
        self._ended(Ending(error.name, "", error.partial, error))

    def _ended(self, ending):
        ending.seconds = time.monotonic() - self.started
        ending.text = "".join(self.pieces)
        self.ends.append(ending)
        self.done.set()

    def wait_for_text(self, seconds=10):
        assert self.begun.wait(seconds), f"no text came: {self.ends}"

    def go_on(self):
        self.hold = False
        self.library.brs_stream_resume(self.stream)

    def end(self, seconds=20):
        """Waits for the end. What the library tells of it must agree with what was delivered."""
        came = self.done.wait(seconds)
        self.free()
        assert came, "the stream did not end by itself"
        assert len(self.ends) == 1
        ending = self.ends[0]
        assert ending.text == "".join(self.pieces) == ending.result.text
        assert ending.result.delivered == self.deltas
        assert ending.error is None or ending.error.delivered == self.deltas
        return ending

    def free(self):
        self.library.brs_stream_free(self.stream)
        self.stream = None


class Caller:
    """A client of the library. When it is closed, each of its streams has had exactly one end."""

    def __init__(self, endpoint, **settings):
        self.library = bedrockstream._library.library()
        self.client = POINTER(_ffi.brs_client)()
        self.calls = []
        texts = {name.replace("__", "."): value for name, value in settings.items()}
        with Config(self.library, {**KEYS, **ONE_ATTEMPT, "endpoint_url": endpoint, **texts}) as config:
            self.prepare(config)
            call(self.library.brs_client_new, config, byref(self.client))

    def prepare(self, config):
        """What a configuration gets beside its keys."""

    def start(self, model, hold=False, question=QUESTION, **settings):
        texts = {name.replace("__", "."): value for name, value in settings.items()}
        self.calls.append(Call(self.library, self.client, model, texts, hold, question))
        return self.calls[-1]

    def run(self, model, **settings):
        return self.start(model, **settings).end()

    def close(self):
        for one in self.calls:
            if one.stream is not None:
                one.free()
        self.library.brs_client_free(self.client)
        assert [len(one.ends) for one in self.calls] == [1] * len(self.calls)


def assert_answered(ending, meant):
    """Well, and whole."""
    assert (ending.name, ending.message) == ("BRS_OK", "")
    assert ending.text == meant.text != ""
    assert ending.result.stop_reason == meant.result.stop_reason == "end_turn"
    assert ending.result.usage == meant.result.usage
    assert ending.result.delivered == meant.result.delivered


def assert_failed(ending, name, phase, *words):
    """In this way, before any text came."""
    assert (ending.name, ending.phase) == (name, "BRS_PHASE_" + phase), ending.message
    for word in words:
        assert word in ending.message
    assert ending.text == ""
    assert ending.seconds < 8


def assert_broken_off(ending, meant, name="BRS_E_INCOMPLETE"):
    """In the middle, with what had come."""
    assert (ending.name, ending.phase) == (name, "BRS_PHASE_STREAM"), ending.message
    assert ending.text and meant.text.startswith(ending.text)
    assert len(ending.text) < len(meant.text)
    assert ending.result.stop_reason is None
