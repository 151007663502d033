"""What the API calls a blob travels as base64, and is bytes in Python."""

from __future__ import annotations

import base64
import binascii
from typing import Any

# Content of messages and of tool results with a source of bytes.
FILES = ("image", "document", "video", "audio")


def decode_message(message: Any) -> None:
    """Decodes the blobs of a message in Converse's shape, in place. Inputs of tools are the model's own and stay."""
    content = message.get("content") if isinstance(message, dict) else None
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            decode_blob(block.get("reasoningContent"), "redactedContent")
            decode_files(block)
            decode_message(block.get("toolResult"))


def decode_files(block: Any) -> None:
    for name in FILES:
        if name in block:
            decode_source(block[name])


def decode_source(owner: Any) -> None:
    decode_blob(owner.get("source") if isinstance(owner, dict) else None, "bytes")


def decode_blob(owner: Any, name: str) -> None:
    if isinstance(owner, dict) and isinstance(owner.get(name), str):
        try:
            owner[name] = base64.b64decode(owner[name])
        except binascii.Error:
            pass  # what is no base64 stays what it is
