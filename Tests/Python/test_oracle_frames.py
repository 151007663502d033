"""The event-stream decoder and encoder against botocore's decoder, and against the specification."""

from __future__ import annotations

import base64
import struct
import zlib
from random import Random
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from conformance_port import Answer, Port, base64_text, error_kind, odd_text, port_fixture, seeded  # noqa: F401
from frame_model import (
    BITS,
    Message,
    as_json,
    encoded,
    frame_of,
    from_json,
    random_chunks,
    random_message,
    strict_headers,
)

STREAMS = 1000
FLIPPED = 1500
CUT = 1000
BLOCKS = 3000
ENCODED = 2000


def by_botocore(chunks: list[bytes]) -> tuple[list[Message], str | None]:
    """Names with values and payloads, and how it ended: "protocol", "incomplete" (botocore does not say) or None."""
    buffer = EventStreamBuffer()
    messages: list[Any] = []
    try:
        for chunk in chunks:
            buffer.add_data(chunk)
            for event in buffer:
                messages.append((event.headers, event.payload))
    except Exception:  # botocore has no common error for these: struct.error, KeyError, UnicodeDecodeError, its own
        return messages, "protocol"
    return messages, "incomplete" if buffer._data else None


def untyped(messages: list[Message]) -> list[Any]:
    return [({name: value for name, _, value in headers}, payload) for headers, payload in messages]


def decoded(answer: Answer) -> tuple[list[Message], str | None]:
    kind = error_kind(answer)
    messages = answer["ok"]["messages"] if kind is None else answer["error"].get("messages", [])
    return [from_json(message) for message in messages], kind


def ask(port: Port, streams: list[list[bytes]]) -> list[tuple[list[Message], str | None]]:
    requests = [{"chunks_b64": [base64_text(chunk) for chunk in chunks]} for chunks in streams]
    return [decoded(answer) for answer in port.ask_all("decode", requests)]


def random_stream(random: Random) -> list[Message]:
    return [random_message(random) for _ in range(random.randrange(6))]


def test_streams_are_decoded_as_botocore_decodes_them(port: Port) -> None:
    random = seeded()
    models = [random_stream(random) for _ in range(STREAMS)]
    streams = [random_chunks(random, b"".join(map(encoded, messages))) for messages in models]
    for messages, chunks, (found, kind) in zip(models, streams, ask(port, streams), strict=True):
        assert kind is None, chunks
        assert found == messages
        assert by_botocore(chunks) == (untyped(found), None)


def test_flipped_bits_are_refused_by_both(port: Port) -> None:
    random = seeded()
    streams: list[list[bytes]] = []
    while len(streams) < FLIPPED:
        stream = bytearray(b"".join(map(encoded, random_stream(random))))
        if stream:
            for _ in range(random.choice([1, 1, 1, 2, 5])):
                stream[random.randrange(len(stream))] ^= 1 << random.randrange(8)
            streams.append(random_chunks(random, bytes(stream)))
    for chunks, (found, kind) in zip(streams, ask(port, streams), strict=True):
        messages, botocores = by_botocore(chunks)
        # Two flips may be the same bit.
        assert kind == botocores, chunks
        assert untyped(found) == messages, chunks


def test_streams_that_end_early_are_incomplete(port: Port) -> None:
    random = seeded()
    streams = []
    for _ in range(CUT):
        stream = b"".join(map(encoded, random_stream(random)))
        streams.append(random_chunks(random, stream[: random.randint(0, len(stream))]))
    kinds = set()
    for chunks, (found, kind) in zip(streams, ask(port, streams), strict=True):
        messages, botocores = by_botocore(chunks)
        assert (untyped(found), kind) == (messages, botocores), chunks
        kinds.add(kind)
    assert kinds == {None, "incomplete"}


def damaged_block(random: Random) -> bytes:
    headers, _ = random_message(random)
    block = bytearray(encoded((headers, b""))[12:-4])
    for _ in range(random.randrange(3)):
        at = random.randint(0, len(block))
        new = random.choice([b"", b"\0", b"\xff", b"\x01a\x00", random.randbytes(2)])
        block[at : at + random.randrange(4)] = new
    return bytes(block)


def test_header_blocks_are_taken_or_refused_as_the_specification_says(port: Port) -> None:
    """Checksums hold here. botocore takes empty names, and values that end beyond the block: cut off, or with bytes of
    nothing; whatever it refuses is refused."""
    random = seeded()
    blocks = [damaged_block(random) for _ in range(BLOCKS)]
    streams = [[frame_of(block, b"payload")] for block in blocks]
    lenient = 0
    for block, chunks, (found, kind) in zip(blocks, streams, ask(port, streams), strict=True):
        headers = strict_headers(block)
        assert kind == ("protocol" if headers is None else None), block
        messages, botocores = by_botocore(chunks)
        if headers is not None:
            assert found == [(headers, b"payload")], block
            assert (messages, botocores) == (untyped(found), None), block
        elif botocores is None:
            lenient += 1
    print(f"{lenient} of {BLOCKS} blocks are taken by botocore alone")
    assert lenient > 0


def prelude_of(total: int, headers: int) -> bytes:
    prelude = struct.pack(">II", total, headers)
    return prelude + struct.pack(">I", zlib.crc32(prelude))


@pytest.mark.parametrize(
    ("total", "headers"), [(0, 0), (12, 0), (15, 0), (16, 1), (20, 5), (16, 2**32 - 1), (2**32 - 1, 0)]
)
def test_lengths_that_do_not_fit_are_refused_at_once(port: Port, total: int, headers: int) -> None:
    """botocore takes a total length of 12, and waits for the bytes of some of the others."""
    assert ask(port, [[prelude_of(total, headers)]]) == [([], "protocol")]


@pytest.mark.parametrize("payload", [b"", b"a", b"x" * 7_000_000])
def test_payloads_of_every_size(port: Port, payload: bytes) -> None:
    message: Message = ([("a", "string", "b")], payload)
    assert ask(port, [[encoded(message)]]) == [([message], None)]


def test_what_is_encoded_is_what_the_specification_says(port: Port) -> None:
    random = seeded()
    messages = [random_message(random) for _ in range(ENCODED)]
    answers = port.ask_all("encode", [{"message": as_json(message)} for message in messages])
    for message, answer in zip(messages, answers, strict=True):
        assert error_kind(answer) is None, (message, answer)
        frame = base64.b64decode(answer["ok"]["frame_b64"])
        assert frame == encoded(message)
        assert by_botocore([frame]) == (untyped([message]), None)


def bad_headers() -> list[list[list[Any]]]:
    headers: list[list[list[Any]]] = [
        [["", "true", True]],
        [["a" * 256, "true", True]],
        [["\u00e4" * 128, "true", True]],
        [["a", "true", True], ["a", "byte", 1]],
        [["a", "true", False]],
        [["a", "false", True]],
        [["a", "double", 1]],
        [["a", "uuid", base64_text(bytes(15))]],
        [["a", "uuid", base64_text(bytes(17))]],
        [["a", "string", "a" * 32_768]],
        [["a", "byte_array", base64_text(bytes(32_768))]],
        [[str(number), "byte_array", base64_text(bytes(32_767))] for number in range(5)],
        [[str(number), "true", True] for number in range(1025)],
    ]
    for kind, bits in BITS.items():
        headers += [[["a", kind, number]] for number in (1 << (bits - 1), -(1 << (bits - 1)) - 1)]
    return headers + [[["a", "byte", 1.5]]]


@pytest.mark.parametrize("headers", bad_headers(), ids=lambda headers: str(headers)[:40])
def test_what_has_no_form_on_the_wire_is_not_encoded(port: Port, headers: Any) -> None:
    answer = port.ask("encode", {"message": {"headers": headers, "payload_b64": ""}})
    assert error_kind(answer) == "encode"


def test_the_longest_of_everything_is_encoded(port: Port) -> None:
    headers: Any = [("n" * 255, "string", "a" * 32_767), ("b", "byte_array", bytes(32_767))]
    message: Message = (headers, bytes(9_000_000))
    answer = port.ask("encode", {"message": as_json(message)})
    assert base64.b64decode(answer["ok"]["frame_b64"]) == encoded(message)


def test_a_payload_beyond_the_format_is_not_encoded(port: Port) -> None:
    answer = port.ask("encode", {"message": {"headers": [], "payload_b64": base64_text(bytes(24 * 1024 * 1024 + 1))}})
    assert error_kind(answer) == "encode"


# What a message is.

KINDS = {"event": ":event-type", "exception": ":exception-type", "error": ":error-code"}


def random_classified(random: Random) -> tuple[Message, dict[str, Any] | None]:
    """A message, and what it is; None for one that no client may accept."""
    kind = random.choice([*KINDS, *KINDS, "Event", ""])
    texts = {":message-type": kind, KINDS.get(kind, ":event-type"): odd_text(random, 12)}
    for name in (":content-type", ":error-message", ":event-type", ":exception-type", "x"):
        if random.random() < 0.3:
            texts.setdefault(name, odd_text(random, 12))
    headers: Any = [(name, "string", text) for name, text in texts.items()]
    required = {":message-type", KINDS.get(kind, "")}
    fault = kind not in KINDS
    if random.random() < 0.3:
        at = random.randrange(len(headers))
        name = headers[at][0]
        fault |= name in required
        texts.pop(name)
        headers[at : at + 1] = random.choice([[], [(name, "byte_array", b"event")], [(name, "true", True)]])
    random.shuffle(headers)
    payload = random.randbytes(random.randrange(40))
    if fault:
        return (headers, payload), None
    if kind == "error":
        return (headers, payload), {"kind": kind, "code": texts[":error-code"], "message": texts.get(":error-message")}
    return (headers, payload), {
        "kind": kind, "type": texts[KINDS[kind]], "content_type": texts.get(":content-type"),
        "payload_b64": base64_text(payload),
    }


def test_messages_are_what_their_headers_say(port: Port) -> None:
    random = seeded()
    cases = [random_classified(random) for _ in range(1500)]
    answers = port.ask_all("classify", [{"frame_b64": base64_text(encoded(message))} for message, _ in cases])
    for (message, expected), answer in zip(cases, answers, strict=True):
        assert error_kind(answer) == ("protocol" if expected is None else None), message
        if expected is not None:
            assert answer["ok"] == {name: value for name, value in expected.items() if value is not None}, message


def test_only_one_whole_message_is_classified(port: Port) -> None:
    frame = encoded(([(":message-type", "string", "event"), (":event-type", "string", "a")], b""))
    for data, kind in [(frame, None), (frame[:-1], "protocol"), (b"", "protocol"), (frame * 2, "protocol"),
                       (frame + b"\0", "protocol"), (bytes([frame[0] ^ 1]) + frame[1:], "protocol")]:
        assert error_kind(port.ask("classify", {"frame_b64": base64_text(data)})) == kind
