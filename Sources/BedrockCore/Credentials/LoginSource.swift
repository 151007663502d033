/// Login sessions: `aws login` leaves credentials for a quarter of an hour in a file, what renews them, and a key that
/// proves who may.
enum LoginSource {
    private static let object: StaticString = "accessToken"

    static func credentials(_ inquiry: Inquiry, profile name: Bytes) throws(Halt) -> ResolvedIdentity? {
        guard let session = inquiry.settings.profile.property("login_session", of: .profile, name) else { return nil }
        let folder = inquiry.settings.environment.value("AWS_LOGIN_CACHE_DIRECTORY")
        var cache = try LoginCache.open(
            inquiry, "the login session", folder: folder ?? Bytes("~/.aws/login/cache"),
            digest: DigestName.sha256(session.text), command: "aws login", outer: object)
        let old = cache.contents
        for member: StaticString in ["refreshToken", "clientId", "dpopKey"] { _ = try old.needed(cache.source, member) }
        let source = cache.source
        try cache.renew(within: 300) { () throws(Halt) in
            try request(inquiry, old, source)
        } _: { (answer, expiresAt) throws(Halt) in
            try contents(old, answer, expiresAt)
        }
        return try cache.contents.keys(cache.source, token: "sessionToken", expiry: "expiresAt", of: object)
    }

    private static func request(
        _ inquiry: Inquiry, _ old: Finding, _ source: Message
    ) throws(Halt) -> IdentityRequest {
        let region = old.text("signInRegion") ?? inquiry.region
        let url = try inquiry.url(.signIn, region, "/v1/token").array
        let pem = try old.needed(source, "dpopKey")
        guard let proof = PossessionProof.make(pem, url: url, seconds: inquiry.wall, id: inquiry.nonce) else {
            throw .failed(source, "has a dpopKey that is no private key on P-256 in PEM")
        }
        var request = IdentityRequest.renewal(
            url,
            [
                NewMember("clientId", try old.needed(source, "clientId")),
                NewMember("refreshToken", try old.needed(source, "refreshToken")),
            ])
        request.headers.append(HTTPHeader("dpop", proof))
        return request
    }

    /// What is in the file from now on.
    private static func contents(_ old: Finding, _ answer: Finding, _ expiresAt: Secret) throws(Halt) -> Secret? {
        let source: Message = "what renews the login session"
        var keys: [NewMember] = [NewMember("expiresAt", expiresAt)]
        for member: StaticString in ["accessKeyId", "secretAccessKey", "sessionToken"] {
            keys.append(NewMember(member, try answer.needed(source, member, object)))
        }
        guard let inner = old.object(object, with: keys) else { return nil }
        var new = [NewMember(object, inner, isText: false)]
        if let next = answer.secret("refreshToken") { new.append(NewMember("refreshToken", next)) }
        return old.object(with: new)
    }
}
