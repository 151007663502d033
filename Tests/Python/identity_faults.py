"""Plays: how an endpoint of the mock world behaves for a request instead of answering it.

    world.sts.then(status(500), slow(2))        # the next two requests
    world.imds.always(closed(), path="/latest/api/token")
"""

from __future__ import annotations

import select
import socket
from dataclasses import dataclass
from typing import Any

from identity_service import Answer, Refused, Request, Service

BLOCK = b"x" * (1 << 16)


@dataclass
class Exchange:
    """One request that waits for its answer."""

    service: Service
    request: Request
    connection: Any

    def meant(self, life_s=None):
        """What the service answers really."""
        return self.service.respond(self.request, life_s)

    def send(self, answer):
        self.connection.sendall(answer.head() + answer.body)

    def pause(self, seconds):
        """Until then, or until the client hangs up."""
        select.select([self.connection], [], [], seconds)


def meant():
    """As it really answers; for a place in a queue."""
    return lambda exchange: exchange.send(exchange.meant())


def slow(seconds):
    def play(exchange):
        exchange.pause(seconds)
        exchange.send(exchange.meant())
    return play


def status(code, body=b"", **headers):
    answer = Answer(code, body, {name.replace("_", "-"): value for name, value in headers.items()})
    return lambda exchange: exchange.send(answer)


def refused(code, message="No.", status=400, **members):
    """An error in the form of the service."""
    return lambda exchange: exchange.send(exchange.service.refusal(Refused(code, message, status, **members)))


def body(content, status=200, content_type="application/json"):
    return lambda exchange: exchange.send(Answer(status, content, {"Content-Type": content_type}))


def garbage():
    """Bytes that are neither JSON nor XML nor text."""
    return body(b"\x00\xff{<" + bytes(range(256)))


def lasting(seconds):
    """Credentials or tokens that are valid for that long."""
    return lambda exchange: exchange.send(exchange.meant(life_s=seconds))


def expired(seconds=3600):
    """What was valid until so long ago."""
    return lasting(-seconds)


def huge(size=100_000_000, status=200):
    """A body of that many bytes. `sent` of the play is how many went out before the client had enough."""
    def play(exchange):
        exchange.connection.sendall(Answer(status).head(size))
        while play.sent < size:
            exchange.connection.sendall(BLOCK)
            play.sent += len(BLOCK)
    play.sent = 0
    return play


def redirect(to="https://elsewhere.example/stolen", status=302):
    """Whoever follows it is noted by `world.trap`."""
    return lambda exchange: exchange.send(Answer(status, b"", {"Location": to}))


def closed():
    """The connection ends without an answer."""
    def play(exchange):
        raise EOFError
    return play


def reset():
    def play(exchange):
        linger_never = b"\1\0\0\0\0\0\0\0"
        exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_never)
        raise EOFError
    return play


def cut():
    """Half of the body, then the connection ends."""
    def play(exchange):
        answer = exchange.meant()
        exchange.connection.sendall(answer.head() + answer.body[:len(answer.body) // 2])
        raise EOFError
    return play


def headers_only(seconds=600):
    """The head of an answer whose body never comes."""
    def play(exchange):
        exchange.connection.sendall(Answer().head(1000))
        exchange.pause(seconds)
        raise EOFError
    return play


def silence(seconds=600):
    """Nothing at all."""
    def play(exchange):
        exchange.pause(seconds)
        raise EOFError
    return play


def drip(seconds):
    """The true answer, byte by byte, over that time."""
    def play(exchange):
        answer = exchange.meant()
        whole = answer.head() + answer.body
        for at in range(len(whole)):
            exchange.connection.sendall(whole[at:at + 1])
            exchange.pause(seconds / len(whole))
    return play
