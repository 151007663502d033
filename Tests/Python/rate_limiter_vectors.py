"""What botocore's adaptive mode does with schedules of calls, as vectors for the Swift tests.

    build/venv/bin/python Tests/Python/rate_limiter_vectors.py    writes them anew
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from botocore.retries import adaptive, bucket, throttling

VECTORS = Path(__file__).resolve().parents[1] / "BedrockCoreTests" / "Retry" / "RateLimiterVectors.swift"
SEEDS = (1, 2, 3, 4)
STEPS = 60
HEAD = """// What botocore's adaptive retry mode (retries.adaptive, bucket, throttling) does with schedules of calls.
// Written by Tests/Python/rate_limiter_vectors.py; a Python test compares them with the botocore that is installed.

/// An attempt that a caller wants to send at `time`, and that is answered `duration` after it was sent. Times are
/// milliseconds; `wait` and the rates, per second, are botocore's.
struct RateStep {
    let time, duration: Int64
    let isThrottled: Bool
    let wait, rate, measured: Double

    init(_ time: Int64, _ duration: Int64, _ isThrottled: Bool, _ wait: Double, _ rate: Double, _ measured: Double) {
        (self.time, self.duration, self.isThrottled) = (time, duration, isThrottled)
        (self.wait, self.rate, self.measured) = (wait, rate, measured)
    }
}

"""


class Clock(bucket.Clock):
    """Time that passes when it is told to."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self.now = now

    def current_time(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        """A little more, as a real clock does: less than the clock resolves would never end the waiting."""
        self.now += seconds + 1e-9


class Answers:
    """In place of botocore's look at a response."""

    def is_throttling_error(self, throttled: bool) -> bool:
        return throttled


def limiter(clock: Clock) -> adaptive.ClientRateLimiter:
    """As `adaptive.register_retry_handler` puts it together, but for the clock."""
    tokens = bucket.TokenBucket(max_rate=1, clock=clock)
    condition: Any = tokens._new_fill_rate_condition
    condition.wait = clock.wait
    return adaptive.ClientRateLimiter(
        rate_adjustor=throttling.CubicCalculator(starting_max_rate=0, start_time=clock.current_time()),
        rate_clocker=adaptive.RateClocker(clock), token_bucket=tokens, throttling_detector=Answers(), clock=clock)


def schedule(seed: int) -> list[tuple[int, int, bool]]:
    """Callers that come at some pace, and a service that throttles now and then, or for a while."""
    random = Random(seed)
    steps, time, throttles = [], random.randrange(1000, 3000), False
    for _ in range(STEPS):
        time += random.choice([0, 5, 40, 250, 700, 2500])
        if random.random() < 0.15:
            throttles = not throttles
        steps.append((time, random.randrange(1, 400), throttles and random.random() < 0.6))
    return steps


def by_botocore(steps: list[tuple[int, int, bool]]) -> list[tuple[float, float, float]]:
    """One after the other: how long each waited, then the rate and the measured rate behind its answer."""
    clock = Clock(steps[0][0] / 1000)
    tested = limiter(clock)
    results = []
    for time, duration, throttled in steps:
        clock.now = max(clock.now, time / 1000)
        wanted = clock.now
        tested.on_sending_request(None)
        wait = clock.now - wanted
        clock.now += duration / 1000
        tested.on_receiving_response(throttled=throttled)
        results.append((wait, tested._token_bucket.max_rate, tested._rate_clocker.measured_rate))
    return results


def text() -> str:
    lines = [HEAD + "let rateSchedules: [[RateStep]] = ["]
    for seed in SEEDS:
        steps = schedule(seed)
        lines.append("    [")
        for (time, duration, throttled), numbers in zip(steps, by_botocore(steps), strict=True):
            values = [str(time), str(duration), str(throttled).lower(), *(f"{number:.9f}" for number in numbers)]
            lines.append(f"        RateStep({', '.join(values)}),")
        lines.append("    ],")
    return "\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    VECTORS.write_text(text())
