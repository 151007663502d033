"""Every source of credentials as somebody would have set it up, in the mock world."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import bedrockstream
import pytest
from identity_homes import START_URL
from identity_world import IdentityWorld

ROLE = "arn:aws:iam::123456789012:role/team/reader"
LOGIN = "arn:aws:sts::123456789012:assumed-role/Admin/alice"
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


@dataclass
class Setup:
    """What a source was set up with: variables of the environment, a profile. `words` are what its errors name."""

    environment: dict = field(default_factory=dict)
    profile: str | None = None
    words: tuple = ()


@dataclass
class Source:
    name: str
    prepare: Callable[[IdentityWorld], Setup]
    service: str = ""
    """Of the world, that it asks last; empty where it asks none."""
    key: str = ""
    """How the access keys that come of it begin."""

    def __str__(self):
        return self.name


def role(world):
    world.home.user()
    world.home.config(f"[profile reader]\nrole_arn = {ROLE}\nsource_profile = user\n")
    return Setup(profile="reader", words=("reader",))


def role_of_instance(world):
    world.home.config(f"[profile reader]\nrole_arn = {ROLE}\ncredential_source = Ec2InstanceMetadata\n")
    return Setup(profile="reader", words=("reader",))


def web_identity(world):
    path = world.home.token_file("the.web.token")
    world.home.config(f"[profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {path}\n")
    return Setup(profile="web", words=("web",))


def web_identity_of_environment(world):
    path = world.home.token_file("the.web.token")
    return Setup({"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(path)}, words=("AWS_ROLE_ARN",))


def sso(world, life_s=8 * 3600):
    world.home.config(SSO)
    world.home.sso_cache("corp", life_s=life_s)
    return Setup(profile="person", words=("corp",))


def legacy_sso(world):
    world.home.config(f"""
        [profile person]
        sso_start_url = {START_URL}
        sso_region = eu-central-1
        sso_account_id = 123456789012
        sso_role_name = Reader
    """)
    world.home.sso_cache(START_URL)
    return Setup(profile="person", words=(START_URL,))


def login(world):
    world.home.config(f"[profile me]\nlogin_session = {LOGIN}\n")
    world.home.login_cache(LOGIN, region="eu-west-1", life_s=-10)
    return Setup(profile="me", words=("login session", str(world.home.login_path(LOGIN))))


def process(world):
    program = world.home.program().gives().oddly_named().words("a b", "it's")
    world.home.config(f"[profile tool]\ncredential_process = {program.command}\n")
    return Setup(profile="tool", words=("tool",))


def container(world):
    return Setup({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"}, words=("169.254.170.2/v2",))


def pod(world):
    world.container.authorization = "pod/token+x"
    path = world.home.token_file("pod/token+x", name="pod-token")
    return Setup({
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(path)}, words=("http://169.254.170.23/v1/credentials",))


def instance(world):
    return Setup(words=("instance metadata",))


ASKING = [
    Source("role", role, "sts", "ASIASTS"),
    Source("web-identity", web_identity, "sts", "ASIASTS"),
    Source("sso", sso, "portal", "ASIASSO"),
    Source("login", login, "signin", "ASIALOGIN"),
    Source("pod", pod, "container", "ASIACONTAINER"),
    Source("instance", instance, "imds", "ASIAIMDS"),
]
OTHER_WAYS = [
    Source("role-of-instance", role_of_instance, "sts", "ASIASTS"),
    Source("web-identity-of-environment", web_identity_of_environment, "sts", "ASIASTS"),
    Source("legacy-sso", legacy_sso, "portal", "ASIASSO"),
    Source("container", container, "container", "ASIACONTAINER"),
]
PROCESS = Source("process", process, "", "ASIAPROCESS")
STATIC = Source("user", lambda world: (world.home.user(), Setup(profile="user", words=("user",)))[1], "", "AKIAUSER")
SOURCES = [STATIC, PROCESS, *ASKING, *OTHER_WAYS]
NAMED = {source.name: source for source in SOURCES}


NOT_IN_CODE = {"credentials__access_key_id": None, "credentials__secret_access_key": None, "region": None}


class Bench:
    """Clients of the library in the mock world, whose Bedrock the simulator answers for."""

    def __init__(self, world, monkeypatch):
        self.world, self._monkeypatch = world, monkeypatch

    def set_up(self, source):
        setup = source.prepare(self.world)
        for name, value in setup.environment.items():
            self._monkeypatch.setenv(name, value)
        if setup.profile:
            self._monkeypatch.setenv("AWS_PROFILE", setup.profile)
        return setup

    def settings(self, **settings):
        texts = {name.replace("__", "."): value for name, value in settings.items()}
        return {
            "connect_to": self.world.connect_to, "tls.ca_bundle": self.world.ca_bundle, "retry.mode": "off", **texts}

    def client(self, **settings):
        return bedrockstream.Client(config=self.settings(**settings))

    def hide(self, text):
        """Fails where a text tells a secret."""
        told = [secret for secret in self.world.secrets if secret in text]
        assert not told, text


def ask(client, model="sim.echo", **config):
    """What the model says."""
    answer = client.converse_stream(
        modelId=model, messages=[{"role": "user", "content": [{"text": "hello"}]}], config=config or None)
    return "".join(
        event["contentBlockDelta"]["delta"].get("text", "") for event in answer["stream"]
        if "contentBlockDelta" in event)


def failure(client, **config):
    """The error that a call ends with."""
    with pytest.raises(bedrockstream.BedrockStreamError) as raised:
        ask(client, **config)
    return raised.value


def cache(path):
    return json.loads(path.read_text())


@pytest.fixture
def bench(identity_world, simulator, monkeypatch):
    identity_world.home.enter(monkeypatch)
    identity_world.bedrock.upstream = simulator.start("--no-auth").port
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    return Bench(identity_world, monkeypatch)
