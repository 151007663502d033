import BedrockCore

/// Many runs, and what they came to.
struct Batch {
    private let shelf = SettingsShelf()
    private(set) var passed = 0
    private(set) var failed = 0
    private var outcomes: [String: Int] = [:]
    private var ways = [Int](repeating: 0, count: Exchange.transitions.count)
    private var calls = 0
    private var requests = 0
    private var hedges = 0
    private var hedgesWon = 0
    /// The first few seeds that failed, with what they violated.
    private(set) var faults: [(seed: UInt64, invariant: String, detail: String)] = []
    private static let faultCount = 10

    /// Runs after which each row of the table of states must have been used.
    private static let coverageCount = 20_000

    /// One more failure where many runs left a row of the table out.
    mutating func checkCoverage() {
        guard passed + failed >= Self.coverageCount else { return }
        for (way, count) in zip(Exchange.transitions, ways) where count == 0 {
            failed += 1
            print("never: \(way.from.name) -> \(way.to.name) by \(way.cause.name)")
        }
    }

    /// Nil when the run was sound.
    mutating func run(seed: UInt64) -> String? {
        let world = World(seed: seed, shelf: shelf, isTraced: false)
        world.run { count($0) }
        guard let fault = world.ledger.fault else {
            passed += 1
            return nil
        }
        failed += 1
        if faults.count < Self.faultCount { faults.append((seed, fault.invariant, fault.detail)) }
        return fault.invariant
    }

    private mutating func count(_ call: Call) {
        calls += 1
        requests += call.watch.retries.requestCount + Int(call.watch.hedges.count)
        hedges += Int(call.watch.hedges.count)
        hedgesWon += Int(call.watch.hedges.wonCount)
        outcomes[call.watch.endCode.map { String(decoding: Bytes($0.name), as: UTF8.self) } ?? "success", default: 0] +=
            1
        for way in ways.indices where call.exchange.waysTaken >> UInt64(way) & 1 == 1 { ways[way] += 1 }
    }

    /// The same run with everything that happens written down.
    func trace(seed: UInt64) -> [String] {
        let world = World(seed: seed, shelf: shelf, isTraced: true)
        world.run()
        var lines = world.trace ?? []
        if let fault = world.ledger.fault { lines.append("violated: \(fault.invariant): \(fault.detail)") }
        return lines
    }

    var report: String {
        var lines = ["\(calls) calls, \(requests) requests, \(hedges) hedges, of which \(hedgesWon) went on"]
        for (name, count) in outcomes.sorted(by: { $0.value > $1.value }) { lines.append("  \(padded(count)) \(name)") }
        lines.append("transitions")
        for (way, count) in zip(Exchange.transitions, ways) {
            lines.append("  \(padded(count)) \(way.from.name) -> \(way.to.name) by \(way.cause.name)")
        }
        return lines.joined(separator: "\n")
    }

    private func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: " ", count: max(0, 9 - digits.count)) + digits
    }
}
