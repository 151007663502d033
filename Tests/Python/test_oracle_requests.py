"""Requests against botocore's serializer: parameters are generated from its own model of the service."""

from __future__ import annotations

import json
from base64 import b64decode
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer
from conformance_port import Answer, Port, base64_text, error_kind, odd_text, port_fixture, seeded  # noqa: F401

CASES = 500
SENT = 30
OPERATIONS = {
    "Converse": "converse",
    "ConverseStream": "converse_stream",
    "InvokeModel": "invoke_model",
    "InvokeModelWithResponseStream": "invoke_model_with_response_stream",
}
MODEL = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
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


def random_document(random: Random, depth: int = 0) -> Any:
    kind = random.randrange(5 if depth > 3 else 7)
    if kind == 5:
        return [random_document(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 6:
        return {odd_text(random, 6): random_document(random, depth + 1) for _ in range(random.randrange(4))}
    number = random.choice([0, -1, 2**63, -(2**70), random.getrandbits(40)])
    return [None, random.random() < 0.5, number, random.uniform(-1e30, 1e-30), odd_text(random, 20)][kind]


def random_value(random: Random, shape: Any, depth: int) -> Any:
    if getattr(shape, "is_document_type", False):
        return random_document(random)
    least = int(shape.metadata.get("min", 0)) if shape.type_name not in ("float", "double") else 0
    match shape.type_name:
        case "structure":
            return random_structure(random, shape, depth)
        case "list":
            count = least + (random.randrange(3) if depth < 8 else 0)
            return [random_value(random, shape.member, depth + 1) for _ in range(count)]
        case "map":
            pairs = range(least + random.randrange(3))
            return {odd_text(random, 8, 1): random_value(random, shape.value, depth + 1) for _ in pairs}
        case "string":
            return random.choice(shape.enum) if shape.enum else odd_text(random, 20, least)
        case "blob":
            return random.randbytes(random.randrange(40) + least)
        case "boolean":
            return random.random() < 0.5
        case "integer" | "long":
            return least + random.randrange(1 << 31)
        case "float" | "double":
            return random.choice([0.0, 1.0, random.random()])
    raise AssertionError(shape.type_name)


def random_structure(random: Random, shape: Any, depth: int) -> dict[str, Any]:
    if shape.is_tagged_union:
        names = [random.choice(list(shape.members))]
    else:
        odds = 0.5 if depth < 4 else 0.1
        required = shape.required_members
        names = [name for name in shape.members if name in required or random.random() < odds]
    random.shuffle(names)
    return {name: random_value(random, shape.members[name], depth + 1) for name in names}


def random_parameters(random: Random, operation: str) -> dict[str, Any]:
    shape = MODEL.operation_model(operation).input_shape
    members = {}
    for name, value in random_structure(random, shape, 0).items():
        in_header = shape.members[name].serialization.get("location") == "header"
        members[name] = odd_text(random, 30, alphabet=HEADER_TEXT) if in_header and isinstance(value, str) else value
    members["modelId"] = random_model_id(random)
    names = list(members)
    random.shuffle(names)
    return {name: members[name] for name in names}


def blobs_as_text(value: Any) -> Any:
    """As the port takes parameters."""
    if isinstance(value, bytes):
        return base64_text(value)
    if isinstance(value, list):
        return [blobs_as_text(element) for element in value]
    if isinstance(value, dict):
        return {name: blobs_as_text(member) for name, member in value.items()}
    return value


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
    cases = [random_parameters(random, operation) for _ in range(CASES)]
    requests: list[dict[str, Any]] = [{"op": operation, "params": blobs_as_text(case)} for case in cases]
    for request in requests:
        if random.random() < 0.5 and "body" in request["params"] and operation.startswith("Invoke"):
            request["body_b64"] = request["params"].pop("body")
    for case, answer in zip(cases, port.ask_all("build_request", requests), strict=True):
        assert by_the_port(operation, answer) == by_botocore(operation, case), case


def test_every_member_of_the_model_is_generated() -> None:
    """The comparison above is worth what goes into it."""
    random = Random(1)
    for operation in OPERATIONS:
        seen: set[str] = set()
        for _ in range(100):
            seen |= set(random_parameters(random, operation))
        assert seen == set(MODEL.operation_model(operation).input_shape.members)


class Sent(Exception):
    """Stands for an answer: the request is all that is wanted."""


@pytest.mark.parametrize("operation", OPERATIONS)
def test_paths_are_those_that_boto3_sends(port: Port, operation: str) -> None:
    """boto3 quotes the path after the serializer; nothing more must come of it."""
    random = seeded()
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
        cases.append({**random_parameters(random, operation), "modelId": random_model_id(random).strip(".") or "a"})
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
