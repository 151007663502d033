"""The examples with nothing but one source of identity, set up by the environment alone, in the mock world."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT
from identity_homes import START_URL
from identity_sts import Role
from identity_world import identity_world  # noqa: F401 (fixture)

ROLE = "arn:aws:iam::123456789012:role/reader"
SSO = f"""
    [default]
    region = eu-central-1
    sso_session = corp
    sso_account_id = 123456789012
    sso_role_name = Reader
    [sso-session corp]
    sso_region = eu-central-1
    sso_start_url = {START_URL}
"""


@pytest.fixture
def place(identity_world, simulator):  # noqa: F811
    identity_world.bedrock.upstream = simulator.start("--no-auth").port
    return Place(identity_world)


class Place:
    """An environment of its own for programs, whose services are all in the mock world."""

    def __init__(self, world):
        self.world = world
        home = world.home.folder
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "AWS_CONFIG_FILE": str(home / ".aws/config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws/credentials"), "AWS_CA_BUNDLE": str(world.ca_bundle),
            "AWS_ENDPOINT_URL": f"https://localhost:{world.port}", "AWS_EC2_METADATA_DISABLED": "true"}

    def profile(self):
        self.world.home.user("default")
        self.world.home.config("[default]\nregion = eu-central-1\n")

    def role(self):
        self.world.home.user()
        self.world.home.config(
            f"[profile reader]\nregion = eu-central-1\nrole_arn = {ROLE}\nsource_profile = user\n")
        self.world.sts.roles[ROLE] = Role(trusted=("AKIAUSER00000001",))
        self.environment["AWS_PROFILE"] = "reader"

    def sso(self):
        self.world.home.config(SSO)
        self.world.home.sso_cache("corp")
        self.world.portal.roles = {"123456789012": ("Reader",)}

    def container(self):
        self.world.container.authorization = "let me in"
        self.environment.update(
            AWS_REGION="eu-central-1", AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://127.0.0.1:{self.world.port}/me",
            AWS_CONTAINER_AUTHORIZATION_TOKEN="let me in")

    def bearer(self):
        self.world.bedrock.bearers.add("an-api-key")
        self.environment.update(AWS_REGION="eu-central-1", AWS_BEARER_TOKEN_BEDROCK="an-api-key")

    def run(self, *command, **environment):
        done = subprocess.run(
            command, env={**self.environment, **environment}, capture_output=True, text=True, timeout=60)
        assert not [secret for secret in self.world.secrets if secret in done.stdout + done.stderr]
        return done


def program(name):
    path = ROOT / "build" / "bin" / name
    if not path.exists():
        pytest.fail(f"there is no {path}: build it with `make examples`")
    return str(path)


def script(place, name):
    place.environment.update(
        PYTHONPATH=str(ROOT / "bindings" / "python"),
        BEDROCKSTREAM_LIBRARY=str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))
    return sys.executable, str(ROOT / "examples" / "python" / name)


SIGNERS = {
    "profile": "AKIAUSER00000001", "role": "ASIASTS", "sso": "ASIASSO", "container": "ASIACONTAINER",
    "bearer": "an-api-key"}


@pytest.mark.parametrize("source", SIGNERS)
def test_examples_run_with_one_source_alone(place, source):
    getattr(place, source)()
    for command in (
            (program("chat"), "hello"), (program("pull"),), (program("batch"), "hello"),
            (*script(place, "batch.py"), "hello"), (*script(place, "batch.py"), "--stream", "hello")):
        done = place.run(*command)
        assert (done.returncode, "[end_turn" in done.stdout) == (0, True), (command, done)
    assert len(place.world.bedrock.signers) == 5
    assert all(signer.startswith(SIGNERS[source]) for signer in place.world.bedrock.signers)
    assert not place.world.trap.requests


def test_a_host_that_is_asked(place):
    keys = place.world.sts.user("AKIAHOST00000001", "secret/of/the/host")
    done = place.run(
        program("identity"), HOST_KEY_ID=keys.access_key_id, HOST_SECRET=keys.secret, AWS_REGION="eu-central-1")
    assert done.returncode == 0, done
    assert done.stdout.startswith("[AKIAHOST00000001 from the host]\n")
    assert "info: credentials AKIAHOST00000001 from the host" in done.stderr
    assert "info: stream of amazon.nova-lite-v1:0 is complete" in done.stderr
    assert place.world.bedrock.signers == ["AKIAHOST00000001"]


def test_a_host_that_has_nothing(place):
    place.profile()
    done = place.run(program("identity"))
    assert (done.returncode, done.stdout.split(" ")[0]) == (0, "[AKIAUSER00000001"), done


def test_a_host_that_has_half_of_it(place):
    done = place.run(program("identity"), HOST_KEY_ID="AKIAHOST00000001", AWS_REGION="eu-central-1")
    assert done.returncode == 1 and "go together" in done.stderr, done


def test_nothing_at_all(place):
    done = place.run(program("chat"), "hello", AWS_REGION="eu-central-1")
    assert done.returncode == 1
    for source in ("AWS_ACCESS_KEY_ID", "profile", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "instance metadata"):
        assert source in done.stderr, done
