"""The assistant's message that the events of ConverseStream amount to: a plain fold over what boto3 hands over."""

from __future__ import annotations

import json
from typing import Any

from event_wire import Event

STREAMED = {"text", "toolUse", "toolResult", "reasoningContent", "citation", "image"}


def is_json(text: str) -> bool:
    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


class Block:
    """What came of one content block."""

    def __init__(self) -> None:
        self.start: Event = {}
        self.deltas: list[Event] = []

    def joined(self, *path: str) -> Any:
        """The pieces that stand at a path in its deltas, joined; None where there are none."""
        pieces: list[Any] = []
        for delta in self.deltas:
            piece: Any = delta
            for name in path:
                piece = piece.get(name) if isinstance(piece, dict) else None
            if piece is not None:
                pieces.append(piece)
        joined = pieces[0][:0] if pieces else None
        for piece in pieces:
            joined += piece
        return joined

    @property
    def input(self) -> str:
        return self.joined("toolUse", "input") or "{}"

    def content(self) -> list[Event]:
        """What it is in a message: nothing, one block, or two where reasoning and text share an index."""
        if "toolUse" in self.start:
            parsed = json.loads(self.input) if is_json(self.input) else None
            if not isinstance(parsed, dict):
                parsed = {"INVALID_JSON": self.input}
            return [{"toolUse": {**self.start["toolUse"], "input": parsed}}]
        if "toolResult" in self.start:
            told = {name: word for name, word in self.start["toolResult"].items() if word}
            return [{"toolResult": {**told, "content": self.joined("toolResult") or []}}]
        if "image" in self.start:
            return self._image()
        return self._reasoning() + self._text() + self._whole()

    def _whole(self) -> list[Event]:
        """What streams have no form for, and a whole answer's content may hold."""
        return [delta for delta in self.deltas if not delta.keys() & STREAMED]

    def _image(self) -> list[Event]:
        pieces = [delta["image"] for delta in self.deltas if "image" in delta]
        image = {**self.start["image"]}
        for piece in pieces:
            image |= piece
        data = self.joined("image", "source", "bytes")
        if data is not None:
            image["source"] = {"bytes": data}
        # The service takes no image without a source.
        return [{"image": image}] if "source" in image else []

    def _reasoning(self) -> list[Event]:
        found: list[Event] = []
        text, signature = self.joined("reasoningContent", "text"), self.joined("reasoningContent", "signature")
        redacted = self.joined("reasoningContent", "redactedContent")
        if text or signature:
            signed = {"signature": signature} if signature else {}
            found.append({"reasoningContent": {"reasoningText": {"text": text or "", **signed}}})
        if redacted:
            found.append({"reasoningContent": {"redactedContent": redacted}})
        return found

    def _text(self) -> list[Event]:
        text = self.joined("text") or ""
        citations = [delta["citation"] for delta in self.deltas if "citation" in delta]
        if citations:
            return [{"citationsContent": {"content": [{"text": text}], "citations": citations}}]
        return [{"text": text}] if text.strip() else []


class Fold:
    """An answer's blocks by their index."""

    def __init__(self, events: list[Event]) -> None:
        self._blocks: dict[int, Block] = {}
        for event in events:
            if "contentBlockStart" in event:
                self._block(event["contentBlockStart"]).start = event["contentBlockStart"]["start"]
            elif "contentBlockDelta" in event:
                self._block(event["contentBlockDelta"]).deltas.append(event["contentBlockDelta"]["delta"])

    def _block(self, value: Event) -> Block:
        return self._blocks.setdefault(value.get("contentBlockIndex", -1), Block())

    @property
    def blocks(self) -> list[Block]:
        return [self._blocks[index] for index in sorted(self._blocks)]

    @property
    def message(self) -> Event | None:
        """None where there is nothing that a message could hold: the service takes no empty ones."""
        content = [content for block in self.blocks for content in block.content()]
        return {"role": "assistant", "content": content} if content else None

    @property
    def text(self) -> str:
        return "".join(block.joined("text") or "" for block in self.blocks)

    @property
    def tools(self) -> list[Any]:
        """Calls as `on_tool` tells them: block, id, name, whether the service runs it, whether it is JSON, input."""
        calls = [(index, block) for index, block in sorted(self._blocks.items()) if "toolUse" in block.start]
        return [
            (index, block.start["toolUse"]["toolUseId"], block.start["toolUse"]["name"],
             block.start["toolUse"].get("type") == "server_tool_use", is_json(block.input), block.input)
            for index, block in calls
        ]
