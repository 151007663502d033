"""The same answer in the formats of the invoke route: every form gives the message that ConverseStream's gives."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest
from answer_forms import as_anthropic, as_nova, chunk_frame, random_citation
from answer_generator import Answers
from body_decoder import BodyDecoder
from conformance_port import odd_text, seeded
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


class AnthropicAnswers(Answers):
    """Answers that Anthropic Messages can tell: its redacted reasoning comes in one piece, its reasoning has a text."""

    KINDS = ["text", "reasoningContent", "citation", "toolUse"]

    def answer(self) -> list[Event]:
        return self.interleaved(self.blocks(kinds=self.KINDS)) + [self._event("messageStop")]

    def _delta(self, kind: str) -> Event:
        return {kind: random_citation(self.random, odd_text(self.random, 20))}

    def _reasoning(self) -> list[Event]:
        deltas = super()._reasoning()
        return deltas[:1] if "redactedContent" in deltas[0]["reasoningContent"] else deltas


class NovaAnswers(Answers):
    def answer(self) -> list[Event]:
        return self.framed(self.interleaved(self.blocks()))


@pytest.mark.parametrize("form", FORMS)
def test_chunks_give_the_message_of_converse(form: str) -> None:
    random = seeded()
    answers = AnthropicAnswers(random) if form == "anthropic" else NovaAnswers(random)

    def difference(random: Random, events: list[Event]) -> str | None:
        body = b"".join(chunk_frame(random, chunk) for chunk in FORMS[form](events))
        return difference_to(Fold(events), decoder().decode(random_chunks(random, body)))

    for _ in range(ANSWERS):
        check(random, answers.answer(), difference)
