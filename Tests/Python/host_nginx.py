"""An nginx with the example's module, and clients of its Server-Sent Events."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from conftest import Simulator
from host_programs import built, children, environment, until

CONFIGURATION = """
load_module {module};
worker_processes {workers};
daemon off;
master_process {master};
pid {folder}/pid;
error_log {folder}/error.log info;
{user}
env AWS_ACCESS_KEY_ID;
env AWS_SECRET_ACCESS_KEY;
env AWS_EC2_METADATA_DISABLED;
events {{ worker_connections 512; }}
http {{
  log_format short "$pid $status";
  access_log {folder}/access.log short;
  client_body_temp_path {folder}/bodies;
  client_body_buffer_size 8k;
  client_max_body_size 4m;
  bedrock region us-east-1;
  bedrock endpoint_url {endpoint};
  server {{
    listen 127.0.0.1:{port} reuseport;
    location = /echo {{ bedrock_chat sim.echo.pace-5; }}
    location = /plain {{ bedrock_chat sim.echo; }}
    location = /long {{ bedrock_chat sim.pace-25.pieces-40; }}
    location = /endless {{ bedrock_chat sim.pace-25.pieces-4000; }}
    location = /wide {{ bedrock_chat sim.pieces-1500.piece-20000; }}
    location = /impatient {{ send_timeout 1s; bedrock_chat sim.pieces-1500.piece-20000; }}
  }}
}}
"""


class Event(NamedTuple):
    name: str
    data: Any


class Chat:
    """One request, and what comes back as it comes. A socket of its own shows how connections end."""

    def __init__(self, port: int, path: str, body: str | dict[str, Any], receive_bytes: int = 0) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        kind = "text/plain" if isinstance(body, str) else "application/json"
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", port))
        head = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
                "Connection: close\r\n\r\n")
        self.socket.sendall(head.encode() + data)
        self.file = self.socket.makefile("rb")

    def head(self) -> int:
        """Reads the response head; its status."""
        status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass
        return status

    def events(self) -> Iterator[Event]:
        """The events of a chunked body, until its end. One that is cut raises."""
        pending = b""
        while size := int(self.file.readline(), 16):
            pending += self.file.read(size)
            assert self.file.readline() == b"\r\n"
            *whole, pending = pending.split(b"\n\n")
            yield from filter(None, map(event_of, whole))
        assert pending == b"" and self.file.readline() == b"\r\n"

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def event_of(block: bytes) -> Event | None:
    """None for a comment."""
    fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
    return Event(fields.get("event", "message"), json.loads(fields["data"])) if fields else None


class Answer(NamedTuple):
    status: int
    text: str
    last: Event


def ask(port: int, path: str, body: str | dict[str, Any]) -> Answer:
    """One request and its whole answer. Only the last event may be another than a piece of text."""
    chat = Chat(port, path, body)
    try:
        status = chat.head()
        *pieces, last = chat.events()
    finally:
        chat.close()
    assert {piece.name for piece in pieces} <= {"message"}
    return Answer(status, "".join(piece.data["text"] for piece in pieces), last)


class Nginx:
    """A running nginx, with its configuration and logs in a folder of its own."""

    def __init__(self, simulator: Simulator, folder: Path, workers: int = 2, under: tuple[str, ...] = (),
                 **more: str) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "nginx.conf").write_text(CONFIGURATION.format(
            module=built("nginx/ngx_http_bedrock_module.so"), folder=folder, port=self.port, workers=max(workers, 1),
            master="on" if workers else "off", user="user root;" if os.getuid() == 0 else "",
            endpoint=simulator.endpoint))
        with (folder / "output").open("w") as output:
            self.process = subprocess.Popen(
                [*under, "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stdout=output,
                stderr=subprocess.STDOUT, env=environment(simulator, **more), start_new_session=True)
        assert until(self.is_listening, 60), self.log() + (folder / "output").read_text()

    def is_listening(self) -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        path = self.folder / "error.log"
        return path.read_text() if path.exists() else ""

    def requests(self) -> list[list[str]]:
        """Worker and status of each request that has ended."""
        return [line.split() for line in (self.folder / "access.log").read_text().splitlines()]

    def workers(self) -> list[int]:
        return children(self.process.pid)

    def tell(self, what: signal.Signals) -> None:
        self.process.send_signal(what)

    def end(self, what: signal.Signals = signal.SIGQUIT, seconds: float = 20) -> int:
        """Ends it, kills it where it does not; its exit status, 0 when all was well."""
        if self.process.poll() is None:
            self.tell(what)
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def memory_kb(process: int) -> int:
    """What of the process is in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def is_running(process: int) -> bool:
    return Path(f"/proc/{process}").exists()

