"""What stands between the library and the simulator in the tests of transport.

Servers that the tests script themselves run in threads on loopback; nghttpx is a process of its own. Everything ends
with the test that started it.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import pytest
import trustme
from transport_calls import QUESTION, ROOT, Caller

TOKEN = "bedrock-api-key-example"
ARN = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/sim.pieces-4"
ARN_TARGET = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fsim.pieces-4/converse-stream"


# ---- certificates


class Authority:
    """A certificate authority that nobody trusts but who is told to."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        self._ca = trustme.CA(organization_name=name)
        self.bundle = str(folder / f"{name}.pem")
        self._ca.cert_pem.write_to_path(self.bundle)

    def issue(self, *names, **options):
        """Key and certificate files for a server of these names."""
        certificate = self._ca.issue_cert(*names, **options)
        stem = self.folder / f"server-{time.monotonic_ns()}"
        key, chain = f"{stem}.key", f"{stem}.crt"
        certificate.private_key_pem.write_to_path(key)
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(chain, append=True)
        return key, chain

    def context(self, *names, alpn=("http/1.1",)):
        key, chain = self.issue(*names or ("127.0.0.1",))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        context.set_alpn_protocols(list(alpn))
        return context


# ---- nghttpx


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Front:
    """nghttpx: TLS, and HTTP/2 where the client takes it, in front of a server on loopback."""

    def __init__(self, folder, port, files, *options):
        self._log = folder / f"access-{time.monotonic_ns()}"
        self._output = folder / f"nghttpx-{time.monotonic_ns()}"
        key, chain = files
        for _ in range(5):  # the port was free when it was looked for; somebody else may have it by now
            self.port = free_port()
            with self._output.open("w") as output:
                self.process = subprocess.Popen(
                    ["nghttpx", "--conf=/dev/null", "--single-process", "--workers=1",
                     f"--frontend=127.0.0.1,{self.port}", f"--backend=127.0.0.1,{port}",
                     f"--accesslog-file={self._log}", "--accesslog-format=$remote_port $alpn $status $path",
                     *options, key, chain],
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            if self._is_up():
                self.endpoint = f"https://127.0.0.1:{self.port}"
                return
            self.stop()
        raise RuntimeError(f"nghttpx did not start: {self._output.read_text()}")

    def _is_up(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self.process.poll() is None
            time.sleep(0.01)
        return False

    def stop(self):
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait()

    def log(self, count):
        """The requests that were answered, (port of the client, protocol, status, path), when there are `count`."""
        deadline = time.monotonic() + 5
        lines = []
        while len(lines) < count and time.monotonic() < deadline:
            time.sleep(0.01)
            lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [tuple(line.split(" ", 3)) for line in lines]


# ---- servers in threads


class Listener:
    """Accepts connections on loopback; `serve(socket)` has each of them in a thread of its own."""

    def __init__(self, serve, context=None):
        self._serve = serve
        self._context = context
        self._sockets = []
        self._threads = []
        self.accepted = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.endpoint = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.accepted += 1
                self._sockets.append(connection)
                self._threads.append(threading.Thread(target=self._run, args=(connection,), daemon=True))
                self._threads[-1].start()

    def _run(self, connection):
        with suppress(OSError, ssl.SSLError, EOFError, h2.exceptions.ProtocolError):
            connection.settimeout(20)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._wants_tls(connection):
                connection = self._context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True)
                self._sockets.append(connection)
            self._serve(connection)
        with suppress(OSError):
            connection.close()

    def _wants_tls(self, connection):
        return self._context is not None

    def stop(self):
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)
        for connection in self._sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for connection in self._sockets:
            connection.close()


def silent(connection):
    """Reads, and says nothing."""
    while True:
        some(connection)


def read_head(connection):
    """A request head and what of its body came with it; EOFError where the connection ends before."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += some(connection)
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


def some(connection):
    data = connection.recv(65536)
    if not data:
        raise EOFError
    return data


def read_request(connection):
    """A request to its end; its head."""
    head, rest = read_head(connection)
    length = int(header(head, "content-length") or 0)
    while len(rest) < length:
        rest += some(connection)
    return head


def header(head, name):
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name:
            return value.strip()
    return None


def recorded(simulator, model, question=QUESTION):
    """The body of an answer of the simulator, as it came."""
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
    body = json.dumps({"messages": [{"role": "user", "content": [{"text": question}]}]})
    connection.request("POST", f"/model/{model}/converse-stream", body, {"Authorization": f"Bearer {TOKEN}"})
    answer = connection.getresponse()
    assert answer.status == 200
    content = answer.read()
    connection.close()
    return content


def leave(connection, how):
    """Ends a connection: `notify` says goodbye by TLS, `close` by TCP alone, `reset` not at all."""
    if how == "notify":
        connection.unwrap()
    if how == "reset":
        linger_never = b"\1\0\0\0\0\0\0\0"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_never)
    if isinstance(connection, ssl.SSLSocket):
        # Python's close leaves TLS alone: what the client sees is a connection that just ends.
        with socket.socket(fileno=connection.detach()):
            return
    connection.close()


# ---- a forward proxy


@dataclass
class Proxy:
    """Passes requests on as proxies do: by CONNECT, or with the whole URL in the request line.

    `user` is asked for where it is set; `refusal` is a status that every CONNECT gets.
    """

    user: str = ""
    refusal: int = 0
    context: ssl.SSLContext | None = None
    heads: list = field(default_factory=list)

    def __post_init__(self):
        self._listener = Listener(self._serve, self.context)
        self.port = self._listener.port
        self.host = f"127.0.0.1:{self.port}"
        self.url = self._listener.endpoint
        self.stop = self._listener.stop

    @property
    def lines(self):
        return [head.split("\r\n")[0] for head in self.heads]

    def _serve(self, client):
        head, rest = read_head(client)
        self.heads.append(head)
        method, target, _ = head.split("\r\n")[0].split(" ")
        wanted = "Basic " + base64.b64encode(self.user.encode()).decode()
        if self.user and header(head, "proxy-authorization") != wanted:
            client.sendall(
                b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
        elif method != "CONNECT":
            self._pass_on(client, head, rest, target)
        elif self.refusal:
            client.sendall(f"HTTP/1.1 {self.refusal} Not today\r\nContent-Length: 9\r\n\r\nNot today".encode())
        else:
            host, _, port = target.rpartition(":")
            with socket.create_connection((host.strip("[]"), int(port)), timeout=10) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                join(client, server)

    def _pass_on(self, client, head, rest, target):
        authority, slash, path = target.removeprefix("http://").partition("/")
        host, _, port = authority.rpartition(":")
        lines = head.split("\r\n")
        method = lines[0].split(" ")[0]
        kept = [line for line in lines[1:] if not line.lower().startswith("proxy-")]
        with socket.create_connection((host.strip("[]"), int(port)), timeout=10) as server:
            server.sendall("\r\n".join([f"{method} {slash}{path} HTTP/1.1", *kept, "", ""]).encode("latin-1") + rest)
            join(client, server)


def join(one, other):
    """Carries bytes both ways until either side ends."""
    def carry(source, target):
        with suppress(OSError, EOFError, ssl.SSLError):
            while True:
                target.sendall(some(source))
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join(20)


# ---- an HTTP/2 server that a test plays


class Player:
    """Answers each HTTP/2 request by `play(self, stream id)`, which has `send` and the rest of h2 to do so."""

    def __init__(self, connection, play):
        self.connection = connection
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self._play = play

    def serve(self):
        self.h2.initiate_connection()
        self.flush()
        while True:
            for event in self.h2.receive_data(some(self.connection)):
                if isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if isinstance(event, h2.events.StreamEnded):
                    self._play(self, event.stream_id)
            self.flush()

    def flush(self):
        self.connection.sendall(self.h2.data_to_send())

    def head(self, stream, **headers):
        self.h2.send_headers(stream, [
            (":status", "200"), ("content-type", "application/vnd.amazon.eventstream"),
            *((name.replace("_", "-"), value) for name, value in headers.items())])
        self.flush()

    def send(self, stream, data, end=False):
        for at in range(0, len(data), 16384):
            self.h2.send_data(stream, data[at:at + 16384])
        if end:
            self.h2.end_stream(stream)
        self.flush()


class Fixtures:
    """Makes the above for a test, and ends them with it, the clients first."""

    def __init__(self, folder):
        self._folder = folder
        self._servers, self._callers = ExitStack(), ExitStack()
        self.authority = Authority(folder)

    def keep(self, server):
        self._servers.callback(server.stop)
        return server

    def front(self, simulator, *options, names=("127.0.0.1", "localhost"), authority=None, **certificate):
        files = (authority or self.authority).issue(*names, **certificate)
        return self.keep(Front(self._folder, simulator.port, files, *options))

    def server(self, serve, secure=False, alpn=()):
        """Plain, or by TLS where that is said or protocols are named to choose from."""
        context = self.authority.context(alpn=alpn or ("http/1.1",)) if secure or alpn else None
        return self.keep(Listener(serve, context))

    def http2(self, play):
        return self.server(lambda connection: Player(connection, play).serve(), alpn=("h2",))

    def proxy(self, **options):
        return self.keep(Proxy(**options))

    def caller(self, endpoint, **settings):
        """A client that trusts the authority; `tls__ca_bundle=None` for one that does not."""
        one = Caller(endpoint, **{"tls__ca_bundle": self.authority.bundle, **settings})
        self._callers.callback(one.close)
        return one

    def close(self):
        with self._servers, self._callers:
            pass


# ---- fixtures, and what the simulator saw


@pytest.fixture(scope="session", autouse=True)
def programs():
    subprocess.run([ROOT / "Tests" / "packages", "nghttp2-proxy"], check=True)


@pytest.fixture
def make(tmp_path):
    fixtures = Fixtures(tmp_path)
    yield fixtures
    fixtures.close()


@pytest.fixture
def plain(simulator, make):
    """A client without anything in between: what it gets is what was meant."""
    return make.caller(simulator.endpoint)


def posts(simulator):
    return [request for request in simulator.requests() if request["method"] == "POST"]
