/// Who goes on with a conversation in which the model calls tools, and within which bounds.
public struct TurnRules: Equatable, Sendable {
    /// The stream waits for results and sends them.
    public var isAutomatic = false
    /// Most times that results are sent.
    public var maxRounds: UInt32 = 10
    /// Most bytes of one result.
    public var maxResultLength = 1_048_576
    /// How long the results of a round may take, in nanoseconds; 0 for no limit.
    public var toolTimeout: Int64 = 600_000_000_000

    public init() {}

    init(_ config: Config) {
        isAutomatic = config[.turn].map { $0 == "auto" } ?? false
        maxRounds = UInt32(clamping: Settings.integer(.maxRounds, config))
        maxResultLength = Int(clamping: Settings.integer(.maxResultBytes, config))
        toolTimeout = Settings.integer(.toolTimeout, config) &* 1_000_000
    }
}
