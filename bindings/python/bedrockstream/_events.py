"""From an event's JSON to the dict that boto3 gives."""

from __future__ import annotations

import base64
import json
from typing import Any, Dict

from ._pull import Puller
from ._ffi import brs_event_kind as Kind

NAMES = {
    Kind.BRS_EVENT_MESSAGE_START.value: "messageStart",
    Kind.BRS_EVENT_BLOCK_START.value: "contentBlockStart",
    Kind.BRS_EVENT_DELTA.value: "contentBlockDelta",
    Kind.BRS_EVENT_BLOCK_STOP.value: "contentBlockStop",
    Kind.BRS_EVENT_MESSAGE_STOP.value: "messageStop",
    Kind.BRS_EVENT_METADATA.value: "metadata",
}
# Members whose value is free JSON: a null in there is a value.
DOCUMENTS = ("additionalModelResponseFields", "json")

decode_json = json.JSONDecoder().raw_decode


def converse_event(puller: Puller, kind: int) -> Dict[str, Any]:
    raw = puller.json().lstrip()
    payload: Dict[str, Any] = decode_json(raw)[0] if raw else {}
    # "p" is padding against guessing an answer from the lengths of its packets; it means nothing.
    if "p" in payload:
        del payload["p"]
    if "null" in raw:
        payload = without_nulls(payload)
    if '"redactedContent"' in raw or '"bytes"' in raw:
        decode_blobs(payload)
    return {NAMES.get(kind) or puller.type(): payload}


def chunk_event(puller: Puller, kind: int) -> Dict[str, Any]:
    return {puller.type(): {"bytes": puller.bytes()}}


def without_nulls(value: Any) -> Any:
    """A member that is null is a member that is not there."""
    if isinstance(value, dict):
        return {
            key: member if key in DOCUMENTS else without_nulls(member)
            for key, member in value.items()
            if member is not None
        }
    if isinstance(value, list):
        return [without_nulls(member) for member in value]
    return value


def decode_blobs(payload: Dict[str, Any]) -> None:
    """The two members of events that are blobs: redacted reasoning and the bytes of an image."""
    delta = payload.get("delta")
    if not isinstance(delta, dict):
        return
    decode_blob(delta.get("reasoningContent"), "redactedContent")
    image = delta.get("image")
    decode_blob(image.get("source") if isinstance(image, dict) else None, "bytes")


def decode_blob(owner: Any, name: str) -> None:
    if isinstance(owner, dict) and isinstance(owner.get(name), str):
        owner[name] = base64.b64decode(owner[name])


def encode_blob(value: Any) -> str:
    """For json.dumps: what the API calls a blob travels as base64."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    raise TypeError("%s cannot be sent: use dict, list, str, bytes, numbers, bool or None" % type(value).__name__)
