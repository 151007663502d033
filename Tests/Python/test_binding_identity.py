"""Who asks, as the Python package lets its caller say it: callables, objects of botocore, profiles; and log lines."""

import datetime
import gc
import logging
import os
import pathlib
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("BEDROCKSTREAM_LIBRARY", str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))

import botocore.credentials  # noqa: E402
import botocore.tokens  # noqa: E402

import bedrockstream  # noqa: E402
import bedrockstream.identity  # noqa: E402
from test_binding import INTERPRETERS  # noqa: E402

KEY, SECRET, BEARER = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "bedrock-api-key-example"
KEYS = {"access_key": KEY, "secret_key": SECRET}
HELLO = [{"role": "user", "content": [{"text": "Tell me about rivers."}]}]
UTC = datetime.timezone.utc


def make_client(simulator, **arguments):
    config = {"retry.mode": "off", **arguments.pop("config", {})}
    return bedrockstream.Client(
        region_name="us-east-1", endpoint_url=simulator.endpoint, config=config, **arguments)


def ask(client, model="sim.pieces-3"):
    """The text of one whole answer."""
    with client.converse_stream(modelId=model, messages=HELLO)["stream"] as stream:
        list(stream)
    return stream.result.text


def in_seconds(seconds):
    return datetime.datetime.now(UTC) + datetime.timedelta(seconds=seconds)


class Members:
    def __init__(self, **members):
        self.__dict__.update(members)


# ---- credentials


@pytest.mark.parametrize("found", [
    KEYS,
    {**KEYS, "token": None, "expiry_time": None},
    {"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Expiration": "2099-01-01T00:00:00Z", "AccountId": "123456789012"},
    {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET},
    {"accessKeyId": KEY, "secretAccessKey": SECRET, "expiration": 4070908800},
    Members(access_key=KEY, secret_key=SECRET, token=None, expiry_time=in_seconds(3600)),
    botocore.credentials.Credentials(KEY, SECRET),
    botocore.credentials.ReadOnlyCredentials(KEY, SECRET, None),
], ids=lambda found: type(found).__name__)
def test_what_a_callable_may_return(simulator, found):
    with make_client(simulator, credentials=lambda: found) as client:
        assert ask(client)
        identity = client.identify()
        assert (identity.scheme, identity.access_key_id, identity.source) == ("sigv4", KEY, "the host")


def test_session_token_and_account_are_handed_over(simulator):
    found = {**KEYS, "token": "session-token", "account_id": "123456789012", "expiry_time": in_seconds(3600)}
    with make_client(simulator, credentials=lambda: found) as client:
        identity = client.identify()
        assert identity.account_id == "123456789012"
        assert abs((identity.expires_at - found["expiry_time"]).total_seconds()) <= 1
        try:
            ask(client)
        except bedrockstream.BedrockStreamError:
            pass  # the simulator knows of no session tokens; what matters is that it was sent one
        headers = simulator.requests()[-1]["headers"]
        assert "session-token" in str([one for one in headers if "x-amz-security-token" in str(one).lower()])


def test_the_callable_runs_once_and_not_on_the_clients_thread(simulator):
    threads = []

    def credentials():
        threads.append(threading.current_thread())
        time.sleep(0.1)
        return KEYS

    with make_client(simulator, credentials=credentials) as client:
        assert threads == []  # not before it is needed
        asking = [threading.Thread(target=ask, args=(client,)) for _ in range(8)]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        assert ask(client)
    assert [thread.name for thread in threads] == ["bedrockstream-question"]
    assert threads[0].daemon and isinstance(threads[0], threading.Thread)


def test_none_goes_on_to_the_environment(simulator, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with make_client(simulator, credentials=lambda: None) as client:
        assert ask(client)
        assert client.identify().source == "the environment"


def test_arguments_go_before_the_callable(simulator):
    def credentials():
        raise AssertionError("asked")

    keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET}
    with make_client(simulator, credentials=credentials, **keys) as client:
        assert ask(client)


class VaultSealed(Exception):
    pass


@pytest.mark.parametrize("error", [VaultSealed("no\nway \0 in"), KeyboardInterrupt("stop"), SystemExit(3)])
def test_what_a_callable_raises_is_told(simulator, error):
    def credentials():
        raise error

    with make_client(simulator, credentials=credentials) as client:
        with pytest.raises(bedrockstream.SetupError) as caught:
            ask(client)
    assert caught.value.code == bedrockstream.Code.BRS_E_CREDENTIALS
    text = "VaultSealed: no way   in" if isinstance(error, VaultSealed) else type(error).__name__
    assert "the host's callback: " + text in caught.value.message


@pytest.mark.parametrize("found, text", [
    ({"access_key": KEY}, "ValueError: no access_key and secret_key"),
    ({}, "ValueError"),
    (17, "ValueError"),
    ({**KEYS, "token": "a\0b"}, "NUL"),
    ({**KEYS, "token": "a\nb"}, "control character"),
    ({**KEYS, "token": 17}, "TypeError: session_token must be str"),
    ({**KEYS, "expiry_time": "soon"}, "ValueError"),
    ({**KEYS, "expiry_time": "2001-01-01T00:00:00Z"}, "expired"),
])
def test_unusable_results_are_told(simulator, found, text):
    with make_client(simulator, credentials=lambda: found) as client:
        with pytest.raises(bedrockstream.SetupError) as caught:
            ask(client)
    assert text in caught.value.message
    assert SECRET not in caught.value.message


def test_one_that_never_returns(simulator):
    never = threading.Event()
    client = make_client(simulator, credentials=never.wait, config={"credentials.timeout_ms": 200})
    with pytest.raises(bedrockstream.SetupError) as caught:
        ask(client)
    assert "credentials.timeout_ms=200" in caught.value.message
    client.close()
    never.set()


def test_keys_are_renewed_while_calls_go_on(simulator):
    asked = []

    def credentials():
        asked.append(1)
        return {**KEYS, "expiry_time": in_seconds(4)}

    with make_client(simulator, credentials=credentials) as client:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            assert ask(client, "sim.pieces-1")
    assert 2 <= len(asked) <= 6


@pytest.mark.parametrize("argument", ["credentials", "token", "mfa"])
def test_what_cannot_be_asked_is_refused(argument):
    with pytest.raises(TypeError, match=argument + " must be callable"):
        bedrockstream.Client("us-east-1", **{argument: 17})


# ---- objects of botocore


def test_botocore_credentials(simulator):
    with make_client(simulator, credentials=botocore.credentials.Credentials(KEY, SECRET)) as client:
        assert ask(client)
        assert client.identify().expires_at is None


def test_botocore_refreshable_credentials(simulator):
    refreshed = []

    def refresh():
        refreshed.append(1)
        expiry = in_seconds(3600).isoformat()
        return {"access_key": KEY, "secret_key": SECRET, "token": None, "expiry_time": expiry}

    found = botocore.credentials.DeferredRefreshableCredentials(refresh, "test")
    with make_client(simulator, credentials=found) as client:
        assert ask(client)
        assert 3590 < (client.identify().expires_at - datetime.datetime.now(UTC)).total_seconds() <= 3600
    assert len(refreshed) == 1


def test_botocore_credentials_that_cannot_be_refreshed(simulator):
    def refresh():
        raise VaultSealed("shut")

    found = botocore.credentials.DeferredRefreshableCredentials(refresh, "test")
    with make_client(simulator, credentials=found) as client:
        with pytest.raises(bedrockstream.SetupError, match="VaultSealed: shut"):
            ask(client)


def test_the_package_does_not_import_botocore():
    script = "import sys, bedrockstream; sys.exit(any(n in sys.modules for n in ('botocore', 'logging', 'datetime')))"
    path = str(ROOT / "bindings" / "python")
    assert subprocess.run([sys.executable, "-S", "-c", script], env={**os.environ, "PYTHONPATH": path}).returncode == 0


# ---- tokens and codes


@pytest.mark.parametrize("found", [
    BEARER,
    {"token": BEARER, "expiration": in_seconds(3600)},
    botocore.tokens.FrozenAuthToken(BEARER, in_seconds(3600)),
    Members(get_frozen_token=lambda: botocore.tokens.FrozenAuthToken(BEARER)),
], ids=lambda found: type(found).__name__)
def test_bearer_tokens(simulator, found):
    with make_client(simulator, token=lambda: found, config={"auth.scheme": "bearer"}) as client:
        assert ask(client)
        assert client.identify().scheme == "bearer"


def test_no_bearer_token(simulator):
    for found in (None, {}, 17):
        with make_client(simulator, token=lambda: found, config={"auth.scheme": "bearer"}) as client:
            with pytest.raises(bedrockstream.SetupError):
                ask(client)


@pytest.mark.parametrize("found, code", [("012345", b"012345"), (12345, b"012345"), (123456, b"123456")])
def test_codes_have_six_digits(found, code):
    assert bedrockstream.identity.code_of(found) == {"mfa_code": code}


@pytest.mark.parametrize("moment", [
    "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123Z", "2026-01-02T03:04:05.1234567+00:00",
    "2026-01-02T05:04:05+02:00", 1767323045, 1767323045.9, datetime.datetime(2026, 1, 2, 3, 4, 5),
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05",
])
def test_times(moment):
    assert bedrockstream.identity.seconds_of(moment) == 1767323045


# ---- profiles and settings


def test_a_profile_by_its_name(simulator, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[profile blue]\nregion = eu-west-1\n")
    (tmp_path / "keys").write_text(f"[blue]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    with make_client(simulator, profile_name="blue") as client:
        assert ask(client)
        assert "blue" in client.identify().source


def test_settings_are_told(simulator):
    with make_client(simulator, bearer_token=BEARER, config={"timeout.connect_ms": 1234}) as client:
        assert client.setting("timeout.connect_ms") == "1234"
        assert client.setting("region") == "us-east-1"
        assert client.setting("profile") == ""
        for key in bedrockstream.config_keys():
            if key.type == "secret":
                with pytest.raises(bedrockstream.ArgumentError, match="secret"):
                    client.setting(key.name)
            else:
                assert isinstance(client.setting(key.name), str)
        with pytest.raises(bedrockstream.ArgumentError, match="no.such.key"):
            client.setting("no.such.key")
    with pytest.raises(bedrockstream.StateError):
        client.setting("region")


def test_keys_are_described():
    keys = {key.name: key for key in bedrockstream.config_keys()}
    assert len(keys) == len(bedrockstream.config_keys()) > 40
    assert keys["region"].environment == "AWS_REGION, AWS_DEFAULT_REGION"
    assert keys["timeout.connect_ms"][:3] == ("timeout.connect_ms", "integer", "3100")


def test_identify_has_a_limit(simulator):
    never = threading.Event()
    with make_client(simulator, credentials=never.wait) as client:
        begin = time.monotonic()
        with pytest.raises(bedrockstream.StreamTimeoutError):
            client.identify(timeout_s=0.3)
        assert 0.3 <= time.monotonic() - begin < 5
        never.set()
    with pytest.raises(bedrockstream.StateError):
        client.identify()


# ---- log lines


class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append((record.levelname, record.getMessage(), threading.current_thread().name))


@pytest.fixture
def lines():
    handler = Lines()
    logger = logging.Logger("test", logging.DEBUG)
    logger.addHandler(handler)
    handler.logger = logger
    return handler


def test_lines_go_to_a_logger(simulator, lines):
    with make_client(simulator, credentials=lambda: KEYS, logger=lines.logger) as client:
        ask(client)
        with pytest.raises(bedrockstream.ServiceUnavailableError):
            ask(client, "sim.status-503")
    levels = [level for level, _, _ in lines.records]  # all of them, once the client is closed
    assert levels == ["INFO", "DEBUG", "INFO", "DEBUG", "ERROR"]
    assert f"credentials {KEY} from the host" in lines.records[0][1]
    assert {name for _, _, name in lines.records} == {"bedrockstream-log"}
    assert not any(SECRET in text or "\n" in text for _, text, _ in lines.records)


def test_the_level_of_the_logger_counts(simulator, lines):
    lines.logger.setLevel(logging.ERROR)
    with make_client(simulator, credentials=lambda: KEYS, logger=lines.logger) as client:
        ask(client)
        with pytest.raises(bedrockstream.ServiceUnavailableError):
            ask(client, "sim.status-503")
    assert [level for level, _, _ in lines.records] == ["ERROR"]


def test_a_handler_that_waits_holds_nothing_up(simulator, lines):
    go_on = threading.Event()
    lines.emit = lambda record: go_on.wait(20)
    with make_client(simulator, credentials=lambda: KEYS, logger=lines.logger) as client:
        for _ in range(3):
            assert ask(client)
        begin = time.monotonic()
        client.close()
        assert time.monotonic() - begin < 5
        go_on.set()


def test_a_logger_that_raises(simulator):
    class Broken(logging.Logger):
        def log(self, *arguments, **members):
            raise VaultSealed("disk full")

    with make_client(simulator, credentials=lambda: KEYS, logger=Broken("broken", logging.DEBUG)) as client:
        assert ask(client)


# ---- lives


def test_a_client_that_is_asked_by_its_owner_is_collected(simulator):
    class Owner:
        def __init__(self):
            self.client = make_client(simulator, credentials=self.credentials)

        def credentials(self):
            return KEYS

    owner = Owner()
    assert ask(owner.client)
    seen = weakref.ref(owner.client)
    del owner
    gc.collect()
    assert seen() is None


def test_closed_while_a_question_is_open(simulator):
    begun, go_on = threading.Event(), threading.Event()

    def credentials():
        begun.set()
        go_on.wait(20)
        return KEYS

    client = make_client(simulator, credentials=credentials)
    errors = []

    def run():
        try:
            ask(client)
        except bedrockstream.BedrockStreamError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    client.close()
    thread.join(10)
    go_on.set()
    assert isinstance(errors[0], bedrockstream.CancelledError)


@pytest.mark.parametrize("act", ["pass", "client.close()", "os.fork() or os._exit(0)", "del client; gc.collect()"])
def test_the_interpreter_ends_while_a_question_is_open(simulator, act):
    script = textwrap.dedent(f"""
        import gc, logging, os, threading, time
        import bedrockstream
        logging.basicConfig(level=logging.DEBUG)
        begun = threading.Event()
        def credentials():
            begun.set()
            time.sleep(60)
        client = bedrockstream.Client(
            "us-east-1", {simulator.endpoint!r}, credentials=credentials, logger=logging.getLogger("x"))
        def run():
            try:
                client.identify()
            except (bedrockstream.BedrockStreamError, NameError):
                pass
        threading.Thread(target=run, daemon=True).start()
        begun.wait()
        {act}
        print("at the end", flush=True)
        """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30,
        env={**os.environ, "PYTHONPATH": str(ROOT / "bindings" / "python")})
    assert (done.returncode, "at the end" in done.stdout) == (0, True), done.stderr


# ---- other Pythons

SCRIPT = """
import logging, sys, threading, time
import bedrockstream
from bedrockstream.identity import seconds_of

endpoint, key, secret = sys.argv[1:]
lines = []

class Lines(logging.Handler):
    def emit(self, record):
        lines.append(record.getMessage())

logger = logging.Logger("test", logging.DEBUG)
logger.addHandler(Lines())
for moment in ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.1234567+00:00", "2026-01-02T05:04:05+02:00"):
    assert seconds_of(moment) == 1767323045, moment

def ask(credentials):
    with bedrockstream.Client("us-east-1", endpoint, credentials=credentials, logger=logger) as client:
        hello = [{"role": "user", "content": [{"text": "hello"}]}]
        with client.converse_stream(modelId="sim.pieces-3", messages=hello)["stream"] as stream:
            list(stream)
        return client.identify()

who = ask(lambda: {"AccessKeyId": key, "SecretAccessKey": secret, "Expiration": "2099-01-01T00:00:00Z"})
assert (who.access_key_id, who.source, who.expires_at.year) == (key, "the host", 2099), who
assert any("signed: POST" in line for line in lines) and not any(secret in line for line in lines)
try:
    ask(lambda: 1 / 0)
except bedrockstream.SetupError as error:
    assert "ZeroDivisionError: division by zero" in error.message, error
else:
    raise AssertionError
begun = threading.Event()

def never():
    begun.set()
    time.sleep(60)

client = bedrockstream.Client("us-east-1", endpoint, credentials=never, logger=logger)
threading.Thread(target=client.identify, daemon=True).start()
begun.wait()
print("complete")
"""


@pytest.mark.parametrize("version", sorted(INTERPRETERS, key=lambda text: tuple(map(int, text.split(".")))))
def test_asked_in(simulator, version):
    done = subprocess.run(
        [str(INTERPRETERS[version]), "-W", "error", "-c", SCRIPT, simulator.endpoint, KEY, SECRET],
        capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT / "bindings" / "python")})
    assert (done.returncode, done.stdout) == (0, "complete\n"), done.stderr
