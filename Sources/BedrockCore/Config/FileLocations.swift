/// Where the files with profiles are, and which profile is wanted, by the environment alone.
public struct FileLocations: Equatable, Sendable {
    /// Every variable that has a say.
    static let variables: [StaticString] = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "HOME"]
    public static let defaultProfile: StaticString = "default"

    /// Nil where neither the file nor the home folder is named.
    public let config: Bytes?
    public let credentials: Bytes?
    /// The profile that AWS_PROFILE names; nil where it names none, which means the default one.
    public let profile: Bytes?

    public init(_ environment: Environment) {
        config = Self.path("AWS_CONFIG_FILE", "~/.aws/config", environment)
        credentials = Self.path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", environment)
        profile = environment.value("AWS_PROFILE")
    }

    private static func path(
        _ variable: StaticString, _ usual: StaticString, _ environment: Environment
    ) -> Bytes? {
        let home = environment.value("HOME")
        let named = environment.value(variable)
        let path = named ?? Bytes(usual)
        guard path == "~" || path.span.starts(with: "~/") else { return path }
        guard var home else { return named }
        while let last = home.last, last == UInt8(ascii: "/") { home.removeLast() }
        let expanded = home + path.dropFirst()
        return expanded.isEmpty ? Bytes("/") : expanded
    }
}
