"""Timestamps against botocore's reader, and Python's own."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime

from botocore.utils import parse_timestamp
from conformance_port import Port, error_kind, port_fixture, seeded  # noqa: F401

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
CASES = 2000


def moment(found: datetime) -> dict[str, int]:
    since = found - EPOCH
    return {"seconds": since.days * 86400 + since.seconds, "nanos": since.microseconds * 1000}


def test_moments_of_rfc_3339(port: Port) -> None:
    random = seeded()
    texts = []
    for _ in range(CASES):
        zone = timezone(timedelta(minutes=random.choice([0, 0, random.randint(-1439, 1439)])))
        one = EPOCH + timedelta(microseconds=random.randrange(-(2**55), 2**57))
        one = one.replace(microsecond=random.choice([0, one.microsecond])).astimezone(zone)
        texts.append(one.isoformat().replace("+00:00", random.choice(["Z", "z", "+00:00", "-00:00"])))
    asked = [{"format": "date-time", "text": text} for text in texts]
    for text, answer in zip(texts, port.ask_all("parse_timestamp", asked), strict=True):
        assert answer == {"ok": moment(parse_timestamp(text))}, text


def test_dates_of_http(port: Port) -> None:
    random = seeded()
    ones = [EPOCH + timedelta(seconds=random.randrange(-(2**35), 2**37)) for _ in range(CASES)]
    texts = [format_datetime(one, usegmt=True) for one in ones]
    asked = [{"format": "http-date", "text": text} for text in texts]
    for one, text, answer in zip(ones, texts, port.ask_all("parse_timestamp", asked), strict=True):
        assert answer == {"ok": moment(one)}, text
        if one.year >= 1000:
            assert parse_timestamp(text) == one, text


def test_numbers(port: Port) -> None:
    random = seeded()
    values = [Decimal(random.randrange(10**18)).scaleb(-random.randint(0, 9)) for _ in range(CASES)]
    texts = [random.choice([str, lambda value: f"{value:f}", lambda value: f"{value:e}"])(value) for value in values]
    asked = [{"format": "epoch-seconds", "text": text} for text in texts]
    for value, text, answer in zip(values, texts, port.ask_all("parse_timestamp", asked), strict=True):
        assert answer == {"ok": {"seconds": int(value), "nanos": int(value % 1 * 10**9)}}, text


def test_what_is_none(port: Port) -> None:
    random = seeded()
    good = {"date-time": "2021-08-05T19:58:02.25+02:00", "http-date": "Sun, 06 Nov 1994 08:49:37.25 GMT",
            "epoch-seconds": "1604588357.25"}
    asked = []
    for form, text in good.items():
        for at in range(len(text)):
            asked.append({"format": form, "text": text[:at]})
            asked.append({"format": form, "text": text[:at] + random.choice("x/\u0660\t") + text[at + 1:]})
            asked.append({"format": form, "text": text[:at] + random.choice("x/\u0660 ") + text[at:]})
    # Cut behind a digit, a number is one.
    for args, answer in zip(asked, port.ask_all("parse_timestamp", asked), strict=True):
        if args["format"] == "epoch-seconds" and args["text"][-1:].isdigit() and args["text"].isascii():
            continue
        assert error_kind(answer) == "parse", args
    assert port.ask("parse_timestamp", {"format": "iso", "text": "x"}) == {"unsupported": True}
