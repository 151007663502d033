"""The library over TLS and HTTP/2: nghttpx before the simulator, and servers that keep still or keep out."""

import datetime
import os
import subprocess
import sys
import time

import pytest
import transport_fronts as fronts
from transport_calls import assert_answered, assert_broken_off, assert_failed
from transport_fronts import (  # noqa: F401 (fixtures)
    ARN, ARN_TARGET, TOKEN, make, plain, posts, programs, read_request, silent)


# ---- TLS


@pytest.mark.parametrize("where", ["config", "call", "environment"])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_answers_over_tls_are_those_without(simulator, make, plain, monkeypatch, version, where):
    front = make.front(simulator)
    bundle = make.authority.bundle
    if where == "environment":
        monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
    secure = make.caller(front.endpoint, http__version=version, tls__ca_bundle=bundle if where == "config" else None)
    options = {"tls__ca_bundle": bundle} if where == "call" else {}
    for model in ("sim.pieces-20", "sim.unicode", "sim.reasoning-3.words-300"):
        assert_answered(secure.run(model, **options), plain.run(model))
    protocol = "h2" if version == "2" else "http/1.1"
    assert {(line[1], line[2]) for line in front.log(3)} == {(protocol, "200")}


def test_an_authority_that_is_not_trusted(simulator, make):
    front = make.front(simulator)
    other = fronts.Authority(make.authority.folder, "other")
    for settings in ({"tls__ca_bundle": None}, {"tls__ca_bundle": other.bundle}):
        ending = make.caller(front.endpoint, **settings).run("sim.pieces-3")
        assert_failed(ending, "BRS_E_TLS", "CONNECT", "certificate")
    assert posts(simulator) == []


def test_trust_is_not_inherited_by_connection_reuse(simulator, make):
    """A connection that one call trusted must not serve another that does not."""
    front = make.front(simulator)
    other = fronts.Authority(make.authority.folder, "other")
    client = make.caller(front.endpoint)
    assert client.run("sim.pieces-3").name == "BRS_OK"
    assert_failed(client.run("sim.pieces-3", tls__ca_bundle=other.bundle), "BRS_E_TLS", "CONNECT", "certificate")
    assert client.run("sim.pieces-3").result.connection_reused


# Whichever of OpenSSL's functions this libcurl calls.
SPY = """
#include <stdio.h>
static int tell(const char *path) { if (path) dprintf(2, "authorities in %s\\n", path); return 1; }
int X509_STORE_load_path(void *store, const char *path) { (void)store; return tell(path); }
int SSL_CTX_load_verify_dir(void *context, const char *path) { (void)context; return tell(path); }
int SSL_CTX_load_verify_locations(void *context, const char *file, const char *path) {
  (void)context, (void)file;
  return tell(path);
}
"""


@pytest.mark.parametrize("bundled", [True, False])
def test_a_bundle_replaces_the_systems_authorities(make, tmp_path, bundled):
    """libcurl looks in a directory too, where there is one, and goes on doing so with a bundle."""
    (tmp_path / "spy.c").write_text(SPY)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "spy.so", tmp_path / "spy.c"], check=True)
    server = make.server(lambda connection: connection.recv(1))
    arguments = repr(server.endpoint.replace("http:", "https:"))
    if bundled:
        arguments += f", tls__ca_bundle={make.authority.bundle!r}"
    script = f"import transport_calls as calls; print(calls.Caller({arguments}).run('m').name)"
    environment = {
        **os.environ, "LD_PRELOAD": str(tmp_path / "spy.so"),
        "PYTHONPATH": os.pathsep.join(str(fronts.ROOT / folder) for folder in ("Tests/Python", "bindings/python"))}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=30)
    assert run.stdout == "BRS_E_TLS\n", run.stderr
    assert ("authorities in" in run.stderr) is not bundled


def test_a_certificate_of_another_name(simulator, make):
    front = make.front(simulator, names=("elsewhere.example",))
    ending = make.caller(front.endpoint).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_TLS", "CONNECT", "127.0.0.1")
    assert posts(simulator) == []


def test_a_certificate_that_has_expired(simulator, make):
    yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    front = make.front(simulator, not_after=yesterday)
    assert_failed(make.caller(front.endpoint).run("sim.pieces-3"), "BRS_E_TLS", "CONNECT", "expired")
    assert posts(simulator) == []


@pytest.mark.parametrize("content", [None, "", "not a certificate"])
def test_a_bundle_that_is_none(simulator, make, tmp_path, content):
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_text(content)
    front = make.front(simulator)
    ending = make.caller(front.endpoint, tls__ca_bundle=str(bundle)).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_TLS", "CONNECT", "bundle.pem")
    assert posts(simulator) == []


def test_tls_towards_a_server_without(make):
    def refuse(connection):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    server = make.server(refuse)
    ending = make.caller(server.endpoint.replace("http:", "https:")).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_TLS", "CONNECT")


def test_no_tls_towards_a_server_with(make):
    def refuse(connection):
        connection.recv(1)

    server = make.server(refuse, secure=True)
    ending = make.caller(server.endpoint.replace("https:", "http:")).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_TRANSPORT", "REQUEST")


def test_a_server_that_ends_the_handshake(make):
    server = make.server(lambda connection: connection.recv(1))
    ending = make.caller(server.endpoint.replace("http:", "https:")).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_TLS", "CONNECT")


# ---- HTTP versions and connections


@pytest.mark.parametrize("version,alpn,protocol", [
    ("2", "h2,http/1.1", "h2"), ("2", "http/1.1", "http/1.1"), ("1.1", "h2,http/1.1", "http/1.1"),
    (None, "h2,http/1.1", "http/1.1"),
])
def test_the_version_spoken(simulator, make, plain, version, alpn, protocol):
    front = make.front(simulator, f"--npn-list={alpn}")
    client = make.caller(front.endpoint, http__version=version)
    assert_answered(client.run("sim.pieces-9"), plain.run("sim.pieces-9"))
    assert [line[1] for line in front.log(1)] == [protocol]


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_the_second_call_uses_the_first_ones_connection(simulator, make, version):
    front = make.front(simulator)
    client = make.caller(front.endpoint, http__version=version)
    first, second = client.run("sim.pieces-3"), client.run("sim.pieces-3")
    assert [first.result.connection_reused, second.result.connection_reused] == [False, True]
    assert second.result.timings.connected_us < first.result.timings.connected_us
    assert len({line[0] for line in front.log(2)}) == 1


def test_streams_at_once_of_http_2(simulator, make, plain):
    front = make.front(simulator)
    client = make.caller(front.endpoint, http__version="2")
    calls = [client.start(f"sim.pieces-{20 + n}.pace-10") for n in range(8)]
    for n, one in enumerate(calls):
        assert_answered(one.end(), plain.run(f"sim.pieces-{20 + n}"))
    lines = front.log(8)
    assert [line[1] for line in lines] == ["h2"] * 8
    # Shared connections lose bytes in libcurl 7.88: see test_http2.py.
    assert len({line[0] for line in lines}) == 8
    assert simulator.stats()["streams"]["completed"] == 16


def test_more_streams_than_a_connection_of_http_2_takes(simulator, make, plain):
    front = make.front(simulator, "--frontend-http2-max-concurrent-streams=3")
    client = make.caller(front.endpoint, http__version="2")
    calls = [client.start("sim.pieces-20.pace-10") for _ in range(8)]
    meant = plain.run("sim.pieces-20")
    for one in calls:
        assert_answered(one.end(), meant)
    assert len({line[0] for line in front.log(8)}) <= 8


def test_streams_at_once_of_http_1(simulator, make, plain):
    front = make.front(simulator)
    client = make.caller(front.endpoint)
    calls = [client.start("sim.pieces-20.pace-10") for _ in range(8)]
    meant = plain.run("sim.pieces-20")
    for one in calls:
        assert_answered(one.end(), meant)
    assert len({line[0] for line in front.log(8)}) == 8


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_stream_held_back_does_not_hold_up_others(simulator, make, plain, version):
    front = make.front(simulator)
    client = make.caller(front.endpoint, http__version=version)
    large, small = "sim.pieces-400.piece-5000", "sim.pieces-20"
    held = client.start(large, hold=True)
    held.wait_for_text()
    for _ in range(3):
        assert_answered(client.run(small), plain.run(small))
    assert len(held.pieces) == 1 and not held.ends
    held.go_on()
    assert_answered(held.end(), plain.run(large))


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_cancelling_one_stream_leaves_the_others(simulator, make, plain, version):
    front = make.front(simulator)
    client = make.caller(front.endpoint, http__version=version)
    calls = [client.start("sim.pieces-60.pace-10") for _ in range(4)]
    for one in calls:
        one.wait_for_text()
    client.library.brs_stream_cancel(calls[1].stream)
    meant = plain.run("sim.pieces-60")
    assert_broken_off(calls.pop(1).end(), meant, "BRS_E_CANCELLED")
    for one in calls:
        assert_answered(one.end(), meant)


def test_service_errors_over_http_2(simulator, make):
    front = make.front(simulator)
    client = make.caller(front.endpoint, http__version="2")
    ending = client.run("sim.throttle-1")
    assert (ending.name, ending.error.http_status) == ("BRS_E_THROTTLED", 429)
    assert ending.error.service_code == "ThrottlingException"
    assert len(ending.error.request_id) > 8
    assert client.run("sim.pieces-3").name == "BRS_OK"


# ---- connections that do not come about


def test_connection_refused(make):
    ending = make.caller(f"http://127.0.0.1:{fronts.free_port()}").run("sim.pieces-3")
    assert_failed(ending, "BRS_E_CONNECT", "CONNECT", "127.0.0.1")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_does_not_exist(make, scheme):
    client = make.caller(f"{scheme}://bedrock.invalid", timeout__connect_ms="7000")
    assert_failed(client.run("sim.pieces-3"), "BRS_E_RESOLVE", "CONNECT", "bedrock.invalid")


def test_a_handshake_that_never_completes(make):
    server = make.server(silent)
    client = make.caller(server.endpoint.replace("http:", "https:"), timeout__connect_ms="300")
    ending = client.run("sim.pieces-3")
    assert_failed(ending, "BRS_E_TIMEOUT_CONNECT", "CONNECT", "timeout.connect_ms=300")
    assert 0.3 <= ending.seconds < 3
    assert server.accepted == 1


@pytest.mark.parametrize("secure", [False, True])
def test_a_response_that_never_begins(make, secure):
    server = make.server(silent, secure)
    client = make.caller(server.endpoint, timeout__first_byte_ms="300", timeout__connect_ms="5000")
    ending = client.run("sim.pieces-3")
    assert_failed(ending, "BRS_E_TIMEOUT_FIRST_BYTE", "REQUEST", "timeout.first_byte_ms=300")
    assert 0.3 <= ending.seconds < 3


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_silence_in_the_middle(simulator, make, plain, version):
    meant = plain.run("sim.pieces-40")
    client = make.caller(make.front(simulator).endpoint, http__version=version)
    ending = client.run("sim.pieces-40.stall-5", timeout__between_bytes_ms="300")
    assert_broken_off(ending, meant, "BRS_E_TIMEOUT_BETWEEN_BYTES")
    assert 0.3 <= ending.seconds < 3
    assert "timeout.between_bytes_ms=300" in ending.message
    assert ending.result.delivered == 5


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_a_drip_is_no_silence_but_the_whole_has_its_limit(simulator, make, plain, version):
    meant = plain.run("sim.pieces-40")
    client = make.caller(make.front(simulator).endpoint, http__version=version)
    client.run("sim.pieces-3")  # connects
    ending = client.run("sim.pieces-40.nopad.pace-100", timeout__between_bytes_ms="400", timeout__total_ms="800")
    assert_broken_off(ending, meant, "BRS_E_TIMEOUT_TOTAL")
    assert 0.8 <= ending.seconds < 3
    assert "timeout.total_ms=800" in ending.message


def test_single_bytes_are_no_silence(simulator, make):
    client = make.caller(make.front(simulator).endpoint)
    client.run("sim.pieces-3")  # connects
    ending = client.run("sim.drip-20", timeout__between_bytes_ms="400", timeout__total_ms="800")
    assert (ending.name, ending.phase) == ("BRS_E_TIMEOUT_TOTAL", "BRS_PHASE_STREAM")
    assert 0.8 <= ending.seconds < 3


def test_holding_back_is_not_the_servers_silence(simulator, make, plain):
    client = make.caller(make.front(simulator).endpoint, http__version="2", timeout__between_bytes_ms="200")
    held = client.start("sim.pieces-40", hold=True)
    held.wait_for_text()
    time.sleep(0.5)
    assert not held.ends
    held.go_on()
    assert_answered(held.end(), plain.run("sim.pieces-40"))


# ---- who asks


def test_a_bearer_token_over_tls(simulator, make, plain):
    front = make.front(simulator)
    for version in ("1.1", "2"):
        client = make.caller(front.endpoint, bearer_token=TOKEN, http__version=version)
        assert_answered(client.run("sim.pieces-3"), plain.run("sim.pieces-3"))
    tokens = [value for request in posts(simulator) for name, value in request["headers"] if name == "authorization"]
    assert [token.startswith("Bearer ") for token in tokens] == [True, False] * 2


def test_a_bearer_token_to_this_machine(simulator, make, plain):
    for host in ("127.0.0.1", "localhost", "some.localhost"):
        client = make.caller(f"http://{host}:{simulator.port}", bearer_token=TOKEN)
        assert_answered(client.run("sim.pieces-3"), plain.run("sim.pieces-3"))


def test_a_bearer_token_is_not_sent_in_the_clear(make):
    started = time.monotonic()
    ending = make.caller("http://bedrock.invalid", bearer_token=TOKEN).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_ENDPOINT", "PREPARE", "bedrock.invalid", "https")
    assert ending.result.attempts == 0 and TOKEN not in ending.message
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("setting", ["config", "environment"])
def test_a_bearer_token_in_the_clear_passes_no_proxy(simulator, make, plain, monkeypatch, setting):
    """A proxy may stand anywhere: what is meant for this machine would leave it."""
    proxy = make.proxy()
    settings = {"proxy__url": proxy.url} if setting == "config" else {}
    if setting == "environment":
        monkeypatch.setenv("http_proxy", proxy.url)
    client = make.caller(simulator.endpoint, bearer_token=TOKEN, **settings)
    assert_answered(client.run("sim.pieces-3"), plain.run("sim.pieces-3"))
    assert proxy.heads == []


# ---- where to


@pytest.mark.parametrize("secure", [False, True])
def test_an_endpoint_with_a_path(simulator, make, plain, secure):
    """The path is a part of what is signed; the simulator's answer tells what it saw of it."""
    seen = []

    def serve(connection):
        seen.append(read_request(connection).split("\r\n")[0])
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    server = make.server(serve, secure)
    ending = make.caller(server.endpoint + "/base/more/").run(ARN)
    assert_failed(ending, "BRS_E_NOT_FOUND", "RESPONSE")
    assert seen == [f"POST /base/more{ARN_TARGET} HTTP/1.1"]


def test_an_ipv6_address(simulator, make, plain):
    other = simulator.start("--host", "::1")
    client = make.caller(f"http://[::1]:{other.port}")
    assert_answered(client.run("sim.pieces-3"), plain.run("sim.pieces-3"))
    bearer = make.caller(f"http://[::1]:{other.port}", bearer_token=TOKEN)
    assert_answered(bearer.run("sim.pieces-3"), plain.run("sim.pieces-3"))


@pytest.mark.parametrize("version", ["plain", "1.1", "2"])
@pytest.mark.parametrize("model", [ARN, "sim.text-a+b~c_d%20e", "us.x/../sim.pieces-2", "sim.text-\u00e4\u20ac"])
def test_model_ids_arrive_as_they_were_encoded(simulator, make, version, model):
    encoded = "".join(
        chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "-._~") else f"%{byte:02X}"
        for byte in model.encode())
    endpoint = simulator.endpoint if version == "plain" else make.front(simulator).endpoint
    ending = make.caller(endpoint, http__version="2" if version == "2" else "1.1").run(model)
    assert ending.name == "BRS_OK", ending.message
    (request,) = posts(simulator)
    assert request["path"] == f"/model/{encoded}/converse-stream"
