import BedrockCore
import Glibc

/// What the program is asked to do.
struct Options {
    static let usage = """
        simulation [--seed N] [--runs N] [--only SEED]

        Runs the library's calls against a simulated clock, network, server and caller. A seed stands for one run;
        --runs takes as many of them from --seed on (default: a fresh one). --only traces one run. A build with planted
        bugs (plant.py) takes --plant N, and looks for the first run that finds it.
        """

    private var seed = UInt64.random(in: 0...UInt64(Int64.max))
    private var runs = 20_000
    private var only: UInt64?
    private var planted = 0

    static func read(_ arguments: [String]) -> Options {
        var options = Options()
        var rest = arguments[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst(), let number = UInt64(value), options.set(name, number) else {
                print(usage)
                exit(2)
            }
        }
        return options
    }

    private mutating func set(_ name: String, _ number: UInt64) -> Bool {
        switch name {
        case "--seed": seed = number
        case "--runs": runs = Int(min(number, 1_000_000_000))
        case "--only": only = number
        #if BRS_PLANTED
            case "--plant": planted = Int(number)
        #endif
        default: return false
        }
        return true
    }

    /// The exit status.
    func run() -> Int32 {
        #if BRS_PLANTED
            Planted.bug = planted
            if planted > 0, only == nil { return look() }
        #endif
        if let only {
            for line in Batch().trace(seed: only) { print(line) }
            return 0
        }
        print("seed \(seed), \(runs) runs")
        let start = Self.seconds
        var batch = Batch()
        for number in 0..<runs { _ = batch.run(seed: seed &+ UInt64(number)) }
        let elapsed = max(Self.seconds - start, 0.001)
        print(batch.report)
        batch.checkCoverage()
        print("\(Int(Double(runs) / elapsed * 60)) schedules a minute")
        return conclude(batch)
    }

    /// Until a run finds what was planted.
    private func look() -> Int32 {
        var batch = Batch()
        for number in 0..<runs {
            guard let invariant = batch.run(seed: seed &+ UInt64(number)) else { continue }
            print("found after \(number + 1) runs: \(invariant)")
            return 0
        }
        print("not found in \(runs) runs")
        return 1
    }

    private func conclude(_ batch: Batch) -> Int32 {
        for fault in batch.faults { print("seed \(fault.seed): \(fault.invariant): \(fault.detail)") }
        if let first = batch.faults.first {
            for line in batch.trace(seed: first.seed).suffix(60) { print("    \(line)") }
        }
        print("simulation: \(batch.passed) ok, \(batch.failed) failed")
        return batch.failed > 0 ? 1 : 0
    }

    private static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
