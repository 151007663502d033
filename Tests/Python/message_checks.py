"""Assembled messages as boto3 would take them, and what is wrong with them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from answer_generator import wire_json
from body_decoder import Told
from botocore.model import Shape
from botocore.validate import ParamValidator
from event_wire import Event
from message_fold import Fold
from model_generator import MODEL, is_document

from bedrockstream._ffi import brs_code

REQUEST = MODEL.operation_model("Converse").input_shape
MESSAGE = REQUEST.members["messages"].member


def with_blobs(shape: Shape, value: Any) -> Any:
    """JSON of the wire as boto3 takes it: its blobs are bytes."""
    if is_document(shape):
        return value
    match shape.type_name:
        case "structure":
            known = shape.members
            return {name: with_blobs(known[name], one) if name in known else one for name, one in value.items()}
        case "list":
            return [with_blobs(shape.member, element) for element in value]
        case "blob":
            return b64decode(value, validate=True)
    return value


def message_of(result: dict[str, Any]) -> Any:
    """The assembled message; None where there is none."""
    return with_blobs(MESSAGE, json.loads(result["message_json"])) if result["message_json"] else None


def smallest(events: list[Event], fails: Callable[[list[Event]], bool]) -> list[Event]:
    """Fewer events that fail as well. A block has its start as long as it has anything else."""
    at = 0
    while at < len(events):
        fewer = events[:at] + events[at + 1 :]
        if not is_start_of(events[at], fewer) and fails(fewer):
            events, at = fewer, 0
        else:
            at += 1
    return events


def is_start_of(event: Event, others: list[Event]) -> bool:
    if "contentBlockStart" not in event:
        return False
    index = event["contentBlockStart"].get("contentBlockIndex")
    return any(value.get("contentBlockIndex") == index for other in others for name, value in other.items()
               if name in ("contentBlockDelta", "contentBlockStop"))


def check(random: Random, events: list[Event], difference: Callable[[Random, list[Event]], str | None]) -> None:
    """Fails with the fewest events that show a difference of the same kind: what is said of it up to " is "."""
    found = difference(random, events)
    if found is None:
        return
    kind = found.split(" is ")[0]
    few = smallest(events, lambda fewer: (difference(random, fewer) or "").startswith(kind + " is "))
    pytest.fail(f"{difference(random, few)}\nfrom\n{wire_json(few)}", pytrace=False)


def difference_to(fold: Fold, told: list[Told], reads: Callable[[str], Any] = str) -> str | None:
    """What callbacks were told other than the fold says; tool inputs are compared as `reads` reads them."""
    name, end = told[-1]
    if name != "stop":
        return f"the end is {brs_code(end['code']).name}, {end['message']!r}"
    pairs = [
        ("message", message_of(end), fold.message),
        ("text", end["text"].decode(), fold.text),
        ("list of calls", calls_of(told, reads), [(*call, reads(text)) for *call, text in fold.tools]),
    ]
    return next((f"the {what} is {ours!r}, not {theirs!r}" for what, ours, theirs in pairs if ours != theirs), None)


def calls_of(told: list[Told], reads: Callable[[str], Any]) -> list[Any]:
    """Tool calls in the order of their blocks, in the form of the fold's."""
    calls = sorted((tool for name, tool in told if name == "tool"), key=lambda tool: int(tool["block_index"]))
    return [
        (call["block_index"], call["id"].decode(), call["name"].decode(), call["is_server_tool"] == 1,
         call["is_valid"] == 1, reads(call["input_json"].decode()))
        for call in calls
    ]


def refusal(message: Any) -> str:
    """What botocore says against the message in the next request; "" where it says nothing."""
    request = {"modelId": "m", "messages": [message] if message is not None else []}
    return str(ParamValidator().validate(request, REQUEST).generate_report())
