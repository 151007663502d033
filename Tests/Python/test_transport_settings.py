"""Settings of the way to a server, each seen from the server's side."""

from __future__ import annotations

import base64
import json
import ssl

import bedrockstream
import pytest
import transport_fronts as fronts
from cryptography.hazmat.primitives import serialization
from transport_calls import assert_answered, assert_failed
from transport_fronts import make, plain, posts, programs  # noqa: F401 (fixtures)

MODEL = "sim.pieces-3"
HOST = "bedrock-runtime.us-east-1.amazonaws.com"


def headers(request):
    return {name.lower(): value for name, value in request["headers"]}


# ---- proxies


def test_who_the_proxy_is_told(simulator, make, plain):
    proxy, front = make.proxy(user="me:p@ss:word"), make.front(simulator)
    for url in (proxy.url, f"http://another:one@{proxy.host}"):
        client = make.caller(front.endpoint, proxy__url=url, proxy__user="me", proxy__password="p@ss:word")
        assert_answered(client.run(MODEL), plain.run(MODEL))
    wanted = "Basic " + base64.b64encode(b"me:p@ss:word").decode()
    assert [fronts.header(head, "proxy-authorization") for head in proxy.heads] == [wanted] * 2


def test_a_password_that_the_proxy_refuses_is_not_told(simulator, make):
    proxy, front = make.proxy(user="me:right"), make.front(simulator)
    client = make.caller(front.endpoint, proxy__url=proxy.url, proxy__user="me", proxy__password="secret-word")
    ending = client.run(MODEL)
    assert_failed(ending, "BRS_E_CONNECT", "CONNECT", "407")
    assert "secret-word" not in ending.message


# ---- certificates of clients


@pytest.fixture
def demanding(simulator, make):
    """A server that wants to see a certificate of our authority."""
    return make.front(simulator, "--verify-client", f"--verify-client-cacert={make.authority.bundle}")


def locked(key_file, password):
    """The same key, encrypted."""
    with open(key_file, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    locked_file = key_file + ".locked"
    with open(locked_file, "wb") as file:
        file.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode())))
    return locked_file


def test_a_server_that_wants_a_certificate(make, plain, demanding):
    key, chain = make.authority.issue("me.example")
    both = chain + ".both"
    with open(both, "w") as file:
        file.write(open(chain).read() + open(key).read())
    meant = plain.run(MODEL)
    for certificate in (
        {"tls__client_certificate": chain, "tls__client_key": key},
        {"tls__client_certificate": both},
        {"tls__client_certificate": chain, "tls__client_key": locked(key, "open me"),
         "tls__client_key_password": "open me"},
    ):
        assert_answered(make.caller(demanding.endpoint, **certificate).run(MODEL), meant)
    of_one_call = {"tls__client_certificate": chain, "tls__client_key": key}
    assert_answered(make.caller(demanding.endpoint).run(MODEL, **of_one_call), meant)


def test_a_server_that_sees_no_certificate(make, demanding, tmp_path):
    key, chain = make.authority.issue("me.example")
    # By TLS 1.3 the client is through with the handshake when the server refuses it: what it hears of that is the
    # server's alert, or that the connection is gone.
    ending = make.caller(demanding.endpoint).run(MODEL)
    assert ending.name in ("BRS_E_TLS", "BRS_E_TRANSPORT")
    stranger = fronts.Authority(tmp_path, "stranger").issue("me.example")
    ending = make.caller(demanding.endpoint).run(
        MODEL, tls__client_certificate=stranger[1], tls__client_key=stranger[0])
    assert ending.name in ("BRS_E_TLS", "BRS_E_TRANSPORT")
    for broken in (
        {"tls__client_certificate": str(tmp_path / "nothing"), "tls__client_key": key},
        {"tls__client_certificate": chain, "tls__client_key": str(tmp_path / "nothing")},
        {"tls__client_certificate": chain, "tls__client_key": locked(key, "open me"),
         "tls__client_key_password": "secret-word"},
    ):
        ending = make.caller(demanding.endpoint, **broken).run(MODEL)
        assert_failed(ending, "BRS_E_TLS", "CONNECT")
        assert "secret-word" not in ending.message


# ---- versions of TLS


def test_the_oldest_version_of_tls(simulator, make, plain):
    old = make.front(simulator, "--tls-max-proto-version=TLSv1.2")
    new = make.front(simulator, "--tls-min-proto-version=TLSv1.3")
    meant = plain.run(MODEL)
    for front, version in ((old, "1.2"), (new, "1.2"), (new, "1.3")):
        assert_answered(make.caller(front.endpoint, tls__min_version=version).run(MODEL), meant)
    assert_failed(make.caller(old.endpoint, tls__min_version="1.3").run(MODEL), "BRS_E_TLS", "CONNECT")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_nothing_older_than_1_2(make):
    """Whatever the machine's configuration of OpenSSL allows."""
    context = make.authority.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    server = make.keep(fronts.Listener(fronts.silent, context))
    assert_failed(make.caller(server.endpoint).run(MODEL), "BRS_E_TLS", "CONNECT")


# ---- where connections go, and where they come from


def test_somewhere_else(simulator, make, plain):
    front = make.front(simulator, names=(HOST,))
    meant = plain.run(MODEL)
    assert_answered(make.caller(f"https://{HOST}", connect_to=f"::127.0.0.1:{front.port}").run(MODEL), meant)
    assert headers(posts(simulator)[-1])["host"] == HOST
    here = f"127.0.0.1:{front.port}"
    for others in (f"{HOST}:443:{here}", f"other.example:443:127.0.0.1:1,{HOST}::{here}"):
        assert make.caller(f"https://{HOST}", connect_to=others).run(MODEL).name == "BRS_OK"
    # The name in the certificate is still the one that counts.
    wrong = make.caller("https://other.example", connect_to=f"::127.0.0.1:{front.port}").run(MODEL)
    assert_failed(wrong, "BRS_E_TLS", "CONNECT")


@pytest.mark.parametrize(("settings", "host"), [
    ({}, HOST),
    ({"region": "cn-north-1"}, "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
    ({"endpoint__fips": "on"}, "bedrock-runtime-fips.us-east-1.amazonaws.com"),
    ({"endpoint__dual_stack": "on"}, "bedrock-runtime.us-east-1.api.aws"),
    ({"endpoint__fips": "on", "endpoint__dual_stack": "on", "region": "us-isob-east-1"},
     "bedrock-runtime-fips.us-isob-east-1.api.aws.scloud"),
])
def test_the_regions_endpoints(simulator, make, settings, host):
    front = make.front(simulator, names=(host,))
    client = make.caller("", **settings, connect_to=f"::127.0.0.1:{front.port}")
    ending = client.run(MODEL)
    # The simulator is in one region.
    assert ending.name in ("BRS_OK", "BRS_E_SIGNATURE"), ending.message
    assert headers(posts(simulator)[-1])["host"] == host


@pytest.mark.parametrize("name", ["FIPS", "Dualstack"])
def test_two_endpoints_at_once(make, simulator, name):
    key = {"FIPS": "endpoint__fips", "Dualstack": "endpoint__dual_stack"}[name]
    ending = make.caller(simulator.endpoint, **{key: "on"}).run(MODEL)
    assert_failed(ending, "BRS_E_ENDPOINT", "PREPARE")
    assert ending.message == f"Invalid Configuration: {name} and custom endpoint are not supported"


def test_where_connections_come_from(make):
    came = []

    def serve(connection):
        came.append(connection.getpeername()[0])
        fronts.read_request(connection)

    server = make.server(serve)
    for interface in ("127.0.0.7", "lo", "if!lo"):
        make.caller(server.endpoint, interface=interface).run(MODEL)
    assert came == ["127.0.0.7", "127.0.0.1", "127.0.0.1"]
    ending = make.caller(server.endpoint, interface="no-such-interface").run(MODEL)
    assert_failed(ending, "BRS_E_CONNECT", "CONNECT", "no-such-interface")
    assert len(came) == 3


@pytest.mark.parametrize("how", [
    "endpoint_url = {}\n", "services = mine\n[services mine]\nbedrock_runtime =\n  endpoint_url = {}\n"])
def test_all_from_a_profile(simulator, make, plain, tmp_path, monkeypatch, how):
    front = make.front(simulator)
    config = tmp_path / "config"
    profile = f"[default]\nregion = us-east-1\nca_bundle = {make.authority.bundle}\n"
    config.write_text(profile + how.format(front.endpoint))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    assert_answered(make.caller("", region="", tls__ca_bundle="").run(MODEL), plain.run(MODEL))
    # Nothing is sent to the real service from here.
    nowhere = {"connect_to": "::127.0.0.1:1", "endpoint__ignore_configured": "on"}
    ignoring = make.caller("", region="", tls__ca_bundle="", **nowhere)
    assert_failed(ignoring.run(MODEL), "BRS_E_CONNECT", "CONNECT")


# ---- headers


def test_headers_of_the_caller(simulator, make):
    extra = {"X-Team": "mine", "X-Empty": "", "traceparent": "00-ab-cd-01"}
    client = make.caller(simulator.endpoint, http__headers=json.dumps(extra))
    assert client.run(MODEL).name == "BRS_OK"
    sent = headers(posts(simulator)[-1])
    assert {name: sent[name.lower()] for name in extra} == extra
    signed = sent["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert "x-team" in signed and "x-empty" in signed and "traceparent" not in signed
    assert client.run(MODEL, http__headers='{"X-Team": "theirs"}').name == "BRS_OK"
    sent = headers(posts(simulator)[-1])
    assert sent["x-team"] == "theirs" and "traceparent" not in sent
    token = make.caller(simulator.endpoint, bearer_token=fronts.TOKEN, http__headers=json.dumps(extra))
    assert token.run(MODEL).name == "BRS_OK"
    assert headers(posts(simulator)[-1])["x-team"] == "mine"


@pytest.mark.parametrize(
    "value", ['{"Host": "a"}', '{"X": "a\\r\\nY: b"}', '{"X\\n": "a"}', "[]", '{"X-Amz-Date": "a"}'])
def test_headers_that_are_refused(simulator, make, value):
    with pytest.raises(bedrockstream.BedrockStreamError) as raised:
        make.caller(simulator.endpoint, http__headers=value)
    assert raised.value.name == "BRS_E_CONFIG" and raised.value.message.startswith("http.headers: ")


def test_nothing_is_proved(simulator, make):
    ending = make.caller(simulator.endpoint, auth__scheme="none").run(MODEL)
    assert ending.name == "BRS_E_ACCESS_DENIED"
    sent = headers(posts(simulator)[-1])
    assert not {"authorization", "x-amz-date", "x-amz-security-token"} & set(sent)


def test_the_user_agent(simulator, make, monkeypatch):
    version = bedrockstream._library.library().brs_version().decode()
    agents = []
    for settings, variable in (({}, ""), ({"http__user_agent_suffix": "mine/1.0 (x)"}, "theirs"), ({}, "theirs")):
        monkeypatch.setenv("AWS_SDK_UA_APP_ID", variable)
        assert make.caller(simulator.endpoint, **settings).run(MODEL).name == "BRS_OK"
        agents.append(headers(posts(simulator)[-1])["user-agent"])
    own = f"libbedrockstream/{version}"
    assert agents == [own, f"{own} mine/1.0 (x)", f"{own} app/theirs"]


LINEAGE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;lineage=a87bd80c:0,68fd508a:5"


@pytest.mark.parametrize(("function", "trace", "extra", "sent"), [
    (None, None, {}, None),
    ("some-function", LINEAGE, {}, LINEAGE),
    (None, LINEAGE, {}, None),
    ("some-function", None, {}, None),
    ("some-function", "EnvValue", {"x-amzn-trace-id": "OriginalValue"}, "OriginalValue"),
    ("some-function", "first\nsecond\u00bc\t", {}, "first%0Asecond%C2%BC%09"),
    ("some-function", "-=;:+&[]{}\"',._~ /%", {}, "-=;:+&[]{}\"',._~%20%2F%25"),
])
def test_traces_of_lambda(simulator, make, monkeypatch, function, trace, extra, sent):
    settings = {"http__headers": json.dumps(extra)} if extra else {}
    client = make.caller(simulator.endpoint, **settings)
    for name, value in (("AWS_LAMBDA_FUNCTION_NAME", function), ("_X_AMZN_TRACE_ID", trace)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert client.run(MODEL).name == "BRS_OK"
    found = headers(posts(simulator)[-1])
    assert found.get("x-amzn-trace-id") == sent
    assert "x-amzn-trace-id" not in found["authorization"]


def test_each_call_has_the_trace_of_its_moment(simulator, make, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
    client = make.caller(simulator.endpoint)
    for trace in ("Root=1", "Root=2"):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
        assert client.run(MODEL).name == "BRS_OK"
    assert [headers(request)["x-amzn-trace-id"] for request in posts(simulator)] == ["Root=1", "Root=2"]
