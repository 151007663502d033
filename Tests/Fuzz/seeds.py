"""Writes the seeds of the corpus: inputs that mean something, from which the fuzzers begin.

    python3 Tests/Fuzz/seeds.py

Each target's Swift file says what its first bytes mean. Files that begin with "found-" come from fuzzing and stay.
"""

import base64
import struct
import zlib
from pathlib import Path
from typing import Dict, List, Tuple

import endpoint_seeds
import identity_seeds
import inquiry_seeds
from model_answers import ANTHROPIC, CHAT, COMMAND_R, CONVERSE_BODY, METRICS, MISTRAL_CHAT, NOVA, WHOLE

CORPUS = Path(__file__).resolve().parent / "corpus"
CONVERSE, INVOKE, RAW, WIRE, RESET, UNREPAIRED = 64, 65, 2, 4, 8, 16


def lines(flags: int, *messages: str) -> bytes:
    return bytes([flags]) + b"7" + "\n".join(messages).encode()


def frame(headers: List[Tuple[str, int, bytes]], payload: bytes) -> bytes:
    block = b"".join(bytes([len(name)]) + name.encode() + bytes([kind]) + value for name, kind, value in headers)
    prelude = struct.pack(">II", len(block) + len(payload) + 16, len(block))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return message + struct.pack(">I", zlib.crc32(message))


def text(value: str) -> bytes:
    return struct.pack(">H", len(value.encode())) + value.encode()


def event(name: str, payload: str, *more: Tuple[str, int, bytes]) -> bytes:
    headers = [(":event-type", 7, text(name)), (":content-type", 7, text("application/json"))]
    return frame(headers + [(":message-type", 7, text("event"))] + list(more), payload.encode())


def chunk(inner: str) -> bytes:
    return event("chunk", '{"bytes":"%s","p":"abc"}' % base64.b64encode(inner.encode()).decode())


START = 'messageStart {"role":"assistant"}'
TEXT = 'contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hel\\u006co \\ud83d\\ude00"},"p":"abcd"}'
STOP = 'contentBlockStop {"contentBlockIndex":0}'
END = 'messageStop {"stopReason":"end_turn"}'
USAGE = (
    'metadata {"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"cacheReadInputTokens":4},'
    '"metrics":{"latencyMs":5}}'
)
TOOL = [
    'contentBlockStart {"start":{"toolUse":{"toolUseId":"t-1","name":"weather"}},"contentBlockIndex":1}',
    'contentBlockDelta {"delta":{"toolUse":{"input":"{\\"city\\":"}},"contentBlockIndex":1}',
    'contentBlockDelta {"delta":{"toolUse":{"input":"\\"Bern\\"}"}},"contentBlockIndex":1}',
    'contentBlockStop {"contentBlockIndex":1}',
]
REASONING = [
    'contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}',
    'contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}',
    'contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"redactedContent":"cmVk"}}}',
]
RARE = [
    'contentBlockDelta {"contentBlockIndex":0,"delta":{"citation":{"title":"t"}}}',
    'contentBlockDelta {"contentBlockIndex":0,"delta":{"image":{"source":{"bytes":"aaaa"}}}}',
    'contentBlockDelta {"contentBlockIndex":0,"delta":{"toolResult":[{"text":"a"}]}}',
    'contentBlockDelta {"contentBlockIndex":0,"delta":{"hologram":[1,2.5e-3,null]}}',
    'newEvent {"a":[{}]}',
]


def decoder_lines() -> Dict[str, bytes]:
    return {
        "converse-text": lines(CONVERSE, START, TEXT, TEXT, STOP, END, USAGE),
        "converse-raw": lines(CONVERSE | RAW, START, TEXT, STOP, END, USAGE),
        "converse-tool": lines(CONVERSE | RAW, START, *TOOL, END),
        "converse-open-tools": lines(CONVERSE, *TOOL[:2], TOOL[0].replace(":1}", ":2}"), END),
        "converse-reasoning": lines(CONVERSE, START, *REASONING, END),
        "converse-rare": lines(CONVERSE | RAW, *RARE, END),
        "converse-cut": lines(CONVERSE, START, TEXT),
        "converse-reset": lines(CONVERSE | RESET, START, TEXT, END),
        "converse-exception": lines(
            CONVERSE, TEXT, '!modelStreamErrorException {"message":"m","originalStatusCode":500,"originalMessage":"o"}'
        ),
        "converse-exception-as-event": lines(CONVERSE, TEXT, 'throttlingException {"message":"slow down"}'),
        "converse-error": lines(CONVERSE, "#InternalFailure it broke"),
        "converse-malformed": lines(CONVERSE, TEXT[:-1], END),
        "converse-odd-types": lines(
            CONVERSE, 'contentBlockDelta {"contentBlockIndex":"0","delta":[]}', "messageStop []"
        ),
        "anthropic": lines(INVOKE | RAW, *ANTHROPIC),
        "anthropic-error": lines(
            INVOKE, ANTHROPIC[0], '={"type":"error","error":{"type":"overloaded_error","message":"m"}}'
        ),
        "nova": lines(INVOKE | RAW, *NOVA),
        "titan": lines(
            INVOKE,
            '={"outputText":"a","completionReason":null}',
            '={"outputText":"b","completionReason":"FINISH",' + METRICS + "}",
        ),
        "llama": lines(INVOKE, '={"generation":"a","stop_reason":null}', '={"generation":"","stop_reason":"length"}'),
        "mistral": lines(
            INVOKE, '={"outputs":[{"text":"a","stop_reason":null}]}', '={"outputs":[{"stop_reason":"stop"}]}'
        ),
        "cohere": lines(
            INVOKE, '={"text":"a","is_finished":false}', '={"is_finished":true,"finish_reason":"COMPLETE"}'
        ),
        "chat": lines(
            INVOKE,
            '={"choices":[{"delta":{"content":"a"},"finish_reason":null}]}',
            '={"choices":[{"delta":{},"finish_reason":"stop"}]}',
        ),
        "chat-tools": lines(INVOKE | RAW, *CHAT),
        "command-r": lines(INVOKE | RAW, *COMMAND_R),
        "mistral-chat": lines(INVOKE, *MISTRAL_CHAT),
        "unknown-format": lines(INVOKE | RAW, "=text", '={"completion":"a"}', "=[1]"),
        "chunk-forms": lines(
            INVOKE, 'chunk {"p":"a","bytes":"eyJ0eXBlIjoibWVzc2FnZV9zdG9wIn0="}', 'chunk {"bytes":"e30\\u003d"}'
        ),
        "chunk-malformed": lines(INVOKE, 'chunk {"bytes":"e3*="}'),
    }


def batch() -> Dict[str, bytes]:
    seeds = {"invoke-" + name: bytes([INVOKE | RAW]) + b"7" + body.encode() for name, body in WHOLE.items()}
    seeds["converse"] = bytes([CONVERSE | RAW]) + b"7" + CONVERSE_BODY.encode()
    seeds["converse-cut"] = bytes([CONVERSE]) + b"8" + CONVERSE_BODY[:200].encode()
    seeds["converse-reset"] = bytes([CONVERSE | RESET]) + b"8" + CONVERSE_BODY.encode()
    seeds["converse-no-answer"] = bytes([CONVERSE]) + b'8{"output":{},"stopReason":1}'
    return seeds


def decoder_wire() -> Dict[str, bytes]:
    delta = '{"contentBlockIndex":0,"delta":{"text":"Hi"}}'
    every_type = [
        ("a", 0, b""),
        ("b", 1, b""),
        ("c", 2, b"\x01"),
        ("d", 3, b"\0\1"),
        ("e", 4, b"\0\0\0\1"),
        ("f", 5, b"\0" * 8),
        ("g", 6, b"\0\3abc"),
        ("h", 7, b"\0\2\xc3\xa9"),
        ("i", 8, b"\0" * 8),
        ("j", 9, b"0123456789abcdef"),
    ]
    stream = event("messageStart", "{}") + event("contentBlockDelta", delta) + event("messageStop", "{}")
    exception = frame(
        [(":exception-type", 7, text("throttlingException")), (":message-type", 7, text("exception"))], b"{}"
    )
    error = frame(
        [(":error-code", 7, text("Odd")), (":error-message", 7, text("m")), (":message-type", 7, text("error"))], b""
    )
    bodies = {
        "wire-stream": stream,
        "wire-types": event("contentBlockDelta", delta, *every_type),
        "wire-exception": exception,
        "wire-error": error,
        "wire-cut": stream[:-7],
        "wire-no-headers": frame([], b""),
        "wire-double": event("messageStop", "{}", ("x", 0, b""), ("y", 0, b""), ("x", 1, b"")),
        "wire-bad-type": frame([("x", 10, b"")], b""),
        "wire-long-name": frame([("n" * 255, 7, text("v"))], b""),
    }
    wire = {name: bytes([CONVERSE | WIRE]) + b"7" + body for name, body in bodies.items()}
    wire["wire-invoke"] = bytes([INVOKE | WIRE | RAW]) + b"8" + chunk('{"type":"message_stop"}')
    wire["wire-wrong-checksum"] = bytes([CONVERSE | WIRE | UNREPAIRED]) + b"7" + stream[:-1] + b"\0"
    wire["wire-too-large"] = bytes([CONVERSE | WIRE]) + b"7" + struct.pack(">II", 0x7FFFFFFF, 0) + b"\0" * 8
    return wire


def json() -> Dict[str, bytes]:
    documents = [
        "{}",
        "[]",
        "null",
        "true",
        "false",
        '""',
        "0",
        "-0",
        "1.5e-3",
        "-12E+4",
        "9223372036854775807",
        " [ 1 , 2 ] ",
        '{"text":"a","te\\u0078t":1}',
        '{"a":{"b":[{"c":[]}]},"a":2}',
        '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"',
        '"\\ud83d"',
        '"\\ude00\\ud83dx"',
        '"é€😀"',
        "[" * 20 + "]" * 20,
        "[" * 257,
        '{"a":[[],{},"",0,null,true,false]}',
        "[1,]",
        '{"a":1,}',
        "{'a':1}",
        "01",
        "1.",
        "-",
        "nul",
        "tru",
        '"\\x"',
        '"\\u12"',
        '"a',
        "{} {}",
        '{"a" 1}',
        "[1 2]",
        '"0123456789abcdef0123456789abcdef"',
        '"0123456789abcde\\n0123456789"',
    ]
    seeds = {f"document-{index:02}": document.encode() for index, document in enumerate(documents)}
    seeds["not-utf8"] = b'"\xff"'
    seeds["overlong"] = b'"\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80"'
    seeds["control"] = b'"\x01"'
    seeds["byte-order-mark"] = b"\xef\xbb\xbf{}"
    return seeds


def heads() -> Dict[str, bytes]:
    stream = ["HTTP/1.1 200 OK", "Content-Type: application/vnd.amazon.eventstream", "x-amzn-RequestId: r-1", "", ""]
    error = [
        "HTTP/1.1 429 Too Many",
        "x-amzn-ErrorType: ThrottlingException:http://x/",
        "Content-Type: application/json",
    ]
    texts = {
        "stream": "\r\n".join(stream),
        "upper-case": "\n".join(stream).upper(),
        "continue": "HTTP/1.1 100 Continue\r\n\r\n" + "\r\n".join(stream),
        "http2": "HTTP/2 200 \n" + "\n".join(stream[1:]),
        "throttled": "\r\n".join(error) + '\r\n\r\n{"message":"slow down"}',
        "type-in-body": 'HTTP/1.1 403 No\n\n{"__type":"com.amazon#ExpiredTokenException","Message":"old"}',
        "code-in-body": 'HTTP/1.1 400 No\n\n{"code":"ValidationException","message":"\\u0000bad"}',
        "original": 'HTTP/1.1 424 No\n\n{"originalStatusCode":500,"originalMessage":"o","resourceName":"r"}',
        "html": "HTTP/1.1 502 Bad\nContent-Type: text/html\n\n<html>Bad gateway</html>",
        "plain": "HTTP/1.1 503 Later\n\ntry later\n",
        "empty": "HTTP/1.1 500 No\n\n",
        "cut": 'HTTP/1.1 500 No\n\n{"message":"a',
        "json-200": "HTTP/1.1 200 OK\nContent-Type: application/json\n\n{}",
        "no-type": "HTTP/1.1 200 OK\n\ntext",
        "no-status": "HTTP/1.1\n\n",
        "no-head": "",
        "odd-lines": "HTTP/1.1 400 x\nno colon\n: no name\nx-amzn-requestid:\n\n",
        "parameters": "HTTP/1.1 200 OK\ncontent-type: application/vnd.amazon.eventstream; charset=utf-8\n\n",
    }
    seeds = {name: b"@" + value.encode() for name, value in texts.items()}
    seeds["stream-with-body"] = b"@" + "\r\n".join(stream).encode() + event("messageStop", "{}")
    seeds["reset"] = b"A" + texts["throttled"].encode()
    seeds["bytes-in-head"] = b"@HTTP/1.1 400 \xff\nx-amzn-requestid: \xff\xfe\nx-amzn-errortype: \xc3(\n\n\xff"
    return seeds


def config() -> Dict[str, bytes]:
    keys = "credentials.access_key_id=AKID\ncredentials.secret_access_key=secret\n"
    texts = {
        "nothing": "",
        "keys": "region=us-east-1\n" + keys,
        "session": "region=us-east-1\n" + keys + "credentials.session_token=t\n",
        "bearer": "endpoint_url=https://host:8443/base\nbearer_token=token\n",
        "bearer-plain": "endpoint_url=http://host\nbearer_token=token\n",
        "scheme": "region=eu-west-1\nauth.scheme=sigv4\n" + keys,
        "limits": (
            "timeout.connect_ms=1\ntimeout.first_byte_ms=2\ntimeout.between_bytes_ms=86400000\ntimeout.total_ms=0\n"
        ),
        "queue": "delivery.queue_bytes=4096\nhttp.version=2\n",
        "proxy": "proxy.url=none\nproxy.bypass=*\ntls.ca_bundle=/ca.pem\n",
        "invoke": (
            "region=us-east-1\n"
            + keys
            + "invoke.content_type=a/b\ninvoke.accept=*/*\ninvoke.trace=ENABLED\n"
            "invoke.guardrail_identifier=g\ninvoke.guardrail_version=1\ninvoke.performance_latency=optimized\n"
            "invoke.service_tier=flex\ninvoke.request_metadata={}\n"
        ),
        "environment": "$AWS_REGION=us-east-1\n$AWS_ACCESS_KEY_ID=A\n$AWS_SECRET_ACCESS_KEY=S\n$AWS_SESSION_TOKEN=T\n",
        "environment-bearer": "$AWS_DEFAULT_REGION=us-east-1\n$AWS_BEARER_TOKEN_BEDROCK=t\n$https_proxy=http://p\n",
        "environment-url": (
            "$AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://localhost:1\n$AWS_BEARER_TOKEN_BEDROCK=t\n$http_proxy=p\n"
        ),
        "environment-control": "region=us-east-1\n$AWS_ACCESS_KEY_ID=A\r\tX: 1\n$AWS_SECRET_ACCESS_KEY=S\n",
        "unknown": "regio=x\n=x\nregion\nhttp.version=3\nauth.scheme=none\ntimeout.connect_ms=-1\n",
        "unset": "region=a\nregion=\n",
    }
    return {name: value.encode() for name, value in texts.items()}


def params() -> Dict[str, bytes]:
    converse = [
        '{"modelId":"m"}',
        '{"modelId":"anthropic.claude:0","messages":[{"role":"user","content":[{"text":"Hi"}]}]}',
        '{"a":1,"\\u006dodelId":"a\\/b\\u00e4","b":{"modelId":null}}',
        '{"modelId":null}',
        '{"modelId":1}',
        "[]",
        "{",
        "",
        '{"modelId":"x","modelId":"y"}',
        '{"modelId":"m"}x',
    ]
    invoke = [
        '{"modelId":"m","body":"e30="}',
        '{"body":"Pz8\\/Pw==","modelId":"m","contentType":"a/b","accept":"*/*"}',
        (
            '{"modelId":"m","trace":"ENABLED","guardrailIdentifier":"g","guardrailVersion":"1","serviceTier":"flex",'
            '"performanceConfigLatency":"optimized","requestMetadata":"{}"}'
        ),
        '{"modelId":"m","body":"e30"}',
        '{"modelId":"m","accept":"a\\r\\nb"}',
        '{"modelId":"m","accept":null}',
        '{"modelId":"m","x":1}',
    ]
    seeds = {f"converse-{index:02}": b"A" + value.encode() for index, value in enumerate(converse)}
    seeds.update({f"invoke-{index:02}": b"C" + value.encode() for index, value in enumerate(invoke)})
    seeds["model-not-utf8"] = b'A{"modelId":"\xff"}'
    return seeds


def recovery() -> Dict[str, bytes]:
    ask = '{"role":"user","content":[{"text":"Hi"}]}'
    converse = '{"messages":[%s],"inferenceConfig":{"maxTokens":1000}}' % ask
    anthropic = '{"anthropic_version":"x","max_tokens":500,"messages":[{"role":"user","content":"Hi"}%s]}'
    begun = ',{"role":"assistant","content":"Sure\\u002c"}'
    said = ["Once upon a time ", "there was a fox.\\n"]
    more = ["\\n It ran.", "there was a fox.\\n It ran.", "there was", "\\n"]

    def text(value: str, block: int = 0) -> str:
        return 'contentBlockDelta {"contentBlockIndex":%d,"delta":{"text":"%s"},"p":"a"}' % (block, value)

    def chunk_text(value: str, block: int = 0) -> str:
        return '={"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":"%s"}}' % (block, value)

    def seed(how: str, body: str, *attempts: List[str]) -> bytes:
        return how.encode() + "\n--\n".join([body] + ["\n".join(attempt) for attempt in attempts]).encode()

    first = [START] + [text(value) for value in said]
    seeds = {
        f"converse-{number}": seed("D", converse, first, [START, text(value), STOP])
        for number, value in enumerate(more)
    }
    seeds.update({
        f"nudge-{number}": seed("F", converse, first, [START, text(value), STOP, text("x", 1)])
        for number, value in enumerate(more)
    })
    nova = '={"contentBlockDelta":{"delta":{"text":"Hi "},"contentBlockIndex":0}}'
    seeds["thrice"] = seed("D", converse, first, [START, text("\\n It")], [START, text(" ran"), STOP, text("b", 1)])
    seeds["blocks"] = seed("@", converse, [START, *REASONING, STOP, text("a ", 1), text(" \\t", 2)], [text(" b")])
    seeds["reasons-anew"] = seed("D", converse, [text("a")], [REASONING[0], STOP, text("b", 1)])
    seeds["tool"] = seed("@", converse, [text("a")], TOOL, [text("b")])
    seeds["begun"] = seed("@", converse.replace(ask, ask + ',{"role":"assistant","content":[{"text":"A"}]}'), first)
    begins = [ANTHROPIC[0], chunk_text("a ")]
    seeds["anthropic"] = seed("E", anthropic % "", begins, [chunk_text(" b"), *ANTHROPIC[1:3]])
    seeds["anthropic-blocks"] = seed("A", anthropic % "", ANTHROPIC[:7], [chunk_text(" b")])
    seeds["anthropic-begun"] = seed("G", anthropic % begun, [chunk_text(" b"), chunk_text("c", 1)], [chunk_text("d")])
    seeds["nova"] = seed("E", '{"schemaVersion":"messages-v1","messages":[%s]}' % ask, [NOVA[0], nova], [nova])
    seeds["odd-bodies"] = seed("@", '{"messages":[],"messages":[{"role":"user","role":1}]}', first)
    seeds["other-format"] = seed("A", "{}", ['={"generation":"a","stop_reason":null}'])
    seeds["text-alone"] = seed("@", "[", [])
    return seeds


def profile() -> Dict[str, bytes]:
    texts = {
        "nothing": "",
        "default": "[default]\nregion = us-east-1\nretry_mode = adaptive\nmax_attempts = 5\n",
        "named": "[profile dev]\nmax_attempts=3\n[profile dev-2]\nrole_arn = arn:aws:iam::1:role/x\n",
        "both": "[default]\na = 1\n[profile b]\na = 2\n\0[default]\nA = 3\n[b]\nc = 4\n[z]\n",
        "prefixed": "[default]\na = 1\n[profile default]\nb = 2\n[default]\nc = 3\n",
        "comments": "# c\n;c\n[profile a] # c\nb = c ; d\ne = f;g\nh=#i\n # j\n\t;k\n",
        "continued": "[profile a]\ncredential_process = run\n  --this # one\n\n\t--that\n",
        "nested": "[profile a]\ns3 =\n  max_queue_size = 1\n  Max_Queue_Size = 2\n  # c\n\n  x =\n",
        "nested-odd": "[profile a]\ns3 =\n  in valid = x\ns3 =\n",
        "sessions": "[sso-session a]\nsso_region = x\n[services a]\nbedrock_runtime =\n  endpoint_url = http://x\n",
        "others": "[foo]\na=1\n[profilefoo]\nb=2\n[profile in valid]\nc=3\n d\n[sso-session]\n[preview]\nx = y\n",
        "repeated": "[profile a]\nb=1\n[profile a]\nB=2\nb =\n c=3\n",
        "windows": "\ufeff[default]\r\nregion = us-east-1\r\n\r\n\tx\r\n",
        "names": "[profile aA0_-/.%@:+]\naA0_-/.%@:+ = \u20ac\U0001f600\nx~ = 1\n",
        "credentials": "\0[ a ]\naws_access_key_id = AKID\naws_secret_access_key = s\n[profile b]\nc=d\n",
        "empty-names": "[ ]\n",
        "no-bracket": "[profile foo # ]\n",
        "no-section": "name = value\n",
        "no-property": "[profile foo]\n -continued\n",
        "no-sign": "[profile foo]\nkey : value\n",
        "no-name": "[profile foo]\ns3 =\n = value\n",
        "carriage": "[default]\r\ra = b\rc\n d\r\n",
    }
    seeds = {name: value.encode() for name, value in texts.items()}
    seeds["not-utf8"] = b"[default]\n# \xff\na\xff = b\nc = \xff\n"
    return seeds


WORDS = {
    "inquiry": inquiry_seeds.WORDS,
    "recovery": [
        '"messages":[',
        '"role":"assistant"',
        '"content":',
        '{"text":"',
        '"anthropic_version":',
        '"inferenceConfig":',
        '"maxTokens":',
        '"max_tokens":',
        "\n--\n",
        "contentBlockDelta ",
        '"contentBlockIndex":',
        '"delta":{"text":"',
        '"reasoningContent":',
        "\\n",
    ],
    "decoder": [
        "contentBlockDelta ",
        "contentBlockStart ",
        "contentBlockStop ",
        "messageStop ",
        "metadata ",
        '"delta":',
        '"toolUse":',
        '"text":',
        '"input":',
        '"contentBlockIndex":',
        '={"type":',
        '"content_block_delta"',
        '"message_stop"',
        '"index":',
        "Exception ",
        '"stop_reason":',
        '"choices":',
        '"outputs":',
        '"usage":',
        '"bytes":',
        '"reasoningContent":',
        ":event-type",
        ":message-type",
        ":exception-type",
        ":error-code",
        '"error":',
        '"partial_json":',
        '"content_block":',
        '"tool_calls":[',
        '"reasoning_content":',
        '"event_type":',
        '"function":{"name":"n","arguments":',
    ],
    "batch": [
        '{"output":{"message":{"content":[',
        '"stopReason":"end_turn"',
        '{"type":"message","content":[',
        '"stop_reason":"',
        '"text":"',
        '"toolUse":{',
        '"input":',
        '"toolResult":{"content":[',
        '"citationsContent":{',
        '"reasoningContent":{',
        '"image":{',
        '"usage":{',
        '"choices":[{"message":{',
        '"tool_calls":[',
        '"results":[',
        "null",
    ],
    "json": ["\\u", "\\ud83d", "\\ude00", "true", "false", "null", "{}", "[]", '"text"', "1e5", "\\n"],
    "heads": [
        "HTTP/1.1 ",
        "200",
        "100",
        "429",
        "content-type: ",
        "application/vnd.amazon.eventstream",
        "x-amzn-requestid: ",
        "x-amzn-errortype: ",
        '"message":',
        '"__type":',
        '"code":',
        "ThrottlingException",
        "\r\n\r\n",
    ],
    "config": [
        "region=",
        "endpoint_url=",
        "credentials.access_key_id=",
        "credentials.secret_access_key=",
        "bearer_token=",
        "auth.scheme=",
        "timeout.total_ms=",
        "proxy.url=",
        "$AWS_REGION=",
        "$AWS_BEARER_TOKEN_BEDROCK=",
        "https://",
        "http://",
    ],
    "params": [
        '"modelId":',
        '"body":',
        '"accept":',
        '"contentType":',
        '"requestMetadata":',
        '"trace":',
        "null",
        "\\u",
        "e30=",
    ],
    "profile": [
        "[profile ",
        "[default]",
        "[sso-session ",
        "[services ",
        "]\n",
        " = ",
        " =\n ",
        "\n ",
        " #", " ;",
        "\0[",
        "retry_mode",
        "max_attempts",
        "s3",
    ],
}


def main() -> None:
    decoder = {**decoder_lines(), **decoder_wire()}
    seeds = {
        "decoder": decoder,
        "batch": batch(),
        "json": json(),
        "heads": heads(),
        "endpoint": endpoint_seeds.seeds(),
        "config": config(),
        "params": params(),
        "profile": profile(),
        "recovery": recovery(),
        "identity": identity_seeds.identity(),
        "inquiry": inquiry_seeds.seeds(),
    }
    for target, files in seeds.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    for target, words in {**WORDS, "identity": identity_seeds.WORDS}.items():
        escaped = [
            word.replace("\\", "\\\\")
            .replace('"', '\\"')
            .replace("\r", "\\x0d")
            .replace("\n", "\\x0a")
            .replace("\0", "\\x00")
            for word in words
        ]
        (CORPUS / f"{target}.dict").write_text("".join(f'"{word}"\n' for word in escaped))


if __name__ == "__main__":
    main()
