/// The environment, read once by the edge: each name with its value.
public struct Environment {
    /// Some are secrets: all of them are overwritten when nobody reads them any more.
    private final class Storage {
        var variables: [(name: Bytes, value: Bytes)]

        init(_ variables: [(name: Bytes, value: Bytes)]) { self.variables = variables }

        deinit {
            for at in 0..<variables.count { variables[at].value.wipe() }
        }
    }

    private var storage = Storage([])
    private var variables: [(name: Bytes, value: Bytes)] { storage.variables }

    public init() {}

    /// Every name that any setting asks for.
    public static var names: [Bytes] {
        var names: [Bytes] = []
        for number in 0..<ConfigKey.count {
            if let key = ConfigKey(rawValue: number) { names += key.variables }
        }
        for name in others + CredentialChain.variables { names.append(Bytes(name)) }
        return names
    }

    /// What is asked for beside the keys' own, for other services and for requests in the clear.
    private static let others: [StaticString] = [
        "HOME", "http_proxy", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC",
        "AWS_ENDPOINT_URL_SIGNIN",
    ]

    public mutating func add(_ name: Bytes, _ value: Bytes) {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.variables) }
        storage.variables.append((name, value))
    }

    public mutating func add(_ name: StaticString, _ value: Bytes) { add(Bytes(name), value) }

    /// Nil also for a blank value: blank is unset, as the AWS SDKs for Rust and Swift take it.
    public func value(_ name: StaticString) -> Bytes? {
        value(Span(_unsafeStart: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    func value(_ name: Span<UInt8>) -> Bytes? {
        for variable in variables where name.isEqual(to: variable.name.span) {
            return variable.value.span.trimmed().isEmpty ? nil : variable.value
        }
        return nil
    }

    func first(of names: [StaticString]) -> Bytes? {
        for name in names {
            if let value = value(name) { return value }
        }
        return nil
    }

    /// What the first of a key's variables that is set holds.
    func first(of key: ConfigKey) -> (name: Bytes, value: Bytes)? {
        for name in key.variables {
            if let value = value(name.span) { return (name, value) }
        }
        return nil
    }
}

extension ConfigKey {
    /// The environment variables, first one first.
    var variables: [Bytes] {
        var names: [Bytes] = []
        let list = environment.span
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: UInt8(ascii: ","), from: start) ?? list.count
            names.append(Bytes(copying: list.extracting(start..<end)))
            start = end &+ 2
        }
        return names
    }
}
