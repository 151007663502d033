/// Who asks, and where that was found.
public struct FoundIdentity {
    public let identity: Identity
    /// Nil for what is set in code.
    public let resolved: ResolvedIdentity?
}

extension SharedState {
    /// Who asks by these settings; nil while it is being found out. Of several ways to prove it the first that leads
    /// somewhere is taken; a source that is configured and does not work is not passed over, and none is tried again
    /// that has failed `since` the call began to ask.
    public func whoAsks(
        _ settings: Settings, _ clock: Clock, since: Int64 = .max
    ) throws(Failure) -> FoundIdentity? {
        var failure = Failure(.credentials, .prepare, "")
        for scheme in settings.schemes {
            if let identity = try settings.staticIdentity(scheme) {
                return FoundIdentity(identity: identity, resolved: nil)
            }
            let keeper = scheme == .bearer ? token : credentials
            switch keeper.look(settings, self, clock, since: since) {
            case .wait: return nil
            case .failed:
                guard keeper.isUnconfigured else { throw Failure(.credentials, .prepare, keeper.failure) }
                if !failure.message.isEmpty { failure.message += "; " }
                failure.message += keeper.failure
            case .ready:
                guard let found = keeper.current, let identity = found.identity else { continue }
                return FoundIdentity(identity: identity, resolved: found)
            }
        }
        throw failure
    }
}

extension ResolvedIdentity {
    fileprivate var identity: Identity? {
        if let token { return .bearer(token) }
        return credentials.map { .credentials($0) }
    }
}

extension Settings {
    /// Who asks, where that is set in code.
    fileprivate func staticIdentity(_ scheme: AuthScheme) throws(Failure) -> Identity? {
        switch scheme {
        case .anonymous: return .anonymous
        case .sigv4: return try staticCredentials().map { .credentials($0) }
        case .bearer: return staticToken.map { .bearer($0) }
        }
    }
}
