/// Where the files with profiles are, and which profile is wanted: by the configuration, else by the environment.
public struct FileLocations: Equatable, Sendable {
    public static let defaultProfile: StaticString = "default"

    /// Nil where neither the file nor the home folder is named.
    public let config: Bytes?
    public let credentials: Bytes?
    /// The profile that is named; nil where none is, which means the default one.
    public let profile: Bytes?
    /// By the configuration. Then what the environment says of credentials does not count.
    public let isNamedInCode: Bool

    public init(_ environment: Environment, _ config: Config = Config()) {
        self.config = Self.path(config[.configFile], "AWS_CONFIG_FILE", "~/.aws/config", environment)
        credentials = Self.path(
            config[.credentialsFile], "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", environment)
        profile = config[.profile] ?? environment.first(of: ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
        isNamedInCode = config[.profile] != nil
    }

    private static func path(
        _ set: Bytes?, _ variable: StaticString, _ usual: StaticString, _ environment: Environment
    ) -> Bytes? {
        let named = set ?? environment.value(variable)
        return expanded(named ?? Bytes(usual), environment) ?? named
    }

    /// With the home folder in the place of a tilde; nil where there is none to put there.
    static func expanded(_ path: Bytes, _ environment: Environment) -> Bytes? {
        guard path == "~" || path.span.starts(with: "~/") else { return path }
        guard var home = environment.value("HOME") else { return nil }
        while let last = home.last, last == UInt8(ascii: "/") { home.removeLast() }
        let expanded = home + path.dropFirst()
        return expanded.isEmpty ? Bytes("/") : expanded
    }
}
