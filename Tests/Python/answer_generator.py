"""Random answers of ConverseStream, block by block: whatever a block may hold, cut and mixed in any way."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from conformance_port import odd_text
from event_wire import Event, stream_shape, written
from model_generator import Generator, random_document

STREAM = stream_shape("ConverseStream")
STARTS = STREAM.members["contentBlockStart"].members["start"].members
DELTAS = STREAM.members["contentBlockDelta"].members["delta"].members
# What a block may be: what the model starts, and what begins with its first delta.
KINDS = [*STARTS, *(name for name in DELTAS if name not in STARTS)]

BLANKS = ["", " ", "\n\n", "\t \u00a0", "\u2003\u3000", "\x1c\x85"]
NO_JSON = [
    "{", '{"a":1', "{'a': 1}", '{"a":1}}', '{"a":NaN}', "tru", " ", '"\n"', '{"a":"\\x"}', "[1,]", "01", "\ufeff{}",
]
ODD_JSON = [
    '{"a":1,"a":2}', '{"a":1e400,"b":-0.0}', '["\\ud800"]', "5", "null", '"text"', ' {"a" : [ ] } ', '{"\\u0000":0}',
]


def cut(random: Random, text: Any) -> list[Any]:
    """A text, or bytes, in pieces; some of them may be empty."""
    borders = sorted(random.randint(0, len(text)) for _ in range(random.choice([0, 0, 1, 2, 5])))
    return [text[start:end] for start, end in zip([0, *borders], [*borders, len(text)], strict=True)]


class Answers:
    """Makes blocks as lists of their events, in the form in which boto3 hands events over."""

    kinds = KINDS

    def __init__(self, random: Random) -> None:
        self.random = random
        self.generator = Generator(random)

    def blocks(self, most: int = 5) -> list[list[Event]]:
        """Blocks in the order of their indexes, which may leave some out."""
        count = self.random.randint(0, most)
        indexes = sorted(self.random.sample(range(count + self.random.choice([0, 0, 3, 4000])), count))
        blocks = [self.block(self.random.choice(self.kinds), index) for index in indexes]
        if self.random.random() < 0.05:
            blocks.insert(0, self.block(self.random.choice(self.kinds), None))
        return blocks

    def block(self, kind: str, index: int | None) -> list[Event]:
        """The events of a block; without an index they name none, and are of one block all the same."""
        place = {} if index is None else {"contentBlockIndex": index}
        events: list[Event] = []
        if kind in STARTS:
            start = {kind: self.generator.instance(STARTS[kind])}
            events.append({"contentBlockStart": {"start": start, **place}})
        events += [{"contentBlockDelta": {"delta": delta, **place}} for delta in self._deltas(kind)]
        if self.random.random() < 0.8:
            # Some of what follows a block's end belongs to it all the same. A call's input must not.
            end = len(events)
            if kind != "toolUse" and self.random.random() < 0.1:
                end = self.random.randint(1 if kind in STARTS else 0, end)
            events.insert(end, {"contentBlockStop": place})
        return events

    def _deltas(self, kind: str) -> list[Event]:
        match kind:
            case "toolUse":
                return [{kind: {"input": piece}} for piece in cut(self.random, self._input())]
            case "text":
                return self._texts()
            case "citation":
                deltas = self._texts() + [self._delta(kind) for _ in range(self.random.randint(1, 3))]
                self.random.shuffle(deltas)
                return deltas
            case "reasoningContent":
                return self._reasoning()
        return [self._delta(kind) for _ in range(self.random.randint(0, 3))] if kind in DELTAS else []

    def _delta(self, kind: str) -> Event:
        value = self.generator.instance(DELTAS[kind])
        if "sourceContent" in value:
            # Requests take no empty ones, which the service has no reason to send.
            value["sourceContent"] = [piece for piece in value["sourceContent"] if piece]
        return {kind: value}

    def _texts(self) -> list[Event]:
        text = self.random.choice([odd_text(self.random, 40, 1), odd_text(self.random, 4), self.random.choice(BLANKS)])
        return [{"text": piece} for piece in cut(self.random, text)]

    def _reasoning(self) -> list[Event]:
        random = self.random
        if random.random() < 0.4:
            name, pieces = "redactedContent", cut(random, random.randbytes(random.randint(1, 30)))
            return [{"reasoningContent": {name: piece}} for piece in pieces]
        parts = [("text", piece) for piece in cut(random, odd_text(random, 30, random.randrange(2)))]
        if random.random() < 0.7:
            parts += [("signature", piece) for piece in cut(random, odd_text(random, 20, 1))]
        return [{"reasoningContent": {name: piece}} for name, piece in parts]

    def _input(self) -> str:
        choice = self.random.random()
        if choice < 0.15:
            return self.random.choice(NO_JSON)
        if choice < 0.3:
            return self.random.choice(ODD_JSON)
        if choice < 0.4:
            return ""
        members = {odd_text(self.random, 6): random_document(self.random) for _ in range(self.random.randrange(4))}
        return written(self.random, members).decode()

    def interleaved(self, blocks: list[list[Event]]) -> list[Event]:
        """The events of each block in their order; those of different blocks one after the other, or in any."""
        waiting = [list(block) for block in blocks if block]
        is_mixed = self.random.random() < 0.6
        mixed: list[Event] = []
        while waiting:
            block = self.random.choice(waiting) if is_mixed else waiting[0]
            mixed.append(block.pop(0))
            waiting = [block for block in waiting if block]
        return mixed

    def framed(self, events: list[Event]) -> list[Event]:
        """With what stands around blocks: starts, the stop, metadata, and events that nobody knows."""
        whole = list(events)
        for name in ["messageStart", "metadata", "messageStart"]:
            if self.random.random() < 0.5:
                whole.insert(self.random.randint(0, len(whole)), self._event(name))
        if self.random.random() < 0.2:
            whole.insert(self.random.randint(0, len(whole)), {"eventOfTomorrow": {"contentBlockIndex": 0}})
        whole.append(self._event("messageStop"))
        return [*whole, self._event("metadata")] if self.random.random() < 0.5 else whole

    def _event(self, name: str) -> Event:
        return {name: self.generator.instance(STREAM.members[name])}


def wire_json(events: list[Event]) -> str:
    """Events in a form that can be read in a report."""
    return "\n".join(json.dumps(event, default=str) for event in events)
