"""Every event that the service's model has, by the library's callbacks and by boto3 from the same bytes."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from random import Random
from typing import Any

import pytest
from body_decoder import BodyDecoder, Told
from conformance_port import Port, base64_text, error_kind, port_fixture, seeded  # noqa: F401
from event_wire import (
    Event,
    by_boto3,
    event_frame,
    is_exception,
    payload_of,
    stream_shape,
    without_news,
)
from frame_model import random_chunks
from model_generator import Generator, places
from result_checks import check_metadata, check_stop

from bedrockstream import _events
from bedrockstream._ffi import (
    brs_block_kind,
    brs_code,
    brs_delta_kind,
    brs_event_kind,
    brs_operation,
)

BODIES = 2000
ASKED = 2000
OPERATIONS = {
    "ConverseStream": brs_operation.BRS_CONVERSE_STREAM,
    "InvokeModelWithResponseStream": brs_operation.BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM,
}
KINDS = {
    "messageStart": brs_event_kind.BRS_EVENT_MESSAGE_START,
    "contentBlockStart": brs_event_kind.BRS_EVENT_BLOCK_START,
    "contentBlockDelta": brs_event_kind.BRS_EVENT_DELTA,
    "contentBlockStop": brs_event_kind.BRS_EVENT_BLOCK_STOP,
    "messageStop": brs_event_kind.BRS_EVENT_MESSAGE_STOP,
    "metadata": brs_event_kind.BRS_EVENT_METADATA,
}
# Members of a delta; those of reasoningContent behind a dot.
DELTAS = {
    "text": brs_delta_kind.BRS_DELTA_TEXT,
    "toolUse": brs_delta_kind.BRS_DELTA_TOOL_INPUT,
    "toolResult": brs_delta_kind.BRS_DELTA_TOOL_RESULT,
    "citation": brs_delta_kind.BRS_DELTA_CITATION,
    "image": brs_delta_kind.BRS_DELTA_IMAGE,
    "reasoningContent.text": brs_delta_kind.BRS_DELTA_REASONING,
    "reasoningContent.signature": brs_delta_kind.BRS_DELTA_REASONING_SIGNATURE,
    "reasoningContent.redactedContent": brs_delta_kind.BRS_DELTA_REASONING_REDACTED,
}
BLOCKS = {
    "toolUse": brs_block_kind.BRS_BLOCK_TOOL_USE,
    "toolResult": brs_block_kind.BRS_BLOCK_TOOL_RESULT,
    "image": brs_block_kind.BRS_BLOCK_IMAGE,
}


@cache
def decoder(operation: str) -> BodyDecoder:
    return BodyDecoder(OPERATIONS[operation])


class Wire:
    """Events of one body, and their frames."""

    def __init__(self, random: Random, operation: str) -> None:
        self.operation = operation
        self.names: list[str] = []
        self.payloads: list[bytes] = []
        self.body = b""
        self._random = random
        self._shape = stream_shape(operation)

    def add(self, name: str, value: dict[str, Any]) -> None:
        shape = self._shape.members[name]
        if name == "chunk":
            # The model does not ask for it, this library does.
            value.setdefault("bytes", b"")
        self.names.append(name)
        self.payloads.append(payload_of(self._random, shape, value))
        kind = "exception" if is_exception(shape) else "event"
        self.body += event_frame(self._random, name, self.payloads[-1], kind)

    def by_both(self) -> tuple[list[Told], list[Event], Any]:
        chunks = random_chunks(self._random, self.body)
        return decoder(self.operation).decode(chunks), *by_boto3(self.operation, chunks)


def random_wire(random: Random, operation: str, generator: Generator) -> Wire:
    """Events in any order that this library takes: tool input belongs to an open call, and the answer is complete."""
    wire = Wire(random, operation)
    shape = stream_shape(operation)
    calls: set[int] = set()
    for _ in range(random.randint(1, 12)):
        ((name, value),) = generator.instance(shape).items()
        if is_exception(shape.members[name]):
            continue
        index = value.get("contentBlockIndex", 0) % 8
        if "contentBlockIndex" in value:
            value["contentBlockIndex"] = index
        if name == "contentBlockStart" and "toolUse" in value["start"]:
            calls.add(index)
        elif name in ("contentBlockStart", "contentBlockStop"):
            calls.discard(index)
        elif name == "messageStop":
            calls.clear()
        elif "toolUse" in value.get("delta", {}) and index not in calls:
            call = {"toolUseId": "t", "name": "n"}
            wire.add("contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": call}})
            calls.add(index)
        wire.add(name, value)
    if operation == "ConverseStream" and "messageStop" not in wire.names:
        wire.add("messageStop", {"stopReason": "end_turn"})
    if not wire.names:
        wire.add("chunk", {"bytes": b"x"})
    return wire


def of_the_wire(told: list[Told]) -> list[dict[str, Any]]:
    """Its events: those that the library makes have no type."""
    return [event for name, event in told if name == "event" and event["type"]]


class Read:
    """Stands in for the view of an event that the binding converts."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._event = event

    def json(self) -> str:
        return str(self._event["json"].decode())

    def bytes(self) -> bytes:
        return bytes(self._event["json"])

    def type(self) -> str:
        return str(self._event["type"].decode())


def as_boto3_gives_it(operation: str, event: dict[str, Any]) -> Any:
    convert: Any = _events.converse_event if operation == "ConverseStream" else _events.chunk_event
    return without_news(convert(Read(event), event["kind"]))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_events_are_those_of_boto3(operation: str) -> None:
    """Each message of the wire is one event, its JSON untouched; as the binding reads it, it is what boto3 gives."""
    random = seeded()
    generator = Generator(random)
    bodies = 0
    while bodies < BODIES or any(generator.is_fresh(event) for event in events_of(operation)):
        bodies += 1
        assert bodies < 20 * BODIES, "members are not generated"
        wire = random_wire(random, operation, generator)
        told, events, error = wire.by_both()
        assert error is None and told[-1][0] == "stop", told[-1]
        ours = of_the_wire(told)
        assert [event["type"].decode() for event in ours] == wire.names
        assert [as_boto3_gives_it(operation, event) for event in ours] == events
        if operation == "ConverseStream":
            assert [event["json"] for event in ours] == wire.payloads
            assert [event["kind"] for event in ours] == [KINDS[name] for name in wire.names]
            check_typed(told, events, wire.payloads)


def events_of(operation: str) -> list[Any]:
    return [shape for shape in stream_shape(operation).members.values() if not is_exception(shape)]


# What the typed callbacks say.


def check_typed(told: list[Told], events: list[Event], payloads: list[bytes]) -> None:
    deltas = [delta for name, delta in told if name == "delta"]
    assert [described(delta) for delta in deltas] == [
        expected_delta(event["contentBlockDelta"], payload)
        for event, payload in zip(events, payloads, strict=True) if "contentBlockDelta" in event
    ]
    raw = [event for event in of_the_wire(told) if event["kind"] == brs_event_kind.BRS_EVENT_DELTA]
    assert [event["delta"] for event in raw] == deltas
    for event, read in zip(of_the_wire(told), events, strict=True):
        (value,) = read.values()
        assert event["block_index"] == value.get("contentBlockIndex", -1)
        assert event["block"] == expected_block(read)
    result = told[-1][1]
    assert result["delivered"] == len(deltas)
    check_stop(result, [event["messageStop"] for event in events if "messageStop" in event])
    check_metadata(result, [event["metadata"] for event in events if "metadata" in event])


def described(delta: dict[str, Any]) -> tuple[int, int, Any]:
    """A delta's kind, block and text; of the kinds that carry JSON its value."""
    kind = delta["kind"]
    is_json = kind in (
        brs_delta_kind.BRS_DELTA_TOOL_RESULT, brs_delta_kind.BRS_DELTA_CITATION, brs_delta_kind.BRS_DELTA_IMAGE,
    )
    return kind, delta["block_index"], json.loads(delta["text"]) if is_json else delta["text"].decode()


def expected_delta(event: Event, payload: bytes) -> tuple[int, int, Any]:
    ((member, value),) = event["delta"].items()
    if member in ("toolResult", "citation", "image"):
        value = json.loads(payload)["delta"][member]
    elif member == "toolUse":
        value = value["input"]
    elif member == "reasoningContent":
        ((part, value),) = value.items()
        member = f"{member}.{part}"
        value = base64_text(value) if isinstance(value, bytes) else value
    return DELTAS[member], event["contentBlockIndex"], value


def expected_block(event: Event) -> dict[str, Any] | None:
    if "contentBlockStart" not in event:
        return None
    ((member, start),) = event["contentBlockStart"]["start"].items()
    return {
        "kind": BLOCKS.get(member, brs_block_kind.BRS_BLOCK_OTHER),
        "block_index": event["contentBlockStart"]["contentBlockIndex"],
        "is_server_tool": int(start.get("type") == "server_tool_use"),
        "is_error": int(start.get("status") == "error"),
        "type": start.get("format", start.get("type", "")).encode(),
        "tool_use_id": start.get("toolUseId", "").encode(),
        "name": start.get("name", "").encode(),
    }


# Failures that the service tells of inside a stream.


@pytest.mark.parametrize("operation", OPERATIONS)
def test_exceptions_are_those_of_boto3(operation: str) -> None:
    """Exceptions end a stream with the service's own code, whatever came before them."""
    random = seeded()
    generator = Generator(random)
    shape = stream_shape(operation)
    exceptions = {name: member for name, member in shape.members.items() if is_exception(member)}
    assert exceptions
    rounds = 0
    while rounds < 20 or any(generator.is_fresh(member) for member in exceptions.values()):
        rounds += 1
        for name, member in exceptions.items():
            wire = random_wire(random, operation, generator)
            value = generator.instance(member)
            wire.add(name, value)
            told, events, error = wire.by_both()
            assert error is not None and told[-1][0] == "error", told[-1]
            assert [as_boto3_gives_it(operation, event) for event in of_the_wire(told)] == events
            check_exception(told[-1][1], member, value, error.response["Error"])


def check_exception(error: dict[str, Any], shape: Any, value: Event, by_boto3: Event) -> None:
    assert brs_code(error["code"]).name == CODES.get(shape.name, "BRS_E_SERVICE")
    assert error["service_code"].decode().lower() == by_boto3["Code"].lower()
    if by_boto3["Message"]:
        assert error["message"].decode() == by_boto3["Message"]
    assert error["original_status"] == value.get("originalStatusCode", 0)
    assert error["original_message"].decode() == value.get("originalMessage", "")


CODES = {
    "InternalServerException": "BRS_E_INTERNAL_SERVER",
    "ModelStreamErrorException": "BRS_E_MODEL_STREAM",
    "ModelTimeoutException": "BRS_E_MODEL_TIMEOUT",
    "ServiceUnavailableException": "BRS_E_SERVICE_UNAVAILABLE",
    "ThrottlingException": "BRS_E_THROTTLED",
    "ValidationException": "BRS_E_VALIDATION",
}


# The same through the port.


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_port_says_what_boto3_says(port: Port, operation: str) -> None:
    random = seeded()
    generator = Generator(random)
    shape = stream_shape(operation)
    wires: list[Wire] = []
    while len(wires) < ASKED or generator.is_fresh(shape):
        wires.append(Wire(random, operation))
        for name, value in generator.instance(shape).items():
            wires[-1].add(name, value)
    answers = port.ask_all("bedrock_event", [{"op": operation, "frame_b64": base64_text(one.body)} for one in wires])
    for wire, answer in zip(wires, answers, strict=True):
        if is_orphan(wire):
            continue
        assert error_kind(answer) is None, (wire.payloads, answer)
        check_answer(answer["ok"], wire, *by_boto3(operation, [wire.body]))
    assert places(shape) <= generator.seen


def is_orphan(wire: Wire) -> bool:
    """A piece of tool input alone has no call that it could belong to."""
    return wire.names == ["contentBlockDelta"] and "toolUse" in json.loads(wire.payloads[0])["delta"]


def check_answer(answer: dict[str, Any], wire: Wire, events: list[Event], error: Any) -> None:
    (name,) = wire.names
    assert answer["type"] == name
    if error is not None:
        assert answer["kind"] == "exception"
        assert answer.get("message", "") == error.response["Error"]["Message"]
    elif name == "chunk":
        assert (answer["kind"], b64decode(answer["bytes_b64"])) == ("event", events[0][name].get("bytes"))
    else:
        assert (answer["kind"], answer["json"]) == ("event", json.loads(wire.payloads[0]))
