"""Answers that break off in the middle, over TLS and HTTP/2, in every way that a server can think of."""

import time

import pytest
from transport_calls import assert_answered, assert_broken_off
from transport_fronts import (  # noqa: F401 (fixtures)
    Player, leave, make, plain, programs, read_request, recorded)

EVENT_STREAM = "Content-Type: application/vnd.amazon.eventstream\r\n"


@pytest.mark.parametrize("version", ["1.1", "2"])
@pytest.mark.parametrize("victim", ["front", "simulator"])
def test_a_server_that_dies_in_the_middle(simulator, make, plain, version, victim):
    meant = plain.run("sim.pieces-100")
    backend = simulator.start() if victim == "simulator" else simulator
    front = make.front(backend)
    client = make.caller(front.endpoint, http__version=version)
    calls = [client.start("sim.pieces-100.pace-20") for _ in range(3)]
    for one in calls:
        one.wait_for_text()
    (backend if victim == "simulator" else front).process.kill()
    for one in calls:
        assert_broken_off(one.end(), meant)


def whole_body(simulator):
    return recorded(simulator, "sim.pieces-40.nopad")


def framed(body, cut, framing):
    """A response whose body is cut short after `cut` bytes of content."""
    if framing == "length":
        return f"HTTP/1.1 200 OK\r\n{EVENT_STREAM}Content-Length: {len(body)}\r\n\r\n".encode() + body[:cut]
    if framing == "chunks":
        head = f"HTTP/1.1 200 OK\r\n{EVENT_STREAM}Transfer-Encoding: chunked\r\n\r\n".encode()
        return head + f"{len(body):x}\r\n".encode() + body[:cut]
    return f"HTTP/1.1 200 OK\r\n{EVENT_STREAM}Connection: close\r\n\r\n".encode() + body[:cut]


def frame_ends(body):
    """Where each frame ends."""
    ends, at = [], 0
    while at < len(body):
        at += int.from_bytes(body[at:at + 4], "big")
        ends.append(at)
    return ends


@pytest.mark.parametrize("how", ["notify", "close", "reset"])
@pytest.mark.parametrize("framing", ["length", "chunks", "end"])
def test_tls_that_ends_before_the_body(simulator, make, plain, framing, how):
    """With goodbye and without, inside a frame and between two, however the body's length is told."""
    meant, body = plain.run("sim.pieces-40.nopad"), whole_body(simulator)
    cuts = [frame_ends(body)[20], frame_ends(body)[20] + 7, frame_ends(body)[-3]]

    def serve(connection):
        read_request(connection)
        connection.sendall(framed(body, cuts[server.accepted - 1], framing))
        if how == "reset":
            time.sleep(0.1)  # what a reset overtakes is lost: that would be another test
        leave(connection, how)

    server = make.server(serve, secure=True)
    client = make.caller(server.endpoint)
    for cut in cuts:
        ending = client.run("sim.pieces-40.nopad")
        assert (ending.name, ending.phase) == ("BRS_E_INCOMPLETE", "BRS_PHASE_STREAM"), (cut, ending.message)
        assert ending.text and meant.text.startswith(ending.text)
    assert server.accepted == len(cuts)


@pytest.mark.parametrize("how", ["notify", "close"])
def test_tls_that_ends_with_the_body(simulator, make, plain, how):
    """Where the end of the connection is the end of the body, the answer's own end decides."""
    meant, body = plain.run("sim.pieces-40.nopad"), whole_body(simulator)

    def serve(connection):
        read_request(connection)
        connection.sendall(framed(body, len(body), "end"))
        leave(connection, how)

    ending = make.caller(make.server(serve, secure=True).endpoint).run("sim.pieces-40.nopad")
    assert_answered(ending, meant)


def play_cut(body, cut, deed):
    def play(player, stream):
        player.head(stream)
        player.send(stream, body[:cut])
        deed(player, stream)
        player.flush()
    return play


def end_stream(player, stream):
    player.h2.end_stream(stream)


def reset_with(code):
    return lambda player, stream: player.h2.reset_stream(stream, code)


def go_away(last):
    def deed(player, stream):
        player.h2.close_connection(error_code=2, last_stream_id=stream if last else 0)
        player.flush()
        leave(player.connection, "close")
    return deed


def nonsense(player, stream):
    player.connection.sendall(b"\xff" * 64)


def data_frame(stream, content, end=False):
    """For what the package refuses to send."""
    return len(content).to_bytes(3, "big") + bytes([0, int(end)]) + stream.to_bytes(4, "big") + content


def strange_stream(player, stream):
    """DATA of a stream that was never opened: an error of the connection."""
    player.connection.sendall(data_frame(0x7FFF, b"abcd"))


@pytest.mark.parametrize("deed", [
    end_stream, reset_with(0), reset_with(1), reset_with(2), reset_with(5), reset_with(7), reset_with(8),
    reset_with(11), go_away(True), go_away(False), nonsense, strange_stream,
    lambda player, stream: leave(player.connection, "close"),
    lambda player, stream: leave(player.connection, "notify"),
    lambda player, stream: leave(player.connection, "reset"),
], ids=["end", *(f"reset-{n}" for n in (0, 1, 2, 5, 7, 8, 11)), "goaway-ours", "goaway-none", "nonsense",
        "strange-stream", "close", "notify", "tcp-reset"])
def test_http_2_that_breaks_in_the_middle(simulator, make, plain, deed):
    meant, body = plain.run("sim.pieces-40.nopad"), whole_body(simulator)
    for cut in (frame_ends(body)[20], frame_ends(body)[20] + 7):
        def slow_deed(player, stream):
            time.sleep(0.05)  # a reset may overtake what was sent before it
            deed(player, stream)

        server = make.http2(play_cut(body, cut, slow_deed))
        ending = make.caller(server.endpoint, http__version="2").run("sim.pieces-40.nopad")
        assert_broken_off(ending, meant)
        assert server.accepted == 1


@pytest.mark.parametrize("code", [0, 8])
def test_http_2_reset_behind_a_whole_answer(simulator, make, plain, code):
    """The stream did not end as it should: what came is kept, success it is not, unless the reset means no error."""
    meant, body = plain.run("sim.pieces-40.nopad"), whole_body(simulator)
    server = make.http2(play_cut(body, len(body), reset_with(code)))
    ending = make.caller(server.endpoint, http__version="2").run("sim.pieces-40.nopad")
    assert ending.name == ("BRS_OK" if code == 0 else "BRS_E_INCOMPLETE")
    assert ending.text == meant.text


def test_http_2_that_announces_its_end_finishes_what_it_began(simulator, make, plain):
    meant, body = plain.run("sim.pieces-40.nopad"), whole_body(simulator)

    def play(player, stream):
        player.head(stream)
        player.send(stream, body[:1000])
        player.h2.close_connection(error_code=0, last_stream_id=stream)
        player.flush()
        time.sleep(0.1)
        # The package takes its own goodbye for the end of everything: the rest is framed here.
        player.connection.sendall(data_frame(stream, body[1000:], end=True))

    server = make.http2(play)
    client = make.caller(server.endpoint, http__version="2")
    assert_answered(client.run("sim.pieces-40.nopad"), meant)
    again = client.run("sim.pieces-40.nopad")
    assert_answered(again, meant)
    assert not again.result.connection_reused and server.accepted == 2


def test_http_2_length_that_does_not_hold(simulator, make, plain):
    meant, body = plain.run("sim.pieces-40.nopad"), whole_body(simulator)

    def play(player, stream):
        player.head(stream, content_length=str(len(body)))
        player.connection.sendall(data_frame(stream, body[:frame_ends(body)[20]]))
        time.sleep(0.05)
        player.connection.sendall(data_frame(stream, b"", end=True))

    ending = make.caller(make.http2(play).endpoint, http__version="2").run("sim.pieces-40.nopad")
    assert_broken_off(ending, meant)


def test_http_2_refused_before_anything_came(simulator, make, plain):
    """REFUSED_STREAM means that nothing was done: another try is the transport's own business."""
    meant, body = plain.run("sim.pieces-40.nopad"), whole_body(simulator)
    refused = []

    def play(player, stream):
        if not refused:
            refused.append(stream)
            player.h2.reset_stream(stream, 7)
            player.flush()
        else:
            player.head(stream)
            player.send(stream, body, end=True)

    ending = make.caller(make.http2(play).endpoint, http__version="2").run("sim.pieces-40.nopad")
    assert_answered(ending, meant)
    assert ending.result.attempts == 1


@pytest.mark.parametrize("cut", [0, 1000])
def test_http_2_that_asks_for_http_1(simulator, make, plain, cut):
    """Before anything came the transport may begin anew; later what was handed over would come twice."""
    meant, body = plain.run("sim.pieces-40.nopad"), whole_body(simulator)
    requests = []

    def play(player, stream):
        requests.append("h2")
        if cut:
            player.head(stream)
            player.send(stream, body[:cut])
            time.sleep(0.05)
        player.h2.reset_stream(stream, 13)
        player.flush()

    def serve(connection):
        if connection.selected_alpn_protocol() == "h2":
            return Player(connection, play).serve()
        read_request(connection)
        requests.append("http/1.1")
        connection.sendall(framed(body, len(body), "length"))

    server = make.server(serve, alpn=("h2", "http/1.1"))
    ending = make.caller(server.endpoint, http__version="2").run("sim.pieces-40.nopad")
    if cut:
        assert_broken_off(ending, meant)
        assert requests == ["h2"] and "anew" in ending.message
    else:
        assert_answered(ending, meant)
        assert requests == ["h2", "http/1.1"]
    assert ending.result.attempts == 1


