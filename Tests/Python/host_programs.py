"""Programs that embed the library in a loop of their own: where they are, what they are given, and a memory checker."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Simulator

BUILT = ROOT / "build" / "hosts"
LIBRARY = ROOT / "build" / "lib" / "libbedrockstream.so.0"
# What the simulator does with a prompt that says so; anything else is answered as the model id says.
RULES = [
    {"match": {"says": "cut me"}, "then": {"echo": True, "pieces": 10, "cutafter": 3, "how": "end"}},
    {"match": {"says": "refuse me"}, "then": {"status": 403, "error": "AccessDeniedException"}},
    {"match": {"says": "never end"}, "then": {"pieces": 2000, "pace": 50}},
]


def built(name: str) -> str:
    path = BUILT / name
    if not path.exists():
        pytest.fail(f"there is no {path}: build it with `make examples-hosts`")
    return str(path)


def with_rules(simulator: Simulator, folder: Path) -> Simulator:
    script = folder / "rules.json"
    script.write_text(json.dumps(RULES))
    return simulator.start("--script", str(script))


def environment(simulator: Simulator, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"], "AWS_REGION": simulator.region, "AWS_ENDPOINT_URL": simulator.endpoint,
        "AWS_ACCESS_KEY_ID": simulator.access_key, "AWS_SECRET_ACCESS_KEY": simulator.secret_key,
        "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent", **more}


def valgrind(folder: Path, *more: str) -> tuple[list[str], dict[str, str]]:
    """A command in front of a program, and what its environment needs: the checker stumbles over the library's debug
    information, so it is given a copy that has none beside it."""
    shutil.copy(LIBRARY, folder)
    command = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--num-callers=30",
               f"--suppressions={ROOT / 'Tests/C/valgrind.supp'}", *more]
    return command, {"LD_LIBRARY_PATH": str(folder)}


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Waits until the condition holds; what it gave last."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []
