/// What the profile that a client goes by says of settings: the values as they stand in the files, and where.
public struct Profile: Sendable {
    struct Value: Sendable {
        let text: Bytes
        /// Names the property, the profile, the file and the line.
        let origin: Message
    }

    private var values: [(key: ConfigKey, value: Value)] = []

    /// A profile that says nothing.
    public init() {}

    /// The profile that the environment names, which must exist, or the default one.
    public init(_ files: ProfileFiles, _ locations: FileLocations) throws(ConfigError) {
        let name = locations.profile ?? Bytes(FileLocations.defaultProfile)
        guard files.contains(.profile, name.span) || name == FileLocations.defaultProfile else {
            throw ConfigError(message: Self.missing(name, locations))
        }
        for key in ConfigKey.allCases {
            let property = key.description.configFileKey
            guard property.utf8CodeUnitCount > 0, let found = files.property(property, of: .profile, name.span)
            else { continue }
            let file = found.file == .config ? locations.config : locations.credentials
            let origin: Message =
                "\(property) of the profile \(Message.shown(name)) in "
                + "\(Message.shown(file ?? [])), line \(found.property.line)"
            values.append((key, Value(text: found.property.value.lines, origin: origin)))
        }
    }

    private static func missing(_ name: Bytes, _ locations: FileLocations) -> Message {
        "there is no profile \(Message.shown(name)), which AWS_PROFILE names: looked into "
            + "\(Message.shown(locations.config ?? [])) and \(Message.shown(locations.credentials ?? []))"
    }

    /// Nil also for a blank value, as of the environment.
    func value(_ key: ConfigKey) -> Value? {
        for (other, value) in values where other == key {
            return value.text.span.trimmed().isEmpty ? nil : value
        }
        return nil
    }
}

extension Message {
    /// A name or path in quotes, for a message.
    static func shown(_ text: Bytes) -> Message {
        "\"\(text, upTo: 200)\""
    }
}

extension ProfileFileError {
    /// As what the configuration says of a file that is not usable.
    public func asConfigError(_ path: Bytes) -> ConfigError {
        let place: Message = line > 0 ? ", line \(line): " : ": "
        return ConfigError(message: Message.shown(path) + place + message)
    }
}
