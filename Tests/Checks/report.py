"""How the checks report: a line for each, a count at the end, an exit status."""

import os
import subprocess
import sys
from typing import Any, Callable, List, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Failure(Exception):
    """Why a check failed."""


class Report:
    """Runs checks one after another and remembers which failed."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.passed = 0
        self.failed: List[str] = []

    def check(self, name: str, body: Callable[[], None]) -> None:
        try:
            body()
        except Failure as failure:
            self.failed.append(name)
            print("FAIL %s: %s" % (name, failure))
        else:
            self.passed += 1
            print("ok %s" % name)

    def expect_failure(self, name: str, plant: Callable[[], Any], check: Callable[[Any], None]) -> None:
        """For a self-test: `check` must find the fault in what `plant` makes."""

        def inverted() -> None:
            planted = plant()
            try:
                check(planted)
            except Failure:
                return
            raise Failure("the planted fault was not found")

        self.check("finds " + name, inverted)

    def end(self) -> int:
        print("%s: %d ok, %d failed" % (self.program, self.passed, len(self.failed)))
        return 1 if self.failed else 0


def run(command: Sequence[str], **options: object) -> str:
    """The output of a program that must succeed."""
    try:
        done = subprocess.run(list(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, **options)
    except FileNotFoundError:
        raise Failure("%s is not installed" % command[0])
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise Failure("%s: status %d: %s" % (" ".join(command)[:200], done.returncode, output.strip()[-2000:]))
    return output


def read(*path: str) -> str:
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def require(condition: object, message: str) -> None:
    if not condition:
        raise Failure(message)


def built_library() -> str:
    return os.path.join(ROOT, ".build-embedded", "release", "libbedrockstream.so")


def finish(status: int) -> None:
    sys.stdout.flush()
    sys.exit(status)
