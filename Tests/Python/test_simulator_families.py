"""Each family's own format on the invoke routes, streamed and whole: text, stop reason, usage, tools, reasoning."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError
from conftest import Simulator
from simulator_clients import ANTHROPIC, HELLO, SONG, chunks, client

Chunk = dict[str, Any]
METRICS = "amazon-bedrock-invocationMetrics"
USER = [{"role": "user", "content": "hello big world"}]
SCHEMA: Any = SONG["toolSpec"]["inputSchema"]["json"]  # type: ignore[index]
FUNCTIONS = [
    {"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("top_song", "top_place")
]
INPUT = {"sign": "WZPZ", "count": 3, "mood": "calm", "tags": [True]}


def delta_of(chunk: Chunk) -> Chunk:
    if not chunk["choices"]:
        return {}
    choice = chunk["choices"][0]
    return dict(choice["delta"] if "delta" in choice else choice["message"])


@dataclass(frozen=True)
class Family:
    """How to ask a family for a text, and where its answer has what every answer has."""

    model: str
    body: Chunk
    limit: Callable[[int], Chunk]
    text: Callable[[Chunk], str]
    stop: Callable[[Chunk], str | None]
    whole_text: Callable[[Chunk], str]
    whole_stop: Callable[[Chunk], str]
    words: tuple[str, str]


FAMILIES = {
    "anthropic": Family(
        "anthropic.claude",
        ANTHROPIC | {"messages": USER},
        lambda n: {"max_tokens": n},
        lambda c: c.get("delta", {}).get("text", ""),
        lambda c: c.get("delta", {}).get("stop_reason"),
        lambda b: b["content"][0]["text"],
        lambda b: b["stop_reason"],
        ("end_turn", "max_tokens"),
    ),
    "nova": Family(
        "amazon.nova",
        {"messages": HELLO},
        lambda n: {"inferenceConfig": {"maxTokens": n}},
        lambda c: c.get("contentBlockDelta", {}).get("delta", {}).get("text", ""),
        lambda c: c.get("messageStop", {}).get("stopReason"),
        lambda b: b["output"]["message"]["content"][0]["text"],
        lambda b: b["stopReason"],
        ("end_turn", "max_tokens"),
    ),
    "titan": Family(
        "any",
        {"inputText": "hello big world"},
        lambda n: {"textGenerationConfig": {"maxTokenCount": n}},
        lambda c: c["outputText"],
        lambda c: c["completionReason"],
        lambda b: b["results"][0]["outputText"],
        lambda b: b["results"][0]["completionReason"],
        ("FINISH", "LENGTH"),
    ),
    "llama": Family(
        "us.meta.llama3",
        {"prompt": "hello big world"},
        lambda n: {"max_gen_len": n},
        lambda c: c["generation"],
        lambda c: c["stop_reason"],
        lambda b: b["generation"],
        lambda b: b["stop_reason"],
        ("stop", "length"),
    ),
    "mistral text": Family(
        "mistral.mistral-7b",
        {"prompt": "hello big world"},
        lambda n: {"max_tokens": n},
        lambda c: c["outputs"][0]["text"],
        lambda c: c["outputs"][0]["stop_reason"],
        lambda b: b["outputs"][0]["text"],
        lambda b: b["outputs"][0]["stop_reason"],
        ("stop", "length"),
    ),
    "mistral chat": Family(
        "mistral.mistral-large",
        {"messages": USER},
        lambda n: {"max_tokens": n},
        lambda c: delta_of(c)["content"],
        lambda c: c["choices"][0]["stop_reason"],
        lambda b: b["choices"][0]["message"]["content"],
        lambda b: b["choices"][0]["stop_reason"],
        ("stop", "length"),
    ),
    "cohere command": Family(
        "cohere.command-text",
        {"prompt": "hello big world", "stream": True},
        lambda n: {"max_tokens": n},
        lambda c: c.get("text", ""),
        lambda c: c.get("finish_reason"),
        lambda b: b["generations"][0]["text"],
        lambda b: b["generations"][0]["finish_reason"],
        ("COMPLETE", "MAX_TOKENS"),
    ),
    "cohere command r": Family(
        "any",
        {"message": "hello big world"},
        lambda n: {"max_tokens": n},
        lambda c: c.get("text", ""),
        lambda c: c.get("finish_reason"),
        lambda b: b["text"],
        lambda b: b["finish_reason"],
        ("COMPLETE", "MAX_TOKENS"),
    ),
    "jamba": Family(
        "ai21.jamba",
        {"messages": USER},
        lambda n: {"max_tokens": n},
        lambda c: delta_of(c).get("content", ""),
        lambda c: c["choices"][0]["finish_reason"],
        lambda b: b["choices"][0]["message"]["content"],
        lambda b: b["choices"][0]["finish_reason"],
        ("stop", "length"),
    ),
    "deepseek r1": Family(
        "us.deepseek.r1",
        {"prompt": "hello big world"},
        lambda n: {"max_tokens": n},
        lambda c: c["choices"][0]["text"],
        lambda c: c["choices"][0]["stop_reason"],
        lambda b: b["choices"][0]["text"],
        lambda b: b["choices"][0]["stop_reason"],
        ("stop", "length"),
    ),
    "chat": Family(
        "openai.gpt-oss-120b",
        {"messages": USER},
        lambda n: {"max_completion_tokens": n},
        lambda c: delta_of(c).get("content", ""),
        lambda c: c["choices"][0]["finish_reason"] if c["choices"] else None,
        lambda b: b["choices"][0]["message"]["content"],
        lambda b: b["choices"][0]["finish_reason"],
        ("stop", "length"),
    ),
}


def whole(simulator: Simulator, model: str, body: Chunk, **settings: Any) -> tuple[Chunk, dict[str, str]]:
    answer = client(simulator).invoke_model(modelId=model, body=json.dumps(body), **settings)
    return json.load(answer["body"]), answer["ResponseMetadata"]["HTTPHeaders"]


@pytest.mark.parametrize("name", FAMILIES)
def test_text_stop_and_usage(simulator: Simulator, name: str) -> None:
    family = FAMILIES[name]
    for limit, word in zip((None, 3), family.words, strict=True):
        body = family.body | (family.limit(limit) if limit else {})
        parts = chunks(simulator, family.model, body)
        text = "".join(map(family.text, parts))
        assert text.startswith("You said: ") and len(text) > 100 or limit
        assert [stop for stop in map(family.stop, parts) if stop] == [word]
        metrics = parts[-1][METRICS]
        answer, headers = whole(simulator, family.model, body)
        assert (family.whole_text(answer), family.whole_stop(answer)) == (text, word)
        assert metrics["inputTokenCount"] == int(headers["x-amzn-bedrock-input-token-count"]) > 0
        assert metrics["outputTokenCount"] == int(headers["x-amzn-bedrock-output-token-count"])
        assert not limit or metrics["outputTokenCount"] == limit


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_is_told_of_an_end_that_is_missing(simulator: Simulator, name: str) -> None:
    family = FAMILIES[name]
    parts = chunks(simulator, family.model + ".sim.nostop", family.body)
    assert "".join(map(family.text, parts)) and not any(map(family.stop, parts))
    parts = chunks(simulator, family.model + ".sim.nometa", family.body)
    assert not any(METRICS in part for part in parts)
    answer, headers = whole(simulator, family.model + ".sim.nostop.nometa", family.body)
    assert family.whole_text(answer) and "usage" not in answer
    assert not any("token-count" in header for header in headers)
    with pytest.raises((KeyError, TypeError)):
        family.whole_stop(answer)


# ---- what tells the formats apart


@pytest.mark.parametrize(
    ("model", "members", "member"),
    [
        ("any", {"max_gen_len": 9}, "generation"),
        ("any", {}, "outputs"),
        ("any", {"stop_sequences": ["x"]}, "generations"),
        ("any", {"maxTokens": 9}, "completions"),
        ("deepseek.sim.echo", {}, "choices"),
        ("meta.sim.echo", {}, "generation"),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama3", {}, "generation"),
        ("sim.text-mistral", {}, "outputs"),
    ],
)
def test_a_prompt_is_told_by_members_and_model(
    simulator: Simulator, model: str, members: Chunk, member: str
) -> None:
    assert member in whole(simulator, model, {"prompt": "hello"} | members)[0]


@pytest.mark.parametrize(
    "members",
    [
        {"max_completion_tokens": 9},
        {"tools": FUNCTIONS},
        {"messages": [{"role": "system", "content": "be kind"}, *USER]},
        {"stop": "x"},
    ],
)
def test_chat_completion_is_told_by_what_others_do_not_have(simulator: Simulator, members: Chunk) -> None:
    assert whole(simulator, "any", {"messages": USER} | members)[0]["object"] == "chat.completion"


def test_the_same_model_in_two_formats(simulator: Simulator) -> None:
    assert "outputs" in whole(simulator, "mistral.large", {"prompt": "hello"})[0]
    assert "object" not in whole(simulator, "mistral.large", {"messages": USER})[0]
    assert whole(simulator, "mistral.pixtral", {"messages": USER})[0]["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("model", "body", "words"),
    [
        ("any", {}, "messages"),
        ("any", {"prompt": 5}, "prompt: expected type: String"),
        ("any", {"prompt": ""}, "minLength"),
        ("any", {"message": 5}, "message: expected type: String"),
        ("any", {"message": ""}, "at least 1 token"),
        ("any", {"prompt": "x", "max_gen_len": 0}, "not greater or equal to 1"),
        ("any", {"messages": USER}, "max_tokens: Field required"),
        ("openai.gpt", {"messages": [{"role": "robot", "content": "x"}]}, "role"),
        ("openai.gpt", {"messages": []}, "too short"),
        ("openai.gpt", {"messages": USER, "max_tokens": 0}, "at least 1"),
    ],
)
def test_refusals(simulator: Simulator, model: str, body: Chunk, words: str) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        whole(simulator, model, body)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_jurassic_does_not_stream(simulator: Simulator) -> None:
    answer, _ = whole(simulator, "ai21.j2-ultra", {"prompt": "hello", "maxTokens": 5})
    assert answer["completions"][0]["finishReason"] == {"reason": "length", "length": 5}
    with pytest.raises(ClientError, match="unsupported for streaming"):
        chunks(simulator, "ai21.j2-ultra", {"prompt": "hello"})


# ---- chat completion


def calls_of(parts: list[Chunk]) -> list[Chunk]:
    """The tool calls of a stream, joined by their index."""
    calls: dict[int, Chunk] = {}
    for part in parts:
        for piece in delta_of(part).get("tool_calls", []):
            call = calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] += piece.get("id", "")
            call["name"] += piece["function"].get("name", "")
            call["arguments"] += piece["function"]["arguments"]
    return [calls[index] for index in sorted(calls)]


def test_chat_chunks(simulator: Simulator) -> None:
    parts = chunks(simulator, "qwen.sim.reasoning-2.cache-100", {"messages": USER})
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    assert len({part["id"] for part in parts}) == 1
    assert delta_of(parts[0]) == {"role": "assistant", "content": ""}
    assert "".join(delta_of(part).get("reasoning_content", "") for part in parts) == "The user"
    usage = parts[-1]["usage"]
    assert parts[-1]["choices"] == [] and usage["prompt_tokens_details"] == {"cached_tokens": 100}
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    answer, headers = whole(simulator, "qwen.sim.reasoning-2.cache-100", {"messages": USER})
    assert answer["usage"] == usage and answer["choices"][0]["message"]["reasoning_content"] == "The user"
    assert headers["x-amzn-bedrock-cache-read-input-token-count"] == "100"


def test_chat_tools(simulator: Simulator) -> None:
    body = {"messages": USER, "tools": FUNCTIONS}
    parts = chunks(simulator, "openai.gpt.sim.tools-2", body)
    calls = calls_of(parts)
    assert [call["name"] for call in calls] == ["top_song", "top_place"] and len({call["id"] for call in calls}) == 2
    assert all(json.loads(call["arguments"]) == INPUT for call in calls)
    assert parts[-2]["choices"][0]["finish_reason"] == "tool_calls"
    answer, _ = whole(simulator, "openai.gpt.sim.tools-2", body)
    given = answer["choices"][0]["message"]["tool_calls"]
    assert [json.loads(call["function"]["arguments"]) for call in given] == [INPUT, INPUT]


def test_everything_in_one_chunk(simulator: Simulator) -> None:
    parts = chunks(simulator, "openai.gpt.sim.onechunk.reasoning-2", {"messages": USER, "tools": FUNCTIONS})
    assert len(parts) == 1 and parts[0]["choices"][0]["finish_reason"] == "tool_calls"
    delta = delta_of(parts[0])
    assert delta["content"].startswith("I will ask") and delta["reasoning_content"] == "The user"
    assert json.loads(calls_of(parts)[0]["arguments"]) == INPUT
    assert METRICS in parts[0] and parts[0]["usage"]


def test_jamba_leaves_out_what_openai_has(simulator: Simulator) -> None:
    parts = chunks(simulator, "ai21.jamba", {"messages": USER})
    assert not any("object" in part or "model" in part for part in parts)
    assert parts[-1]["usage"]["completion_tokens"] and parts[-1]["choices"][0]["finish_reason"] == "stop"


def test_mistral_tool_calls_come_whole(simulator: Simulator) -> None:
    body = {"messages": USER, "tools": FUNCTIONS, "tool_choice": "any"}
    parts = chunks(simulator, "mistral.large.sim.tools-2", body)
    calls = [call for part in parts for call in delta_of(part).get("tool_calls", [])]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [INPUT, INPUT]
    assert all(len(call["id"]) == 9 for call in calls)
    assert parts[-1]["choices"][0]["stop_reason"] == "tool_calls"
    answer, _ = whole(simulator, "mistral.large.sim.tools-2", body)
    assert len(answer["choices"][0]["message"]["tool_calls"]) == 2


# ---- the others' own


def test_llama_counts_as_it_goes(simulator: Simulator) -> None:
    parts = chunks(simulator, "meta.llama3", {"prompt": "hello"})
    assert parts[0]["prompt_token_count"] == 1 and not any(part["prompt_token_count"] for part in parts[1:])
    assert [part["generation_token_count"] for part in parts[:-1]] == list(range(1, len(parts)))
    assert whole(simulator, "meta.llama3", {"prompt": "hello"})[0]["generation_token_count"] == len(parts) - 1


def test_deepseek_thinks_aloud(simulator: Simulator) -> None:
    parts = chunks(simulator, "deepseek.r1.sim.reasoning-2.echo", {"prompt": "hello"})
    text = "".join(part["choices"][0]["text"] for part in parts)
    assert text == "<think>\nThe user\n</think>\n\nhello"
    answer, _ = whole(simulator, "deepseek.r1.sim.reasoning-2.echo", {"prompt": "hello"})
    assert answer["choices"][0]["text"] == text


def test_cohere_command_streams_only_where_it_is_asked_to(simulator: Simulator) -> None:
    one = chunks(simulator, "cohere.command-text", {"prompt": "hello"})
    many = chunks(simulator, "cohere.command-text", {"prompt": "hello", "stream": True})
    assert len(one) == 1 and METRICS in one[0] and len(many) > 10
    assert many[-1]["is_finished"] and not any(part["is_finished"] for part in many[:-1])
    text = one[0]["generations"][0]["text"]
    assert many[-1]["response"]["generations"][0]["text"] == text == "".join(part.get("text", "") for part in many)


def test_command_r(simulator: Simulator) -> None:
    parameters = {"sign": {"type": "str", "required": True}, "count": {"type": "int", "required": True}}
    body = {"message": "hello", "tools": [{"name": "top_song", "parameter_definitions": parameters}]}
    parts = chunks(simulator, "cohere.command-r", body)
    types = [part["event_type"] for part in parts]
    assert types[0] == "stream-start" and types[-2:] == ["tool-calls-generation", "stream-end"]
    call = {"name": "top_song", "parameters": {"sign": "WZPZ", "count": 7}}
    assert parts[-2]["tool_calls"] == [call] == parts[-1]["response"]["tool_calls"]
    assert parts[-1]["response"]["meta"]["billed_units"]["output_tokens"] == parts[-1][METRICS]["outputTokenCount"]
    answered = body | {"message": "", "tool_results": [{"call": call, "outputs": [{"song": "Elemental Hotel"}]}]}
    answer, _ = whole(simulator, "cohere.command-r", answered)
    assert 'The tool answered: {"song":"Elemental Hotel"}' in answer["text"] and "tool_calls" not in answer
    with pytest.raises(ClientError, match="an object of parameters"):
        wrong = {"call": {"name": "top_song", "parameters": "{}"}, "outputs": [{}]}
        whole(simulator, "cohere.command-r", answered | {"tool_results": [wrong]})


def test_command_r_cites(simulator: Simulator) -> None:
    parts = chunks(simulator, "cohere.command-r.sim.citation", {"message": "hello"})
    cited = next(part for part in parts if part["event_type"] == "citation-generation")["citations"]
    assert cited[0]["document_ids"] == ["doc_0"] and parts[-1]["response"]["citations"] == cited


# ---- errors in a format's own words


@pytest.mark.parametrize(
    ("model", "body"), [("anthropic.claude", ANTHROPIC), ("openai.gpt", {"messages": USER})]
)
def test_an_error_in_a_chunk(simulator: Simulator, model: str, body: Chunk) -> None:
    parts = chunks(simulator, model + ".sim.exception-overloaded_error.as-chunk.after-2", body)
    assert parts[-1]["error"]["type"] == "overloaded_error" and METRICS not in parts[-1]


def test_formats_without_words_for_an_error_get_an_exception(simulator: Simulator) -> None:
    with pytest.raises(EventStreamError, match="throttlingException"):
        chunks(simulator, "meta.llama.sim.exception-throttlingException.as-chunk.after-2", {"prompt": "hello"})
