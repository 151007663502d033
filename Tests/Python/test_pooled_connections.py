"""Connections between calls: kept where that is cheap, given up where they are old, replaced where they turn out dead,
without costing an attempt."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import outcome_driver
import pytest
from conftest import ROOT, Simulator
from outcome_driver import STYLES, Line
from transport_fronts import (  # noqa: F401 (fixtures)
    Fixtures, Player, free_port, leave, make, programs, read_request, recorded)

FRONTS = ("plain", "tls", "http2")
MODES = ("off", "standard")
SHORT = "sim.pieces-3"
DRAINED_MS = 100
"""Until then what is left of an answer has been read."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"


def way(make: Fixtures, simulator: Simulator, front: str) -> tuple[str, dict[str, Any]]:  # noqa: F811
    if front == "plain":
        return simulator.endpoint, {}
    version = {"http.version": "2"} if front == "http2" else {}
    return make.front(simulator).endpoint, {"tls.ca_bundle": make.authority.bundle, **version}


def ask(style: str, endpoint: str, asks: list[str | int], **settings: Any) -> list[dict[str, Any]]:
    settings = {"retry.mode": "off", **{name.replace("__", "."): value for name, value in settings.items()}}
    [told] = outcome_driver.run([Line(style, endpoint, asks, settings)])
    return told


def reuse(told: list[dict[str, Any]]) -> list[int]:
    return [one["reused"] for one in told]


# ---- kept


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("front", FRONTS)
def test_a_connection_outlives_what_the_service_says_is_wrong(
    simulator: Simulator, make: Fixtures, front: str, style: str,  # noqa: F811
) -> None:
    """An error's answer, or an exception within one, ends soon: to read its end costs less than to connect."""
    endpoint, settings = way(make, simulator, front)
    wrong = ["sim.status-503", "sim.exception-throttlingException.after-2", "sim.status-400.shape-html",
             "sim.exception-internalServerException.after-start", "sim.odd-empty"]
    asks = [part for model in wrong for part in (model, DRAINED_MS)]
    told = ask(style, endpoint, [*asks, SHORT], **settings)
    assert [one["code"] for one in told] == [
        "BRS_E_SERVICE_UNAVAILABLE", "BRS_E_THROTTLED", "BRS_E_SERVICE", "BRS_E_INTERNAL_SERVER", "BRS_E_PROTOCOL",
        "BRS_OK"]
    assert reuse(told) == [0, 1, 1, 1, 1, 1]
    if front == "plain":
        assert simulator.stats()["connections"] == 2  # one of them asks for the figures


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("front", FRONTS)
def test_an_attempt_uses_the_connection_of_the_one_before(
    simulator: Simulator, make: Fixtures, front: str, style: str,  # noqa: F811
) -> None:
    endpoint, settings = way(make, simulator, front)
    brief = {"retry__mode": "standard", "retry__max_backoff_ms": 50}
    told = ask(style, endpoint, [f"{SHORT}.throttle-2", SHORT], **brief, **settings)
    assert [(one["code"], one["attempts"], one["reused"]) for one in told] == [("BRS_OK", 3, 1), ("BRS_OK", 1, 1)]


# ---- given up


@pytest.mark.parametrize("front", FRONTS)
def test_a_connection_whose_answer_was_cancelled_is_closed(
    simulator: Simulator, make: Fixtures, front: str,  # noqa: F811
) -> None:
    """Nobody knows how much would still come."""
    endpoint, settings = way(make, simulator, front)
    client = make.caller(endpoint, **{name.replace(".", "__"): value for name, value in settings.items()})
    cancelled = client.start("sim.pieces-200.pace-20")
    cancelled.wait_for_text()
    client.library.brs_stream_cancel(cancelled.stream)
    assert cancelled.end().name == "BRS_E_CANCELLED"
    assert client.run(SHORT).result.connection_reused == (front == "http2")
    until = time.monotonic() + 5
    while (streams := simulator.stats()["streams"])["abandoned"] == 0 and time.monotonic() < until:
        time.sleep(0.02)
    assert (streams["abandoned"], streams["completed"]) == (1, 1)


@pytest.mark.parametrize("style", STYLES)
def test_connections_grow_old(simulator: Simulator, style: str) -> None:
    """By idleness and by age. Whole seconds count, so that one of 1 s is over after 2 s."""
    lines = {
        "kept": ([SHORT, 2200, SHORT], {"connection.max_idle_s": 60}),
        "idle": ([SHORT, 2200, SHORT], {"connection.max_idle_s": 1}),
        "never idle": ([SHORT, 2200, SHORT], {"connection.max_idle_s": 0}),
        "aged": ([SHORT, 1100, SHORT, 1100, SHORT, SHORT], {"connection.max_age_s": 1}),
        "ageless": ([SHORT, 1100, SHORT, 1100, SHORT, SHORT], {"connection.max_age_s": 0}),
    }
    told = outcome_driver.run(
        [Line(style, simulator.endpoint, asks, settings) for asks, settings in lines.values()])
    assert {name: reuse(calls) for name, calls in zip(lines, told)} == {
        "kept": [0, 1], "idle": [0, 0], "never idle": [0, 1], "aged": [0, 1, 0, 1], "ageless": [0, 1, 1, 1]}
    assert simulator.stats()["connections"] == 1 + 2 + 1 + 2 + 1 + 1


# ---- found dead


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["terminate", "kill"])
@pytest.mark.parametrize("style", STYLES)
def test_a_server_that_begins_anew(simulator: Simulator, style: str, how: str, mode: str) -> None:
    """Between two calls, on the same port: its old connections are of no use, and nobody is told."""
    port = free_port()
    first = simulator.start("--port", str(port))
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask, style, first.endpoint, [SHORT, 500, SHORT, SHORT], retry__mode=mode)
        while first.stats()["streams"]["completed"] == 0:
            time.sleep(0.01)
        getattr(first.process, how)()
        first.process.wait()
        simulator.start("--port", str(port))  # by this thread: it ends with who started it
        told = asking.result()
    assert [(one["code"], one["attempts"], one["reused"]) for one in told] == [
        ("BRS_OK", 1, 0), ("BRS_OK", 1, 0), ("BRS_OK", 1, 1)]


class Forgetful:
    """Answers the first request of a connection; the second one finds it dead, `how` says in what way."""

    def __init__(self, body: bytes, how: str, answers: int = 1000) -> None:
        self.body, self.how, self.answers = body, how, answers
        self.requests: list[int] = []

    def serve(self, connection: Any) -> None:
        if getattr(connection, "selected_alpn_protocol", lambda: None)() == "h2":
            seen = []
            return Player(connection, lambda player, stream: self._play(player, stream, seen)).serve()
        for number in range(2):
            read_request(connection)
            self.requests.append(number)
            if number == 1 or len(self.requests) > self.answers:
                return leave(connection, self.how)
            length = f"Content-Length: {len(self.body)}\r\n\r\n".encode()
            connection.sendall(HEAD + length + self.body)

    def _play(self, player: Any, stream: int, seen: list[int]) -> None:
        seen.append(stream)
        self.requests.append(len(seen) - 1)
        if len(seen) > 1 or len(self.requests) > self.answers:
            return leave(player.connection, self.how)
        player.head(stream)
        player.send(stream, self.body, end=True)


def forgetful(make: Fixtures, server: Forgetful, front: str) -> tuple[Any, dict[str, Any]]:  # noqa: F811
    alpn = ("h2",) if front == "http2" else ()
    listener = make.server(server.serve, secure=front != "plain", alpn=alpn)
    settings = {} if front == "plain" else {"tls.ca_bundle": make.authority.bundle}
    return listener, {**settings, "http.version": "2" if front == "http2" else "1.1"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("how", ["notify", "close", "reset"])
@pytest.mark.parametrize("front", FRONTS)
def test_a_connection_that_dies_of_the_request(
    simulator: Simulator, make: Fixtures, front: str, how: str, style: str, mode: str,  # noqa: F811
) -> None:
    """The server gives it up at the moment it is used again: the request goes out anew, and counts once."""
    if front == "plain" and how == "notify":
        how = "close"
    server = Forgetful(recorded(simulator, SHORT), how)
    listener, settings = forgetful(make, server, front)
    told = ask(style, listener.endpoint, [SHORT, 50, SHORT, 50, SHORT], retry__mode=mode, **settings)
    assert [(one["code"], one["attempts"], one["retries"], one["ends"]) for one in told] == [("BRS_OK", 1, 0, 1)] * 3
    assert reuse(told) == [0, 0, 0]
    assert server.requests == [0, 1, 0, 1, 0] and listener.accepted == 3


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("style", STYLES)
def test_a_new_connection_that_dies_as_well_is_a_failure(
    simulator: Simulator, make: Fixtures, front: str, style: str,  # noqa: F811
) -> None:
    """Once is enough, or a server that hangs up at each request would be asked for ever."""
    server = Forgetful(recorded(simulator, SHORT), "close", answers=1)
    listener, settings = forgetful(make, server, front)
    told = ask(style, listener.endpoint, [SHORT, 50, SHORT], **settings)
    assert [(one["code"], one["attempts"]) for one in told] == [("BRS_OK", 1), ("BRS_E_TRANSPORT", 1)]
    assert listener.accepted == 2 and len(server.requests) == 3


@pytest.mark.parametrize("style", STYLES)
def test_a_connection_that_dies_amid_the_answer_is_not_replaced(
    simulator: Simulator, make: Fixtures, style: str,  # noqa: F811
) -> None:
    body = recorded(simulator, "sim.pieces-40")

    def serve(connection: Any) -> None:
        read_request(connection)
        connection.sendall(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        read_request(connection)
        connection.sendall(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:2000])

    server = make.server(serve)
    whole, cut = ask(style, server.endpoint, ["m", 50, "m"], retry__mode="standard")
    assert (cut["code"], cut["attempts"], cut["reused"]) == ("BRS_E_INCOMPLETE", 1, 1)
    assert cut["text"] and whole["text"].startswith(cut["text"])
    assert server.accepted == 1


# ---- on a network that loses what is sent


NEEDED = (
    "ip link set lo up", "ip rule add pref 9 ipproto tcp sport 9 blackhole",
    "tc qdisc add dev lo root tbf rate 1mbit burst 3000 limit 6000")


def in_a_network_of_its_own(scenario: str) -> str:
    """Runs network_faults.py where nothing but its own processes can be reached, and its rules harm nobody."""
    possible = subprocess.run(
        ["sh", "-c", f"unshare -n sh -ec '{'; '.join(NEEDED)}'"], capture_output=True, text=True)
    if possible.returncode != 0:
        pytest.skip(f"NOT TESTED, lost packets: this system lets nobody arrange for them: {possible.stderr.strip()}")
    paths = [str(ROOT / "Tests" / "Python"), str(ROOT / "bindings" / "python")]
    run = subprocess.run(
        ["unshare", "-n", sys.executable, str(ROOT / "Tests" / "Python" / "network_faults.py"), scenario],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("scenario", ["dead", "gone", "silent", "amid", "slow"])
def test_network(scenario: str) -> None:
    in_a_network_of_its_own(scenario)
