"""Where AWS clients get their identity, on one port of loopback: STS, SSO, sign-in, containers, instance metadata.

Clients connect here whatever the host (libcurl's CURLOPT_CONNECT_TO `::127.0.0.1:PORT`), so requests and their Host are
those that the real services would see. HTTP and HTTPS come to the same port; certificates are made as they are asked
for. Requests are in the journal; what a real service would not put up with is a complaint, and `identity_world` fails
a test that leaves any.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest
from identity_bedrock import Bedrock
from identity_faults import Exchange
from identity_homes import Home
from identity_metadata import Container, InstanceMetadata
from identity_service import Keys, Request, Trap
from identity_signin import SignIn
from identity_sso import Oidc, Portal
from identity_sts import Sts
from transport_fronts import Authority, Listener, header, read_head, some

ADDRESSES = (
    "localhost", "127.0.0.1", "::1", "169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254",
    "fd00:ec2::23")


class EitherListener(Listener):
    """TLS where the client begins it."""

    def _wants_tls(self, connection):
        return connection.recv(1, socket.MSG_PEEK) == b"\x16"


class Certificates:
    """A TLS context that has a certificate for each name that it is asked for."""

    def __init__(self, authority):
        self._authority = authority
        self._lock = threading.Lock()
        self._contexts = {}
        self.context = authority.context(*ADDRESSES)
        self.context.sni_callback = self._choose

    def _choose(self, connection, name, _context):
        if name and name not in ADDRESSES:
            with self._lock:
                if name not in self._contexts:
                    self._contexts[name] = self._authority.context(name)
            connection.context = self._contexts[name]


class IdentityWorld:
    """The services, each with its requests and its faults: `sts`, `portal`, `oidc`, `signin`, `imds`, `container`; and
    `bedrock`, which takes what they give out."""

    def __init__(self, folder):
        self.lock = threading.RLock()
        self.journal: list[Request] = []
        self.complaints: list[str] = []
        self.keys: dict[str, Keys] = {}
        self.secrets: list[str] = []
        self.clock_s = 0.0
        self.authority = Authority(folder, "identity")
        self.ca_bundle = self.authority.bundle
        self.sts, self.portal, self.oidc = Sts(self), Portal(self), Oidc(self)
        self.signin, self.imds, self.container = SignIn(self), InstanceMetadata(self), Container(self)
        self.bedrock, self.trap = Bedrock(self), Trap(self)
        self._services = [
            self.bedrock, self.sts, self.portal, self.oidc, self.signin, self.imds, self.container, self.trap]
        self._listener = EitherListener(self._serve, Certificates(self.authority).context)
        self.port = self._listener.port
        self.connect_to = f"::127.0.0.1:{self.port}"
        self.home = Home(folder / "home", self)

    def stop(self):
        self._listener.stop()

    def now(self):
        """The time as this world has it: `clock_s` is how far it is ahead."""
        return time.time() + self.clock_s

    def issue(self, source, principal, life_s):
        """New temporary credentials; their key says where they come from."""
        with self.lock:
            name = f"ASIA{source.upper()}{len(self.keys) + 1:08}"
            keys = Keys(name, f"secret/of/{name}+", f"token+of/{name}==", principal, self.now() + life_s)
            return self.know(keys)

    def know(self, keys):
        """Credentials that STS takes signatures of."""
        self.keys[keys.access_key_id] = keys
        self.secret(keys.secret)
        self.secret(keys.token)
        return keys

    def secret(self, text):
        """Something that must show up nowhere."""
        if text:
            self.secrets.append(text)
        return text

    def complain(self, text):
        self.complaints.append(text)

    def _serve(self, connection):
        while True:
            request = self._read(connection)
            with self.lock:
                service = next(one for one in self._services if one.owns(request))
                request.service = service.name
                self.journal.append(request)
            play = service.play_for(request) or service.serve
            play(Exchange(service, request, connection))
            if request.headers.get("connection", "").lower() == "close":
                return

    def _read(self, connection):
        head, rest = read_head(connection)
        length = int(header(head, "content-length") or 0)
        while len(rest) < length:
            rest += some(connection)
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if len(headers) != len(lines):
            self.complain(f"{method} {target} has a header twice")
        if header(head, "transfer-encoding"):
            self.complain(f"{method} {target} came in chunks")
        return Request(method, target, headers, rest[:length], isinstance(connection, ssl.SSLSocket))


@pytest.fixture
def identity_world(tmp_path):
    """A world for one test, which must not leave complaints (`world.complaints.clear()` where they were meant)."""
    folder = tmp_path / "identity"
    folder.mkdir()
    world = IdentityWorld(folder)
    yield world
    world.stop()
    assert world.complaints == []
