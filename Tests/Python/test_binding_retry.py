"""What the Python package tells of failures that are not the end, and the ends that its caller can wait for."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("BEDROCKSTREAM_LIBRARY", str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))

import bedrockstream  # noqa: E402

KEYS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
HELLO = [{"role": "user", "content": [{"text": "Tell me about rivers."}]}]
QUICK = {"retry.max_attempts": 3, "retry.max_backoff_ms": 20}


@pytest.fixture
def client(simulator):
    with make_client(simulator) as one:
        yield one


def make_client(simulator, **settings):
    return bedrockstream.Client(
        region_name="us-east-1", endpoint_url=simulator.endpoint, config={**QUICK, **settings}, **KEYS)


def ask(client, model, **members):
    return client.converse_stream(modelId=model, messages=HELLO, **members)


def text_of(events):
    return "".join(event.get("contentBlockDelta", {}).get("delta", {}).get("text", "") for event in events)


# ---- retries


def test_retries_are_told(client):
    told = []
    response = ask(client, "sim.pieces-3.status-503.times-2", on_retry=told.append)
    stream = response["stream"]
    assert len(told) == 2  # before the call has returned: the first event came after them
    assert response["ResponseMetadata"]["RetryAttempts"] == 2
    events = list(stream)
    assert text_of(events) == stream.result.text != ""
    assert (stream.result.attempts, stream.result.region) == (3, "us-east-1")
    for number, retry in enumerate(told, 2):
        assert isinstance(retry, bedrockstream.Retry)
        assert (retry.kind, retry.attempt, retry.max_attempts) == ("retry", number, 3)
        assert 0 <= retry.delay_s < 2
        assert (retry.model_id, retry.region) == ("sim.pieces-3.status-503.times-2", "us-east-1")
        assert isinstance(retry.error, bedrockstream.ServiceUnavailableError)
        assert (retry.error.http_status, retry.error.delivered, retry.error.attempts) == (503, 0, number - 1)


def test_the_last_failure_is_raised(client):
    told = []
    with pytest.raises(bedrockstream.ServiceUnavailableError) as caught:
        ask(client, "sim.status-503", on_retry=told.append)
    assert len(told) == 2
    assert (caught.value.attempts, caught.value.partial.attempts, caught.value.partial.region) == (3, 3, "us-east-1")
    assert caught.value.response["Error"]["Code"]


def test_nobody_has_to_listen(client):
    assert text_of(ask(client, "sim.pieces-3.throttle-1")["stream"])


def test_invoke_tells_of_retries_too(client):
    told = []
    response = client.invoke_model_with_response_stream(
        modelId="sim.pieces-3.throttle-1", body=b'{"inputText": "x"}', on_retry=told.append)
    assert list(response["body"])
    assert [retry.kind for retry in told] == ["retry"]
    assert isinstance(told[0].error, bedrockstream.ThrottlingError)


def test_an_exception_before_the_first_delta_is_retried(client):
    told = []
    stream = ask(client, "sim.pieces-3.exception-throttlingException.after-0.times-1", on_retry=told.append)["stream"]
    names = [name for event in stream for name in event]
    assert names.count("messageStart") == 1 and len(told) == 1


def test_what_on_retry_raises_reaches_the_caller(client):
    def refuse(retry):
        raise KeyError(retry.kind)

    with pytest.raises(KeyError):
        ask(client, "sim.pieces-3.throttle-1", on_retry=refuse)


def test_a_call_may_turn_retries_off(client):
    told = []
    with pytest.raises(bedrockstream.ThrottlingError) as caught:
        ask(client, "sim.pieces-3.throttle-1", on_retry=told.append, config={"retry.mode": "off"})
    assert (caught.value.attempts, told) == (1, [])


# ---- failures amid the answer


def test_without_recovery_the_failure_is_raised(client):
    stream = ask(client, "sim.pieces-20.cutafter-5.how-close.times-1")["stream"]
    with pytest.raises(bedrockstream.IncompleteError) as caught:
        list(stream)
    assert (caught.value.delivered, caught.value.attempts) == (5, 1)


def test_a_restart_is_an_event(client):
    told = []
    stream = ask(client, "sim.pieces-20.cutafter-5.how-close.times-1", config={"recovery": "restart"},
                 on_retry=told.append)["stream"]
    events = list(stream)
    at = next(number for number, event in enumerate(events) if "restart" in event)
    before, restart, after = events[:at], events[at]["restart"], events[at + 1:]
    assert (restart["attempt"], restart["reason"], restart["delivered"]) == (2, "BRS_E_INCOMPLETE", 5)
    assert restart["message"] == told[0].error.message != ""
    assert [retry.kind for retry in told] == ["restart"]
    assert told[0].error.partial.text == text_of(before)
    assert text_of(after) == stream.result.text and "messageStart" in after[0]
    assert stream.result.text.startswith(text_of(before))
    assert stream.result.attempts == 2


def test_a_continuation_goes_on_where_it_was(client):
    whole = text_of(ask(client, "sim.pieces-20")["stream"])
    told = []
    stream = ask(client, "sim.pieces-20.cutafter-5.how-close.times-1", config={"recovery": "continue"},
                 on_retry=told.append)["stream"]
    events = list(stream)
    assert text_of(events) == stream.result.text == whole
    assert not any("restart" in event for event in events)
    assert [retry.kind for retry in told] == ["continue"]
    assert stream.result.usage.output_tokens > 0


def test_a_model_that_refuses_a_prefilled_turn_is_asked_to_go_on(client):
    whole = text_of(ask(client, "sim.pieces-20")["stream"])
    told = []
    stream = ask(client, "sim.pieces-20.noprefill.cutafter-5.how-close.times-1", config={"recovery": "continue"},
                 on_retry=told.append)["stream"]
    assert text_of(list(stream)) == stream.result.text == whole
    assert stream.result.text.startswith(told[0].error.partial.text) and stream.result.stop_reason == "end_turn"
    assert [retry.kind for retry in told] == ["continue", "continue"]
    assert isinstance(told[1].error, bedrockstream.ValidationError)


# ---- detach


def test_detach_brings_the_usage(client):
    stream = ask(client, "sim.pieces-200.pace-1")["stream"]
    next(stream)
    stream.detach()
    assert list(stream) == []
    assert stream.result.usage.output_tokens > 0 and stream.result.stop_reason == "end_turn"
    assert len(stream.result.text) > 0
    stream.detach()


def test_detach_before_the_first_event_is_read(client):
    stream = ask(client, "sim.pieces-5")["stream"]
    stream.detach()
    assert list(stream) == [] and stream.result.usage.output_tokens > 0


def test_detach_while_another_thread_reads(client):
    stream = ask(client, "sim.pieces-300.pace-5")["stream"]
    timer = threading.Timer(0.2, stream.detach)
    timer.start()
    deltas = sum("contentBlockDelta" in event for event in stream)
    timer.join()
    assert deltas < 300 and stream.result.usage.output_tokens > 0


def test_a_detached_stream_can_be_closed(client):
    with ask(client, "sim.pieces-1000.pace-50")["stream"] as stream:
        stream.detach()
    with pytest.raises(bedrockstream.CancelledError):
        next(stream)


# ---- drain


def test_drain_lets_streams_end(simulator):
    client = make_client(simulator)
    stream = ask(client, "sim.pieces-100.pace-3")["stream"]
    read = []
    reader = threading.Thread(target=lambda: read.extend(stream))
    reader.start()
    assert client.drain(20) is True
    reader.join()
    assert sum("contentBlockDelta" in event for event in read) == 100
    with pytest.raises(bedrockstream.StateError) as caught:
        ask(client, "sim.pieces-1")
    assert caught.value.code == bedrockstream.Code.BRS_E_CLOSED
    assert client.drain() is True
    client.close()
    assert client.drain() is True


def test_drain_cancels_what_is_late(simulator):
    client = make_client(simulator)
    stream = ask(client, "sim.pieces-1000.pace-50")["stream"]
    start = time.monotonic()
    assert client.drain(timeout_s=0.3) is False
    assert 0.25 < time.monotonic() - start < 5
    with pytest.raises(bedrockstream.CancelledError):
        list(stream)
    assert client.drain(0) is True
    client.close()


def test_close_ends_a_drain(simulator):
    client = make_client(simulator)
    stream = ask(client, "sim.pieces-1000.pace-50")["stream"]
    timer = threading.Timer(0.3, client.close)
    timer.start()
    client.drain()
    timer.join()
    with pytest.raises(bedrockstream.CancelledError):
        list(stream)


def test_ctrl_c_ends_a_drain(simulator):
    code = textwrap.dedent("""
        import bedrockstream
        client = bedrockstream.Client(region_name="us-east-1", endpoint_url=%r, aws_access_key_id=%r,
                                      aws_secret_access_key=%r)
        stream = client.converse_stream(modelId="sim.pieces-1000.pace-100",
            messages=[{"role": "user", "content": [{"text": "Tell me."}]}])["stream"]
        print("draining", flush=True)
        try:
            client.drain()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        client.close()
    """) % (simulator.endpoint, KEYS["aws_access_key_id"], KEYS["aws_secret_access_key"])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "bindings" / "python")}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline() == b"draining\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b"interrupted\n"
        assert process.wait(timeout=10) == 0
