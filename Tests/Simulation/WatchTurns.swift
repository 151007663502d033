import BedrockCore

/// A call of a tool that was handed over in the present round.
struct HandedCall {
    let id: Bytes
    let name: Bytes
    let block: Int32
    var result: GivenResult?
}

/// What a watch remembers of a conversation with tools.
struct TurnWatch {
    /// What the caller is to be told next of a call.
    struct News {
        let kind: EventKind
        let call: Int
    }

    /// How often results were sent.
    private(set) var number = 0
    /// The messages that the present round began with, as they are written.
    private(set) var messages: [Bytes]
    /// Tokens that it began with.
    private(set) var maxTokens = Call.maxTokens
    private(set) var calls: [HandedCall] = []
    /// What was delivered of the present answer.
    private var said: [Said] = []
    private var news: [News] = []
    /// When the round's answer was complete; nil while it is not.
    private(set) var overAt: Int64?
    /// What the assistant's message has to say; nil where that cannot be told.
    private var meant: JSONTree?
    /// The texts of rounds that are over.
    private(set) var text = Bytes()
    private(set) var isTextUnclear = false
    /// Calls that have or had a result.
    private var answeredIDs: Set<Bytes> = []

    init(_ operation: BedrockCore.Operation) {
        messages = [AskedFor.question(operation)]
    }

    var isOver: Bool { overAt != nil }
    var isAnswered: Bool { calls.allSatisfy { $0.result != nil } }
    var hasNews: Bool { !news.isEmpty }

    /// What a result with that id comes to.
    func code(_ id: Bytes) -> ErrorCode {
        if calls.contains(where: { $0.id == id && $0.result == nil }) { return .ok }
        return answeredIDs.contains(id) ? .toolAnswered : .unknownToolCall
    }

    mutating func take(_ given: GivenResult) {
        guard let place = calls.firstIndex(where: { $0.id == given.id && $0.result == nil }) else { return }
        calls[place].result = given
        answeredIDs.insert(given.id)
        if isOver { news.append(News(kind: .toolAnswered, call: place)) }
    }

    // MARK: A round's answer

    mutating func delivered(_ view: EventView, waits: Bool) {
        let index = Int(view.event.blockIndex)
        if view.event.kind == .tool {
            var call = Said(.tool, index: index, text: view.text.bytes)
            (call.toolID, call.toolName) = (view.toolID.bytes, view.toolName.bytes)
            call.isServerTool = view.event.isServerTool
            said.append(call)
            guard waits, !call.isServerTool else { return }
            calls.append(HandedCall(id: call.toolID, name: call.toolName, block: view.event.blockIndex))
        }
        guard view.event.hasDelta else { return }
        switch view.event.deltaKind {
        case .text: add(.text, index) { $0.text += view.text.bytes }
        case .reasoning: add(.reasoning, index) { $0.text += view.text.bytes }
        case .reasoningSignature: add(.reasoning, index) { $0.signature += view.text.bytes }
        default: break
        }
    }

    private mutating func add(_ kind: Answer.Kind, _ index: Int, _ change: (inout Said) -> Void) {
        let place = said.firstIndex { $0.kind == kind && $0.index == index }
        if place == nil { said.append(Said(kind, index: index)) }
        change(&said[place ?? said.count - 1])
    }

    private var delivered: [Said] { said.sorted { $0.index < $1.index } }

    /// What was delivered of the present answer as a message; nil where nothing was that one could hold.
    func message(isInvoke: Bool) -> JSONTree? { Said.message(delivered, isInvoke: isInvoke) }

    /// The round begins anew.
    mutating func restart() {
        calls = []
        said = []
    }

    // MARK: From round to round

    /// The answer is complete, results are waited for. `answer` is nil where only what was delivered can be told.
    mutating func end(_ moment: Int64, _ answer: Answer?, isInvoke: Bool, text: Bytes?) {
        overAt = moment
        news = calls.indices.map { News(kind: calls[$0].result == nil ? .toolWaiting : .toolAnswered, call: $0) }
        let all = answer.map { $0.blocks.map { Said($0) } } ?? delivered
        meant = Said.message(all, isInvoke: isInvoke)
        if text == nil { (isTextUnclear, meant) = (true, nil) }
        self.text += text ?? []
    }

    mutating func takeNews() -> (kind: EventKind, call: HandedCall)? {
        guard !news.isEmpty else { return nil }
        let next = news.removeFirst()
        return (next.kind, calls[next.call])
    }

    /// The two messages that the next request has more; the first is nil where it cannot be told.
    func newMessages(isInvoke: Bool) -> (assistant: JSONTree?, user: JSONTree) {
        let results = calls.compactMap { $0.result?.block(isInvoke: isInvoke) }
        return (meant, .object(["role": .string("user"), "content": .list(results)]))
    }

    mutating func begin(_ messages: [Bytes], maxTokens: Int64) {
        number += 1
        self.messages = messages
        self.maxTokens = maxTokens
        (calls, said, news, overAt, meant) = ([], [], [], nil, nil)
    }
}

extension Watch {
    private var isInvoke: Bool { call.operation.isInvoke }

    /// A result was given; the desk said what it came to.
    func given(_ result: GivenResult, _ code: ErrorCode) {
        let meant = turns.code(result.id)
        require(code == meant, "a result counts for an open call alone", "\(String(result.id)): \(code), not \(meant)")
        if code == .ok { turns.take(result) }
    }

    // MARK: The end of a round

    /// Calls of an answer that its stream has to wait for. Nobody answers one that was not handed over.
    private var waitsForResults: Bool {
        guard tuning.isAutomatic, let answer = response?.answer, answer.stopReason == .toolUse else { return false }
        let count = answer.blocks.filter { $0.isClientCall }.count
        return count > 0 && turns.calls.count == count
    }

    func checkStop() {
        require(!waitsForResults, "a stream waits for results of its calls", "\(turns.calls.count) calls")
    }

    /// What tells of calls comes when the round's answer is complete, and for each call in its order.
    func toldOfCall(_ view: EventView) {
        endRound()
        require(!isHolding, "who holds the call back is told nothing", view.words)
        guard let next = turns.takeNews() else {
            return require(false, "each call is told of once", view.words)
        }
        let isSame =
            view.event.kind == next.kind && view.toolID.isEqual(to: next.call.id)
            && view.toolName.isEqual(to: next.call.name) && view.event.blockIndex == next.call.block
        require(
            isSame, "each call is told of once",
            "\(view.words) of \(view.toolID.string) in place of \(next.kind) of \(String(next.call.id))")
    }

    /// An input is done with: the round may be over though nobody was told.
    func settledRound() {
        guard !hasEnded else { return }
        let state = call.exchange.state
        if isSound, state == .awaitingTools || state == .preparing || state == .waiting { endRound() }
        guard state == .awaitingTools, !isHolding, !call.hasPostedAnswers, call.depth == 0 else { return }
        require(!turns.isAnswered, "results are sent at once", "\(turns.calls.count) calls have theirs")
        require(!turns.hasNews || call.isDetached, "each call is told of at once", "")
    }

    private var isSound: Bool {
        guard let response else { return false }
        return response.isEventStream && response.isSound && isTransportDone && transportResult == nil
    }

    private func endRound() {
        guard !turns.isOver else { return }
        require(isSound && waitsForResults, "a round ends with calls alone", "\(response?.words ?? "no response")")
        require(turns.number < tuning.maxRounds, "there are not more rounds than allowed", "\(turns.number)")
        let isContinued = continuation.isRunning
        let isUnclear = isContinued && (continuation.isUnclear || call.isDetached)
        let meant = isContinued ? continuation.meantText : response?.answer?.text ?? []
        turns.end(
            world.inputNow, isContinued ? nil : response?.answer, isInvoke: isInvoke, text: isUnclear ? nil : meant)
        roundEnded()
        ledger.giveBack(retries.lastCost ?? 1)
        giveBackHedges()
        retries.beginRound()
    }

    /// The messages of a result say what was said.
    func checkDetails(_ details: ResultDetails) {
        require(Int(details.rounds) == turns.number + 1, "rounds are counted", "\(details.rounds)")
        guard !call.isDetached else { return }
        let message = details.message.count == 0 ? nil : JSONTree.read(details.message.bytes)
        let meant = turns.message(isInvoke: false)
        require(
            message == meant, "the result's message says what was delivered",
            "\(details.message.string) in place of \(meant ?? .null)")
        var all = turns.messages.dropFirst().map { JSONTree.read($0) ?? .null }
        if let last = turns.message(isInvoke: isInvoke) { all.append(last) }
        require(
            JSONTree.read(details.newMessages.bytes) == .list(all), "the result has all new messages",
            "\(details.newMessages.string) in place of \(all)")
    }

    /// The rounds are over, but the model wants another.
    func checkRounds() {
        require(isSound && waitsForResults, "too many rounds only where calls came", "")
        require(turns.number == tuning.maxRounds, "there are as many rounds as allowed", "\(turns.number)")
        ledger.giveBack(retries.lastCost ?? 1)
        giveBackHedges()
    }

    /// Results were waited for until a limit passed.
    func checkToolFailure(_ failure: FailureView) {
        require(failure.phase == .tool, "a failure names its phase", "\(failure.phase)")
        let total = (world.inputNow - opened) / 1000
        require(
            failure.partial.timings.total == total, "all of the time is counted",
            "\(failure.partial.timings.total) us of \(total)")
    }

    // MARK: Requests

    /// A request is what the round began with, exactly; a round begins with the answer and its results.
    func checkMessages(_ asked: AskedFor, _ body: Bytes) {
        var known = turns.messages
        if turns.isOver {
            require(!isHolding, "who holds the call back is told nothing", "a request of the next round")
            require(turns.isAnswered, "no request before all results", "\(turns.calls.filter { $0.result == nil })")
            require(!turns.hasNews || call.isDetached, "each result is told of before it is sent", "")
            checkNewMessages(asked)
            known += asked.messages.dropFirst(known.count)
            turns.begin(known, maxTokens: retries.maxTokens)
        }
        let messages = continuation.isRunning ? known + asked.messages.dropFirst(known.count) : known
        require(
            body == AskedFor.body(call.operation, maxTokens: retries.maxTokens, messages),
            "a request is that of its round", "\(String(body)) in round \(turns.number)")
    }

    private func checkNewMessages(_ asked: AskedFor) {
        let new = asked.messages.dropFirst(turns.messages.count).map { JSONTree.read($0)?.withDefaults }
        guard new.count == 2, let assistant = new[0], let user = new[1] else {
            return require(false, "a round sends two messages more", "\(new.count)")
        }
        let meant = turns.newMessages(isInvoke: isInvoke)
        require(
            meant.assistant == nil || assistant == meant.assistant, "the answer is sent as it was said",
            "\(assistant) in place of \(meant.assistant ?? .null)")
        require(
            user == meant.user, "each call is sent the result that it was given", "\(user) in place of \(meant.user)")
    }
}

extension JSONTree {
    /// What results of tools need not say.
    fileprivate var withDefaults: JSONTree {
        guard case .object(var members) = self, case .list(let content)? = self["content"] else { return self }
        members[Bytes("content")] = .list(content.map { $0.withResultDefaults })
        return .object(members)
    }

    private var withResultDefaults: JSONTree {
        guard case .object(var members) = self else { return self }
        if case .object(var result)? = self["toolResult"] {
            if result[Bytes("status")] == nil { result[Bytes("status")] = .string("success") }
            members[Bytes("toolResult")] = .object(result)
        } else if self["type"] == .string("tool_result"), self["is_error"] == nil {
            members[Bytes("is_error")] = .bool(false)
        }
        return .object(members)
    }
}
