"""A second request beside a late one, through the Python package, against the simulator."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest
from test_binding import make_client, stream_of

import bedrockstream

numbers = itertools.count()


def late(knobs: str, times: int = 1) -> str:
    """A model whose first requests are never answered."""
    return f"sim.pieces-5.{knobs}.silent.times-{times}.key-hedge{next(numbers)}"


def test_the_answer_of_the_second_request(simulator: Any) -> None:
    with make_client(simulator, **{"hedge.after_ms": 100}) as client:
        stream = stream_of(client, late("text-hello"))
        assert list(stream)
        result = stream.result
        assert result.text.startswith("hello")
        assert (result.attempts, result.hedges, result.hedges_won) == (2, 1, 1)
        assert result.timings.first_byte_us >= 100_000
        # What is answered in time has none.
        quick = stream_of(client, "sim.pieces-3")
        assert list(quick) and (quick.result.attempts, quick.result.hedges) == (1, 0)


def test_one_call_alone(simulator: Any) -> None:
    with make_client(simulator) as client:
        stream = stream_of(client, late("words-3"), config={"hedge.after_ms": 100})
        assert list(stream) and stream.result.hedges_won == 1
        with pytest.raises(bedrockstream.BedrockStreamError) as caught:
            stream_of(client, "sim.pieces-1", config={"hedge.after_ms": -1})
        assert "hedge.after_ms" in str(caught.value)


def test_a_whole_answer(simulator: Any) -> None:
    with make_client(simulator, **{"hedge.after_ms": 100}) as client:
        messages = [{"role": "user", "content": [{"text": "hi"}]}]
        answer = client.converse(modelId=late("text-hello"), messages=messages)
        assert answer["output"]["message"]["content"][0]["text"].startswith("hello")


def test_both_are_late(simulator: Any) -> None:
    with make_client(simulator, **{"hedge.after_ms": 100, "timeout.first_byte_ms": 400, "retry.mode": "off"}) as client:
        with pytest.raises(bedrockstream.StreamTimeoutError) as caught:
            list(stream_of(client, late("words-3", times=2)))
        assert caught.value.attempts == 2 and caught.value.partial.hedges == 1


def test_many_threads(simulator: Any) -> None:
    """More than may be hedged at a time: some wait for the late answer, none is lost."""
    done = []
    with make_client(simulator, **{"hedge.after_ms": 50, "io.threads": 3}) as client:
        def ask() -> None:
            for _ in range(5):
                stream = stream_of(client, "sim.pieces-3.first-150")
                list(stream)
                done.append(stream.result.hedges)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(done) == 40 and time.monotonic() - start < 60
        assert sum(done) > 0
