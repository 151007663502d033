"""Credentials against botocore: the same home in the same mock world, the same requests to it."""

import botocore.session
import pytest
from conformance_port import port_fixture  # noqa: F401 (fixture)
from identity_sources import SOURCES
from identity_world import IdentityWorld
from test_identity_world import lead_botocore

OWN = {"RoleSessionName", "refreshToken", "WebIdentityToken"}  # each has its own


def asked(world):
    """The requests, without what differs from run to run."""
    return [describe(request) for request in world.journal]


def describe(request):
    members = {**request.query, **(request.json if request.body[:1] == b"{" else request.form)}
    kept = {name: value for name, value in members.items() if name not in OWN}
    return request.service, request.method, request.host, request.path, sorted(members), kept


@pytest.fixture
def worlds(tmp_path):
    """Two that are alike: one for botocore, one for the library."""
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    made = [IdentityWorld(folder) for folder in folders]
    yield made
    for world in made:
        world.stop()
    assert [world.complaints for world in made] == [[], []]


def environment(world, setup):
    profile = {"AWS_PROFILE": setup.profile} if setup.profile else {}
    return {**world.home.environment, "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2", **profile,
            **setup.environment}


def by_botocore(world, setup, monkeypatch):
    lead_botocore(world, monkeypatch)
    for name, value in environment(world, setup).items():
        monkeypatch.setenv(name, value)
    return botocore.session.Session().get_credentials().get_frozen_credentials()


def by_the_library(world, setup, port):
    answer = port.ask("resolve_credentials", {
        "env": environment(world, setup), "home": str(world.home.folder), "cwd": str(world.home.folder),
        "connect_to_port": world.port, "ca_file": world.ca_bundle})
    return answer["ok"]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_the_same_requests(worlds, port, monkeypatch, source):
    one, other = worlds
    theirs = by_botocore(one, source.prepare(one), monkeypatch)
    ours = by_the_library(other, source.prepare(other), port)
    assert ours["access_key_id"] == theirs.access_key
    assert ours["secret_access_key"] == theirs.secret_key
    assert ours.get("session_token") == theirs.token
    assert asked(other) == asked(one)
    keys = other.keys[ours["access_key_id"]]
    assert ours.get("expiry") is None or abs(ours["expiry"] - keys.expires_at) <= 1
