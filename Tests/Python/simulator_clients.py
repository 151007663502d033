"""A simulator's clients: boto3, and a socket that sees the bytes."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError
from conftest import Simulator

HELLO = [{"role": "user", "content": [{"text": "hello big world"}]}]
BODY = json.dumps({"messages": HELLO}).encode()
SONG = {
    "toolSpec": {
        "name": "top_song",
        "inputSchema": {
            "json": {
                "type": "object",
                "properties": {
                    "sign": {"type": "string"},
                    "count": {"type": "integer", "minimum": 3},
                    "mood": {"enum": ["calm", "loud"]},
                    "extra": {"type": "string"},
                    "tags": {"type": "array", "items": {"type": "boolean"}},
                },
                "required": ["sign", "count", "mood", "tags"],
            }
        },
    }
}


def client(simulator: Simulator, secret: str | None = None, **settings: Any) -> Any:
    config = Config(retries={"total_max_attempts": settings.pop("attempts", 1)}, read_timeout=20)
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=simulator.endpoint,
        region_name=settings.pop("region", simulator.region),
        aws_access_key_id=settings.pop("key", simulator.access_key),
        aws_secret_access_key=secret or simulator.secret_key,
        aws_session_token=settings.pop("token", None),
        config=config,
        **settings,
    )


def converse(simulator: Simulator, model: str = "anthropic.claude-v9:0", **members: Any) -> list[dict[str, Any]]:
    return list(client(simulator).converse_stream(modelId=model, messages=HELLO, **members)["stream"])


def text_of(events: list[dict[str, Any]]) -> str:
    return "".join(texts_of(events))


def texts_of(events: list[dict[str, Any]]) -> list[str]:
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    return [delta["text"] for delta in deltas if "text" in delta]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [next(iter(event)) for event in events]


def refused(simulator: Simulator, model: str = "any", **settings: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        client(simulator, **settings).converse(modelId=model, messages=HELLO)
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Message"]


ANTHROPIC = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 500,
    "messages": [{"role": "user", "content": "hello world"}],
}


def chunks(simulator: Simulator, model: str, body: Any) -> list[dict[str, Any]]:
    answer = client(simulator).invoke_model_with_response_stream(modelId=model, body=json.dumps(body))
    assert answer["contentType"] == "application/json"
    return [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]


class Raw:
    """One request over a socket of its own."""

    def __init__(
        self, simulator: Simulator, model: str, route: str = "converse-stream", body: Any = None, extra: str = ""
    ) -> None:
        data = json.dumps(body or {"messages": HELLO}).encode()
        self.socket = socket.create_connection(("127.0.0.1", simulator.port), timeout=20)
        self.socket.sendall(
            f"POST /model/{model}/{route} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {simulator.bearer_token}\r\n{extra}"
            f"Content-Length: {len(data)}\r\n\r\n".encode() + data
        )
        self.pending = b""

    def head(self) -> bytes:
        while b"\r\n\r\n" not in self.pending:
            more = self.socket.recv(65536)
            assert more, "no response head"
            self.pending += more
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        return head

    def rest(self) -> Iterator[bytes]:
        yield self.pending
        while more := self.socket.recv(65536):
            yield more

    def chunks(self) -> Iterator[bytes]:
        """The chunks of the body; raises where the connection ends before the last."""
        while True:
            size = int(self._line(), 16)
            while len(self.pending) < size + 2:
                self._more()
            chunk, self.pending = self.pending[:size], self.pending[size + 2 :]
            if size == 0:
                return
            yield chunk

    def _line(self) -> bytes:
        while b"\r\n" not in self.pending:
            self._more()
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line

    def _more(self) -> None:
        more = self.socket.recv(65536)
        if not more:
            raise EOFError
        self.pending += more


def raw_stream(simulator: Simulator, model: str, route: str = "converse-stream", body: Any = None) -> bytes:
    raw = Raw(simulator, model, route, body)
    assert b" 200 " in raw.head()
    return b"".join(raw.chunks())


def frames(data: bytes) -> list[tuple[dict[str, Any], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(event.headers, event.payload) for event in buffer]
