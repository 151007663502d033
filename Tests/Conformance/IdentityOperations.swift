import BedrockCore
import BedrockIO
import Glibc

/// What a client finds out about who asks, in an environment and folders that the request names.
extension Port {
    static func resolveCredentials(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        let found = try whoAsks(arguments, scheme: "sigv4")
        guard case .credentials(let credentials) = found.identity else {
            throw .failed(kind: "credentials", message: "")
        }
        writer.beginObject()
        writer.member("access_key_id", credentials.accessKeyID)
        writer.member("secret_access_key", credentials.secretAccessKey.copy)
        writer.member("session_token", optional: credentials.sessionToken?.copy)
        if let account = found.resolved?.accountID, !account.isEmpty { writer.member("account_id", account) }
        writer.expiry(found)
        writer.endObject()
    }

    static func resolveToken(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        let found = try whoAsks(arguments, scheme: "bearer")
        guard case .bearer(let token) = found.identity else { throw .failed(kind: "credentials", message: "") }
        writer.beginObject()
        writer.member("token", token.copy)
        writer.expiry(found)
        writer.endObject()
    }

    private static func whoAsks(_ arguments: Arguments, scheme: StaticString) throws(Refusal) -> FoundIdentity {
        try arguments.allow("env", "home", "cwd", "provider", "profile", "now", "connect_to_port", "ca_file")
        let config = try configuration(arguments, scheme)
        try enter(arguments)
        let now = try arguments.value("now") == nil ? nil : arguments.integer("now")
        let failure: String
        do throws(ConfigError) {
            guard let client = try Client.make(config, wallOffset: now.map { $0 - Int64(time(nil)) } ?? 0) else {
                throw ConfigError(message: "out of memory")
            }
            defer { client.close() }
            return try answer(client)
        } catch {
            failure = error.message.description
        }
        throw .failed(kind: "credentials", message: failure)
    }

    private static func answer(_ client: Client) throws(ConfigError) -> FoundIdentity {
        do throws(Failure) {
            if let found = try client.whoAsks(milliseconds: 9500) { return found }
        } catch {
            throw ConfigError(message: error.message)
        }
        throw ConfigError(message: "it took too long")
    }

    private static func configuration(_ arguments: Arguments, _ scheme: StaticString) throws(Refusal) -> Config {
        let config = Config()
        var values: [(ConfigKey, Bytes)] = [(.authScheme, Bytes(scheme)), (.proxyURL, Bytes("none"))]
        if let profile = try arguments.optionalText("profile") { values.append((.profile, profile)) }
        if let file = try arguments.optionalText("ca_file") { values.append((.caBundle, file)) }
        if arguments.value("connect_to_port") != nil {
            values.append((.connectTo, Bytes("::127.0.0.1:\(try arguments.integer("connect_to_port"))".utf8)))
        }
        if let provider = try arguments.optionalText("provider") {
            guard provider == "profile" || provider == "default_chain" else { throw .unsupported }
            if provider == "profile" { values.append((.identitySource, Bytes("profile"))) }
        }
        do throws(ConfigError) {
            for (key, value) in values { try config.set(key, to: value.span) }
        } catch {
            throw .malformed(error.message.description)
        }
        return config
    }

    /// Gives the process the environment and the working folder of the request. No other thread runs.
    private static func enter(_ arguments: Arguments) throws(Refusal) {
        let variables = try arguments.optionalObject("env")?.texts() ?? []
        clearenv()
        // Whose folder stands in the list of users is the port's own business.
        if let home = try arguments.optionalText("home") { setenv("HOME", String(home), 1) }
        for (name, value) in variables { setenv(name, value, 1) }
        if let folder = try arguments.optionalText("cwd"), chdir(String(folder)) != 0 {
            throw .malformed("args.cwd is no folder")
        }
    }
}

extension JSONWriter {
    fileprivate mutating func expiry(_ found: FoundIdentity) {
        guard let expiry = found.resolved?.expiry else { return }
        key("expiry")
        integer(expiry)
    }
}
