"""The bodies that the library writes from a prompt, against botocore's validation and its reading of JSON."""

from __future__ import annotations

import ctypes
import json
import os
import pathlib
import random
from typing import Any

import pytest
from botocore.validate import ParamValidator
from conftest import Simulator
from model_generator import MODEL

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("BEDROCKSTREAM_LIBRARY", str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))

from bedrockstream import _calls, _config, _ffi, errors  # noqa: E402
from bedrockstream._library import library  # noqa: E402

ALPHABET = "ab \t\r\n\"\\/\x01\x1f\x7f\x80é\u07ff\u0800\u2028\ud7ff\ue000\uffff\U00010000\U0010ffff🦉"


def ask(simulator: Simulator, **members: Any) -> dict[str, Any]:
    """Opens a stream with these members of a request; the body that arrived."""
    lib = library()
    own, stream = ctypes.POINTER(_ffi.brs_client)(), ctypes.POINTER(_ffi.brs_stream)()
    event = ctypes.POINTER(_ffi.brs_event)()
    settings = {
        "region": "us-east-1", "endpoint_url": simulator.endpoint, "credentials.access_key_id": simulator.access_key,
        "credentials.secret_access_key": simulator.secret_key}
    with _config.Config(lib, settings) as config:
        _calls.call(lib.brs_client_new, config, ctypes.byref(own))
    try:
        request = _ffi.brs_request(
            size=ctypes.sizeof(_ffi.brs_request), operation=_ffi.brs_operation.BRS_CONVERSE_STREAM,
            model_id=b"sim.text-x", **members)
        _calls.call(lib.brs_stream_open, own, ctypes.byref(request), None, ctypes.byref(stream))
        while lib.brs_stream_next(stream, 10_000, ctypes.byref(event)) == 0:
            pass
        lib.brs_stream_free(stream)
    finally:
        lib.brs_client_free(own)
    return dict(json.loads(simulator.requests()[-1]["body"]))


@pytest.mark.parametrize("seed", range(12))
def test_bodies_are_valid_and_say_what_was_given(simulator: Simulator, seed: int) -> None:
    source = random.Random(seed)
    prompt, system = ("".join(source.choices(ALPHABET, k=source.randrange(1, 80))) for _ in range(2))
    most, temperature = source.choice([1, 4096, 2**31 - 1]), source.choice([0.0, 1.0, source.random(), 1e-9])
    body = ask(
        simulator, prompt=prompt.encode(), system=system.encode(), max_tokens=most, has_temperature=1,
        temperature=temperature)
    assert body == {
        "messages": [{"role": "user", "content": [{"text": prompt}]}], "system": [{"text": system}],
        "inferenceConfig": {"maxTokens": most, "temperature": temperature}}
    shape = MODEL.operation_model("ConverseStream").input_shape
    assert not ParamValidator().validate({"modelId": "m", **body}, shape).has_errors()


def test_a_prompt_alone_is_one_message(simulator: Simulator) -> None:
    assert ask(simulator, prompt=b"hi") == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}


@pytest.mark.parametrize(("members", "name"), [
    ({"prompt": b""}, "request.prompt"), ({"prompt": b"\xff"}, "request.prompt"),
    ({"prompt": b"x", "system": b"\xed\xa0\x80"}, "request.system"),
    ({"prompt": b"x", "max_tokens": -1}, "request.max_tokens"),
    ({"prompt": b"x", "has_temperature": 1, "temperature": float("nan")}, "request.temperature"),
])
def test_what_no_body_can_say_is_refused(simulator: Simulator, members: dict[str, Any], name: str) -> None:
    with pytest.raises(errors.ArgumentError, match=name):
        ask(simulator, **members)
