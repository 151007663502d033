"""The JSON reader and the percent-encoding against Python's."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from conformance_port import ODD_TEXT, Port, base64_text, error_kind, odd_text, port_fixture, seeded  # noqa: F401

DOCUMENTS = 3000
LABELS = 1500


class Number(str):
    """A number as it is written."""


def no_constant(name: str) -> Any:
    # Python reads NaN, Infinity and -Infinity; RFC 8259 has no such values.
    raise ValueError(name)


def replace_lone_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def normal(value: Any) -> Any:
    """As the port answers: 64-bit integers as numbers, other numbers as written, lone surrogates replaced."""
    if isinstance(value, Number):
        is_integer = not set(value) & set(".eE") and -(2**63) <= int(value) < 2**63
        return ("integer", int(value)) if is_integer else ("number", str(value))
    if isinstance(value, str):
        return replace_lone_surrogates(value)
    if isinstance(value, list):
        return [normal(element) for element in value]
    if isinstance(value, dict):
        # Names that differ in lone surrogates alone are one name to the library: the last counts.
        return {replace_lone_surrogates(name): normal(member) for name, member in value.items()}
    return value


def parse(text: str) -> Any:
    return normal(json.loads(text, parse_int=Number, parse_float=Number, parse_constant=no_constant))


def by_python(document: bytes) -> tuple[bool, Any]:
    """Whether it is JSON, and what it says. Python would take other encodings than UTF-8 for bytes, but not here."""
    try:
        return True, parse(document.decode("utf-8"))
    except ValueError:
        return False, None


NUMBERS = ["0", "-0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
           "18446744073709551615", "-9223372036854775809", "1.0", "0.1e-7", "1E400", "-1.50", "2e+10", "10", "1" * 60]
BLANKS = ["", "", "", " ", "\n", "\t", "\r\n", "   "]


def random_string(random: Random) -> str:
    """Some characters written as they are, some escaped in one of the ways that there are."""
    pieces = []
    for character in odd_text(random, 12, alphabet=ODD_TEXT + "\b\f\n\r\t\x00\x1f\x7f\u2028"):
        units = character.encode("utf-16-be")
        escaped = "".join(f"\\u{units[at]:02x}{units[at + 1]:02X}" for at in range(0, len(units), 2))
        short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\r": "\\r"}
        if random.random() < 0.15:
            pieces.append(escaped)
        elif random.random() < 0.5 or character in '"\\' or character < " ":
            pieces.append(short.get(character, escaped if character < " " else character))
        else:
            pieces.append(character)
    if random.random() < 0.05:
        pieces.insert(random.randint(0, len(pieces)), random.choice(["\\ud800", "\\udfff", "\\uDC00\\uD800"]))
    return '"' + "".join(pieces) + '"'


def random_document(random: Random, depth: int = 0) -> str:
    def blank() -> str:
        return random.choice(BLANKS)

    kind = random.randrange(4 if depth > 6 else 7)
    if kind == 0:
        text = random.choice(["true", "false", "null"])
    elif kind == 1:
        text = random.choice(NUMBERS)
    elif kind in (2, 3):
        text = random_string(random)
    elif kind == 4:
        elements = [random_document(random, depth + 1) for _ in range(random.randrange(5))]
        text = "[" + (",".join(elements) or blank()) + "]"
    else:
        names = [random_string(random) if random.random() < 0.7 else '"a"' for _ in range(random.randrange(5))]
        members = [blank() + name + blank() + ":" + random_document(random, depth + 1) for name in names]
        text = "{" + (",".join(members) or blank()) + "}"
    return blank() + text + blank()


TOKENS = ["{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "\\ud83d", "0", "-", ".", "e5", "E", "+", "true", "nul",
          "NaN", "Infinity", "-Infinity", "\x00", "\x1f", "\x7f", "\n", "\u00a0", "\ufeff", "//", "'", "01", "1.",
          ".5", "\u00e4"]
BYTES = [b"\xff", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xef\xbb\xbf",
         b"\xf0\x9f\x98"]


def mutated(random: Random, document: bytes) -> bytes:
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(document))
        to = min(len(document), at + random.choice([0, 0, 1, 1, 2, 5]))
        part = random.choice(BYTES) if random.random() < 0.15 else random.choice(TOKENS).encode()
        new = random.choice([b"", part, part, document[to : to + 1], document[at:to] * 2])
        document = document[:at] + new + document[to:]
    return document


def compare(port: Port, documents: list[bytes]) -> int:
    """How many of them are JSON, by both."""
    answers = port.ask_all("parse_json", [{"text_b64": base64_text(document)} for document in documents], exact)
    accepted = 0
    for document, answer in zip(documents, answers, strict=True):
        is_json, value = by_python(document)
        assert error_kind(answer) == (None if is_json else "parse"), document
        if is_json:
            accepted += 1
            assert normal(answer["ok"]["value"]) == value, document
    return accepted


def exact(text: bytes) -> Any:
    """An answer with its numbers as they are written."""
    return json.loads(text, parse_int=Number, parse_float=Number)


def test_valid_documents_are_read_as_python_reads_them(port: Port) -> None:
    random = seeded()
    documents = [random_document(random).encode() for _ in range(DOCUMENTS)]
    assert compare(port, documents) == DOCUMENTS


def test_mutated_documents_are_taken_or_refused_as_python_does(port: Port) -> None:
    random = seeded()
    documents = [mutated(random, random_document(random).encode()) for _ in range(DOCUMENTS)]
    accepted = compare(port, documents)
    print(f"{accepted} of {DOCUMENTS} mutated documents are JSON")
    assert DOCUMENTS // 20 < accepted < DOCUMENTS * 19 // 20


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "[NaN]", '{"a": -Infinity}'])
def test_constants_that_python_reads_are_no_json(port: Port, text: str) -> None:
    json.loads(text)
    assert error_kind(port.ask("parse_json", {"text_b64": base64_text(text.encode())})) == "parse"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_encodings_that_python_reads_are_no_json(port: Port, encoding: str) -> None:
    document = '{"a": "b"}'.encode(encoding)
    json.loads(document)
    assert error_kind(port.ask("parse_json", {"text_b64": base64_text(document)})) == "parse"


@pytest.mark.parametrize(("depth", "kind"), [(256, None), (257, "parse")])
def test_nesting_has_a_bound(port: Port, depth: int, kind: str | None) -> None:
    for opening, inner, closing in [(b"[", b"", b"]"), (b'{"a":', b"1", b"}")]:
        document = opening * depth + inner + closing * depth
        assert error_kind(port.ask("parse_json", {"text_b64": base64_text(document)})) == kind


@pytest.mark.parametrize(
    ("document", "value"),
    [
        (b'{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}),
        (b'{"a": 1, "\\u0061": 2}', {"a": 2}),
        (b'"\\ud800"', "\ufffd"),
        (b'"\\ud83d\\ude00 \\ude00\\ud83d"', "\U0001f600 \ufffd\ufffd"),
        (b"[9223372036854775807, -9223372036854775808, -0]", [9223372036854775807, -9223372036854775808, 0]),
    ],
)
def test_values_are_written_from_what_was_read(port: Port, document: bytes, value: Any) -> None:
    assert port.ask("parse_json", {"text_b64": base64_text(document)}) == {"ok": {"value": value}}


def test_labels_are_encoded_as_python_quotes(port: Port) -> None:
    random = seeded()
    alphabet = ODD_TEXT + "".join(map(chr, range(256)))
    texts = [odd_text(random, 40, alphabet=alphabet) for _ in range(LABELS)] + list(map(chr, range(256))) + ["", ".."]
    answers = port.ask_all("encode_label", [{"text": text} for text in texts])
    assert [answer["ok"]["label"] for answer in answers] == [quote(text, safe="-._~") for text in texts]
