"""Signatures against botocore's: the canonical request, the string to sign, and every header that is added."""

from __future__ import annotations

import datetime
from base64 import b64decode
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SIGV4_TIMESTAMP, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from conformance_port import Answer, Port, base64_text, error_kind, odd_text, port_fixture, seeded  # noqa: F401

CASES = 3000
S3_CASES = 600
TOKEN_CASES = 300
ADDED = ("authorization", "x-amz-date", "host", "x-amz-security-token", "x-amz-content-sha256")

UNRESERVED = "abcXYZ019-._~"
# What a client may put on the wire, or forget to encode. "?" and "#" would end the path, "&" and "=" mean something
# in a query.
PATH_TEXT = UNRESERVED + "!$&'()*+,;=:@[]%\"<>\\^`{|} \u00e4\u20ac\u65e5\U0001f600"
QUERY_TEXT = UNRESERVED + "!$'()*+,;:@/?%"
FORBIDDEN_IN_QUERY = ' "<>\\^`{|}\u00e4\u20ac\U0001f600'
VALUE_TEXT = UNRESERVED + "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}\u00e4\u20ac\u65e5\U0001f600"
NAMES = ["X-Custom", "x-amz-meta", "Content-Type", "a", "A-b_c.d!#$%&'*+^`|~9", "X-Amzn-Bedrock-Accept", "Zz", "accept",
         "User-Agent", "Authorization", "Connection", "Expect", "Transfer-Encoding", "X-Amzn-Trace-Id", "TE",
         "Trailer", "Keep-Alive", "Upgrade", "Proxy-Authorization", "Proxy-Authenticate", "traceparent", "tracestate",
         "baggage", "X-Amz-Date", "Content-Length", "amz-sdk-request", "X-Forwarded-For", "Host2", "Cookie"]
HOSTS = ["bedrock-runtime.us-east-1.amazonaws.com", "EXAMPLE.com", "example.com:443", "example.com:80",
         "127.0.0.1:8080", "[::1]:8443", "[2001:DB8::1]", "localhost", "user:pass@example.com",
         "x.vpce.amazonaws.com:8443"]
REGIONS = [("us-east-1", "bedrock"), ("eu-west-1", "bedrock"), ("us-gov-west-1", "sts"), ("cn-north-1", "service")]


def random_path(random: Random) -> str:
    kinds: list[Callable[[], str]] = [
        lambda: "",
        lambda: ".",
        lambda: "..",
        lambda: odd_text(random, 8, alphabet=PATH_TEXT),
        lambda: quote(odd_text(random, 8), safe="-._~"),
        lambda: random.choice(["model", "converse-stream", "%2F", "%2e%2E", "...", "a%", "arn%3Aaws%3Abedrock"]),
    ]
    segments = [random.choice(kinds)() for _ in range(random.randrange(7))]
    return random.choice(["", "/"]) if not segments else "/" + "/".join(segments)


def random_query(random: Random) -> str:
    parameters = []
    for _ in range(random.choice([0, 0, 1, 2, 4, 9])):
        name = odd_text(random, 3, alphabet=QUERY_TEXT)
        value = odd_text(random, 5, alphabet=QUERY_TEXT + "=")
        parameters.append(random.choice([name + "=" + value, name + "=" + value, name, name + "=", "", "a", "a=b"]))
    return "&".join(parameters)


def random_value(random: Random) -> str:
    """Words with white space of every length between, before and behind them, folded lines too."""
    pieces = []
    for _ in range(random.randrange(5)):
        pieces.append(random.choice(["", "", " ", "  ", "\t", " \t ", "\r\n ", "\n\t"]))
        pieces.append(odd_text(random, 6, alphabet=VALUE_TEXT))
    return "".join(pieces) + random.choice(["", " ", "\t  "])


def random_headers(random: Random, host: str) -> list[list[str]]:
    names = [random.choice(NAMES) for _ in range(random.randrange(8))]
    names += random.choices(names, k=random.randrange(3)) if names else []
    headers = [[random.choice([name, name.lower(), name.upper()]), random_value(random)] for name in names]
    if random.random() < 0.5:
        headers.append([random.choice(["Host", "host"]), random.choice([host, "other.example"])])
    if random.random() < 0.1:
        headers.append(["X-Amz-Security-Token", "from the caller"])
    if random.random() < 0.1:
        headers.append(["X-Amz-Content-SHA256", random.choice(["UNSIGNED-PAYLOAD", "0" * 64])])
    random.shuffle(headers)
    return headers


def random_case(random: Random) -> dict[str, Any]:
    host = random.choice(HOSTS)
    region, service = random.choice(REGIONS)
    moment = datetime.datetime(1, 1, 1) + datetime.timedelta(seconds=random.randrange(9998 * 365 * 86400))
    if random.random() < 0.9:
        moment = datetime.datetime(2026, 11, random.randint(1, 3), 12, 36, 0)
    credentials = {
        "access_key_id": random.choice(["AKIDEXAMPLE", odd_text(random, 30, 1, VALUE_TEXT)]),
        "secret_access_key": random.choice(["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", odd_text(random, 50, 1)]),
        "session_token": random.choice([None, None, "", "FwoGZXIvYXdzEBYaD", odd_text(random, 100, 1, VALUE_TEXT)]),
    }
    return {
        "method": random.choice(["GET", "POST", "POST", "PUT", "delete", "Patch", "M-SEARCH", "x!"]),
        "scheme": random.choice(["https", "https", "http"]),
        "host": host,
        "path": random_path(random),
        "query": random_query(random),
        "headers": random_headers(random, host),
        "body_b64": base64_text(random.randbytes(random.choice([0, 0, 1, 100, 5000]))),
        "credentials": credentials,
        "region": region,
        "service": service,
        # Not strftime: it writes the years before 1000 with fewer digits.
        "time": moment.isoformat().replace("-", "").replace(":", "") + "Z",
    }


def request_of(case: dict[str, Any]) -> AWSRequest:
    url = f"{case['scheme']}://{case['host']}{case['path']}" + (f"?{case['query']}" if case["query"] else "")
    request = AWSRequest(method=case["method"], url=url, data=b64decode(case["body_b64"]))
    for name, value in case["headers"]:
        # Appends, as HTTP messages of the standard library do.
        request.headers[name] = value
    request.context["timestamp"] = case["time"]
    return request


def by_botocore(case: dict[str, Any], scheme: type[SigV4Auth] = SigV4Auth, token: bool = True) -> Answer:
    keys = case["credentials"]
    credentials = Credentials(
        keys["access_key_id"], keys["secret_access_key"], keys["session_token"] if token else None
    )
    auth = scheme(credentials, case["service"], case["region"])
    request = request_of(case)
    # The steps of add_auth, at the case's time instead of the clock's.
    auth._modify_request_before_signing(request)
    canonical_request = auth.canonical_request(request)
    string_to_sign = auth.string_to_sign(request, canonical_request)
    auth._inject_signature_to_request(request, auth.signature(string_to_sign, request))
    added = {name: request.headers[name] for name in ADDED if name in request.headers}
    if any(name.lower() == "host" for name, _ in case["headers"]):
        added.pop("host", None)
    else:
        added["host"] = auth.headers_to_sign(request)["host"]
    return {"headers": added, "canonical_request": canonical_request, "string_to_sign": string_to_sign}


def compare(cases: list[dict[str, Any]], answers: list[Answer], expected: list[Answer]) -> None:
    for case, answer, wanted in zip(cases, answers, expected, strict=True):
        assert error_kind(answer) is None, (case, answer)
        signed = answer["ok"]
        # What the caller sent is not added.
        given = {name.lower() for name, _ in case["headers"]}
        for name in given & {"x-amz-security-token", "x-amz-content-sha256"} - set(signed["headers"]):
            wanted["headers"].pop(name, None)
        assert signed["canonical_request"] == wanted["canonical_request"], case
        assert signed["string_to_sign"] == wanted["string_to_sign"], case
        assert signed["headers"] == wanted["headers"], case


def test_signatures_are_botocores(port: Port) -> None:
    random = seeded()
    cases = [random_case(random) for _ in range(CASES)]
    compare(cases, port.ask_all("sign", cases), [by_botocore(case) for case in cases])


def test_signatures_without_a_second_encoding_are_botocores_for_s3(port: Port) -> None:
    random = seeded()
    cases = [random_case(random) for _ in range(S3_CASES)]
    for case in cases:
        case["options"] = {"normalize_path": False, "double_uri_encode": False, "add_content_sha256": True}
        case["service"] = "s3"
        # botocore signs S3's path as the URL has it, and an empty one as an empty line.
        case["path"] = quote(case["path"], safe="/%-._~") or "/"
        case["headers"] = [header for header in case["headers"] if header[0].lower() != "x-amz-content-sha256"]
    compare(cases, port.ask_all("sign", cases), [by_botocore(case, S3SigV4Auth) for case in cases])


def test_a_token_that_is_left_out_is_added_behind_the_signature(port: Port) -> None:
    random = seeded()
    cases: list[dict[str, Any]] = []
    while len(cases) < TOKEN_CASES:
        case = random_case(random)
        case["headers"] = [header for header in case["headers"] if header[0].lower() != "x-amz-security-token"]
        if case["credentials"]["session_token"]:
            cases.append({**case, "options": {"omit_session_token": True}})
    expected = [by_botocore(case, token=False) for case in cases]
    for case, answer in zip(cases, expected, strict=True):
        answer["headers"]["x-amz-security-token"] = case["credentials"]["session_token"]
    compare(cases, port.ask_all("sign", cases), expected)


def test_what_no_query_may_hold_is_encoded_before_it_is_signed(port: Port) -> None:
    """botocore signs such bytes as they are, which no service does: a client encodes them to send them."""
    random = seeded()
    cases, expected = [], []
    for _ in range(300):
        case = random_case(random)
        case["query"] = "&".join(
            odd_text(random, 5, alphabet=FORBIDDEN_IN_QUERY + "ab=") for _ in range(random.randrange(5))
        )
        cases.append(case)
        expected.append(by_botocore({**case, "query": quote(case["query"], safe="&=")}))
    compare(cases, port.ask_all("sign", cases), expected)


@pytest.mark.parametrize(
    "change",
    [
        {"method": ""},
        {"method": "GET /"},
        {"path": "model"},
        {"path": "/a\nb"},
        {"path": "/a\x00b"},
        {"query": "a=\r\n"},
        {"host": "example.com\r\nx: y"},
        {"headers": [["", "a"]]},
        {"headers": [["a b", "a"]]},
        {"headers": [["a:b", "a"]]},
        {"headers": [["a\n", "a"]]},
        {"headers": [["\u00e4", "a"]]},
        {"headers": [["a", "b\r\nx-amz-other: c"]]},
        {"headers": [["a", "b\n"]]},
        {"headers": [["a", "b\x00"]]},
        {"headers": [["a", "b\x7f"]]},
        {"headers": [["a", "b"]] * 1025},
        {"credentials": {"access_key_id": "", "secret_access_key": "a"}},
        {"credentials": {"access_key_id": "a", "secret_access_key": ""}},
        {"credentials": {"access_key_id": "a\r\nb", "secret_access_key": "a"}},
        {"credentials": {"access_key_id": "a", "secret_access_key": "a", "session_token": "a\nb"}},
        {"region": ""},
        {"region": "a/b"},
        {"service": ""},
        {"service": "a\n"},
    ],
)
def test_what_cannot_be_sent_safely_is_not_signed(port: Port, change: dict[str, Any]) -> None:
    case = random_case(Random(1))
    assert error_kind(port.ask("sign", case)) is None
    assert error_kind(port.ask("sign", {**case, **change})) == "sign"


def test_botocore_writes_times_as_the_port_reads_them() -> None:
    assert datetime.datetime(2015, 8, 30, 12, 36).strftime(SIGV4_TIMESTAMP) == "20150830T123600Z"
