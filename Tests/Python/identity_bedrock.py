"""Bedrock in the mock world: takes what is signed with keys of the world, and has the simulator answer it."""

from __future__ import annotations

import re
import socket
from contextlib import suppress

from identity_service import Answer, Refused, Request, Service
from identity_signatures import signer

HOST = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.[a-z.]+$")
CODES = {
    "missing": "MissingAuthenticationTokenException", "unknown": "UnrecognizedClientException",
    "expired": "ExpiredTokenException", "skew": "InvalidSignatureException", "signature": "InvalidSignatureException"}


class Bedrock(Service):
    """`upstream` is the port of a simulator that takes every request. `revoked` are keys that count as expired."""

    name = "bedrock"

    def __init__(self, world):
        super().__init__(world)
        self.upstream = 0
        self.revoked: set[str] = set()
        self.bearers: set[str] = set()
        self._signers: list[str] = []

    @property
    def signers(self):
        """The access key, or the bearer token, of each request that was taken, in their order."""
        return list(self._signers)

    def owns(self, request):
        return request.path.startswith("/model/")

    def answer(self, request, life_s):
        """What it says instead of a model's answer; status 200 where there is nothing to say."""
        self.demand_tls(request)
        authorization = request.headers.get("authorization", "")
        if authorization.startswith("Bearer "):
            name = authorization.removeprefix("Bearer ")
            grant = self.world.oidc.grants.get(name)
            if name not in self.bearers and (not grant or grant.expires_at < self.world.now()):
                raise Refused("AccessDeniedException", "Authentication failed: the API key is not valid.", 403)
        else:
            home = HOST.match(request.host)
            name = signer(self.world, request, "bedrock", home and home[1], CODES).access_key_id
        if name in self.revoked:
            raise Refused("ExpiredTokenException", "The security token included in the request is expired", 403)
        self._signers.append(name)
        return Answer()

    def serve(self, exchange):
        answer = exchange.meant()
        if answer.status != 200 or not self.upstream:
            exchange.send(answer)
        else:
            self._relay(exchange.request, exchange.connection)
            raise EOFError  # the simulator has closed its side, so this connection ends as well

    def _relay(self, request: Request, connection):
        kept = {name: value for name, value in request.headers.items() if name not in ("authorization", "connection")}
        lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items())]
        with socket.create_connection(("127.0.0.1", self.upstream), timeout=20) as upstream:
            upstream.sendall("\r\n".join([*lines, "connection: close", "", ""]).encode() + request.body)
            with suppress(TimeoutError):
                while data := upstream.recv(65536):
                    connection.sendall(data)
