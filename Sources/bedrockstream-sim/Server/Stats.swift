/// What GET /stats tells.
final class Stats {
    private(set) var connections = 0
    private(set) var open = 0
    private(set) var openMax = 0
    private(set) var requests = 0
    private(set) var byStatus: [Int: Int] = [:]
    private(set) var streamsOpen = 0
    private(set) var streamsOpenMax = 0
    private(set) var streamsCompleted = 0
    private(set) var streamsCut = 0
    private(set) var streamsAbandoned = 0

    func opened() {
        connections += 1
        open += 1
        openMax = max(openMax, open)
    }

    func closed() {
        open -= 1
    }

    func answered(_ status: Int, isStream: Bool) {
        requests += 1
        byStatus[status, default: 0] += 1
        guard isStream else { return }
        streamsOpen += 1
        streamsOpenMax = max(streamsOpenMax, streamsOpen)
    }

    func streamEnded(_ outcome: Outcome) {
        streamsOpen -= 1
        switch outcome {
        case .complete: streamsCompleted += 1
        case .cut: streamsCut += 1
        case .abandoned: streamsAbandoned += 1
        }
    }

    func reset() {
        connections = open
        openMax = open
        requests = 0
        byStatus = [:]
        streamsOpenMax = streamsOpen
        streamsCompleted = 0
        streamsCut = 0
        streamsAbandoned = 0
    }

    var json: JSONValue {
        let statuses = byStatus.sorted { $0.key < $1.key }.map { ("\($0.key)", JSONValue.integer($0.value)) }
        return .object([
            ("connections", .integer(connections)), ("open", .integer(open)), ("open_max", .integer(openMax)),
            ("requests", .integer(requests)), ("status", .object(statuses)),
            (
                "streams",
                .object([
                    ("open", .integer(streamsOpen)), ("open_max", .integer(streamsOpenMax)),
                    ("completed", .integer(streamsCompleted)), ("cut", .integer(streamsCut)),
                    ("abandoned", .integer(streamsAbandoned)),
                ])
            ),
        ])
    }
}

/// How the answer to a request ended.
enum Outcome: String {
    case complete
    /// The simulator broke it off, as it was told to.
    case cut
    /// The client went away.
    case abandoned
}
