"""Tools of the Python package: callables and answers by hand, against the simulator."""

from __future__ import annotations

import gc
import json
import threading
import time
import weakref
from typing import Any

import pytest
from botocore.validate import ParamValidator
from model_generator import MODEL
from test_binding import HELLO, boto, client, make_client, until  # noqa: F401

import bedrockstream


def tool(name: str, **properties: str) -> dict[str, Any]:
    schema = {
        "type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties)}
    return {"toolSpec": {"name": name, "description": "Tells about " + name, "inputSchema": {"json": schema}}}


TWO = {"tools": [tool("weather", city="string"), tool("trains", place="string", hours="integer")]}
THREE_ROUNDS = "sim.tools-2.rounds-3"


def open_stream(client: Any, model: str = THREE_ROUNDS, **members: Any) -> Any:
    return client.converse_stream(modelId=model, **{"messages": HELLO, "toolConfig": TWO, **members})["stream"]


def told(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event[name] for event in events if name in event]


def results_sent(simulator: Any, index: int = -1) -> list[dict[str, Any]]:
    body = json.loads(simulator.requests()[index]["body"])
    return [block["toolResult"] for block in body["messages"][-1]["content"]]


@pytest.mark.parametrize("way", ["stream", "whole"])
def test_three_rounds_of_two_tools(simulator: Any, client: Any, way: str) -> None:
    calls = []

    def weather(question: Any) -> Any:
        calls.append(("weather", question))
        return {"sky": "clear", "celsius": 21}

    def trains(question: Any) -> str:
        time.sleep(0.05)
        calls.append(("trains", question))
        return "every hour"

    tools = {"weather": weather, "trains": trains}
    if way == "stream":
        stream = open_stream(client, tools=tools)
        events = list(stream)
        result = stream.result
        assert [call["name"] for call in told(events, "toolWaiting")] == ["weather", "trains"] * 3
        assert [call["round"] for call in told(events, "toolWaiting")] == [0, 0, 1, 1, 2, 2]
        assert sorted(call["toolUseId"] for call in told(events, "toolAnswered")) == sorted(
            call.id for call in result.tool_calls)
        assert result.text == "".join(
            delta["delta"].get("text", "") for delta in told(events, "contentBlockDelta"))
    else:
        response = client.converse(modelId=THREE_ROUNDS, messages=HELLO, toolConfig=TWO, tools=tools)
        result = response.result
        assert response["stopReason"] == "end_turn" and response["output"]["message"] == result.message
    assert [name for name, _ in calls].count("weather") == [name for name, _ in calls].count("trains") == 3
    assert [question for _, question in sorted(calls, key=str)] == sorted(
        (call.input for call in result.tool_calls), key=lambda one: list(one) != ["place", "hours"])
    assert (result.stop_reason, result.rounds, result.attempts) == ("end_turn", 4, 4)
    assert [call.round for call in result.tool_calls] == [0, 0, 1, 1, 2, 2]
    assert 'The tool answered: ' in result.text
    assert len(simulator.requests()) == 4
    check_messages(result)


def check_messages(result: Any) -> None:
    """They are what a caller of boto3 would have sent and got, and botocore takes them for a request."""
    messages = list(result.new_messages)
    assert [message["role"] for message in messages] == ["assistant", "user"] * (result.rounds - 1) + ["assistant"]
    assert messages[-1] == result.message
    for call, answer in zip(messages[0:-1:2], messages[1::2], strict=True):
        uses = [block["toolUse"]["toolUseId"] for block in call["content"] if "toolUse" in block]
        assert [block["toolResult"]["toolUseId"] for block in answer["content"]] == uses
    shape = MODEL.operation_model("Converse").input_shape
    checked = ParamValidator().validate({"modelId": "m", "messages": HELLO + messages}, shape)
    assert not checked.has_errors(), checked.generate_report()


@pytest.mark.parametrize(("returned", "sent"), [
    ("", {"text": ""}), ("é\n", {"text": "é\n"}), ({"a": [1, None]}, {"json": {"a": [1, None]}}),
    ([{"text": "a"}, {"json": {"b": 1}}], None), (3, {"text": "3"}), (None, {"text": "null"}),
    ([1, 2], {"text": "[1, 2]"}), ([], {"text": "[]"}), ("\ud800", {"text": "?"}),
])
def test_what_tools_return(simulator: Any, client: Any, returned: Any, sent: Any) -> None:
    stream = open_stream(client, "sim.rounds-1", tools={"weather": lambda question: returned})
    list(stream)
    (result,) = results_sent(simulator)
    assert result["content"] == (returned if sent is None else [sent])
    assert result.get("status", "success") == "success"


def fails(question: Any) -> Any:
    raise KeyError("no such city")


@pytest.mark.parametrize(("tools", "text"), [
    ({"weather": fails}, "KeyError: 'no such city'"),
    ({"weather": lambda question: object()}, "object cannot be sent"),
    ({"weather": lambda question: float("nan")}, "not JSON"),
    ({"weather": lambda question: "x" * 100_000}, "turn.max_result_bytes=5000"),
    ({"other": fails}, "there is no tool with the name weather"),
])
def test_failures_of_tools_are_told_to_the_model(simulator: Any, client: Any, tools: Any, text: str) -> None:
    stream = open_stream(client, "sim.rounds-1", tools=tools, config={"turn.max_result_bytes": 5000})
    list(stream)
    (result,) = results_sent(simulator)
    assert result["status"] == "error" and text in result["content"][0]["text"]
    assert stream.result.stop_reason == "end_turn"


def test_calls_of_a_round_run_side_by_side(client: Any) -> None:
    together = threading.Barrier(2, timeout=10)

    def meet(question: Any) -> str:
        together.wait()
        return "met"

    stream = open_stream(client, "sim.tools-2.rounds-1", tools={"weather": meet, "trains": meet})
    list(stream)
    assert stream.result.stop_reason == "end_turn" and not together.broken


def test_answers_by_hand(simulator: Any, client: Any) -> None:
    stream = open_stream(client, "sim.tools-2.rounds-1", config={"turn": "auto"})
    waiting = []
    for event in stream:
        if "toolWaiting" not in event:
            continue
        waiting.append(event["toolWaiting"])
        if len(waiting) == 2:
            first, second = (call["toolUseId"] for call in waiting)
            with pytest.raises(bedrockstream.ToolResultError) as caught:
                stream.tool_result("no-such-id", "x")
            assert caught.value.name == "BRS_E_UNKNOWN_TOOL_CALL" and isinstance(caught.value, ValueError)
            timer = threading.Timer(0.1, stream.tool_result, (second, {"late": True}))
            timer.start()
            stream.tool_result(first, "broken", is_error=True)
            with pytest.raises(bedrockstream.ToolResultError, match="TOOL_ANSWERED"):
                stream.tool_result(first, "again")
            with pytest.raises(bedrockstream.ArgumentError):
                stream.tool_result("a\0b", "x")
    assert [(call["name"], call["input"]) for call in waiting] == [
        (call.name, call.input) for call in stream.result.tool_calls]
    left, right = results_sent(simulator)
    assert (left["content"], left["status"]) == ([{"text": "broken"}], "error")
    assert right["content"] == [{"json": {"late": True}}]
    with pytest.raises(bedrockstream.StateError):
        stream.tool_result(waiting[0]["toolUseId"], "x")


def test_without_tools_the_stream_ends_at_the_call(client: Any) -> None:
    stream = open_stream(client)
    events = list(stream)
    assert not told(events, "toolWaiting")
    result = stream.result
    assert (result.stop_reason, result.rounds) == ("tool_use", 1)
    uses = [block["toolUse"] for block in result.message["content"] if "toolUse" in block]
    assert [(use["toolUseId"], use["name"], use["input"]) for use in uses] == [
        (call.id, call.name, call.input) for call in result.tool_calls]
    assert list(result.new_messages) == [result.message]


def test_the_message_continues_a_conversation_with_boto3(client: Any, boto: Any) -> None:
    stream = open_stream(client, "sim.tools-2.rounds-1.reasoning-3.redacted")
    list(stream)
    message = stream.result.message
    results = [
        {"toolResult": {"toolUseId": call.id, "content": [{"text": "fine"}]}} for call in stream.result.tool_calls]
    messages = [*HELLO, message, {"role": "user", "content": results}]
    answer = boto.converse(modelId="sim.tools-2.rounds-1", messages=messages, toolConfig=TWO)
    assert answer["stopReason"] == "end_turn"
    reasoning = [block["reasoningContent"] for block in message["content"] if "reasoningContent" in block]
    assert any(isinstance(block.get("redactedContent"), bytes) for block in reasoning)


def test_rounds_have_a_bound(client: Any) -> None:
    tools = {"weather": lambda question: "x"}
    stream = open_stream(client, "sim.tool-always", tools=tools, config={"turn.max_rounds": 2})
    with pytest.raises(bedrockstream.ToolRoundsError) as caught:
        list(stream)
    assert caught.value.name == "BRS_E_TOOL_ROUNDS" and caught.value.partial.rounds == 3
    assert len(caught.value.partial.tool_calls) == 3


def test_a_tool_has_a_limit_of_time(client: Any) -> None:
    go_on = threading.Event()
    tools = {"weather": lambda question: go_on.wait(20)}
    stream = open_stream(client, "sim.rounds-1", tools=tools, tool_timeout_s=0.15)
    with pytest.raises(bedrockstream.StreamTimeoutError) as caught:
        list(stream)
    go_on.set()
    assert caught.value.name == "BRS_E_TIMEOUT_TOOL" and caught.value.phase == bedrockstream.Phase.BRS_PHASE_TOOL


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_a_waiting_stream_is_ended(client: Any, how: str) -> None:
    go_on = threading.Event()
    stream = open_stream(client, "sim.rounds-1", tools={"weather": lambda question: go_on.wait(20)})
    threading.Timer(0.2, getattr(stream, how)).start()
    with pytest.raises(bedrockstream.CancelledError):
        list(stream)
    go_on.set()


def test_a_tool_does_not_keep_its_stream(client: Any) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def wait(question: Any) -> str:
        begun.set()
        go_on.wait(20)
        return "late"

    stream = open_stream(client, "sim.rounds-1", tools={"weather": wait})
    next(event for event in stream if "toolWaiting" in event)
    assert begun.wait(10)
    dropped = weakref.ref(stream)
    del stream
    gc.collect()
    assert dropped() is None
    go_on.set()


def test_a_restart_voids_its_round_alone(simulator: Any) -> None:
    script = "sim.tools-1.rounds-1.pieces-6.cutafter-4.how-end.times-1"
    with make_client(simulator, **{"retry.mode": "standard", "recovery": "restart", "retry.max_backoff_ms": 1}) as one:
        stream = open_stream(one, script, tools={"weather": lambda question: "x"})
        events = list(stream)
    result = stream.result
    assert told(events, "restart") and result.stop_reason == "end_turn"
    assert [call.round for call in result.tool_calls] == [0]
    assert sorted(call["toolUseId"] for call in told(events, "toolAnswered")) == [call.id for call in result.tool_calls]


def test_rounds_of_anthropics_format(simulator: Any, client: Any) -> None:
    body = {
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 300,
        "messages": [{"role": "user", "content": "Is it warm in Bern?"}],
        "tools": [{"name": "weather", "description": "Tells the weather.", "input_schema": {
            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]}
    tools = {"weather": lambda question: {"celsius": 21}}
    response = client.invoke_model_with_response_stream(
        modelId="anthropic.claude-x.sim.rounds-2", body=json.dumps(body), tools=tools)
    events = list(response["body"])
    result = response["body"].result
    assert len(told(events, "toolWaiting")) == len(told(events, "toolAnswered")) == 2
    assert (result.stop_reason, result.rounds) == ("end_turn", 3)
    assert "21" in result.text
    assert [message["role"] for message in result.new_messages] == ["assistant", "user"] * 2 + ["assistant"]
    assert result.new_messages[1]["content"][0]["type"] == "tool_result"
    sent = json.loads(simulator.requests()[-1]["body"])
    assert sent["messages"][1:] == list(result.new_messages)[:-1]
