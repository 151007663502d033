"""A client that limits itself, through the Python package, against the simulator."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from test_binding import make_client, stream_of

import bedrockstream

SLOW, QUICK = "sim.pieces-30.pace-40", "sim.pieces-3"


def test_a_wait_that_takes_too_long(simulator: Any) -> None:
    with make_client(simulator, **{"limit.streams": 1, "limit.queue_ms": 150}) as client:
        with stream_of(client, SLOW):
            start = time.monotonic()
            with pytest.raises(bedrockstream.StreamTimeoutError) as caught:
                stream_of(client, QUICK)
            assert 0.14 < time.monotonic() - start < 5
        error = caught.value
        assert error.name == "BRS_E_TIMEOUT_QUEUE" and "limit.queue_ms=150" in error.message and not error.retryable
        assert error.partial.queued_us >= 150_000 and isinstance(error, TimeoutError)
        # The first has been closed.
        later = stream_of(client, QUICK)
        assert list(later) and later.result.queued_us == 0


def test_too_many_that_wait(simulator: Any) -> None:
    with make_client(simulator, **{"limit.streams": 1, "limit.queued_streams": 1}) as client:
        with stream_of(client, SLOW), ThreadPoolExecutor() as pool:
            errors = [pool.submit(stream_of, client, QUICK) for _ in range(3)]
            failed = [one.exception(timeout=20) for one in errors if one.done() or not waits(one)]
            assert [type(error) for error in failed] == [bedrockstream.QueueFullError] * 2
            assert failed[0].name == "BRS_E_QUEUE_FULL" and "limit.queued_streams" in str(failed[0])
            for one in errors:
                if one.exception() is None:
                    assert list(one.result())


def waits(call: Any) -> bool:
    """Whether it is still waiting after a while."""
    end = time.monotonic() + 0.4
    while time.monotonic() < end and not call.done():
        time.sleep(0.01)
    return not call.done()


def test_tenants_take_turns(simulator: Any) -> None:
    order = []
    lock = threading.Lock()

    def ask(client: Any, tenant: str) -> None:
        with stream_of(client, QUICK, config={"limit.group": tenant}) as stream:
            with lock:
                order.append(tenant)
            list(stream)

    with make_client(simulator, **{"limit.streams": 1}) as client, ThreadPoolExecutor(16) as pool:
        first = stream_of(client, SLOW)
        calls = []
        for tenant in ["many"] * 6 + ["one"]:
            calls.append(pool.submit(ask, client, tenant))
            time.sleep(0.03)
        first.close()
        for call in calls:
            call.result(timeout=20)
    assert order.index("one") <= 1 and len(order) == 7


def test_limits_belong_to_the_client(simulator: Any) -> None:
    with make_client(simulator, **{"limit.streams": 4}) as client:
        assert client.setting("limit.streams") == "4"
        with pytest.raises(bedrockstream.ArgumentError, match="limit.streams"):
            stream_of(client, QUICK, config={"limit.streams": 1})


def test_so_many_requests_in_a_minute(simulator: Any) -> None:
    with make_client(simulator, **{"limit.requests_per_minute": 60}) as client:
        streams = [stream_of(client, QUICK) for _ in range(4)]
        assert all(list(stream) for stream in streams)
        waits = [stream.result.queued_us for stream in streams]
        assert waits[:3] == [0, 0, 0] and waits[3] > 500_000
