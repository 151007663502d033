"""The Python package in a loop of asyncio: events and ends as of the client with a thread, any number at once."""

import asyncio
import contextvars
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import uvloop
from conftest import ROOT
from test_binding import HELLO, INTERPRETERS, KEYS, client, comparable, stream_of, until  # noqa: F401
from test_binding_tools import THREE_ROUNDS, TWO, results_sent, told

import bedrockstream


def make_async(simulator, **settings):
    return bedrockstream.AsyncClient(
        region_name="us-east-1", endpoint_url=simulator.endpoint, config={"retry.mode": "off", **settings}, **KEYS)


def run(simulator, scene, **settings):
    """Runs a scene with a client in an event loop of its own."""

    async def play():
        async with make_async(simulator, **settings) as one:
            return await scene(one)

    return asyncio.run(asyncio.wait_for(play(), 60))


async def open_stream(of, model, **members):
    return (await of.converse_stream(modelId=model, **{"messages": HELLO, **members}))["stream"]


async def events_of(of, model, **members):
    return [event async for event in await open_stream(of, model, **members)]


async def events_of_stream(stream):
    return [event async for event in stream]


def text_of(events):
    return "".join(event.get("contentBlockDelta", {}).get("delta", {}).get("text", "") for event in events)


async def sooner(condition, seconds=10.0):
    """As `until`, without holding up the loop."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return condition()


class Resources(NamedTuple):
    files: int
    threads: int


def resources():
    gc.collect()
    return Resources(len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))


def is_idle(simulator):
    return simulator.stats()["streams"]["open"] == 0


# ---- the same as of the client with a thread


@pytest.mark.parametrize("model", [
    "sim.pieces-20", "sim.unicode.escapes", "sim.reasoning-10.redacted", "sim.citation.image", "sim.novel",
    "sim.pieces-50.write-3", "sim.cache-10.fields.trace"])
def test_the_same_events(simulator, client, model):  # noqa: F811
    assert comparable(run(simulator, lambda of: events_of(of, model))) == comparable(stream_of(client, model))


def test_the_other_calls(simulator, client):  # noqa: F811
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 500,
                       "messages": [{"role": "user", "content": "hello"}]})

    async def scene(of):
        chunks = await of.invoke_model_with_response_stream(modelId="sim.echo", body=body, accept="application/json")
        assert chunks["contentType"] == "application/json"
        pieces = [event["chunk"]["bytes"] async for event in chunks["body"]]
        whole = await of.converse(modelId="sim.echo", messages=HELLO)
        invoked = await of.invoke_model(modelId="sim.echo", body=body)
        with pytest.raises(TypeError):
            await of.invoke_model(modelId="sim.echo", body=body, acept="application/json")
        return pieces, whole, invoked

    pieces, whole, invoked = run(simulator, scene)
    wanted = client.invoke_model_with_response_stream(modelId="sim.echo", body=body)["body"]
    assert len(pieces) == len(list(wanted))
    assert whole["output"] == client.converse(modelId="sim.echo", messages=HELLO)["output"]
    assert whole.result.text == HELLO[0]["content"][0]["text"]
    assert json.loads(invoked["body"].read())["content"] == [{"type": "text", "text": "hello"}]


def test_the_end_is_told(simulator):
    async def scene(of):
        response = await of.converse_stream(modelId="sim.pieces-9.pace-10", messages=HELLO)
        stream = response["stream"]
        assert stream.result is None
        events = [event async for event in stream]
        assert stream.result.text == text_of(events) and stream.result.delivered == 9
        assert response["ResponseMetadata"]["RequestId"] == stream.result.request_id != ""
        assert [event async for event in stream] == [] and stream.error is None
        await stream.close()
        assert [event async for event in stream] == []

    run(simulator, scene)


@pytest.mark.parametrize("model, kind", [
    ("sim.error-ValidationException", "ValidationError"), ("sim.throttle-9", "ThrottlingError"),
    ("sim.silent", "StreamTimeoutError"), ("sim.drop-reset", "IncompleteError ConnectionFailedError")])
def test_errors_before_the_first_event_are_raised_by_the_call(simulator, model, kind):
    async def scene(of):
        with pytest.raises(tuple(getattr(bedrockstream, one) for one in kind.split())):
            await open_stream(of, model)

    run(simulator, scene, **{"timeout.first_byte_ms": 300})


def test_errors_amid_the_answer_stay(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.pieces-50.cutafter-5.how-end")
        seen = []
        for _ in range(2):
            with pytest.raises(bedrockstream.IncompleteError) as caught:
                async for event in stream:
                    seen.append(event)
        assert caught.value.delivered == 5 and caught.value.partial.text == text_of(seen) != ""
        assert stream.error is caught.value

    run(simulator, scene)


def test_bad_arguments(simulator):
    async def scene(of):
        for members in ({"modelId": ""}, {"modelId": "a\0b"}, {"modelId": "x", "system": [object()]}):
            with pytest.raises(bedrockstream.ArgumentError):
                await of.converse_stream(messages=HELLO, **members)

    run(simulator, scene)
    with pytest.raises(bedrockstream.ArgumentError):
        make_async(simulator, **{"no.such_key": "1"})
    with pytest.raises(bedrockstream.ArgumentError, match="io.threads: is 0 for AsyncClient, not 4"):
        make_async(simulator, **{"io.threads": 4})


# ---- many at once


def test_a_thousand_streams(simulator):
    async def one(of, number):
        prompt = f"number {number} of a thousand, with words enough for some pieces"
        stream = await open_stream(of, "sim.echo.pace-300", messages=[{"role": "user", "content": [{"text": prompt}]}])
        return prompt, stream

    async def whole(opened):
        assert text_of(await events_of_stream(opened[1])) == opened[0]

    async def scene(of):
        before, latest, last = resources(), 0.0, time.monotonic()
        streams = await asyncio.gather(*(one(of, number) for number in range(1000)))
        assert simulator.stats()["streams"]["open"] > 900
        last = time.monotonic()
        reading = asyncio.gather(*map(whole, streams))
        while not reading.done():
            await asyncio.sleep(0.01)
            latest, last = max(latest, time.monotonic() - last), time.monotonic()
        await reading
        del reading, streams
        assert resources().threads == before.threads and len(asyncio.all_tasks()) == 2
        assert not of._hub._streams and not of._hub._handles
        return latest

    before = resources()
    assert run(simulator, scene) < 5, "the loop stood still"
    assert simulator.stats()["streams"]["completed"] == 1000
    assert resources() == before


def test_uvloop(simulator):
    """Another loop with the same calls, libuv's."""
    async def scene():
        async with make_async(simulator) as of:
            answers = await asyncio.gather(*(events_of(of, "sim.echo.pace-20") for _ in range(100)))
            assert {text_of(events) for events in answers} == {HELLO[0]["content"][0]["text"]}
            stream = await open_stream(of, "sim.pieces-20.stall-5")
            asyncio.get_running_loop().call_later(0.1, stream.cancel)
            with pytest.raises(bedrockstream.CancelledError):
                await events_of_stream(stream)

    loop = uvloop.new_event_loop()
    loop.run_until_complete(asyncio.wait_for(scene(), 30))
    loop.close()


def test_a_slow_reader_holds_its_stream_back_and_no_other(simulator):
    def memory():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    async def scene(of):
        slow = await open_stream(of, "sim.pieces-1500.piece-20000")
        await asyncio.sleep(0.5)
        before = memory()
        for _ in range(5):
            assert await events_of(of, "sim.pieces-100")
            await asyncio.sleep(0.1)
        assert memory() - before < 4_000_000
        assert simulator.stats()["streams"]["open"] == 1
        assert sum([len(text_of([event])) async for event in slow]) == 1500 * 20000

    run(simulator, scene, **{"timeout.between_bytes_ms": 400})


# ---- cancelling, dropping, closing


@pytest.mark.parametrize("model", ["sim.silent", "sim.pieces-20.stall-5"])
def test_a_cancelled_task_cancels_its_stream(simulator, model):
    async def scene(of):
        task = asyncio.create_task(events_of(of, model))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await sooner(lambda: is_idle(simulator))
        assert await events_of(of, "sim.pieces-3")

    run(simulator, scene)


def test_a_limit_of_asyncio(simulator):
    async def scene(of):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(events_of(of, "sim.pieces-20.stall-5"), 0.3)
        assert await sooner(lambda: is_idle(simulator))

    run(simulator, scene)


def test_cancel_wakes_a_reader(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.pieces-20.stall-5")
        asyncio.get_running_loop().call_later(0.2, stream.cancel)
        with pytest.raises(bedrockstream.CancelledError) as caught:
            async for _ in stream:
                pass
        assert caught.value.delivered == 5

    run(simulator, scene)


def test_close_wakes_a_reader(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.pieces-20.stall-5")
        reader = asyncio.create_task(events_of_stream(stream))
        await asyncio.sleep(0.2)
        await stream.close()
        with pytest.raises(bedrockstream.CancelledError):
            await reader
        assert await sooner(lambda: is_idle(simulator))

    run(simulator, scene)


def test_two_readers_are_one_too_many(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.pieces-20.stall-1")
        first = asyncio.create_task(events_of_stream(stream))
        await asyncio.sleep(0.2)
        with pytest.raises(bedrockstream.StateError):
            await stream.__anext__()
        await stream.close()
        with pytest.raises(bedrockstream.CancelledError):
            await first

    run(simulator, scene)


def test_a_dropped_stream_is_cancelled(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.pieces-1000.pace-50")
        async with await open_stream(of, "sim.pieces-1000.pace-50") as other:
            await other.__anext__()
        del stream, other
        gc.collect()
        assert await sooner(lambda: is_idle(simulator))

    run(simulator, scene)


def test_closing_the_client_cancels_its_streams(simulator):
    async def scene(of):
        streams = [await open_stream(of, "sim.pieces-1000.pace-50") for _ in range(5)]
        readers = [asyncio.create_task(events_of_stream(stream)) for stream in streams]
        await asyncio.sleep(0.1)
        await of.close()
        for outcome in await asyncio.gather(*readers, return_exceptions=True):
            assert isinstance(outcome, bedrockstream.CancelledError)
        with pytest.raises(bedrockstream.StateError):
            await open_stream(of, "sim.pieces-3")

    run(simulator, scene)
    assert until(lambda: is_idle(simulator))


def test_drain(simulator):
    async def scene(of):
        readers = [asyncio.create_task(events_of(of, "sim.pieces-10.pace-20")) for _ in range(5)]
        await asyncio.sleep(0.1)
        draining = asyncio.create_task(of.drain())
        await asyncio.sleep(0)
        with pytest.raises(bedrockstream.StateError):
            await open_stream(of, "sim.pieces-3")
        assert await draining and all(await asyncio.gather(*readers))

    async def late(of):
        reader = asyncio.create_task(events_of(of, "sim.pieces-20.stall-5"))
        await asyncio.sleep(0.2)
        assert not await of.drain(0.1)
        with pytest.raises(bedrockstream.CancelledError):
            await reader

    run(simulator, scene)
    run(simulator, late)
    assert run(simulator, lambda of: of.drain())


def test_detach(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.pieces-20.pace-10")
        stream.detach()
        assert await events_of_stream(stream) == []
        assert stream.result.usage.output_tokens > 0

    run(simulator, scene)


def test_nothing_is_left(simulator):
    async def leave(of):
        streams = [await open_stream(of, "sim.pieces-1000.pace-20") for _ in range(20)]
        assert len(streams) == 20

    async def drop():
        of = make_async(simulator)
        await leave(of)
        del of
        gc.collect()

    before = resources()
    for _ in range(3):
        run(simulator, leave)
        asyncio.run(drop())
    assert until(lambda: resources() <= before), (before, resources())


def test_a_limit_of_its_own_for_what_waits(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.pieces-3000.piece-100")
        await asyncio.sleep(0.3)
        assert 2 < len(stream._waiting) < 100
        assert len(text_of(await events_of_stream(stream))) == 300_000 and stream.result.delivered == 3000
        held = await open_stream(of, "sim.pieces-3000.piece-100")
        await asyncio.sleep(0.3)
        held.cancel()
        with pytest.raises(bedrockstream.CancelledError):
            await events_of_stream(held)
        held = await open_stream(of, "sim.pieces-3000.piece-100")
        await asyncio.sleep(0.3)
        held.detach()
        assert await events_of_stream(held) == [] and held.result.usage.output_tokens > 0
        held = await open_stream(of, "sim.pieces-3000.piece-100")
        await asyncio.sleep(0.3)

    run(simulator, scene, **{"delivery.queue_bytes": 8192})


def test_a_cancelled_task_leaves_others_alone(simulator):
    """Nothing is lost or told twice of those that run beside ones that are cancelled at any time."""
    async def scene(of):
        prompt = [{"role": "user", "content": [{"text": "some words that " * 10}]}]
        tasks = [asyncio.create_task(events_of(of, "sim.echo.pace-5", messages=prompt)) for _ in range(90)]
        for number, task in enumerate(tasks):
            if number % 3:
                await asyncio.sleep(0.002)
                task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert {text_of(events) for events in ends[::3]} == {"some words that " * 10}
        assert any(isinstance(end, asyncio.CancelledError) for end in ends)
        del tasks, ends
        assert await sooner(lambda: is_idle(simulator) and not of._hub._handles)

    run(simulator, scene)


def test_cancelled_by_the_end_of_the_loop(simulator):
    """The server knows at once, though nobody has closed the client."""
    of = make_async(simulator)

    async def leave():
        asyncio.create_task(events_of(of, "sim.pieces-20.stall-5"))
        await asyncio.sleep(0.3)

    asyncio.run(leave())
    assert until(lambda: is_idle(simulator))
    asyncio.run(of.close())


def test_cancel_from_another_thread(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.pieces-20.stall-5")
        threading.Timer(0.1, stream.cancel).start()
        with pytest.raises(bedrockstream.CancelledError):
            await events_of_stream(stream)
        # Where the last mention of a stream goes.
        dropped = [await open_stream(of, "sim.pieces-1000.pace-50")]
        threading.Timer(0.1, dropped.clear).start()
        assert await sooner(lambda: is_idle(simulator))

    run(simulator, scene)


# ---- tools, retries, identity


def test_tools(simulator):
    threads = []

    async def weather(question):
        await asyncio.sleep(0.01)
        return {"sky": "clear"}

    def trains(question):
        threads.append(question)
        raise StopIteration("no trains")

    async def scene(of):
        stream = await open_stream(of, THREE_ROUNDS, toolConfig=TWO, tools={"weather": weather, "trains": trains})
        events = await events_of_stream(stream)
        assert [one["name"] for one in told(events, "toolWaiting")] == ["weather", "trains"] * 3
        assert stream.result.rounds == 4 and len(threads) == 3

    run(simulator, scene)
    sent = results_sent(simulator)
    assert [result.get("status") for result in sent] == [None, "error"]
    assert sent[0]["content"] == [{"json": {"sky": "clear"}}] and "StopIteration: no trains" in str(sent[1]["content"])


def test_tools_that_are_objects_and_that_give_up(simulator):
    class Weather:
        async def __call__(self, question):
            return request.get()

    async def trains(question):
        raise asyncio.CancelledError("no trains")

    request = contextvars.ContextVar("request", default="none")

    async def scene(of):
        await events_of(of, "sim.pieces-3")
        request.set("the second")
        for weather in (Weather(), lambda question: Weather()(question), lambda question: request.get()):
            tools = {"weather": weather, "trains": trains}
            stream = await open_stream(of, "sim.tools-2", toolConfig=TWO, tools=tools)
            await events_of_stream(stream)
            assert stream.result.rounds == 2
            sent = results_sent(simulator)
            assert sent[0]["content"] == [{"text": "the second"}]
            assert sent[1]["status"] == "error" and "CancelledError: no trains" in str(sent[1]["content"])

    run(simulator, scene)


def test_tools_of_a_stream_that_ends_are_cancelled(simulator):
    ends = []

    async def weather(question):
        try:
            await asyncio.sleep(60)
        finally:
            ends.append(question)

    async def scene(of):
        stream = await open_stream(of, "sim.tools-2", toolConfig=TWO, tools={"weather": weather, "trains": weather})
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(events_of_stream(stream), 0.3)
        assert await sooner(lambda: len(ends) == 2)
        assert len(asyncio.all_tasks()) == 2

    run(simulator, scene)


def test_tool_results_by_hand(simulator):
    async def scene(of):
        stream = await open_stream(of, "sim.tools-2", toolConfig=TWO, config={"turn": "auto"})
        async for event in stream:
            if "toolWaiting" in event:
                asyncio.get_running_loop().call_later(
                    0.02, stream.tool_result, event["toolWaiting"]["toolUseId"], "done")
        assert stream.result.rounds == 2

    run(simulator, scene)


def test_retries_are_told_in_the_loop(simulator):
    told_of = []

    async def scene(of):
        await events_of(of, "sim.throttle-2.retryafter-10", on_retry=told_of.append)
        with pytest.raises(ZeroDivisionError):
            await events_of(of, "sim.throttle-1.retryafter-10.key-b", on_retry=lambda retry: 1 / 0)
        assert await sooner(lambda: is_idle(simulator))

    run(simulator, scene, **{"retry.mode": "standard"})
    assert [(retry.kind, retry.attempt) for retry in told_of] == [("retry", 2), ("retry", 3)]


def test_what_ends_the_program_ends_it(simulator):
    """Who goes on all the same is told that events may be missing."""
    def interrupt(retry):
        raise KeyboardInterrupt

    of, loop = make_async(simulator, **{"retry.mode": "standard"}), asyncio.new_event_loop()
    other = loop.run_until_complete(open_stream(of, "sim.pieces-1000.pace-20"))
    one = loop.create_task(events_of(of, "sim.throttle-1.retryafter-10", on_retry=interrupt))
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(asyncio.wait_for(asyncio.gather(one), 20))
    for left in (events_of_stream(other), asyncio.gather(one)):
        with pytest.raises(bedrockstream.CancelledError, match="interrupted"):
            loop.run_until_complete(left)
    assert is_idle(simulator)
    loop.run_until_complete(of.close())
    loop.close()


def test_warm_connections(simulator):
    async def scene(of):
        of.warm(5)
        assert await sooner(lambda: simulator.stats()["open"] == 6)
        await asyncio.gather(*(events_of(of, "sim.pieces-9.pace-20") for _ in range(5)))
        assert simulator.stats()["streams"]["completed"] == 5 and simulator.stats()["open"] == 6

    async def later(of):
        assert await events_of(of, "sim.pieces-3")
        assert await sooner(lambda: simulator.stats()["open"] > 2)
        await of.close()

    run(simulator, scene)
    of = make_async(simulator)
    of.warm(2)  # outside of any loop
    asyncio.run(later(of))


def test_identity(simulator):
    async def scene(of):
        identity = await of.identify()
        assert (identity.scheme, identity.access_key_id) == ("sigv4", KEYS["aws_access_key_id"])
        assert of.setting("io.threads") == "0"

    run(simulator, scene)


def test_a_source_of_credentials_that_takes_its_time(simulator):
    def keys():
        time.sleep(0.3)
        return {"access_key": KEYS["aws_access_key_id"], "secret_key": KEYS["aws_secret_access_key"]}

    async def scene():
        async with bedrockstream.AsyncClient("us-east-1", simulator.endpoint, credentials=keys) as of:
            with pytest.raises(bedrockstream.StreamTimeoutError):
                await of.identify(0.05)
            start = time.monotonic()
            assert (await of.identify(20)).access_key_id == KEYS["aws_access_key_id"]
            assert time.monotonic() - start < 10
            assert await events_of(of, "sim.pieces-3")

    asyncio.run(scene())
