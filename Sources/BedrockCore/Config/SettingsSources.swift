extension Config {
    /// What the environment says, else the profile, of every key that is not set in code, checked as if it were. Left
    /// out are keys that are looked up in ways of their own, and secrets.
    static func ambient(
        behind code: Config, _ environment: Environment, _ profile: Profile
    ) throws(ConfigError) -> Config {
        let ambient = Config()
        for number in 0..<ConfigKey.count {
            guard let key = ConfigKey(rawValue: number), key.isAmbient, code[key] == nil else { continue }
            if let found = environment.first(of: key) {
                try ambient.set(key, found.value, from: Message(found.name))
            } else if let found = profile.value(key) {
                try ambient.set(key, found.text, from: found.origin)
            }
        }
        return ambient
    }

    private func set(_ key: ConfigKey, _ value: Bytes, from origin: Message) throws(ConfigError) {
        var value = value
        if key == .retryMode, value == Self.legacyRetryMode { value = Bytes("standard") }
        // As the SDKs send it.
        if key == .userAgentSuffix { value = Bytes("app/") + value }
        do throws(ConfigError) {
            try set(key, to: value.span)
        } catch {
            throw ConfigError(message: "\(error.message) (from \(origin))")
        }
    }

    /// What older SDKs did; they read the same sources, so it is taken, for the mode that came after.
    private static let legacyRetryMode: StaticString = "legacy"
}

extension ConfigKey {
    fileprivate var isAmbient: Bool {
        switch self {
        case .endpointURL, .proxyURL, .accessKeyID, .profile, .configFile, .credentialsFile: false
        default: kind != .secret
        }
    }
}
