"""Recorded exchanges, served again."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import Simulator, simulator_binary
from simulator_clients import ANTHROPIC, HELLO, Raw, client, kinds, raw_stream

Line = dict[str, Any]
STREAM = ["HTTP/1.1 200 OK", "Content-Type: application/vnd.amazon.eventstream", "x-amzn-RequestId: recorded",
          "Transfer-Encoding: chunked", "Connection: keep-alive", "Date: Sun, 06 Nov 1994 08:49:37 GMT", ""]
DOCUMENT = ["HTTP/2 200 ", "content-type: application/json", "content-length: 11", ""]


def exchange(
    number: int, model: str, head: list[str], pieces: list[tuple[int, bytes]], end: str | None = "complete",
    body: Any = None, route: str = "converse-stream", process: str = "c0ffee",
) -> list[Line]:
    same = {"exchange": number, "process": process, "attempt": 1}
    url = f"https://bedrock-runtime.us-east-1.amazonaws.com/model/{model}/{route}"
    request: Line = {"method": "POST", "url": url, "headers": [["content-type", "application/json"]]}
    request["body"] = json.dumps(body if body is not None else {"messages": HELLO})
    lines = [same | {"t_us": 0, "request": request}]
    lines += [same | {"t_us": 1000, "head": line} for line in head]
    lines += [same | {"t_us": at, "bytes_b64": base64.b64encode(data).decode()} for at, data in pieces]
    last = pieces[-1][0] if pieces else 2000
    if end:
        lines.append(same | {"t_us": last, "end": end} | ({"message": "broken"} if end == "cut" else {}))
    return lines


def replaying(simulator: Simulator, folder: Path, lines: list[Line], *options: str) -> Simulator:
    file = folder / f"recording-{time.monotonic_ns()}.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    return simulator.start("--replay", str(file), *options)


def body(raw: Raw) -> bytes:
    return b"".join(raw.rest())


def test_a_stream_comes_back_as_it_was(simulator: Simulator, tmp_path: Path) -> None:
    data = raw_stream(simulator, "sim.echo")
    pieces = [(2000, data[:7]), (150_000, data[7:90]), (300_000, data[90:])]
    other = replaying(simulator, tmp_path, exchange(1, "a%3Ab", STREAM, pieces))
    started = time.monotonic()
    answer = client(other).converse_stream(modelId="a:b", messages=HELLO)
    assert answer["ResponseMetadata"]["RequestId"] == "recorded"
    events = list(answer["stream"])
    assert 0.29 < time.monotonic() - started < 10
    assert kinds(events)[0] == "messageStart" and kinds(events)[-1] == "metadata"
    raw = Raw(other, "a%3Ab")
    head = raw.head().decode()
    assert head.count("Date: ") == head.count("Transfer-Encoding: ") == head.count("Connection: ") == 1
    assert "1994" not in head and b"".join(raw.chunks()) == data


@pytest.mark.parametrize(("speed", "least", "most"), [("0", 0, 1), ("4", 0.24, 1), ("0.5", 1.99, 10)])
def test_speed(simulator: Simulator, tmp_path: Path, speed: str, least: float, most: float) -> None:
    lines = exchange(1, "a", STREAM, [(100_000, b"x"), (1_000_000, b"y")])
    other = replaying(simulator, tmp_path, lines, "--replay-speed", speed)
    started = time.monotonic()
    raw = Raw(other, "a")
    raw.head()
    assert b"".join(raw.chunks()) == b"xy" and least <= time.monotonic() - started <= most


def test_documents_keep_their_length(simulator: Simulator, tmp_path: Path) -> None:
    lines = exchange(1, "a", DOCUMENT, [(2000, b'{"a"'), (3000, b": true}")], route="invoke")
    other = replaying(simulator, tmp_path, lines)
    answer = client(other).invoke_model(modelId="a", body=json.dumps(ANTHROPIC))
    assert answer["body"].read() == b'{"a": true}' and answer["contentType"] == "application/json"
    assert answer["ResponseMetadata"]["HTTPHeaders"]["content-length"] == "11"


def test_which_exchange_answers(simulator: Simulator, tmp_path: Path) -> None:
    lines = []
    for number, question in enumerate(("one", "two", "one")):
        lines += exchange(number, "a", STREAM, [(0, f"{number}".encode())], body={"q": question, "n": 1.0})
    # Exchanges of two processes have the same numbers, and their lines may lie between each other's.
    foreign = exchange(0, "b", STREAM, [(0, b"other")], process="beef")
    mixed = [line for pair in zip(lines[: len(foreign)], foreign, strict=True) for line in pair]
    other = replaying(simulator, tmp_path, mixed + lines[len(foreign) :])

    def ask(question: str, model: str = "a") -> bytes:
        raw = Raw(other, model, body={"n": 1, "q": question})
        raw.head()
        return b"".join(raw.chunks())

    assert [ask("two"), ask("one"), ask("three"), ask("two"), ask("one")] == [b"1", b"0", b"2", b"1", b"0"]
    assert ask("whatever", "b") == ask("whatever", "b") == b"other"
    other.reset()
    assert [ask("one"), ask("one"), ask("one")] == [b"0", b"2", b"1"]
    with pytest.raises(ClientError, match="Nothing was recorded for /model/c/converse"):
        client(other).converse(modelId="c", messages=HELLO)


def test_broken_exchanges_break_again(simulator: Simulator, tmp_path: Path) -> None:
    lines = exchange(1, "cut", STREAM, [(2000, b"abc")], end="cut")
    lines += exchange(2, "endless", STREAM, [(2000, b"abc")], end=None)
    lines += exchange(3, "short", DOCUMENT, [(2000, b"abc")], end="cut")
    lines += exchange(4, "nothing", [], [], end="cut")
    lines += exchange(5, "half", STREAM[:3], [], end="cut")
    other = replaying(simulator, tmp_path, lines)
    for model in ("cut", "endless", "short"):
        raw = Raw(other, model)
        assert (b"Content-Length: 11" in raw.head()) == (model == "short")
        with pytest.raises(ConnectionResetError):
            body(raw)
    for model in ("nothing", "half"):
        with pytest.raises(ConnectionResetError):
            Raw(other, model).socket.recv(1)


def test_errors_and_interim_heads(simulator: Simulator, tmp_path: Path) -> None:
    head = ["HTTP/1.1 100 Continue", "", "HTTP/1.1 429 Too Many Requests", "x-amzn-ErrorType: ThrottlingException", ""]
    other = replaying(simulator, tmp_path, exchange(1, "a", head, [(2000, b'{"message":"slower"}')], route="converse"))
    with pytest.raises(ClientError, match="slower") as caught:
        client(other).converse(modelId="a", messages=HELLO)
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"
    assert other.stats()["status"] == {"429": 1}
    with pytest.raises(ClientError, match="does not match"):
        client(other, secret="wrong").converse(modelId="a", messages=HELLO)


GOOD = exchange(1, "a", STREAM, [(2000, b"abc")])
SAME = {"exchange": 1, "process": "c0ffee", "t_us": 1}


@pytest.mark.parametrize(
    ("lines", "at", "words"),
    [
        (["{"], 1, ""),
        (["[]"], 1, "no JSON object"),
        (["", "{}"], 2, "exchange is no number"),
        (['{"exchange":1}'], 1, "process is no string"),
        ([{"exchange": 7, "process": "x", "t_us": 0, "head": ""}], 1, "nothing was asked in exchange 7"),
        ([*GOOD, SAME | {"end": "cut"}], len(GOOD) + 1, "has ended already"),
        ([*GOOD, GOOD[0]], len(GOOD) + 1, "a second request"),
        ([SAME | {"request": {"url": "nowhere"}}], 1, "no URL"),
        ([SAME | {"request": {"url": "http://x/", "body_b64": "?"}}], 1, "body_b64 is no Base64"),
        ([GOOD[0], SAME | {"bytes_b64": "eA=="}], 2, "bytes in front of the end of the head"),
        ([GOOD[0], SAME | {"head": "x: y"}], 2, "a header outside of a head"),
        ([GOOD[0], SAME | {"head": "HTTP/1.1 what"}], 2, "no status line"),
        ([*GOOD[:2], SAME | {"head": "nonsense"}], 3, "no header"),
        ([*GOOD[:-2], SAME | {"bytes_b64": "x"}], len(GOOD) - 1, "bytes_b64 is no Base64"),
        ([GOOD[0], SAME | {"end": "complete"}], 2, "complete without a head"),
        ([*GOOD[:-1], SAME | {"end": "maybe"}], len(GOOD), "not maybe"),
        ([*GOOD[:-1], SAME | {"note": 1}], len(GOOD), "none of request, head, bytes_b64, end"),
        ([GOOD[0], SAME | {"t_us": -1, "head": ""}], 2, "t_us is no number"),
    ],
)
def test_lines_that_cannot_be_used(tmp_path: Path, lines: list[Any], at: int, words: str) -> None:
    file = tmp_path / "recording"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    done = subprocess.run(
        [simulator_binary(), "--replay", str(file)], capture_output=True, text=True, timeout=10
    )
    assert done.returncode == 2 and f"{file}: line {at}: " in done.stderr and words in done.stderr


def test_options(tmp_path: Path) -> None:
    for options in (["--replay", "/nowhere"], ["--replay-speed", "-1"], ["--replay-speed", "fast"]):
        done = subprocess.run([simulator_binary(), *options], capture_output=True, text=True, timeout=10)
        assert done.returncode == 2, options
