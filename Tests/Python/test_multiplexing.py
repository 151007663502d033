"""HTTP/2 streams that share connections. The system's libcurl may be too old for that: then all of this runs once more,
in a process with a newer one."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import bedrockstream
import hyperframe.frame
import newer_libcurl
import pytest
from conftest import ROOT, Simulator
from test_binding import KEYS, stream_of, until
from test_connections import connections, warm
from transport_fronts import Fixtures, Front, Player, leave, make, programs, recorded  # noqa: F401
from uneven_readers import read_unevenly

SHARES = newer_libcurl.version() >= newer_libcurl.SHARING
sharing = pytest.mark.skipif(not SHARES, reason="a newer libcurl runs this")
STREAMS = 24
SHORT = "sim.pieces-3"
LONG = "sim.pieces-60.pace-20"


@pytest.mark.skipif(SHARES, reason="this is it")
def test_with_a_newer_libcurl(tmp_path: Path) -> None:
    path = newer_libcurl.search_path(tmp_path)
    if not path:
        pytest.skip("NOT TESTED, shared connections: pycurl brings no libcurl along here")
    run = newer_libcurl.run_tests(Path(__file__).name, path)
    assert run.returncode == 0, run.stdout[-20000:] + run.stderr[-2000:]
    print(run.stdout)
    assert " passed" in run.stdout


@pytest.mark.parametrize("which", ["the system's", "a newer one"])
def test_libcurl_alone(make: Fixtures, tmp_path: Path, which: str) -> None:  # noqa: F811
    """Why an old libcurl is not trusted with shared connections: it overlooks ends of streams, now and then."""
    path = "" if which == "the system's" else newer_libcurl.search_path(tmp_path)
    if which != "the system's" and (SHARES or not path):
        pytest.skip("NOT TESTED, libcurl alone: there is no newer one")
    program, server = tmp_path / "shared", ROOT / "build/bench/server"
    subprocess.run(["make", "--silent", server.relative_to(ROOT)], cwd=ROOT, check=True)
    subprocess.run(
        ["cc", "-D_GNU_SOURCE", "-O1", ROOT / "Tests/Multiplex/shared.c", "-o", program, "-lcurl"], check=True)
    with subprocess.Popen([server], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        front = make.front(SimpleNamespace(port=json.loads(running.stdout.readline())["port"]))
        run = subprocess.run(
            [program, front.endpoint, make.authority.bundle, "20", "4"], capture_output=True, text=True, timeout=120,
            env={"LD_LIBRARY_PATH": path})
        running.stdin.close()
    print(run.stdout)
    version = tuple(map(int, re.findall(r"\d+", run.stdout)[:2]))
    if version >= newer_libcurl.SHARING:
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.skipif(SHARES, reason="it is new enough")
def test_auto_is_one_where_nothing_is_shared(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    front = make.front(simulator)
    client = make.caller(front.endpoint, http__version="auto")
    assert client.run(SHORT).name == "BRS_OK"
    assert [line[1] for line in front.log(1)] == ["http/1.1"]


def shared(make: Fixtures, simulator: Simulator, *options: str, **settings: Any) -> tuple[Front, Any]:  # noqa: F811
    """nghttpx, and a client that chooses HTTP/2 itself."""
    front = make.front(simulator, *options)
    return front, make.caller(front.endpoint, **{"http__version": "auto", **settings})


def run_at_once(client: Any, count: int, model: str = LONG) -> list[Any]:
    calls = [client.start(model) for _ in range(count)]
    return [one.end(60) for one in calls]


@sharing
def test_streams_share_a_connection(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    front, client = shared(make, simulator)
    calls = [client.start(LONG) for _ in range(STREAMS)]
    for one in calls:
        one.wait_for_text()
    assert connections(front.port) == 1
    endings = [one.end() for one in calls]
    assert {one.name for one in endings} == {"BRS_OK"} and len({one.text for one in endings}) == 1
    assert sum(not one.result.connection_reused for one in endings) == 1
    assert {line[1] for line in front.log(STREAMS)} == {"h2"}


@sharing
@pytest.mark.parametrize("bound", ["ours", "the server's"])
def test_so_many_and_no_more(simulator: Simulator, make: Fixtures, bound: str) -> None:  # noqa: F811
    options = ["--frontend-http2-max-concurrent-streams=4"] if bound == "the server's" else []
    settings = {"http2__streams": 4} if bound == "ours" else {}
    front, client = shared(make, simulator, *options, **settings)
    client.run(SHORT)  # by now the server has told its bound
    calls = [client.start(LONG) for _ in range(10)]
    for one in calls:
        one.wait_for_text()
    if bound == "ours":
        assert connections(front.port) == 3
    assert {one.end().name for one in calls} == {"BRS_OK"}


@sharing
def test_one_stream_a_connection(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    front, client = shared(make, simulator, http2__streams=1)
    calls = [client.start(LONG) for _ in range(4)]
    for one in calls:
        one.wait_for_text()
    assert connections(front.port) == 4
    assert {one.end().name for one in calls} == {"BRS_OK"}


@sharing
def test_servers_without_it(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    """Who waited whether a connection can be shared gets one of its own."""
    front, client = shared(make, simulator, "--npn-list=http/1.1")
    assert {one.name for one in run_at_once(client, 5)} == {"BRS_OK"}
    assert {line[1] for line in front.log(5)} == {"http/1.1"}
    plain = make.caller(simulator.endpoint, http__version="auto")
    assert {one.name for one in run_at_once(plain, 5)} == {"BRS_OK"}


@sharing
def test_a_paused_stream_holds_up_nobody(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    """Its own bytes wait, with the server in the end; all of them come."""
    front, client = shared(make, simulator)
    model = "sim.pieces-100000"
    held = client.start(model, hold=True)
    held.wait_for_text()
    for _ in range(5):
        assert {one.name for one in run_at_once(client, 4, "sim.pieces-2000")} == {"BRS_OK"}
    assert connections(front.port) == 1
    assert held.deltas == 1
    held.go_on()
    ending = held.end(60)
    assert ending.name == "BRS_OK"
    assert ending.text == make.caller(simulator.endpoint).run(model).text


@sharing
def test_slow_readers_and_cancels_disturb_nobody(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    """Whatever becomes of the others, a stream that is read to its end is whole."""
    front = make.front(simulator)
    settings = {"http.version": "auto", "retry.mode": "off", "tls.ca_bundle": make.authority.bundle,
                "delivery.queue_bytes": 4096, "http2.streams": 10}
    with bedrockstream.Client(region_name="us-east-1", endpoint_url=front.endpoint, config=settings, **KEYS) as client:
        assert len({result.text for result in read_unevenly(client, 3000)}) == 1


@sharing
def test_warm_connections_are_shared(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    """As many as so many streams at once need."""
    front, client = shared(make, simulator, http2__streams=5)
    warm(client, 12)
    assert until(lambda: connections(front.port) == 3)
    time.sleep(0.2)
    assert all(one.result.connection_reused for one in run_at_once(client, 12))
    assert connections(front.port) == 3


@sharing
def test_idle_shared_connections_end(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    front, client = shared(make, simulator, http2__streams=5, connection__max_idle_s=1)
    run_at_once(client, 20)
    assert connections(front.port) == 4
    assert until(lambda: connections(front.port) == 0, 8)


# ---- what befalls a connection, or one of its streams


class Together:
    """An HTTP/2 server. When `count` requests have come on its first connection, `act(player, streams)` is called;
    requests on later ones are answered at once."""

    def __init__(self, make: Fixtures, body: bytes, count: int, act: Callable[[Player, list[int]], None]):  # noqa: F811
        self._body, self._count, self._act = body, count, act
        self.requests: list[list[int]] = []
        self.server = make.server(self._serve, alpn=("h2",))

    def _serve(self, connection: Any) -> None:
        streams: list[int] = []
        self.requests.append(streams)
        is_first = len(self.requests) == 1

        def play(player: Player, stream: int) -> None:
            streams.append(stream)
            if not is_first:
                self.answer(player, stream)
            elif len(streams) == self._count:
                self._act(player, streams)

        Player(connection, play).serve()

    def answer(self, player: Player, stream: int, part: float = 1) -> None:
        player.head(stream)
        player.send(stream, self._body[:int(len(self._body) * part)], end=part == 1)


def after(simulator: Simulator, make: Fixtures, act: Callable[[Together, Player, list[int]], None],  # noqa: F811
          **settings: Any) -> tuple[Together, list[Any]]:
    """How four streams end that have been sent on one connection before `act` is called."""
    together = Together(make, recorded(simulator, "sim.pieces-40"), 4, lambda *about: act(together, *about))
    client = make.caller(together.server.endpoint, http__version="auto", **settings)
    return together, run_at_once(client, 4, "m")


def hang_up(player: Player, how: str) -> None:
    leave(player.connection, how)
    raise EOFError  # nothing is read any more from a descriptor that may be another connection's by now


def say_goodbye(player: Player, last: int) -> None:
    player.connection.sendall(hyperframe.frame.GoAwayFrame(0, last_stream_id=last).serialize())


@sharing
def test_goodbye_lets_what_was_taken_end(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    """The rest goes out anew on another connection, as the first attempt that it still is."""
    def act(together: Together, player: Player, streams: list[int]) -> None:
        say_goodbye(player, streams[1])
        for stream in streams[:2]:
            together.answer(player, stream)

    together, endings = after(simulator, make, act)
    assert [(one.name, one.result.attempts) for one in endings] == [("BRS_OK", 1)] * 4
    assert [len(streams) for streams in together.requests] == [4, 2]


@sharing
def test_goodbye_amid_the_answers(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    """All of them come to their ends, to the last byte; who comes later finds another connection."""
    def act(together: Together, player: Player, streams: list[int]) -> None:
        for stream in streams:
            together.answer(player, stream, 0.5)
        say_goodbye(player, streams[-1])
        for stream in streams:
            player.send(stream, together._body[len(together._body) // 2:], end=True)

    together, endings = after(simulator, make, act)
    assert [one.name for one in endings] == ["BRS_OK"] * 4
    assert len(together.requests) == 1


@sharing
@pytest.mark.parametrize("how", ["notify", "close", "reset"])
def test_a_connection_dies_with_all_of_its_streams(
    simulator: Simulator, make: Fixtures, how: str,  # noqa: F811
) -> None:
    """Each has what came of it, and says so."""
    def act(together: Together, player: Player, streams: list[int]) -> None:
        for stream, part in zip(streams, (0.2, 0.4, 0.6, 0.8)):
            together.answer(player, stream, part)
        time.sleep(0.3)
        hang_up(player, how)

    _, endings = after(simulator, make, act, retry__mode="standard")
    whole = make.caller(simulator.endpoint).run("sim.pieces-40").text
    assert [(one.name, one.result.attempts) for one in endings] == [("BRS_E_INCOMPLETE", 1)] * 4
    lengths = sorted(len(one.text) for one in endings)
    assert all(whole.startswith(one.text) for one in endings) and 0 < lengths[0] < lengths[-1] < len(whole)


@sharing
@pytest.mark.parametrize("how", ["notify", "close", "reset"])
def test_a_connection_dies_before_the_answers(
    simulator: Simulator, make: Fixtures, how: str,  # noqa: F811
) -> None:
    together, endings = after(
        simulator, make, lambda together, player, streams: hang_up(player, how),
        retry__mode="standard", retry__max_backoff_ms=50)
    assert [(one.name, one.message) for one in endings] == [("BRS_OK", "")] * 4
    assert max(one.result.attempts for one in endings) <= 2


@sharing
def test_one_stream_is_refused(simulator: Simulator, make: Fixtures) -> None:  # noqa: F811
    """Reset amid its answer, it alone is incomplete."""
    def act(together: Together, player: Player, streams: list[int]) -> None:
        for stream in streams:
            together.answer(player, stream, 0.5)
        player.h2.reset_stream(streams[2], error_code=2)
        player.flush()
        for stream in streams[:2] + streams[3:]:
            player.send(stream, together._body[len(together._body) // 2:], end=True)

    together, endings = after(simulator, make, act)
    assert sorted(one.name for one in endings) == ["BRS_E_INCOMPLETE"] + ["BRS_OK"] * 3
    assert len(together.requests) == 1


@sharing
def test_a_body_that_waits_for_its_window_costs_nothing(
    simulator: Simulator, make: Fixtures,  # noqa: F811
) -> None:
    """More than the server takes at once: the client sleeps until it takes the rest."""
    body = recorded(simulator, SHORT)

    def serve(connection: Any) -> None:
        player = Player(connection, lambda player, stream: (player.head(stream), player.send(stream, body, end=True)))
        player.h2.acknowledge_received_data = lambda *_: None
        player.h2.initiate_connection()
        player.flush()
        deadline = time.monotonic() + 1.5
        held = []
        while True:
            for event in player.h2.receive_data(connection.recv(65536)):
                if type(event).__name__ == "DataReceived":
                    held.append((event.flow_controlled_length, event.stream_id))
                if type(event).__name__ == "StreamEnded":
                    player._play(player, event.stream_id)
            if sum(length for length, _ in held) >= 65535 or time.monotonic() > deadline:
                time.sleep(max(deadline - time.monotonic(), 0))
                for length, stream in held:
                    player.h2.increment_flow_control_window(length)
                    player.h2.increment_flow_control_window(length, stream)
                held = []
            player.flush()

    client = make.caller(make.server(serve, alpn=("h2",)).endpoint, http__version="auto")
    call = client.start(SHORT, question="x" * 300_000)
    time.sleep(0.3)
    before = resource.getrusage(resource.RUSAGE_SELF)
    time.sleep(0.9)
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert call.end(30).name == "BRS_OK"
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.45
