"""What the shipped library says when credentials cannot be had: every fault of every source, broken homes, programs."""

import json
import time

import bedrockstream
import identity_faults as faults
import pytest
from identity_homes import START_URL
from identity_metadata import ROLES, TOKEN
from identity_sources import (  # noqa: F401 (fixture)
    ASKING, LOGIN, NAMED, PROCESS, ROLE, SSO, Setup, ask, bench, failure)
from identity_world import identity_world  # noqa: F401 (fixture)

FAULTS = {
    "500": faults.status(500, b"oops"), "404": faults.status(404), "empty": faults.body(b""),
    "garbage": faults.garbage(), "other": faults.body(b'{"hello": [null, {"a": 1e999}]}'),
    "cut": faults.cut(), "closed": faults.closed(), "reset": faults.reset(),
    "redirect": faults.redirect(), "redirect-with-method": faults.redirect(status=307),
    "denied": faults.refused("AccessDenied", status=403), "throttled": faults.refused("Throttling", status=400),
}
SIGNED = {"auth__scheme": "sigv4", "credentials__timeout_ms": "5000"}
LASTING = {"silence": faults.silence(), "head": faults.headers_only(), "drip": faults.drip(100)}


def assert_credentials_failed(bench, error, setup):  # noqa: F811
    assert (error.name, error.phase.name) == ("BRS_E_CREDENTIALS", "BRS_PHASE_PREPARE"), error
    bench.hide(str(error))
    for word in setup.words:
        assert word in error.message, error.message
    assert len(error.message) < 2000 and error.message.isprintable()
    assert not bench.world.trap.requests and not bench.world.bedrock.requests


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("source", ASKING, ids=str)
def test_a_fault(bench, source, fault):  # noqa: F811
    setup = bench.set_up(source)
    service = getattr(bench.world, source.service)
    service.always(FAULTS[fault])
    begun = time.monotonic()
    error = failure(bench.client(**SIGNED))
    assert time.monotonic() - begun < 7
    assert_credentials_failed(bench, error, setup)
    service.always(None)
    assert ask(bench.client()) == "hello"


@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize("source", ASKING, ids=str)
def test_a_fault_that_lasts(bench, source, fault):  # noqa: F811
    bench.set_up(source)
    service = getattr(bench.world, source.service)
    service.always(LASTING[fault])
    begun = time.monotonic()
    error = failure(bench.client(**{**SIGNED, "credentials__timeout_ms": "700"}))
    hosts = Setup(words=("credentials.timeout_ms=700", service.requests[0].host))
    assert_credentials_failed(bench, error, hosts)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("source", ASKING, ids=str)
def test_a_flood(bench, source):  # noqa: F811
    setup = bench.set_up(source)
    getattr(bench.world, source.service).always(flood := faults.huge())
    assert_credentials_failed(bench, failure(bench.client(**SIGNED)), setup)
    assert flood.sent < 50_000_000


@pytest.mark.parametrize("source", ASKING, ids=str)
def test_one_fault_is_got_over(bench, source):  # noqa: F811
    """A client asks again, at once or with its next call."""
    bench.set_up(source)
    getattr(bench.world, source.service).then(faults.status(500))
    client = bench.client()
    deadline = time.monotonic() + 10
    while not bench.world.bedrock.signers and time.monotonic() < deadline:
        try:
            ask(client)
        except Exception as error:  # noqa: BLE001
            bench.hide(str(error))
            time.sleep(0.2)
    assert bench.world.bedrock.signers


ODD_VALUES = [
    ("Token", "abc\r\nX-Evil: 1"), ("Token", "abc\n"), ("Token", "a\0b"), ("Token", "\x7f\x01"), ("Token", 7),
    ("Token", None),
    ("AccessKeyId", "AK\r\nX-Evil: 1"), ("AccessKeyId", ""), ("SecretAccessKey", ["a"]), ("Expiration", "never"),
    ("Expiration", 99), ("Expiration", "0001-01-01T00:00:00Z"), ("Expiration", "2099-02-31T00:00:00Z"),
]


@pytest.mark.parametrize("member, value", ODD_VALUES)
def test_odd_values_go_nowhere(bench, member, value):  # noqa: F811
    bench.set_up(NAMED["pod"])
    members = {**bench.world.issue("container", "odd", 3600).members(token="Token"), member: value}
    bench.world.container.always(faults.body(json.dumps(members).encode()))
    error = failure(bench.client())
    assert error.name in ("BRS_E_CREDENTIALS", "BRS_E_SIGNING") and not bench.world.bedrock.requests
    bench.hide(str(error))


ODD_ROLES = [b"../../evil", b"a/b?c#d", b"\xff\xfe", b"", b"x" * 5000, b"a\r\nX-Evil: 1", b"\r\n\r\n"]


@pytest.mark.parametrize("role", ODD_ROLES, ids=lambda role: repr(role[:9]))
def test_odd_names_of_roles_go_nowhere(bench, role):  # noqa: F811
    """What a path cannot hold is not asked for; of several lines the first is the role."""
    bench.world.imds.always(faults.body(role, content_type="text/plain"), path=ROLES)
    error = failure(bench.client())
    assert_credentials_failed(bench, error, Setup(words=("instance metadata",)))
    assert {request.path for request in bench.world.imds.requests} <= {TOKEN, ROLES, ROLES + "a"}


@pytest.mark.parametrize("play", [faults.status(500), faults.garbage(), faults.refused("InvalidGrantException")])
def test_a_token_that_is_not_renewed_is_used_to_its_end(bench, play):  # noqa: F811
    bench.world.home.config(SSO)
    bench.world.home.sso_cache("corp", life_s=300)
    bench.world.oidc.always(play)
    assert ask(bench.client(profile="person")) == "hello"


# ---- broken homes


@pytest.mark.parametrize("config, words", [
    ("[profile p]\nrole_arn = {role}\n", ("p", "source_profile")),
    ("[profile p]\nrole_arn = {role}\nsource_profile = gone\n", ("p", "gone")),
    ("[profile p]\nrole_arn = {role}\nsource_profile = q\n[profile q]\nrole_arn = {role}\nsource_profile = p\n",
     ("p", "q")),
    ("[profile p]\nrole_arn = {role}\nsource_profile = user\ncredential_source = Environment\n",
     ("source_profile", "credential_source")),
    ("[profile p]\nrole_arn = {role}\ncredential_source = Nowhere\n", ("credential_source", "line 3")),
    ("[profile p]\naws_access_key_id = AKIAHALF\n", ("p", "aws_secret_access_key")),
    ("[profile p]\nsso_session = gone\nsso_account_id = 123456789012\nsso_role_name = R\n", ("p", "gone")),
    ("[profile p]\nsso_account_id = 123456789012\nsso_role_name = R\n", ("p", "sso_")),
    ("[profile p]\nlogin_session = arn:x\n", ("p", "login")),
    ("[profile p]\nrole_arn = {role}\nweb_identity_token_file = {home}/gone\n", ("{home}/gone",)),
    ("[profile p]\nregion = x\n[profile q\n", ("config", "line 3")),
    ("[profile q]\nregion = x\n", ("p",)),
])
def test_a_broken_profile(bench, config, words):  # noqa: F811
    home = bench.world.home
    home.user()
    home.config(config.format(role=ROLE, home=home.folder))
    with pytest.raises(bedrockstream.BedrockStreamError) as raised:
        ask(bench.client(profile="p", imds__disabled="true"))
    error = raised.value
    assert error.name in ("BRS_E_CREDENTIALS", "BRS_E_CONFIG"), error
    bench.hide(str(error))
    for word in words:
        assert word.format(home=home.folder) in error.message, error.message


BROKEN = {
    "empty": "", "words": "no json", "array": "[]", "object": "{}", "number": '{"accessToken": 7}', "zeros": "\0" * 100,
    "deep": "{" * 5000}


@pytest.mark.parametrize("content", BROKEN)
@pytest.mark.parametrize("kind", ["sso", "legacy", "login"])
def test_a_broken_cache_file(bench, kind, content):  # noqa: F811
    home = bench.world.home
    paths = {"sso": home.sso_path("corp"), "legacy": home.sso_path(START_URL), "login": home.login_path(LOGIN)}
    setup = bench.set_up(NAMED[{"legacy": "legacy-sso"}.get(kind, kind)])
    paths[kind].write_text(BROKEN[content])
    error = failure(bench.client())
    assert_credentials_failed(bench, error, setup)
    assert str(paths[kind]) in error.message, error.message


@pytest.mark.parametrize("url", [
    "http://192.168.1.1/x", "http://example.com/x", "http://169.254.170.3/x", "http://169.254.170.2.example.com/x",
    "http://169.254.170.2@example.com/x", "http://127.0.0.1.example.com/", "ftp://localhost/x", "localhost/x"])
def test_a_container_elsewhere_is_not_asked(bench, monkeypatch, url):  # noqa: F811
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", bench.world.secret("a-pod-token"))
    error = failure(bench.client())
    assert_credentials_failed(bench, error, Setup())
    assert not bench.world.journal


@pytest.mark.parametrize("token", ["two\nlines", "return\r", "tail\nX-More: 1"])
def test_a_token_that_is_no_header(bench, monkeypatch, token):  # noqa: F811
    path = bench.world.home.token_file(token)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/x")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(path))
    error = failure(bench.client())
    assert_credentials_failed(bench, error, Setup(words=("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",)))
    assert not bench.world.journal


# ---- programs


PROGRAMS = {
    "secrets": lambda one: one.tells_secrets(), "exits": lambda one: one.exits(3), "empty": lambda one: one.exits(0),
    "no json": lambda one: one.prints("no json"), "version": lambda one: one.gives(Version=2),
    "half": lambda one: one.gives(SecretAccessKey=None), "expired": lambda one: one.gives(life_s=-60),
    "date": lambda one: one.gives(Expiration="tomorrow"), "flood": lambda one: one.floods(),
    "signal": lambda one: one.script("kill -9 $$"), "no program": lambda one: one.path.unlink(),
    "no execution": lambda one: one.path.chmod(0o600), "hangs": lambda one: one.hangs(),
    "child hangs": lambda one: one.hangs(in_child=True),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_fails(bench, program):  # noqa: F811
    setup = bench.set_up(PROCESS)
    one = bench.world.home.program()
    PROGRAMS[program](one)
    bench.world.home.config(f"[profile tool]\ncredential_process = {one.command}\n")
    begun = time.monotonic()
    error = failure(bench.client(credentials__process_timeout_ms="700"))
    assert time.monotonic() - begun < 4
    assert_credentials_failed(bench, error, setup)
    assert "credential_process" in error.message
    if program == "exits":
        assert "3" in error.message


def test_a_program_that_says_too_much_elsewhere(bench):  # noqa: F811
    bench.set_up(PROCESS)
    bench.world.home.program().floods(errors=True)
    bench.world.home.config(f"[profile tool]\ncredential_process = {bench.world.home.folder}/programs/credentials\n")
    assert ask(bench.client()) == "hello"


def test_the_words_of_a_command(bench):  # noqa: F811
    program = bench.world.home.program().gives().oddly_named()
    program.words("a b", "it's", 'a "quote"', "$HOME", "*", ";", "|", "back\\slash")
    bench.world.home.config(f"[profile tool]\ncredential_process = {program.command}\n")
    assert ask(bench.client(profile="tool")) == "hello"
    assert program.runs == [["a b", "it's", 'a "quote"', "$HOME", "*", ";", "|", "back\\slash"]]


def test_a_command_by_a_shell(bench):  # noqa: F811
    program = bench.world.home.program().gives()
    bench.world.home.config(f"[profile tool]\ncredential_process = {program.path} \"$HOME\" | cat\n")
    assert ask(bench.client(profile="tool", credentials__process_shell="on")) == "hello"
    assert program.runs == [[str(bench.world.home.folder)]]
