"""The batch operations of the Python package against the simulator, with boto3 beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_binding import BODIES, HELLO, TOOLS, boto, client, comparable, make_client  # noqa: F401

import bedrockstream

# Conversations whose answers hold every kind of content that the simulator can make.
MODELS = [
    "sim.pieces-20", "sim.unicode", "sim.unicode.escapes", "sim.text-x", "sim.reasoning-5", "sim.redacted",
    "sim.citation", "sim.image", "sim.servertool", "sim.stop-guardrail_intervened", "sim.cache-100", "sim.trace",
]


def plain(response: Any) -> Any:
    """Without what two calls do not have in common."""
    return comparable([{key: value for key, value in response.items() if key != "ResponseMetadata"}])


@pytest.mark.parametrize("model", MODELS)
def test_converse_answers_as_boto3(client: Any, boto: Any, model: str) -> None:
    wanted, got = boto.converse(modelId=model, messages=HELLO), client.converse(modelId=model, messages=HELLO)
    assert plain(got) == plain(wanted)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert got["ResponseMetadata"]["RequestId"] == got.result.request_id != ""
    assert got.result.message == got["output"]["message"]
    assert list(got.result.new_messages) == [got["output"]["message"]]
    assert got.result.stop_reason == got["stopReason"]
    assert got.result.usage.output_tokens == got["usage"]["outputTokens"]


@pytest.mark.parametrize("model", ["sim.tool-always", "sim.tools-3", "sim.tool-empty"])
def test_tool_calls_of_a_whole_answer(client: Any, boto: Any, model: str) -> None:
    wanted = boto.converse(modelId=model, messages=HELLO, toolConfig=TOOLS)
    got = client.converse(modelId=model, messages=HELLO, toolConfig=TOOLS)
    assert plain(got) == plain(wanted)
    blocks = [block["toolUse"] for block in got["output"]["message"]["content"] if "toolUse" in block]
    assert [(call.id, call.name, call.input) for call in got.result.tool_calls] == [
        (block["toolUseId"], block["name"], block["input"]) for block in blocks] != []


@pytest.mark.parametrize("model", MODELS)
def test_one_answer_by_both_ways(client: Any, model: str) -> None:
    """Whole or streamed, the result of one answer is the same."""
    stream = client.converse_stream(modelId=model, messages=HELLO)["stream"]
    list(stream)
    whole = client.converse(modelId=model, messages=HELLO).result
    for name in ("text", "stop_reason", "message", "usage", "is_truncated", "is_refused", "is_interrupted", "rounds"):
        left, right = getattr(whole, name), getattr(stream.result, name)
        assert comparable([left]) == comparable([right]), name


@pytest.mark.parametrize("family", sorted(BODIES))
def test_invoke_model_answers_as_boto3(client: Any, boto: Any, family: str) -> None:
    body = json.dumps(BODIES[family])
    wanted = boto.invoke_model(modelId="sim.text-hello", body=body)
    got = client.invoke_model(modelId="sim.text-hello", body=body)
    assert got["contentType"] == wanted["contentType"]
    wanted, raw = json.loads(wanted["body"].read()), json.loads(got["body"].read())
    assert raw.keys() == wanted.keys()
    assert got["body"].read() == b"" and not got["body"].closed
    assert got.result.text == "hello"
    assert got.result.usage.output_tokens > 0 and not got.result.is_interrupted


def test_the_body_is_a_file(client: Any) -> None:
    body = json.dumps(BODIES["titan"])
    first = client.invoke_model(modelId="sim.text-x", body=body)["body"].read()
    second = client.invoke_model(modelId="sim.text-x", body=body)["body"]
    assert b"".join(second.iter_chunks(7)) == first
    assert list(client.invoke_model(modelId="sim.text-x", body=body)["body"].iter_lines()) == first.splitlines()


@pytest.mark.parametrize(("model", "kind", "code"), [
    ("sim.error-ValidationException", "ValidationError", "BRS_E_VALIDATION"),
    ("sim.throttle-9", "ThrottlingError", "BRS_E_THROTTLED"),
    ("sim.cut-40.how-end", "IncompleteError", "BRS_E_INCOMPLETE"),
    ("sim.cut-40.how-reset", "IncompleteError", "BRS_E_INCOMPLETE"),
    ("sim.odd-html", "ProtocolError", "BRS_E_PROTOCOL"),
])
def test_errors_are_raised(client: Any, model: str, kind: str, code: str) -> None:
    with pytest.raises(getattr(bedrockstream, kind)) as caught:
        client.converse(modelId=model, messages=HELLO)
    assert (caught.value.name, caught.value.delivered) == (code, 0)


def test_a_failure_is_tried_again(simulator: Any) -> None:
    told = []
    with make_client(simulator, **{"retry.mode": "standard", "retry.max_backoff_ms": 10}) as one:
        response = one.converse(modelId="sim.throttle-1", messages=HELLO, on_retry=told.append)
    assert [retry.error.name for retry in told] == ["BRS_E_THROTTLED"]
    assert response["ResponseMetadata"]["RetryAttempts"] == 1 and response.result.attempts == 2
