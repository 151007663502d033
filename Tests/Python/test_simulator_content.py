"""What answers hold beside text: every kind of delta and stop, and rounds of tool calls in the three ways to write
them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import Simulator
from simulator_clients import ANTHROPIC, HELLO, SONG, chunks, client, converse, kinds, raw_stream, text_of

Json = dict[str, Any]
PLACE = {"toolSpec": {"name": "top_place", "inputSchema": {"json": {"type": "object"}}}}
SCHEMA: Any = SONG["toolSpec"]["inputSchema"]["json"]  # type: ignore[index]
PIXEL = 70


def deltas_of(events: list[Json]) -> list[Json]:
    return [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]


def blocks_of(simulator: Simulator, model: str, **members: Any) -> list[Json]:
    answer = client(simulator).converse(modelId=model, messages=HELLO, **members)
    return list(answer["output"]["message"]["content"])


# ---- kinds of deltas


def test_reasoning_with_and_without_signature(simulator: Simulator) -> None:
    signed = [delta["reasoningContent"] for delta in deltas_of(converse(simulator, "sim.reasoning-3"))[:4]]
    assert [next(iter(part)) for part in signed] == ["text", "text", "text", "signature"]
    unsigned = deltas_of(converse(simulator, "sim.reasoning-3.unsigned"))
    assert sum("reasoningContent" in delta for delta in unsigned) == 3
    assert "signature" not in blocks_of(simulator, "sim.reasoning-3.unsigned")[0]["reasoningContent"]["reasoningText"]
    redacted = deltas_of(converse(simulator, "sim.redacted"))[0]["reasoningContent"]["redactedContent"]
    assert redacted == b"redacted reasoning"
    assert blocks_of(simulator, "sim.redacted")[0]["reasoningContent"]["redactedContent"] == redacted


LOCATIONS = ["web", "documentChar", "documentPage", "documentChunk", "searchResultLocation"]


def test_citations(simulator: Simulator) -> None:
    cited = [delta["citation"] for delta in deltas_of(converse(simulator, "sim.cite-all")) if "citation" in delta]
    assert [next(iter(citation["location"])) for citation in cited] == LOCATIONS
    assert blocks_of(simulator, "sim.cite-all")[0]["citationsContent"]["citations"] == cited
    for kind, location in zip(("web", "char", "page", "chunk", "search"), LOCATIONS, strict=True):
        one = blocks_of(simulator, f"sim.cite-{kind}")[0]["citationsContent"]["citations"]
        assert [next(iter(citation["location"])) for citation in one] == [location]


@pytest.mark.parametrize(
    ("kind", "members", "status"),
    [("text", [["text"]], "success"), ("json", [["json"]], "success"), ("both", [["text"], ["json"]], "success"),
     ("error", [["text"]], "error")],
)
def test_results_of_server_tools(simulator: Simulator, kind: str, members: list[list[str]], status: str) -> None:
    model = f"sim.servertool.serverresult-{kind}"
    events = converse(simulator, model)
    start = [event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event]
    assert start[0]["toolUse"]["type"] == "server_tool_use" and start[1]["toolResult"]["status"] == status
    results = [delta["toolResult"] for delta in deltas_of(events) if "toolResult" in delta]
    assert [list(part) for result in results for part in result] == members
    whole = blocks_of(simulator, model)[1]["toolResult"]
    assert whole["content"] == [part for result in results for part in result] and whole["status"] == status


def test_images_in_pieces_and_with_an_error(simulator: Simulator) -> None:
    images = [delta["image"] for delta in deltas_of(converse(simulator, "sim.image.imagepieces-3")) if "image" in delta]
    assert len(images) == 3
    data = b"".join(image["source"]["bytes"] for image in images)
    assert data.startswith(b"\x89PNG") and len(data) == PIXEL
    assert blocks_of(simulator, "sim.image.imagepieces-3")[-1]["image"]["source"]["bytes"] == data
    broken = [delta["image"] for delta in deltas_of(converse(simulator, "sim.image.imageerror")) if "image" in delta]
    assert [list(image) for image in broken] == [["source"], ["error"]]
    alone = [delta["image"] for delta in deltas_of(converse(simulator, "sim.imageerror")) if "image" in delta]
    assert alone == [{"error": {"message": "The image could not be made."}}]
    assert blocks_of(simulator, "sim.imageerror")[-1]["image"]["error"] == alone[0]["error"]


def test_pieces_of_an_image_are_encoded_one_by_one(simulator: Simulator) -> None:
    stream = raw_stream(simulator, "sim.image.imagepieces-3.nopad")
    first = stream.split(b'"bytes":"')[1].split(b'"')[0]
    assert len(base64.b64decode(first)) == 24


# ---- how answers end

STOPS = [
    "end_turn", "tool_use", "max_tokens", "stop_sequence", "guardrail_intervened", "content_filtered",
    "malformed_model_output", "malformed_tool_use", "model_context_window_exceeded", "a_new_reason",
]


@pytest.mark.parametrize("reason", STOPS)
def test_every_stop_reason(simulator: Simulator, reason: str) -> None:
    model = f"sim.stop-{reason}"
    assert converse(simulator, model)[-2]["messageStop"]["stopReason"] == reason
    assert client(simulator).converse(modelId=model, messages=HELLO)["stopReason"] == reason
    assert chunks(simulator, model, ANTHROPIC)[-2]["delta"]["stop_reason"] == reason


@pytest.mark.parametrize(
    ("members", "knobs", "has_trace"),
    [({}, "", False), ({"trace": "enabled"}, "", True), ({"trace": "disabled"}, "", False), ({}, ".trace", True)],
)
def test_a_guardrail_stops_the_answer(simulator: Simulator, members: Json, knobs: str, has_trace: bool) -> None:
    guardrail = {"guardrailIdentifier": "gr1example", "guardrailVersion": "1", **members}
    events = converse(simulator, "sim.guardrail" + knobs, guardrailConfig=guardrail)
    assert text_of(events) == "Sorry, this cannot be answered here."
    assert events[-2]["messageStop"]["stopReason"] == "guardrail_intervened"
    trace = events[-1]["metadata"].get("trace")
    assert bool(trace) == has_trace
    if trace:
        found = trace["guardrail"]["outputAssessments"]["gr1example"][0]
        assert found["wordPolicy"]["customWords"][0]["action"] == "BLOCKED" and found["topicPolicy"]["topics"]
        assert trace["guardrail"]["modelOutput"] and trace["guardrail"]["actionReason"]


def test_a_guardrail_on_the_invoke_routes(simulator: Simulator) -> None:
    given = {"guardrailIdentifier": "gr1example", "guardrailVersion": "1", "trace": "ENABLED"}
    for model, action in (("sim.guardrail", "INTERVENED"), ("sim.echo", "NONE")):
        answer = client(simulator).invoke_model_with_response_stream(modelId=model, body=json.dumps(ANTHROPIC), **given)
        last = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]][-1]
        assert last["amazon-bedrock-guardrailAction"] == action and last["amazon-bedrock-trace"]["guardrail"]
        whole = client(simulator).invoke_model(modelId=model, body=json.dumps(ANTHROPIC), **given)
        assert json.load(whole["body"])["amazon-bedrock-guardrailAction"] == action
    assert "amazon-bedrock-guardrailAction" not in chunks(simulator, "any", ANTHROPIC)[-1]


def test_fields_and_cache_details(simulator: Simulator) -> None:
    events = converse(
        simulator, "sim.fields.cache-100.cachehour-50", additionalModelResponseFieldPaths=["/stop_sequence"],
        serviceTier={"type": "flex"}, performanceConfig={"latency": "optimized"},
    )
    fields = events[-2]["messageStop"]["additionalModelResponseFields"]
    assert fields["stop_sequence"] is None and fields["nested"]["list"] == [1, "two", None]
    metadata = events[-1]["metadata"]
    assert metadata["serviceTier"] == {"type": "flex"} and metadata["performanceConfig"] == {"latency": "optimized"}
    usage = metadata["usage"]
    assert usage["cacheWriteInputTokens"] == 150 and usage["cacheReadInputTokens"] == 100
    details = [{"ttl": "1h", "inputTokens": 50}, {"ttl": "5m", "inputTokens": 100}]
    assert usage["cacheDetails"] == details
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] + 250


# ---- Anthropic's blocks


def test_anthropic_blocks(simulator: Simulator) -> None:
    model = "sim.reasoning-2.redacted.servertool.cite-all"
    parts = chunks(simulator, model, ANTHROPIC)
    starts = [part["content_block"] for part in parts if part["type"] == "content_block_start"]
    assert [start["type"] for start in starts] == [
        "thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result", "text",
    ]
    assert starts[3]["tool_use_id"] == starts[2]["id"] and starts[3]["content"][0]["type"] == "web_search_result"
    assert [part["index"] for part in parts if part["type"] == "content_block_stop"] == [0, 1, 2, 3, 4]
    found = {part["delta"]["type"] for part in parts if part["type"] == "content_block_delta"}
    assert found == {"thinking_delta", "signature_delta", "input_json_delta", "text_delta", "citations_delta"}
    cited = [
        part["delta"]["citation"] for part in parts
        if part["type"] == "content_block_delta" and part["delta"]["type"] == "citations_delta"
    ]
    assert [citation["type"] for citation in cited] == [
        "web_search_result_location", "char_location", "page_location", "content_block_location",
        "search_result_location",
    ]
    answer = json.load(client(simulator).invoke_model(modelId=model, body=json.dumps(ANTHROPIC))["body"])
    assert [block["type"] for block in answer["content"]] == [start["type"] for start in starts]
    assert answer["content"][-1]["citations"] == cited and answer["content"][0]["thinking"] == "The user"


# ---- rounds of tool calls


def test_three_rounds_of_two_tools(simulator: Simulator) -> None:
    messages = list(HELLO)
    config = {"tools": [SONG, PLACE]}
    for number in range(3):
        answer = client(simulator).converse(modelId="sim.tools-2.rounds-3", messages=messages, toolConfig=config)
        assert answer["stopReason"] == "tool_use"
        uses = [block["toolUse"] for block in answer["output"]["message"]["content"] if "toolUse" in block]
        assert [use["name"] for use in uses] == ["top_song", "top_place"]
        results = [
            {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"json": {"round": number}}]}} for use in uses
        ]
        messages += [answer["output"]["message"], {"role": "user", "content": results}]
    events = list(client(simulator).converse_stream(
        modelId="sim.tools-2.rounds-3", messages=messages, toolConfig=config)["stream"])
    assert "contentBlockStart" not in kinds(events) and 'The tool answered: {"round":2}' in text_of(events)


def test_three_rounds_in_anthropic_s_words(simulator: Simulator) -> None:
    tools = [{"name": "top_song", "input_schema": SCHEMA}, {"name": "top_place", "input_schema": {"type": "object"}}]
    body: Json = ANTHROPIC | {"tools": tools}
    messages = list(ANTHROPIC["messages"])  # type: ignore[call-overload]
    model = "sim.tools-2.rounds-3.reasoning-2"
    for number in range(4):
        given = json.dumps(body | {"messages": messages})
        answer = json.load(client(simulator).invoke_model(modelId=model, body=given)["body"])
        if number == 3:
            break
        assert answer["stop_reason"] == "tool_use" and answer["content"][0]["signature"]
        uses = [block for block in answer["content"] if block["type"] == "tool_use"]
        assert len(uses) == 2
        results = [{"type": "tool_result", "tool_use_id": use["id"], "content": f"round {number}"} for use in uses]
        messages += [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": results}]
    assert answer["stop_reason"] == "end_turn" and "round 2" in answer["content"][-1]["text"]


@pytest.mark.parametrize("model", ["openai.gpt", "mistral.large"])
def test_three_rounds_of_chat_completion(simulator: Simulator, model: str) -> None:
    tools = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("one", "two")]
    messages: list[Json] = [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hello"}]
    for number in range(4):
        body = json.dumps({"messages": messages, "tools": tools})
        answer = client(simulator).invoke_model(modelId=model + ".sim.tools-2.rounds-3", body=body)
        message = json.load(answer["body"])["choices"][0]["message"]
        if number == 3:
            break
        assert [call["function"]["name"] for call in message["tool_calls"]] == ["one", "two"]
        results = [
            {"role": "tool", "tool_call_id": call["id"], "content": f"round {number}"}
            for call in reversed(message["tool_calls"])
        ]
        messages += [message, *results]
    assert "tool_calls" not in message and "round 2" in message["content"]


# ---- what a follow-up has to look like


def refusal(simulator: Simulator, body: Json, model: str = "any") -> str:
    with pytest.raises(ClientError) as caught:
        client(simulator).invoke_model(modelId=model, body=json.dumps(body))
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return str(caught.value)


USE = {"type": "tool_use", "id": "a", "name": "top_song", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": "x"}


@pytest.mark.parametrize(
    ("assistant", "user", "words"),
    [
        ([USE], [], "were found without `tool_result` blocks immediately after: a"),
        ([USE, USE | {"id": "b"}], [RESULT], "immediately after: b"),
        ([USE], [RESULT, RESULT], "must have a single result"),
        ([USE], [RESULT, RESULT | {"tool_use_id": "c"}], "unexpected `tool_use_id` found in `tool_result` blocks: c"),
        ([USE, USE], [RESULT], "ids must be unique"),
        ([USE | {"input": "{}"}], [RESULT], "messages.1.content.0.tool_use.input: Input should be a valid dictionary"),
        ([{"type": "thinking", "thinking": "x"}, USE], [RESULT], "thinking.signature: Field required"),
        ([{"type": "thinking", "thinking": "x", "signature": "y"}, USE], [RESULT], "Invalid `signature`"),
        ([{"type": "text", "text": ""}], [], "text content blocks must be non-empty"),
    ],
)
def test_anthropic_follow_ups(
    simulator: Simulator, assistant: list[Json], user: list[Json], words: str
) -> None:
    messages = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": assistant},
        {"role": "user", "content": [*user, {"type": "text", "text": "well?"}]},
    ]
    assert words in refusal(simulator, ANTHROPIC | {"messages": messages})


CALL = {"id": "a", "type": "function", "function": {"name": "one", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("calls", "results", "words"),
    [
        ([CALL], [], "did not have response messages: a"),
        ([CALL], ["a", "a"], "must be a response to a preceeding message"),
        ([CALL], ["b"], "did not have response messages: a"),
        ([CALL], ["a", "b"], "must be a response to a preceeding message"),
        ([CALL | {"function": {"name": "one", "arguments": "[]"}}], ["a"], "should be a JSON object"),
        ([CALL | {"function": {"name": "one", "arguments": "{"}}], ["a"], "should be a JSON object"),
        ([CALL | {"function": {}}], ["a"], "function.name are required"),
    ],
)
def test_chat_follow_ups(simulator: Simulator, calls: list[Json], results: list[str], words: str) -> None:
    messages = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": None, "tool_calls": calls},
        *({"role": "tool", "tool_call_id": result, "content": "x"} for result in results),
    ]
    assert words in refusal(simulator, {"messages": messages}, "openai.gpt")


def test_converse_follow_ups(simulator: Simulator) -> None:
    def answer(uses: list[str], results: list[str] | None, **more: Any) -> str:
        calls = [{"toolUse": {"toolUseId": use, "name": "top_song", "input": {}} | more} for use in uses]
        given = [{"toolResult": {"toolUseId": result, "content": [{"text": "x"}]}} for result in results or []]
        messages = [*HELLO, {"role": "assistant", "content": calls}]
        if results is not None:
            messages.append({"role": "user", "content": given})
        with pytest.raises(ClientError) as caught:
            client(simulator).converse(modelId="any", messages=messages, toolConfig={"tools": [SONG]})
        return str(caught.value)

    assert "Expected toolResult blocks at messages.2.content for the following Ids: b" in answer(["a", "b"], ["a", "a"])
    assert "Expected toolResult blocks at messages.2.content for the following Ids: a" in answer(["a"], None)
    assert "exceeds the number of toolUse blocks" in answer(["a"], ["a", "a"])
    assert "contain duplicate Ids: a" in answer(["a", "a"], ["a"])
    assert "toolUse.input is invalid. Provide a json object" in answer(["a"], ["a"], input=["x"])
    reasoning = {"reasoningContent": {"reasoningText": {"text": "x", "signature": "y"}}}
    with pytest.raises(ClientError, match="Invalid `signature`"):
        messages = [*HELLO, {"role": "assistant", "content": [reasoning, {"text": "x"}]}, *HELLO]
        client(simulator).converse(modelId="any", messages=messages)
