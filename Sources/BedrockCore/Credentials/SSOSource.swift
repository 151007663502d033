/// IAM Identity Center: somebody signs in with `aws sso login`, which leaves a token in a file; the portal gives
/// credentials of a role for it, and it is a bearer token itself.
enum SSOSource {
    /// Of a profile that names an account and a role.
    static func credentials(_ inquiry: Inquiry, profile name: Bytes) throws(Halt) -> ResolvedIdentity? {
        let profile = inquiry.settings.profile
        let pair = (
            profile.property("sso_account_id", of: .profile, name),
            profile.property("sso_role_name", of: .profile, name)
        )
        guard let either = pair.0 ?? pair.1 else { return nil }
        guard let account = pair.0, let role = pair.1 else {
            throw .failed(either.origin, "sso_account_id and sso_role_name go together, and only one of them is there")
        }
        guard let session = try SSOSession(profile, name) else {
            throw .failed(
                either.origin, "goes with sso_session, or with sso_start_url and sso_region, which are not there")
        }
        let cache = try session.token(inquiry)
        let source: Message = "the SSO portal for the role \(role.text, upTo: 100) by \(cache.source)"
        let headers = [HTTPHeader("x-amz-sso_bearer_token", [], secret: try cache.accessToken(inquiry))]
        var url = try session.url(inquiry, .sso, "/federation/credentials?role_name=")
        PercentEncoding.label(role.text.span, into: &url)
        url.append("&account_id=")
        PercentEncoding.label(account.text.span, into: &url)
        let finding = try inquiry.send(
            IdentityRequest("GET", url.array, headers: headers), tries: 3, pause: 1_000_000_000)
        guard finding.failure == nil, finding.status == 200 else { throw cache.refused(finding, by: source) }
        return try finding.keys(
            source, token: "sessionToken", expiry: "expiration", of: "roleCredentials", accountID: account.text)
    }

    /// The token of the profile's session.
    static func token(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        let profile = inquiry.settings.profile
        guard profile.property("sso_session") != nil, let session = try SSOSession(profile, profile.name) else {
            inquiry.skip("profile", "\(Message.shown(profile.name)) has no sso_session")
            return nil
        }
        let cache = try session.token(inquiry)
        return ResolvedIdentity(
            token: try cache.accessToken(inquiry), expiry: try cache.expiry(), source: cache.source)
    }
}

/// Where somebody signs in.
private struct SSOSession {
    /// What the file's name is made of: the session's name, or as of old the URL where one begins to sign in.
    private let name: Bytes
    private let region: Bytes
    /// Tokens of old have nothing to be renewed by.
    private let isRenewable: Bool

    /// Nil where the profile names none.
    init?(_ profile: Profile, _ section: Bytes) throws(Halt) {
        guard let session = profile.property("sso_session", of: .profile, section) else {
            guard let start = profile.property("sso_start_url", of: .profile, section),
                let region = profile.property("sso_region", of: .profile, section)
            else { return nil }
            (name, self.region, isRenewable) = (start.text, region.text, false)
            return
        }
        guard profile.files.contains(.ssoSession, session.text.span) else {
            throw .failed(session.origin, "there is no sso-session \(Message.shown(session.text))")
        }
        _ = try Self.value("sso_start_url", profile, section, session)
        region = try Self.value("sso_region", profile, section, session)
        (name, isRenewable) = (session.text, true)
    }

    /// What the session says; the profile may say the same.
    private static func value(
        _ property: StaticString, _ profile: Profile, _ section: Bytes, _ session: Profile.Value
    ) throws(Halt) -> Bytes {
        guard let found = profile.property(property, of: .ssoSession, session.text) else {
            throw .failed(session.origin, "the sso-session \(Message.shown(session.text)) has no \(property)")
        }
        if let other = profile.property(property, of: .profile, section), other.text != found.text {
            throw .failed(other.origin, "is another than \(found.origin)")
        }
        return found.text
    }

    func url(_ inquiry: Inquiry, _ service: AWSService, _ path: StaticString) throws(Halt) -> ByteBuffer {
        try inquiry.url(service, region, path)
    }

    /// The token, renewed where it must and can be.
    func token(_ inquiry: Inquiry) throws(Halt) -> LoginCache {
        var cache = try LoginCache.open(
            inquiry, "the SSO token of \(Message.shown(name))", folder: Bytes("~/.aws/sso/cache"),
            digest: DigestName.sha1(name), command: "aws sso login")
        guard isRenewable else { return cache }
        let old = cache.contents
        try cache.renew(within: 900) { () throws(Halt) in
            try request(inquiry, old)
        } _: { (answer, expiresAt) throws(Halt) in
            var new = [
                NewMember("accessToken", try answer.needed("what renews the SSO token", "accessToken")),
                NewMember("expiresAt", expiresAt),
            ]
            if let next = answer.secret("refreshToken") { new.append(NewMember("refreshToken", next)) }
            return old.object(with: new)
        }
        return cache
    }

    /// Nil where the file does not have what it takes, or that has expired.
    private func request(_ inquiry: Inquiry, _ old: Finding) throws(Halt) -> IdentityRequest? {
        guard let refresh = old.secret("refreshToken"), let id = old.secret("clientId"),
            let secret = old.secret("clientSecret")
        else { return nil }
        let registered = try old.time("the SSO token", "registrationExpiresAt", isNeeded: false)
        if let registered, registered <= inquiry.startedAt { return nil }
        return .renewal(
            try url(inquiry, .ssoOIDC, "/token").array,
            [NewMember("clientId", id), NewMember("clientSecret", secret), NewMember("refreshToken", refresh)])
    }
}

extension LoginCache {
    /// As long as it is good.
    fileprivate func accessToken(_ inquiry: Inquiry) throws(Halt) -> Secret {
        let token = try contents.needed(source, "accessToken")
        guard try expiry() > inquiry.startedAt else { throw ended("has ended") }
        guard !token.span.hasControlCharacter else { throw .failed(source, "has a control character in accessToken") }
        return token
    }
}

extension Inquiry {
    /// A path at a service that is asked without a signature.
    func url(_ service: AWSService, _ region: Bytes?, _ path: StaticString) throws(Halt) -> ByteBuffer {
        var url = ByteBuffer()
        do throws(ArgumentError) {
            var base = try settings.endpointURL(of: service, region)
            try Endpoint(url: base.span).checkPrivacy()
            while base.last == UInt8(ascii: "/") { base.removeLast() }
            url.append(base)
        } catch {
            throw .failed("the endpoint of \(service.name)", error.message)
        }
        url.append(path)
        return url
    }
}
