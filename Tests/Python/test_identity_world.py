"""The mock world against botocore: what AWS's own client gets its credentials with there is like the real services."""

import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
import time

import botocore.credentials
import botocore.session
import botocore.tokens
import identity_faults as faults
import pytest
import urllib3
from botocore.exceptions import (
    ClientError, CredentialRetrievalError, LoginRefreshRequired, MetadataRetrievalError, UnauthorizedSSOTokenError)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_private_key
from identity_homes import START_URL
from identity_metadata import TOKEN
from identity_sts import Role
from identity_world import identity_world  # noqa: F401 (fixture)

ROLE = "arn:aws:iam::123456789012:role/team/reader"
LOGIN = "arn:aws:sts::123456789012:assumed-role/Admin/alice"


class Key:
    """What botocore takes from awscrt for proofs, by another library."""

    def __init__(self, key):
        self._key = key

    @classmethod
    def new_key_from_der_data(cls, der):
        return cls(load_der_private_key(der, None))

    def get_public_coords(self):
        numbers = self._key.public_key().public_numbers()
        return numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")

    def sign(self, digest):
        return self._key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))

    @staticmethod
    def decode_der_signature_to_padded_pair(signature, pad_to):
        return b"".join(one.to_bytes(pad_to, "big") for one in decode_dss_signature(signature))


def lead_botocore(world, monkeypatch):
    """Every connection of this process goes there."""
    world.home.enter(monkeypatch)
    monkeypatch.setenv("AWS_CA_BUNDLE", world.ca_bundle)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setattr(
        urllib3.util.connection, "create_connection",
        lambda address, timeout=5, *_, **__: socket.create_connection(("127.0.0.1", world.port), timeout))
    monkeypatch.setattr(botocore.credentials, "EC", Key)
    cache = str(world.home.folder / ".aws" / "sso" / "cache")
    for provider in (botocore.tokens.SSOTokenProvider, botocore.credentials.SSOProvider):
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", cache)


@pytest.fixture
def world(identity_world, monkeypatch):  # noqa: F811
    lead_botocore(identity_world, monkeypatch)
    return identity_world


def resolve(world, profile=None, source=None):
    """The credentials that botocore finds: those that the world gave out last."""
    credentials = botocore.session.Session(profile=profile).get_credentials()
    frozen = credentials.get_frozen_credentials()
    keys = world.keys[frozen.access_key]
    assert (frozen.secret_key, frozen.token) == (keys.secret, keys.token or None)
    assert keys is list(world.keys.values())[-1]
    assert source is None or credentials.method == source
    return keys


def services(world):
    return [request.service for request in world.journal]


# ---- STS


def test_a_role_by_a_source_profile(world):
    world.home.user()
    world.home.config(f"""
        [profile reader]
        role_arn = {ROLE}
        source_profile = user
        external_id = a b/c+d=
        role_session_name = tests@here
        duration_seconds = 900
        region = eu-central-1
    """)
    world.sts.roles[ROLE] = Role(external_id="a b/c+d=", trusted=("AKIAUSER00000001",))
    keys = resolve(world, "reader", "assume-role")
    assert keys.principal == ROLE and 800 < keys.expires_at - time.time() <= 900
    assert [request.host for request in world.journal] == ["sts.eu-central-1.amazonaws.com"]


def test_a_chain_of_roles(world):
    world.home.user()
    world.home.config(f"""
        [profile first]
        role_arn = {ROLE}
        source_profile = user
        [profile second]
        role_arn = {ROLE}-2
        source_profile = first
    """)
    world.sts.roles[ROLE + "-2"] = Role(trusted=(ROLE,))
    assert resolve(world, "second").principal == ROLE + "-2"
    assert services(world) == ["sts", "sts"]


@pytest.mark.parametrize("change, code", [
    ({"external_id": "wrong"}, "AccessDenied"), ({"role_arn": "no-arn-at-all-but-long"}, "ValidationError"),
    ({"role_session_name": "a b"}, "ValidationError"), ({"duration_seconds": "43201"}, "ValidationError")])
def test_a_role_that_is_refused(world, change, code):
    world.home.user()
    settings = {"role_arn": ROLE, "source_profile": "user", "external_id": "right", **change}
    world.home.config("[profile reader]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    world.sts.roles[ROLE] = Role(external_id="right")
    with pytest.raises(ClientError) as refused:
        resolve(world, "reader")
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("damage, code", [
    ("secret", "SignatureDoesNotMatch"), ("key", "InvalidClientTokenId"), ("clock", "RequestExpired"),
    ("expired", "ExpiredToken")])
def test_signatures_are_checked(world, damage, code):
    user = world.sts.user()
    world.home.user()
    world.home.config(f"[profile reader]\nrole_arn = {ROLE}\nsource_profile = user\n")
    if damage == "secret":
        user = world.sts.user(secret="another")
    if damage == "key":
        world.keys.clear()
    if damage == "clock":
        world.sts.skew_s = 3600
    if damage == "expired":
        world.keys[user.access_key_id].expires_at = time.time() - 10
    with pytest.raises(ClientError) as refused:
        resolve(world, "reader")
    assert refused.value.response["Error"]["Code"] == code
    assert "date" in refused.value.response["ResponseMetadata"]["HTTPHeaders"]


@pytest.mark.parametrize("code", ["123456", "654321"])
def test_a_second_factor(world, code):
    serial = "arn:aws:iam::123456789012:mfa/alice"
    user = world.sts.user()
    world.sts.roles[ROLE] = Role(mfa_serial=serial, mfa_codes=("123456",))
    client = botocore.session.Session().create_client(
        "sts", aws_access_key_id=user.access_key_id, aws_secret_access_key=user.secret)
    asked = {"RoleArn": ROLE, "RoleSessionName": "alice", "SerialNumber": serial, "TokenCode": code}
    if code == "123456":
        answer = client.assume_role(**asked)
        assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/reader/alice"
    else:
        with pytest.raises(ClientError, match="MultiFactorAuthentication"):
            client.assume_role(**asked)


@pytest.mark.parametrize("where", ["profile", "environment"])
def test_a_web_identity(world, monkeypatch, where):
    path = world.home.token_file("the.web.token")
    world.sts.roles[ROLE] = Role(tokens=("the.web.token",))
    if where == "profile":
        world.home.config(f"[profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {path}\n")
    else:
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(path))
    resolve(world, "web" if where == "profile" else None, "assume-role-with-web-identity")
    world.home.token_file("another.token")
    with pytest.raises(ClientError) as refused:
        resolve(world, "web" if where == "profile" else None)
    assert refused.value.response["Error"]["Code"] == "InvalidIdentityToken"


def test_an_identity_provider_that_cannot_be_reached(world):
    path = world.home.token_file("the.web.token")
    world.home.config(f"[profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {path}\n")
    world.sts.then(faults.refused("IDPCommunicationError"))
    resolve(world, "web")
    assert len(world.sts.requests) == 2


# ---- SSO and login


SSO = f"""
    [profile person]
    sso_session = corp
    sso_account_id = 123456789012
    sso_role_name = Reader
    [sso-session corp]
    sso_region = eu-central-1
    sso_start_url = {START_URL}
    sso_registration_scopes = sso:account:access
"""


def test_an_sso_session(world):
    world.home.config(SSO)
    world.home.sso_cache("corp")
    world.portal.roles = {"123456789012": ("Reader",)}
    assert resolve(world, "person", "sso").principal == "123456789012/Reader"
    assert services(world) == ["portal"]
    assert world.journal[0].host == "portal.sso.eu-central-1.amazonaws.com"


def test_an_sso_token_is_renewed_and_kept(world):
    world.home.config(SSO)
    path = world.home.sso_cache("corp", life_s=300)
    before = json.loads(path.read_text())
    resolve(world, "person")
    assert services(world) == ["oidc", "portal"]
    after = json.loads(path.read_text())
    assert after["accessToken"] != before["accessToken"] and after["refreshToken"] != before["refreshToken"]
    resolve(world, "person")
    assert services(world) == ["oidc", "portal", "portal"]


def test_an_sso_token_that_ended(world):
    world.home.config(SSO)
    world.home.sso_cache("corp", refreshToken=None)
    world.oidc.grants.clear()
    with pytest.raises(UnauthorizedSSOTokenError):
        resolve(world, "person")


def test_legacy_sso(world):
    world.home.config(f"""
        [profile person]
        sso_start_url = {START_URL}
        sso_region = eu-central-1
        sso_account_id = 123456789012
        sso_role_name = Reader
    """)
    world.home.sso_cache(START_URL)
    resolve(world, "person", "sso")
    assert services(world) == ["portal"]


def test_a_login_session(world):
    world.home.config(f"[profile me]\nlogin_session = {LOGIN}\nregion = us-east-1\n")
    path = world.home.login_cache(LOGIN, region="eu-west-1", life_s=-10)
    before = json.loads(path.read_text())
    resolve(world, "me", "login")
    assert [request.url for request in world.journal] == ["https://eu-west-1.signin.aws.amazon.com/v1/token"]
    after = json.loads(path.read_text())
    assert after["refreshToken"] != before["refreshToken"] and after["dpopKey"] == before["dpopKey"]


def test_a_login_that_ended(world):
    world.home.config(f"[profile me]\nlogin_session = {LOGIN}\n")
    world.home.login_cache(LOGIN, life_s=-10, refreshToken="an-old-one")
    with pytest.raises(LoginRefreshRequired):
        resolve(world, "me")


def test_a_proof_by_another_key(world):
    world.home.config(f"[profile me]\nlogin_session = {LOGIN}\n")
    path = world.home.login_cache(LOGIN, life_s=-10)
    cache = json.loads(path.read_text())
    cache["dpopKey"] = json.loads(world.home.login_cache("another").read_text())["dpopKey"]
    path.write_text(json.dumps(cache))
    with pytest.raises(botocore.exceptions.BotoCoreError):
        resolve(world, "me")
    assert "another key" in world.complaints.pop()


# ---- programs, containers, instances


def test_a_process(world):
    program = world.home.program().gives(count=2).oddly_named().words("a b", "it's", '"')
    world.home.config(f"[profile tool]\ncredential_process = {program.command}\n")
    first, second = (botocore.session.Session(profile="tool").get_credentials().access_key for _ in range(2))
    assert first != second and {first, second} == set(world.keys)
    assert program.runs == [["a b", "it's", '"']] * 2


@pytest.mark.parametrize("program", [
    lambda one: one.tells_secrets(), lambda one: one.exits(3), lambda one: one.prints("no json"),
    lambda one: one.floods(1 << 20),
    lambda one: one.gives(Version=2), lambda one: one.gives(AccessKeyId=None)])
def test_a_process_that_fails(world, program):
    one = program(world.home.program())
    world.home.config(f"[profile tool]\ncredential_process = {one.command}\n")
    with pytest.raises((CredentialRetrievalError, json.JSONDecodeError)):
        resolve(world, "tool")


def test_a_process_that_says_too_much_elsewhere(world):
    program = world.home.program().floods(1 << 20, errors=True)
    world.home.config(f"[profile tool]\ncredential_process = {program.command} 2>/dev/null\n")
    resolve(world, "tool")
    assert program.runs == [["2>/dev/null"]]


@pytest.mark.parametrize("in_child", [False, True])
def test_a_process_that_hangs(world, in_child):
    program = world.home.program().hangs(in_child=in_child)
    with subprocess.Popen(shlex.split(program.command), stdout=subprocess.PIPE, start_new_session=True) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=0.3)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.communicate() == (b"", None)
    assert program.runs == [[]]


@pytest.mark.parametrize("name, value, host", [
    ("RELATIVE", "/v2/credentials/1", "169.254.170.2"),
    ("FULL", "http://169.254.170.23/v1/credentials", "169.254.170.23"),
    ("FULL", "http://localhost:8080/x?y=z", "localhost")])
def test_a_container(world, monkeypatch, name, value, host):
    monkeypatch.setenv(f"AWS_CONTAINER_CREDENTIALS_{name}_URI", value)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(world.home.token_file("Bearer of/it")))
    world.container.authorization = "Bearer of/it"
    resolve(world, source="container-role")
    request, = world.container.requests
    assert request.host == host and request.target in value


@pytest.fixture
def hasty(monkeypatch):
    """botocore asks containers again at once."""
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.TIMEOUT_SECONDS", 0.2)


@pytest.mark.usefixtures("hasty")
def test_a_container_that_refuses(world, monkeypatch):
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials")
    world.container.authorization = "another"
    with pytest.raises(CredentialRetrievalError):
        resolve(world)


def test_an_instance(world):
    assert resolve(world, source="iam-role").principal == "instance-role"
    assert [request.method for request in world.journal] == ["PUT", "GET", "GET"]
    assert services(world) == ["imds"] * 3


def test_an_instance_without_tokens(world):
    world.imds.v1 = True
    world.imds.always(faults.status(404), path=TOKEN)
    resolve(world, source="iam-role")
    assert len(world.journal) == 3


def test_the_region_of_an_instance(world):
    fetcher = botocore.utils.InstanceMetadataRegionFetcher()
    assert fetcher.retrieve_region() == "us-west-2"
    world.imds.enabled = False
    assert fetcher.retrieve_region() is None


@pytest.mark.parametrize("change", [{"enabled": False}, {"role": None}, {"code": "AssumeRoleUnauthorizedAccess"}])
def test_an_instance_without_a_role(world, change):
    vars(world.imds).update(change)
    assert botocore.session.Session().get_credentials() is None
    assert world.imds.requests


# ---- Bedrock


def bedrock_client():
    return botocore.session.Session().create_client("bedrock-runtime", config=botocore.config.Config(
        retries={"max_attempts": 0}))


def ask(client):
    messages = [{"role": "user", "content": [{"text": "hello"}]}]
    answer = client.converse_stream(modelId="sim.echo", messages=messages)
    deltas = [event["contentBlockDelta"]["delta"] for event in answer["stream"] if "contentBlockDelta" in event]
    return "".join(delta["text"] for delta in deltas)


def test_bedrock_takes_what_the_world_gave_out(world, simulator):
    world.bedrock.upstream = simulator.start("--no-auth").port
    client = bedrock_client()
    assert ask(client) == "hello"
    keys, = world.keys
    assert world.bedrock.signers == [keys] and world.journal[-1].host == "bedrock-runtime.eu-central-1.amazonaws.com"
    world.bedrock.revoked.add(keys)
    with pytest.raises(ClientError, match="ExpiredToken"):
        ask(client)
    world.keys.clear()
    with pytest.raises(ClientError, match="UnrecognizedClient"):
        ask(client)
    assert world.bedrock.signers == [keys]


def test_bedrock_takes_tokens(world, monkeypatch, simulator):
    world.bedrock.upstream = simulator.start("--no-auth").port
    world.bedrock.bearers.add("a-bearer-token")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "a-bearer-token")
    assert ask(bedrock_client()) == "hello"
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "another")
    with pytest.raises(ClientError, match="AccessDenied"):
        ask(bedrock_client())
    assert world.bedrock.signers == ["a-bearer-token"]


# ---- faults


def fetch(world, timeout=5):
    """What comes for one request before the connection ends, of a client that asks for that."""
    context = ssl.create_default_context(cafile=world.ca_bundle)
    host = "portal.sso.us-east-1.amazonaws.com"
    with socket.create_connection(("127.0.0.1", world.port), timeout=timeout) as plain:
        with context.wrap_socket(plain, server_hostname=host) as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_plays_come_in_turn(world):
    world.portal.always(faults.status(418))
    world.portal.then(faults.redirect(), faults.closed())
    world.portal.then(faults.meant())
    answers = [fetch(world) for _ in range(4)]
    assert b" 302 " in answers[0] and b"Location: https://elsewhere.example/stolen" in answers[0]
    assert answers[1] == b"" and b"No such path" in answers[2] and b" 418 " in answers[3]
    world.portal.always(None)
    assert b"No such path" in fetch(world)
    assert len(world.portal.requests) == 5 and not world.trap.requests


def test_plays_of_one_path(world):
    world.portal.then(faults.status(418), path="/another")
    world.portal.always(faults.status(500), path="/")
    assert b" 500 " in fetch(world)


def test_a_flood_and_a_cut(world):
    world.portal.then(flood := faults.huge(1 << 20), faults.cut())
    assert len(fetch(world)) > 1 << 20 and flood.sent == 1 << 20
    head, _, body = fetch(world).partition(b"\r\n\r\n")
    assert b"Content-Length: 27" in head and len(body) == 13


@pytest.mark.parametrize("play", [faults.headers_only(), faults.silence(), faults.slow(60)])
def test_plays_that_last(world, play):
    world.portal.then(play)
    with pytest.raises(TimeoutError):
        fetch(world, timeout=0.2)


@pytest.mark.parametrize("play", [
    faults.status(500), faults.body(b"no json"), faults.cut(), faults.reset(), faults.slow(3)])
@pytest.mark.usefixtures("hasty")
def test_botocore_under_faults(world, monkeypatch, play):
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2")
    world.container.always(play)
    with pytest.raises(CredentialRetrievalError):
        resolve(world)
    assert len(world.container.requests) == 3


@pytest.mark.usefixtures("hasty")
def test_complaints(world):
    world.container.authorization = "x"
    with pytest.raises(MetadataRetrievalError):
        fetcher = botocore.utils.ContainerMetadataFetcher()
        fetcher.retrieve_full_uri("http://localhost/x", headers={"Accept": "text/plain"})
    assert set(world.complaints) == {"container credentials are asked for with Accept: application/json"}
    world.complaints.clear()
