"""The conformance port as a process that tests ask, and where their generated inputs come from."""

from __future__ import annotations

import atexit
import base64
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = (".build/debug", ".build/release")

Answer = dict[str, Any]
Loads = Callable[[bytes], Answer]


def binary() -> Path:
    """The binary that BRS_CONFORMANCE names, or the newest that was built here."""
    if named := os.environ.get("BRS_CONFORMANCE"):
        return Path(named).resolve()
    built = [path for folder in BUILT if (path := ROOT / folder / "conformance").is_file()]
    if not built:
        pytest.fail("there is no conformance: `swift build --product conformance`, or name one in BRS_CONFORMANCE")
    return max(built, key=lambda path: path.stat().st_mtime)


class Port:
    """A running port."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([binary()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdin and self.process.stdout
        self.input = self.process.stdin
        self.output = self.process.stdout
        self._last = 0

    def exchange(self, lines: list[bytes], loads: Loads = json.loads) -> list[Answer]:
        """Writes all lines while it reads as many answers."""
        writer = threading.Thread(target=self._write, args=(lines,))
        writer.start()
        answers = [self.output.readline() for _ in lines]
        writer.join()
        assert all(answer.endswith(b"\n") for answer in answers), "the port ended"
        return [loads(answer) for answer in answers]

    def _write(self, lines: list[bytes]) -> None:
        for line in lines:
            self.input.write(line)
        self.input.flush()

    def ask_all(self, op: str, arguments: Iterable[Any], loads: Loads = json.loads) -> list[Answer]:
        """One answer for each, without the ids."""
        lines = []
        first = self._last + 1
        for args in arguments:
            self._last += 1
            lines.append(json.dumps({"id": self._last, "op": op, "args": args}).encode() + b"\n")
        answers = self.exchange(lines, loads)
        assert [int(answer.pop("id")) for answer in answers] == list(range(first, first + len(lines)))
        return answers

    def ask(self, op: str, args: Any) -> Answer:
        return self.ask_all(op, [args])[0]

    def close(self) -> int:
        """Ends its input; its exit status."""
        self.input.close()
        try:
            status = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.output.close()
        return status


@cache
def running() -> Port:
    """The one port that all tests ask."""
    port = Port()
    atexit.register(port.close)
    return port


@pytest.fixture(name="port")
def port_fixture() -> Port:
    return running()


def seeded() -> Random:
    """Random numbers whose seed is printed; the environment variable BRS_TEST_SEED repeats a run."""
    seed = int(os.environ.get("BRS_TEST_SEED") or SystemRandom().randrange(1 << 64))
    print(f"BRS_TEST_SEED={seed}")
    return Random(seed)


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def error_kind(answer: Answer) -> str | None:
    """None for an answer that is `ok`."""
    if "error" not in answer:
        assert "ok" in answer, answer
        return None
    assert answer["error"]["message"]
    return str(answer["error"]["kind"])


ODD_TEXT = (
    "abcXYZ019-._~!$&'()*+,;=:@/?#[]%\"<>\\^`{|} "
    "\u00e4\u00df\u0130\u0301\u05d0\u20ac\u65e5\u672c\u200d\ud7ff\ue000\ufffd\uffff\U00010000\U0001f600\U0010ffff"
)


def odd_text(random: Random, most: int, least: int = 0, alphabet: str = ODD_TEXT) -> str:
    return "".join(random.choices(alphabet, k=random.randint(least, most)))
