/// The environment, read once by the edge: each name with its value.
public struct Environment {
    private var variables: [(name: StaticString, value: Bytes)] = []

    public init() {}

    /// Every name that any setting asks for.
    public static var names: [StaticString] {
        ConfigKey.allCases.flatMap { $0.description.environment } + ["http_proxy"] + FileLocations.variables
            + CredentialChain.variables
    }

    public mutating func add(_ name: StaticString, _ value: Bytes) {
        variables.append((name, value))
    }

    /// Nil also for a blank value: blank is unset, as the AWS SDKs for Rust and Swift take it.
    public func value(_ name: StaticString) -> Bytes? {
        let name = Bytes(name)
        for variable in variables where name == variable.name {
            return variable.value.span.trimmed().isEmpty ? nil : variable.value
        }
        return nil
    }

    func first(of names: [StaticString]) -> Bytes? { firstVariable(of: names)?.value }

    func firstVariable(of names: [StaticString]) -> (name: StaticString, value: Bytes)? {
        for name in names {
            if let value = value(name) { return (name, value) }
        }
        return nil
    }
}

/// A configuration with the environment, the profile and the defaults behind it, as numbers and values that a stream
/// uses.
public final class Settings {
    let config: Config
    let environment: Environment
    let profile: Profile

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
    public let usesHTTP2: Bool
    public let caBundle: Bytes?
    public let invokeOptions: InvokeOptions

    /// The settings, once what the environment and the profile hold is checked as what is set in code, where it counts.
    /// Not a throwing initialiser: those of classes leak the object in Embedded Swift 6.3.
    public static func make(
        _ config: Config, _ environment: Environment, _ profile: Profile = Profile()
    ) throws(ConfigError) -> Settings {
        let settings = Settings(config, environment, profile)
        try settings.checkSources()
        return settings
    }

    private init(_ config: Config, _ environment: Environment, _ profile: Profile) {
        self.config = config
        self.environment = environment
        self.profile = profile
        limits = Self.limits(config)
        retry = Self.retry(config, environment, profile)
        recovery = Self.recovery(config)
        recoveryNudge = config[.recoveryNudge] ?? Bytes(ConfigKey.recoveryNudge.description.defaultValue)
        fallbacks = Self.fallbacks(config)
        connection = Self.connection(config)
        queueLength = Int(Self.integer(.queueBytes, config))
        usesHTTP2 = config[.httpVersion].map { $0 == "2" } ?? false
        caBundle = config[.caBundle] ?? environment.first(of: ConfigKey.caBundle.description.environment)
        invokeOptions = Self.invokeOptions(config)
        turn = TurnRules(config)
        identityLimit = Self.integer(.identityTimeout, config) &* 1_000_000
        tapPath = config[.tapPath]
    }

    private func checkSources() throws(ConfigError) {
        for key in [ConfigKey.region, .endpointURL, .retryMode, .maxAttempts] where config[key] == nil {
            if let found = environment.firstVariable(of: key.description.environment) {
                try Self.check(key, found.value, from: Message(Bytes(found.name)))
            } else if let found = profile.value(key) {
                try Self.check(key, found.text, from: found.origin)
            }
        }
    }

    private static func check(_ key: ConfigKey, _ value: Bytes, from origin: Message) throws(ConfigError) {
        if key == .retryMode, value == Self.legacyRetryMode { return }
        do throws(ConfigError) {
            try Config().set(key, to: value.span)
        } catch {
            throw ConfigError(message: "\(error.message) (from \(origin))")
        }
    }

    /// What older SDKs did; they read the same sources, so it is taken, for the mode that came after.
    private static let legacyRetryMode: StaticString = "legacy"

    func value(_ key: ConfigKey) -> Bytes? {
        config[key] ?? environment.first(of: key.description.environment)
    }

    public var region: Bytes? { value(.region) }

    // MARK: Where to

    /// The endpoint to call.
    public func endpoint() throws(Failure) -> Endpoint {
        do throws(ArgumentError) {
            if let url = value(.endpointURL) { return try Endpoint(url: url.span) }
            guard let region else { throw Self.missingRegion }
            return try Endpoint.regional(region.span)
        } catch {
            if error.argument.hasSameText(as: "region"), region == nil {
                throw Failure(.region, .prepare, error.message)
            }
            throw Failure(.endpoint, .prepare, error.message)
        }
    }

    private static var missingRegion: ArgumentError {
        ArgumentError(
            "region", "no region: looked at the configuration key region and at AWS_REGION and AWS_DEFAULT_REGION")
    }

    /// Nothing else says where requests go, or for which region they are signed.
    var needsRegion: Bool { value(.endpointURL) == nil || schemes.contains(.sigv4) }

    /// The proxy for an endpoint; empty for none.
    public func proxy(for endpoint: Endpoint) throws(Failure) -> Bytes { try proxy(isSecure: endpoint.isSecure) }

    /// The proxy for a URL.
    public func proxy(forURL url: Span<UInt8>) throws(Failure) -> Bytes {
        try proxy(isSecure: url.startsIgnoringCase(with: "https:"))
    }

    private func proxy(isSecure: Bool) throws(Failure) -> Bytes {
        if let url = config[.proxyURL] { return url == "none" ? [] : url }
        let names: [StaticString] =
            isSecure
            ? ConfigKey.proxyURL.description.environment : ["http_proxy", "all_proxy", "ALL_PROXY"]
        guard let url = environment.first(of: names) else { return [] }
        do throws(ArgumentError) {
            try ProxyURL.check(url.span)
        } catch {
            throw Failure(.config, .prepare, "the proxy from the environment: " + error.message)
        }
        return url
    }

    public var proxyBypass: Bytes { value(.proxyBypass) ?? [] }

    // MARK: Reading texts

    static func integer(_ key: ConfigKey, _ config: Config) -> Int64 {
        let text = config[key] ?? Bytes(key.description.defaultValue)
        return text.span.decimal() ?? 0
    }

    private static func limits(_ config: Config) -> TimeLimits {
        var limits = TimeLimits()
        limits.connect = integer(.connectTimeout, config) &* 1_000_000
        limits.firstByte = integer(.firstByteTimeout, config) &* 1_000_000
        limits.betweenBytes = integer(.betweenBytesTimeout, config) &* 1_000_000
        limits.total = integer(.totalTimeout, config) &* 1_000_000
        return limits
    }

    private static func invokeOptions(_ config: Config) -> InvokeOptions {
        var options = InvokeOptions()
        options.contentType = config[.contentType] ?? Bytes(ConfigKey.contentType.description.defaultValue)
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
