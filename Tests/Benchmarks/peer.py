"""What people use today: boto3 and its botocore, with the arguments of client.

    peer.py --workload b|t --url URL --model ID [--repeat R]      a stream of boto3's
    peer.py --workload a --file CORPUS                            botocore's frames, and json for their payloads
    peer.py --workload e --size BYTES --reps N                    botocore's signature

Prints a line of JSON with the names of client's that apply.
"""

import argparse
import json
import statistics
import time
from typing import Any

KEYS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
MODEL = "anthropic.claude-3-5-sonnet-20241022-v2%3A0"


def streams(options: argparse.Namespace) -> dict[str, Any]:
    import boto3
    from botocore.config import Config

    client = boto3.Session(*KEYS, region_name="us-east-1").client(
        "bedrock-runtime", endpoint_url=options.url, config=Config(retries={"total_max_attempts": 1}))
    messages = [{"role": "user", "content": [{"text": "hi"}]}]
    events = deltas = 0
    waits = []
    cpu = time.process_time()
    for _ in range(options.repeat):
        asked = time.monotonic()
        first = 0.0
        for event in client.converse_stream(modelId=options.model, messages=messages)["stream"]:
            events += 1
            delta = event.get("contentBlockDelta")
            if delta is not None:
                deltas += len(delta["delta"]["text"]) > 0
                first = first or time.monotonic()
        waits.append((first - asked) * 1e3)
    cpu = time.process_time() - cpu
    return {"cpu_us_per_event": cpu * 1e6 / events, "events": events, "deltas": deltas,
            "ttft_ms_p50": statistics.median(waits[1:] or waits)}


def decode(options: argparse.Namespace) -> dict[str, Any]:
    from botocore.eventstream import EventStreamBuffer

    with open(options.file, "rb") as file:
        data = file.read()
    events = deltas = 0
    cpu = time.process_time()
    buffer = EventStreamBuffer()
    for at in range(0, len(data), 16384):
        buffer.add_data(data[at:at + 16384])
        for message in buffer:
            deltas += "text" in json.loads(message.payload).get("delta", {})
            events += 1
    return {"cpu_us_per_event": (time.process_time() - cpu) * 1e6 / events, "events": events, "deltas": deltas}


def sign(options: argparse.Namespace) -> dict[str, Any]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    body = bytes((i * 31 + 7) % 256 for i in range(256)) * (options.size // 256)
    signer = SigV4Auth(Credentials(*KEYS), "bedrock", "us-east-1")
    url = f"https://bedrock-runtime.us-east-1.amazonaws.com/model/{MODEL}/converse-stream"
    cpu = time.process_time()
    for _ in range(options.reps):
        signer.add_auth(AWSRequest("POST", url, {"content-type": "application/json"}, body))
    return {"cpu_us_per_event": (time.process_time() - cpu) * 1e6 / options.reps, "events": options.reps}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", default="b")
    parser.add_argument("--url", default="")
    parser.add_argument("--model", default="n100")
    parser.add_argument("--file", default="")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--reps", type=int, default=500)
    parser.add_argument("--size", type=int, default=1024)
    options = parser.parse_args()
    workload = {"a": decode, "e": sign}.get(options.workload, streams)
    print(json.dumps({"client": "boto3", "workload": options.workload, **workload(options)}))


if __name__ == "__main__":
    main()
