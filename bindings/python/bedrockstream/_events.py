"""From an event's JSON to the dict that boto3 gives."""

from __future__ import annotations

import base64
import json
from typing import Any, Callable, Dict, Optional, Tuple

from ._blobs import decode_blob, decode_message, decode_source
from ._ffi import brs_event_kind as Kind
from ._view import View

NAMES = {
    Kind.BRS_EVENT_MESSAGE_START.value: "messageStart",
    Kind.BRS_EVENT_BLOCK_START.value: "contentBlockStart",
    Kind.BRS_EVENT_DELTA.value: "contentBlockDelta",
    Kind.BRS_EVENT_BLOCK_STOP.value: "contentBlockStop",
    Kind.BRS_EVENT_MESSAGE_STOP.value: "messageStop",
    Kind.BRS_EVENT_METADATA.value: "metadata",
}
OTHER = Kind.BRS_EVENT_OTHER.value
# Members whose value is free JSON: a null in there is a value.
DOCUMENTS = ("additionalModelResponseFields", "json", "input")

# Not `decode`, which looks for white space and for more behind the value: the library has checked all that.
scan_json: Callable[[str, int], Tuple[Any, int]] = getattr(json.JSONDecoder(), "scan_once")


def converse_event(view: View, kind: int) -> Optional[Dict[str, Any]]:
    """None for an event that is none of the wire's."""
    raw = view.json().lstrip()
    if not raw and not view.type():
        return None
    payload: Dict[str, Any] = scan_json(raw, 0)[0] if raw else {}
    # "p" is padding against guessing an answer from the lengths of its packets; it means nothing.
    if "p" in payload:
        del payload["p"]
    if "null" in raw:
        payload = without_nulls(payload)
    if '"redactedContent"' in raw or '"bytes"' in raw:
        decode_blobs(payload)
    return {NAMES.get(kind) or view.type(): payload}


def chunk_event(view: View, kind: int) -> Optional[Dict[str, Any]]:
    name = view.type()
    return {name: {"bytes": view.bytes()}} if name else None


def batch_event(view: View, kind: int) -> Optional[Dict[str, Any]]:
    """The whole answer, under the operation's name; what the library makes of it is in the result."""
    return {view.type(): view.bytes()} if kind == OTHER else None


def converse_response(body: bytes) -> Dict[str, Any]:
    """The answer of Converse as boto3 gives it."""
    response: Dict[str, Any] = without_nulls(json.loads(body))
    output = response.get("output")
    decode_message(output.get("message") if isinstance(output, dict) else None)
    return response


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
    if isinstance(delta, dict):
        decode_blob(delta.get("reasoningContent"), "redactedContent")
        decode_source(delta.get("image"))


def encode_blob(value: Any) -> str:
    """For json.dumps: what the API calls a blob travels as base64."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    raise TypeError("%s cannot be sent: use dict, list, str, bytes, numbers, bool or None" % type(value).__name__)
