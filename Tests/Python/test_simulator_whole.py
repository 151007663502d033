"""Answers in one piece, of Converse and InvokeModel: their headers, and what goes wrong with them."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError
from conftest import Simulator
from simulator_clients import ANTHROPIC, HELLO, Raw, client


def body_of(simulator: Simulator, model: str, route: str = "converse") -> bytes:
    raw = Raw(simulator, model, route, ANTHROPIC if route == "invoke" else None)
    head = raw.head().decode().lower()
    length = int(head.split("content-length: ")[1].split("\r\n")[0])
    body = raw.pending
    while len(body) < length and (more := raw.socket.recv(65536)):
        body += more
    return body


def test_headers_of_invoke(simulator: Simulator) -> None:
    answer = client(simulator).invoke_model(
        modelId="sim.cache-100.cachehour-50.first-30",
        body=json.dumps(ANTHROPIC),
        performanceConfigLatency="optimized",
        serviceTier="flex",
    )
    assert (answer["performanceConfigLatency"], answer["serviceTier"]) == ("optimized", "flex")
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    names = ("input-token-count", "output-token-count", "cache-read-input-token-count", "cache-write-input-token-count")
    counts = {name: int(headers[f"x-amzn-bedrock-{name}"]) for name in (*names, "invocation-latency")}
    usage = json.load(answer["body"])["usage"]
    assert usage["input_tokens"] == counts["input-token-count"]
    assert usage["output_tokens"] == counts["output-token-count"]
    assert usage["cache_read_input_tokens"] == counts["cache-read-input-token-count"] == 100
    assert usage["cache_creation_input_tokens"] == counts["cache-write-input-token-count"] == 150
    assert usage["cache_creation"] == {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 50}
    assert counts["invocation-latency"] == 30
    streamed = client(simulator).invoke_model_with_response_stream(
        modelId="any", body=json.dumps(ANTHROPIC), performanceConfigLatency="optimized", serviceTier="flex"
    )
    assert (streamed["performanceConfigLatency"], streamed["serviceTier"]) == ("optimized", "flex")


@pytest.mark.parametrize("route", ["converse", "invoke"])
@pytest.mark.parametrize("knob", ["cut-40", "cutafter-40"])
def test_it_is_cut(simulator: Simulator, route: str, knob: str) -> None:
    whole = body_of(simulator, "any", route)
    short = body_of(simulator, f"sim.{knob}.how-end", route)
    assert len(short) == 40 and len(whole) > 300
    for how in ("reset", "close"):
        raw = Raw(simulator, f"sim.{knob}.how-{how}", route, ANTHROPIC if route == "invoke" else None)
        assert int(raw.head().decode().lower().split("content-length: ")[1].split("\r\n")[0]) > 300
        try:
            while more := raw.socket.recv(65536):
                raw.pending += more
            assert how == "close"
        except ConnectionResetError:
            assert how == "reset"
        assert len(raw.pending) <= 40


def test_it_is_no_json(simulator: Simulator) -> None:
    for kind, size in (("notjson", 28), ("garbage", 64), ("nopayload", 0)):
        body = body_of(simulator, f"sim.corrupt-{kind}")
        assert len(body) == size
        with pytest.raises(ValueError):
            json.loads(body)


@pytest.mark.parametrize("stall", [0, 10])
def test_it_stalls(simulator: Simulator, stall: int) -> None:
    raw = Raw(simulator, f"sim.stall-{stall}", "converse")
    raw.head()
    while len(raw.pending) < stall:
        raw.pending += raw.socket.recv(65536)
    raw.socket.settimeout(0.2)
    with pytest.raises(TimeoutError):
        raw.socket.recv(1)
    assert len(raw.pending) == stall


def test_it_comes_late_and_slowly(simulator: Simulator) -> None:
    started = time.monotonic()
    raw = Raw(simulator, "sim.event-500", "converse")
    raw.head()
    headed = time.monotonic()
    assert raw.pending or raw.socket.recv(1)
    assert headed - started < 0.5 <= time.monotonic() - started
    whole = body_of(simulator, "any")
    assert len(body_of(simulator, "sim.write-50.gap-2")) == len(whole)


def test_errors_and_what_is_no_answer(simulator: Simulator) -> None:
    for operation in ("converse", "invoke"):
        for knobs, code in (("status-503", "ServiceUnavailableException"), ("throttle-9", "ThrottlingException")):
            with pytest.raises(ClientError) as caught:
                if operation == "converse":
                    client(simulator).converse(modelId=f"sim.{knobs}", messages=HELLO)
                else:
                    client(simulator).invoke_model(modelId=f"sim.{knobs}", body=json.dumps(ANTHROPIC))
            assert caught.value.response["Error"]["Code"] == code
    assert b"<!doctype html>" in body_of(simulator, "sim.odd-html")
    endless = json.loads(body_of(simulator, "sim.nostop"))
    assert endless["output"] and "stopReason" not in endless
    assert b"usage" not in body_of(simulator, "sim.nometa")
    assert json.loads(body_of(simulator, "sim.novel"))["novelty"] == {"depth": 1}
