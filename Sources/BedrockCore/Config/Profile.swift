/// The profile that a client goes by, and the files that it and all others stand in.
public struct Profile: @unchecked Sendable {
    /// A value as it stands in a file, and where.
    public struct Value {
        public let text: Bytes
        let property: Bytes
        let section: Bytes
        let kind: ProfileFile.SectionKind
        let path: Bytes
        let line: Int

        /// Names the property, the section, the file and the line.
        public var origin: Message {
            "\(property) of the \(kind.noun) \(Message.shown(section)) in \(Message.shown(path)), line \(line)"
        }
    }

    public let files: ProfileFiles
    public let locations: FileLocations
    public let name: Bytes
    public var isNamedInCode: Bool { locations.isNamedInCode }

    /// A profile that says nothing.
    public init() {
        files = ProfileFiles(config: nil, credentials: nil)
        locations = FileLocations(Environment())
        name = Bytes(FileLocations.defaultProfile)
    }

    /// The profile that the configuration or the environment names, which must exist, or the default one.
    public init(_ files: ProfileFiles, _ locations: FileLocations) throws(ConfigError) {
        let name = locations.profile ?? Bytes(FileLocations.defaultProfile)
        guard files.contains(.profile, name.span) || name == FileLocations.defaultProfile else {
            throw ConfigError(message: Self.missing(name, locations))
        }
        self.files = files
        self.locations = locations
        self.name = name
    }

    private static func missing(_ name: Bytes, _ locations: FileLocations) -> Message {
        "there is no profile \(Message.shown(name)), which "
            + (locations.isNamedInCode ? "the configuration names" : "AWS_PROFILE names") + ": looked into "
            + "\(Message.shown(locations.config ?? [])) and \(Message.shown(locations.credentials ?? []))"
    }

    /// A property of this profile; nil also for a blank value, as of the environment.
    public func property(_ name: StaticString) -> Value? {
        property(name, of: .profile, self.name)
    }

    /// A property of another section.
    public func property(
        _ name: StaticString, of kind: ProfileFile.SectionKind, _ section: Bytes
    ) -> Value? {
        property(Span(_unsafeStart: name.utf8Start, count: name.utf8CodeUnitCount), of: kind, section)
    }

    func property(
        _ name: Span<UInt8>, of kind: ProfileFile.SectionKind, _ section: Bytes
    ) -> Value? {
        guard let found = files.property(name, of: kind, section.span) else { return nil }
        let text = found.property.value.lines
        guard !text.span.trimmed().isEmpty else { return nil }
        let path = found.file == .config ? locations.config : locations.credentials
        return Value(
            text: text, property: Bytes(copying: name), section: section, kind: kind, path: path ?? [],
            line: found.property.line)
    }

    /// What is said of a setting.
    func value(_ key: ConfigKey) -> Value? {
        key.property.isEmpty ? nil : property(key.property.span, of: .profile, name)
    }
}

extension ProfileFile.SectionKind {
    /// What a section of the kind is called in a message.
    var noun: Message {
        switch self {
        case .profile: "profile"
        case .ssoSession: "sso-session"
        case .services: "services section"
        }
    }
}

extension Message {
    /// A name or path in quotes.
    static func shown(_ text: Bytes) -> Message { "\"\(text, upTo: 200)\"" }
}

extension ProfileFileError {
    /// As what the configuration says of a file that is not usable.
    public func asConfigError(_ path: Bytes) -> ConfigError {
        let place: Message = line > 0 ? ", line \(line): " : ": "
        return ConfigError(message: Message.shown(path) + place + message)
    }
}
