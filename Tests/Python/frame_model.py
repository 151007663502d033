"""Event-stream messages as the specification says, with nothing but struct and zlib, for tests to compare with."""

from __future__ import annotations

import base64
import struct
import zlib
from random import Random
from typing import Any

from conformance_port import base64_text, odd_text

Header = tuple[str, str, Any]
Message = tuple[list[Header], bytes]

TYPES = ["true", "false", "byte", "short", "integer", "long", "byte_array", "string", "timestamp", "uuid"]
FORMATS = {"byte": ">b", "short": ">h", "integer": ">i", "long": ">q", "timestamp": ">q"}
BITS = {"byte": 8, "short": 16, "integer": 32, "long": 64, "timestamp": 64}


def value_bytes(kind: str, value: Any) -> bytes:
    if kind in FORMATS:
        return struct.pack(FORMATS[kind], value)
    if kind == "uuid":
        return bytes(value)
    if kind in ("string", "byte_array"):
        data = value.encode() if kind == "string" else value
        return struct.pack(">H", len(data)) + data
    return b""


def header_bytes(header: Header) -> bytes:
    name, kind, value = header
    return bytes([len(name.encode())]) + name.encode() + bytes([TYPES.index(kind)]) + value_bytes(kind, value)


def frame_of(block: bytes, payload: bytes) -> bytes:
    """A frame whose checksums hold, whatever its header block is."""
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return message + struct.pack(">I", zlib.crc32(message))


def encoded(message: Message) -> bytes:
    headers, payload = message
    return frame_of(b"".join(map(header_bytes, headers)), payload)


def strict_headers(block: bytes) -> list[Header] | None:
    """The headers of a block; None for one that is malformed in any way."""
    headers: list[Header] = []
    at = 0
    while at < len(block):
        length = block[at]
        name, at = block[at + 1 : at + 1 + length], at + 1 + length
        if length == 0 or at >= len(block) or block[at] >= len(TYPES):
            return None
        kind, at = TYPES[block[at]], at + 1
        size = {"true": 0, "false": 0, "uuid": 16}.get(kind, BITS.get(kind, 0) // 8)
        if kind in ("string", "byte_array"):
            if at + 2 > len(block):
                return None
            size, at = int.from_bytes(block[at : at + 2], "big"), at + 2
        data, at = block[at : at + size], at + size
        if at > len(block):
            return None
        try:
            headers.append((name.decode(), kind, value_of(kind, data)))
        except UnicodeDecodeError:
            return None
    return headers if len({name for name, _, _ in headers}) == len(headers) <= 1024 else None


def value_of(kind: str, data: bytes) -> Any:
    if kind in FORMATS:
        return struct.unpack(FORMATS[kind], data)[0]
    if kind in ("true", "false"):
        return kind == "true"
    return data.decode() if kind == "string" else data


# The port's form of messages.


def as_json(message: Message) -> dict[str, Any]:
    headers, payload = message
    values = [[name, kind, base64_text(value) if isinstance(value, bytes) else value] for name, kind, value in headers]
    return {"headers": values, "payload_b64": base64_text(payload)}


def from_json(message: dict[str, Any]) -> Message:
    headers = [
        (name, kind, base64.b64decode(value) if kind in ("byte_array", "uuid") else value)
        for name, kind, value in message["headers"]
    ]
    return headers, base64.b64decode(message["payload_b64"])


# Generated messages.


def random_value(random: Random, kind: str) -> Any:
    if kind in BITS:
        bits = BITS[kind]
        number = random.choice([random.getrandbits(bits), random.getrandbits(bits % 7 + 1), 0, 1 << (bits - 1)])
        return number - (1 << bits) if number >= 1 << (bits - 1) else number
    if kind == "uuid":
        return random.randbytes(16)
    if kind == "byte_array":
        return random.randbytes(random.choice([0, 1, 30, 300]))
    if kind == "string":
        return odd_text(random, random.choice([0, 5, 60]), alphabet="ab\x00\n\x7f\u00e4\u20ac\U0001f600")
    return kind == "true"


def random_message(random: Random) -> Message:
    names = {odd_text(random, random.choice([1, 4, 20]), 1) for _ in range(random.randrange(8))}
    if random.random() < 0.5:
        names |= {":message-type", ":event-type", ":content-type"}
    headers = []
    for name in names:
        kind = random.choice(TYPES)
        headers.append((name, kind, random_value(random, kind)))
    random.shuffle(headers)
    return headers, random.randbytes(random.choice([0, 0, 1, 10, 200, 3000]))


def random_chunks(random: Random, stream: bytes) -> list[bytes]:
    """The stream cut anywhere: often between messages or inside a prelude, sometimes byte by byte."""
    step = random.choice([1, 3, 20, 500, 100_000])
    if step == 1 and len(stream) > 3000:
        step = 20
    chunks = []
    at = 0
    while at < len(stream):
        to = at + random.randint(0 if random.random() < 0.1 else 1, step)
        chunks.append(stream[at:to])
        at = to
    return chunks
