"""Timings over real sockets. What a server causes bounds a time from below; beyond that only the order of times is
asked for, and counts."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest
from transport_calls import QUESTION
from transport_fronts import (  # noqa: F401 (fixtures)
    Player, header, leave, make, plain, programs, read_head, recorded, some)

MOMENTS = ("resolved_us", "tcp_connected_us", "tls_connected_us", "connected_us", "request_sent_us", "first_byte_us",
           "first_delta_us", "total_us")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ncontent-length: %d\r\n\r\n"
LARGE = "x" * 12_000_000
"""More than the kernel takes off a sender's hands when nobody reads."""


def run(client, name="BRS_OK", **options):
    return finish(client.start("m", **options), name).timings


def finish(one, name="BRS_OK"):
    """The result, whose times have to be in order."""
    ending = one.end()
    assert ending.name == name, ending.message
    assert_in_order(ending.result.timings)
    return ending.result


def moments(timings):
    return [getattr(timings, name) for name in MOMENTS]


def assert_in_order(timings):
    came = [time for time in moments(timings) if time >= 0]
    assert came == sorted(came), timings


def frames(body):
    at = 0
    while at < len(body):
        length = int.from_bytes(body[at:at + 4], "big")
        yield body[at:at + length]
        at += length


class Service:
    """Answers each request of HTTP/1.1 with what was recorded, and counts the bytes of both."""

    def __init__(self, body, first=0.0, gap=0.0):
        self.body, self.first, self.gap = body, first, gap
        self.requests = []
        self.received = 0

    def serve(self, connection):
        with suppress(EOFError):
            while True:
                self.receive(connection)
                time.sleep(self.first)
                self.answer(connection)

    def receive(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.read(connection)
        head, _, rest = data.partition(b"\r\n\r\n")
        left = int(header(head.decode("latin-1"), "content-length")) - len(rest)
        while left > 0:
            left -= len(self.read(connection))
        self.requests.append(len(head))

    def read(self, connection):
        data = some(connection)
        self.received += len(data)
        return data

    @property
    def sent(self):
        return len(HEAD % len(self.body)) + len(self.body)

    def answer(self, connection):
        connection.sendall(HEAD % len(self.body))
        deltas = 0
        for frame in frames(self.body):
            deltas += b"contentBlockDelta" in frame
            if deltas == 3:  # between the second delta and the third
                time.sleep(self.gap)
                deltas += 1
            connection.sendall(frame)


@pytest.fixture
def answer(simulator):
    """Ten deltas, and what stands around them."""
    return recorded(simulator, "sim.pieces-10")


# ---- a call that goes well


@pytest.mark.parametrize("secure", [False, True])
def test_each_time_and_count(make, answer, secure):
    service = Service(answer, first=0.05, gap=0.04)
    client = make.caller(make.server(service.serve, secure=secure).endpoint)
    result = finish(client.start("m"))
    timings = result.timings
    assert sorted(moments(timings))[0 if secure else 1] >= 0
    assert (timings.tls_connected_us > timings.tcp_connected_us) == secure
    assert (timings.tls_connected_us == -1) == (not secure)
    assert timings.first_byte_us - timings.request_sent_us >= 50_000
    # What came first may have been told late.
    assert timings.longest_gap_us >= 25_000
    assert timings.longest_gap_us <= timings.total_us - timings.first_delta_us
    assert (timings.bytes_sent, timings.bytes_received) == (service.received, service.sent)
    rate = timings.output_tokens_per_s
    assert 0 < result.usage.output_tokens * 1e6 / (timings.total_us - timings.first_delta_us) <= rate
    assert rate <= result.usage.output_tokens * 1e6 / timings.longest_gap_us


def test_each_time_of_http_2(make, answer):
    def play(player, stream):
        time.sleep(0.05)
        player.head(stream)
        pieces = list(frames(answer))
        player.send(stream, b"".join(pieces[:4]))
        time.sleep(0.04)
        player.send(stream, b"".join(pieces[4:]), end=True)

    client = make.caller(make.http2(play).endpoint, http__version="2")
    timings = run(client)
    assert min(moments(timings)) >= 0
    assert timings.first_byte_us - timings.request_sent_us >= 50_000
    # What came first may have been told late.
    assert timings.longest_gap_us >= 25_000
    # Heads are counted as HTTP/1.1 would write them.
    assert timings.bytes_received > len(answer)
    assert timings.bytes_sent > len(QUESTION) + 200


@pytest.mark.parametrize("secure", [False, True])
def test_a_connection_that_was_there(make, answer, secure):
    service = Service(answer)
    server = make.server(service.serve, secure=secure)
    client = make.caller(server.endpoint)
    run(client)
    before = service.received
    timings = run(client)
    assert server.accepted == 1
    assert moments(timings)[:3] == [-1, -1, -1]
    assert min(moments(timings)[3:]) >= 0
    assert (timings.bytes_sent, timings.bytes_received) == (service.received - before, service.sent)


# ---- what takes its time


def test_a_handshake_that_waits(make, answer):
    context = make.authority.context()
    service = Service(answer)

    def serve(connection):
        time.sleep(0.1)
        with context.wrap_socket(connection, server_side=True) as secure:
            service.serve(secure)

    server = make.server(serve)
    timings = run(make.caller(server.endpoint.replace("http:", "https:")))
    assert timings.tls_connected_us >= 100_000
    assert timings.tcp_connected_us <= timings.tls_connected_us <= timings.connected_us


def narrow(server):
    """Connections made from now on take little before somebody reads."""
    server._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 262_144)
    return server


@pytest.mark.parametrize("secure", [False, True])
def test_a_body_that_is_read_late(make, answer, secure):
    service = Service(answer)

    def serve(connection):
        time.sleep(0.3)
        service.serve(connection)

    server = narrow(make.server(serve, secure=secure))
    timings = run(make.caller(server.endpoint), question=LARGE)
    assert timings.request_sent_us - timings.connected_us >= 250_000
    assert timings.bytes_sent == service.received > len(LARGE)


def test_a_body_that_waits_for_http_2_to_let_it(make, answer):
    def play(player, stream):
        player.head(stream)
        player.send(stream, answer, end=True)

    def serve(connection):
        time.sleep(0.3)
        Player(connection, play).serve()

    server = make.server(serve, alpn=("h2",))
    question = "x" * 500_000  # HTTP/2 lets 64 KiB go unasked
    timings = run(make.caller(server.endpoint, http__version="2"), question=question)
    assert timings.request_sent_us - timings.tls_connected_us >= 250_000
    assert timings.bytes_sent > len(question)


@pytest.mark.parametrize("secure", [False, True])
def test_a_body_that_nobody_reads(make, secure):
    asleep = threading.Event()
    server = narrow(make.server(lambda connection: asleep.wait(20), secure=secure))
    one = make.caller(server.endpoint).start("m", question=LARGE, timeout__first_byte_ms="300")
    ending = one.end()
    asleep.set()
    assert (ending.name, ending.phase) == ("BRS_E_TIMEOUT_FIRST_BYTE", "BRS_PHASE_REQUEST")
    assert ending.result.timings.request_sent_us == ending.result.timings.first_byte_us == -1
    assert 0 < ending.result.timings.bytes_sent < len(LARGE)
    assert ending.result.timings.bytes_received == 0


def test_what_the_caller_holds_back(make, answer):
    service = Service(answer, gap=0.02)
    one = make.caller(make.server(service.serve).endpoint).start("m", hold=True)
    one.wait_for_text()
    begin = time.monotonic()
    time.sleep(0.3)
    held = (time.monotonic() - begin) * 1e6
    one.go_on()
    timings = finish(one).timings
    assert timings.longest_gap_us <= timings.total_us - timings.first_delta_us - held


# ---- more than one request


def test_bytes_of_all_attempts(make, answer):
    service = Service(answer)
    refused = b"HTTP/1.1 503 Not now\r\nx-amzn-errortype: ServiceUnavailableException\r\ncontent-length: 2\r\n\r\n{}"
    refusals = [refused]

    def serve(connection):
        with suppress(EOFError):
            while True:
                service.receive(connection)
                if refusals:
                    connection.sendall(refusals.pop())
                else:
                    service.answer(connection)

    timings = run(make.caller(make.server(serve).endpoint, retry__mode="standard"))
    assert len(service.requests) == 2
    assert timings.bytes_sent == service.received
    assert timings.bytes_received == len(refused) + service.sent


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_bytes_of_a_request_that_went_out_twice(make, answer, ending):
    service = Service(answer)

    def serve(connection):
        service.receive(connection)
        if len(service.requests) == 2:
            return leave(connection, ending)
        service.answer(connection)
        serve(connection)

    server = make.server(lambda connection: serve(connection) if server.accepted == 1 else service.serve(connection))
    client = make.caller(server.endpoint)
    first = run(client)
    assert first.bytes_sent == service.received
    second = run(client)
    assert server.accepted == 2
    assert second.bytes_sent == service.received - first.bytes_sent >= 2 * len(QUESTION)
    assert second.tcp_connected_us >= 0


def test_bytes_through_a_proxy(make, answer):
    service = Service(answer)
    proxy = make.proxy(user="me:secret")
    server = make.server(service.serve, secure=True)
    client = make.caller(server.endpoint, proxy__url=f"http://me:secret@{proxy.host}")
    timings = run(client)
    assert len(proxy.heads) == 1
    assert timings.bytes_sent == service.received
    assert timings.tcp_connected_us <= timings.tls_connected_us


def test_no_connection(make):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    timings = run(make.caller(f"http://127.0.0.1:{port}"), name="BRS_E_CONNECT")
    assert moments(timings)[:-1] == [-1] * 7
    assert (timings.bytes_sent, timings.bytes_received) == (0, 0)
    assert timings.output_tokens_per_s == timings.longest_gap_us == -1
