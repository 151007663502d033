"""Retries against botocore's standard mode, whole calls through the exchange; vectors of its adaptive mode."""

from __future__ import annotations

import re
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
import rate_limiter_vectors
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.retries import quota, standard
from conformance_port import Answer, Port, odd_text, port_fixture, seeded  # noqa: F401

RUNS = 800
MODEL = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
CONVERSE = MODEL.operation_model("ConverseStream")

CODES = [
    None, None, None, "", "Unheard", "ThrottlingException", "ThrottledException", "SlowDown",
    "TooManyRequestsException", "PriorRequestNotComplete", "LimitExceededException", "RequestTimeout",
    "RequestTimeoutException", "ModelNotReadyException", "InternalServerException",
    "ServiceUnavailableException", "ValidationException", "AccessDeniedException",
    "ResourceNotFoundException", "ModelErrorException", "InternalFailure", "AccessDenied",
    "UnrecognizedClientException", "ExpiredTokenException", "com.amazon.x#ThrottlingException:http://y",
]
STATUSES = [200, 200, 200, 400, 403, 404, 408, 424, 429, 429, 500, 500, 501, 502, 503, 503, 504, 505]
HINTS = ["0", "30", "51", "1500", "5050", "5051", "60000", "1" + "0" * 30, "-1", "1.5", "soon", "", " 700 "]


def random_response(random: Random) -> dict[str, Any]:
    status = random.choice(STATUSES)
    response: dict[str, Any] = {"status": status, "headers": []}
    if status != 200 and (code := random.choice(CODES)) is not None:
        response["error_code"] = code
        if code == "ExpiredTokenException":  # Whatever its status, to us that asks for other credentials.
            response["status"] = random.choice([400, 403])
    if random.random() < 0.3:
        response["headers"].append([random.choice(["x-amz-retry-after", "X-Amz-Retry-After"]), random.choice(HINTS)])
    if random.random() < 0.1:
        response["headers"].append(["retry-after", "7"])
    return response


def random_run(random: Random) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if random.random() < 0.7:
        given["max_attempts"] = random.choice([1, 2, 3, 3, 4, 7, 12])
    if random.random() < 0.7:
        given["initial_retry_tokens"] = random.choice([0, 4, 5, 13, 14, 20, 28, 100, 499, 500, 1000])
    if random.random() < 0.5:
        given["max_backoff_time"] = random.choice([1, 2, 0.25, 0.06, 5.5, 20])
    sequences = [[random_response(random) for _ in range(random.randrange(1, 12))] for _ in range(random.randrange(4))]
    return {"given": given, "sequences": sequences}


class Client:
    """botocore's standard retries as it puts them together for a client, without jitter."""

    def __init__(self, max_attempts: int = 3, initial_retry_tokens: int = 500, max_backoff_time: float = 20) -> None:
        adapter = standard.RetryEventAdapter()
        throttling = standard.ThrottlingErrorDetector(adapter)
        self.quota = quota.RetryQuota(initial_retry_tokens)
        self.checker = standard.RetryQuotaChecker(self.quota, throttling)
        backoff = standard.ExponentialBackoff(
            max_backoff=max_backoff_time, random=lambda: 1, service_name="bedrock-runtime",
            throttling_detector=throttling)
        self.policy = standard.RetryPolicy(standard.StandardRetryConditions(max_attempts), backoff)

    def results(self, responses: list[dict[str, Any]]) -> list[Answer]:
        results = []
        attempt, context = 1, {}
        for response in responses:
            result = self.result(response, attempt, context)
            if result["outcome"] == "retry_request":
                attempt += 1
            else:
                attempt, context = 1, {}
            results.append({**result, "retry_quota": self.quota.available_capacity})
        return results

    def result(self, response: dict[str, Any], attempt: int, context: dict[str, Any]) -> Answer:
        headers = {name.lower(): value.strip() for name, value in response["headers"]}
        http = SimpleNamespace(status_code=response["status"], headers=headers)
        self.checker.release_retry_quota(context, http)
        if response["status"] == 200:
            return {"outcome": "success"}
        retry = standard.RetryContext(
            attempt, CONVERSE, parsed_response=parsed(response), http_response=http, request_context=context)
        if not self.policy.should_retry(retry):
            reached = retry.get_retry_metadata().get("MaxAttemptsReached")
            first = standard.RetryContext(0, CONVERSE, parsed(response), http, request_context={})
            is_retryable = self.policy.should_retry(first)
            return {"outcome": "max_attempts_exceeded" if reached and is_retryable else "fail"}
        if not self.checker.acquire_retry_quota(retry):
            return {"outcome": "retry_quota_exceeded"}
        return {"outcome": "retry_request", "delay": self.policy.compute_retry_delay(retry)}


def parsed(response: dict[str, Any]) -> Any:
    headers = {"x-amzn-errortype": response["error_code"]} if response.get("error_code") else {}
    return create_parser("rest-json").parse(
        {"status_code": response["status"], "headers": headers, "body": b"{}"}, None)


def by_botocore(run: dict[str, Any]) -> list[list[Answer]]:
    client = Client(**run["given"])
    return [client.results(responses) for responses in run["sequences"]]


def test_calls_are_retried_as_botocore_retries_them(port: Port) -> None:
    random = seeded()
    runs = [random_run(random) for _ in range(RUNS)]
    outcomes = set()
    for run, answer in zip(runs, port.ask_all("retry_simulate", runs), strict=True):
        expected = by_botocore(run)
        results = answer["ok"]["results"]
        assert [len(calls) for calls in results] == [len(calls) for calls in expected]
        steps = zip(sum(run["sequences"], []), sum(results, []), sum(expected, []), strict=True)
        for response, ours, theirs in steps:
            delays = ours.pop("delay", None), theirs.pop("delay", None)
            assert ours == theirs and delays[0] == pytest.approx(delays[1], abs=1e-8), (response, delays, run)
            outcomes.add(ours["outcome"])
    assert outcomes == {"success", "fail", "retry_request", "max_attempts_exceeded", "retry_quota_exceeded"}


def responses(*answers: Any) -> list[dict[str, Any]]:
    """500 is a status; ("Code", 429) an error with its status; a number behind that the server's hint."""
    made = []
    for answer in answers:
        code, status, hint = (*answer, None)[:3] if isinstance(answer, tuple) else (None, answer, None)
        headers = [] if hint is None else [["x-amz-retry-after", hint]]
        made.append({"status": status, "headers": headers, **({"error_code": code} if code else {})})
    return made


def told(port: Port, given: dict[str, Any], *sequences: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    answer = port.ask("retry_simulate", {"given": given, "sequences": list(sequences)})
    return [tuple(step[name] for name in ("outcome", "retry_quota", "delay") if name in step)
            for step in sum(answer["ok"]["results"], [])]


RETRY, SUCCESS, FAIL = "retry_request", "success", "fail"
THROTTLED = ("ThrottlingException", 429)


@pytest.mark.parametrize(
    ("given", "sequences", "expected"),
    [
        # Retry until it succeeds, and what that gives back.
        ({}, [responses(500, 500, 200)], [(RETRY, 486, 0.05), (RETRY, 472, 0.1), (SUCCESS, 486)]),
        # Until the attempts are used up.
        ({}, [responses(502, 502, 502)], [(RETRY, 486, 0.05), (RETRY, 472, 0.1), ("max_attempts_exceeded", 472)]),
        # Until the quota is used up.
        ({"initial_retry_tokens": 14}, [responses(500, 500)], [(RETRY, 0, 0.05), ("retry_quota_exceeded", 0)]),
        ({"initial_retry_tokens": 0}, [responses(500)], [("retry_quota_exceeded", 0)]),
        # It recovers, by what a retry took, and by one where there was none.
        (
            {"max_attempts": 5, "initial_retry_tokens": 30},
            [responses(500, 502, 200), responses(500, 200), responses(200)],
            [(RETRY, 16, 0.05), (RETRY, 2, 0.1), (SUCCESS, 16), (RETRY, 2, 0.05), (SUCCESS, 16), (SUCCESS, 17)],
        ),
        # Throttling costs less and waits longer.
        (
            {"max_attempts": 4}, [responses(THROTTLED, THROTTLED, 500, 200)],
            [(RETRY, 495, 1), (RETRY, 490, 2), (RETRY, 476, 0.2), (SUCCESS, 490)],
        ),
        # The longest backoff.
        (
            {"max_attempts": 5, "max_backoff_time": 0.2}, [responses(500, 500, 500, 500, 500)],
            [(RETRY, 486, 0.05), (RETRY, 472, 0.1), (RETRY, 458, 0.2), (RETRY, 444, 0.2),
             ("max_attempts_exceeded", 444)],
        ),
        # The server's hint: at least the backoff, at most five seconds more.
        ({}, [responses(("", 500, "1500"), ("", 500, "30"))], [(RETRY, 486, 1.5), (RETRY, 472, 0.1)]),
        ({}, [responses(("", 500, "135000"), ("", 500, "5100"))], [(RETRY, 486, 5.05), (RETRY, 472, 5.1)]),
        ({}, [responses(("", 500, "soon"), ("", 500, "-5"))], [(RETRY, 486, 0.05), (RETRY, 472, 0.1)]),
        # 429 is throttling unless the API's model says otherwise.
        ({}, [responses(429, 200)], [(RETRY, 495, 1), (SUCCESS, 500)]),
        ({}, [responses(("ModelNotReadyException", 429), 200)], [(RETRY, 486, 0.05), (SUCCESS, 500)]),
        # What repeats itself.
        ({}, [responses(400, ("ValidationException", 400), 200)], [(FAIL, 500), (FAIL, 500), (SUCCESS, 500)]),
        ({}, [responses(("ModelTimeoutException", 408), ("ModelStreamErrorException", 424))], [(FAIL, 500)] * 2),
        # A call that was given up does not go on in the next sequence.
        ({}, [responses(500), responses(500)], [(RETRY, 486, 0.05), (RETRY, 472, 0.05)]),
        ({"max_attempts": 1}, [responses(500)], [("max_attempts_exceeded", 500)]),
        (None, [[]], []),
    ],
)
def test_published_numbers(port: Port, given: Any, sequences: Any, expected: Any) -> None:
    steps = told(port, given, *sequences)
    assert [step[:2] for step in steps] == [step[:2] for step in expected]
    assert [step[2:] for step in steps] == [pytest.approx(step[2:], abs=1e-8) for step in expected]


@pytest.mark.parametrize("given", [{"max_attempts": 101}, {"max_backoff_time": 0}, {"max_backoff_time": 1e300},
                                   {"max_attempts": 0}, {"exponential_base": 2}])
def test_what_the_configuration_does_not_take_is_unsupported(port: Port, given: Any) -> None:
    assert port.ask("retry_simulate", {"given": given, "sequences": []}) == {"unsupported": True}


def test_any_header_may_come(port: Port) -> None:
    random = seeded()
    runs = []
    for _ in range(200):
        headers = [[random.choice(["x-amz-retry-after", "date", odd_text(random, 9)]), odd_text(random, 40)]]
        runs.append({"sequences": [[{"status": random.randrange(200, 1000), "headers": headers}]]})
    for answer in port.ask_all("retry_simulate", runs):
        assert len(answer["ok"]["results"][0]) == 1


def test_the_rate_limiter_s_vectors_are_botocore_s() -> None:
    """Numbers, not digits: another C library may round the last one."""
    numbers = re.compile(r"-?\d+\.\d+")
    stored, fresh = rate_limiter_vectors.VECTORS.read_text(), rate_limiter_vectors.text()
    assert numbers.sub("#", stored) == numbers.sub("#", fresh)
    assert [float(number) for number in numbers.findall(stored)] == pytest.approx(
        [float(number) for number in numbers.findall(fresh)], abs=1e-6)
