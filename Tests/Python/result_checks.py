"""What a result has to say of the events that ended it."""

from __future__ import annotations

import json
from typing import Any

from event_wire import Event, without_news

from bedrockstream import _events
from bedrockstream._ffi import brs_stop_reason

STOP_NAMES = {
    "guardrail_intervened": "BRS_STOP_GUARDRAIL",
    "malformed_model_output": "BRS_STOP_MALFORMED_OUTPUT",
    "model_context_window_exceeded": "BRS_STOP_CONTEXT_EXCEEDED",
}
USAGE = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "totalTokens": "total_tokens",
    "cacheReadInputTokens": "cache_read_input_tokens",
    "cacheWriteInputTokens": "cache_write_input_tokens",
}
KEPT = {"5m": "cache_write_5m_input_tokens", "1h": "cache_write_1h_input_tokens"}
WORDS = {
    "answered_model_id": ("trace", "promptRouter", "invokedModelId"),
    "service_tier": ("serviceTier", "type"),
    "performance_latency": ("performanceConfig", "latency"),
}


def check_stop(result: dict[str, Any], stops: list[Event]) -> None:
    word = stops[-1]["stopReason"]
    assert result["stop_reason_text"].decode() == word
    assert brs_stop_reason(result["stop_reason"]).name == STOP_NAMES.get(word, "BRS_STOP_" + word.upper())
    assert result["is_truncated"] == int(word in ("max_tokens", "model_context_window_exceeded"))
    assert result["is_refused"] == int(word in ("guardrail_intervened", "content_filtered"))
    assert (result["is_interrupted"], result["rounds"]) == (0, 1)
    fields = [stop["additionalModelResponseFields"] for stop in stops if "additionalModelResponseFields" in stop]
    assert json.loads(result["additional_fields_json"] or "null") == (fields[-1] if fields else None)


def check_metadata(result: dict[str, Any], metadata: list[Event]) -> None:
    """Of several, each member that came last."""
    told = {**dict.fromkeys(USAGE, -1), **dict.fromkeys(KEPT, -1), "latencyMs": -1}
    for one in metadata:
        told |= {name: count for name, count in one["usage"].items() if name in USAGE}
        told |= {detail["ttl"]: detail["inputTokens"] for detail in one["usage"].get("cacheDetails", [])}
        told |= one["metrics"]
    assert result["timings"]["server_latency_ms"] == told.pop("latencyMs")
    assert {name: result["usage"][ours] for name, ours in (USAGE | KEPT).items()} == told
    trace = without_news(json.loads(result["trace_json"] or "null"))
    assert _events.without_nulls(trace) == next((one["trace"] for one in reversed(metadata) if "trace" in one), None)
    for name, path in WORDS.items():
        words = [word for word in (at(one, *path) for one in metadata) if word is not None]
        assert result[name].decode() == (words[-1] if words else "")


def at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if value is not None else None
    return value
