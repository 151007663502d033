"""Answers that come whole: the callbacks and the result of Converse are those of the same answer in a stream."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from random import Random
from typing import Any

import pytest
from answer_forms import AnthropicAnswers, as_anthropic_response, as_events, as_response
from answer_generator import STREAM, Answers
from body_decoder import BodyDecoder, Told
from botocore.parsers import RestJSONParser
from conformance_port import odd_text, seeded
from event_wire import Event, event_frame, noisy, padded, written
from frame_model import random_chunks
from message_checks import difference_to, message_of, refusal
from message_fold import Fold, is_json
from model_generator import MODEL, Generator, blobs_as_text, places, random_document
from result_checks import check_metadata, check_stop

from bedrockstream._ffi import brs_delta_kind, brs_event_kind, brs_operation

ANSWERS = 500
RESPONSES = 500
SHAPE = MODEL.operation_model("Converse").output_shape


@cache
def decoder(operation: brs_operation) -> BodyDecoder:
    return BodyDecoder(operation)


def told_of(random: Random, body: bytes, operation: brs_operation = brs_operation.BRS_CONVERSE) -> list[Told]:
    """The callbacks of a whole body, which is an event by itself and the first one."""
    told = decoder(operation).decode(random_chunks(random, body))
    name, event = told[0]
    assert (name, event["kind"]) == ("event", brs_event_kind.BRS_EVENT_OTHER)
    assert event["type"] == (b"Converse" if operation == brs_operation.BRS_CONVERSE else b"InvokeModel")
    assert event["json"] == body
    return told


class WholeAnswers(Answers):
    """Answers whose every block has one place in a message, so that both forms count alike."""

    def blocks(self, most: int = 5) -> list[list[Event]]:
        return [self.block(self.random.choice(self.kinds), index) for index in range(self.random.randint(0, most))]

    def _input(self) -> str:
        return json.dumps({odd_text(self.random, 4): random_document(self.random)})


class WholeAnthropicAnswers(WholeAnswers, AnthropicAnswers):
    """Those that Anthropic Messages can tell."""


def pieces(told: list[Told]) -> dict[tuple[int, int], Any]:
    """What the deltas of each block and kind come to; without images, whose members a stream may send one by one."""
    joined: dict[tuple[int, int], Any] = {}
    for delta in (delta for name, delta in told if name == "delta"):
        if delta["kind"] != brs_delta_kind.BRS_DELTA_IMAGE:
            place = delta["block_index"], delta["kind"]
            piece = READERS.get(delta["kind"], bytes)(delta["text"])
            joined[place] = joined[place] + piece if place in joined else piece
    inputs = {place for place in joined if place[1] == brs_delta_kind.BRS_DELTA_TOOL_INPUT}
    read = {place: json.loads(piece) if place in inputs else piece for place, piece in joined.items()}
    return {place: piece for place, piece in read.items() if piece}


# Pieces that can be added up; of the kinds that are not here the text itself.
READERS: dict[int, Any] = {
    brs_delta_kind.BRS_DELTA_TOOL_RESULT: json.loads,
    brs_delta_kind.BRS_DELTA_CITATION: lambda text: [json.loads(text)],
    brs_delta_kind.BRS_DELTA_REASONING_REDACTED: b64decode,
}


def streamed(random: Random, events: list[Event]) -> list[Told]:
    decoder = BodyDecoder(brs_operation.BRS_CONVERSE_STREAM)
    return decoder.decode([
        event_frame(random, name, padded(random, blobs_as_text(value)))
        for event in events for name, value in event.items()
    ])


def test_whole_answers_say_what_streamed_ones_say() -> None:
    random = seeded()
    answers = WholeAnswers(random)
    for _ in range(ANSWERS):
        events = [event for block in answers.blocks() for event in block]
        stop = answers.generator.instance(STREAM.members["messageStop"])
        metadata = answers.generator.instance(STREAM.members["metadata"])
        fold = Fold(events)
        response = as_response(fold.blocks, stop, metadata)
        told = told_of(random, written(random, blobs_as_text(response)))
        assert difference_to(fold, told, json.loads) is None, response
        assert pieces(told) == pieces(streamed(random, [*events, {"messageStop": stop}, {"metadata": metadata}]))
        check_stop(told[-1][1], [stop])
        check_metadata(told[-1][1], [metadata])


@pytest.mark.parametrize("form", ["anthropic", "nova"])
def test_whole_answers_of_the_invoke_route_give_the_message_of_converse(form: str) -> None:
    random = seeded()
    is_nova = form == "nova"
    answers = WholeAnswers(random) if is_nova else WholeAnthropicAnswers(random)
    for _ in range(ANSWERS):
        fold = Fold([event for block in answers.blocks() for event in block])
        stop = answers.generator.instance(STREAM.members["messageStop"])
        metadata = answers.generator.instance(STREAM.members["metadata"])
        whole = as_response(fold.blocks, stop, metadata) if is_nova else as_anthropic_response(fold.blocks, stop)
        told = told_of(random, written(random, blobs_as_text(whole)), brs_operation.BRS_INVOKE_MODEL)
        assert difference_to(fold, told, json.loads) is None, whole
        assert told[-1][1]["stop_reason_text"].decode() == stop["stopReason"]


def with_read_inputs(message: Any) -> Any:
    """A whole answer's input that is no object is kept as it was written: here what it says counts."""
    for block in message["content"] if message else []:
        text = block.get("toolUse", {}).get("input", {}).get("INVALID_JSON")
        if isinstance(text, str) and is_json(text):
            block["toolUse"]["input"] = json.loads(text)
    return message


def test_every_member_of_a_whole_answer_is_taken() -> None:
    """Also blocks that no stream has; the message is what streamed events would have made of it."""
    random = seeded()
    generator = Generator(random)
    parser = RestJSONParser()
    count = 0
    while count < RESPONSES or generator.is_fresh(SHAPE):
        count += 1
        assert count < 20 * RESPONSES, "members are not generated"
        response = generator.instance(SHAPE)
        is_noisy = random.random() < 0.5
        wire = blobs_as_text(response)
        body = padded(random, noisy(random, SHAPE, wire) if is_noisy else wire)
        name, end = told_of(random, body)[-1]
        assert name == "stop", (end, body)
        read = parser.parse({"status_code": 200, "headers": {}, "body": body}, SHAPE)
        check_stop(end, [read])
        check_metadata(end, [read])
        if not is_noisy:
            message = message_of(end)
            assert not refusal(message)
            fold = Fold(as_events(response["output"]["message"]["content"]))
            assert with_read_inputs(message) == with_read_inputs(fold.message), body
    assert places(SHAPE) <= generator.seen
