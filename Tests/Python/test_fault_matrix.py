"""Every fault of the simulator, straight, through TLS and through HTTP/2, by callbacks and by pulling, with and without
retries: how the call ends is written in one table.

Each line of it is one fault of the service or of the way to it. The same fault is asked for always, once and twice.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field, replace
from typing import Any

import outcome_driver
import pytest
from conftest import Simulator, simulator_binary
from outcome_driver import Line
from transport_fronts import Authority, Front, programs  # noqa: F401 (fixture)

ANSWER = "sim.pieces-12"
AFTERWARDS = "sim.pieces-3"
# Where nothing is silent, nothing but a hang is waited for: this machine may be busy.
LIMITS_MS = {"silence": 500, "": 10_000}
RETRIES = {
    "off": {"retry.mode": "off"}, "on": {"retry.max_backoff_ms": 5},
    "restart": {"retry.max_backoff_ms": 5, "recovery": "restart"},
    "continue": {"retry.max_backoff_ms": 5, "recovery": "continue"},
}
MOST_ATTEMPTS = 3
FRONTS = ("plain", "tls", "http2")


@dataclass
class Fault:
    """`came` is what of the answer's text is delivered: none, some, all. `status` 0: there was no answer."""

    knobs: str
    code: str
    status: int
    came: str
    retryable: bool
    service_code: str = ""
    can_pass: bool = True
    """The simulator can do it a number of times and then answer well."""
    behind: Fault | None = field(default=None, repr=False)
    """What is seen through nghttpx, where that is something else."""
    fronts: tuple[str, ...] = FRONTS


def refused(knobs: str, code: str, status: int, service_code: str, retryable: bool) -> Fault:
    return Fault(knobs, code, status, "none", retryable, service_code)


def thrown(name: str, code: str, status: int, retryable: bool, form: str = "", told: str | None = None) -> list[Fault]:
    """An exception within the stream, at every place of it."""
    told = name[0].upper() + name[1:] if told is None else told
    came = {"start": "none", "0": "none", "3": "some", "end": "all"}
    return [
        Fault(f"exception-{name}{form}.after-{place}", code, status, came[place], retryable, told) for place in came]


def unavailable(fault: Fault) -> Fault:
    """nghttpx answers for a server that gives no proper answer."""
    seen = replace(fault, code="SERVICE_UNAVAILABLE", status=502, came="none", retryable=True)
    return replace(fault, behind=seen)


def lost(knobs: str) -> Fault:
    """The connection ends before an answer."""
    return unavailable(Fault(knobs, "TRANSPORT", 0, "none", True))


def broken(knobs: str, came: str) -> Fault:
    return Fault(knobs, "INCOMPLETE", 200, came, True)


def damaged(kind: str, code: str = "PROTOCOL") -> list[Fault]:
    return [
        Fault(f"corrupt-{kind}.frame-0", code, 200, "none", False),
        Fault(f"corrupt-{kind}.frame-5", code, 200, "some", False)]


# Without a pause the end of a connection often overtakes in nghttpx what went before it.
HEAD_FIRST, TEXT_FIRST = "event-200.", "pace-20."

NONE = [Fault(knobs, "OK", 0, "all", False) for knobs in (
    "chunk-7", "write-3", "close", "frames-5", "nometa", "head-interim", "novel", "pace-2")]
# Of nghttpx's connections another call would have to bear it.
NONE.append(Fault("hangup", "OK", 0, "all", False, fronts=("plain",)))

REFUSALS = [
    refused("status-400", "VALIDATION", 400, "ValidationException", False),
    refused("status-403", "ACCESS_DENIED", 403, "AccessDeniedException", False),
    refused("status-404", "NOT_FOUND", 404, "ResourceNotFoundException", False),
    refused("status-408", "MODEL_TIMEOUT", 408, "ModelTimeoutException", False),
    refused("status-424", "MODEL_ERROR", 424, "ModelErrorException", False),
    refused("status-429", "THROTTLED", 429, "ThrottlingException", True),
    refused("status-429.retryafter-5", "THROTTLED", 429, "ThrottlingException", True),
    refused("status-500", "INTERNAL_SERVER", 500, "InternalServerException", True),
    refused("status-502", "SERVICE_UNAVAILABLE", 502, "UnknownError", True),
    refused("status-503", "SERVICE_UNAVAILABLE", 503, "ServiceUnavailableException", True),
    refused("status-504", "SERVICE_UNAVAILABLE", 504, "UnknownError", True),
    refused("status-418", "SERVICE", 418, "UnknownError", False),
    refused("status-302", "SERVICE", 302, "UnknownError", False),
    refused("error-ModelNotReadyException", "MODEL_NOT_READY", 429, "ModelNotReadyException", True),
    refused("error-ServiceQuotaExceededException", "QUOTA_EXCEEDED", 400, "ServiceQuotaExceededException", False),
    refused("error-ExpiredTokenException", "EXPIRED_TOKEN", 403, "ExpiredTokenException", False),
    *(refused(f"status-500.shape-{shape}", "INTERNAL_SERVER", 500, "InternalServerException", True)
      for shape in ("type", "code", "upper")),
    *(refused(f"status-503.shape-{shape}", "SERVICE_UNAVAILABLE", 503, "", True)
      for shape in ("html", "empty", "text")),
    unavailable(refused("status-204", "SERVICE", 204, "UnknownError", False)),
]

LOST = [
    lost("drop-reset"), lost("drop-close"), lost("drop-end"), lost("head-garbage"),
    unavailable(Fault("head-huge", "OK", 0, "all", False)),
]

EXCEPTIONS = [
    *thrown("throttlingException", "THROTTLED", 429, True),
    *thrown("internalServerException", "INTERNAL_SERVER", 500, True),
    *thrown("serviceUnavailableException", "SERVICE_UNAVAILABLE", 503, True),
    *thrown("modelStreamErrorException", "MODEL_STREAM", 424, False),
    *thrown("modelTimeoutException", "MODEL_TIMEOUT", 408, False),
    *thrown("validationException", "VALIDATION", 400, False),
    *thrown("novelException", "SERVICE", 0, False),
    *thrown("throttlingException", "THROTTLED", 429, True, ".as-event"),
    *thrown("validationException", "VALIDATION", 400, False, ".as-event"),
    *thrown("InternalFailure", "INTERNAL_SERVER", 500, True, ".as-error"),
    *thrown("novel", "SERVICE", 0, False, ".as-error", "novel"),
]

SILENCE = [
    Fault("silent", "TIMEOUT_FIRST_BYTE", 0, "none", True),
    Fault("first-1500", "TIMEOUT_FIRST_BYTE", 0, "none", True, can_pass=False),
    Fault("event-1500", "TIMEOUT_BETWEEN_BYTES", 200, "none", True, can_pass=False),
    Fault("stall-0", "TIMEOUT_BETWEEN_BYTES", 200, "none", True),
    Fault("stall-5", "TIMEOUT_BETWEEN_BYTES", 200, "some", True),
    Fault("stall-12", "TIMEOUT_BETWEEN_BYTES", 200, "all", True),
]

CUTS = [
    *(broken(f"{HEAD_FIRST}cut-{length}.how-{how}", "none")
      for length in (0, 1, 11, 100) for how in ("reset", "close", "end")),
    *(broken(f"{HEAD_FIRST}cutafter-0.how-{how}", "none") for how in ("reset", "close", "end")),
    *(broken(f"{TEXT_FIRST}cutafter-6.how-{how}", "some") for how in ("reset", "close", "end")),
    *(broken(f"{TEXT_FIRST}close.cutafter-6.how-{how}", "some") for how in ("reset", "close", "end")),
    *(broken(f"{TEXT_FIRST}cut-2000.how-{how}", "some") for how in ("reset", "close", "end")),
    *(broken(f"{TEXT_FIRST}chunk-11.cut-2001.how-{how}", "some") for how in ("reset", "close", "end")),
    broken("nostop", "all"), broken("trailing-5", "all"),
]

DAMAGE = [
    *(fault
      for kind in (
          "crc", "prelude", "short", "garbage", "duplicate", "untyped", "nottext", "notjson", "nopayload")
      for fault in damaged(kind)),
    *damaged("length", "LIMIT"),
    Fault("trailing-50", "PROTOCOL", 200, "all", False),
    *(Fault(f"odd-{kind}", "PROTOCOL", 200, "none", False) for kind in ("json", "html", "empty")),
]

QUIET = {fault.knobs for fault in SILENCE}
TABLE = [*NONE, *REFUSALS, *LOST, *EXCEPTIONS, *SILENCE, *CUTS, *DAMAGE]


@dataclass(frozen=True)
class Case:
    knobs: str
    front: str
    style: str
    retry: str
    times: int
    """How often the fault happens; 0: always."""


def cases(fault: Fault, front: str) -> list[Case]:
    """Without retries the first answer decides, so that whatever would follow makes no difference."""
    again = [1, 2] if fault.can_pass and fault.code != "OK" else []
    return [
        Case(fault.knobs, front, style, retry, count)
        for style in outcome_driver.STYLES for retry in ("off", "on") for count in [0, *again[:2 * (retry == "on")]]]


def recovered(fault: Fault, front: str) -> list[Case]:
    """An answer that was begun and can be had whole all the same."""
    if not (fault.retryable and fault.can_pass and fault.came == "some"):
        return []
    return [
        Case(fault.knobs, front, style, recovery, count)
        for style in outcome_driver.STYLES for recovery in ("restart", "continue") for count in (1, 2)]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, programs: None) -> Any:  # noqa: F811
    """Everything at once: the waits of one call are the work of another. The answer as meant, and each case's calls."""
    folder = tmp_path_factory.mktemp("matrix")
    authority = Authority(folder)
    simulator = Simulator(folder)
    front = Front(folder, simulator.port, authority.issue("127.0.0.1"))
    secure = {"tls.ca_bundle": authority.bundle}
    ways = {
        "plain": (simulator.endpoint, {}), "tls": (front.endpoint, secure),
        "http2": (front.endpoint, {**secure, "http.version": "2"})}
    try:
        every = [
            case for fault in TABLE for name in fault.fronts
            for case in [*cases(fault, name), *recovered(fault, name)]]
        lines = [line(number, case, *ways[case.front]) for number, case in enumerate(every)]
        told = outcome_driver.run([Line("pull", simulator.endpoint, [ANSWER]), *lines], at_once=48)
        yield told[0][0]["text"], dict(zip(every, told[1:]))
    finally:
        front.stop()
        simulator.stop()


def line(number: int, case: Case, endpoint: str, settings: dict[str, Any]) -> Line:
    counted = f".times-{case.times}.key-c{number}" if case.times else ""
    model = f"{ANSWER}.{case.knobs}{counted}"
    limit = LIMITS_MS["silence" if case.knobs in QUIET else ""]
    limits = {
        "timeout.connect_ms": LIMITS_MS[""], "timeout.first_byte_ms": limit, "timeout.between_bytes_ms": limit}
    return Line(case.style, endpoint, [model, AFTERWARDS], {**limits, **RETRIES[case.retry], **settings})


def expected_attempts(fault: Fault, case: Case) -> int:
    if case.retry == "off" or not fault.retryable or fault.came != "none":
        return 1
    return min(case.times + 1, MOST_ATTEMPTS) if case.times else MOST_ATTEMPTS


@pytest.mark.parametrize("fault,front", [
    pytest.param(fault, front, id=f"{front}-{fault.knobs}") for fault in TABLE for front in fault.fronts])
def test_fault(fault: Fault, front: str, outcomes: Any) -> None:
    meant, told = outcomes
    for case in cases(fault, front):
        seen = fault if front == "plain" or fault.behind is None else fault.behind
        first, afterwards = told[case]
        assert (afterwards["code"], afterwards["ends"], afterwards["attempts"]) == ("BRS_OK", 1, 1), (case, afterwards)
        if is_overtaken(fault, case, first):
            assert_overtaken(seen, first, meant, case)
            continue
        attempts = expected_attempts(seen, case)
        passes = seen.code == "OK" or 0 < case.times < attempts
        wanted = Fault(seen.knobs, "OK", 0, "all", False) if passes else seen
        assert (first["code"], first["ends"], first["late"]) == (code(wanted), 1, 0), (case, first)
        assert (first["status"], first["retryable"]) == (wanted.status, int(wanted.retryable)), (case, first)
        if wanted.behind is None and seen is fault:
            assert first["service_code"] == wanted.service_code, (case, first)
        assert_text(wanted, first, meant, case)
        assert_attempts(first, attempts, passes, case)


@pytest.mark.parametrize("fault,front", [
    pytest.param(fault, front, id=f"{front}-{fault.knobs}")
    for fault in TABLE for front in fault.fronts if recovered(fault, front)])
def test_recovery(fault: Fault, front: str, outcomes: Any) -> None:
    """Begun anew or gone on with, the answer is the one that was meant, whole, without a gap or a repeat."""
    meant, told = outcomes
    for case in recovered(fault, front):
        first, afterwards = told[case]
        assert (first["code"], first["ends"], first["late"]) == ("BRS_OK", 1, 0), (case, first)
        assert first["text"] == first["came"] == meant, (case, first)
        assert (first["delivered"], first["stop_reason"]) == (first["deltas"], "end_turn"), (case, first)
        # The rest of an answer may be too short for the fault to happen in it once more.
        attempts = first["attempts"] if case.retry == "continue" else case.times + 1
        assert 2 <= attempts <= case.times + 1, (case, first)
        assert_attempts(first, attempts, True, case)
        assert (afterwards["code"], afterwards["attempts"]) == ("BRS_OK", 1), (case, afterwards)


def is_overtaken(fault: Fault, case: Case, first: dict[str, Any]) -> bool:
    """On a busy machine the end of the connection overtook in nghttpx all of the text, in one attempt at least."""
    may_be = case.front != "plain" and fault.came == "some" and fault.knobs.endswith(("how-reset", "how-close"))
    return may_be and (first["text"] == "" or first["attempts"] > 1)


def assert_overtaken(fault: Fault, first: dict[str, Any], meant: str, case: Case) -> None:
    most = expected_attempts(replace(fault, came="none"), case)
    is_whole = first["code"] == "BRS_OK"
    assert is_whole or first["code"] in ("BRS_E_INCOMPLETE", "BRS_E_TRANSPORT"), (case, first)
    assert (first["ends"], first["late"], first["deltas"]) == (1, 0, first["delivered"]), (case, first)
    assert meant.startswith(first["text"]) and first["text"] == first["came"], (case, first)
    assert (first["text"] == meant) == is_whole and (not is_whole or case.times > 0), (case, first)
    assert_attempts(first, min(first["attempts"], most), is_whole, case)


def code(fault: Fault) -> str:
    return "BRS_OK" if fault.code == "OK" else f"BRS_E_{fault.code}"


def assert_text(wanted: Fault, first: dict[str, Any], meant: str, case: Case) -> None:
    """What came is what was told, and the beginning of what was meant: nothing twice, nothing left out."""
    text = first["text"]
    assert text == first["came"] and meant.startswith(text), (case, first)
    assert first["delivered"] == first["deltas"], (case, first)
    came = "none" if text == "" else "all" if text == meant else "some"
    assert came == wanted.came, (case, first)
    if wanted.came == "none":
        assert first["delivered"] == 0, (case, first)


@pytest.mark.parametrize("style", outcome_driver.STYLES)
def test_half_of_a_surrogate_pair_is_no_reason_to_fail(simulator: Simulator, style: str) -> None:
    [[meant, halved]] = outcome_driver.run([Line(style, simulator.endpoint, [ANSWER, f"{ANSWER}.lone"])])
    assert (halved["code"], halved["text"]) == ("BRS_OK", "\ufffd" + meant["text"])


def assert_attempts(first: dict[str, Any], attempts: int, passes: bool, case: Case) -> None:
    """Each failure was asked about, each retry told of."""
    assert first["attempts"] == attempts, (case, first)
    assert first["retries"] == attempts - 1, (case, first)
    assert first["judged"] == attempts - int(passes), (case, first)


def test_the_table_has_every_knob_of_what_goes_wrong() -> None:
    """A fault that the simulator learns has to be written down here."""
    listed = subprocess.run([simulator_binary(), "--list-knobs"], capture_output=True, text=True, check=True).stdout
    faults = listed.split("### What goes wrong")[1]
    names = {row.split("`")[1] for row in faults.splitlines() if row.startswith("| `")}
    elsewhere = {"times", "key", "throttle", "lone"}
    written = ".".join(fault.knobs for fault in TABLE)
    used = {part.split("-")[0] for part in written.split(".")}
    assert names - elsewhere <= used, names - elsewhere - used
