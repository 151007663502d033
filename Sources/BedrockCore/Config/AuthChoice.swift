/// The ways in which a request may prove who sends it, the first to be tried first, and the bearer token where one is
/// set.
public struct AuthChoice: Sendable {
    public var schemes: [AuthScheme]
    /// From the configuration or the environment. Without it a bearer token may still come from a profile's session.
    public var token: Bytes?
}

public enum AuthScheme: Sendable {
    case sigv4, bearer
    /// Nothing is proved.
    case anonymous
}

extension Settings {
    /// A bearer token of the environment wins unless code has chosen a scheme or an order, as in botocore; it does not
    /// ask whether a token set in code is wanted: it is.
    public var authChoice: AuthChoice {
        let chosen = text(.authScheme)
        let token = config[.bearerToken] ?? environment.first(of: .bearerToken)?.value
        if chosen == "none" { return AuthChoice(schemes: [.anonymous]) }
        if chosen == "sigv4" { return AuthChoice(schemes: [.sigv4]) }
        if chosen == "bearer" { return AuthChoice(schemes: [.bearer], token: token) }
        if token != nil, config[.bearerToken] != nil || config[.authPreference] == nil {
            return AuthChoice(schemes: [.bearer], token: token)
        }
        return AuthChoice(schemes: AuthScheme.order(value(.authPreference) ?? []), token: token)
    }
}

extension AuthScheme {
    /// What the service takes: first what is preferred, then the rest. Names that it does not take are passed over.
    static func order(_ preference: Bytes) -> [AuthScheme] {
        var order: [AuthScheme] = []
        order.reserveCapacity(2)
        let list = preference.span
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: UInt8(ascii: ","), from: start) ?? list.count
            let name = list.extracting(start..<end).trimmed()
            if name.isEqual(to: "sigv4") { order.add(.sigv4) }
            if name.isEqual(to: "httpBearerAuth") { order.add(.bearer) }
            start = end &+ 1
        }
        order.add(.sigv4)
        order.add(.bearer)
        return order
    }
}

extension Array where Element == AuthScheme {
    fileprivate mutating func add(_ scheme: AuthScheme) {
        for other in self where other == scheme { return }
        append(scheme)
    }
}
