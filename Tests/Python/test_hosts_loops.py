"""The examples in loops of libuv and libevent: several answers at once on one thread, each with its own end."""

import re
import signal
import subprocess
from pathlib import Path

import pytest
from host_programs import built, environment, until, valgrind, with_rules

LOOPS = ("libuv", "libevent")
PROMPTS = [f"question number {number} of several, with some words" for number in range(1, 9)]


class Done:
    """What a program printed: the answers by their number, and how its own timer fared."""

    def __init__(self, status, out, error):
        self.status, self.out, self.error = status, out, error
        self.pieces = re.findall(r"\n\[(\d+)\] (.*)", out)
        self.answers = {}
        for number, piece in self.pieces:
            self.answers[int(number)] = self.answers.get(int(number), "") + piece
        told = re.search(r"\n\[(\d+) ticks, the latest (\d+) ms late\]\n$", out)
        self.ticks, self.late_ms = map(int, told.groups()) if told else (0, 0)

    def failure(self, number):
        found = re.search(rf"^\[{number}\] (.*)$", self.error, re.M)
        return found and found.group(1)


def start(program, simulator, *arguments, under=(), **more):
    return subprocess.Popen(
        [*under, built(program), *arguments], env=environment(simulator, **more), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)


def run(program, simulator, *arguments, **more):
    process = start(program, simulator, *arguments, **more)
    out, error = process.communicate(timeout=60)
    return Done(process.returncode, out, error)


@pytest.mark.parametrize("program", LOOPS)
def test_answers_at_once(simulator, program):
    done = run(program, simulator, "sim.echo.pace-20", *PROMPTS)
    assert (done.status, done.error) == (0, ""), done.error
    assert set(done.answers) == set(range(1, 9))
    for number, prompt in enumerate(PROMPTS, 1):
        assert re.fullmatch(re.escape(prompt) + r" \[end: \d+ tokens\]", done.answers[number])
    assert len(done.pieces) > 3 * len(PROMPTS), "one after the other, not at once"
    assert simulator.stats()["streams"]["open_max"] == len(PROMPTS)
    assert done.ticks > 5 and done.late_ms < 1000


@pytest.mark.parametrize("program", LOOPS)
def test_one_thread(simulator, program):
    process = start(program, simulator, "sim.pace-50.words-400", *PROMPTS)
    try:
        assert until(lambda: simulator.stats()["streams"]["open"] == len(PROMPTS))
        assert len(list(Path(f"/proc/{process.pid}/task").iterdir())) == 1
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("program", LOOPS)
def test_ends_are_told_as_they_are(simulator, tmp_path, program):
    done = run(program, with_rules(simulator, tmp_path), "sim.echo", "well", "cut me, please, in the middle",
               "refuse me", "\udcff", "well too")
    assert done.status == 1
    assert done.answers[1].startswith("well [end: ") and done.answers[5].startswith("well too [end: ")
    assert "[end: " not in done.answers[2] and done.answers[2] != ""
    assert done.failure(2).startswith("BRS_E_INCOMPLETE after 3 pieces: ")
    assert done.failure(3).startswith("BRS_E_ACCESS_DENIED after 0 pieces: ")
    assert done.failure(4).startswith("BRS_E_ARGUMENT: request.prompt: ")
    assert set(done.answers) == {1, 2, 5} and done.error.count("\n") == 3


@pytest.mark.parametrize("program", LOOPS)
def test_nothing_to_wait_for(simulator, program):
    done = run(program, simulator, "sim.echo", "\udcff")
    assert (done.status, done.out) == (1, "") and done.failure(1).startswith("BRS_E_ARGUMENT: ")


@pytest.mark.parametrize("program", LOOPS)
def test_control_c(simulator, program):
    process = start(program, simulator, "sim.pace-50.words-400", *PROMPTS)
    assert until(lambda: simulator.stats()["streams"]["open"] == len(PROMPTS))
    assert process.stdout.readline() == "\n" and process.stdout.read(1) == "["
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=20)
    assert process.returncode == 130
    for number in range(1, 9):
        assert Done(130, out, error).failure(number).startswith("BRS_E_CANCELLED after ")
    assert until(lambda: simulator.stats()["streams"]["open"] == 0)


@pytest.mark.parametrize("program", LOOPS)
def test_memory(simulator, tmp_path, program):
    under, own = valgrind(tmp_path)
    done = run(program, with_rules(simulator, tmp_path), "sim.echo", "well", "cut me, please, in the middle",
               "refuse me", "\udcff", "well too", under=under, **own)
    assert done.status == 1, done.error
    assert "==" not in done.error and done.error.count("\n") == 3, done.error


@pytest.mark.parametrize("program", LOOPS)
def test_memory_after_control_c(simulator, tmp_path, program):
    under, own = valgrind(tmp_path)
    process = start(program, simulator, "sim.pace-50.words-400", *PROMPTS, under=under, **own)
    assert until(lambda: simulator.stats()["streams"]["open"] == len(PROMPTS), 60)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and "==" not in error, error
