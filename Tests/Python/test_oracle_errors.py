"""Error answers and events against botocore's parsers."""

from __future__ import annotations

import json
from base64 import b64decode
from random import Random
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from conformance_port import Answer, Port, base64_text, error_kind, odd_text, port_fixture, seeded  # noqa: F401
from frame_model import encoded

CASES = 3000
EVENTS = 1000
MODEL = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))

CODES = ["ThrottlingException", "ValidationException", "ModelErrorException", "FooError", "a"]
BEFORE = ["", "", "aws.protocoltests.restjson#", "com.amazon.coral.service#", "a#b#"]
MESSAGE_TEXT = "aB \u00e4\u20ac\U0001f600\n\"\\"
BEHIND = ["", "", ":http://internal.amazon.com/coral/com.amazon.bedrock/", ":", ":a#b:c"]


def random_code(random: Random) -> str:
    return random.choice(BEFORE) + random.choice(CODES) + random.choice(BEHIND)


def random_error(random: Random) -> dict[str, Any]:
    """Members of the right type, each there or not; the rest may be anything."""
    body: dict[str, Any] = {}
    for name in random.sample(["code", "Code", "__type", "message", "Message"], k=random.randrange(6)):
        is_text = name in ("message", "Message")
        body[name] = odd_text(random, 30, alphabet=MESSAGE_TEXT) if is_text else random_code(random)
    for name in random.sample(["originalStatusCode", "resourceName", "nested", "x"], k=random.randrange(3)):
        body[name] = random.choice([None, 424, "text", {"__type": "Other", "message": "other", "code": "Other"}, [1]])
    members = list(body.items())
    random.shuffle(members)
    return dict(members)


def random_answer(random: Random) -> dict[str, Any]:
    headers = [["Content-Type", "application/json"], ["x-amzn-RequestId", "id"]]
    if random.random() < 0.4:
        name = random.choice(["X-Amzn-ErrorType", "x-amzn-errortype", "X-AMZN-ERRORTYPE"])
        headers.append([name, random_code(random)])
    random.shuffle(headers)
    body = json.dumps(random_error(random), ensure_ascii=random.random() < 0.5, indent=random.choice([None, None, 2]))
    kinds = [body, body, body, body, "", "plain text \u00e4", "{}"]
    return {
        "status": random.choice([400, 403, 404, 408, 424, 429, 500, 503]),
        "headers": headers,
        "body_b64": base64_text(random.choice(kinds).encode()),
    }


def by_botocore(case: dict[str, Any]) -> tuple[str | None, str | None]:
    headers = {name.lower(): value for name, value in case["headers"]}
    body = b64decode(case["body_b64"])
    if case["status"] >= 500 and not body:
        # botocore takes nothing from a server error without a body; Smithy wants the header looked at.
        body = b"{}"
    parsed = create_parser("rest-json").parse({"status_code": case["status"], "headers": headers, "body": body}, None)
    code, message = parsed["Error"]["Code"], parsed["Error"]["Message"]
    # botocore names what it does not know by the status.
    return (None if code == str(case["status"]) else code), (message or None)


def test_errors_are_read_as_botocore_reads_them(port: Port) -> None:
    random = seeded()
    cases = [random_answer(random) for _ in range(CASES)]
    for case, answer in zip(cases, port.ask_all("parse_error", cases), strict=True):
        code, message = by_botocore(case)
        assert answer["ok"].get("code") == code, case
        assert (answer["ok"].get("message") or None) == message, case


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        # botocore raises, or hands on what is no text.
        ([], b"[1]", {"message": "[1]"}),
        ([], b'"text"', {"message": '"text"'}),
        ([], b'{"code": 5, "__type": "A", "message": 7, "Message": "b"}', {"code": "A", "message": "b"}),
        ([], b'{"code": null, "message": null}', {}),
        ([["x-amzn-errortype", ""]], b'{"__type": "A"}', {"code": "A"}),
        ([["x-amzn-errortype", ":http://x"]], b'{"code": "#", "__type": "A"}', {"code": "A"}),
        # botocore's message is the page.
        ([], b"<html><body>503</body></html>", {}),
        ([], b" <?xml version='1.0'?><Error/>", {}),
        # Of a body that is cut off botocore makes a message.
        ([], b'{"__type": "A", "message": "b', {"code": "A"}),
        ([], b'{"message": "b", "code": "A"', {"message": "b", "code": "A"}),
        # botocore fails on what is no UTF-8.
        ([], b"\xff\xfe", {}),
        ([["x-amzn-errortype", "A"]], b"\xff\xfe", {"code": "A"}),
        ([], b"\x00", {}),
    ],
)
def test_where_botocore_fails_as_much_is_read_as_there_is(
    port: Port, headers: Any, body: bytes, expected: Answer
) -> None:
    args = {"status": 400, "headers": headers, "body_b64": base64_text(body)}
    assert port.ask("parse_error", args) == {"ok": expected}


def test_noise_is_read_without_an_error(port: Port) -> None:
    random = seeded()
    cases = []
    for _ in range(1000):
        body = bytearray(json.dumps(random_error(random)).encode())
        for _ in range(random.randrange(1, 6)):
            at = random.randint(0, len(body))
            body[at : at + random.randrange(3)] = random.randbytes(random.randrange(3))
        cases.append({"status": random.randrange(1000), "headers": [], "body_b64": base64_text(bytes(body))})
    for case, answer in zip(cases, port.ask_all("parse_error", cases), strict=True):
        assert set(answer["ok"]) <= {"code", "message"}, case


# Events.


def frame(kind: str, type: str, payload: bytes) -> bytes:
    headers: Any = [(":message-type", "string", kind), (f":{kind}-type", "string", type),
                    (":content-type", "string", "application/json")]
    return encoded((headers, payload))


def parsed_by_botocore(operation: str, data: bytes) -> Any:
    """The event as boto3 hands it over; an exception as its code and message."""
    shape = MODEL.operation_model(operation).get_event_stream_output()
    parser = create_parser("rest-json")._event_stream_parser
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    response = next(buffer).to_response_dict()
    parsed = parser.parse(response, shape)
    if response["status_code"] == 200:
        return parsed
    return "exception", parsed["Error"]["Code"], parsed["Error"]["Message"]


def as_modelled(shape: Any, value: Any) -> Any:
    """The members that the model has."""
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        return {name: as_modelled(member, value[name]) for name, member in shape.members.items() if name in value}
    return value


def random_converse_event(random: Random) -> tuple[str, Any]:
    text = odd_text(random, 30)
    index = random.randrange(4000)
    events: list[tuple[str, dict[str, Any]]] = [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": {"toolUseId": text, "name": "a"}}}),
        ("contentBlockDelta", {"contentBlockIndex": index, "delta": {"text": text}}),
        ("contentBlockDelta", {"contentBlockIndex": index, "delta": {"toolUse": {"input": text}}}),
        ("contentBlockDelta", {"contentBlockIndex": index, "delta": {"reasoningContent": {"text": text}}}),
        ("contentBlockStop", {"contentBlockIndex": index}),
        ("messageStop", {"stopReason": random.choice(["end_turn", "tool_use", text])}),
        ("metadata", {"usage": {"inputTokens": 1, "outputTokens": index, "totalTokens": 3}, "metrics": {}}),
    ]
    name, event = random.choice(events)
    members = [*event.items(), ("p", "abcdefgh"[: random.randrange(8)]), ("unknown", {"a": [1.50, None, text]})]
    random.shuffle(members)
    return name, dict(members)


def ask(port: Port, op: str, frames: list[bytes]) -> list[Answer]:
    return port.ask_all("bedrock_event", [{"op": op, "frame_b64": base64_text(data)} for data in frames])


def test_events_of_converse_are_what_botocore_hands_over(port: Port) -> None:
    random = seeded()
    events = [random_converse_event(random) for _ in range(EVENTS)]
    payloads = [json.dumps(event, indent=random.choice([None, 1])).encode() for _, event in events]
    frames = [frame("event", name, payload) for (name, _), payload in zip(events, payloads, strict=True)]
    answers = ask(port, "ConverseStream", frames)
    shape = MODEL.operation_model("ConverseStream").get_event_stream_output()
    for (name, event), data, answer in zip(events, frames, answers, strict=True):
        assert answer == {"ok": {"kind": "event", "type": name, "json": event}}
        assert parsed_by_botocore("ConverseStream", data) == {name: as_modelled(shape.members[name], event)}


def test_chunks_are_what_botocore_hands_over(port: Port) -> None:
    random = seeded()
    chunks = [random.randbytes(random.randrange(200)) for _ in range(EVENTS)]
    chunks += [b"", b"{}", b"[1]", b'{"type": "message_stop"}', b'{"completion": "a"}', b"{" * 300]
    payloads = [json.dumps({"p": "abc", "bytes": base64_text(chunk)}).encode() for chunk in chunks]
    frames = [frame("event", "chunk", payload) for payload in payloads]
    op = "InvokeModelWithResponseStream"
    answers = ask(port, op, frames)
    for chunk, data, answer in zip(chunks, frames, answers, strict=True):
        assert answer == {"ok": {"kind": "event", "type": "chunk", "bytes_b64": base64_text(chunk)}}, chunk
        assert parsed_by_botocore(op, data) == {"chunk": {"bytes": chunk}}


EXCEPTIONS = ["throttlingException", "validationException", "modelStreamErrorException", "internalServerException",
              "serviceUnavailableException", "unheardOfException"]


@pytest.mark.parametrize("op", ["ConverseStream", "InvokeModelWithResponseStream"])
@pytest.mark.parametrize("type", EXCEPTIONS)
def test_exceptions_are_what_botocore_raises(port: Port, op: str, type: str) -> None:
    for message in ("Too many\nrequests \u20ac", ""):
        payload = json.dumps({"message": message, "originalStatusCode": 429}).encode()
        data = frame("exception", type, payload)
        expected = {"ok": {"kind": "exception", "type": type, "message": message}}
        # botocore hands those that are sent as events on as events.
        assert ask(port, op, [data, frame("event", type, payload)]) == [expected, expected]
        if type != "unheardOfException":
            assert parsed_by_botocore(op, data) == ("exception", type, message)


@pytest.mark.parametrize("op", ["ConverseStream", "InvokeModelWithResponseStream"])
def test_other_messages(port: Port, op: str) -> None:
    error: Any = [(":message-type", "string", "error"), (":error-code", "string", "InternalError")]
    text: Any = (":error-message", "string", "a\nb")
    cases = [
        (encoded((error, b"")), {"kind": "error", "code": "InternalError"}),
        (encoded(([*error, text], b"x")), {"kind": "error", "code": "InternalError", "message": "a\nb"}),
        (frame("event", "newThing", b'{ "a" : [ ] }'), {"kind": "event", "type": "newThing", "json": {"a": []}}),
        (frame("event", "newThing", b"\xff no JSON"), {"kind": "event", "type": "newThing", "json": None}),
        (frame("exception", "throttlingException", b""), {"kind": "exception", "type": "throttlingException"}),
        (frame("exception", "throttlingException", b"[]"), {"kind": "exception", "type": "throttlingException"}),
    ]
    for data, expected in cases:
        assert ask(port, op, [data]) == [{"ok": expected}]


@pytest.mark.parametrize(
    ("op", "data"),
    [
        ("ConverseStream", b""),
        ("ConverseStream", frame("event", "messageStart", b"{}")[:-1]),
        ("ConverseStream", frame("event", "messageStart", b"")),
        ("ConverseStream", frame("event", "messageStart", b'{"role": ')),
        ("ConverseStream", frame("event", "contentBlockDelta", b'{"delta": {"text": "\xff"}}')),
        ("ConverseStream", encoded(([(":event-type", "string", "messageStart")], b"{}"))),
        ("ConverseStream", encoded(([(":message-type", "string", "event")], b"{}"))),
        ("InvokeModelWithResponseStream", frame("event", "chunk", b"{}")),
        ("InvokeModelWithResponseStream", frame("event", "chunk", b'{"bytes": "a"}')),
        ("InvokeModelWithResponseStream", frame("event", "chunk", b'{"bytes": 5}')),
        ("InvokeModelWithResponseStream", frame("event", "chunk", b'{"bytes": "YQ=="')),
    ],
)
def test_malformed_events_are_refused(port: Port, op: str, data: bytes) -> None:
    assert error_kind(ask(port, op, [data])[0]) == "protocol"
