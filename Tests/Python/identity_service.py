"""What the services of the mock world have in common: requests, answers, faults on demand, keys that are given out."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from urllib.parse import parse_qsl, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass
class Request:
    """One request as it came. Names of headers are in lower case; a host stands without its port."""

    method: str
    target: str
    headers: dict
    body: bytes
    secure: bool
    at: float = field(default_factory=time.monotonic)
    service: str = ""

    @property
    def host(self):
        return self.authority.rpartition(":")[0] if self.authority.rpartition(":")[2].isdigit() else self.authority

    @property
    def authority(self):
        return self.headers.get("host", "").lower()

    @property
    def url(self):
        return f"{'https' if self.secure else 'http'}://{self.authority}{self.target}"

    @property
    def path(self):
        return urlsplit(self.url).path

    @property
    def query(self):
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)

    def head(self, length=None):
        headers = {"Content-Length": len(self.body) if length is None else length, **self.headers}
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode()


def json_answer(value, status=200, **headers):
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **names})


class Refused(Exception):
    """An error that a service answers with; `members` are those beside code and message."""

    def __init__(self, code, message, status=400, **members):
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members


def rfc3339(epoch):
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Keys:
    """Temporary credentials that the world gave out."""

    access_key_id: str
    secret: str
    token: str
    principal: str
    expires_at: float

    @property
    def expiration(self):
        return rfc3339(self.expires_at)

    def members(self, token="SessionToken"):
        return {
            "AccessKeyId": self.access_key_id, "SecretAccessKey": self.secret, token: self.token,
            "Expiration": self.expiration}


class Service:
    """One service: `respond` is how it really answers, `then` and `always` say how it does instead.

    `life_s` is how long what it gives out is valid. A play is called with the exchange, see identity_faults.
    """

    name = ""

    def __init__(self, world):
        self.world = world
        self.life_s = 3600.0
        self._once: deque = deque()
        self._always: dict[str | None, Callable] = {}

    def owns(self, request) -> bool:
        raise NotImplementedError

    def answer(self, request, life_s) -> Answer:
        raise NotImplementedError

    def refusal(self, refused) -> Answer:
        """As JSON protocols have it."""
        body = {"message": refused.message, **refused.members}
        return json_answer(body, refused.status, x_amzn_ErrorType=refused.code)

    def respond(self, request, life_s=None):
        try:
            return self.answer(request, self.life_s if life_s is None else life_s)
        except Refused as refused:
            return self.refusal(refused)

    def serve(self, exchange):
        """What comes for a request that nothing else was said of."""
        exchange.send(exchange.meant())

    def then(self, *plays, path=None):
        """The next requests (of this path) are answered by these, one each."""
        with self.world.lock:
            self._once.extend((path, play) for play in plays)

    def always(self, play, path=None):
        """All requests (of this path) that `then` says nothing of are answered by this; None: as they really are."""
        with self.world.lock:
            self._always.pop(path, None)
            if play is not None:
                self._always[path] = play

    def play_for(self, request):
        with self.world.lock:
            for entry in self._once:
                if entry[0] in (None, request.path):
                    self._once.remove(entry)
                    return entry[1]
            return self._always.get(request.path) or self._always.get(None)

    @property
    def requests(self):
        return [request for request in self.world.journal if request.service == self.name]

    def demand_tls(self, request):
        if not request.secure and request.host not in LOOPBACK:
            self.world.complain(f"{request.url} came without TLS")


class Trap(Service):
    """Whatever is nobody's. Nothing should come here: clients of credentials do not follow redirects."""

    name = "trap"

    def owns(self, request):
        return True

    def answer(self, request, life_s):
        return Answer(404, b"nobody lives here")
