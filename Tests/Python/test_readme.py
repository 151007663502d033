"""The programs of the README run as they stand, against the simulator."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def programs(language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert found, f"README.md has no {language} program"
    return found


def environment(simulator) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": simulator.endpoint,
        "PYTHONPATH": str(ROOT / "bindings/python"),
        "BEDROCKSTREAM_LIBRARY": str(library()),
    }


def library() -> Path:
    return Path(os.environ.get("BEDROCKSTREAM_LIBRARY", ROOT / "build/lib/libbedrockstream.so.0"))


def answer_of(command: list[str], simulator) -> str:
    done = subprocess.run(command, env=environment(simulator), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("program", programs("c"), ids=range(len(programs("c"))))
def test_c_program(simulator, tmp_path, program):
    source = tmp_path / "program.c"
    source.write_text(program)
    built = tmp_path / "program"
    # Callbacks need not use all that they are given.
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wno-unused-parameter", "-pedantic", "-Werror", f"-I{ROOT / 'include'}"]
    folder = library().parent
    subprocess.run(
        ["cc", *flags, str(source), "-o", str(built), f"-L{folder}", "-lbedrockstream", f"-Wl,-rpath,{folder}"],
        check=True,
    )
    assert "Name three rivers." in answer_of([str(built)], simulator)


@pytest.mark.parametrize("program", programs("python"), ids=range(len(programs("python"))))
def test_python_program(simulator, tmp_path, program):
    source = tmp_path / "program.py"
    source.write_text(program)
    assert "Name three rivers." in answer_of([sys.executable, str(source)], simulator)
