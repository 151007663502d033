"""Signed messages of event streams against a signature written with hmac, and botocore's reader of messages."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from datetime import datetime, timezone

from botocore.eventstream import EventStreamBuffer
from conformance_port import Port, base64_text, error_kind, port_fixture, seeded  # noqa: F401

CREDENTIALS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}


def by_hand(previous: str, payload: bytes, epoch: int, region: str, service: str) -> tuple[str, str]:
    moment = datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    date = b"\x05:date\x08" + struct.pack(">q", epoch * 1000)
    text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", moment, scope, previous, hashlib.sha256(date).hexdigest(),
                      hashlib.sha256(payload).hexdigest()])
    key = b"AWS4" + CREDENTIALS["secret_access_key"].encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return text, hmac.digest(key, text.encode(), "sha256").hex()


def test_a_chain_of_messages(port: Port) -> None:
    random = seeded()
    for _ in range(20):
        previous = random.randbytes(32).hex()
        region, service = random.choice(["us-east-1", "eu-west-3"]), random.choice(["bedrock", "transcribe"])
        epoch = random.randrange(0, 4_102_444_800)
        for payload in [random.randbytes(random.choice([1, 17, 2000, 200_000])) for _ in range(5)] + [b""]:
            epoch += random.randrange(2)
            args = {"prev_signature_hex": previous, "payload_b64": base64_text(payload), "epoch": epoch,
                    "credentials": CREDENTIALS, "region": region, "service": service}
            answer = port.ask("sign_event", args)["ok"]
            text, previous = by_hand(previous, payload, epoch, region, service)
            assert (answer["string_to_sign"], answer["signature"]) == (text, previous)
            reader = EventStreamBuffer()
            reader.add_data(base64.b64decode(answer["frame_b64"]))
            [message] = list(reader)
            assert message.payload == payload
            assert message.headers == {":date": epoch * 1000, ":chunk-signature": bytes.fromhex(previous)}


def test_without_a_region(port: Port) -> None:
    args = {"prev_signature_hex": "", "payload_b64": "", "epoch": 0, "credentials": CREDENTIALS, "region": "",
            "service": "bedrock"}
    assert error_kind(port.ask("sign_event", args)) == "request"
