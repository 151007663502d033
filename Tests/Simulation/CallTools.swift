import BedrockCore

/// What a caller does about tool calls.
struct ToolHabits {
    /// Of calls that no result is given for.
    var neverPercent: Int
    /// Of results that are given twice.
    var twicePercent: Int
    /// Of events that tell of a call, those in which more is done.
    var deedPercent: Int
    /// Calls whose results are given when they are waited for.
    var postponed: [Bytes] = []

    static func drawn(_ dice: inout Dice) -> ToolHabits {
        ToolHabits(
            neverPercent: dice.pick([0, 0, 0, 5, 40]), twicePercent: dice.pick([0, 0, 10, 50]),
            deedPercent: dice.pick([0, 0, 3, 20]))
    }
}

extension Call {
    /// An event that was handed over may ask for something to be done.
    func answerTools(_ view: EventView) {
        guard tuning.isAutomatic else { return }
        switch view.event.kind {
        case .tool where !view.event.isServerTool: decide(view.toolID.bytes)
        case .toolWaiting: answerAtLast(view.toolID.bytes)
        default: break
        }
        if world.dice.below(100) < 2 { later(upTo: 33) { $0.give(Bytes("nobody's")) } }
    }

    /// When the result of a call is given.
    private func decide(_ id: Bytes) {
        if world.dice.percent(habits.neverPercent) { return neverGive() }
        switch world.dice.below(10) {
        case 0...2: give(id)
        case 3...6: later(upTo: 33) { $0.give(id) }
        default: habits.postponed.append(id)
        }
        if world.dice.percent(habits.twicePercent) { later(upTo: 34) { $0.give(id) } }
    }

    /// Something has to end the call.
    private func neverGive() {
        guard tuning.toolLimit == 0, tuning.total == 0 else { return }
        later(upTo: 36) { $0.cancelElsewhere() }
    }

    private func answerAtLast(_ id: Bytes) {
        guard let place = habits.postponed.firstIndex(of: id) else { return }
        habits.postponed.remove(at: place)
        if world.dice.percent(50) { give(id) } else { later(upTo: 35) { $0.give(id) } }
    }

    /// Nobody will be told that a result is waited for.
    func answerPostponed() {
        for id in habits.postponed { later(upTo: 34) { $0.give(id) } }
        habits.postponed = []
    }

    private func later(upTo bits: Int, _ act: @escaping (Call) -> Void) {
        world.after(world.dice.time(upTo: bits)) { [unowned self] in act(self) }
    }

    /// By any thread.
    private func give(_ id: Bytes) {
        // The interface takes none behind the end.
        guard !watch.hasEnded else { return }
        let given = GivenResult.drawn(id, isInvoke: operation.isInvoke, &world.dice)
        guard let answer = given.answer else { return world.ledger.fail("a result is one", String(given.text)) }
        let code = desk.leave(answer)
        world.note("call \(number): a result of \(String(id)): \(code)")
        watch.given(given, code)
        if code == .ok { post(answers: true) }
    }
}
