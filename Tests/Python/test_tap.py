"""Recordings: what `tap.path` makes the library write down, and that the simulator can answer from it."""

from __future__ import annotations

import base64
import itertools
import json
import os
import stat
import time
from collections import defaultdict
from contextlib import suppress

import bedrockstream
import pytest
from test_binding import HELLO, TOOLS, comparable, make_client
from transport_calls import KEYS
from transport_fronts import TOKEN, leave, make, plain, programs, read_request, recorded  # noqa: F401 (fixtures)

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nset-cookie: lb=hidden\r\n" \
       b"content-length: %d\r\n\r\n"


class Tap:
    """A recording, read."""

    def __init__(self, path):
        self.path = path

    @property
    def lines(self):
        text = self.path.read_text()
        assert text.endswith("\n")
        return [json.loads(line) for line in text.splitlines()]

    @property
    def exchanges(self):
        """The lines of each exchange; what holds of all of them is looked at."""
        found = defaultdict(list)
        for line in self.lines:
            found[line["process"], line["exchange"]].append(line)
        for lines in found.values():
            times = [line["t_us"] for line in lines]
            assert times == sorted(times) and times[0] == 0
            assert [set(line) - {"exchange", "process", "t_us", "message"} for line in lines] == [
                {"attempt", "request"}, *({kind} for line in lines[1:] for kind in line if kind in (
                    "head", "bytes_b64", "end"))]
            assert ["end" in line for line in lines] == [False] * (len(lines) - 1) + [True]
        return list(found.values())

    def only(self):
        assert len(self.exchanges) == 1
        return self.exchanges[0]


def head_of(lines):
    return [line["head"] for line in lines if "head" in line]


def body_of(lines):
    return b"".join(base64.b64decode(line["bytes_b64"]) for line in lines if "bytes_b64" in line)


@pytest.fixture
def tap(tmp_path):
    return Tap(tmp_path / "tap.jsonl")


@pytest.fixture
def answer(simulator):
    return recorded(simulator, "sim.pieces-10")


def serving(*answers):
    """Answers one request after another, over all connections; a number ends the connection after so many bytes, with
    the bytes of the answer before it."""
    waiting = list(answers)

    def serve(connection):
        with suppress(EOFError):
            while True:
                read_request(connection)
                data, length = waiting.pop(0)
                connection.sendall(data[:length])
                if length is not None:
                    return leave(connection, "close")

    return serve


def whole(body):
    return HEAD % len(body) + body


# ---- what is written


def test_an_exchange(make, tap, answer):
    server = make.server(serving((whole(answer), None)))
    ending = make.caller(server.endpoint, tap__path=str(tap.path)).run("sim.model:0")
    assert ending.name == "BRS_OK"
    lines = tap.only()
    assert lines[0]["attempt"] == 1
    request = lines[0]["request"]
    assert request["method"] == "POST"
    assert request["url"] == f"{server.endpoint}/model/sim.model%3A0/converse-stream"
    headers = {name.lower(): value for name, value in request["headers"]}
    assert headers["content-type"] == "application/json" and headers["host"] in server.endpoint
    assert "x-amz-date" in headers and "authorization" not in headers
    assert json.loads(request["body"])["messages"][0]["role"] == "user"
    assert head_of(lines) == [
        "HTTP/1.1 200 OK", "content-type: application/vnd.amazon.eventstream", f"content-length: {len(answer)}", ""]
    assert body_of(lines) == answer
    assert lines[-1]["end"] == "complete" and "message" not in lines[-1]
    assert stat.S_IMODE(tap.path.stat().st_mode) == 0o600


def test_times_are_those_of_arrival(make, tap, answer):
    def serve(connection):
        with suppress(EOFError):
            while True:
                read_request(connection)
                time.sleep(0.05)
                connection.sendall(HEAD % len(answer))
                time.sleep(0.05)
                connection.sendall(answer[:100])
                time.sleep(0.05)
                connection.sendall(answer[100:])

    make.caller(make.server(serve).endpoint, tap__path=str(tap.path)).run("m")
    lines = tap.only()
    pieces = [line["t_us"] for line in lines if "bytes_b64" in line]
    assert lines[1]["t_us"] >= 50_000 and pieces[0] >= 100_000 and pieces[-1] >= 150_000


@pytest.mark.parametrize("settings", [
    {"credentials__session_token": "hidden-session"},
    {"bearer_token": TOKEN, "auth.scheme": "bearer"},
    {"proxy": "me:hidden-password"},
])
def test_no_secret_is_written(make, tap, answer, settings):
    settings = dict(settings)
    server = make.server(serving((whole(answer), None)))
    if "proxy" in settings:
        user = settings.pop("proxy")
        settings["proxy__url"] = f"http://{user}@{make.proxy(user=user).host}"
    ending = make.caller(server.endpoint, tap__path=str(tap.path), **settings).run("m")
    assert ending.name == "BRS_OK"
    text = tap.path.read_text()
    for secret in ("hidden", KEYS["credentials.secret_access_key"], TOKEN, "Signature=", "Bearer"):
        assert secret not in text
    assert tap.only()[-1]["end"] == "complete"


def test_what_was_there_stays(make, tap, answer):
    tap.path.write_text('{"exchange":1,"process":"x","t_us":0}\n')
    tap.path.chmod(0o640)
    server = make.server(serving((whole(answer), None), (whole(answer), None)))
    for _ in range(2):
        make.caller(server.endpoint, tap__path=str(tap.path)).run("m")
    assert [line["exchange"] for line in tap.lines if "request" in line] == [1, 1]
    assert len({line["process"] for line in tap.lines}) == 3
    assert tap.lines[0] == {"exchange": 1, "process": "x", "t_us": 0}
    assert stat.S_IMODE(tap.path.stat().st_mode) == 0o640


def test_streams_at_once_share_a_file(simulator, make, tap):
    clients = [make.caller(simulator.endpoint, tap__path=str(tap.path)) for _ in range(2)]
    calls = [one.start(f"sim.pieces-{40 + n}.pace-2") for one, n in itertools.product(clients, range(6))]
    for one in calls:
        assert one.end().name == "BRS_OK"
    exchanges = tap.exchanges
    assert len(exchanges) == 12 and all(lines[-1]["end"] == "complete" for lines in exchanges)


def test_only_streams_that_ask_for_it(make, tap, answer):
    server = make.server(serving((whole(answer), None), (whole(answer), None)))
    client = make.caller(server.endpoint)
    client.run("m")
    assert not tap.path.exists()
    client.run("n", tap__path=str(tap.path))
    assert "/model/n/" in tap.only()[0]["request"]["url"]


def test_http_2(simulator, make, tap):
    client = make.caller(make.front(simulator).endpoint, http__version="2", tap__path=str(tap.path))
    assert client.run("sim.pieces-3").name == "BRS_OK"
    lines = tap.only()
    assert head_of(lines)[0].startswith("HTTP/2 200") and head_of(lines)[-1] == ""
    assert lines[-1]["end"] == "complete" and len(body_of(lines)) > 300


# ---- what goes wrong


def test_a_cut(make, tap, answer):
    server = make.server(serving((whole(answer), 400)))
    ending = make.caller(server.endpoint, tap__path=str(tap.path)).run("m")
    assert ending.name == "BRS_E_INCOMPLETE"
    lines = tap.only()
    assert whole(answer)[:400].endswith(body_of(lines)) and body_of(lines)
    assert lines[-1]["end"] == "cut" and lines[-1]["message"] in ending.message


def test_no_connection(make, tap):
    ending = make.caller("http://127.0.0.1:1", tap__path=str(tap.path)).run("m")
    lines = tap.only()
    assert len(lines) == 2 and lines[-1]["end"] == "cut" and lines[-1]["message"] == ending.message


def test_attempts(make, tap, answer):
    refused = b"HTTP/1.1 503 Not now\r\nx-amzn-errortype: ServiceUnavailableException\r\ncontent-length: 2\r\n\r\n{}"
    before_the_text = len(HEAD % len(answer)) + 200
    server = make.server(serving((refused, None), (whole(answer), before_the_text), (whole(answer), None)))
    ending = make.caller(server.endpoint, tap__path=str(tap.path), retry__mode="standard").run("m")
    assert ending.name == "BRS_OK"
    exchanges = tap.exchanges
    assert [(lines[0]["exchange"], lines[0]["attempt"]) for lines in exchanges] == [(1, 1), (2, 2), (3, 3)]
    assert [lines[-1]["end"] for lines in exchanges] == ["complete", "cut", "complete"]
    assert head_of(exchanges[0])[0] == "HTTP/1.1 503 Not now" and body_of(exchanges[0]) == b"{}"


def test_a_limit(make, tap, answer):
    def serve(connection):
        read_request(connection)
        connection.sendall(whole(answer)[:400])
        with suppress(EOFError):
            read_request(connection)

    ending = make.caller(
        make.server(serve).endpoint, tap__path=str(tap.path), timeout__between_bytes_ms="100").run("m")
    assert ending.name == "BRS_E_TIMEOUT_BETWEEN_BYTES"
    lines = tap.only()
    assert lines[-1]["end"] == "cut" and lines[-1]["message"] == ending.message
    assert lines[-1]["t_us"] >= 100_000


def test_a_cancel(simulator, make, tap):
    client = make.caller(simulator.endpoint, tap__path=str(tap.path))
    one = client.start("sim.pieces-100.pace-20")
    one.wait_for_text()
    client.library.brs_stream_cancel(one.stream)
    ending = one.end()
    assert ending.name == "BRS_E_CANCELLED"
    lines = tap.only()
    assert lines[-1]["end"] == "cut" and lines[-1]["message"] == ending.message == "the caller cancelled the stream"
    assert body_of(lines)


def test_an_exception_in_the_answer(simulator, make, tap):
    ending = make.caller(simulator.endpoint, tap__path=str(tap.path)).run(
        "sim.pieces-20.exception-throttlingException.after-3")
    assert ending.name == "BRS_E_THROTTLED"
    lines = tap.only()
    assert b"throttlingException" in body_of(lines) and lines[-1]["end"] in ("complete", "cut")


def test_a_consumer_that_pauses(make, tap, answer):
    answer = answer * 2000  # more than is kept while the consumer waits; it breaks behind the first of them
    server = make.server(serving((whole(answer), None)))
    one = make.caller(server.endpoint, tap__path=str(tap.path)).start("m", hold=True)
    one.wait_for_text()
    time.sleep(0.2)
    one.go_on()
    one.end()
    lines = tap.only()
    assert answer.startswith(body_of(lines)) and len(body_of(lines)) > 16_384


# ---- files that cannot be written


@pytest.mark.parametrize("kind,words", [
    ("missing", "No such file or directory"), ("folder", "Is a directory"), ("pipe", "No such device or address"),
    ("below", "Not a directory"),
])
def test_a_path_that_cannot_be_opened(make, tmp_path, kind, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    path = {"missing": "nowhere/tap", "below": "file/tap"}.get(kind, kind)
    client = make.caller("http://127.0.0.1:1")
    with pytest.raises(bedrockstream.BedrockStreamError) as caught:
        client.start("m", tap__path=str(tmp_path / path))
    assert caught.value.name == "BRS_E_CONFIG"
    assert caught.value.message == "tap.path: the file cannot be opened: " + words
    client.calls.clear()


def test_a_full_disk_is_not_the_streams_business(simulator, make, plain):
    meant = plain.run("sim.pieces-50")
    ending = make.caller(simulator.endpoint, tap__path="/dev/full").run("sim.pieces-50")
    assert (ending.name, ending.text) == ("BRS_OK", meant.text)


def test_a_pipe_that_is_full_ends_the_recording(simulator, make, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    ending = make.caller(simulator.endpoint, tap__path=str(path)).run("sim.pieces-2000")
    assert ending.name == "BRS_OK"
    data = b""
    while piece := os.read(reader, 65536):
        data += piece
    os.close(reader)
    lines = data.split(b"\n")
    assert len(data) >= 16_384
    assert all(isinstance(json.loads(line), dict) for line in lines[:-1])
    with pytest.raises(ValueError):
        json.loads(lines[-1])


# ---- answers from a recording


@pytest.mark.parametrize("model,members", [
    ("sim.pieces-20.trace.fields.cache-7", {}),
    ("sim.reasoning-5.citation.image.servertool", {}),
    ("sim.tools-2", {"toolConfig": TOOLS}),
    ("sim.cutafter-5.how-reset", {}),
    ("sim.exception-throttlingException.after-4", {}),
    ("sim.status-424.error-ModelErrorException", {}),
    ("sim.corrupt-crc.frame-4", {}),
    ("sim.nostop", {}),
    ("sim.drop-reset", {}),
])
def test_a_replay_says_the_same(simulator, tap, model, members):
    told = outcome(simulator, model, members, tap)
    other = simulator.start("--replay", str(tap.path), "--replay-speed", "0")
    assert outcome(other, model, members) == told


def outcome(simulator, model, members, tap=None):
    """Events of the wire as they came, and how it ended."""
    settings = {"tap.path": str(tap.path)} if tap else {}
    events = []
    with make_client(simulator, **settings) as client:
        try:
            for event in client.converse_stream(modelId=model, messages=HELLO, **members)["stream"]:
                events.append(event)
        except bedrockstream.BedrockStreamError as error:
            return comparable(events), error.name, error.http_status, error.phase.name
    return comparable(events), "BRS_OK"


def test_rounds_and_attempts_are_replayed_in_order(simulator, tap):
    def ask(service, **settings):
        config = {"retry.mode": "standard", **settings}
        with bedrockstream.Client(
                region_name="us-east-1", endpoint_url=service.endpoint, config=config, aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key=KEYS["credentials.secret_access_key"]) as client:
            stream = client.converse_stream(
                modelId="sim.tools-2.rounds-2.throttle-1", messages=HELLO, toolConfig=TOOLS,
                tools={"weather": lambda **_: "rain"})["stream"]
            return comparable(list(stream)), stream.result.stop_reason, stream.result.attempts

    told = ask(simulator, **{"tap.path": str(tap.path)})
    exchanges = tap.exchanges
    assert [lines[0]["exchange"] for lines in exchanges] == [1, 2, 3, 4]
    assert [head_of(lines)[0].split()[1] for lines in exchanges] == ["429", "200", "200", "200"]
    other = simulator.start("--replay", str(tap.path), "--replay-speed", "0")
    assert ask(other) == told
