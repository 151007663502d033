"""The simulator as boto3 sees it: answers, formats, signatures, refusals, the program itself."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from random import Random
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from conftest import ROOT, Simulator, simulator_binary
from simulator_clients import (
    ANTHROPIC,
    BODY,
    HELLO,
    SONG,
    Raw,
    chunks,
    client,
    converse,
    frames,
    kinds,
    raw_stream,
    refused,
    text_of,
    texts_of,
)

# ---- what is answered


def test_converse_stream_answers_from_the_request(simulator: Simulator) -> None:
    events = converse(simulator)
    order = kinds(events)
    assert order[0] == "messageStart" and order[-3:] == ["contentBlockStop", "messageStop", "metadata"]
    assert text_of(events).startswith("You said: hello big world\n\nThat is 3 words, and backwards: world big hello")
    usage = events[-1]["metadata"]["usage"]
    assert usage["outputTokens"] == order.count("contentBlockDelta") == len(texts_of(events))
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]


def test_converse_gives_what_the_stream_gives(simulator: Simulator) -> None:
    streamed = converse(simulator)
    answer = client(simulator).converse(modelId="anthropic.claude-v9:0", messages=HELLO)
    assert answer["output"]["message"]["content"] == [{"text": text_of(streamed)}]
    assert answer["usage"] == streamed[-1]["metadata"]["usage"]
    assert answer["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    "model",
    [
        "sim.echo",
        "us.sim.echo-v1:0",
        "us.anthropic.claude-sim.echo",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/sim.echo",
    ],
)
def test_knobs_are_found_in_model_ids(simulator: Simulator, model: str) -> None:
    assert text_of(converse(simulator, model)) == "hello big world"


def test_max_tokens_cuts(simulator: Simulator) -> None:
    events = converse(simulator, inferenceConfig={"maxTokens": 4})
    assert len(texts_of(events)) == 4
    assert events[-2]["messageStop"]["stopReason"] == "max_tokens"


def test_stop_sequences_stop(simulator: Simulator) -> None:
    events = converse(simulator, inferenceConfig={"stopSequences": ["nowhere", "words, and"]})
    assert text_of(events) == "You said: hello big world\n\nThat is 3 "
    assert events[-2]["messageStop"]["stopReason"] == "stop_sequence"


def tool_input(events: list[dict[str, Any]]) -> str:
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    return "".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta)


def test_tool_turn(simulator: Simulator) -> None:
    config = {"tools": [SONG]}
    events = converse(simulator, toolConfig=config)
    start = next(event for event in events if "contentBlockStart" in event)["contentBlockStart"]["start"]["toolUse"]
    given = json.loads(tool_input(events))
    assert start["name"] == "top_song" and start["toolUseId"].startswith("tooluse_")
    assert given == {"sign": "WZPZ", "count": 3, "mood": "calm", "tags": [True]}
    assert events[-2]["messageStop"]["stopReason"] == "tool_use"
    use = {"toolUse": {"toolUseId": start["toolUseId"], "name": "top_song", "input": given}}
    result = {"toolResult": {"toolUseId": start["toolUseId"], "content": [{"json": {"song": "Elemental Hotel"}}]}}
    messages = HELLO + [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    second = list(client(simulator).converse_stream(modelId="a", messages=messages, toolConfig=config)["stream"])
    assert 'The tool answered: {"song":"Elemental Hotel"}' in text_of(second)
    assert second[-2]["messageStop"]["stopReason"] == "end_turn"


def test_tool_knobs(simulator: Simulator) -> None:
    config = {"tools": [SONG]}
    assert tool_input(converse(simulator, "sim.tool-empty", toolConfig=config)) == ""
    assert "toolUse" not in str(converse(simulator, "sim.tool-never", toolConfig=config))
    broken = converse(simulator, "sim.tool-broken", toolConfig=config)
    with pytest.raises(json.JSONDecodeError):
        json.loads(tool_input(broken))
    assert broken[-2]["messageStop"]["stopReason"] == "max_tokens"
    assert kinds(converse(simulator, "sim.tools-3", toolConfig=config)).count("contentBlockStart") == 3


def test_a_cut_answer_is_gone_on_with(simulator: Simulator) -> None:
    whole = text_of(converse(simulator))
    half = whole[:40].rstrip()
    c = client(simulator)
    prefilled = HELLO + [{"role": "assistant", "content": [{"text": half}]}]
    rest = list(c.converse_stream(modelId="a", messages=prefilled)["stream"])
    assert half + text_of(rest) == whole
    nudged = prefilled + [{"role": "user", "content": [{"text": "Please continue."}]}]
    assert half + text_of(list(c.converse_stream(modelId="a", messages=nudged)["stream"])) == whole
    with pytest.raises(ClientError, match="must end with a user message"):
        c.converse(modelId="sim.noprefill", messages=prefilled)
    prefilled[-1]["content"] = [{"text": half + " "}]
    with pytest.raises(ClientError, match="trailing whitespace"):
        c.converse(modelId="a", messages=prefilled)


def test_rich_content(simulator: Simulator) -> None:
    model = "sim.reasoning-3.redacted.citation.image.servertool.unicode.escapes.novel"
    text = json.dumps(converse(simulator, model), default=repr)
    for member in ("signature", "redactedContent", "citation", "hologram", "server_tool_use", "toolResult", "image"):
        assert member in text, member
    answer = client(simulator).converse(modelId=model, messages=HELLO)
    blocks = answer["output"]["message"]["content"]
    assert [next(iter(block)) for block in blocks] == [
        "reasoningContent",
        "reasoningContent",
        "toolUse",
        "toolResult",
        "citationsContent",
        "image",
    ]


def test_escapes_change_nothing_but_the_bytes(simulator: Simulator) -> None:
    plain, escaped = text_of(converse(simulator, "sim.unicode")), text_of(converse(simulator, "sim.unicode.escapes"))
    assert plain == escaped and "東京" in plain and "🎈" in plain
    assert "東京".encode() not in raw_stream(simulator, "sim.unicode.escapes")
    assert rb"\ud83c\udf88" in raw_stream(simulator, "sim.unicode.escapes")


@pytest.mark.parametrize(
    ("knobs", "count", "size"), [("pieces-0", 0, 0), ("pieces-3.piece-7", 3, 7), ("pieces-900.piece-20", 900, 20)]
)
def test_pieces(simulator: Simulator, knobs: str, count: int, size: int) -> None:
    texts = texts_of(converse(simulator, "sim." + knobs))
    assert len(texts) == count and all(len(text) == size for text in texts)


def test_a_huge_delta(simulator: Simulator) -> None:
    assert max(map(len, texts_of(converse(simulator, "sim.huge-3000000")))) == 3000000


def test_stamps_are_sending_times(simulator: Simulator) -> None:
    before = time.monotonic_ns()
    texts = texts_of(converse(simulator, "sim.pieces-20.piece-30.stamp.pace-2"))
    stamps = [int(text[1:20]) for text in texts]
    assert all(text[0] == "@" and text[20] == "|" and len(text) == 30 for text in texts)
    assert before < stamps[0] and stamps[-1] < time.monotonic_ns() and stamps == sorted(stamps)
    assert stamps[-1] - stamps[0] >= 19 * 2_000_000 - 5_000_000, "the first may be late, the others not early"


def test_usage_metadata_and_fields_of_the_request(simulator: Simulator) -> None:
    events = converse(
        simulator,
        "sim.cache-100.trace",
        performanceConfig={"latency": "optimized"},
        inferenceConfig={"stopSequences": ["big"]},
        additionalModelResponseFieldPaths=["/stop_sequence"],
    )
    usage = events[-1]["metadata"]["usage"]
    assert usage["cacheReadInputTokens"] == usage["cacheWriteInputTokens"] == 100
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] + 200
    assert events[-1]["metadata"]["performanceConfig"] == {"latency": "optimized"}
    assert events[-1]["metadata"]["trace"]["promptRouter"]
    assert events[-2]["messageStop"]["additionalModelResponseFields"] == {"stop_sequence": "big"}


@pytest.mark.parametrize("model", ["sim.pieces-100000000.piece-100000", "sim.huge-16000000.escapes"])
def test_what_is_too_much_is_bounded(simulator: Simulator, model: str) -> None:
    answer = client(simulator).converse(modelId=model, messages=HELLO)
    assert len(answer["output"]["message"]["content"][0]["text"]) < 70_000_000
    assert simulator.process.poll() is None
    if "huge" in model:
        assert max(map(len, texts_of(converse(simulator, model)))) == 16_000_000


def test_a_frame_that_would_be_too_large_is_empty(simulator: Simulator) -> None:
    tool = {"name": "x" * 20_000_000, "input_schema": {}}
    raw = Raw(simulator, "m", "invoke-with-response-stream", ANTHROPIC | {"tools": [tool]})
    raw.head()
    assert ({}, b"") in frames(b"".join(raw.chunks()))
    assert simulator.process.poll() is None


# ---- the models' own formats


def test_anthropic_format(simulator: Simulator) -> None:
    parts = chunks(simulator, "anthropic.claude", ANTHROPIC)
    types = [part["type"] for part in parts]
    assert types[:3] == ["message_start", "content_block_start", "ping"]
    assert types[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    text = "".join(part["delta"]["text"] for part in parts if part["type"] == "content_block_delta")
    assert text.startswith("You said: hello world")
    metrics = parts[-1]["amazon-bedrock-invocationMetrics"]
    assert metrics["outputTokenCount"] == types.count("content_block_delta")
    answer = client(simulator).invoke_model(modelId="anthropic.claude", body=json.dumps(ANTHROPIC))
    assert json.load(answer["body"])["content"] == [{"type": "text", "text": text}]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert int(headers["x-amzn-bedrock-output-token-count"]) == metrics["outputTokenCount"]


def test_anthropic_tools(simulator: Simulator) -> None:
    schema = SONG["toolSpec"]["inputSchema"]["json"]  # type: ignore[index]
    parts = chunks(simulator, "m", ANTHROPIC | {"tools": [{"name": "top_song", "input_schema": schema}]})
    pieces = [part["delta"] for part in parts if part["type"] == "content_block_delta"]
    given = "".join(piece["partial_json"] for piece in pieces if piece["type"] == "input_json_delta")
    assert json.loads(given)["count"] == 3
    assert parts[-2]["delta"]["stop_reason"] == "tool_use"


def test_nova_format(simulator: Simulator) -> None:
    parts = chunks(
        simulator,
        "amazon.nova",
        {"schemaVersion": "messages-v1", "messages": HELLO, "inferenceConfig": {"max_new_tokens": 3}},
    )
    assert [next(iter(part)) for part in parts] == [
        "messageStart",
        *["contentBlockDelta"] * 3,
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    assert parts[-2]["messageStop"]["stopReason"] == "max_tokens"


def test_titan_format(simulator: Simulator) -> None:
    parts = chunks(simulator, "amazon.titan", {"inputText": "hello"})
    assert "".join(part["outputText"] for part in parts).startswith("You said: hello")
    assert parts[-1]["completionReason"] == "FINISH" and "amazon-bedrock-invocationMetrics" in parts[-1]


# ---- who may ask


def test_a_wrong_secret_is_told_what_was_signed(simulator: Simulator) -> None:
    code, status, message = refused(simulator, secret="wrong")
    assert (code, status) == ("InvalidSignatureException", 403)
    assert "'POST\n/model/any/converse\n" in message and "'AWS4-HMAC-SHA256\n" in message


def test_other_refusals(simulator: Simulator) -> None:
    assert refused(simulator, key="AKIDOTHER")[:2] == ("UnrecognizedClientException", 403)
    assert refused(simulator, token="stale")[:2] == ("ExpiredTokenException", 403)
    picky = simulator.start("--region", "eu-west-1", "--session-token", "fresh")
    assert refused(picky)[:2] == ("InvalidSignatureException", 403)
    assert client(picky, region="eu-west-1", token="fresh").converse(modelId="a", messages=HELLO)


def post(
    simulator: Simulator, path: str, headers: dict[str, str], body: bytes = b'{"messages":[]}'
) -> tuple[int, str, str]:
    request = urllib.request.Request(simulator.endpoint + path, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, "", answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["x-amzn-ErrorType"], error.read().decode()


def signed(
    simulator: Simulator, path: str, body: bytes, at: float | None = None, service: str = "bedrock"
) -> dict[str, str]:
    request = AWSRequest("POST", simulator.endpoint + path, data=body, headers={"Content-Type": "application/json"})
    signer = SigV4Auth(Credentials(simulator.access_key, simulator.secret_key), service, "us-east-1")
    if at is None:
        signer.add_auth(request)
    else:
        request.context["timestamp"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
        signer._modify_request_before_signing(request)
        canonical = signer.canonical_request(request)
        signer._inject_signature_to_request(
            request, signer.signature(signer.string_to_sign(request, canonical), request)
        )
    return {name: str(value) for name, value in request.headers.items()}


PATH = "/model/a/converse"


def test_missing_and_foreign_authorization(simulator: Simulator) -> None:
    assert post(simulator, PATH, {})[:2] == (403, "MissingAuthenticationTokenException")
    assert post(simulator, PATH, {"Authorization": "Bearer nonsense"})[:2] == (403, "AccessDeniedException")
    assert post(simulator, PATH, {"Authorization": "AWS4-HMAC-SHA256 Credential=x"})[:2] == (
        403,
        "IncompleteSignatureException",
    )
    assert post(simulator, PATH, signed(simulator, PATH, BODY, service="bedrock-runtime"), BODY)[:2] == (
        403,
        "InvalidSignatureException",
    )
    assert post(simulator, PATH, {"Authorization": "Bearer " + simulator.bearer_token}, BODY)[0] == 200
    assert post(simulator.start("--no-auth"), PATH, {}, BODY)[0] == 200


def test_every_signed_part_counts(simulator: Simulator) -> None:
    good = signed(simulator, PATH, BODY)
    assert post(simulator, PATH, good, BODY)[0] == 200
    assert post(simulator, PATH, good, BODY + b" ")[1] == "InvalidSignatureException"
    assert post(simulator, PATH + "?x=1", good, BODY)[1] == "InvalidSignatureException"
    assert post(simulator, PATH, good | {"Content-Type": "text/plain"}, BODY)[1] == "InvalidSignatureException"
    assert post(simulator, PATH, good | {"X-Amz-Extra": "1"}, BODY)[1] == "InvalidSignatureException"
    assert post(simulator, "/model/b/converse", good, BODY)[1] == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("offset", "words"), [(-400, "Signature expired"), (400, "Signature not yet current"), (200, ""), (-200, "")]
)
def test_clock_skew(simulator: Simulator, offset: int, words: str) -> None:
    status, code, message = post(simulator, PATH, signed(simulator, PATH, BODY, time.time() + offset), BODY)
    assert (status, code) == ((403, "InvalidSignatureException") if words else (200, "")) and words in message


def test_model_ids_that_need_encoding_are_signed_right(simulator: Simulator) -> None:
    for model in ("a b/c:d~e+f%20", "ümlaut", "arn:aws:bedrock:us-east-1:1:x/y:0"):
        assert client(simulator).converse(modelId=model, messages=HELLO)["stopReason"] == "end_turn"


# ---- what the service would refuse


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "end"),
        (b"[]", "JSON object"),
        (b"{}", "'messages'"),
        (b'{"messages":[]}', "'messages'"),
        (b'{"messages":[{"content":[{"text":"x"}]}]}', "role"),
        (b'{"messages":[{"role":"robot","content":[{"text":"x"}]}]}', "'robot'"),
        (b'{"messages":[{"role":"user"}]}', "content"),
        (b'{"messages":[{"role":"user","content":[]}]}', "is empty"),
        (b'{"messages":[{"role":"user","content":[{}]}]}', "ContentBlock"),
        (b'{"messages":[{"role":"assistant","content":[{"text":"x"}]}]}', "start with a user message"),
        (b'{"messages":[{"role":"user","content":[{"text":"x"}]}],"inferenceConfig":{"maxTokens":0}}', "maxTokens"),
        (b'{"messages":[{"role":"user","content":[{"text":" "}]}]}', "is blank"),
        (
            b'{"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"user","content":[{"text":"x"}]}]}',
            "alternate",
        ),
        (b'{"messages":[{"role":"user","content":[{"text":"x"}]}],"toolConfig":{"tools":[]}}', "toolConfig.tools"),
    ],
)
def test_validation(simulator: Simulator, body: bytes, words: str) -> None:
    status, code, message = post(simulator, PATH, {"Authorization": "Bearer " + simulator.bearer_token}, body)
    assert status == 400 and code in ("ValidationException", "SerializationException") and words in message


def test_tool_calls_and_results_have_to_match(simulator: Simulator) -> None:
    def conversation(*results: str) -> list[dict[str, Any]]:
        uses = [{"toolUse": {"toolUseId": use, "name": "top_song", "input": {}}} for use in ("a", "b")]
        answers = [{"toolResult": {"toolUseId": use, "content": [{"text": "x"}]}} for use in results]
        user = {"role": "user", "content": [*answers, {"text": "well?"}]}
        return [*HELLO, {"role": "assistant", "content": uses}, user]

    c = client(simulator)
    config = {"tools": [SONG]}
    assert c.converse(modelId="a", messages=conversation("b", "a"), toolConfig=config)["stopReason"] == "end_turn"
    with pytest.raises(ClientError, match="for the following Ids: b"):
        c.converse(modelId="a", messages=conversation("a"), toolConfig=config)
    with pytest.raises(ClientError, match="exceeds the number of toolUse"):
        c.converse(modelId="a", messages=conversation("a", "b", "c"), toolConfig=config)
    with pytest.raises(ClientError, match="toolConfig field must be defined"):
        c.converse(modelId="a", messages=conversation("a", "b"))


def test_forced_tools(simulator: Simulator) -> None:
    second = {"toolSpec": {"name": "other", "inputSchema": {"json": {"type": "object"}}}}
    named = converse(simulator, toolConfig={"tools": [SONG, second], "toolChoice": {"tool": {"name": "other"}}})
    assert "'name': 'other'" in str(named) and tool_input(named) == "{}"


def test_unknown_things(simulator: Simulator) -> None:
    assert refused(simulator, "sim.unknown")[:2] == ("ResourceNotFoundException", 404)
    code, _, message = refused(simulator, "sim.speed-9")
    assert code == "ValidationException" and "no knob 'speed'" in message
    for setting in ("pieces=x", "rate=1e-300", "rate=0", "pace=nan", "status=100", "huge=99999999", "after=-1"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            headers = {"Authorization": "Bearer " + simulator.bearer_token, "x-sim": setting}
            urllib.request.urlopen(urllib.request.Request(simulator.endpoint + PATH, BODY, headers), timeout=10)
        assert "does not take" in caught.value.read().decode(), setting
        caught.value.close()
    assert post(simulator, "/model/a/sing", {})[:2] == (404, "UnknownOperationException")
    with pytest.raises(urllib.error.HTTPError) as caught:
        simulator.get("/model/a/converse")
    caught.value.close()
    assert caught.value.code == 404


# ---- the program


def test_script_and_header(simulator: Simulator, tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(
        json.dumps(
            [
                {"match": {"model": "claude*", "nth": 2}, "then": {"status": 500}},
                {"match": {"says": "big"}, "then": {"text": "scripted, with spaces"}},
                {"match": {"model": "other"}, "then": {"echo": True}},
            ]
        )
    )
    scripted = simulator.start("--script", str(script))
    texts = [text_of(converse(scripted, "claude-x"))]
    assert refused(scripted, "claude-x")[1] == 500
    assert texts + [text_of(converse(scripted, "claude-x"))] == ["scripted, with spaces"] * 2
    raw = Raw(simulator, "a", extra="x-sim: text=from the header, nopad\r\n")
    raw.head()
    assert (
        "".join(
            json.loads(p)["delta"]["text"]
            for h, p in frames(b"".join(raw.chunks()))
            if h[":event-type"] == "contentBlockDelta"
        )
        == "from the header"
    )


def test_stats_requests_and_log(simulator: Simulator, tmp_path: Path) -> None:
    log = tmp_path / "log"
    logged = simulator.start("--log", str(log))
    converse(logged)
    refused(logged, secret="wrong")
    stats = logged.stats()
    assert stats["requests"] == 2 and stats["status"] == {"200": 1, "403": 1}
    assert stats["streams"] == {"open": 0, "open_max": 1, "completed": 1, "cut": 0, "abandoned": 0}
    first = logged.requests()[0]
    assert first["path"] == "/model/anthropic.claude-v9%3A0/converse-stream" and first["status"] == 200
    assert json.loads(first["body"]) == {"messages": HELLO}
    assert dict(first["headers"])["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    lines = log.read_text().splitlines()
    assert " 200 complete " in lines[0] and " 403 complete " in lines[1]


def test_many_streams_at_once(simulator: Simulator) -> None:
    raws = [Raw(simulator, "sim.pieces-20.rate-40") for _ in range(300)]
    for raw in raws:
        raw.head()
        assert len(frames(b"".join(raw.chunks()))) == 24
        raw.socket.close()
    stats = simulator.stats()["streams"]
    assert stats["completed"] == 300 and stats["open_max"] > 200


def test_command_line(simulator: Simulator, tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([simulator_binary(), *arguments], capture_output=True, text=True, timeout=10)
        return done.returncode, done.stdout + done.stderr

    assert "--exit-with-parent" in run("--help")[1]
    for wrong in (["--port", "x"], ["--nonsense"], ["--host", "0.0.0.0"], ["--script", "/nowhere"], ["--port"]):
        assert run(*wrong)[0] == 2, wrong
    bad = tmp_path / "bad.json"
    bad.write_text('[{"then": {"speed": 1}}]')
    status, words = run("--script", str(bad))
    assert status == 2 and "rule 0" in words and "speed" in words
    assert run("--port", str(simulator.port))[0] == 1
    assert simulator.start("--no-auth").stop() == 0
    six = simulator.start("--host", "::1", "--port", "0")
    with socket.create_connection(("::1", six.port), timeout=10) as connection:
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    command = f"{simulator_binary()} --exit-with-parent --port-file {port_file} >/dev/null & exec sleep 60"
    parent = subprocess.Popen(["sh", "-c", command])
    deadline = time.monotonic() + 20
    while not port_file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    port = int(port_file.read_text())
    socket.create_connection(("127.0.0.1", port), timeout=10).close()
    parent.kill()
    parent.wait()
    with pytest.raises(ConnectionRefusedError):
        while time.monotonic() < deadline:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
            time.sleep(0.01)


def test_nonsense_does_not_end_it(simulator: Simulator) -> None:
    seed = time.time_ns()
    print("seed", seed)
    random = Random(seed)
    good = (
        f"POST /model/sim.echo/converse-stream HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {simulator.bearer_token}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    for _ in range(400):
        request = bytearray(good)
        for _ in range(random.randint(1, 6)):
            request[random.randrange(len(request))] = random.randrange(256)
        with socket.create_connection(("127.0.0.1", simulator.port), timeout=10) as connection:
            connection.sendall(request[: random.randint(1, len(request))])
            connection.settimeout(0.003)
            with contextlib.suppress(TimeoutError, ConnectionError):
                connection.recv(65536)
    assert client(simulator).converse(modelId="sim.echo", messages=HELLO)
    assert simulator.process.poll() is None


def test_readme_lists_every_knob() -> None:
    table = subprocess.run([simulator_binary(), "--list-knobs"], capture_output=True, text=True, timeout=10).stdout
    readme = (ROOT / "Sources/bedrockstream-sim/README.md").read_text()
    assert table.strip() in readme
