"""The same answer in the formats of the invoke route: every form gives the message that ConverseStream's gives."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest
from answer_forms import AnthropicAnswers, as_anthropic, as_nova, chunk_frame
from answer_generator import Answers
from body_decoder import BodyDecoder
from conformance_port import seeded
from event_wire import Event
from frame_model import random_chunks
from message_checks import check, difference_to
from message_fold import Fold

from bedrockstream._ffi import brs_operation

ANSWERS = 500
FORMS: dict[str, Any] = {"anthropic": as_anthropic, "nova": as_nova}


@cache
def decoder() -> BodyDecoder:
    return BodyDecoder(brs_operation.BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM)


@pytest.mark.parametrize("form", FORMS)
def test_chunks_give_the_message_of_converse(form: str) -> None:
    random = seeded()
    answers = AnthropicAnswers(random) if form == "anthropic" else Answers(random)

    def difference(random: Random, events: list[Event]) -> str | None:
        body = b"".join(chunk_frame(random, chunk) for chunk in FORMS[form](events))
        return difference_to(Fold(events), decoder().decode(random_chunks(random, body)))

    for _ in range(ANSWERS):
        check(random, answers.framed(answers.interleaved(answers.blocks())), difference)
