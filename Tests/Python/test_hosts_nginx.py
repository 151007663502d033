"""The nginx module: clients of each worker in the worker's own loop, each answer to who asked, and no end untold."""

import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from host_nginx import Chat, Nginx, ask, is_running, memory_kb
from host_programs import LIBRARY, built, until, valgrind, with_rules

WIDE = 1500 * 20000


@pytest.fixture
def start(simulator, tmp_path):
    """Starts an nginx in front of a simulator; looks at what it leaves behind."""
    started = []

    def start(of=simulator, **settings):
        folder = tmp_path / f"nginx-{len(started)}"
        folder.mkdir()
        started.append(Nginx(of, folder, **settings))
        return started[-1]

    yield start
    for nginx in started:
        assert nginx.end() == 0, nginx.log()
        assert not re.search(r"\[(alert|emerg|crit)\]|core dumped|exited on signal", nginx.log()), nginx.log()
        assert subprocess.run(["pgrep", "-s", str(nginx.process.pid)], capture_output=True).stdout == b""


@pytest.fixture
def nginx(start):
    return start()


def ends(nginx, status):
    return sum(line[1] == str(status) for line in nginx.requests())


def gone(nginx):
    """How many clients went away in the middle of an answer."""
    return nginx.log().count("client prematurely closed connection")


def test_forty_clients(nginx, simulator):
    prompts = [f"client {number} asks \"this\" \\ that,\n\tand é, 日本 and 🙂 too" for number in range(40)]
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda prompt: ask(nginx.port, "/echo", prompt), prompts))
    for prompt, answer in zip(prompts, answers):
        assert (answer.status, answer.text, answer.last.name) == (200, prompt, "done"), answer
        assert answer.last.data["stop_reason"] == "end_turn" and answer.last.data["output_tokens"] > 0
    assert simulator.stats()["streams"]["open_max"] > 10
    assert until(lambda: ends(nginx, 200) == 40)
    assert len({line[0] for line in nginx.requests()}) == 2, "one worker did it all"


def test_connections_are_used_again(nginx, simulator):
    for number in range(12):
        assert ask(nginx.port, "/echo", f"number {number}").text == f"number {number}"
    assert simulator.stats()["connections"] <= 2 + 1  # one for each worker, and this question


def test_a_request_of_converse(nginx, simulator):
    body = {"messages": [{"role": "user", "content": [{"text": "hello"}]}], "inferenceConfig": {"maxTokens": 77}}
    assert ask(nginx.port, "/echo", body).text == "hello"
    assert '"maxTokens": 77' in simulator.requests()[-1]["body"]


def test_a_body_that_nginx_keeps_in_a_file(nginx):
    prompt = "words " * 50_000
    assert ask(nginx.port, "/plain", prompt).text == prompt


@pytest.mark.parametrize("body", [{"messages": "nonsense"}, "a\0b", ""])
def test_requests_that_are_none(nginx, body):
    chat = Chat(nginx.port, "/echo", body)
    if chat.head() == 200:  # what the service refuses is the answer's end
        assert [(event.name, event.data["code"]) for event in chat.events()] == [("error", "BRS_E_VALIDATION")]
    else:
        assert until(lambda: ends(nginx, 400) == 1)
    chat.close()


def test_ends_are_told_as_they_are(start, simulator, tmp_path):
    nginx = start(with_rules(simulator, tmp_path))
    cut, refused = (ask(nginx.port, "/echo", text) for text in ("cut me, please, in the middle", "refuse me"))
    assert cut.text != "" and cut.last.name == "error"
    assert (cut.last.data["code"], cut.last.data["delivered"]) == ("BRS_E_INCOMPLETE", 3)
    assert (refused.text, refused.last.data["code"]) == ("", "BRS_E_ACCESS_DENIED")
    assert "bedrock: stream of sim.echo.pace-5 failed: BRS_E_INCOMPLETE" in nginx.log()


def test_clients_that_go_away_end_their_streams(nginx, simulator):
    chats = [Chat(nginx.port, "/endless", "hello") for _ in range(20)]
    for chat in chats:
        assert chat.head() == 200 and next(chat.events()).name == "message"
    for chat in chats[:12]:
        chat.close()
    assert until(lambda: simulator.stats()["streams"]["open"] == 8)
    assert simulator.stats()["streams"]["abandoned"] == 12
    assert until(lambda: gone(nginx) == len(nginx.requests()) == 12)
    assert next(chats[-1].events()).name == "message"
    for chat in chats:
        chat.close()
    assert until(lambda: simulator.stats()["streams"]["open"] == 0)


def test_a_client_that_does_not_read_holds_its_stream_back(start, simulator):
    nginx = start(workers=1)
    slow = Chat(nginx.port, "/wide", "hello", receive_bytes=4096)
    assert slow.head() == 200
    worker = nginx.workers()[0]
    time.sleep(1)
    before = memory_kb(worker)
    assert ask(nginx.port, "/echo", "meanwhile").text == "meanwhile"
    time.sleep(1)
    assert memory_kb(worker) - before < 2000 and before < 40_000
    assert simulator.stats()["streams"]["open"] == 1
    text = sum(len(event.data.get("text", "")) for event in slow.events())
    assert text == WIDE
    slow.close()


def test_a_client_that_never_reads_is_given_up(start, simulator):
    nginx = start(workers=1)
    slow = Chat(nginx.port, "/impatient", "hello", receive_bytes=4096)
    assert until(lambda: simulator.stats()["streams"]["abandoned"] == 1)
    assert until(lambda: nginx.requests())
    slow.close()


def test_reload_lets_answers_end(nginx):
    with ThreadPoolExecutor(12) as pool:
        old = [pool.submit(ask, nginx.port, "/long", "hello") for _ in range(10)]
        time.sleep(0.3)
        workers = nginx.workers()
        nginx.tell(signal.SIGHUP)
        assert until(lambda: len(nginx.workers()) == 4 or set(nginx.workers()).isdisjoint(workers))
        assert ask(nginx.port, "/echo", "to a new worker").text == "to a new worker"
        assert all(answer.result().last.name == "done" for answer in old)
    assert until(lambda: set(nginx.workers()).isdisjoint(workers)) and len(nginx.workers()) == 2
    for worker in workers:
        assert f"worker process {worker} exited with code 0" in nginx.log()


def test_quit_lets_answers_end(nginx):
    with ThreadPoolExecutor(10) as pool:
        chats = [pool.submit(ask, nginx.port, "/long", "hello") for _ in range(10)]
        time.sleep(0.3)
        assert nginx.end(signal.SIGQUIT) == 0
        assert all(chat.result().last.name == "done" for chat in chats)


def test_stop_ends_answers_with_an_error(nginx, simulator):
    chats = [Chat(nginx.port, "/endless", "hello") for _ in range(10)]
    for chat in chats:
        assert chat.head() == 200 and next(chat.events()).name == "message"
    workers, begin = nginx.workers(), time.monotonic()
    assert nginx.end(signal.SIGTERM) == 0 and time.monotonic() - begin < 5
    for chat in chats:
        *_, last = chat.events()
        assert (last.name, last.data["code"]) == ("error", "BRS_E_CANCELLED")
        chat.close()
    assert not any(map(is_running, workers))
    assert until(lambda: simulator.stats()["streams"]["open"] == 0)


def test_a_setting_that_is_none(tmp_path):
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"load_module {built('nginx/ngx_http_bedrock_module.so')};\npid {tmp_path}/pid;\nevents {{}}\n"
                    "http { bedrock timeout.connect_ms soon; }\n")
    done = subprocess.run(["nginx", "-t", "-p", tmp_path, "-c", conf], capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(r"timeout\.connect_ms.* in .*nginx\.conf:4", done.stderr), done.stderr


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGTERM])
def test_memory(start, simulator, tmp_path, how):
    """Of a master and its worker, and of one process that is both."""
    under, own = valgrind(tmp_path, "--keep-debuginfo=yes", "--error-exitcode=0")
    # Also there when nginx has closed the module, so that what it keeps for ever is not taken for lost.
    own["LD_PRELOAD"] = str(tmp_path / LIBRARY.name)
    nginx = start(with_rules(simulator, tmp_path), workers=int(how == signal.SIGQUIT), under=tuple(under), **own)
    with ThreadPoolExecutor(4) as pool:
        assert all(answer.text == "hello" for answer in pool.map(lambda _: ask(nginx.port, "/echo", "hello"), range(8)))
    assert ask(nginx.port, "/echo", "cut me, please, in the middle").last.name == "error"
    leaves = Chat(nginx.port, "/endless", "hello")
    assert leaves.head() == 200 and next(leaves.events())
    leaves.close()
    assert until(lambda: gone(nginx) == 1)
    stays = Chat(nginx.port, "/endless" if how == signal.SIGTERM else "/long", "hello")
    assert stays.head() == 200 and next(stays.events())
    nginx.tell(how)
    *_, last = stays.events()
    assert last.name == ("error" if how == signal.SIGTERM else "done")
    stays.close()
    assert nginx.end(how, 60) == 0
    complaints = re.split(r"\n==\d+== \n", (nginx.folder / "output").read_text())
    assert not "".join(one for one in complaints if "loss record" not in one or "bedrock" in one)
