"""What the library does about a failure that it does not end with."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Sequence

from . import _ffi, errors
from ._ffi import brs_event_kind as Kind
from .result import ToolCall, text

KINDS = {
    Kind.BRS_EVENT_RETRY.value: "retry",
    Kind.BRS_EVENT_RESTART.value: "restart",
    Kind.BRS_EVENT_CONTINUE.value: "continue",
    Kind.BRS_EVENT_FALLBACK.value: "fallback",
}


class Retry(NamedTuple):
    """An attempt failed and another one follows, in `delay_s` seconds.

    `kind` is "retry" where nothing was delivered before; "restart" where what was delivered is void and the answer
    begins again; "continue" where the text goes on where it was; "fallback" where another model or region is asked.
    `error` says how the attempt failed; `model_id` and `region` say who is asked next.
    """

    kind: str
    attempt: int
    max_attempts: int
    delay_s: float
    error: errors.BedrockStreamError
    model_id: str
    region: str


OnRetry = Callable[[Retry], object]


def read_retry(retry: _ffi.brs_retry, tool_calls: Sequence[ToolCall]) -> Retry:
    return Retry(
        kind=KINDS.get(retry.kind, "retry"),
        attempt=retry.attempt,
        max_attempts=retry.max_attempts,
        delay_s=retry.delay_ms / 1000,
        error=errors.of_stream(retry.error.contents, tool_calls),
        model_id=text(retry.model_id, retry.model_id_len),
        region=text(retry.region, retry.region_len),
    )


def restart_event(retry: Retry) -> Dict[str, Any]:
    """What the reader of events is told: the answer begins again."""
    return {
        "restart": {
            "attempt": retry.attempt,
            "reason": retry.error.name,
            "message": retry.error.message,
            "delivered": retry.error.delivered,
        }
    }
