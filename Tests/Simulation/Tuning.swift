import BedrockCore

/// How a call is configured, as the simulation means it; the settings are made from it through their keys.
struct Tuning {
    enum Source: CaseIterable {
        case environment, configuration, bearer
    }

    struct Target {
        let model: String
        let region: String
    }

    var connect: Int64 = 0
    var firstByte: Int64 = 0
    var betweenBytes: Int64 = 0
    var total: Int64 = 0
    /// Results of tools are sent in the same stream.
    var isAutomatic = true
    var maxRounds = 10
    var toolLimit: Int64 = 0
    /// How long it may wait for its turn, and with whom.
    var queueLimit: Int64 = 0
    var group = ""
    var mode = RetryMode.standard
    var maxAttempts = 3
    /// Nanoseconds; 0 for no limit.
    var maxBackoff: Int64 = 20_000_000_000
    var onModelTimeout = ModelTimeoutPolicy.error
    var minMaxTokens: Int64 = 256
    var retriesModelStreamErrors = false
    var recovery = Recovery.none
    /// When a request that is unanswered gets another beside it; 0 for never.
    var hedgeAfter: Int64 = 0
    /// Models and regions in the order in which they are asked.
    var targets = [Target(model: "m.one", region: "us-east-1")]
    var source = Source.environment

    var allowedAttempts: Int { mode == .off ? 1 : maxAttempts }
}

/// Settings with what they mean. Making them takes longer than a short run: they are made once and drawn from.
final class SettingsShelf {
    struct Item {
        let tuning: Tuning
        let settings: Settings
    }

    static let count = 1024
    private var items = [Item?](repeating: nil, count: count)

    func item(_ number: Int) -> Item {
        if let item = items[number] { return item }
        var dice = Dice(seed: UInt64(number) &* 0xD134_2543_DE82_EF95 &+ 1)
        let tuning = Tuning.drawn(&dice)
        let item = Item(tuning: tuning, settings: tuning.settings)
        items[number] = item
        return item
    }
}

extension Tuning {
    static func drawn(_ dice: inout Dice) -> Tuning {
        var tuning = Tuning()
        tuning.drawLimits(&dice)
        tuning.mode = dice.pick([.standard, .standard, .standard, .adaptive, .adaptive, .off])
        tuning.maxAttempts = dice.pick([1, 2, 3, 3, 3, 4, 6, 12, 40])
        tuning.maxBackoff = dice.pick([0, 20, 1, 300, 20_000, 20_000, 20_000]) * 1_000_000
        tuning.onModelTimeout = dice.pick([.error, .retry, .halveMaxTokens])
        tuning.minMaxTokens = Int64(dice.pick([1, 256, 256, 900]))
        tuning.retriesModelStreamErrors = dice.percent(30)
        tuning.recovery = dice.pick([.none, .none, .restart, .continuation])
        tuning.hedgeAfter = dice.pick([0, 0, 0, 0, 1, 20, 150, 1000]) * 1_000_000
        tuning.drawTargets(&dice)
        tuning.source = dice.pick([.environment, .environment, .environment, .configuration, .bearer])
        return tuning
    }

    private mutating func drawLimits(_ dice: inout Dice) {
        let second: Int64 = 1_000_000_000
        connect = dice.pick([0, 3_100_000_000, 50_000_000, 3_100_000_000])
        firstByte = dice.pick([0, 60 * second, 2 * second, 300_000_000])
        betweenBytes = dice.pick([0, 60 * second, 2 * second, 300_000_000])
        total = dice.pick([0, 0, 0, 120 * second, 5 * second, 400_000_000])
        isAutomatic = dice.percent(80)
        maxRounds = dice.pick([1, 2, 3, 10, 10])
        toolLimit = dice.pick([0, 600 * second, 2 * second, 300_000_000, 5_000_000])
        queueLimit = dice.pick([0, 0, 60 * second, 2 * second, 300_000_000, 5_000_000])
        group = dice.pick(["", "", "a", "a", "b", "c"])
    }

    private mutating func drawTargets(_ dice: inout Dice) {
        for _ in 0..<dice.pick([0, 0, 0, 1, 1, 2]) {
            let model = dice.pick(["m.one", "m.two", "m.three"])
            targets.append(Target(model: model, region: dice.pick(["us-east-1", "us-east-1", "eu-west-1"])))
        }
    }

    // MARK: Through the keys

    var settings: Settings {
        let config = Config()
        for (key, value) in values { Self.set(key, value, in: config) }
        do {
            return try Settings.make(config, Keys(generation: 0).environment)
        } catch {
            fatalError("settings: \(error)")
        }
    }

    private static func set(_ key: ConfigKey, _ value: String, in config: Config) {
        do {
            try config.set(key, to: Bytes(value.utf8).span)
        } catch {
            fatalError("settings: \(error)")
        }
    }

    private var values: [(ConfigKey, String)] {
        var values: [(ConfigKey, String)] = [
            (.region, targets[0].region), (.connectTimeout, Self.milliseconds(connect)),
            (.firstByteTimeout, Self.milliseconds(firstByte)),
            (.betweenBytesTimeout, Self.milliseconds(betweenBytes)), (.totalTimeout, Self.milliseconds(total)),
            (.retryMode, mode == .off ? "off" : mode == .adaptive ? "adaptive" : "standard"),
            (.maxAttempts, "\(maxAttempts)"), (.maxBackoff, Self.milliseconds(maxBackoff)),
            (.onModelTimeout, timeoutWord), (.minMaxTokens, "\(minMaxTokens)"),
            (.onModelStreamError, retriesModelStreamErrors ? "retry" : "error"), (.recovery, recoveryWord),
            (.recoveryNudge, Words.nudge), (.turn, isAutomatic ? "auto" : "manual"), (.maxRounds, "\(maxRounds)"),
            (.toolTimeout, Self.milliseconds(toolLimit)), (.queueTime, Self.milliseconds(queueLimit)),
            (.group, group),
        ]
        if hedgeAfter > 0 { values.append((.hedgeAfter, Self.milliseconds(hedgeAfter))) }
        if targets.count > 1 { values.append((.fallback, fallbackText)) }
        if source == .configuration {
            let keys = Keys(generation: 0)
            values += [(.accessKeyID, keys.id), (.secretAccessKey, keys.secret)]
        }
        if source == .bearer { values.append((.bearerToken, "bearer-token")) }
        return values
    }

    private var timeoutWord: String {
        switch onModelTimeout {
        case .error: "error"
        case .retry: "retry"
        case .halveMaxTokens: "halve_max_tokens"
        }
    }

    private var recoveryWord: String {
        switch recovery {
        case .none: "none"
        case .restart: "restart"
        case .continuation: "continue"
        }
    }

    private var fallbackText: String {
        targets.dropFirst().map { "\($0.model)@\($0.region)" }.joined(separator: ",")
    }

    private static func milliseconds(_ nanoseconds: Int64) -> String { "\(nanoseconds / 1_000_000)" }
}

/// Credentials that are replaced by others when they expire.
struct Keys {
    let generation: Int

    var id: String { "AKIDSIMULATION\(generation)" }
    var secret: String { "secret\(generation)" }

    var environment: Environment {
        var environment = Environment()
        environment.add("AWS_ACCESS_KEY_ID", Bytes(id.utf8))
        environment.add("AWS_SECRET_ACCESS_KEY", Bytes(secret.utf8))
        return environment
    }

    var credentials: Credentials {
        Credentials(accessKeyID: Bytes(id.utf8), secretAccessKey: Bytes(secret.utf8))
    }
}
