"""Requests against botocore's serializer: parameters are generated from its own model of the service."""

from __future__ import annotations

import json
from base64 import b64decode
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.serialize import create_serializer
from conformance_port import Answer, Port, base64_text, error_kind, odd_text, port_fixture, seeded  # noqa: F401
from model_generator import MODEL, Generator, blobs_as_text, places

CASES = 500
SENT = 30
OPERATIONS = {
    "Converse": "converse",
    "ConverseStream": "converse_stream",
    "InvokeModel": "invoke_model",
    "InvokeModelWithResponseStream": "invoke_model_with_response_stream",
}
SERIALIZER = create_serializer(MODEL.metadata["protocol"], include_validation=True)
# What a header may hold; no blank at either end, which no receiver would keep.
HEADER_TEXT = "abcXYZ019-._~!#$&'()*+,/:;=?@[]{}\"\\\u00e4\u20ac"
MODEL_IDS = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0",
    "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:provisioned-model/abcdefghijkl",
    "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1", ".", "..", "a/../b", "%41", "a b", "\x00\r\n", "?#",
]


def random_model_id(random: Random) -> str:
    return random.choice([*MODEL_IDS, odd_text(random, 60, 1), "arn:aws:bedrock:::" + odd_text(random, 30)])


def random_parameters(generator: Generator, operation: str) -> dict[str, Any]:
    shape = MODEL.operation_model(operation).input_shape
    members: dict[str, Any] = generator.instance(shape)
    for name, value in members.items():
        member = shape.members[name]
        if member.serialization.get("location") == "header":
            words = [*member.enum, odd_text(generator.random, 30, alphabet=HEADER_TEXT)]
            members[name] = value if value in words else words[-1]
    return members | {"modelId": random_model_id(generator.random)}


def body_of(operation: str, data: bytes) -> Any:
    return data if operation.startswith("Invoke") else json.loads(data)


def by_botocore(operation: str, parameters: dict[str, Any]) -> Answer:
    request = SERIALIZER.serialize_to_request(parameters, MODEL.operation_model(operation))
    assert not request["query_string"]
    return {
        "method": request["method"],
        "path": request["url_path"],
        "query": "",
        "headers": {name.lower(): value for name, value in request["headers"].items()},
        "body": body_of(operation, request["body"]),
    }


def by_the_port(operation: str, answer: Answer) -> Answer:
    assert error_kind(answer) is None, answer
    built = answer["ok"]
    built["body"] = body_of(operation, b64decode(built.pop("body_b64")))
    return dict(built)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_requests_are_botocores(port: Port, operation: str) -> None:
    random = seeded()
    generator = Generator(random)
    cases = [random_parameters(generator, operation) for _ in range(CASES)]
    requests: list[dict[str, Any]] = [{"op": operation, "params": blobs_as_text(case)} for case in cases]
    for request in requests:
        if random.random() < 0.5 and "body" in request["params"] and operation.startswith("Invoke"):
            request["body_b64"] = request["params"].pop("body")
    for case, answer in zip(cases, port.ask_all("build_request", requests), strict=True):
        assert by_the_port(operation, answer) == by_botocore(operation, case), case
    missing = places(MODEL.operation_model(operation).input_shape) - generator.seen
    assert not missing, "the comparison is worth what goes into it"


class Sent(Exception):
    """Stands for an answer: the request is all that is wanted."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_paths_are_those_that_boto3_sends(port: Port, operation: str) -> None:
    """boto3 quotes the path after the serializer; nothing more must come of it."""
    random = seeded()
    generator = Generator(random)
    client = boto3.client(
        "bedrock-runtime", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
        endpoint_url="http://127.0.0.1:1", config=Config(retries={"total_max_attempts": 1}),
    )
    sent = []

    def keep(request: Any, **_: Any) -> None:
        sent.append(request)
        raise Sent

    client.meta.events.register("before-send.bedrock-runtime", keep)
    cases = []
    for _ in range(SENT):
        # A path that is not encoded any further is normalised by boto3's own URL handling.
        cases.append({**random_parameters(generator, operation), "modelId": random_model_id(random).strip(".") or "a"})
        with pytest.raises(Sent):
            getattr(client, OPERATIONS[operation])(**cases[-1])
    answers = port.ask_all("build_request", [{"op": operation, "params": blobs_as_text(case)} for case in cases])
    for case, request, answer in zip(cases, sent, answers, strict=True):
        built = by_the_port(operation, answer)
        assert request.url == "http://127.0.0.1:1" + built["path"], case
        assert request.method == built["method"]
        assert body_of(operation, request.body or b"") == built["body"]


def test_the_body_of_converse_is_the_text_that_came(port: Port) -> None:
    """Numbers keep their digits and unknown members stay: the service has more of them than any model."""
    params = '{"modelId" : "a", "x": {"n": 1.50e+3, "big": 123456789012345678901234567890 }, "\\u0061": [ ]}'
    line = b'{"id": 1, "op": "build_request", "args": {"op": "Converse", "params": ' + params.encode() + b"}}\n"
    answer = port.exchange([line])[0]
    body = b64decode(answer["ok"]["body_b64"])
    assert body == b'{"x":{"n": 1.50e+3, "big": 123456789012345678901234567890 },"\\u0061":[ ]}'


INVOKE = {"modelId": "a"}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("Converse", {}),
        ("Converse", {"modelId": None}),
        ("Converse", {"modelId": ""}),
        ("Converse", {"modelId": 5}),
        ("Converse", {"modelId": "a" * 2049}),
        ("Converse", {"modelId": "\u20ac" * 683}),
        ("Converse", []),
        ("Converse", "text"),
        ("InvokeModel", {}),
        ("InvokeModel", {**INVOKE, "body": "no base64"}),
        ("InvokeModel", {**INVOKE, "body": {"a": 1}}),
        ("InvokeModel", {**INVOKE, "accept": 5}),
        ("InvokeModel", {**INVOKE, "contentType": "a\r\nx-amz-other: b"}),
        ("InvokeModel", {**INVOKE, "trace": "a\x00"}),
        ("InvokeModel", {**INVOKE, "messages": []}),
        ("InvokeModelWithResponseStream", {**INVOKE, "serviceTier": ["default"]}),
    ],
)
def test_what_cannot_be_sent_is_refused(port: Port, operation: str, params: Any) -> None:
    assert error_kind(port.ask("build_request", {"op": operation, "params": params})) == "argument"


def test_a_body_has_one_place(port: Port) -> None:
    body = base64_text(b"{}")
    for operation, params, kind in [
        ("InvokeModel", INVOKE, None),
        ("InvokeModel", {**INVOKE, "body": body}, "argument"),
        ("ConverseStream", INVOKE, "argument"),
    ]:
        assert error_kind(port.ask("build_request", {"op": operation, "params": params, "body_b64": body})) == kind


def test_a_body_has_a_bound(port: Port) -> None:
    for length, kind in [(25_000_000, None), (25_000_001, "argument")]:
        args = {"op": "InvokeModel", "params": INVOKE, "body_b64": base64_text(bytes(length))}
        assert error_kind(port.ask("build_request", args)) == kind
