#!/usr/bin/env python3
"""Lets a model call two tools, one that answers at once and one that takes its time, and prints the answer.

    tools.py [ENDPOINT-URL [MODEL]]

Region and credentials come from the environment.
"""

import sys
import time

import bedrockstream


def weather(question):
    """What is returned is the tool's result: a str, a list of content blocks, or any JSON value."""
    return {"city": question.get("city"), "sky": "clear", "celsius": 21}


def trains(question):
    """Runs on a thread of its own, beside other calls; the stream waits."""
    time.sleep(0.3)
    return "Every half hour, at :07 and :37, from platform 3."


def tool(name, member):
    schema = {"type": "object", "properties": {member: {"type": "string"}}}
    return {"toolSpec": {"name": name, "description": "Tells about " + name, "inputSchema": {"json": schema}}}


def main():
    endpoint, model = (sys.argv[1:] + [None, None])[:2]
    client = bedrockstream.Client(endpoint_url=endpoint)
    question = "Can I go hiking near Bern, and how do I get there?"
    messages = [{"role": "user", "content": [{"text": question}]}]
    response = client.converse_stream(
        modelId=model or "amazon.nova-lite-v1:0", messages=messages,
        toolConfig={"tools": [tool("weather", "city"), tool("trains", "place")]},
        tools={"weather": weather, "trains": trains}, tool_timeout_s=60)
    stream = response["stream"]
    for event in stream:
        if "contentBlockDelta" in event:
            print(event["contentBlockDelta"]["delta"].get("text", ""), end="", flush=True)
        elif "toolWaiting" in event:
            print("\n[%(name)s %(input)s]" % event["toolWaiting"])
    messages += stream.result.new_messages  # the conversation can go on
    print("\n[%s after %d rounds; %d messages]" % (stream.result.stop_reason, stream.result.rounds, len(messages)))


if __name__ == "__main__":
    main()
