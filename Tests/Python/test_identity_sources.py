"""Each source of credentials with the shipped library in the mock world."""

import os
import stat
import time

import identity_faults as faults
import pytest
from bedrockstream import _ffi
from identity_sources import (  # noqa: F401 (fixture)
    LOGIN, NAMED, NOT_IN_CODE, PROCESS, ROLE, SOURCES, Source, ask, bench, cache, failure, sso)
from identity_sts import Role
from identity_world import identity_world  # noqa: F401 (fixture)
from transport_calls import Caller, call

@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_source(bench, source):  # noqa: F811
    bench.set_up(source)
    client = bench.client()
    assert ask(client) == "hello"
    first = len(bench.world.journal)
    assert ask(client) == "hello"
    signers = bench.world.bedrock.signers
    assert len(set(signers)) == 1 and signers[0].startswith(source.key)
    assert {request.service for request in bench.world.journal[first:]} == {"bedrock"}
    assert not bench.world.trap.requests


class Talkative(Caller):
    """Keeps what the library logs."""

    def prepare(self, config):
        self.lines = []
        self._log = _ffi.brs_on_log(lambda user, level, text, length: self.lines.append(text.decode()))
        call(self.library.brs_config_on_log, config, _ffi.brs_log_level.BRS_LOG_DEBUG, self._log, None)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_the_log_tells_no_secret(bench, source):  # noqa: F811
    bench.set_up(source)
    client = Talkative(None, **bench.settings(), **NOT_IN_CODE)
    assert client.run("sim.pieces-3").name == "BRS_OK"
    client.close()
    log = "\n".join(client.lines)
    assert bench.world.bedrock.signers[0] in log and "/model/sim.pieces-3/converse-stream" in log
    bench.hide(log)
    for request in bench.world.journal:
        assert request.headers.get("authorization", "Signature=none").split("Signature=")[-1] not in log


def test_a_client_that_never_calls_never_resolves(bench):  # noqa: F811
    bench.set_up(PROCESS)
    bench.client()
    time.sleep(0.2)
    assert bench.world.journal == [] and bench.world.home.program().runs == []


def test_a_token_of_sso_is_renewed_and_kept(bench):  # noqa: F811
    bench.set_up(Source("sso", lambda world: sso(world, life_s=300)))
    path = bench.world.home.sso_path("corp")
    before = cache(path)
    assert ask(bench.client()) == "hello"
    after = cache(path)
    assert set(before) <= set(after) and after["refreshToken"] != before["refreshToken"]
    assert after["accessToken"] in bench.world.oidc.grants
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and os.listdir(path.parent) == [path.name]
    assert ask(bench.client()) == "hello"
    assert len(bench.world.oidc.requests) == 1


def test_a_login_is_renewed_and_kept(bench):  # noqa: F811
    bench.set_up(NAMED["login"])
    path = bench.world.home.login_path(LOGIN)
    before = cache(path)
    assert ask(bench.client()) == "hello"
    after = cache(path)
    assert set(before) <= set(after) and after["accessToken"]["accountId"] == "123456789012"
    assert {name for name in before if before[name] != after[name]} == {"accessToken", "refreshToken"}
    assert ask(bench.client()) == "hello"
    assert len(bench.world.signin.requests) == 1


def test_parameters_of_a_role(bench):  # noqa: F811
    world = bench.world
    world.home.user()
    world.home.config(f"""
        [profile reader]
        role_arn = {ROLE}
        source_profile = user
        external_id = a b/c+d=&e
        role_session_name = tests@here
        duration_seconds = 900
    """)
    world.sts.roles[ROLE] = Role(external_id="a b/c+d=&e", trusted=("AKIAUSER00000001",))
    assert ask(bench.client(profile="reader")) == "hello"
    request, = world.sts.requests
    assert (request.host, request.form["RoleSessionName"]) == ("sts.us-west-2.amazonaws.com", "tests@here")
    assert request.form["DurationSeconds"] == "900"


def test_a_chain_of_roles(bench):  # noqa: F811
    world = bench.world
    world.home.user()
    world.home.config("".join(
        f"[profile r{n}]\nrole_arn = {ROLE}-{n}\nsource_profile = {f'r{n - 1}' if n else 'user'}\n" for n in range(4)))
    for n in range(1, 4):
        world.sts.roles[f"{ROLE}-{n}"] = Role(trusted=(f"{ROLE}-{n - 1}",))
    assert ask(bench.client(profile="r3")) == "hello"
    assert [request.form["RoleArn"][-1] for request in world.sts.requests] == list("0123")


def test_a_clock_that_is_off(bench):  # noqa: F811
    bench.set_up(NAMED["role"])
    bench.world.sts.skew_s = 3600
    assert ask(bench.client()) == "hello"
    assert len(bench.world.sts.requests) == 2


def test_an_instance_without_tokens(bench):  # noqa: F811
    bench.world.imds.v1 = True
    bench.world.imds.always(faults.status(404), path="/latest/api/token")
    assert ask(bench.client()) == "hello"
    assert failure(bench.client(imds__v1_disabled="true")).name == "BRS_E_CREDENTIALS"


def test_expired_credentials_of_an_instance_are_used(bench):  # noqa: F811
    """They have ended by the client's clock; it is Bedrock that knows."""
    bench.world.imds.life_s = 600
    bench.world.clock_s = -800
    client = bench.client()
    assert ask(client) == "hello" and ask(client) == "hello"


def test_the_region_of_an_instance(bench, monkeypatch):  # noqa: F811
    monkeypatch.delenv("AWS_REGION")
    bench.world.imds.region = "ap-south-1"
    assert ask(bench.client()) == "hello"
    assert bench.world.bedrock.requests[0].host == "bedrock-runtime.ap-south-1.amazonaws.com"


def test_a_token_of_sso_is_a_bearer_token(bench):  # noqa: F811
    bench.set_up(Source("sso", sso))
    assert ask(bench.client(auth__scheme="bearer")) == "hello"
    assert bench.world.bedrock.signers == ["sso-access-1"] and not bench.world.portal.requests
