"""Shows that the simulation finds bugs: plants them in a copy of the sources, one build for all, and looks for each.

    python3 Tests/Simulation/plant.py [--runs N] [BUG ...]

The sources themselves hold none of it: a bug is a piece of their text and what stands in its place in the copy, where
`Planted.bug` chooses one. A piece that is no longer there fails the test: whoever changed the line writes the bug anew.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parent.parent.parent
COPY = ROOT / "build" / "planted"
CORE = "Sources/BedrockCore/"

PACKAGE = """// swift-tools-version: 6.2
import PackageDescription
let settings: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes"), .define("BRS_PLANTED")]
let package = Package(
    name: "planted",
    targets: [
        .target(name: "CSystem", cSettings: [.unsafeFlags(["-std=gnu11", "-O2"])]),
        .target(name: "BedrockCore", dependencies: ["CSystem"], swiftSettings: settings),
        .executableTarget(
            name: "simulation", dependencies: ["BedrockCore"], path: "Tests/Simulation", exclude: EXCLUDED,
            swiftSettings: settings, linkerSettings: [.linkedLibrary("curl"), .linkedLibrary("crypto")]),
    ], swiftLanguageModes: [.v6])
"""
SWITCH = """/// Which of the planted bugs is there.
public enum Planted {
    public nonisolated(unsafe) static var bug = 0
}
"""


class Bug(NamedTuple):
    number: int
    name: str
    edits: List[Tuple[str, str, str]]
    """File below the core, what stands there once, what stands in its place."""


EXCHANGE, RETRY, DELIVERY = "Exchange/Exchange.swift", "Exchange/ExchangeRetry.swift", "Exchange/ExchangeDelivery.swift"
QUEUE, GATE, LINE = "Exchange/ExchangeQueue.swift", "Retry/Gate.swift", "Retry/WaitingLine.swift"
TIMELINE = "Exchange/Timeline.swift"
HEDGE = "Exchange/ExchangeHedge.swift"
TURNS, TURN_STATE = "Exchange/ExchangeTurns.swift", "Exchange/TurnState.swift"
BUGS = [
    Bug(1, "success without the completing event", [
        ("Exchange/Attempt.swift", "guard events.isAnswerComplete else {",
         "guard events.isAnswerComplete || Planted.bug == 1 else {")]),
    Bug(2, "a second end when the first one's callback frees", [
        (EXCHANGE, "guard state != .ended else { return }\n        let phase =",
         "guard state != .ended || Planted.bug == 2 else { return }\n        let phase ="),
        (RETRY, "guard state != .ended else { return }\n        if retries.hasTurn",
         "guard state != .ended || Planted.bug == 2 else { return }\n        if retries.hasTurn")]),
    Bug(3, "a retry after the first delta", [
        (RETRY, "guard delivery.isVisible else { return .retry }",
         "guard delivery.isVisible, Planted.bug != 3 else { return .retry }")]),
    Bug(4, "retries that cost nothing", [
        (RETRY, "guard let cost = shared.quota.take(plan.retryClass) else",
         "guard let cost = Planted.bug == 4 ? 0 : shared.quota.take(plan.retryClass) else")]),
    Bug(5, "quota given back by a failure", [
        (RETRY, "        attempt.fail(explained(failure), now: now)\n",
         "        if Planted.bug == 5 { shared.quota.giveBack(retries.lastCost) }\n"
         "        attempt.fail(explained(failure), now: now)\n")]),
    Bug(6, "the first byte's limit measured from the start", [
        ("Exchange/Timeline.swift", "consider(.firstByte, connected,",
         "consider(.firstByte, Planted.bug == 6 ? started : connected,")]),
    Bug(7, "silence counted while the consumer pauses", [
        ("Exchange/Timeline.swift", "if !isPaused {", "if !isPaused || Planted.bug == 7 {")]),
    Bug(8, "held bytes dropped on resume", [
        (DELIVERY, "        pump(waiting.span, now)", "        if Planted.bug != 8 { pump(waiting.span, now) }")]),
    Bug(9, "white space repeated by a continuation", [
        ("Events/Joint.swift", "guard stage == .space else", "guard stage == .space, Planted.bug != 9 else")]),
    Bug(10, "an event handed over after the end", [
        (DELIVERY, "    func hand(_ view: EventView, _ now: Int64) -> Bool {\n        if state == .ended {",
         "    func hand(_ view: EventView, _ now: Int64) -> Bool {\n"
         "        if state == .ended, Planted.bug != 10 {")]),
    Bug(11, "later attempts signed with the first one's time", [
        (EXCHANGE, "        retries.signedAt = clock\n",
         "        if Planted.bug != 11 || retries.number == 1 { retries.signedAt = clock }\n"),
        (EXCHANGE, "epochSeconds: clock.wall &+",
         "epochSeconds: (Planted.bug == 11 ? retries.signedAt.wall : clock.wall) &+")]),
    Bug(12, "backoff without its limit", [
        (RETRY, "maxBackoff: settings.retry.maxBackoff)",
         "maxBackoff: Planted.bug == 12 ? 0 : settings.retry.maxBackoff)")]),
    Bug(13, "one attempt too many", [
        (RETRY, "guard retries.number < settings.retry.allowedAttempts, isAffordable",
         "guard retries.number < settings.retry.allowedAttempts &+ (Planted.bug == 13 ? 1 : 0), isAffordable")]),
    Bug(14, "a dead connection that costs an attempt", [
        (RETRY, "        retries.isReopening = true\n",
         "        if Planted.bug == 14 { retries.nextAttempt() }\n        retries.isReopening = true\n")]),
    Bug(15, "a connection lost behind the completing event taken for success", [
        ("Exchange/Attempt.swift",
         "        if head.isWhole, head.status != 200 { return end(serviceFailure()) }\n        if head.isWhole {",
         "        if head.isWhole, head.status != 200 { return end(serviceFailure()) }\n"
         "        if head.isWhole, Planted.bug == 15, events.isAnswerComplete { return outcome = .stopped }\n"
         "        if head.isWhole {")]),
    Bug(16, "a continuation forgotten over a dead connection", [
        (RETRY, "        attempt.renewTransfer()\n",
         "        if Planted.bug == 16 { attempt.renew(.fresh) } else { attempt.renewTransfer() }\n")]),
    Bug(17, "no total limit while a retry is waited for", [
        (EXCHANGE, "min(retries.dueAt, limit)", "Planted.bug == 17 ? retries.dueAt : min(retries.dueAt, limit)")]),
    Bug(18, "a result for a call that has been voided", [
        (TURN_STATE, "        desk?.forget()\n", "        if Planted.bug != 18 { desk?.forget() }\n")]),
    Bug(19, "the next request before the last result", [
        (TURN_STATE, "var isAnswered: Bool { calls.allSatisfy { $0.answer != nil } }",
         "var isAnswered: Bool {\n        Planted.bug == 19 ? calls.contains { $0.answer != nil } "
         ": calls.allSatisfy { $0.answer != nil }\n    }")]),
    Bug(20, "an early result told twice", [
        (TURN_STATE, "            if since > 0 {", "            if since > 0 || Planted.bug == 20 {"),
        (TURN_STATE, "        news = calls.", "        news = (Planted.bug == 20 ? news : []) + calls.")]),
    Bug(21, "a round that is not counted", [
        (TURN_STATE, "        number &+= 1\n", "        if Planted.bug != 21 { number &+= 1 }\n")]),
    Bug(22, "a fallback of a later round that asks what the first round asked", [
        (TURNS, "        originalBody = next\n", "        if Planted.bug != 22 { originalBody = next }\n")]),
    Bug(23, "the limit of tools measured from the opening", [
        (TURNS, "attempt.timeline.opened : turn.since) &+ length",
         "attempt.timeline.opened : Planted.bug == 23 ? attempt.timeline.opened : turn.since) &+ length")]),
    Bug(24, "void calls that are waited for after a restart", [
        (RETRY, "            turn.forgetCalls()\n", "            if Planted.bug != 24 { turn.forgetCalls() }\n")]),
    Bug(25, "what a retry cost given back by the round after it", [
        ("Exchange/RetryState.swift", "        (lastCost, lastFailure,", "        let cost = lastCost\n"
         "        defer { if Planted.bug == 25 { lastCost = cost } }\n        (lastCost, lastFailure,")]),
    Bug(26, "one invocation id for two rounds", [
        (TURNS, "retries.beginRound(shared.random.uuid())",
         "retries.beginRound(Planted.bug == 26 ? retries.invocationID : shared.random.uuid())")]),
    Bug(27, "a detached stream that leaves its calls", [
        (TURNS, "turn.desk != nil && attempt.events",
         "turn.desk != nil && !(Planted.bug == 27 && wishes.isDetached) && attempt.events")]),
    Bug(28, "a wait for a call that nobody was told of", [
        (TURNS, "if !isHandedOver ||", "if (!isHandedOver && Planted.bug != 28) ||")]),
    Bug(29, "calls told of while the consumer pauses", [
        (TURNS, "while !isPaused, state ==", "while !isPaused || Planted.bug == 29, state ==")]),
    Bug(30, "the limit of tools when all results are there", [
        (TURNS, "turn.isAnswered ? 0 : settings", "turn.isAnswered && Planted.bug != 30 ? 0 : settings")]),
    Bug(31, "half of an earlier attempt's body in front of a whole answer", [
        ("Exchange/Attempt.swift", "        batch = BatchAnswer()\n",
         "        if Planted.bug != 31 { batch = BatchAnswer() }\n")]),
    Bug(32, "a server's own tool waited for", [
        (TURNS, "guard turn.desk != nil, view.event.isClientCall else",
         "guard turn.desk != nil, view.event.isClientCall || Planted.bug == 32 else")]),
    Bug(33, "the text of earlier rounds lost", [
        ("Events/Answer.swift", "        transcript.appendText(to: &earlierText)\n",
         "        if Planted.bug != 33 { transcript.appendText(to: &earlierText) }\n")]),
    Bug(34, "the tokens of earlier rounds lost", [
        ("Events/Answer.swift", "        restart()\n        finishedUsage",
         "        if Planted.bug == 34 { attemptUsage = Usage() }\n        restart()\n        finishedUsage")]),
    Bug(35, "a whole answer that was cut taken for a wrong one", [
        ("Exchange/BatchAnswer.swift", "error.kind == .incomplete ?",
         "error.kind == .incomplete && Planted.bug != 35 ?")]),
    Bug(36, "results of two calls with one name exchanged", [
        ("Conversation/ToolTurn.swift", "guard let place = unused.firstIndex(where: { $0.id == call.id }) else",
         "guard let place = Planted.bug == 36 ? unused.lastIndex(where: { $0.id == call.id })\n"
         "                    : unused.firstIndex(where: { $0.id == call.id }) else")]),
    Bug(37, "results missing among the new messages", [
        ("Conversation/ToolTurn.swift", "        added.append(element: results)\n",
         "        if Planted.bug != 37 { added.append(element: results) }\n")]),
    Bug(38, "the consumer's pauses count as the service's silence between deltas", [
        ("Exchange/Timeline.swift", "if !isPaused, self.isPaused {",
         "if !isPaused, self.isPaused, Planted.bug != 38 {")]),
    Bug(39, "the wait for tools counts as silence between deltas", [
        ("Exchange/Attempt.swift", "if how == .round {", "if how == .round, Planted.bug != 39 {")]),
    Bug(40, "a place that is kept behind the end", [
        (QUEUE, "        if hasPlace {", "        if hasPlace, Planted.bug != 40 || attempt.failure == nil {")]),
    Bug(41, "one call more than may be under way", [
        (GATE, "guard running < limits.streams else",
         "guard running < limits.streams &+ (Planted.bug == 41 ? 1 : 0) else")]),
    Bug(42, "a newcomer overtakes those who wait", [
        (GATE, "line.count == 0 &&", "(line.count == 0 || Planted.bug == 42) &&")]),
    Bug(43, "a group that goes on until nobody of it waits", [
        (LINE, "        current = current?.next\n", "        if Planted.bug != 43 { current = current?.next }\n")]),
    Bug(44, "who has gone counts as one who waits", [
        (LINE, "        count &-= 1\n", "        if Planted.bug != 44 { count &-= 1 }\n")]),
    Bug(45, "a wait for a turn that has no end", [
        (TIMELINE, "consider(.queue, queued, limits.queue)",
         "consider(.queue, queued, Planted.bug == 45 ? 0 : limits.queue)")]),
    Bug(46, "the limit of the wait while an answer comes", [
        (TIMELINE, "if queued > 0, admitted == 0 {", "if queued > 0, admitted == 0 || Planted.bug == 46 {")]),
    Bug(47, "a place that is given away while tools are waited for", [
        (TURNS, "        releaseTransfer(nil)\n",
         "        releaseTransfer(nil)\n        if Planted.bug == 47 { leaveGate() }\n")]),
    Bug(48, "a wait that is not told", [
        (QUEUE, "        attempt.timeline.admitted = now\n",
         "        if Planted.bug == 48 { attempt.timeline.queued = now }\n        attempt.timeline.admitted = now\n")]),
    Bug(49, "one more waits than may", [
        (GATE, "line.count < limits.queuedStreams ?",
         "(Planted.bug == 49 ? max(line.count, 1) &- 1 : line.count) < limits.queuedStreams ?")]),
    Bug(50, "retries that the governor does not count", [
        (RETRY, "        wait = max(wait, reserve(now))\n",
         "        if Planted.bug != 50 { wait = max(wait, reserve(now)) }\n")]),
    Bug(51, "a line that nobody looks at when it is time", [
        (GATE, "if delay < .max {", "if delay < .max, Planted.bug != 51 {")]),
    Bug(52, "a burst of a whole minute", [
        ("Retry/Governor.swift", "* pace * burst", "* pace * (Planted.bug == 52 ? 60 : burst)")]),
    Bug(53, "a request given back that was sent", [
        (QUEUE, "if attempt.timeline.started == 0 {", "if attempt.timeline.started == 0 || Planted.bug == 53 {")]),
    Bug(54, "a hedge that runs on beside an answer", [
        (EXCHANGE, "if hedge != nil, attempt.head.status == 200 {",
         "if hedge != nil, attempt.head.status == 200, Planted.bug != 54 {")]),
    Bug(55, "hedges that cost nothing", [
        (HEDGE, "guard let request, shared.quota.take(RetryQuota.hedgeCost) else",
         "guard let request, Planted.bug == 55 || shared.quota.take(RetryQuota.hedgeCost) else")]),
    Bug(56, "a hedge sent early", [
        (HEDGE, "attempt.timeline.started &+ settings.retry.hedgeAfter",
         "attempt.timeline.started &+ settings.retry.hedgeAfter / (Planted.bug == 56 ? 2 : 1)")]),
    Bug(57, "what a hedge cost kept by a success", [
        (RETRY, "if retries.hedgeCost > 0 {", "if retries.hedgeCost > 0, Planted.bug != 57 {")]),
    Bug(58, "a hedge without limits", [
        (HEDGE, 'if hedge != nil { return dropHedge("it is late as well") }',
         'if hedge != nil { return Planted.bug == 58 ? () : dropHedge("it is late as well") }')]),
    Bug(59, "a hedge that goes on with the times of the late request", [
        (HEDGE, "attempt.takeOver(hedge)",
         "if Planted.bug == 59 { attempt.renewTransfer() } else { attempt.takeOver(hedge) }")]),
    Bug(60, "a new request hedged because the last one was late", [
        (EXCHANGE, "(retries.hasHedged, todo.hedges) = (false, false)",
         "(retries.hasHedged, todo.hedges) = (false, Planted.bug == 60 && todo.hedges)")]),
    Bug(61, "a failure told though a hedge runs", [
        (HEDGE, "guard let hedge else { return false }\n        guard couldDiffer",
         "guard let hedge, Planted.bug != 61 else { return false }\n        guard couldDiffer")]),
    Bug(62, "hedges beyond the rate", [
        (QUEUE, "delay(estimate, now) == 0 else", "delay(estimate, now) == 0 || Planted.bug == 62 else")]),
    Bug(63, "two hedges of one attempt", [
        (HEDGE, "retries.hasHedged = true", "retries.hasHedged = Planted.bug != 63")]),
]


def write(path: Path, text: str) -> None:
    """Leaves a file that is as it should be alone, so that it is not built anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def sources() -> List[Path]:
    found: List[Path] = []
    for folder in ("Sources/CSystem", "Sources/BedrockCore", "Tests/Simulation"):
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return found


def planted(name: str, text: str) -> str:
    for bug in BUGS:
        for file, original, instead in bug.edits:
            if CORE + file != name:
                continue
            if text.count(original) != 1:
                count = text.count(original)
                sys.exit(f"planted: bug {bug.number} ({bug.name}) finds {count} places in {name} for\n{original}")
            text = text.replace(original, instead)
    return text


def copy() -> None:
    kept = {COPY / "Package.swift", COPY / CORE / "Planted.swift"}
    excluded = []
    for path in sources():
        name = str(path.relative_to(ROOT))
        kept.add(COPY / name)
        write(COPY / name, planted(name, path.read_text()))
        if name.startswith("Tests/Simulation/") and path.suffix != ".swift":
            excluded.append(path.name)
    write(COPY / "Package.swift", PACKAGE.replace("EXCLUDED", str(sorted(excluded)).replace("'", '"')))
    write(COPY / CORE / "Planted.swift", SWITCH)
    for folder in ("Sources", "Tests"):
        for path in (COPY / folder).rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink()


def build() -> str:
    swift = os.environ.get("SWIFT", "swift")
    command = [swift, "build", "-c", "release", "--package-path", str(COPY), "--product", "simulation"]
    subprocess.run(command, check=True)
    return str(COPY / ".build" / "release" / "simulation")


def look(program: str, bug: Bug, runs: int) -> bool:
    """Whether the bug is found within so many runs, and no other number finds anything."""
    command = [program, "--seed", "1", "--runs", str(runs), "--plant", str(bug.number)]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"^found after (\d+) runs: (.*)$", done.stdout, re.M)
    print(f"{bug.number:3} {bug.name}: " + (f"{found[2]} (run {found[1]})" if found else "NOT FOUND"), flush=True)
    return found is not None and done.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20000, help="most runs for one bug (20000)")
    parser.add_argument("bugs", nargs="*", type=int, help="numbers of bugs (all)")
    options = parser.parse_args()
    if not shutil.which("swift") and "SWIFT" not in os.environ:
        sys.exit("planted: no swift")
    copy()
    program = build()
    chosen = [bug for bug in BUGS if not options.bugs or bug.number in options.bugs]
    found = sum(look(program, bug, options.runs) for bug in chosen)
    print(f"planted: {found} ok, {len(chosen) - found} failed")
    sys.exit(found != len(chosen))


if __name__ == "__main__":
    main()
