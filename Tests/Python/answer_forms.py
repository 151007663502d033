"""The same answer in other forms: chunks of Anthropic Messages and of Amazon Nova, and one whole body."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from answer_generator import Answers
from conformance_port import base64_text, odd_text
from event_wire import Event, padded, written
from frame_model import encoded
from message_fold import Block
from model_generator import blobs_as_text

# Converse's locations of what is cited in documents, and what Anthropic Messages says of the same.
CITED = {
    "documentChar": ("char_location", "start_char_index", "end_char_index"),
    "documentPage": ("page_location", "start_page_number", "end_page_number"),
    "documentChunk": ("content_block_location", "start_block_index", "end_block_index"),
}


def chunk_frame(random: Random, value: Any) -> bytes:
    """A chunk of InvokeModelWithResponseStream around a model's own JSON."""
    payload = padded(random, {"bytes": base64_text(written(random, value))})
    return encoded(([(":message-type", "string", "event"), (":event-type", "string", "chunk")], payload))


def as_nova(events: list[Event]) -> list[Event]:
    """Amazon Nova streams the events of Converse, each as the one member of an object."""
    return [{name: blobs_as_text(value)} for event in events for name, value in event.items()]


# Anthropic Messages.


def as_anthropic(events: list[Event]) -> list[Event]:
    """Events of text, reasoning, citations and calls; each block begins with a start of its own."""
    chunks: list[Event] = [{"type": "message_start", "message": {"id": "msg_1", "role": "assistant", "content": []}}]
    begun: set[int] = set()
    for event in events:
        for name, value in event.items():
            index = value.get("contentBlockIndex")
            if name in ("contentBlockStart", "contentBlockDelta") and index not in begun:
                begun.add(index)
                chunks.append({"type": "content_block_start", "index": index, "content_block": anthropic_start(value)})
            if name == "contentBlockDelta":
                deltas = anthropic_delta(value)
                chunks += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
            elif name == "contentBlockStop" and index in begun:
                chunks.append({"type": "content_block_stop", "index": index})
            elif name == "messageStop":
                chunks.append({"type": "message_delta", "delta": {"stop_reason": value["stopReason"]}})
    return [*chunks, {"type": "message_stop"}]


def anthropic_start(value: Event) -> Event:
    """The start of a block whose first event is known. Redacted reasoning has all its data there."""
    if "start" in value:
        call = value["start"]["toolUse"]
        return {"type": call.get("type", "tool_use"), "id": call["toolUseId"], "name": call["name"], "input": {}}
    reasoning = value["delta"].get("reasoningContent")
    if reasoning is None:
        return {"type": "text", "text": ""}
    if "redactedContent" in reasoning:
        return {"type": "redacted_thinking", "data": base64_text(reasoning["redactedContent"])}
    return {"type": "thinking", "thinking": "", "signature": ""}


def anthropic_delta(value: Event) -> list[Event]:
    ((name, piece),) = value["delta"].items()
    match name:
        case "text":
            return [{"type": "text_delta", "text": piece}]
        case "toolUse":
            return [{"type": "input_json_delta", "partial_json": piece["input"]}]
        case "citation":
            return [{"type": "citations_delta", "citation": anthropic_citation(piece)}]
        case "reasoningContent" if "text" in piece:
            return [{"type": "thinking_delta", "thinking": piece["text"]}]
        case "reasoningContent" if "signature" in piece:
            return [{"type": "signature_delta", "signature": piece["signature"]}]
    return []


def anthropic_citation(citation: Event) -> Event:
    ((place, where),) = citation["location"].items()
    type_, start, end = CITED[place]
    return {
        "type": type_, "cited_text": citation["sourceContent"][0]["text"],
        "document_index": where["documentIndex"], "document_title": citation["title"],
        start: where["start"], end: where["end"],
    }


class AnthropicAnswers(Answers):
    """Answers that Anthropic Messages can tell: its redacted reasoning comes in one piece, it cites documents."""

    kinds = ["text", "reasoningContent", "citation", "toolUse"]

    def _delta(self, kind: str) -> Event:
        text, number = odd_text(self.random, 20), self.random.randrange
        where = {"documentIndex": number(9), "start": number(99), "end": number(99)}
        location = {self.random.choice(list(CITED)): where}
        return {kind: {"title": text[:5], "sourceContent": [{"text": text}], "location": location}}

    def _reasoning(self) -> list[Event]:
        deltas = super()._reasoning()
        return deltas[:1] if "redactedContent" in deltas[0]["reasoningContent"] else deltas


# One whole body.


def as_response(blocks: list[Block], stop: Event, metadata: Event) -> Event:
    """The answer of Converse that ConverseStream would have sent in pieces; blank texts are texts there as well."""
    content = [one for block in blocks for one in block.content() or [{"text": block.joined("text") or ""}]]
    return {"output": {"message": {"role": "assistant", "content": content}}, **stop, **metadata}


def as_anthropic_response(blocks: list[Block], stop: Event) -> Event:
    """The same of Anthropic Messages."""
    content = as_response(blocks, stop, {})["output"]["message"]["content"]
    told = {"content": [anthropic_block(*member) for block in content for member in block.items()]}
    return {"type": "message", "role": "assistant", **told, "stop_reason": stop["stopReason"]}


def anthropic_block(name: str, value: Any) -> Event:
    match name:
        case "toolUse":
            return {**anthropic_start({"start": {name: value}}), "input": value["input"]}
        case "reasoningContent" if "redactedContent" in value:
            return {"type": "redacted_thinking", "data": base64_text(value["redactedContent"])}
        case "reasoningContent":
            reasoning = value["reasoningText"]
            return {"type": "thinking", "thinking": reasoning["text"], "signature": reasoning.get("signature", "")}
        case "citationsContent":
            cited = [anthropic_citation(citation) for citation in value["citations"]]
            return {"type": "text", "text": value["content"][0]["text"], "citations": cited}
    return {"type": "text", "text": value}


def as_events(content: list[Event]) -> list[Event]:
    """The events that would have streamed a message's content; blocks that no stream has are deltas as they are."""
    events: list[Event] = []
    for index, block in enumerate(content):
        for name, value in block.items():
            start, deltas = streamed_block(name, value)
            if start:
                events.append({"contentBlockStart": {"contentBlockIndex": index, "start": {name: start}}})
            events += [{"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}} for delta in deltas]
    return events


def streamed_block(name: str, value: Any) -> tuple[Event, list[Event]]:
    """What starts a block, where anything does, and its deltas."""
    match name:
        case "text":
            return {}, [{"text": value}]
        case "toolUse":
            return without(value, "input"), [{name: {"input": json.dumps(value["input"])}}]
        case "toolResult":
            return without(value, "content"), [{name: value["content"]}]
        case "image":
            return {"format": value["format"]}, [{name: without(value, "format")}]
        case "reasoningContent":
            parts = value.get("reasoningText", value)
            return {}, [{name: {part: piece}} for part, piece in parts.items()]
        case "citationsContent":
            cited = [{"citation": citation} for citation in value.get("citations", [])]
            return {}, value.get("content", []) + cited
    return {}, [{name: value}]


def without(value: Event, name: str) -> Event:
    return {other: member for other, member in value.items() if other != name}
