"""The library through forward proxies: which one, as whom, and what comes of it when they refuse."""

import base64

import bedrockstream
import pytest
import transport_fronts as fronts
from transport_calls import assert_answered, assert_broken_off, assert_failed
from transport_fronts import (  # noqa: F401 (fixtures)
    ARN, ARN_TARGET, TOKEN, make, plain, posts, programs, silent)


def via(proxy, how, monkeypatch, scheme):
    """The settings by which requests go through the proxy."""
    if how == "config":
        return {"proxy__url": proxy.url}
    monkeypatch.setenv({"environment": f"{scheme}_proxy", "all": "all_proxy"}[how], proxy.url)
    return {}


@pytest.mark.parametrize("how", ["config", "environment", "all"])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_tls_through_a_proxy(simulator, make, plain, monkeypatch, version, how):
    proxy, front = make.proxy(), make.front(simulator)
    client = make.caller(front.endpoint, http__version=version, **via(proxy, how, monkeypatch, "https"))
    assert_answered(client.run(ARN), plain.run(ARN))
    assert_answered(client.run(ARN), plain.run(ARN))
    assert proxy.lines == [f"CONNECT 127.0.0.1:{front.port} HTTP/1.1"]
    # The proxy is told where to, and no more.
    assert not any(word in proxy.heads[0].lower() for word in ("authorization", "x-amz", "akid", "/model/"))


@pytest.mark.parametrize("how", ["config", "environment", "all"])
def test_plain_requests_through_a_proxy(simulator, make, plain, monkeypatch, how):
    proxy = make.proxy()
    meant = plain.run(ARN)
    client = make.caller(simulator.endpoint, **via(proxy, how, monkeypatch, "http"))
    assert_answered(client.run(ARN), meant)
    assert proxy.lines == [f"POST {simulator.endpoint}{ARN_TARGET} HTTP/1.1"]


def test_the_upper_case_variable_is_read_for_tls_only(simulator, make, monkeypatch):
    """HTTP_PROXY can be set by whoever sends a request to a CGI script."""
    proxy, front = make.proxy(), make.front(simulator)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert make.caller(simulator.endpoint).run("sim.pieces-3").name == "BRS_OK"
    assert proxy.heads == []
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    assert make.caller(front.endpoint).run("sim.pieces-3").name == "BRS_OK"
    assert len(proxy.heads) == 1


@pytest.mark.parametrize("secure", [False, True])
def test_a_proxy_that_asks_who_is_there(simulator, make, plain, secure):
    proxy = make.proxy(user="me:p@ss word")
    endpoint = make.front(simulator).endpoint if secure else simulator.endpoint
    url = f"http://me:p%40ss%20word@{proxy.host}"
    assert_answered(make.caller(endpoint, proxy__url=url).run("sim.pieces-3"), plain.run("sim.pieces-3"))
    wanted = "Basic " + base64.b64encode(b"me:p@ss word").decode()
    assert [fronts.header(head, "proxy-authorization") for head in proxy.heads] == [wanted]
    assert not any(name.lower().startswith("proxy") for request in posts(simulator) for name, _ in request["headers"])


def test_a_proxy_that_refuses_who_is_there(simulator, make):
    proxy, front = make.proxy(user="me:right"), make.front(simulator)
    for user in ("", "me:wrong@"):
        ending = make.caller(front.endpoint, proxy__url=f"http://{user}{proxy.host}").run("sim.pieces-3")
        assert_failed(ending, "BRS_E_CONNECT", "CONNECT", "407")
        assert "wrong" not in ending.message
        ending = make.caller(simulator.endpoint, proxy__url=f"http://{user}{proxy.host}").run("sim.pieces-3")
        assert_failed(ending, "BRS_E_SERVICE", "RESPONSE")
        assert ending.error.http_status == 407
    assert posts(simulator) == []


@pytest.mark.parametrize("status", [403, 500, 502, 503])
def test_a_proxy_that_makes_no_connection(simulator, make, status):
    proxy, front = make.proxy(refusal=status), make.front(simulator)
    ending = make.caller(front.endpoint, proxy__url=proxy.url).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_CONNECT", "CONNECT", str(status))
    assert len(proxy.heads) == 1


def test_a_proxy_that_says_nothing(simulator, make):
    server, front = make.server(silent), make.front(simulator)
    client = make.caller(front.endpoint, proxy__url=server.endpoint, timeout__connect_ms="300")
    assert_failed(client.run("sim.pieces-3"), "BRS_E_TIMEOUT_CONNECT", "CONNECT", "timeout.connect_ms=300")


def test_a_proxy_that_hangs_up(simulator, make):
    server, front = make.server(lambda connection: fronts.read_head(connection)), make.front(simulator)
    ending = make.caller(front.endpoint, proxy__url=server.endpoint).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_CONNECT", "CONNECT")


def test_a_proxy_that_is_not_there(simulator, make):
    front = make.front(simulator)
    url = f"http://me:secret-word@127.0.0.1:{fronts.free_port()}"
    ending = make.caller(front.endpoint, proxy__url=url).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_CONNECT", "CONNECT")
    assert "secret-word" not in ending.message
    ending = make.caller(
        front.endpoint, proxy__url="http://proxy.invalid:3128", timeout__connect_ms="7000").run("sim.pieces-3")
    assert_failed(ending, "BRS_E_RESOLVE", "CONNECT", "proxy.invalid")


PROXIES_THAT_ARE_NONE = [
    "http://me:secret-word@127.0.0.1:99999", "ftp://me:secret-word@127.0.0.1:1", "http://me:secret-word@",
    "http://me:secret-word@[::1:80",
]


@pytest.mark.parametrize("url", PROXIES_THAT_ARE_NONE)
def test_a_proxy_url_that_is_none(simulator, make, url):
    """An error that says so, without the password."""
    with pytest.raises(bedrockstream.BedrockStreamError) as raised:
        make.caller(make.front(simulator).endpoint, proxy__url=url)
    assert raised.value.name == "BRS_E_CONFIG"
    assert "proxy.url" in raised.value.message and "secret-word" not in raised.value.message


@pytest.mark.parametrize("url", PROXIES_THAT_ARE_NONE)
def test_a_proxy_url_of_the_environment_that_is_none(simulator, make, monkeypatch, url):
    monkeypatch.setenv("http_proxy", url)
    ending = make.caller(simulator.endpoint).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_CONFIG", "PREPARE", "proxy from the environment")
    assert "secret-word" not in ending.message and ending.result.attempts == 0
    assert make.caller(simulator.endpoint, proxy__url="none").run("sim.pieces-3").name == "BRS_OK"


def test_a_proxy_reached_by_tls(simulator, make, plain):
    """The bundle is for the proxy's certificate too."""
    proxy, front = make.proxy(context=make.authority.context()), make.front(simulator)
    assert_answered(make.caller(front.endpoint, proxy__url=proxy.url).run("sim.pieces-3"), plain.run("sim.pieces-3"))
    assert len(proxy.heads) == 1
    other = fronts.Authority(make.authority.folder, "other")
    ending = make.caller(front.endpoint, proxy__url=proxy.url, tls__ca_bundle=other.bundle).run("sim.pieces-3")
    assert_failed(ending, "BRS_E_TLS", "CONNECT", "certificate")


def test_no_proxy_where_none_is_wanted(simulator, make, plain, monkeypatch):
    proxy, front = make.proxy(), make.front(simulator)
    for name in ("https_proxy", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    meant = plain.run("sim.pieces-3")
    for endpoint in (front.endpoint, simulator.endpoint):
        assert_answered(make.caller(endpoint, proxy__url="none").run("sim.pieces-3"), meant)
    assert proxy.heads == []


@pytest.mark.parametrize("how", ["config", "environment"])
@pytest.mark.parametrize("hosts,direct", [
    ("127.0.0.1", True), ("elsewhere.example, 127.0.0.1", True), ("*", True), ("127.0.0.0/8", True),
    ("elsewhere.example", False), ("7.0.0.1", False),
])
def test_hosts_that_pass_the_proxy_by(simulator, make, monkeypatch, how, hosts, direct):
    proxy = make.proxy()
    settings = {"proxy__url": proxy.url}
    if how == "config":
        settings["proxy__bypass"] = hosts
    else:
        monkeypatch.setenv("no_proxy", hosts)
    assert make.caller(simulator.endpoint, **settings).run("sim.pieces-3").name == "BRS_OK"
    assert len(proxy.heads) == (0 if direct else 1)


def test_a_tunnel_that_breaks_in_the_middle(simulator, make, plain):
    proxy, front = make.proxy(), make.front(simulator)
    client = make.caller(front.endpoint, proxy__url=proxy.url)
    one = client.start("sim.pieces-100.pace-20")
    one.wait_for_text()
    proxy.stop()
    assert_broken_off(one.end(), plain.run("sim.pieces-100"))


