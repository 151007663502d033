"""The benchmarks' machinery: the server, processes on CPUs of their own, rounds, ratios, budgets.

The server runs on the last CPU, what is measured on the others, where there are several. Both run as real-time
processes where that is allowed: other work on the machine must not be measured. Only a run as root gets that.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "build" / "bench"
LIBRARY = ROOT / "build" / "lib" / "libbedrockstream.so.0"
PEER = ROOT / "Tests" / "Benchmarks" / "peer.py"
OURS = "libbedrockstream"
ADDRESSES = 8
SECONDS = 120

Sample = dict[str, Any]
Runner = Callable[[], Sample]


def settle(cpus: set[int]) -> Callable[[], None]:
    """What a child does before it becomes a program."""
    def apply() -> None:
        os.sched_setaffinity(0, cpus)
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except OSError:
            pass
    return apply


def split_cpus() -> tuple[set[int], set[int]]:
    """The CPUs of what is measured, and the server's."""
    cpus = sorted(os.sched_getaffinity(0))
    return (set(cpus[:-1]), {cpus[-1]}) if len(cpus) > 1 else (set(cpus), set(cpus))


CLIENT_CPUS, SERVER_CPUS = split_cpus()


def line_of(*command: object) -> Sample:
    """Runs a program and reads the line of JSON that it prints last."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=SECONDS,
                          preexec_fn=settle(CLIENT_CPUS))
    lines = done.stdout.splitlines()
    if not lines or (done.returncode != 0 and '"failed"' not in lines[-1]):
        raise SystemExit(f"{command[0]}: status {done.returncode}: {done.stderr.strip()[-500:]}")
    sample: Sample = json.loads(lines[-1])
    return sample


def program(name: str, *arguments: object) -> Runner:
    return lambda: line_of(PROGRAMS / name, *arguments)


def peer(*arguments: object) -> Runner:
    return lambda: line_of(sys.executable, PEER, *arguments)


class Server:
    """The benchmarks' own server. Each URL has another address, so that connections do not run out of ports.

    A quiet one serves without TLS, and anywhere: for runs whose time is not looked at.
    """

    def __init__(self, folder: Path, is_quiet: bool = False) -> None:
        self.ca = folder / "ca.pem"
        arguments: list[Path] = [] if is_quiet else self.certificate(folder)
        self.process = subprocess.Popen(
            [PROGRAMS / "server", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=None if is_quiet else settle(SERVER_CPUS))
        self.ports = json.loads(self.process.stdout.readline() if self.process.stdout else "{}")
        self.turn = 0

    def certificate(self, folder: Path) -> list[Path]:
        import trustme

        names = [f"127.0.0.{number + 1}" for number in range(ADDRESSES)]
        authority = trustme.CA()
        issued = authority.issue_cert(*names)
        authority.cert_pem.write_to_path(str(self.ca))
        issued.private_key_pem.write_to_path(str(folder / "key.pem"))
        issued.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
        return [folder / "certificate.pem", folder / "key.pem"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(timeout=10)

    def where(self, tls: bool = False) -> list[object]:
        """The arguments that send a client here."""
        self.turn = self.turn % ADDRESSES + 1
        if tls:
            return ["--url", f"https://127.0.0.{self.turn}:{self.ports['tls_port']}", "--ca", self.ca]
        return ["--url", f"http://127.0.0.{self.turn}:{self.ports['port']}"]

    def stats(self) -> Sample:
        """What happened since this was asked last."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['port']}/stats", timeout=10) as answer:
            stats: Sample = json.load(answer)
            return stats


class Front:
    """nghttpx before the server, which speaks HTTP/2 where a client wants it, and HTTP/1.1 to the server."""

    def __init__(self, server: Server, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.ca = server.ca
        self.log = (folder / "nghttpx.log").open("w")
        self.process = subprocess.Popen(
            ["nghttpx", f"--frontend=127.0.0.1,{self.port}", f"--backend=127.0.0.1,{server.ports['port']}",
             "--workers=1", f"--accesslog-file={os.devnull}", f"--conf={os.devnull}", folder / "key.pem",
             folder / "certificate.pem"],
            stdout=self.log, stderr=self.log, preexec_fn=settle(SERVER_CPUS))

    def __enter__(self) -> Self:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit("nghttpx does not listen")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)
        self.log.close()

    def where(self) -> list[object]:
        return ["--url", f"https://127.0.0.1:{self.port}", "--ca", self.ca]


@dataclass
class Budget:
    """Of a comparison: `ours` must be at most `most` times the base, or with `least` so many times less."""

    what: str
    most: float = 0
    least: float = 0
    base: str = ""
    key: str = ""
    limit: float = 0
    """Without a base: what the median of `key` may be at most."""
    ours: str = OURS


@dataclass
class Comparison:
    title: str
    key: str
    unit: str
    runners: dict[str, Runner]
    base: str
    budgets: list[Budget] = field(default_factory=list)
    rounds: int = 0
    columns: tuple[str, ...] = ()


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


class Bench:
    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.results: list[dict[str, Any]] = []
        self.verdicts: list[tuple[str, str, str, str]] = []

    def compare(self, comparison: Comparison) -> None:
        """Runs each program once in a round, in an order that rotates; a figure is the median of the rounds."""
        names = list(comparison.runners)
        samples: dict[str, list[Sample]] = {name: [] for name in names}
        rounds = comparison.rounds or self.rounds
        start = time.monotonic()
        for index in range(rounds):
            turn = index % len(names)
            for name in names[turn:] + names[:turn]:
                samples[name].append(comparison.runners[name]())
        print(f"\n{comparison.title} ({comparison.unit}; median of {rounds}, {time.monotonic() - start:.0f} s)")
        base = median(samples[comparison.base], comparison.key)
        for name in names:
            print(row(name, samples[name], comparison, base))
        for budget in comparison.budgets:
            self.judge(comparison, samples, budget)
        sys.stdout.flush()
        self.results.append({"title": comparison.title, "key": comparison.key, "unit": comparison.unit,
                             "base": comparison.base, "samples": samples})

    def judge(self, comparison: Comparison, samples: dict[str, list[Sample]], budget: Budget) -> None:
        key = budget.key or comparison.key
        if budget.ours not in samples or (budget.base and budget.base not in samples):
            self.verdicts.append((budget.what, f"no {budget.base}", "", "not measured"))
            return
        ours = median(samples[budget.ours], key)
        base = median(samples[budget.base], key) if budget.base else None
        if ours is None or (budget.base and base is None):
            self.verdicts.append((budget.what, "no steady state", "", "not measured"))
            return
        if base is None:
            figure, allowed, is_met = number(ours), f"at most {number(budget.limit)}", ours <= budget.limit
        elif budget.least:
            figure, allowed, is_met = f"1/{base / ours:.3g}", f"1/{budget.least:g}", base / ours >= budget.least
        else:
            figure, allowed, is_met = f"{ours / base:.3g}", f"{budget.most:g}", ours / base <= budget.most
        self.verdicts.append((budget.what, figure, allowed, "met" if is_met else "MISSED"))

    def summary(self) -> None:
        if not self.verdicts:
            return
        print("\n| what | measured | budget | |\n|---|---|---|---|")
        for verdict in self.verdicts:
            print("| " + " | ".join(verdict) + " |")

    def write(self, path: Path) -> None:
        machine = {"cpus": os.cpu_count(), "kernel": os.uname().release, "load": os.getloadavg()[0],
                   "time": int(time.time())}
        names = ("what", "measured", "budget", "verdict")
        budgets = [dict(zip(names, verdict)) for verdict in self.verdicts]
        path.write_text(json.dumps({"machine": machine, "budgets": budgets, "results": self.results}, indent=1))


def median(samples: list[Sample], key: str) -> float | None:
    values = [sample[key] for sample in samples if key in sample]
    return statistics.median(values) if values else None


def row(name: str, samples: list[Sample], comparison: Comparison, base: float | None) -> str:
    value = median(samples, comparison.key)
    if value is None or base is None:
        return f"  {name:34} no steady state"
    values = [sample[comparison.key] for sample in samples if comparison.key in sample]
    spread = f"{min(values):.4g}..{max(values):.4g}"
    more = "".join(f"  {column} {number(found)}" for column in comparison.columns
                   if (found := median(samples, column)) is not None)
    return f"  {name:34} {number(value):>9}  {spread:20} {value / base:7.3g} x {comparison.base}{more}"
