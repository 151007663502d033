/// Where the caller's threads leave the results of tool calls. Called on the loop's thread.
public protocol ToolDesk: AnyObject {
    /// A call is about to be handed over: from now on its result is taken.
    func expect(_ id: Bytes)
    /// The results that have come since the last time, the oldest first.
    func takeAnswers() -> [ToolAnswer]
    /// No result of the calls so far is wanted any more.
    func forget()
    /// The stream has ended: no result is taken from now on.
    func close()
}

/// What an exchange keeps of a conversation with tools.
struct TurnState: ~Copyable {
    /// A call that was handed over and that the caller has to answer.
    struct Call {
        let id: Bytes
        let name: Bytes
        let blockIndex: Int32
        var answer: ToolAnswer?
    }

    /// A call has come to something that the consumer is to be told.
    struct News {
        let kind: EventKind
        let call: Int
    }

    /// Nil where tool calls are the caller's own business.
    let desk: (any ToolDesk)?
    /// How often results were sent.
    private(set) var number: UInt32 = 0
    private(set) var calls: [Call] = []
    /// A call of this round was not handed over: nobody will answer it.
    private(set) var hasUnseenCall = false
    /// What was not yet told.
    private var news: [News] = []
    /// Since when results are waited for.
    var since: Int64 = 0
    /// Every message that earlier rounds added to the conversation, with commas between them.
    var messages = ByteBuffer(limit: Limits.requestBodyLength)
    /// The consumer is being told of calls.
    var isTelling = false
    /// The texts of the event that tells of a call.
    private var texts = ByteBuffer(limit: Limits.toolNameLength * 2 + 2)

    init(desk: (any ToolDesk)?) {
        self.desk = desk
    }

    var isAnswered: Bool { calls.allSatisfy { $0.answer != nil } }
    var firstUnanswered: Call? { calls.first { $0.answer == nil } }

    mutating func add(_ call: Call) {
        calls.append(call)
        desk?.expect(call.id)
    }

    mutating func missCall() { hasUnseenCall = true }

    /// Takes the results that have come. Where two calls have the same id, the first is answered first.
    mutating func takeAnswers() {
        guard let desk else { return }
        for answer in desk.takeAnswers() {
            guard let index = calls.firstIndex(where: { $0.answer == nil && $0.id == answer.id }) else { continue }
            calls[index].answer = answer
            if since > 0 { news.append(News(kind: .toolAnswered, call: index)) }
        }
    }

    /// Results are waited for: what is there already is told, and what is not.
    mutating func beginWait(_ now: Int64) {
        takeAnswers()
        since = now
        news = calls.indices.map { News(kind: calls[$0].answer == nil ? .toolWaiting : .toolAnswered, call: $0) }
    }

    /// The calls of this round are void.
    mutating func forgetCalls() {
        calls.removeAll()
        news.removeAll()
        hasUnseenCall = false
        since = 0
        desk?.forget()
    }

    mutating func nextRound() {
        forgetCalls()
        number &+= 1
    }

    var hasNews: Bool { !news.isEmpty }

    /// The oldest of what was not told; good until the next one. Nil without memory, and when there is none.
    mutating func takeNews() -> EventView? {
        guard !news.isEmpty else { return nil }
        let next = news.removeFirst()
        guard next.call < calls.count else { return nil }
        let call = calls[next.call]
        texts.removeAll()
        var event = StreamEvent(kind: next.kind)
        event.blockIndex = call.blockIndex
        event.round = number
        event.toolID = texts.appendSlice(call.id)
        event.toolName = texts.appendSlice(call.name)
        let empty = TextView()
        return EventView(
            event: event, type: empty, json: empty, text: empty, toolID: TextView(texts, event.toolID),
            toolName: TextView(texts, event.toolName))
    }
}
