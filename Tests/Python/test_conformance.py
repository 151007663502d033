"""The protocol of the conformance port: answers in order, whatever is asked, and nothing left of one in the next."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from conformance_port import Port, base64_text, port_fixture, running, seeded  # noqa: F401

SIGN = {
    "method": "GET",
    "scheme": "https",
    "host": "example.amazonaws.com",
    "path": "/",
    "query": "",
    "headers": [["Host", "example.amazonaws.com"]],
    "body_b64": "",
    "credentials": {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
    "region": "us-east-1",
    "service": "service",
    "time": "20150830T123600Z",
}
SIGNATURE = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


@pytest.mark.parametrize(
    ("line", "id"),
    [
        (b"\n", None),
        (b"no json\n", None),
        (b"[]\n", None),
        (b"{}\n", None),
        (b'{"id": 1}\n', 1),
        (b'{"id": 1, "op": 2, "args": {}}\n', 1),
        (b'{"id": 1, "op": "parse_json"}\n', 1),
        (b'{"id": 1, "op": "parse_json", "args": []}\n', 1),
        (b'{"id": 1, "op": "parse_json", "args": {}}\n', 1),
        (b'{"id": 1, "op": "parse_json", "args": {"text_b64": "a"}}\n', 1),
        (b'{"id": 1, "op": "parse_json", "args": {"text_b64": 5}}\n', 1),
        (b'{"id": 1, "op": "parse_json", "args": {"text_b64": "MQ=="}} {}\n', 1),
        (b'{"id": 1, "op": "parse_json", "args": {"text_b64": "\xff"}}\n', 1),
        (b'{"id": "\\ud83d\\ude00", "op": "encode_label", "args": {"text": null}}\n', "\U0001f600"),
        (b'{"id": 9223372036854775807, "op": "sign", "args": {}}\n', 9223372036854775807),
        (b"\x00\n", None),
        (b"[" * 100_000 + b"\n", None),
    ],
)
def test_malformed_requests_are_answered(port: Port, line: bytes, id: Any) -> None:
    answer = port.exchange([line])[0]
    assert answer["id"] == id
    assert answer["error"]["kind"] == "request"
    assert answer["error"]["message"]


@pytest.mark.parametrize(
    "request_",
    [
        {"op": "no_such_op", "args": {}},
        {"op": "no_such_op"},
        {"op": "sign_event", "args": {"headers": []}},
        {"op": "sign", "args": {**SIGN, "options": {"asymmetric": True}}},
        {"op": "sign", "args": {**SIGN, "expires": 60}},
        {"op": "bedrock_event", "args": {"op": "InvokeModelWithBidirectionalStream", "frame_b64": ""}},
        {"op": "bedrock_event", "args": {"op": "Converse", "frame_b64": ""}},
        {"op": "build_request", "args": {"op": "CountTokens", "params": {}}},
    ],
)
def test_what_is_not_offered_is_unsupported(port: Port, request_: dict[str, Any]) -> None:
    assert port.exchange([json.dumps({"id": 5, **request_}).encode() + b"\n"]) == [{"id": 5, "unsupported": True}]


def test_null_and_false_ask_for_nothing(port: Port) -> None:
    options = {"asymmetric": False, "normalize_path": None}
    answer = port.ask("sign", {**SIGN, "expires": None, "options": options})
    assert answer["ok"]["headers"]["authorization"].endswith(SIGNATURE)


def test_an_empty_input_ends_it_well() -> None:
    assert Port().close() == 0


def test_a_last_line_without_a_line_feed_is_answered() -> None:
    own = Port()
    own.input.write(b'{"id":1,"op":"encode_label","args":{"text":"a/b"}}\n{"id":2,"op":"encode_la')
    own.input.close()
    answers = [json.loads(answer) for answer in own.output.read().splitlines()]
    assert answers[0] == {"id": 1, "ok": {"label": "a%2Fb"}}
    assert (answers[1]["id"], answers[1]["error"]["kind"], len(answers)) == (2, "request", 2)
    assert own.close() == 0


def test_a_line_beyond_the_limit_is_thrown_away() -> None:
    own = Port()
    long = b'{"id":1,"op":"encode_label","args":{"text":"' + b"a" * (64 << 20) + b'"}}\n'
    answers = own.exchange([long, b'{"id":2,"op":"encode_label","args":{"text":"a/b"}}\n'])
    assert (answers[0]["id"], answers[0]["error"]["kind"]) == (None, "request")
    assert answers[1] == {"id": 2, "ok": {"label": "a%2Fb"}}
    assert own.close() == 0


def test_long_lines_both_ways(port: Port) -> None:
    text = "\u00e4" * 5_900_000
    answer = port.ask("parse_json", {"text_b64": base64_text(json.dumps(text, ensure_ascii=False).encode())})
    assert answer["ok"]["value"] == text


KINDS = {
    "sign": {"sign"},
    "decode": {"incomplete", "protocol"},
    "encode": {"encode"},
    "classify": {"protocol"},
    "bedrock_event": {"protocol"},
    "build_request": {"argument"},
    "encode_label": set(),
    "parse_error": set(),
    "parse_json": {"parse"},
    "retry_simulate": set(),
}
FRAME = "AAAAOAAAACYmfqnTDTptZXNzYWdlLXR5cGUHAAVldmVudAs6ZXZlbnQtdHlwZQcAAWF7fQ/pk6s="
REQUESTS: list[tuple[str, Any]] = [
    ("sign", {**SIGN, "options": {"normalize_path": True, "omit_session_token": False}}),
    ("decode", {"chunks_b64": [FRAME, "", FRAME]}),
    ("encode", {"message": {"headers": [["a", "long", 5], ["b", "uuid", "A" * 22 + "=="]], "payload_b64": "YQ=="}}),
    ("classify", {"frame_b64": FRAME}),
    ("bedrock_event", {"op": "ConverseStream", "frame_b64": FRAME}),
    ("build_request", {"op": "InvokeModel", "params": {"modelId": "a", "accept": "b", "body": "YQ=="}}),
    ("encode_label", {"text": "a/b"}),
    ("parse_error", {"status": 400, "headers": [["x-amzn-errortype", "A:b"]], "body_b64": "eyJtZXNzYWdlIjogImEifQ=="}),
    ("parse_json", {"text_b64": "eyJhIjogWzEsIG51bGxdfQ=="}),
    ("retry_simulate", {"given": {"max_attempts": 2, "max_backoff_time": 1.5}, "sequences": [
        [{"status": 500, "headers": [["x-amz-retry-after", "7"]]}, {"status": 429, "error_code": "SlowDown"}]]}),
]


def mutated(random: Random, line: bytes) -> bytes:
    pieces = [b"", b"null", b"[]", b"{}", b'"', b",", b"\xff", b"-1", b"1e9", b"\\u0000", b"A", b"=", b"9" * 30]
    data = bytearray(line)
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(data))
        data[at : at + random.choice([0, 1, 1, 2, 8])] = random.choice(pieces)
    return bytes(data).replace(b"\n", b"")


def test_every_op_is_answered() -> None:
    assert {op for op, _ in REQUESTS} == set(KINDS)
    for op, args in REQUESTS:
        assert "ok" in running().ask(op, args), op


def test_whatever_is_asked_is_answered(port: Port) -> None:
    random = seeded()
    lines = []
    ops = []
    for _ in range(6000):
        op, args = random.choice(REQUESTS)
        text = json.dumps(args).encode()
        form = b'{"id": 7, "op": "%s", "args": %s}'
        keeps_op = random.random() < 0.5
        line = form % (op.encode(), mutated(random, text)) if keeps_op else mutated(random, form % (op.encode(), text))
        ops.append(op)
        lines.append(line + b"\n")
    for op, line, answer in zip(ops, lines, port.exchange(lines), strict=True):
        assert set(answer) in ({"id", "ok"}, {"id", "error"}, {"id", "unsupported"}), line
        if "error" in answer:
            assert answer["error"]["kind"] in KINDS[op] | {"request"}, line


def test_nothing_is_left_of_a_request(port: Port) -> None:
    """The same requests in another order have the same answers."""
    random = seeded()
    requests = [
        ("sign", SIGN),
        ("sign", {**SIGN, "region": "eu-west-1"}),
        ("sign", {**SIGN, "time": "20150831T000000Z"}),
        ("sign", {**SIGN, "credentials": {**SIGN["credentials"], "secret_access_key": "other"}}),  # type: ignore
        ("sign", {**SIGN, "path": "/\n"}),
        ("decode", {"chunks_b64": [base64_text(b"\0\0\0\x10\0\0")]}),
        ("decode", {"chunks_b64": []}),
        ("parse_json", {"text_b64": base64_text(b'{"a": [1, 2')}),
        ("parse_json", {"text_b64": base64_text(b"[]")}),
        ("retry_simulate", {"sequences": [[{"status": 500}]]}),
        ("encode_label", {"text": "a/b"}),
        ("build_request", {"op": "Converse", "params": {"modelId": "a", "system": []}}),
        ("build_request", {"op": "Converse", "params": {}}),
    ]
    expected = [port.ask(*request) for request in requests]
    assert expected[0]["ok"]["headers"]["authorization"].endswith(SIGNATURE)
    order = [random.randrange(len(requests)) for _ in range(1000)]
    lines = [json.dumps({"id": i, "op": requests[i][0], "args": requests[i][1]}).encode() + b"\n" for i in order]
    assert port.exchange(lines) == [{"id": i, **expected[i]} for i in order]
