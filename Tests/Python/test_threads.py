"""Threads that open, read, cancel, close and drop streams of shared clients, all at once."""

import collections
import gc
import os
import random
import threading
import time

import bedrockstream
from test_binding import make_client, stream_of, until

SECONDS = 2
THREADS = 6
MODELS = [
    "sim.pieces-20", "sim.pieces-100.piece-2000", "sim.pieces-50.pace-2", "sim.pieces-30.write-7", "sim.silent",
    "sim.pieces-20.cutafter-5.how-reset", "sim.pieces-20.corrupt-crc.frame-6", "sim.pieces-20.stall-5",
    "sim.error-ValidationException", "sim.exception-throttlingException.after-3",
]
SETTINGS = {"timeout.between_bytes_ms": 300, "timeout.first_byte_ms": 300}
# What each may end as, beside being complete, cancelled or closed by another thread.
ENDS = {
    "BRS_E_INCOMPLETE", "BRS_E_PROTOCOL", "BRS_E_THROTTLED", "BRS_E_VALIDATION", "BRS_E_TIMEOUT_FIRST_BYTE",
    "BRS_E_TIMEOUT_BETWEEN_BYTES", "BRS_E_CANCELLED", "BRS_E_CLOSED",
}


def use_one(simulator, clients, generator):
    """One stream, from call to end; how it ended."""
    client = clients[0] if generator.random() < 0.8 else make_client(simulator)
    model = generator.choice(MODELS)
    stream = stream_of(client, model, config=SETTINGS)
    deed = generator.random()
    if deed < 0.4:
        threading.Timer(generator.random() * 0.05, stream.cancel if deed < 0.2 else stream.close).start()
    stop = generator.randrange(60) if generator.random() < 0.4 else -1
    for number, _ in enumerate(stream):
        if number == stop:
            return "dropped"
    if generator.random() < 0.05:
        clients[0] = make_client(simulator)
        client.close()
    assert stream.result.stop_reason == "end_turn", model
    return "complete"


def resources():
    gc.collect()
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))


def test_threads_do_everything_at_once(simulator):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    before = resources()
    clients = [make_client(simulator)]
    ends, faults = collections.Counter(), []
    end = time.monotonic() + SECONDS

    def work(number):
        generator = random.Random(seed + number)
        while time.monotonic() < end and not faults:
            try:
                ends[use_one(simulator, clients, generator)] += 1
            except bedrockstream.BedrockStreamError as error:
                ends[error.name] += 1
            except BaseException as error:
                faults.append(error)
                raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults and not any(thread.is_alive() for thread in threads)
    assert set(ends) <= ENDS | {"complete", "dropped"} and ends["complete"] > 10, ends
    clients.clear()
    assert until(lambda: resources() <= before), (before, resources())
    assert until(lambda: simulator.stats()["streams"]["open"] == 0)
