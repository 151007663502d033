"""Answers that are begun anew or gone on with, where connections die in between: a relay before the simulator does to
each request what the test has written down."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from conftest import Simulator
from transport_calls import Ending
from transport_fronts import (  # noqa: F401 (fixtures)
    Fixtures, header, leave, make, plain, programs, read_head, some)

MODEL = "sim.pieces-40.nopad"
CUT_AT = 3000


class Relay:
    """Passes requests on to the simulator, one after another, and spoils what `deeds` says of the n-th one: `cut` lets
    the answer begin, `die` ends the connection before it; `whole` is all right."""

    def __init__(self, simulator: Simulator, deeds: list[str], at_once: int = 1) -> None:
        self._port = simulator.port
        self._deeds = deeds
        self._lock = threading.Lock()
        self._together = threading.Barrier(at_once)
        self._at_once = at_once
        self.seen: list[str] = []

    def serve(self, connection: Any) -> None:
        while True:
            request = self._read(connection)
            with self._lock:
                deed = self._deeds[len(self.seen)] if len(self.seen) < len(self._deeds) else "whole"
                self.seen.append(deed)
                is_first = len(self.seen) <= self._at_once
            if is_first:
                self._together.wait(10)
            if deed == "die":
                return leave(connection, "close")
            answer = self._ask(request)
            if deed == "cut":
                connection.sendall(answer[:CUT_AT])
                return leave(connection, "close")
            connection.sendall(answer)

    def _read(self, connection: Any) -> bytes:
        head, rest = read_head(connection)
        length = int(header(head, "content-length") or 0)
        while len(rest) < length:
            rest += some(connection)
        return f"{head}\r\n\r\n".encode("latin-1") + rest

    def _ask(self, request: bytes) -> bytes:
        answer = b""
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as server:
            server.sendall(request)
            while not answer.endswith(b"0\r\n\r\n"):
                answer += some(server)
        return answer


def told(ending: Ending) -> tuple[str, str, int]:
    """The result's own figures are compared with what was delivered where the call is made."""
    return ending.name, ending.result.text, ending.result.attempts


def deltas_of(call: Any) -> int:
    return int(call.deltas)


@pytest.mark.parametrize("deeds", [["cut"], ["cut", "cut"], ["cut", "die"], ["die", "cut"]], ids="-".join)
def test_what_restarts_delivered_is_counted(
    simulator: Simulator, make: Fixtures, plain: Any, deeds: list[str],  # noqa: F811
) -> None:
    """The text is that of the last beginning; the count has everything that was handed over."""
    whole = plain.run(MODEL)
    server = make.server(Relay(simulator, deeds).serve)
    client = make.caller(server.endpoint, recovery="restart", retry__mode="standard", retry__max_backoff_ms="5")
    call = client.start(MODEL)
    assert call.done.wait(10)
    [ending] = call.ends
    assert told(ending) == ("BRS_OK", whole.text, len(deeds) + 1)
    assert ending.result.delivered == deltas_of(call) > whole.result.delivered


def test_a_continuation_that_meets_a_dead_connection(
    simulator: Simulator, make: Fixtures, plain: Any,  # noqa: F811
) -> None:
    """What was delivered is not forgotten when the request that goes on with it has to be sent again."""
    whole = plain.run(MODEL)
    # Two calls at once leave two connections; the third call breaks off on one, goes on on the other, which is dead.
    relay = Relay(simulator, ["whole", "whole", "cut", "die", "whole"], at_once=2)
    server = make.server(relay.serve)
    client = make.caller(server.endpoint, recovery="continue", retry__mode="standard", retry__max_backoff_ms="5")
    for call in [client.start(MODEL), client.start(MODEL)]:
        call.end()
    call = client.start(MODEL)
    assert call.done.wait(10)
    [ending] = call.ends
    assert relay.seen == ["whole", "whole", "cut", "die", "whole"] and server.accepted == 3
    assert told(ending) == ("BRS_OK", whole.text, 2)
    assert "".join(call.pieces) == whole.text
    assert ending.result.delivered == deltas_of(call)
