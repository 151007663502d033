"""Failures that no simulator makes: connections that do not come about, TLS that cannot be trusted or is cut, servers
that die. Real sockets, by callbacks and by pulling, with retries and without."""

from __future__ import annotations

import datetime
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import outcome_driver
import pytest
from conftest import Simulator
from outcome_driver import STYLES, Line
from transport_fronts import (  # noqa: F401 (fixtures)
    Authority, Fixtures, Listener, free_port, make, programs, read_request, recorded, silent)

CONNECT_MS, FIRST_BYTE_MS, TARDY_MS = 400, 300, 1500
SETTINGS = {"timeout.connect_ms": CONNECT_MS, "timeout.first_byte_ms": FIRST_BYTE_MS, "retry.max_backoff_ms": 5}
MODES = {"off": 1, "standard": 3}


@dataclass
class Failing:
    """Where to connect to and how that ends. Where it is retryable, every attempt that is allowed is made."""

    endpoint: str
    code: str
    retryable: bool
    words: str
    least_ms: int = 0
    """What one attempt takes; where it waits for a limit, not much more."""
    accepted: Callable[[], int] | None = None
    """How many connections there were."""
    settings: dict[str, Any] = field(default_factory=dict)


def refused(make: Fixtures) -> Failing:  # noqa: F811
    return Failing(f"http://127.0.0.1:{free_port()}", "CONNECT", True, "127.0.0.1")


def no_such_name(make: Fixtures) -> Failing:  # noqa: F811
    return Failing(
        "https://bedrock.invalid", "RESOLVE", True, "bedrock.invalid", settings={"timeout.connect_ms": 5000})


def untrusted(make: Fixtures, words: str, context: ssl.SSLContext) -> Failing:  # noqa: F811
    server = make.keep(Listener(silent, context))
    return Failing(server.endpoint, "TLS", False, words, accepted=lambda: server.accepted)


def context_of(key: str, chain: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def self_signed(make: Fixtures) -> Failing:  # noqa: F811
    key, chain = str(make.authority.folder / "own.key"), str(make.authority.folder / "own.crt")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
         "-out", chain, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, stderr=subprocess.DEVNULL)
    return untrusted(make, "certificate", context_of(key, chain))


def stranger(make: Fixtures) -> Failing:  # noqa: F811
    return untrusted(make, "certificate", Authority(make.authority.folder, "stranger").context())


def expired(make: Fixtures) -> Failing:  # noqa: F811
    yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    return untrusted(make, "expired", context_of(*make.authority.issue("127.0.0.1", not_after=yesterday)))


def wrong_host(make: Fixtures) -> Failing:  # noqa: F811
    return untrusted(make, "127.0.0.1", make.authority.context("elsewhere.example"))


def mute(make: Fixtures) -> Failing:  # noqa: F811
    server = make.server(silent)
    words = f"timeout.first_byte_ms={FIRST_BYTE_MS}"
    return Failing(server.endpoint, "TIMEOUT_FIRST_BYTE", True, words, FIRST_BYTE_MS, lambda: server.accepted)


def mute_behind_tls(make: Fixtures) -> Failing:  # noqa: F811
    server = make.server(silent, secure=True)
    words = f"timeout.first_byte_ms={FIRST_BYTE_MS}"
    return Failing(server.endpoint, "TIMEOUT_FIRST_BYTE", True, words, FIRST_BYTE_MS, lambda: server.accepted)


def mute_in_the_handshake(make: Fixtures) -> Failing:  # noqa: F811
    server = make.server(silent)
    endpoint, words = server.endpoint.replace("http:", "https:"), f"timeout.connect_ms={CONNECT_MS}"
    return Failing(endpoint, "TIMEOUT_CONNECT", True, words, CONNECT_MS, lambda: server.accepted)


class Full:
    """Listens, and has no room for another connection: the system does not answer who knocks."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.port = self._listening.getsockname()[1]
        self._waiting = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            with suppress(BlockingIOError):
                one.connect(("127.0.0.1", self.port))
            self._waiting.append(one)
        time.sleep(0.05)

    def stop(self) -> None:
        for one in [*self._waiting, self._listening]:
            one.close()


def full_backlog(make: Fixtures) -> Failing:  # noqa: F811
    server = make.keep(Full())
    words = f"timeout.connect_ms={CONNECT_MS}"
    return Failing(f"http://127.0.0.1:{server.port}", "TIMEOUT_CONNECT", True, words, CONNECT_MS)


def hangs_up(make: Fixtures) -> Failing:  # noqa: F811
    server = make.server(lambda connection: read_request(connection))
    return Failing(server.endpoint, "TRANSPORT", True, "", accepted=lambda: server.accepted)


def hangs_up_behind_tls(make: Fixtures) -> Failing:  # noqa: F811
    server = make.server(lambda connection: read_request(connection), secure=True)
    return Failing(server.endpoint, "TRANSPORT", True, "", accepted=lambda: server.accepted)


@pytest.mark.parametrize("failing", [
    refused, no_such_name, self_signed, stranger, expired, wrong_host, mute, mute_behind_tls, mute_in_the_handshake,
    full_backlog, hangs_up, hangs_up_behind_tls], ids=lambda failing: failing.__name__)
def test_no_answer_comes(make: Fixtures, failing: Callable[[Fixtures], Failing]) -> None:  # noqa: F811
    """All at once: what each of them is told has nothing to do with the others."""
    wanted = failing(make)
    settings = {**SETTINGS, "tls.ca_bundle": make.authority.bundle, **wanted.settings}
    every = [(style, mode) for style in STYLES for mode in MODES]
    told = outcome_driver.run(
        [Line(style, wanted.endpoint, ["m"], {**settings, "retry.mode": mode}) for style, mode in every])
    total = 0
    for (style, mode), [ending] in zip(every, told):
        attempts = MODES[mode] if wanted.retryable else 1
        total += attempts
        assert (ending["code"], ending["ends"], ending["late"]) == (f"BRS_E_{wanted.code}", 1, 0), ending
        assert (ending["status"], ending["retryable"]) == (0, int(wanted.retryable)), ending
        assert (ending["attempts"], ending["retries"], ending["delivered"]) == (attempts, attempts - 1, 0), ending
        assert wanted.words in ending["message"]
        assert wanted.least_ms * attempts <= ending["ms"]
        if wanted.least_ms:
            assert ending["ms"] < wanted.least_ms * attempts + TARDY_MS, ending
    if wanted.accepted:
        assert wanted.accepted() == total


def torn_record(context: ssl.SSLContext, connection: socket.socket, head: bytes, body: bytes) -> None:
    """TLS by hand, so that the last record can be sent in part: no goodbye follows, only the end of the connection."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_side=True)

    def until_done(step: Callable[[], Any]) -> Any:
        while True:
            try:
                result = step()
                connection.sendall(outgoing.read())
                return result
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65536))

    until_done(tls.do_handshake)
    request = b""
    while b"}]}]}" not in request:
        request += until_done(lambda: tls.read(65536))
    tls.write(head + body[:1500])
    connection.sendall(outgoing.read())
    time.sleep(0.05)
    tls.write(body[1500:3000])
    record = outgoing.read()
    connection.sendall(record[:len(record) // 2])
    time.sleep(0.05)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("framing", ["chunks", "end"])
def test_tls_cut_amid_a_record(
    simulator: Simulator, make: Fixtures, style: str, mode: str, framing: str,  # noqa: F811
) -> None:
    """What came in whole records is delivered; a cut that a third may have made is never an end."""
    model = "sim.pieces-40.nopad"
    body, context = recorded(simulator, model), make.authority.context()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
    head += b"Connection: close\r\n\r\n" if framing == "end" else (
        f"Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode())
    server = make.server(lambda connection: torn_record(context, connection, head, body))
    settings = {**SETTINGS, "tls.ca_bundle": make.authority.bundle, "retry.mode": mode}
    [[ending], [whole]] = outcome_driver.run([
        Line(style, server.endpoint.replace("http:", "https:"), [model], settings),
        Line(style, simulator.endpoint, [model])])
    assert (ending["code"], ending["status"], ending["ends"]) == ("BRS_E_INCOMPLETE", 200, 1), ending
    assert ending["attempts"] == server.accepted == 1
    assert ending["text"] and whole["text"].startswith(ending["text"]) and ending["text"] != whole["text"]


@pytest.mark.parametrize("mode", MODES)
def test_a_server_that_is_killed_amid_its_answers(simulator: Simulator, mode: str) -> None:
    """kill -9: what came is kept, the end is no success, and the next call finds nobody there."""
    victim = simulator.start()
    killer = threading.Timer(0.4, victim.process.kill)
    settings = {**SETTINGS, "retry.mode": mode}
    killer.start()
    told = outcome_driver.run(
        [Line(style, victim.endpoint, ["sim.pieces-100.pace-20", 200, "sim.pieces-3"], settings)
         for style in STYLES * 4])
    [[whole]] = outcome_driver.run([Line("pull", simulator.endpoint, ["sim.pieces-100"])])
    for ending, afterwards in told:
        assert (ending["code"], ending["status"], ending["ends"], ending["attempts"]) == ("BRS_E_INCOMPLETE", 200, 1, 1)
        assert ending["text"] and whole["text"].startswith(ending["text"]) and ending["text"] != whole["text"]
        assert (afterwards["code"], afterwards["attempts"]) == ("BRS_E_CONNECT", MODES[mode]), afterwards
