#!/usr/bin/env python3
"""Asks several things at once in one event loop, without a thread, and prints the answers as they come.

    asyncio_chat.py [--endpoint URL] [--model ID] PROMPT...

"[2]" says that what follows belongs to the second answer. Region and credentials come from the environment. Ctrl-C ends
all answers.
"""

import argparse
import asyncio
import sys

import bedrockstream

shown = None


def show(number, text):
    global shown
    if text and shown != number:
        print("\n[%d] " % number, end="")
        shown = number
    print(text, end="", flush=True)


async def ask(client, model, number, prompt):
    """Whether the answer is complete."""
    try:
        response = await client.converse_stream(
            modelId=model, messages=[{"role": "user", "content": [{"text": prompt}]}])
        async for event in response["stream"]:
            show(number, event.get("contentBlockDelta", {}).get("delta", {}).get("text", ""))
    except bedrockstream.BedrockStreamError as error:
        print("[%d] %s" % (number, error), file=sys.stderr)
        return False
    show(number, " [end: %d tokens]" % response["stream"].result.usage.output_tokens)
    return True


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint")
    parser.add_argument("--model", default="amazon.nova-lite-v1:0")
    parser.add_argument("prompt", nargs="+")
    options = parser.parse_args()
    async with bedrockstream.AsyncClient(endpoint_url=options.endpoint) as client:
        answers = [ask(client, options.model, number, prompt) for number, prompt in enumerate(options.prompt, 1)]
        are_complete = await asyncio.gather(*answers)
    print()
    return 0 if all(are_complete) else 1


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:
        sys.exit(130)
