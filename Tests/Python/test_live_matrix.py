"""What this library and boto3 say of the same broken answers, as a table:

    make matrix                                      (or python Tests/Python/test_live_matrix.py)

The test holds this library to the row; of boto3 it only wants that there is something to compare with.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import outcome_driver
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import Simulator
from outcome_driver import Line
from simulator_clients import HELLO

ANSWER, DELTAS = "sim.pieces-12", 12
SILENCE_MS = 500
"""What both wait for bytes; the sixth part of what the stall and the drip take."""
TOTAL_MS = 1200

Told = dict[str, Any]


@dataclass
class Row:
    scenario: str
    knobs: str
    code: str
    """Of this library; what else is expected of it is in the rest."""
    status: int = 200
    came: range = range(1, DELTAS)
    """How many deltas may have been delivered."""
    attempts: int = 1
    least_ms: int = 0
    most_ms: int = 10_000
    settings: dict[str, Any] = field(default_factory=dict)


SOME, NONE, ALL = range(1, DELTAS), range(1), range(DELTAS, DELTAS + 1)
ROWS = [
    Row("throttlingException in the stream", "exception-throttlingException.after-4", "BRS_E_THROTTLED", 429),
    Row("the same before the first delta, once", "exception-throttlingException.after-0.times-1", "BRS_OK", 0, ALL, 2),
    Row("modelStreamErrorException", "exception-modelStreamErrorException.after-4", "BRS_E_MODEL_STREAM", 424),
    Row(":message-type: error", "exception-InternalFailure.as-error.after-4", "BRS_E_INTERNAL_SERVER", 500),
    Row("exception as an event", "exception-throttlingException.as-event.after-4", "BRS_E_THROTTLED", 429),
    Row("cut amid a frame, chunked", "pace-5.cut-1500.how-close", "BRS_E_INCOMPLETE"),
    Row("cut amid a frame, close-delimited", "pace-5.close.cut-1500.how-close", "BRS_E_INCOMPLETE"),
    Row("cut amid a frame, proper last chunk", "cut-1500.how-end", "BRS_E_INCOMPLETE"),
    Row("connection reset", "pace-5.cut-1500.how-reset", "BRS_E_INCOMPLETE"),
    Row("no messageStop", "nostop", "BRS_E_INCOMPLETE", came=ALL),
    Row("bytes behind the last frame", "trailing-7", "BRS_E_INCOMPLETE", came=ALL),
    Row("silence, limit between bytes", "stall-5", "BRS_E_TIMEOUT_BETWEEN_BYTES", came=range(5, 6),
        least_ms=SILENCE_MS, most_ms=SILENCE_MS + 1500),
    Row("a checksum that is wrong", "corrupt-crc.frame-5", "BRS_E_PROTOCOL"),
    Row("drip of 3 s, limit of the whole", "pace-250", "BRS_E_TIMEOUT_TOTAL", least_ms=TOTAL_MS,
        most_ms=TOTAL_MS + 1500, settings={"timeout.total_ms": TOTAL_MS}),
    Row("no answer, first-byte limit", "silent", "BRS_E_TIMEOUT_FIRST_BYTE", 0, NONE, 3, least_ms=3 * SILENCE_MS),
    Row("429", "status-429", "BRS_E_THROTTLED", 429, NONE, 3),
    Row("503", "status-503", "BRS_E_SERVICE_UNAVAILABLE", 503, NONE, 3),
    Row("424", "status-424", "BRS_E_MODEL_ERROR", 424, NONE, 1),
    Row("408", "status-408", "BRS_E_MODEL_TIMEOUT", 408, NONE, 1),
]


def model(row: Row, who: str) -> str:
    return f"{ANSWER}.{row.knobs}.key-{who}{ROWS.index(row)}"


def ask_this_library(simulator: Simulator) -> list[Told]:
    """By its own defaults but for the limits."""
    limits = {"timeout.first_byte_ms": SILENCE_MS, "timeout.between_bytes_ms": SILENCE_MS}
    told = outcome_driver.run([
        Line("pull", simulator.endpoint, [model(row, "a")], {**limits, **row.settings}) for row in ROWS])
    return [calls[0] for calls in told]


def ask_boto3(simulator: Simulator) -> list[str]:
    with ThreadPoolExecutor(len(ROWS)) as pool:
        return list(pool.map(lambda row: told_by_boto3(simulator, model(row, "b")), ROWS))


def told_by_boto3(simulator: Simulator, name: str) -> str:
    session = boto3.Session()
    client = session.client(
        "bedrock-runtime", endpoint_url=simulator.endpoint, region_name=simulator.region,
        aws_access_key_id=simulator.access_key, aws_secret_access_key=simulator.secret_key,
        config=Config(read_timeout=SILENCE_MS / 1000))
    began, deltas, attempts = time.monotonic(), 0, ""
    try:
        answer = client.converse_stream(modelId=name, messages=HELLO)
        attempts = tries(answer)
        for event in answer["stream"]:
            deltas += "contentBlockDelta" in event
        end = "END, no error"
    except ClientError as error:
        attempts = attempts or tries(error.response)
        names = dict.fromkeys([type(error).__name__, error.response["Error"].get("Code", "")])
        end = " ".join(names).strip()
    except Exception as error:  # whatever it is, it is what a caller would have to catch
        end = f"{type(error).__module__.split('.')[0]}.{type(error).__name__}"
    return f"{end}, {deltas} of {DELTAS}{attempts}, {time.monotonic() - began:.1f} s"


def tries(answer: dict[str, Any]) -> str:
    count = answer.get("ResponseMetadata", {}).get("RetryAttempts", 0) + 1
    return f", {count} attempts" if count > 1 else ""


def told_in_short(ending: Told) -> str:
    code = "success" if ending["code"] == "BRS_OK" else f"{ending['code']} {ending['status'] or ''}".strip()
    attempts = f", {ending['attempts']} attempts" if ending["attempts"] > 1 else ""
    return f"{code}, {ending['delivered']} of {DELTAS}{attempts}, {ending['ms'] / 1000:.1f} s"


def what_is_wrong(row: Row, ending: Told, whole: str) -> list[str]:
    """Nothing, where the row is as it should be."""
    rules: dict[str, bool] = {
        "code": ending["code"] == row.code,
        "status": ending["status"] == row.status,
        "deltas": ending["delivered"] in row.came,
        "text": whole.startswith(ending["text"]) and (ending["code"] != "BRS_OK" or ending["text"] == whole),
        "attempts": ending["attempts"] == row.attempts,
        "time": row.least_ms <= ending["ms"] <= row.most_ms,
        "one end": (ending["ends"], ending["late"]) == (1, 0),
    }
    return [name for name, holds in rules.items() if not holds]


def table(ours: list[Told], theirs: list[str], whole: str) -> str:
    """As Markdown."""
    rows = [("scenario", "libbedrockstream", "as it should be", f"boto3 {boto3.__version__}"), ("---",) * 4]
    for row, mine, other in zip(ROWS, ours, theirs):
        wrong = what_is_wrong(row, mine, whole)
        rows.append((row.scenario, told_in_short(mine), "WRONG: " + ", ".join(wrong) if wrong else "yes", other))
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    return "\n".join("| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |" for row in rows)


def measure(simulator: Simulator) -> tuple[list[Told], list[str], str]:
    [[whole]] = outcome_driver.run([Line("pull", simulator.endpoint, [ANSWER])])
    return ask_this_library(simulator), ask_boto3(simulator), whole["text"]


def test_every_row_is_as_it_should_be(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs, whole = measure(simulator)
    print("\n" + table(ours, theirs, whole))
    wrong = {row.scenario: problem for row, one in zip(ROWS, ours) if (problem := what_is_wrong(row, one, whole))}
    assert not wrong, [one for row, one in zip(ROWS, ours) if row.scenario in wrong]
    assert all(theirs)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(Path(folder))
        try:
            ours, theirs, whole = measure(simulator)
        finally:
            simulator.stop()
    print(table(ours, theirs, whole))
    return int(any(what_is_wrong(row, one, whole) for row, one in zip(ROWS, ours)))


if __name__ == "__main__":
    sys.exit(main())
