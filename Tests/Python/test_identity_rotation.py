"""Credentials that are renewed while streams run, and sources that are slow: no stream suffers from another's."""

import os
import threading
import time

import identity_faults as faults
import pytest
from identity_sources import (  # noqa: F401 (fixture)
    NAMED, NOT_IN_CODE, PROCESS, ask, bench, failure)
from identity_world import identity_world  # noqa: F401 (fixture)
from transport_calls import Caller, assert_answered

CONTAINER = NAMED["container"]
WEB = NAMED["web-identity"]
STREAMS = 200


@pytest.fixture
def caller(bench):  # noqa: F811
    """Makes clients by callbacks, whose credentials are found."""
    callers = []

    def make(**settings):
        callers.append(Caller(None, **NOT_IN_CODE, **bench.settings(**settings)))
        return callers[-1]

    yield make
    for one in callers:
        one.close()


def test_credentials_rotate_under_streams(bench, caller):  # noqa: F811
    """Always 200 run; each that ends is followed by another, until the credentials were renewed four times."""
    bench.set_up(CONTAINER)
    bench.world.container.life_s = 8
    client = caller()
    meant = client.run("sim.pieces-20.pace-50")
    calls = [client.start("sim.pieces-20.pace-50") for _ in range(STREAMS)]
    deadline = time.monotonic() + 60
    ended = 0
    while len(bench.world.container.requests) < 5 and time.monotonic() < deadline:
        assert_answered(calls[ended].end(), meant)
        ended += 1
        calls.append(client.start("sim.pieces-20.pace-50"))
    for call in calls[ended:]:
        assert_answered(call.end(), meant)
    asked = len(bench.world.container.requests)
    assert 5 <= asked <= 7
    assert len(set(bench.world.bedrock.signers)) >= 4


def test_many_streams_wait_for_one_answer(bench, caller):  # noqa: F811
    bench.set_up(CONTAINER)
    bench.world.container.then(faults.slow(1))
    client = caller()
    calls = [client.start("sim.pieces-3") for _ in range(STREAMS)]
    assert {call.end().name for call in calls} == {"BRS_OK"}
    assert len(bench.world.container.requests) == 1


def test_many_streams_fail_by_one_answer(bench, caller):  # noqa: F811
    bench.set_up(CONTAINER)
    bench.world.container.always(lambda exchange: (exchange.pause(0.5), faults.status(403)(exchange)))
    client = caller()
    endings = [call.end() for call in [client.start("sim.pieces-3") for _ in range(STREAMS)]]
    assert {ending.name for ending in endings} == {"BRS_E_CREDENTIALS"}
    assert len(bench.world.container.requests) < 6


def test_streams_with_other_credentials_do_not_wait(bench, caller):  # noqa: F811
    """A program that hangs holds up who needs it and nobody else."""
    bench.set_up(PROCESS)
    bench.world.home.program().hangs()
    bench.world.home.config(f"[profile tool]\ncredential_process = {bench.world.home.folder}/programs/credentials\n")
    user = bench.world.sts.user()
    client = caller(credentials__process_timeout_ms="2500")
    waiting = [client.start("sim.pieces-3") for _ in range(20)]
    keys = {"credentials__access_key_id": user.access_key_id, "credentials__secret_access_key": user.secret}
    for _ in range(10):
        ending = client.run("sim.pieces-3", **keys)
        assert ending.name == "BRS_OK" and ending.seconds < 1.5
    cancelled = waiting.pop()
    cancelled.free()
    assert {call.end().name for call in waiting} == {"BRS_E_CREDENTIALS"}
    assert len(bench.world.home.program().runs) <= 1 + 1


def test_running_streams_go_on_while_renewing_hangs(bench, caller):  # noqa: F811
    """Renewing ahead of time hangs: streams take the old credentials as long as they are good."""
    bench.set_up(CONTAINER)
    bench.world.container.life_s = 16
    client = caller()
    assert client.run("sim.pieces-3").name == "BRS_OK"
    bench.world.container.always(faults.slow(3))
    deadline = time.monotonic() + 8.5
    while time.monotonic() < deadline:
        ending = client.run("sim.pieces-3")
        assert ending.name == "BRS_OK" and ending.seconds < 1
        time.sleep(0.1)
    assert len(bench.world.container.requests) >= 2


def test_a_token_file_swapped_amid_the_run(bench):  # noqa: F811
    world = bench.world
    bench.set_up(WEB)
    world.sts.life_s = 4
    client = bench.client()
    assert ask(client) == "hello"
    world.home.token_file("another.web.token")
    deadline = time.monotonic() + 10
    while len(world.sts.requests) < 2 and time.monotonic() < deadline:
        assert ask(client) == "hello"
        time.sleep(0.1)
    assert [request.form["WebIdentityToken"] for request in world.sts.requests] == [
        "the.web.token", "another.web.token"]


def test_a_file_of_credentials_swapped_is_read_after_a_refusal(bench):  # noqa: F811
    world = bench.world
    world.home.user()
    client = bench.client(profile="user", retry__mode="standard")
    assert ask(client) == "hello"
    world.bedrock.revoked.add("AKIAUSER00000001")
    assert failure(client).name == "BRS_E_EXPIRED_TOKEN"
    other = world.sts.user("AKIAUSER00000002", "another/secret")
    world.home.credentials(
        f"[user]\naws_access_key_id = {other.access_key_id}\naws_secret_access_key = {other.secret}\n")
    time.sleep(1.1)  # a source that had nothing newer is let alone for a second
    assert ask(client) == "hello"
    assert world.bedrock.signers == ["AKIAUSER00000001", "AKIAUSER00000002"]


def test_expired_tokens_are_renewed_once(bench, caller):  # noqa: F811
    """The service says that they expired before their time: one renewal for all who heard it, and all are answered."""
    bench.set_up(CONTAINER)
    client = caller(retry__mode="standard")
    assert client.run("sim.pieces-3").name == "BRS_OK"
    bench.world.bedrock.revoked.update(bench.world.keys)
    calls = [client.start("sim.pieces-3") for _ in range(50)]
    assert {call.end().name for call in calls} == {"BRS_OK"}
    assert len(bench.world.container.requests) == 2


def test_closing_a_client_that_waits(bench):  # noqa: F811
    bench.set_up(CONTAINER)
    bench.world.container.always(faults.silence())
    client = bench.client()
    errors = []
    thread = threading.Thread(target=lambda: errors.append(failure(client)))
    thread.start()
    time.sleep(0.3)
    begun = time.monotonic()
    client.close()
    thread.join(5)
    assert time.monotonic() - begun < 1 and errors[0].name == "BRS_E_CANCELLED"


def test_no_process_is_left(bench, caller):  # noqa: F811
    bench.set_up(PROCESS)
    program = bench.world.home.program().script(f"echo $$ > {bench.world.home.folder}/pid\nsleep 600 & wait")
    bench.world.home.config(f"[profile tool]\ncredential_process = {program.command}\n")
    client = caller(credentials__process_timeout_ms="500")
    assert client.run("sim.pieces-3").name == "BRS_E_CREDENTIALS"
    pid = int((bench.world.home.folder / "pid").read_text())
    time.sleep(0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
