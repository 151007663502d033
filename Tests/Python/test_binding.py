"""The Python package against the simulator, with boto3 beside it as the measure of what events look like."""

import gc
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("BEDROCKSTREAM_LIBRARY", str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))

import boto3  # noqa: E402
import botocore.config  # noqa: E402

import bedrockstream  # noqa: E402

KEYS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
HELLO = [{"role": "user", "content": [{"text": "Tell me about rivers."}]}]
TOOLS = {"tools": [{"toolSpec": {"name": "weather", "description": "The weather.", "inputSchema": {"json": {
    "type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}}}}]}


@pytest.fixture
def client(simulator):
    with make_client(simulator) as one:
        yield one


@pytest.fixture
def boto(simulator):
    config = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=20)
    return boto3.client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=simulator.endpoint, config=config, **KEYS)


def make_client(simulator, **settings):
    """Failures are looked at as one attempt shows them."""
    return bedrockstream.Client(
        region_name="us-east-1", endpoint_url=simulator.endpoint, config={"retry.mode": "off", **settings}, **KEYS)


def stream_of(client, model, **members):
    return client.converse_stream(modelId=model, **{"messages": HELLO, **members})["stream"]


def comparable(events):
    """What two calls of the simulator do not have in common: ids are random, latencies are measured."""
    ids = {}

    def walk(value, name=""):
        if isinstance(value, dict):
            return {key: walk(member, key) for key, member in value.items()}
        if isinstance(value, list):
            return [walk(member) for member in value]
        if name == "toolUseId":
            return ids.setdefault(value, len(ids))
        return 0 if name == "latencyMs" else value

    return [walk(event) for event in events]


def until(condition, seconds=10.0):
    """Waits until the condition holds; what it gave last."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


# ---- the same events as boto3


@pytest.mark.parametrize("model", [
    "sim.pieces-20", "sim.nopad", "sim.unicode", "sim.unicode.escapes", "sim.text-x", "sim.pieces-1.piece-20000",
    "sim.reasoning-5", "sim.redacted", "sim.citation", "sim.image", "sim.servertool", "sim.nometa",
    "sim.stop-refusal", "sim.pieces-300.frames-10", "sim.pieces-9.chunk-7", "sim.pieces-3.write-3",
    "us.anthropic.claude-x-v1:0/sim.pieces-2",
])
def test_converse_events_are_those_of_boto3(client, boto, model):
    wanted = list(boto.converse_stream(modelId=model, messages=HELLO)["stream"])
    got = list(stream_of(client, model))
    assert len(wanted) >= 3
    assert comparable(got) == comparable(wanted)


@pytest.mark.parametrize("model", ["sim.tool-always", "sim.tools-3", "sim.tool-empty"])
def test_tool_events_are_those_of_boto3(client, boto, model):
    wanted = list(boto.converse_stream(modelId=model, messages=HELLO, toolConfig=TOOLS)["stream"])
    stream = stream_of(client, model, toolConfig=TOOLS)
    assert comparable(list(stream)) == comparable(wanted)
    assert stream.result.stop_reason == "tool_use"
    calls = stream.result.tool_calls
    assert [call.name for call in calls] == ["weather"] * len(calls) and calls
    assert all(call.is_valid and isinstance(call.input, dict) and call.id for call in calls)


def test_blobs_are_bytes(client):
    def blobs(model):
        return [delta for event in stream_of(client, model)
                for delta in [event.get("contentBlockDelta", {}).get("delta", {})]]

    assert any(isinstance(delta.get("reasoningContent", {}).get("redactedContent"), bytes)
               for delta in blobs("sim.redacted"))
    assert any(isinstance(delta.get("image", {}).get("source", {}).get("bytes"), bytes) for delta in blobs("sim.image"))


BODIES = {
    "anthropic": {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, "messages": [
        {"role": "user", "content": "Tell me about rivers."}]},
    "nova": {"schemaVersion": "messages-v1", "messages": HELLO},
    "titan": {"inputText": "Tell me about rivers."},
}


@pytest.mark.parametrize("family", sorted(BODIES))
def test_invoke_events_are_those_of_boto3(client, boto, family):
    body = json.dumps(BODIES[family])
    wanted = boto.invoke_model_with_response_stream(modelId="sim.pieces-5", body=body)
    got = client.invoke_model_with_response_stream(modelId="sim.pieces-5", body=body)
    assert got["contentType"] == wanted["contentType"]
    wanted, got = list(wanted["body"]), list(got["body"])
    assert len(wanted) >= 3
    assert [sorted(event) for event in got] == [sorted(event) for event in wanted] == [["chunk"]] * len(wanted)
    assert all(isinstance(event["chunk"]["bytes"], bytes) for event in got)
    assert [shape(event) for event in got] == [shape(event) for event in wanted]


def shape(event):
    """The chunk with its numbers and ids struck out: some are measured, some random."""
    def walk(value, name=""):
        if isinstance(value, dict):
            return {key: walk(member, key) for key, member in value.items()}
        return type(value).__name__ if isinstance(value, int) or name == "id" else value

    return walk(json.loads(event["chunk"]["bytes"]))


def test_the_request_is_that_of_boto3(simulator, client, boto):
    members = {
        "system": [{"text": "Be brief. \u00e4\u20ac\U0001f600"}],
        "messages": [{"role": "user", "content": [
            {"text": "What is this?"}, {"image": {"format": "png", "source": {"bytes": bytes(range(256))}}}]}],
        "inferenceConfig": {"maxTokens": 77, "temperature": 0.5, "stopSequences": ["END"]},
        "additionalModelRequestFields": {"top_k": 5, "free": None},
    }
    list(boto.converse_stream(modelId="sim.nopad", **members)["stream"])
    list(client.converse_stream(modelId="sim.nopad", **members)["stream"])
    wanted, got = [request for request in simulator.requests() if request["method"] == "POST"][-2:]
    assert json.loads(got["body"]) == json.loads(wanted["body"])
    assert (got["path"], got["status"]) == (wanted["path"], 200)


def test_invoke_members_are_headers(simulator, client, boto):
    members = {
        "body": b'{"inputText": "x"}', "accept": "application/json", "contentType": "application/json",
        "trace": "ENABLED", "guardrailIdentifier": "g-1", "guardrailVersion": "DRAFT",
        "performanceConfigLatency": "optimized", "serviceTier": "flex",
    }
    list(boto.invoke_model_with_response_stream(modelId="sim.words-1", **members)["body"])
    list(client.invoke_model_with_response_stream(modelId="sim.words-1", **members)["body"])
    wanted, got = [request for request in simulator.requests() if request["method"] == "POST"][-2:]

    def told(request):
        return sorted((name.lower(), value) for name, value in request["headers"]
                      if name.lower().startswith("x-amzn-bedrock") or name.lower() == "content-type")

    assert told(got) == told(wanted)
    assert len(told(got)) == 7


def test_what_boto3_does_not_know_is_passed_on(client, boto):
    stream = stream_of(client, "sim.novel")
    events = list(stream)
    known = {"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"}
    assert {name for event in events for name in event} - known
    assert stream.result.stop_reason == "end_turn"
    boto_text = "".join(event["contentBlockDelta"]["delta"].get("text", "") for event in
                        boto.converse_stream(modelId="sim.novel", messages=HELLO)["stream"]
                        if "contentBlockDelta" in event)
    assert stream.result.text == boto_text != ""


# ---- the end


def test_the_result_tells_the_answer(client):
    response = client.converse_stream(modelId="sim.pieces-20", messages=HELLO)
    stream = response["stream"]
    assert stream.result is None
    events = list(stream)
    result = stream.result
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    usage = events[-1]["metadata"]["usage"]
    assert result.text == "".join(deltas) != ""
    assert (result.delivered, result.stop_reason, result.attempts) == (len(deltas), "end_turn", 1)
    assert (result.usage.input_tokens, result.usage.output_tokens, result.usage.total_tokens) == (
        usage["inputTokens"], usage["outputTokens"], usage["totalTokens"])
    assert 0 < result.timings.first_byte_us <= result.timings.first_delta_us <= result.timings.total_us < 20_000_000
    assert result.metadata["usage"] == usage
    assert result.model_id == "sim.pieces-20"
    assert result.request_id and response["ResponseMetadata"]["RequestId"] == result.request_id
    assert list(stream) == [] and stream.error is None


@pytest.mark.parametrize("how", ["reset", "close", "end"])
def test_a_cut_stream_is_incomplete(client, how):
    stream = stream_of(client, "sim.pieces-50.cutafter-5.how-" + how)
    seen = []
    with pytest.raises(bedrockstream.IncompleteError) as caught:
        seen.extend(stream)
    error = caught.value
    assert error.code == bedrockstream.Code.BRS_E_INCOMPLETE and error.delivered >= 1
    assert error.partial.text == "".join(
        event["contentBlockDelta"]["delta"]["text"] for event in seen if "contentBlockDelta" in event)
    assert error.partial is stream.result and stream.error is error


def test_every_cut_is_an_error(client):
    """Whatever the number of bytes that came through."""
    for count in list(range(1, 60)) + [100, 200, 333]:
        with pytest.raises((bedrockstream.IncompleteError, bedrockstream.ConnectionFailedError)):
            list(stream_of(client, "sim.pieces-20.cut-%d.how-end" % count))


def test_a_stream_without_its_last_event_is_incomplete(client):
    with pytest.raises(bedrockstream.IncompleteError):
        list(stream_of(client, "sim.nostop"))


@pytest.mark.parametrize("damage", ["crc", "prelude"])
def test_a_damaged_frame_is_a_protocol_error(client, damage):
    stream = stream_of(client, "sim.pieces-20.corrupt-%s.frame-6" % damage)
    with pytest.raises(bedrockstream.ProtocolError) as caught:
        list(stream)
    assert caught.value.code == bedrockstream.Code.BRS_E_PROTOCOL and caught.value.delivered > 0


def test_a_failed_stream_stays_failed(client):
    stream = stream_of(client, "sim.pieces-20.cutafter-3.how-end")
    for _ in range(2):
        with pytest.raises(bedrockstream.IncompleteError):
            list(stream)


# ---- errors of the service


@pytest.mark.parametrize("model, kind, code, status", [
    ("sim.error-ValidationException", "ValidationError", "BRS_E_VALIDATION", 400),
    ("sim.error-AccessDeniedException", "AccessDeniedError", "BRS_E_ACCESS_DENIED", 403),
    ("sim.error-ResourceNotFoundException", "ServiceError", "BRS_E_NOT_FOUND", 404),
    ("sim.error-ModelTimeoutException", "ModelError", "BRS_E_MODEL_TIMEOUT", 408),
    ("sim.error-ModelErrorException", "ModelError", "BRS_E_MODEL_ERROR", 424),
])
def test_errors_of_the_service_are_raised_by_the_call(client, boto, model, kind, code, status):
    with pytest.raises(boto.exceptions.ClientError) as wanted:
        boto.converse_stream(modelId=model, messages=HELLO)
    with pytest.raises(getattr(bedrockstream, kind)) as caught:
        client.converse_stream(modelId=model, messages=HELLO)
    error = caught.value
    assert (error.name, error.http_status, error.delivered) == (code, status, 0)
    assert error.response["Error"] == wanted.value.response["Error"]
    assert error.request_id and error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert isinstance(error, bedrockstream.ServiceError)


def test_an_exception_in_the_stream_has_its_own_code(client):
    stream = stream_of(client, "sim.pieces-20.exception-throttlingException.after-3")
    seen = []
    with pytest.raises(bedrockstream.ThrottlingError) as caught:
        seen.extend(stream)
    error = caught.value
    assert (error.name, error.http_status, error.service_code) == ("BRS_E_THROTTLED", 429, "ThrottlingException")
    assert (error.delivered, error.retryable) == (3, True)
    assert error.phase == bedrockstream.Phase.BRS_PHASE_STREAM
    assert error.partial.text != ""


def test_wrong_keys_are_refused(simulator):
    keys = {**KEYS, "aws_secret_access_key": "wrong"}
    with bedrockstream.Client(region_name="us-east-1", endpoint_url=simulator.endpoint, **keys) as client:
        with pytest.raises(bedrockstream.AccessDeniedError) as caught:
            stream_of(client, "sim.pieces-2")
    assert caught.value.http_status == 403


def test_a_bearer_token_is_enough(simulator):
    with bedrockstream.Client(
            region_name="us-east-1", endpoint_url=simulator.endpoint, bearer_token="bedrock-api-key-example") as client:
        assert list(stream_of(client, "sim.pieces-2"))


def test_nobody_listens():
    with bedrockstream.Client(
            region_name="us-east-1", endpoint_url="http://127.0.0.1:1", config={"retry.mode": "off"},
            **KEYS) as client:
        with pytest.raises(bedrockstream.ConnectionFailedError) as caught:
            stream_of(client, "sim.pieces-2")
    assert caught.value.code == bedrockstream.Code.BRS_E_CONNECT and isinstance(caught.value, ConnectionError)


# ---- limits of time


def test_a_silent_server_is_a_timeout(simulator):
    with make_client(simulator, **{"timeout.first_byte_ms": 300}) as client:
        start = time.monotonic()
        with pytest.raises(bedrockstream.StreamTimeoutError) as caught:
            stream_of(client, "sim.silent", config={"timeout.total_ms": 5000})
    assert caught.value.code in (
        bedrockstream.Code.BRS_E_TIMEOUT_FIRST_BYTE, bedrockstream.Code.BRS_E_TIMEOUT_TOTAL)
    assert time.monotonic() - start < 8


def test_silence_within_the_stream_is_a_timeout(client):
    stream = stream_of(client, "sim.pieces-20.stall-5", config={"timeout.between_bytes_ms": 300})
    with pytest.raises(bedrockstream.StreamTimeoutError) as caught:
        list(stream)
    assert caught.value.code == bedrockstream.Code.BRS_E_TIMEOUT_BETWEEN_BYTES
    assert caught.value.delivered == 5 and isinstance(caught.value, TimeoutError)


def test_a_slow_reader_is_no_timeout(client):
    stream = stream_of(client, "sim.pieces-5.piece-400000", config={
        "timeout.between_bytes_ms": 300, "delivery.queue_bytes": 4096})
    text = 0
    for event in stream:
        time.sleep(0.15)
        text += len(event.get("contentBlockDelta", {}).get("delta", {}).get("text", ""))
    assert text == len(stream.result.text) >= 2_000_000


# ---- cancelling, dropping, closing


def test_cancel_wakes_a_reader(client):
    stream = stream_of(client, "sim.pieces-20.stall-5")
    timer = threading.Timer(0.3, stream.cancel)
    timer.start()
    start = time.monotonic()
    with pytest.raises(bedrockstream.CancelledError) as caught:
        list(stream)
    timer.join()
    assert 0.2 < time.monotonic() - start < 3
    assert caught.value.delivered == 5 and caught.value.partial.text != ""
    stream.cancel()


def test_close_wakes_a_reader(client):
    stream = stream_of(client, "sim.pieces-20.stall-5")
    timer = threading.Timer(0.3, stream.close)
    timer.start()
    with pytest.raises(bedrockstream.CancelledError):
        list(stream)
    timer.join()
    with pytest.raises(bedrockstream.CancelledError):
        next(stream)


def test_a_with_block_ends_the_stream(simulator, client):
    with stream_of(client, "sim.pieces-1000.pace-50") as stream:
        for event in stream:
            if "contentBlockDelta" in event:
                break
    assert until(lambda: simulator.stats()["streams"]["open"] == 0)
    with pytest.raises(bedrockstream.CancelledError):
        next(stream)


def test_closing_a_complete_stream_is_no_error(client):
    with stream_of(client, "sim.pieces-3") as stream:
        events = list(stream)
    assert events and stream.error is None and stream.result.stop_reason == "end_turn"
    assert list(stream) == []


def test_a_dropped_stream_is_cancelled_and_freed(simulator, client):
    stream = stream_of(client, "sim.pieces-1000.pace-50")
    next(stream)
    del stream
    gc.collect()
    assert until(lambda: simulator.stats()["streams"]["open"] == 0)


def test_dropping_leaks_nothing(simulator):
    def resources():
        gc.collect()
        return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

    before = resources()
    for _ in range(3):
        with make_client(simulator) as client:
            streams = [stream_of(client, "sim.pieces-1000.pace-20") for _ in range(20)]
            for stream in streams:
                next(stream)
            del stream, streams
    assert until(lambda: resources() <= before), (before, resources())


def test_the_client_may_be_dropped_before_its_stream(simulator):
    stream = stream_of(make_client(simulator), "sim.pieces-50.pace-5")
    gc.collect()
    assert sum("contentBlockDelta" in event for event in stream) == 50


def test_closing_the_client_cancels_its_streams(simulator):
    client = make_client(simulator)
    stream = stream_of(client, "sim.pieces-1000.pace-50")
    client.close()
    with pytest.raises(bedrockstream.CancelledError):
        list(stream)
    with pytest.raises(bedrockstream.StateError) as caught:
        stream_of(client, "sim.pieces-2")
    assert caught.value.code == bedrockstream.Code.BRS_E_CLOSED


# ---- arguments


def test_bad_settings_are_named(simulator):
    for settings, word in [
            ({"no.such_key": "1"}, "no.such_key"), ({"timeout.connect_ms": "soon"}, "timeout.connect_ms"),
            ({"region": "a\0b"}, "region"), ({"delivery.queue": "client"}, "delivery.queue: is stream for Client")]:
        with pytest.raises(bedrockstream.ArgumentError) as caught:
            make_client(simulator, **settings)
        assert word in str(caught.value)


@pytest.mark.parametrize("members, word", [
    ({"modelId": ""}, "model_id"), ({"modelId": "a\0b"}, "modelId"), ({"modelId": "x" * 2049}, "model_id"),
    ({"modelId": "sim.nopad", "inferenceConfig": {"temperature": float("nan")}}, "JSON"),
    ({"modelId": "sim.nopad", "system": [object()]}, "object"),
])
def test_bad_arguments_are_refused(client, members, word):
    with pytest.raises(ValueError) as caught:
        client.converse_stream(**{"messages": HELLO, **members})
    assert isinstance(caught.value, bedrockstream.ArgumentError) and word in str(caught.value)


def test_text_that_is_no_unicode_is_sent_escaped(simulator, client):
    list(stream_of(client, "sim.nopad", messages=[{"role": "user", "content": [{"text": "\ud800x"}]}]))
    body = simulator.requests()[-1]["body"]
    assert "\\ud800x" in body


# ---- threads, signals, processes


def test_threads_share_a_client(client):
    wanted = [event for event in comparable(stream_of(client, "sim.pieces-100"))]
    failures = []

    def work():
        for _ in range(5):
            if comparable(stream_of(client, "sim.pieces-100")) != wanted:
                failures.append("different events")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures and not any(thread.is_alive() for thread in threads)


def test_a_waiting_stream_leaves_other_threads_running(client):
    stream = stream_of(client, "sim.pieces-20.stall-5", config={"timeout.between_bytes_ms": 800})
    count = 0

    def work():
        nonlocal count
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            time.sleep(0.001)
            count += 1

    thread = threading.Thread(target=work)
    thread.start()
    with pytest.raises(bedrockstream.StreamTimeoutError):
        list(stream)
    thread.join()
    assert count > 50


PROGRAM = """
import sys
import bedrockstream
client = bedrockstream.Client(region_name="us-east-1", endpoint_url=sys.argv[1], aws_access_key_id="AKIDEXAMPLE",
                              aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
response = client.converse_stream(modelId=sys.argv[2], messages=[{"role": "user", "content": [{"text": "Hi"}]}])
print("first", flush=True)
text = ""
for event in response["stream"]:
    text += event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
assert text == response["stream"].result.text != ""
print("complete", len(text), flush=True)
"""


def start(simulator, model, python=sys.executable, program=PROGRAM):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "bindings" / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen([str(python), "-c", program, simulator.endpoint, model], env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


def test_control_c_is_seen_while_waiting(simulator):
    process = start(simulator, "sim.pieces-20.stall-5")
    try:
        assert process.stdout.readline() == "first\n"
        time.sleep(0.3)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert time.monotonic() - sent < 2
        assert "KeyboardInterrupt" in errors and process.returncode != 0
    finally:
        process.kill()
        process.communicate()


def test_a_child_process_makes_its_own_client(simulator, client):
    stream = stream_of(client, "sim.pieces-1000.pace-20")
    child = os.fork()
    if child == 0:
        os._exit(run_child(simulator, client, stream))
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
    assert next(stream)
    stream.close()
    assert list(stream_of(client, "sim.pieces-3"))


def run_child(simulator, client, stream):
    """In the child: what the parent made answers ForkedError, what is made anew works. 0 for success."""
    try:
        list(stream)
        return 1
    except bedrockstream.ForkedError:
        pass
    try:
        stream_of(client, "sim.pieces-3")
        return 2
    except bedrockstream.ForkedError:
        pass
    with make_client(simulator) as own:
        if not list(stream_of(own, "sim.pieces-3")):
            return 3
    client.close()
    return 0


# ---- other Pythons


def interpreters():
    """Every Python from 3.8 on that this machine has, by its version."""
    found = {}
    places = sorted(pathlib.Path.home().glob(".pyenv/versions/3.*/bin/python"))
    places += [pathlib.Path(folder) / ("python3.%d" % minor) for folder in os.get_exec_path() for minor in range(8, 20)]
    for path in places + [pathlib.Path(sys.executable)]:
        if path.exists() and ".pyenv/shims" not in str(path):
            version = subprocess.run([str(path), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                                     stdout=subprocess.PIPE).stdout.decode().strip()
            if version and tuple(map(int, version.split("."))) >= (3, 8):
                found.setdefault(version, path)
    return found


INTERPRETERS = interpreters()


@pytest.mark.parametrize("version", sorted(INTERPRETERS, key=lambda text: tuple(map(int, text.split(".")))))
def test_streams_in(simulator, version):
    process = start(simulator, "sim.unicode", INTERPRETERS[version])
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert out.startswith("first\ncomplete ")


def test_the_oldest_python_was_among_them():
    if "3.8" not in INTERPRETERS:
        pytest.skip("this machine has no Python 3.8, only " + ", ".join(INTERPRETERS))
