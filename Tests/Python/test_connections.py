"""Connections between calls: closed when they have been idle, with no traffic, too; kept ready where that was asked
for; and TLS sessions, which new ones resume."""

from __future__ import annotations

import os
import re
import ssl
import threading
import time
from typing import Any

import pytest
from conftest import Simulator
from identity_sources import bench  # noqa: F401 (a fixture)
from identity_world import identity_world  # noqa: F401 (a fixture)
from test_binding import until
from transport_calls import Caller, _ffi, call
from transport_fronts import Fixtures, Listener, free_port, make, programs, read_request, recorded  # noqa: F401

FRONTS = ("plain", "tls", "http2")
SHORT = "sim.pieces-3"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
BURST = 50
PATIENCE_S = 8
"""Where the moment counts it is looked at; a busy machine may still take its time."""


def way(make: Fixtures, simulator: Simulator, front: str) -> tuple[int, str, dict[str, Any]]:  # noqa: F811
    """Port, endpoint and settings."""
    if front == "plain":
        return simulator.port, simulator.endpoint, {}
    before = make.front(simulator)
    # A newer libcurl would have streams share connections (test_multiplexing.py).
    settings = {"http__version": "2", "http2__streams": 1} if front == "http2" else {}
    return before.port, before.endpoint, settings


def connections(port: int) -> int:
    """How many sockets of this process are connected to the port, or were, and are not closed."""
    inodes = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            inodes.add(re.sub(r"\D", "", os.readlink(f"/proc/self/fd/{name}")))
        except OSError:
            continue  # the descriptor of the listing itself
    with open("/proc/self/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[9] in inodes for row in rows)


class Talkative(Caller):
    """Keeps what the library logs."""

    def prepare(self, config: Any) -> None:
        self.lines: list[str] = []
        self._log = _ffi.brs_on_log(lambda user, level, text, length: self.lines.append(text.decode()))
        call(self.library.brs_config_on_log, config, _ffi.brs_log_level.BRS_LOG_WARNING, self._log, None)


def warm(client: Caller, streams: int) -> str:
    return _ffi.brs_code(client.library.brs_client_warm(client.client, streams)).name


# ---- idle


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("front", FRONTS)
def test_connections_of_a_burst_end_with_the_silence(
    simulator: Simulator, make: Fixtures, front: str, threads: int,  # noqa: F811
) -> None:
    """All are kept for a while, and none is left when that is over, although no further call comes."""
    port, endpoint, settings = way(make, simulator, front)
    client = make.caller(endpoint, connection__max_idle_s=1, io__threads=threads, **settings)
    calls = [client.start("sim.pieces-30.pace-20") for _ in range(BURST)]
    assert {one.end(60).name for one in calls} == {"BRS_OK"}
    ended = time.monotonic()
    kept = connections(port)
    if time.monotonic() - ended < 0.2:
        assert kept == BURST
    assert until(lambda: connections(port) == 0, PATIENCE_S)
    assert time.monotonic() - ended > 0.5
    assert client.run(SHORT).name == "BRS_OK"


@pytest.mark.parametrize("front", FRONTS)
def test_idle_connections_end_beside_a_stream(
    simulator: Simulator, make: Fixtures, front: str,  # noqa: F811
) -> None:
    """That goes on undisturbed; its own connection stays."""
    port, endpoint, settings = way(make, simulator, front)
    client = make.caller(endpoint, connection__max_idle_s=1, **settings)
    calls = [client.start("sim.pieces-30.pace-10") for _ in range(BURST)]
    lasting = client.start("sim.pieces-300.pace-20")
    for one in calls:
        one.end(60)
    assert until(lambda: connections(port) == 1, PATIENCE_S) and not lasting.done.is_set()
    ending = lasting.end(60)
    assert ending.name == "BRS_OK"
    assert ending.result.timings.longest_gap_us < 1_000_000


def test_idle_for_ever(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    client = make.caller(simulator.endpoint, connection__max_idle_s=0)
    client.run(SHORT)
    time.sleep(2.5)
    assert connections(simulator.port) == 1


def test_a_second_burst_finds_the_connections_of_the_first(
    simulator: Simulator, make: Fixtures,  # noqa: F811
) -> None:
    client = make.caller(simulator.endpoint)
    for number in range(3):
        calls = [client.start("sim.pieces-30.pace-20") for _ in range(BURST)]
        reused = [one.end(60).result.connection_reused for one in calls]
        assert all(reused) if number else not any(reused)


# ---- TLS sessions


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_tls_sessions_are_resumed(simulator: Simulator, make: Fixtures, version: str) -> None:  # noqa: F811
    """Streams that run at the same time have handles of their own in libcurl, which know each other's sessions."""
    body = recorded(simulator, "sim.pieces-40")
    context = make.authority.context()
    context.maximum_version = getattr(ssl.TLSVersion, version)
    resumed: list[bool] = []
    second = threading.Event()

    def serve(connection: Any) -> None:
        resumed.append(connection.session_reused)
        read_request(connection)
        connection.sendall(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:len(body) // 2])
        if len(resumed) == 1:
            second.wait(20)
        connection.sendall(body[len(body) // 2:])
        read_request(connection)

    server = make.keep(Listener(serve, context))
    client = make.caller(server.endpoint)
    first = client.start("m")
    first.wait_for_text()
    assert client.run("m").name == "BRS_OK"
    second.set()
    assert first.end().name == "BRS_OK"
    assert resumed == [False, True]


# ---- warm


def pings(simulator: Simulator) -> list[dict[str, Any]]:
    return [request for request in simulator.requests() if request["path"] == "/ping"]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("front", FRONTS)
def test_warm_connections_are_there(
    simulator: Simulator, make: Fixtures, front: str, threads: int,  # noqa: F811
) -> None:
    """As many streams at once open none, and what keeps them proves nothing of who asks."""
    port, endpoint, settings = way(make, simulator, front)
    client = make.caller(endpoint, io__threads=threads, **settings)
    assert warm(client, 7) == "BRS_OK"
    assert until(lambda: connections(port) == 7 and len(pings(simulator)) >= 7)
    time.sleep(0.1)
    assert client.run(SHORT).result.connection_reused
    calls = [client.start("sim.pieces-30.pace-10") for _ in range(7)]
    assert all(one.end().result.connection_reused for one in calls)
    assert connections(port) == 7
    for request in pings(simulator):
        assert request["method"] == "GET"
        assert not {"authorization", "x-amz-date"} & {name.lower() for name, _ in request["headers"]}


def test_warm_connections_stay(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    client = make.caller(simulator.endpoint, connection__max_idle_s=1)
    warm(client, 5)
    assert until(lambda: connections(simulator.port) == 5)
    opened = simulator.stats()["connections"]
    time.sleep(3)
    assert connections(simulator.port) == 5
    assert client.run(SHORT).result.connection_reused
    asked = simulator.stats()["connections"] - opened
    assert asked == 1  # for the figures
    warm(client, 2)
    assert until(lambda: connections(simulator.port) == 2, PATIENCE_S)
    warm(client, 0)
    assert until(lambda: connections(simulator.port) == 0, PATIENCE_S)


def test_streams_count_as_warm(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    client = make.caller(simulator.endpoint)
    calls = [client.start("sim.pieces-100.pace-20") for _ in range(3)]
    for one in calls:
        one.wait_for_text()
    warm(client, 5)
    assert until(lambda: connections(simulator.port) == 5)
    assert len(pings(simulator)) == 2
    for one in calls:
        one.end()


def test_warm_connections_end_with_a_drain(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    client = make.caller(simulator.endpoint, connection__max_idle_s=1)
    warm(client, 4)
    assert until(lambda: connections(simulator.port) == 4)
    assert client.library.brs_client_drain(client.client, 1000) == 0
    assert warm(client, 4) == "BRS_E_CLOSED"
    assert until(lambda: connections(simulator.port) == 0, PATIENCE_S)


def test_what_cannot_be_warmed_is_tried_again(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    """And told to the log, once a round, not to a stream."""
    port = free_port()
    client = Talkative(f"http://127.0.0.1:{port}", connection__max_idle_s=1)
    try:
        warm(client, 4)
        assert until(lambda: len([line for line in client.lines if "no warm connection" in line]) > 1)
        simulator.start("--port", str(port))
        assert until(lambda: connections(port) == 4, PATIENCE_S)
        assert client.run(SHORT).result.connection_reused
    finally:
        client.close()


def test_a_client_ends_while_it_warms(make: Fixtures) -> None:  # noqa: F811
    """Whatever the connections are at: nobody answers."""
    server = make.server(lambda connection: time.sleep(3), secure=True)
    client = make.caller(server.endpoint)
    warm(client, 20)
    assert until(lambda: server.accepted > 10)


def test_the_region_is_found_out_for_it(bench, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """As for a stream; credentials are left alone."""
    monkeypatch.delenv("AWS_REGION")
    bench.world.imds.region = "ap-south-1"
    client = bench.client()
    client.warm(2)
    assert until(lambda: sum(request.path == "/ping" for request in bench.world.journal) == 2)
    asked = [request for request in bench.world.journal if request.path == "/ping"]
    assert {request.host for request in asked} == {"bedrock-runtime.ap-south-1.amazonaws.com"}
    assert not any("/iam/" in request.path for request in bench.world.journal)
    client.close()


def test_no_region(bench, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.delenv("AWS_REGION")
    bench.world.imds.enabled = False
    client = Talkative(None, region=None, **bench.settings())
    warm(client, 2)
    try:
        assert until(lambda: any("no warm connection" in line and "region" in line for line in client.lines))
    finally:
        client.close()


def test_what_is_refused(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    client = make.caller(simulator.endpoint)
    assert warm(client, 4097) == "BRS_E_ARGUMENT"
    assert _ffi.brs_code(client.library.brs_client_warm(None, 1)).name == "BRS_E_ARGUMENT"
