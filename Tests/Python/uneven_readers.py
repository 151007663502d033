"""Many threads that read streams of one client as unevenly as people do."""

from __future__ import annotations

import random
import threading
import time
from typing import List

import bedrockstream
from test_binding import stream_of

THREADS = 24
ROUNDS = 4


def read_unevenly(client: bedrockstream.Client, pieces: int) -> List[bedrockstream.Result]:
    """Half of the threads read to the end, the others leave in the middle; all stop for a moment now and then. Results
    of those that came to their end; what failed is raised. Prints its seed."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    faults: List[BaseException] = []
    results: List[bedrockstream.Result] = []

    def work(number: int) -> None:
        generator = random.Random(seed + number)
        try:
            for _ in range(ROUNDS):
                stream = stream_of(client, f"sim.pieces-{pieces}")
                stop = generator.randrange(pieces * 2 // 3) if number % 2 else -1
                for at, _ in enumerate(stream):
                    if generator.random() < 6 / pieces:
                        time.sleep(0.01)
                    if at == stop:
                        break
                else:
                    results.append(stream.result)
                stream.close()
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if faults:
        raise faults[0]
    assert len(results) == THREADS // 2 * ROUNDS
    return results
