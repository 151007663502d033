/// Why a resolution does not go on: it waits for a finding, or there is nothing to be had.
public struct Halt: Error {
    /// Nil while it waits.
    public let failure: Message?

    private init(_ failure: Message?) {
        self.failure = failure
    }

    static var waiting: Halt { Halt(nil) }

    /// What the source is, and what is wrong with it; neither holds a secret.
    static func failed(_ message: Message) -> Halt { Halt(message) }
}

/// One resolution of an identity: sequential code that asks for what it has to know.
///
/// There is no clock, file or socket here. `resolve` runs until it needs something that has not been found out, which
/// is then `pending`; with that found it is run again from its start, and each of its questions is answered as it was
/// before. So it must ask the same questions in the same order when it is given the same findings: what it decides
/// hangs on those and on `startedAt`, not on `wall`.
public final class Inquiry {
    public enum Goal: Int, Sendable {
        case credentials, token, region
    }

    public let goal: Goal
    /// Of the client, not of one call.
    private(set) var settings: Settings
    let shared: SharedState
    /// Seconds since 1970: when it began, for decisions.
    let startedAt: Int64
    /// Seconds since 1970: now, for signatures.
    private(set) var wall: Int64
    /// Of the call that needs to know; for services that are asked where the client has no region of its own.
    private let callRegion: Bytes?
    /// Reads environment and files before anything else.
    private let readsSources: Bool
    /// What the service has refused.
    private let refused: ResolvedIdentity?
    /// Why the client's first loop has found nothing, all of it.
    private(set) var leadFailure: Message?
    /// Random, and the same in each run of `resolve`.
    let nonce: Bytes
    let jitter: UInt64

    private var findings: [Finding] = []
    private var next = 0
    public private(set) var pending: Ask?
    /// Sources that had nothing, and why.
    private var skipped: [Message] = []

    public init(
        _ goal: Goal, _ settings: Settings, _ shared: SharedState, readsSources: Bool, wall: Int64,
        callRegion: Bytes? = nil, refused: ResolvedIdentity? = nil
    ) {
        self.refused = refused
        self.goal = goal
        self.settings = settings
        self.callRegion = callRegion
        self.shared = shared
        self.readsSources = readsSources
        startedAt = wall
        self.wall = wall
        nonce = shared.random.uuid()
        jitter = shared.random.next()
    }

    /// Goes as far as it can. Nil while something is `pending`.
    public func run(wall: Int64) throws(Halt) -> ResolvedIdentity? {
        try run(wall: wall, CredentialChain.resolve)
    }

    /// The same of one source.
    func run(
        wall: Int64, _ resolve: (Inquiry) throws(Halt) -> ResolvedIdentity?
    ) throws(Halt) -> ResolvedIdentity? {
        self.wall = wall
        if let newest = findings.last, newest.wall == 0 { newest.wall = wall }
        next = 0
        skipped.removeAll()
        do throws(Halt) {
            if readsSources { try readSources() }
            return try resolve(self)
        } catch {
            if error.failure == nil { return nil }
            throw error
        }
    }

    /// The answer to what is pending.
    public func found(_ finding: Finding) {
        guard pending != nil else { return }
        pending = nil
        findings.append(finding)
    }

    private func readSources() throws(Halt) {
        let finding = try find { Ask.sources() }
        guard let read = finding.settings else { throw .failed(finding.failure ?? "") }
        settings = read
    }

    func findByLead() throws(Halt) -> ResolvedIdentity {
        let finding = try find { Ask.lead(goal, refused: refused, region: callRegion) }
        if let identity = finding.identity { return identity }
        leadFailure = finding.failure
        throw .failed(finding.isMissing ? "" : finding.failure ?? "it knows of none")
    }

    // MARK: For sources

    /// The region of services that are asked: the client's, the one that was found, or that of the call.
    var region: Bytes? { settings.region ?? shared.region.current?.region ?? callRegion }

    /// The answer to a question, which is put where it is not known yet.
    @inline(__always)
    func find(_ ask: () -> Ask) throws(Halt) -> Finding {
        if let finding = known() { return finding }
        throw put(ask())
    }

    // Out of line: each source has several questions.

    @inline(never)
    private func known() -> Finding? {
        guard next < findings.count else { return nil }
        defer { next &+= 1 }
        return findings[next]
    }

    @inline(never)
    private func put(_ ask: Ask) -> Halt {
        guard findings.count < Limits.identityAskCount else {
            return .failed("it takes more than \(Limits.identityAskCount) steps")
        }
        pending = ask
        return .waiting
    }

    /// This source is not configured.
    func skip(_ source: StaticString, _ reason: Message) {
        skipped.append("\(source) (\(reason))")
    }

    /// Which sources had nothing, and why: "a (why), b (why)".
    var skippedText: Message {
        var text: Message = ""
        for one in skipped {
            if !text.isEmpty { text += ", " }
            text += one
        }
        return text
    }
}
