"""From JSON to dict, measured against botocore's own parser."""

import json
import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("BEDROCKSTREAM_LIBRARY", str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))

import botocore.parsers  # noqa: E402
import botocore.session  # noqa: E402

from bedrockstream import _events  # noqa: E402
from bedrockstream._ffi import brs_event_kind as Kind  # noqa: E402

MODEL = botocore.session.Session().get_service_model("bedrock-runtime")
SHAPE = MODEL.operation_model("ConverseStream").output_shape.members["stream"]
KINDS = {name: kind for kind, name in _events.NAMES.items()}


class Event:
    """Stands in for the library's view of an event."""

    def __init__(self, name, payload):
        self.name = name
        self.payload = payload

    def json(self):
        return self.payload

    def type(self):
        return self.name


def ours(name, payload):
    return _events.converse_event(Event(name, payload), KINDS.get(name, Kind.BRS_EVENT_OTHER.value))


def botocores(name, payload):
    headers = {":message-type": "event", ":event-type": name, ":content-type": "application/json"}
    response = {"status_code": 200, "headers": headers, "body": payload.encode()}
    return botocore.parsers.EventStreamJSONParser().parse(response, SHAPE)


EVENTS = [
    ("messageStart", {"role": "assistant", "p": "abc"}),
    ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {
        "toolUseId": "t", "name": "n", "type": None}}}),
    ("contentBlockStart", {"contentBlockIndex": 2, "start": {"toolResult": {"toolUseId": "t", "status": "success"}}}),
    ("contentBlockStart", {"contentBlockIndex": 3, "start": {"image": {"format": "png"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "null and \"p\" and \u20ac\U0001f600\u0000"}}),
    ("contentBlockDelta", {"contentBlockIndex": None, "delta": {"text": "x"}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "x", "toolUse": None}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{\"p\": null}"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "c2ln"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"redactedContent": "AAEC/w=="}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"image": {"source": {"bytes": "iVBORw=="}}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"image": {"source": {
        "s3Location": {"uri": "s3://b/k"}}}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"image": {"error": {"message": "no \"bytes\""}}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolResult": [
        {"text": "a"}, {"json": {"a": None, "bytes": "x", "p": [None]}}]}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"citation": {
        "title": "T", "source": None, "sourceContent": [{"text": "s"}],
        "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 2}}}}}),
    ("contentBlockStop", {"contentBlockIndex": 7, "p": ""}),
    ("messageStop", {"stopReason": "end_turn"}),
    ("messageStop", {"stopReason": "end_turn", "additionalModelResponseFields": {"a": None, "b": [1.5, 10**20, None]}}),
    ("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "cacheReadInputTokens": None},
                  "metrics": {"latencyMs": 5}, "trace": {"guardrail": {"modelOutput": ["x"], "inputAssessment": {
                      "g": {"contextualGroundingPolicy": {"filters": [
                          {"type": "GROUNDING", "threshold": 0.5, "score": 1, "action": "NONE"}]}}}}},
                  "performanceConfig": {"latency": "standard"}, "serviceTier": {"type": "default"}, "p": "ab"}),
]


@pytest.mark.parametrize("name, payload", EVENTS, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("write", [
    lambda payload: json.dumps(payload),
    lambda payload: json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
    lambda payload: "\n " + json.dumps(payload, indent=3) + " \r\n",
], ids=["escaped", "plain", "spaced"])
def test_events_are_botocores(name, payload, write):
    assert ours(name, write(payload)) == botocores(name, write(payload))


def test_unknown_names_and_members_stay():
    assert ours("newEvent", '{"a": 1, "p": "x"}') == {"newEvent": {"a": 1}}
    assert ours("messageStop", '{"stopReason": "x", "new": {"bytes": "AAA="}}') == {
        "messageStop": {"stopReason": "x", "new": {"bytes": "AAA="}}}


def test_an_empty_payload_is_an_empty_event():
    assert ours("messageStop", "") == {"messageStop": {}}
