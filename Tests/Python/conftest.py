"""What the Python tests share: a simulator for each test, and an environment without anybody's AWS setup."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = ("build/bin", ".build/release", ".build/debug")


def simulator_binary() -> Path:
    """The binary that BRS_SIM names, or the newest that was built here."""
    if named := os.environ.get("BRS_SIM"):
        return Path(named).resolve()
    built = [path for folder in BUILT if (path := ROOT / folder / "bedrockstream-sim").is_file()]
    if not built:
        pytest.fail("there is no bedrockstream-sim: build it with `make sim`, or name one in BRS_SIM")
    return max(built, key=lambda path: path.stat().st_mtime)


class Simulator:
    """A running simulator. The keys are the ones it accepts when it is told nothing else."""

    access_key = "AKIDEXAMPLE"
    secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    bearer_token = "bedrock-api-key-example"
    region = "us-east-1"

    def __init__(self, folder: Path, arguments: tuple[str, ...] = ()) -> None:
        self._folder = folder
        self._others: list[Simulator] = []
        name = str(time.monotonic_ns())
        port_file = folder / f"port-{name}"
        self._output = folder / f"output-{name}"
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [simulator_binary(), "--exit-with-parent", "--port-file", str(port_file), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.port = self._wait_for_port(port_file)
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def _wait_for_port(self, port_file: Path) -> int:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            if port_file.exists():
                return int(port_file.read_text())
            time.sleep(0.005)
        self.process.kill()
        self.process.wait()
        raise RuntimeError(f"the simulator did not start: {self._output.read_text()}")

    def start(self, *arguments: str) -> Simulator:
        """Another simulator with these options; it ends with the test."""
        other = Simulator(self._folder, arguments)
        self._others.append(other)
        return other

    def stop(self) -> int:
        """Ends it, and those it started; its exit status."""
        for other in self._others:
            other.stop()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        return status

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.endpoint + path, timeout=10) as answer:
            return json.load(answer)

    def stats(self) -> dict[str, Any]:
        """Counters of connections, requests and streams."""
        return dict(self.get("/stats"))

    def requests(self) -> list[dict[str, Any]]:
        """What the last requests looked like, oldest first."""
        return list(self.get("/requests"))

    def reset(self) -> None:
        """Forgets counters, recorded requests and how often something went wrong."""
        request = urllib.request.Request(self.endpoint + "/reset", method="POST")
        urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    running = Simulator(tmp_path)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def no_aws_setup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keeps the machine's own AWS configuration, and the way through a proxy, out of the tests."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
