"""What the simulator puts on the wire: errors, frames, chunks, pace, and every fault it was asked for."""

from __future__ import annotations

import json
import socket
import struct
import time
import zlib

import pytest
from botocore.eventstream import ChecksumMismatch, DuplicateHeader
from botocore.exceptions import EventStreamError
from conftest import Simulator
from simulator_clients import (
    ANTHROPIC,
    BODY,
    HELLO,
    Raw,
    chunks,
    client,
    converse,
    frames,
    kinds,
    raw_stream,
    refused,
    texts_of,
)

# ---- errors


@pytest.mark.parametrize(
    ("model", "code", "status"),
    [
        ("sim.status-429", "ThrottlingException", 429),
        ("sim.status-503", "ServiceUnavailableException", 503),
        ("sim.error-ModelNotReadyException", "ModelNotReadyException", 429),
        ("sim.error-ModelErrorException", "ModelErrorException", 424),
        ("sim.status-504.shape-html", "504", 504),
        ("sim.status-400.shape-type", "ValidationException", 400),
        ("sim.status-400.shape-code", "ValidationException", 400),
        ("sim.status-400.shape-upper", "ValidationException", 400),
    ],
)
def test_errors(simulator: Simulator, model: str, code: str, status: int) -> None:
    assert refused(simulator, model)[:2] == (code, status)


def test_errors_that_pass(simulator: Simulator) -> None:
    first, second = (client(simulator, attempts=3) for _ in range(2))
    answer = first.converse(modelId="sim.status-503.times-2", messages=HELLO)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert second.converse(modelId="sim.status-503.times-2", messages=HELLO)["ResponseMetadata"]["RetryAttempts"] == 0
    assert (
        second.converse(modelId="sim.status-503.times-2.key-b", messages=HELLO)["ResponseMetadata"]["RetryAttempts"]
        == 2
    )
    simulator.reset()
    assert first.converse(modelId="sim.throttle-1", messages=HELLO)["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.parametrize(("after", "deltas"), [("start", 0), ("0", 0), ("5", 5)])
def test_exceptions_in_the_stream(simulator: Simulator, after: str, deltas: int) -> None:
    model = f"sim.exception-modelStreamErrorException.after-{after}"
    seen = []
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        for event in client(simulator).converse_stream(modelId=model, messages=HELLO)["stream"]:
            seen.append(event)
    assert len(texts_of(seen)) == deltas and bool(seen) == (after != "start")


def test_exception_forms(simulator: Simulator) -> None:
    as_event = frames(raw_stream(simulator, "sim.exception-throttlingException.as-event"))[-1]
    assert as_event[0][":message-type"] == "event" and as_event[0][":event-type"] == "throttlingException"
    as_error = frames(raw_stream(simulator, "sim.exception-boom.as-error.after-end"))[-1]
    assert as_error[0][":message-type"] == "error" and as_error[0][":error-code"] == "boom"
    chunked = frames(
        raw_stream(simulator, "sim.exception-modelTimeoutException.after-2", "invoke-with-response-stream", ANTHROPIC)
    )
    assert chunked[-1][0][":exception-type"] == "modelTimeoutException"


# ---- bytes


def test_frames_look_like_the_service_s(simulator: Simulator) -> None:
    pads = set()
    for headers, payload in frames(raw_stream(simulator, "sim.pieces-50")):
        assert list(headers) == [":event-type", ":content-type", ":message-type"]
        assert headers[":content-type"] == "application/json" and headers[":message-type"] == "event"
        pads.add(json.loads(payload)["p"])
    assert len(pads) > 10
    assert b'"p":' not in raw_stream(simulator, "sim.nopad")


def test_response_heads(simulator: Simulator) -> None:
    head = Raw(simulator, "a").head().decode()
    assert head.startswith("HTTP/1.1 200 OK\r\n") and "Transfer-Encoding: chunked" in head
    for name in ("Date: ", "x-amzn-RequestId: ", "Content-Type: application/vnd.amazon.eventstream"):
        assert name in head
    assert (
        "X-Amzn-Bedrock-Content-Type: application/json"
        in Raw(simulator, "a", "invoke-with-response-stream", ANTHROPIC).head().decode()
    )


def test_chunks_and_writes_ignore_borders(simulator: Simulator) -> None:
    whole = frames(raw_stream(simulator, "sim.pieces-30.nopad"))
    raw = Raw(simulator, "sim.pieces-30.nopad.chunk-7.write-3")
    raw.head()
    chunks_sent = list(raw.chunks())
    assert {len(chunk) for chunk in chunks_sent[:-1]} == {7}
    assert len(frames(b"".join(chunks_sent))) == len(whole)
    raw = Raw(simulator, "sim.pieces-30.frames-10")
    raw.head()
    assert [len(frames(chunk)) for chunk in raw.chunks()] == [10, 10, 10, 4]


def test_a_body_that_ends_with_the_connection(simulator: Simulator) -> None:
    raw = Raw(simulator, "sim.pieces-5.close")
    head = raw.head()
    assert b"Connection: close" in head and b"chunked" not in head and b"Content-Length" not in head
    assert len(frames(b"".join(raw.rest()))) == 9
    assert len(converse(simulator, "sim.pieces-5.close")) == 9


def test_keep_alive_and_pipelining(simulator: Simulator) -> None:
    body = json.dumps({"messages": HELLO})
    one = (
        f"POST /model/sim.echo/converse HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {simulator.bearer_token}\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n{len(body):x};x=y\r\n{body}\r\n0\r\nTrailer: 1\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=10) as connection:
        connection.sendall(one.encode() * 3)
        data = b""
        while data.count(b"hello big world") < 3:
            data += connection.recv(65536)
    assert data.count(b"HTTP/1.1 200 OK") == 3
    assert simulator.stats()["status"] == {"200": 3}


def test_expect_continue(simulator: Simulator) -> None:
    head = (
        f"POST /model/sim.echo/converse HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {simulator.bearer_token}\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST /model/a/converse HTTP/1.1\r\nContent-Length: 25000001", 413),
        ("GET  / HTTP/1.1", 400),
        ("POST / HTTP/1.1\r\nContent-Length: x", 400),
        ("POST / HTTP/1.1\r\nBad Name: x", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1", 400),
        ("GET / HTTP/1.1\r\nX: " + "y" * 70000, 431),
    ],
)
def test_what_is_no_request(simulator: Simulator, head: str, status: int) -> None:
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"\r\n\r\n")
        answer = b""
        while more := connection.recv(65536):
            answer += more
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_a_large_body(simulator: Simulator) -> None:
    message = [{"role": "user", "content": [{"text": "x" * 20_000_000}]}]
    answer = client(simulator).converse(modelId="sim.pieces-1", messages=message)
    assert answer["usage"]["inputTokens"] == 5_000_000


# ---- time


def test_pace(simulator: Simulator) -> None:
    start = time.monotonic()
    converse(simulator, "sim.pieces-21.rate-100")
    assert 0.2 <= time.monotonic() - start < 5
    start = time.monotonic()
    raw = Raw(simulator, "sim.pieces-1.first-100.event-700")
    raw.head()
    middle = time.monotonic()
    b"".join(raw.chunks())
    assert 0.1 <= middle - start < 0.7 and time.monotonic() - start >= 0.8


def test_drip(simulator: Simulator) -> None:
    raw = Raw(simulator, "sim.text-.nopad.drip-1")
    raw.head()
    start = time.monotonic()
    data = b"".join(raw.chunks())
    assert len(frames(data)) == 4 and time.monotonic() - start > len(data) * 0.001


def test_silence_and_stall(simulator: Simulator) -> None:
    raw = Raw(simulator, "sim.silent")
    raw.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        raw.socket.recv(1)
    raw = Raw(simulator, "sim.stall-3")
    raw.head()
    raw.socket.settimeout(0.3)
    seen = b""
    with pytest.raises(TimeoutError):
        for chunk in raw.chunks():
            seen += chunk
    assert len(frames(seen)) == 4
    raw.socket.close()
    deadline = time.monotonic() + 5
    while simulator.stats()["streams"]["abandoned"] < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert simulator.stats()["streams"]["open"] == 0


# ---- faults


@pytest.mark.parametrize("how", ["reset", "close", "end"])
@pytest.mark.parametrize("knob", ["cut-300", "cutafter-2"])
def test_cuts(simulator: Simulator, knob: str, how: str) -> None:
    raw = Raw(simulator, f"sim.pieces-9.nopad.{knob}.how-{how}")
    raw.head()
    seen = b""
    problem: type[Exception] | None = None
    try:
        for chunk in raw.chunks():
            seen += chunk
    except (EOFError, ConnectionResetError) as error:
        problem = type(error)
    assert problem == {"reset": ConnectionResetError, "close": EOFError, "end": None}[how]
    assert len(seen) == 300 if knob == "cut-300" else len(frames(seen)) == 3
    if how == "end":
        assert simulator.stats()["streams"]["cut"] == 1


def damaged(simulator: Simulator, kind: str, frame: int = 3) -> bytes:
    return raw_stream(simulator, f"sim.pieces-9.corrupt-{kind}.frame-{frame}")


def test_damage(simulator: Simulator) -> None:
    for kind in ("crc", "prelude", "garbage"):
        with pytest.raises(ChecksumMismatch):
            frames(damaged(simulator, kind))
    with pytest.raises(DuplicateHeader):
        frames(damaged(simulator, "duplicate"))
    for kind, length in (("length", 0x7FFFFFF0), ("short", 15)):
        data = damaged(simulator, kind, frame=0)
        total, _, checksum = struct.unpack(">III", data[:12])
        assert total == length and checksum == zlib.crc32(data[:8])
    assert ":message-type" not in frames(damaged(simulator, "untyped"))[3][0]
    assert frames(damaged(simulator, "nottext"))[3][0][":message-type"] == 1
    with pytest.raises(json.JSONDecodeError):
        json.loads(frames(damaged(simulator, "notjson"))[3][1])
    assert frames(damaged(simulator, "nopayload"))[3][1] == b""


def test_missing_ends(simulator: Simulator) -> None:
    assert "messageStop" not in kinds(converse(simulator, "sim.nostop"))
    assert "metadata" not in kinds(converse(simulator, "sim.nometa"))
    assert [p["type"] for p in chunks(simulator, "sim.nostop", ANTHROPIC)][-1] == "content_block_stop"
    assert raw_stream(simulator, "sim.pieces-1.trailing-5").endswith(b"*****")


def test_bodies_that_are_no_stream(simulator: Simulator) -> None:
    for kind, mark in (("json", b"application/json"), ("html", b"text/html"), ("empty", b"Content-Length: 0")):
        head = Raw(simulator, f"sim.odd-{kind}").head()
        assert b" 200 OK" in head and mark in head


def test_hangup(simulator: Simulator) -> None:
    raw = Raw(simulator, "sim.hangup")
    assert b"Connection: close" not in raw.head()
    b"".join(raw.chunks())
    assert raw.socket.recv(1) == b""


def test_no_response_at_all(simulator: Simulator) -> None:
    with pytest.raises(ConnectionResetError):
        Raw(simulator, "sim.drop-reset").socket.recv(1)
    assert Raw(simulator, "sim.drop-close").socket.recv(1) == b""
    answer = client(simulator, attempts=2).converse(modelId="sim.drop-reset.times-1", messages=HELLO)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_odd_heads(simulator: Simulator) -> None:
    assert Raw(simulator, "sim.head-garbage").head() == b"\x01not HTTP"
    assert len(Raw(simulator, "sim.head-huge").head()) > 100_000
    raw = Raw(simulator, "sim.head-interim")
    assert raw.head().startswith(b"HTTP/1.1 103 ") and raw.head().startswith(b"HTTP/1.1 200 ")


def test_half_a_surrogate_pair(simulator: Simulator) -> None:
    assert texts_of(converse(simulator, "sim.lone"))[0] == "\ud83cYou"
