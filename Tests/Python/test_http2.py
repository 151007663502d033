"""HTTP/2: nghttpx speaks it, with TLS, in front of the simulator."""

import random
import shutil
import socket
import ssl
import subprocess

import bedrockstream
import newer_libcurl
import pytest
from test_binding import KEYS, stream_of, until
from uneven_readers import read_unevenly


class Proxy:
    """What a client is made for: an endpoint, and whose certificates to trust."""

    def __init__(self, folder, simulator):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.endpoint = f"https://localhost:{self.port}"
        self.certificate, key = folder / "certificate.pem", folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.certificate],
            check=True, capture_output=True)
        self.log = (folder / "nghttpx.log").open("w")
        self.process = subprocess.Popen(
            ["nghttpx", "--conf=/dev/null", "--workers=1", "--accesslog-file=/dev/null", "--no-ocsp",
             f"--frontend=127.0.0.1,{self.port}", f"--backend=127.0.0.1,{simulator.port}", key, self.certificate],
            stdout=self.log, stderr=self.log)
        assert until(self.answers), (folder / "nghttpx.log").read_text()

    def answers(self):
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.set_alpn_protocols(["h2"])
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as secure:
                    return secure.selected_alpn_protocol() == "h2"
        except OSError:
            return False

    def client(self, **settings):
        settings = {"http.version": "2", "retry.mode": "off", "tls.ca_bundle": str(self.certificate), **settings}
        return bedrockstream.Client(
            region_name="us-east-1", endpoint_url=self.endpoint, config=settings, **KEYS)

    def connections(self):
        """How many there are from this machine to the proxy."""
        lines = open("/proc/net/tcp").read().splitlines()[1:]
        fields = [line.split() for line in lines]
        return sum(field[2].endswith(f":{self.port:04X}") and field[3] == "01" for field in fields)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


@pytest.fixture
def proxy(simulator, tmp_path):
    assert shutil.which("nghttpx"), "there is no nghttpx: it is in Debian's package nghttp2-proxy"
    running = Proxy(tmp_path, simulator)
    yield running
    running.stop()


@pytest.mark.skipif(newer_libcurl.version() >= newer_libcurl.SHARING, reason="this libcurl may do it")
def test_streams_share_no_connection(proxy):
    """Ends of streams on one connection are overlooked by libcurl 7.88."""
    client = proxy.client()
    streams = [stream_of(client, "sim.pieces-200.pace-20") for _ in range(4)]
    for stream in streams:
        next(iter(stream))
    assert proxy.connections() == len(streams)
    for stream in streams:
        stream.close()
    client.close()


def test_slow_readers_and_cancels_disturb_nobody(proxy):
    """Whatever becomes of the others, a stream that is read to its end is whole."""
    with proxy.client(**{"delivery.queue_bytes": 4096}) as client:
        assert {result.stop_reason for result in read_unevenly(client, 300)} == {"end_turn"}


def test_a_hedge_has_a_connection_of_its_own(proxy):
    """What is late on a shared connection may all be late for the same reason."""
    client = proxy.client(**{"hedge.after_ms": 300})
    key = random.randrange(1 << 32)
    stream = stream_of(client, f"sim.pieces-300.pace-5.silent.times-1.key-{key}")
    next(iter(stream))
    assert proxy.connections() == 2  # the late stream is reset, its connection is kept
    list(stream)
    result = stream.result
    assert (result.attempts, result.hedges, result.hedges_won, result.connection_reused) == (2, 1, 1, False)
    client.close()
