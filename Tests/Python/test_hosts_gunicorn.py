"""A pre-forking server: each worker's own clients stream answers, and what was made before the fork says so."""

import http.client
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import ROOT
from host_nginx import free_port, is_running
from host_programs import LIBRARY, children, environment, until

CONFIGURATION = "from host_gunicorn_app import post_fork\n"


class Gunicorn:
    """Two workers that were forked off behind the loading of the application."""

    def __init__(self, simulator, folder, *arguments, **more):
        self.port = free_port()
        self.output = folder / "output"
        (folder / "hooks.py").write_text(CONFIGURATION)
        own = {"PYTHONPATH": f"{ROOT / 'bindings/python'}:{ROOT / 'Tests/Python'}",
               "BEDROCKSTREAM_LIBRARY": os.environ.get("BEDROCKSTREAM_LIBRARY", str(LIBRARY))}
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--bind", f"127.0.0.1:{self.port}",
                 "--config", folder / "hooks.py", "--worker-tmp-dir", folder, *arguments,
                 "host_gunicorn_app:application"],
                cwd=folder, env=environment(simulator, **own, **more), stdout=output, stderr=subprocess.STDOUT)
        assert until(self.is_ready, 60), self.output.read_text()

    def is_ready(self):
        return self.output.read_text().count("Booting worker") == 2

    def ask(self, path, prompt):
        """Worker and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", path, body=prompt.encode())
        response = connection.getresponse()
        assert response.status == 200
        text = response.read().decode()
        connection.close()
        return response.headers["X-Worker"], text

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            for process in [*children(self.process.pid), self.process.pid]:
                os.kill(process, signal.SIGKILL)
            return self.process.wait()


@pytest.fixture
def start(simulator, tmp_path):
    started = []

    def start(*arguments, **more):
        started.append(Gunicorn(simulator, tmp_path, *arguments, **more))
        return started[-1]

    yield start
    for server in started:
        workers = children(server.process.pid)
        assert server.end() == 0, server.output.read_text()
        assert not any(map(is_running, workers))
        assert "Traceback" not in server.output.read_text(), server.output.read_text()
        assert "was sent SIG" not in server.output.read_text(), server.output.read_text()


@pytest.mark.parametrize("made", ["post_fork", "lazily"])
@pytest.mark.parametrize("kind", [("--worker-class", "sync"), ("--worker-class", "gthread", "--threads", "4")])
def test_workers_stream(start, simulator, made, kind):
    server = start(*kind, MADE=made)
    prompts = [f"number {number} asks" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda prompt: server.ask("/sim.echo.pace-10", prompt), prompts))
    assert [text for _, text in answers] == prompts
    assert {int(worker) for worker, _ in answers} == set(children(server.process.pid))
    assert simulator.stats()["streams"]["completed"] == 24


@pytest.mark.parametrize("asked", ["", "1"])
def test_a_client_from_before_the_fork(start, simulator, asked):
    server = start(MADE="lazily", ASK_BEFORE=asked)
    for _ in range(6):
        assert server.ask("/before", "hello")[1] == "BRS_E_FORKED"
        assert server.ask("/sim.echo", "hello")[1] == "hello"
