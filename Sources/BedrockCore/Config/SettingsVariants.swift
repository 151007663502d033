/// Where the credentials of a call come from.
public enum IdentitySource: Sendable {
    case configuration, environment

    /// What an error says of credentials that have expired.
    func explanation(hasReread: Bool) -> Message {
        switch self {
        case .configuration: "; the credentials come from the configuration, which has no newer ones"
        case .environment:
            hasReread
                ? "; the credentials come from the environment, which was read again and has no other ones"
                : "; the credentials come from the environment"
        }
    }
}

extension Settings {
    /// The same with another region.
    func inRegion(_ region: Bytes) throws(ConfigError) -> Settings {
        let other = config.copy()
        try other.set(.region, to: region.span)
        return try Settings.make(other, environment, profile)
    }

    /// The same with another environment.
    func with(_ environment: Environment) throws(ConfigError) -> Settings {
        try Settings.make(config, environment, profile)
    }

    /// Whether anything of the identity is set in the configuration; then the environment's is not asked.
    var identitySource: IdentitySource {
        let scheme = config[.authScheme] ?? Bytes("auto")
        if scheme != "sigv4", config[.bearerToken] != nil { return .configuration }
        if scheme != "sigv4", environment.value("AWS_BEARER_TOKEN_BEDROCK") != nil { return .environment }
        return config[.accessKeyID] != nil ? .configuration : .environment
    }

    func hasSameIdentity(as other: Settings) -> Bool {
        let names: [StaticString] = [
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK",
        ]
        for name in names where environment.value(name) != other.environment.value(name) { return false }
        return true
    }
}
