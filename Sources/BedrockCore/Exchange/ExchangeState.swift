extension Exchange {
    /// Where a call stands.
    public enum State: Int, CaseIterable, Sendable {
        /// Made, not begun.
        case opened
        /// Until others of its client have ended.
        case queued
        /// Until a retry is due or the rate limiter lets a request go.
        case waiting
        /// The next request is to be built, signed and given to the transport.
        case preparing
        /// Who asks, or where, is being found out, for the first time or because the service refused it.
        case resolving
        /// The transport resolves, connects, shakes hands.
        case connecting
        /// The connection stands, no byte has come back.
        case requesting
        /// A response is coming in.
        case answering
        /// A round's answer is complete, and calls of tools in it have no results yet.
        case awaitingTools
        /// The consumer has been told how it ended.
        case ended
    }

    /// What moves a call from one state to another.
    public enum Cause: Int, CaseIterable, Sendable {
        case begin, turn, due, ask, found, send, connect, byte, hedge, retry, reopen, reread, calls, results, end
    }

    public struct Transition: Hashable, Sendable {
        public let from: State
        public let cause: Cause
        public let to: State

        init(_ from: State, _ cause: Cause, _ to: State) {
            self.from = from
            self.cause = cause
            self.to = to
        }
    }

    /// Every way from one state to another; there are no others.
    public static let transitions: [Transition] = [
        Transition(.opened, .begin, .preparing),
        Transition(.opened, .begin, .waiting),
        Transition(.opened, .begin, .queued),
        Transition(.opened, .end, .ended),
        Transition(.queued, .turn, .preparing),
        Transition(.queued, .turn, .waiting),
        Transition(.queued, .end, .ended),
        Transition(.waiting, .due, .waiting),
        Transition(.waiting, .due, .preparing),
        Transition(.waiting, .end, .ended),
        Transition(.preparing, .ask, .resolving),
        Transition(.preparing, .send, .connecting),
        Transition(.preparing, .end, .ended),
        Transition(.connecting, .connect, .requesting),
        Transition(.connecting, .hedge, .requesting),
        Transition(.connecting, .retry, .waiting),
        Transition(.connecting, .end, .ended),
        Transition(.requesting, .byte, .answering),
        Transition(.requesting, .hedge, .connecting),
        Transition(.requesting, .retry, .waiting),
        Transition(.requesting, .reopen, .preparing),
        Transition(.requesting, .end, .ended),
        Transition(.answering, .hedge, .connecting),
        Transition(.answering, .hedge, .requesting),
        Transition(.answering, .retry, .waiting),
        Transition(.answering, .reread, .resolving),
        Transition(.answering, .calls, .awaitingTools),
        Transition(.answering, .end, .ended),
        Transition(.awaitingTools, .results, .preparing),
        Transition(.awaitingTools, .results, .waiting),
        Transition(.awaitingTools, .end, .ended),
        Transition(.resolving, .found, .preparing),
        Transition(.resolving, .retry, .waiting),
        Transition(.resolving, .end, .ended),
    ]

    public static func allows(_ from: State, _ cause: Cause, _ to: State) -> Bool {
        transitions.contains(Transition(from, cause, to))
    }
}

extension Exchange.State {
    public var name: StaticString {
        switch self {
        case .opened: "opened"
        case .queued: "queued"
        case .waiting: "waiting"
        case .preparing: "preparing"
        case .resolving: "resolving"
        case .connecting: "connecting"
        case .requesting: "requesting"
        case .answering: "answering"
        case .awaitingTools: "awaitingTools"
        case .ended: "ended"
        }
    }

    /// A request is in the transport's hands.
    var isUnderWay: Bool { self == .connecting || self == .requesting || self == .answering }
}

extension Exchange.Cause {
    public var name: StaticString {
        switch self {
        case .begin: "begin"
        case .turn: "its turn"
        case .due: "due"
        case .ask: "unknown identity"
        case .found: "identity found"
        case .send: "send"
        case .connect: "connect"
        case .byte: "first byte"
        case .hedge: "left to its hedge"
        case .retry: "retry"
        case .reopen: "dead connection"
        case .reread: "expired credentials"
        case .calls: "tool calls"
        case .results: "their results"
        case .end: "end"
        }
    }
}

#if !hasFeature(Embedded)
    extension Exchange {
        /// The table as a Mermaid state diagram, for the documentation beside this file.
        public static var diagram: String {
            var text = "stateDiagram-v2\n    [*] --> opened\n"
            for way in transitions { text += "    \(way.from.name) --> \(way.to.name): \(way.cause.name)\n" }
            return text + "    ended --> [*]\n"
        }
    }
#endif
