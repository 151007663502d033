/// A configuration with the environment, the profile and the defaults behind it, as numbers and values that a stream
/// uses.
public final class Settings {
    let config: Config
    let environment: Environment
    let profile: Profile
    /// What environment and profile say, where they count.
    private let ambient: Config
    /// Called instead of the region's endpoint.
    private(set) var endpointURL: Bytes?

    public let limits: TimeLimits
    public let retry: RetryRules
    public let recovery: Recovery
    /// What a model that takes no prefilled turn is asked, so that it goes on.
    public let recoveryNudge: Bytes
    public let fallbacks: [FallbackTarget]
    public let connection: ConnectionRules
    public let turn: TurnRules
    /// How long finding out an identity may take, in nanoseconds; 0 for no limit.
    public let identityLimit: Int64
    /// Where exchanges are recorded; nil for nowhere.
    public let tapPath: Bytes?
    public let queueLength: Int
    public let invokeOptions: InvokeOptions
    /// What a caller sends beside the library's own headers.
    public let extraHeaders: [HTTPHeader]
    /// Where to connect instead of other places, as libcurl takes it.
    public let connectTo: [Bytes]

    /// The settings, once what the environment and the profile hold is checked as what is set in code, where it counts.
    /// Not a throwing initialiser: those of classes leak the object in Embedded Swift 6.3.
    public static func make(
        _ config: Config, _ environment: Environment, _ profile: Profile = Profile()
    ) throws(ConfigError) -> Settings {
        let ambient = try Config.ambient(behind: config, environment, profile)
        let settings = Settings(config, environment, profile, ambient)
        settings.endpointURL = try settings.configuredEndpoint(.bedrockRuntime)
        return settings
    }

    /// The same with values of one call over those of the client.
    public func with(_ overrides: Config) throws(ConfigError) -> Settings {
        if let key = overrides.firstOfClients {
            throw ConfigError(message: "\(key.name.span): counts for a client, and cannot be set for one call")
        }
        let settings = Settings(overrides.over(config), environment, profile, ambient)
        settings.endpointURL = try settings.configuredEndpoint(.bedrockRuntime)
        return settings
    }

    private init(_ config: Config, _ environment: Environment, _ profile: Profile, _ ambient: Config) {
        self.config = config
        self.environment = environment
        self.profile = profile
        self.ambient = ambient
        limits = Self.limits(config)
        retry = Self.retry(config, ambient)
        recovery = Self.recovery(config)
        recoveryNudge = config[.recoveryNudge] ?? ConfigKey.recoveryNudge.defaultValue.bytes
        fallbacks = Self.fallbacks(config)
        connection = Self.connection(config)
        queueLength = Int(Self.integer(.queueBytes, config))
        invokeOptions = Self.invokeOptions(config)
        extraHeaders = Self.extraHeaders(config)
        connectTo = Self.connectTo(config)
        turn = TurnRules(config)
        identityLimit = Self.integer(.identityTimeout, config) &* 1_000_000
        tapPath = config[.tapPath]
    }

    // MARK: Reading texts

    /// What is set in code, else in the environment, else in the profile; nil for none. Not for secrets, whose only
    /// copy outside of the configuration is their source.
    func value(_ key: ConfigKey) -> Bytes? { config[key] ?? ambient[key] }

    func text(_ key: ConfigKey) -> Bytes { value(key) ?? key.defaultValue.bytes }

    func flag(_ key: ConfigKey) -> Bool { text(key).span.flag ?? false }

    func integer(_ key: ConfigKey) -> Int64 { text(key).span.decimal() ?? 0 }

    static func integer(_ key: ConfigKey, _ config: Config) -> Int64 {
        let text = config[key] ?? key.defaultValue.bytes
        return text.span.decimal() ?? 0
    }

    public var region: Bytes? { value(.region) }

    /// The events of all streams without callbacks are fetched together.
    public var sharesQueue: Bool { text(.deliveryQueue) == "client" }

    /// 0 where the host's own loop serves the streams.
    public var threadCount: Int { Int(truncatingIfNeeded: integer(.ioThreads)) }
    /// Whose the call is, where calls have to wait.
    var group: Bytes { config[.group] ?? [] }
    /// What the client allows itself over all its calls.
    public var gateLimits: GateLimits { GateLimits(config) }

    private static func limits(_ config: Config) -> TimeLimits {
        var limits = TimeLimits()
        limits.connect = integer(.connectTimeout, config) &* 1_000_000
        limits.firstByte = integer(.firstByteTimeout, config) &* 1_000_000
        limits.betweenBytes = integer(.betweenBytesTimeout, config) &* 1_000_000
        limits.total = integer(.totalTimeout, config) &* 1_000_000
        limits.queue = integer(.queueTime, config) &* 1_000_000
        return limits
    }

    private static func invokeOptions(_ config: Config) -> InvokeOptions {
        var options = InvokeOptions()
        options.contentType = config[.contentType] ?? ConfigKey.contentType.defaultValue.bytes
        options.accept = config[.accept]
        options.trace = config[.trace]
        options.guardrailIdentifier = config[.guardrailIdentifier]
        options.guardrailVersion = config[.guardrailVersion]
        options.performanceConfigLatency = config[.performanceLatency]
        options.serviceTier = config[.serviceTier]
        options.requestMetadata = config[.requestMetadata]
        return options
    }
}

extension StaticString {
    func hasSameText(as other: StaticString) -> Bool {
        Bytes(self) == other
    }
}
