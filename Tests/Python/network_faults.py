"""Scenarios for a network namespace of their own, where packets can be lost: `network_faults.py NAME` fails or says
nothing. Routing rules by port take packets away, a shaped queue drops and delays them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from conftest import Simulator
from transport_calls import Caller, Ending, assert_answered

UNACKNOWLEDGED_MS = 600
SHORT = "sim.pieces-3"


def sh(command: str) -> None:
    subprocess.run(command, shell=True, check=True)


def set_up() -> None:
    sh("ip link set lo up mtu 1500")
    # Rules that take packets away come before the one that delivers what is for this machine.
    sh("ip rule add pref 100 lookup local && ip rule del pref 0")


def lose(port: int, other: int) -> None:
    """Whatever goes between these two ports, from now on."""
    for source, target in ((port, other), (other, port)):
        sh(f"ip rule add pref 10 ipproto tcp sport {source} dport {target} blackhole")


def lose_answers(port: int) -> None:
    """Whatever comes from this port. What is sent to it must not be lost here: this machine would know at once."""
    sh(f"ip rule add pref 10 ipproto tcp sport {port} blackhole")


def client_port(simulator: Simulator) -> int:
    """That of the connection that is open to it."""
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in table]
    ports = [
        int(row[1].split(":")[1], 16) for row in rows
        if row[3] == "01" and int(row[2].split(":")[1], 16) == simulator.port]
    assert len(ports) == 1, ports
    return ports[0]


def caller(simulator: Simulator, **settings: str) -> Caller:
    return Caller(
        simulator.endpoint, connection__unacknowledged_ms=str(UNACKNOWLEDGED_MS), timeout__connect_ms="500",
        retry__max_backoff_ms="5", **settings)


def dead(simulator: Simulator) -> None:
    """A connection of the pool whose packets somebody on the way has begun to drop, as NAT does of idle ones: the call
    that meets it goes over to another one after `connection.unacknowledged_ms`, not after the first-byte limit."""
    client = caller(simulator)
    whole = client.run(SHORT)
    lose(simulator.port, client_port(simulator))
    second = client.run(SHORT)
    assert_answered(second, whole)
    assert (second.result.attempts, second.result.connection_reused) == (1, False)
    assert UNACKNOWLEDGED_MS / 1000 <= second.seconds < 4, second.seconds
    third = client.run(SHORT)
    assert third.result.connection_reused and third.seconds < 0.5
    client.close()


def gone(simulator: Simulator) -> None:
    """The machine is away altogether: the dead connection is found out, the new one does not come about."""
    client = caller(simulator, retry__mode="standard")
    client.run(SHORT)
    lose_answers(simulator.port)
    ending = client.run(SHORT)
    assert (ending.name, ending.result.attempts) == ("BRS_E_TIMEOUT_CONNECT", 3), ending.message
    assert ending.seconds < 6, ending.seconds
    client.close()


def silent(simulator: Simulator) -> None:
    """Without that limit the one for the first byte is left, and then the call is another attempt."""
    client = Caller(
        simulator.endpoint, connection__unacknowledged_ms="0", timeout__first_byte_ms="800", retry__mode="standard",
        retry__max_backoff_ms="5")
    whole = client.run(SHORT)
    lose(simulator.port, client_port(simulator))
    ending = client.run(SHORT)
    assert_answered(ending, whole)
    assert (ending.result.attempts, ending.result.connection_reused) == (2, False)
    assert 0.8 <= ending.seconds < 4, ending.seconds
    client.close()


def amid(simulator: Simulator) -> None:
    """Packets stay away amid an answer: nothing waits to be acknowledged, so the limit between bytes finds it out."""
    client = caller(simulator, timeout__between_bytes_ms="700")
    whole = client.run("sim.pieces-100")
    call = client.start("sim.pieces-100.pace-20")
    call.wait_for_text()
    lose_answers(simulator.port)
    ending: Ending = call.end()
    assert (ending.name, ending.error and ending.error.http_status) == ("BRS_E_TIMEOUT_BETWEEN_BYTES", 200)
    assert ending.text and whole.text.startswith(ending.text)
    assert 0.7 <= ending.seconds < 4, ending.seconds
    client.close()


def slow(simulator: Simulator) -> None:
    """A line of 1 Mbit/s whose queue overflows: what is lost comes again, later, and the answers are whole."""
    # Also of connections that are being made, and a lost first packet comes again after a second at the earliest.
    client = Caller(simulator.endpoint, timeout__connect_ms="30000", connection__unacknowledged_ms="30000")
    whole = client.run("sim.pieces-100.piece-200")
    sh("tc qdisc add dev lo root tbf rate 1mbit burst 3000 limit 6000")
    calls = [client.start("sim.pieces-100.piece-200") for _ in range(6)]
    for call in calls:
        assert_answered(call.end(50), whole)
    dropped = subprocess.run("tc -s qdisc show dev lo", shell=True, capture_output=True, text=True, check=True).stdout
    assert "dropped 0," not in dropped, dropped
    client.close()


SCENARIOS = {one.__name__: one for one in (dead, gone, silent, amid, slow)}


def main() -> None:
    set_up()
    with tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(Path(folder))
        try:
            SCENARIOS[sys.argv[1]](simulator)
        finally:
            simulator.stop()


if __name__ == "__main__":
    main()
