"""Events on their way: as JSON that a service might write, as frames, and as boto3 reads the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from botocore.eventstream import EventStream
from botocore.exceptions import EventStreamError
from botocore.model import Shape
from botocore.parsers import EventStreamJSONParser
from conformance_port import odd_text
from frame_model import encoded
from model_generator import MODEL, blobs_as_text, is_document, is_union, random_document

Event = dict[str, Any]

# The operations that stream, and the member of their output that does.
STREAMS = {"ConverseStream": "stream", "InvokeModelWithResponseStream": "body"}
NEW = "memberOfTomorrow"


def stream_shape(operation: str) -> Shape:
    return MODEL.operation_model(operation).output_shape.members[STREAMS[operation]]


def is_exception(shape: Shape) -> bool:
    return bool(shape.metadata.get("exception"))


# JSON that says the same in other words.


def noisy(random: Random, shape: Shape, value: Any) -> Any:
    """With members that a reader has to pass over: null for those that are not there, and some that are in no model."""
    if is_document(shape):
        return value
    match shape.type_name:
        case "structure":
            return noisy_structure(random, shape, value)
        case "list":
            return [noisy(random, shape.member, element) for element in value]
        case "map":
            return {name: noisy(random, shape.value, element) for name, element in value.items()}
    return value


def noisy_structure(random: Random, shape: Shape, value: dict[str, Any]) -> dict[str, Any]:
    members = [(name, noisy(random, shape.members[name], member)) for name, member in value.items()]
    absent = [name for name in shape.members if name not in value]
    members += [(name, None) for name in absent if random.random() < 0.1]
    if not is_union(shape) and random.random() < 0.05:
        members.append((NEW, random_document(random)))
    random.shuffle(members)
    return dict(members)


def without_news(value: Any) -> Any:
    if isinstance(value, list):
        return [without_news(element) for element in value]
    if isinstance(value, dict):
        return {name: without_news(member) for name, member in value.items() if name != NEW}
    return value


def written(random: Random, value: Any) -> bytes:
    """JSON in one of the ways in which it is written."""
    style: Any = random.choice([{}, {"separators": (",", ":")}, {"separators": (" ,\t", "\r\n: ")}, {"indent": 2}])
    text = json.dumps(value, ensure_ascii=random.random() < 0.5, **style)
    if random.random() < 0.2:
        text = text.replace("/", "\\/")
    return (random.choice(["", "", " ", "\n"]) + text + random.choice(["", "", "\r\n"])).encode()


def payload_of(random: Random, shape: Shape, value: dict[str, Any]) -> bytes:
    """A payload as the service writes it, padding included."""
    return padded(random, noisy(random, shape, blobs_as_text(value)) if random.random() < 0.5 else blobs_as_text(value))


def padded(random: Random, wire: dict[str, Any]) -> bytes:
    if random.random() < 0.5:
        wire = {**wire, "p": odd_text(random, 30)} if random.random() < 0.7 else {"p": "abc", **wire}
    return written(random, wire)


# Frames.


def event_frame(random: Random, name: str, payload: bytes, kind: str = "event") -> bytes:
    headers: list[Any] = [
        (":message-type", "string", kind), (f":{kind}-type", "string", name),
        (":content-type", "string", "application/json"),
    ]
    random.shuffle(headers)
    return encoded((headers, payload))


class Response:
    """What boto3 reads a body from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def stream(self) -> Iterator[bytes]:
        yield from self._chunks

    def close(self) -> None:
        pass


def by_boto3(operation: str, chunks: Iterable[bytes]) -> tuple[list[Event], EventStreamError | None]:
    """The events that boto3 hands over, and the exception that ended them."""
    stream = EventStream(Response(chunks), stream_shape(operation), EventStreamJSONParser(), operation)
    events: list[Event] = []
    try:
        for event in stream:
            events.append(event)
    except EventStreamError as error:
        return events, error
    return events, None
