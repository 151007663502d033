"""The Python package in several loops of asyncio, in threads, child processes, and programs of every Python."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import uvloop
from conftest import ROOT
from test_binding import HELLO, INTERPRETERS, until
from test_hosts_asyncio import (
    events_of,
    events_of_stream,
    is_idle,
    make_async,
    open_stream,
    resources,
    run,
    sooner,
    text_of,
)

import bedrockstream


def test_one_loop_after_the_other(simulator):
    of = make_async(simulator)
    for _ in range(3):
        assert asyncio.run(events_of(of, "sim.pieces-3"))
    connections = simulator.stats()["connections"]
    asyncio.run(of.close())
    assert connections <= 2 and until(lambda: simulator.stats()["open"] == 1)


def test_two_loops_at_once_are_one_too_many(simulator):
    of = make_async(simulator)
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(events_of(of, "sim.pieces-3"))
    with pytest.raises(bedrockstream.StateError):
        asyncio.run(events_of(of, "sim.pieces-3"))
    loop.run_until_complete(of.close())
    loop.close()


def test_a_stream_goes_on_in_the_next_loop(simulator):
    """Also where the loop before was closed while a task was reading."""
    of = make_async(simulator)
    loop = asyncio.new_event_loop()
    stream = loop.run_until_complete(open_stream(of, "sim.echo.pace-50"))
    left = loop.create_task(events_of_stream(stream))
    loop.run_until_complete(asyncio.sleep(0.06))
    loop.close()
    assert not left.done()
    rest = text_of(asyncio.run(events_of_stream(stream)))
    assert rest and HELLO[0]["content"][0]["text"].endswith(rest)
    assert stream.result.text == HELLO[0]["content"][0]["text"]
    asyncio.run(of.close())


def test_each_thread_its_loop_and_client(simulator):
    def many():
        async def scene(of):
            return await asyncio.gather(*(events_of(of, "sim.echo.pace-5") for _ in range(50)))

        texts.extend(text_of(events) for events in run(simulator, scene))

    texts = []
    before = resources()
    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == [HELLO[0]["content"][0]["text"]] * 200
    assert until(lambda: resources() == before), (before, resources())


def test_another_thread_has_no_business_here(simulator):
    """It is told so, and may drop what it has of them."""
    async def scene(of):
        kept = [await open_stream(of, "sim.pieces-1000.pace-50") for _ in range(3)]
        told = []

        def elsewhere():
            calls = (lambda: events_of_stream(kept[0]), lambda: open_stream(of, "sim.pieces-3"), lambda: of.drain(0))
            for call in calls:
                try:
                    asyncio.run(call())
                except bedrockstream.StateError as error:
                    told.append(str(error))
            asyncio.run(kept[1].close())
            kept.clear()

        await asyncio.get_running_loop().run_in_executor(None, elsewhere)
        assert len(told) == 3 and "another event loop" in told[0]
        assert await sooner(lambda: is_idle(simulator) and not of._hub._handles)
        assert await events_of(of, "sim.pieces-3")

    run(simulator, scene)


def test_closed_elsewhere(simulator):
    async def scene(of):
        reader = asyncio.create_task(events_of(of, "sim.pieces-1000.pace-50"))
        await asyncio.sleep(0.2)
        await asyncio.get_running_loop().run_in_executor(None, lambda: asyncio.run(of.close()))
        with pytest.raises(bedrockstream.CancelledError):
            await reader
        with pytest.raises(bedrockstream.StateError):
            await events_of(of, "sim.pieces-3")
        assert await of.drain()
        await of.close()

    run(simulator, scene)
    assert until(lambda: is_idle(simulator))


@pytest.mark.parametrize("way", ["asyncio", "uvloop"])
def test_in_a_child_process(simulator, way):
    """It is told so, makes its own, and ends as programs do without a trace in its parent."""
    async def scene():
        of = make_async(simulator)
        stream = await open_stream(of, "sim.pieces-100.pace-20")
        child = os.fork()
        if child == 0:
            os._exit(in_child(simulator, of, stream))
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            await asyncio.sleep(0.02)
        assert len(text_of(await events_of_stream(stream))) > 100
        await of.close()

    loop = uvloop.new_event_loop() if way == "uvloop" else asyncio.new_event_loop()
    loop.run_until_complete(asyncio.wait_for(scene(), 30))
    loop.close()


def in_child(simulator, of, stream):
    """0 for success."""
    for call in (lambda: events_of_stream(stream), lambda: open_stream(of, "sim.pieces-3"), of.identify, of.drain):
        try:
            asyncio.run(call())
            return 1
        except bedrockstream.ForkedError:
            pass
    if not run(simulator, lambda own: events_of(own, "sim.pieces-3")):
        return 2
    # As the interpreter's end does.
    of._free()
    return 0


PROGRAM = """
import asyncio, sys
import bedrockstream

async def weather(question):
    return {"sky": "clear"}

async def main():
    asyncio.get_running_loop().slow_callback_duration = 60  # or a busy machine is complained of
    client = bedrockstream.AsyncClient(region_name="us-east-1", endpoint_url=sys.argv[1],
                                       aws_access_key_id="AKIDEXAMPLE",
                                       aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    async def read(model, **members):
        messages = [{"role": "user", "content": [{"text": "Hi"}]}]
        response = await client.converse_stream(modelId=model, messages=messages, **members)
        print("first", flush=True)
        async for event in response["stream"]:
            pass
        return response["stream"].result.text

    if len(sys.argv) > 2:
        return await read(sys.argv[2])
    many = asyncio.gather(*(read("sim.pieces-20.pace-5") for _ in range(20)))
    try:
        await asyncio.wait_for(read("sim.pieces-20.stall-5"), 0.2)
    except asyncio.TimeoutError:
        print("late")
    schema = {"name": "weather", "inputSchema": {"json": {"type": "object"}}}
    print(await read("sim.tools-1", toolConfig={"tools": [{"toolSpec": schema}]}, tools={"weather": weather}) != "")
    print(len(set(await many)), flush=True)

asyncio.run(main())
"""


def start(simulator, *model, python=sys.executable):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "bindings" / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen([str(python), "-X", "dev", "-c", PROGRAM, simulator.endpoint, *model], env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_control_c(simulator):
    process = start(simulator, "sim.pieces-20.stall-5")
    assert process.stdout.readline() == "first\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert errors.rstrip().endswith("KeyboardInterrupt") and "Exception ignored" not in errors
    assert until(lambda: is_idle(simulator))


@pytest.mark.parametrize("version", sorted(INTERPRETERS))
def test_a_program_that_closes_nothing(simulator, version):
    process = start(simulator, python=INTERPRETERS[version])
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert out.replace("first\n", "") == "late\nTrue\n1\n"
    assert until(lambda: is_idle(simulator))


def test_asyncio_is_loaded_when_it_is_asked_for():
    program = "import sys, bedrockstream; assert 'asyncio' not in sys.modules; bedrockstream.AsyncClient"
    subprocess.run([sys.executable, "-c", program], check=True,
                   env={**os.environ, "PYTHONPATH": str(ROOT / "bindings" / "python")})
    with pytest.raises(AttributeError):
        bedrockstream.NoSuchThing
