/// A key or value that does not fit; the message names the key.
public struct ConfigError: Error {
    public var message: Message

    public init(message: Message) {
        self.message = message
    }
}

/// Settings as texts, checked when they are set. Copies share the secrets.
public final class Config {
    private var values: [Bytes?] = [Bytes?](repeating: nil, count: ConfigKey.count)
    /// Of keys that hold one; these have no other value.
    private var secrets: [Secret?] = [Secret?](repeating: nil, count: ConfigKey.count)

    public init() {}

    public func copy() -> Config {
        let other = Config()
        (other.values, other.secrets) = (values, secrets)
        return other
    }

    /// This configuration's values, and the other's where this has none. Who asks is said by one of them alone: a key
    /// of the one goes with no token of the other.
    public func over(_ base: Config) -> Config {
        let merged = base.copy()
        let identity = ConfigKey.accessKeyID.rawValue...ConfigKey.bearerToken.rawValue
        if identity.contains(where: { values[$0] != nil || secrets[$0] != nil }) {
            for at in identity { (merged.values[at], merged.secrets[at]) = (nil, nil) }
        }
        for at in 0..<ConfigKey.count {
            if let value = values[at] { merged.values[at] = value }
            if let secret = secrets[at] { merged.secrets[at] = secret }
        }
        return merged
    }

    /// Of a secret a copy that is protected no more.
    public subscript(key: ConfigKey) -> Bytes? { values[key.rawValue] ?? secrets[key.rawValue]?.copy }

    /// A key that is set here and counts for a client alone.
    var firstOfClients: ConfigKey? {
        for number in 0..<ConfigKey.count {
            guard let key = ConfigKey(rawValue: number), key.isClients, values[number] != nil else { continue }
            return key
        }
        return nil
    }

    func secret(_ key: ConfigKey) -> Secret? { secrets[key.rawValue] }

    public func set(_ name: Span<UInt8>, to value: Span<UInt8>) throws(ConfigError) {
        try set(try Self.key(name), to: value)
    }

    public func set(_ key: ConfigKey, to value: Span<UInt8>) throws(ConfigError) {
        if !value.isEmpty { try check(key, value) }
        (values[key.rawValue], secrets[key.rawValue]) = (nil, nil)
        if value.isEmpty { return }
        if key.kind == .secret {
            secrets[key.rawValue] = Secret(value)
        } else {
            values[key.rawValue] = Bytes(copying: value)
        }
    }

    /// What is set for a key, else its default; not of one that holds a secret.
    public func shown(_ name: Span<UInt8>) throws(ConfigError) -> Bytes {
        let key = try Self.key(name)
        guard key.kind != .secret else {
            throw ConfigError(message: "\(key.name.span): is a secret, which is not handed out")
        }
        return self[key] ?? key.defaultValue.bytes
    }

    private static func key(_ name: Span<UInt8>) throws(ConfigError) -> ConfigKey {
        if let key = ConfigKey.named(name) { return key }
        throw ConfigError(message: "unknown key \"\(name, upTo: 100)\"")
    }

    private func check(_ key: ConfigKey, _ value: Span<UInt8>) throws(ConfigError) {
        let name = key.name.span
        guard value.count <= Limits.configValueLength else {
            throw ConfigError(message: "\(name): longer than \(Limits.configValueLength) bytes")
        }
        guard !value.hasControlCharacter else {
            throw ConfigError(message: "\(name): has a control character")
        }
        switch key.kind {
        case .integer:
            let bounds = key.bounds
            guard let number = value.decimal(), bounds.contains(number) else {
                throw ConfigError(
                    message: "\(name): not a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
            }
        case .choice:
            guard key.type.hasChoice(value, ignoringCase: key == .imdsEndpointMode) else {
                throw ConfigError(message: "\(name): not \(key.type.span)")
            }
        case .boolean:
            guard value.flag != nil else { throw ConfigError(message: "\(name): not on or off, true or false") }
        case .url:
            try checkURL(key, name, value)
        case .text, .secret, .path: break
        }
        try checkMeaning(key, name, value)
    }

    private func checkURL(_ key: ConfigKey, _ name: Span<UInt8>, _ value: Span<UInt8>) throws(ConfigError) {
        do throws(ArgumentError) {
            if key != .proxyURL {
                _ = try Endpoint(url: value)
            } else if !value.isEqual(to: "none") {
                try ProxyURL.check(value)
            }
        } catch {
            throw ConfigError(message: "\(name): \(error.message)")
        }
    }

    private func checkMeaning(_ key: ConfigKey, _ name: Span<UInt8>, _ value: Span<UInt8>) throws(ConfigError) {
        do throws(ArgumentError) {
            switch key {
            case .region: _ = try Endpoint.regional(value)
            case .fallback: _ = try FallbackTarget.list(value)
            case .httpHeaders: _ = try ExtraHeaders.list(value)
            case .connectTo: _ = try ConnectTo.list(value)
            default: break
            }
        } catch {
            throw ConfigError(message: "\(name): \(error.message)")
        }
    }
}

extension Span where Element == UInt8 {
    /// What a key of type boolean is set to.
    var flag: Bool? {
        if isEqualIgnoringCase("on") || isEqualIgnoringCase("true") { return true }
        return isEqualIgnoringCase("off") || isEqualIgnoringCase("false") ? false : nil
    }
}
