"""What gunicorn serves in test_hosts_gunicorn.py: its workers stream answers, each by a client of its own.

One client is made where the application is loaded, before the workers are forked off, and is of no use in them.
"""

import os

import bedrockstream

clients = {"before": bedrockstream.Client()}
if os.environ.get("ASK_BEFORE"):  # the parent has a thread and a connection when it forks
    clients["before"].converse(modelId="sim.echo", messages=[{"role": "user", "content": [{"text": "hi"}]}])


def post_fork(server, worker):
    """gunicorn's hook, where the test says so. Else clients are made when the first request needs one."""
    if os.environ["MADE"] == "post_fork":
        clients["own"] = bedrockstream.Client()


def own():
    if "own" not in clients:
        clients["own"] = bedrockstream.Client()
    return clients["own"]


def pieces(client, model, prompt):
    messages = [{"role": "user", "content": [{"text": prompt}]}]
    for event in client.converse_stream(modelId=model, messages=messages)["stream"]:
        yield event.get("contentBlockDelta", {}).get("delta", {}).get("text", "").encode()


def application(environ, start_response):
    prompt = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0)).decode()
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("X-Worker", str(os.getpid()))])
    if path != "/before":
        return pieces(own(), path.strip("/"), prompt)
    try:
        return [b"no error", *pieces(clients["before"], "sim.echo", prompt)]
    except bedrockstream.ForkedError as error:
        return [error.name.encode()]
