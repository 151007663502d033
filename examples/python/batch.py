#!/usr/bin/env python3
"""The same question streamed or answered in one piece.

    batch.py [--stream] [--endpoint URL] [--model ID] PROMPT

Region and credentials come from the environment.
"""

import argparse

import bedrockstream


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--endpoint")
    parser.add_argument("--model", default="amazon.nova-lite-v1:0")
    parser.add_argument("prompt")
    options = parser.parse_args()
    client = bedrockstream.Client(endpoint_url=options.endpoint)
    request = {"modelId": options.model, "messages": [{"role": "user", "content": [{"text": options.prompt}]}],
               "inferenceConfig": {"maxTokens": 500}}
    if options.stream:
        stream = client.converse_stream(**request)["stream"]
        for event in stream:
            print(event.get("contentBlockDelta", {}).get("delta", {}).get("text", ""), end="", flush=True)
        result = stream.result
    else:
        response = client.converse(**request)
        for block in response["output"]["message"]["content"]:
            print(block.get("text", ""), end="")
        result = response.result
    print("\n[%s; %d tokens out]" % (result.stop_reason, result.usage.output_tokens))


if __name__ == "__main__":
    main()
