"""The assembled message against a plain fold over the same events, and against what botocore lets into a request."""

from __future__ import annotations

import json
from functools import cache
from random import Random
from typing import Any

import pytest
from answer_generator import Answers, wire_json
from body_decoder import BodyDecoder, Told
from conformance_port import seeded
from event_wire import Event, by_boto3, event_frame, padded
from frame_model import random_chunks
from message_checks import check, difference_to, message_of, refusal
from message_fold import Fold
from model_generator import blobs_as_text

from bedrockstream._ffi import brs_code, brs_operation

ANSWERS = 1000
MIXED = 500


@cache
def decoder() -> BodyDecoder:
    return BodyDecoder(brs_operation.BRS_CONVERSE_STREAM)


def body_of(random: Random, events: list[Event]) -> bytes:
    return b"".join(
        event_frame(random, name, padded(random, blobs_as_text(value)))
        for event in events for name, value in event.items()
    )


def decoded(random: Random, events: list[Event]) -> tuple[list[Told], Fold]:
    body = body_of(random, events)
    chunks = random_chunks(random, body)
    read, error = by_boto3("ConverseStream", [body])
    assert error is None
    return decoder().decode(chunks), Fold(read)


# The message.


def difference_to_the_fold(random: Random, events: list[Event]) -> str | None:
    told, fold = decoded(random, events)
    return difference_to(fold, told) or difference_of_lists(told[-1][1])


def difference_of_lists(result: dict[str, Any]) -> str | None:
    """A stream of one round adds one message, or none."""
    added, message = json.loads(result["new_messages_json"] or "[]"), result["message_json"]
    expected = [json.loads(message)] if message else []
    return None if added == expected else f"the list of new messages is {added!r}, not {expected!r}"


def test_messages_are_what_their_events_fold_to() -> None:
    """Any blocks, tool input cut anywhere, events of blocks in any order."""
    random = seeded()
    answers = Answers(random)
    for _ in range(ANSWERS):
        check(random, answers.framed(answers.interleaved(answers.blocks())), difference_to_the_fold)


def test_the_order_of_events_and_their_cuts_do_not_matter() -> None:
    """The same blocks, their texts and inputs cut otherwise and their events in another order."""
    random = seeded()
    answers = Answers(random)
    for _ in range(MIXED):
        blocks = answers.blocks()
        one, other = (answers.interleaved([recut(random, block) for block in blocks]) for _ in range(2))
        stop: list[Event] = [{"messageStop": {"stopReason": "end_turn"}}]
        results = [decoded(random, events + stop)[0][-1][1] for events in (one, other)]
        assert message_of(results[0]) == message_of(results[1]), wire_json(one) + "\nand\n" + wire_json(other)
        assert results[0]["text"] == results[1]["text"]


def recut(random: Random, block: list[Event]) -> list[Event]:
    """Some neighbours whose texts can be joined become one."""
    events: list[Event] = []
    for event in block:
        joined = joined_delta(events[-1], event) if events and random.random() < 0.5 else None
        if joined is None:
            events.append(event)
        else:
            events[-1] = joined
    return events


def joined_delta(one: Event, other: Event) -> Event | None:
    if "contentBlockDelta" not in one or "contentBlockDelta" not in other:
        return None
    first, second = one["contentBlockDelta"], other["contentBlockDelta"]
    delta = joined_member(first["delta"], second["delta"])
    return delta and {"contentBlockDelta": {**first, "delta": delta}}


# Members whose texts are pieces of one.
JOINED = ("text", "reasoningContent", "signature", "redactedContent", "toolUse", "input")


def joined_member(one: Any, other: Any) -> Any:
    """Two structures with a piece at the same place, as one; None for others."""
    if isinstance(one, dict) and isinstance(other, dict) and len(one) == 1 and list(one) == list(other):
        ((name, member),) = one.items()
        joined = joined_member(member, other[name]) if name in JOINED else None
        return None if joined is None else {name: joined}
    is_text = isinstance(one, (str, bytes)) and type(one) is type(other)
    return one + other if is_text else None


# What goes back to the service.


def test_messages_are_fit_for_the_next_request() -> None:
    random = seeded()
    answers = Answers(random)

    def difference(random: Random, events: list[Event]) -> str | None:
        name, end = decoded(random, events)[0][-1]
        why = refusal(message_of(end)) if name == "stop" else ""
        return f"the message is refused: {why}" if why else None

    for _ in range(ANSWERS):
        check(random, answers.framed(answers.interleaved(answers.blocks())), difference)


# What cannot be put together.

START: Event = {"contentBlockStart": {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "t", "name": "n"}}}}
STOP: Event = {"contentBlockStop": {"contentBlockIndex": 1}}
TEXT: Event = {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"text": "x"}}}


@pytest.mark.parametrize("before", [[], [TEXT], [START, STOP], [START, {"messageStop": {"stopReason": "tool_use"}}]])
def test_input_without_an_open_call_is_an_error(before: list[Event]) -> None:
    """It would be lost, or belong to a call that was handed over already."""
    piece: Event = {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}}}
    told, _ = decoded(Random(1), [*before, piece, {"messageStop": {"stopReason": "tool_use"}}])
    name, error = told[-1]
    assert (name, error["code"]) == ("error", brs_code.BRS_E_PROTOCOL)
    assert b"1" in error["message"], "the message names the block"


def test_a_call_without_id_and_name_is_a_call() -> None:
    body = event_frame(Random(1), "contentBlockStart", b'{"contentBlockIndex":0,"start":{"toolUse":{}}}')
    body += event_frame(Random(1), "messageStop", b'{"stopReason":"tool_use"}')
    told = decoder().decode([body])
    calls = [(tool["id"], tool["name"], tool["input_json"]) for name, tool in told if name == "tool"]
    assert calls == [(b"", b"", b"{}")]
    assert message_of(told[-1][1])["content"] == [{"toolUse": {"toolUseId": "", "name": "", "input": {}}}]
