"""Runs build/test/outcome: thousands of calls through the C interface, each with its end told as a dictionary."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import Any

from conftest import ROOT, Simulator

KEYS = {
    "region": Simulator.region,
    "credentials.access_key_id": Simulator.access_key,
    "credentials.secret_access_key": Simulator.secret_key,
}
STYLES = ("callbacks", "pull")


@dataclass
class Line:
    """A client of its own and the models it asks, one after another; a number among them is a wait in milliseconds."""

    style: str
    endpoint: str
    asks: list[str | int]
    settings: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        settings = {**KEYS, "endpoint_url": self.endpoint, **self.settings}
        calls = [f"sleep={ask}" if isinstance(ask, int) else f"ask={ask}" for ask in self.asks]
        fields = [self.style, *calls, *(f"{key}={value}" for key, value in settings.items())]
        assert not any("\t" in one or "\n" in one for one in fields)
        return "\t".join(fields) + "\n"


def program() -> str:
    """Built where it is missing or old; make would look whether the library is old, too, which takes its time."""
    built = ROOT / "build" / "test" / "outcome"
    sources = (ROOT / "Tests" / "Matrix" / "outcome.c", ROOT / "include" / "bedrockstream.h")
    if not built.exists() or any(source.stat().st_mtime > built.stat().st_mtime for source in sources):
        target = str(built.relative_to(ROOT))
        subprocess.run(["make", "--silent", target], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return str(built)


def run(lines: list[Line], at_once: int = 32, seconds: int = 240) -> list[list[dict[str, Any]]]:
    """How the calls of each line ended."""
    done = subprocess.run(
        [program(), str(at_once)], input="".join(line.text() for line in lines).encode(), stdout=subprocess.PIPE,
        timeout=seconds, env={"PATH": os.environ["PATH"]}, check=True)
    told: list[list[dict[str, Any]]] = [[] for _ in lines]
    for answer in map(json.loads, done.stdout.decode(errors="surrogateescape").splitlines()):
        assert not answer["refusal"], answer
        told[answer["line"]] = answer["calls"]
    return told
