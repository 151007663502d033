/// Where an identity is looked for, in which order.
///
/// The order is that of the AWS SDKs for Rust and Swift: the environment, the profile with all that it may name, web
/// identity by the environment, container, instance metadata. botocore has the same sources in another order: of a
/// profile only a role comes before AWS_WEB_IDENTITY_TOKEN_FILE; then SSO, keys of the credentials file, a login
/// session, a program, keys of the config file, and files of older libraries, which are not read here. It mixes what
/// the environment and the profile say of web identity. In all of them a source that is configured and does not work
/// is an error; the next is not tried.
enum CredentialChain {
    /// What sources read of the environment beside configuration keys.
    static let variables: [StaticString] = [
        "AWS_ACCOUNT_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
        "AWS_LOGIN_CACHE_DIRECTORY", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ]

    /// The source's own failure says what is wrong; what had nothing before it is told by `Inquiry.explained`.
    static func resolve(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity {
        if inquiry.shared.hasLead { return try inquiry.findByLead() }
        switch inquiry.goal {
        case .credentials: return try credentials(inquiry)
        case .token: return try token(inquiry)
        case .region: return try region(inquiry)
        }
    }

    private static func credentials(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity {
        inquiry.skip("configuration", "credentials.* and bearer_token are not set")
        let isProfileAlone = inquiry.settings.text(.identitySource) == "profile"
        if !isProfileAlone {
            if let found = try host(.credentials, inquiry) { return found }
            if let found = try environment(inquiry) { return found }
        }
        if let found = try ProfileSource.credentials(inquiry) { return found }
        if isProfileAlone { throw .failed("") }
        if let found = try WebIdentitySource.credentials(inquiry) { return found }
        if let found = try ContainerSource.resolve(inquiry) { return found }
        if let found = try MetadataSource.credentials(inquiry) { return found }
        throw .failed("")
    }

    private static func token(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity {
        inquiry.skip("configuration", "bearer_token is not set")
        if let found = try host(.token, inquiry) { return found }
        if let token = inquiry.settings.environment.value("AWS_BEARER_TOKEN_BEDROCK") {
            return ResolvedIdentity(token: Secret(token), source: "the environment")
        }
        inquiry.skip("environment", "AWS_BEARER_TOKEN_BEDROCK is not set")
        if let found = try SSOSource.token(inquiry) { return found }
        throw .failed("")
    }

    private static func region(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity {
        inquiry.skip("configuration", "region is not set")
        inquiry.skip("environment", "AWS_REGION and AWS_DEFAULT_REGION are not set")
        inquiry.skip("profile", "has no region")
        if let found = try MetadataSource.region(inquiry) { return found }
        throw .failed("")
    }

    /// The host's callback, where there is one; that it has nothing is no error.
    private static func host(_ kind: HostKinds, _ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        guard inquiry.shared.hostKinds.contains(kind) else { return nil }
        let finding = try inquiry.find { Ask.host(kind) }
        if let failure = finding.failure { throw .failed("the host's callback: " + failure) }
        if finding.identity == nil { inquiry.skip("host's callback", "has none") }
        return finding.identity
    }

    private static func environment(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        let settings = inquiry.settings
        if settings.profile.isNamedInCode {
            inquiry.skip("environment", "a profile is named in the configuration")
            return nil
        }
        if let found = keys(settings.environment) { return found }
        inquiry.skip("environment", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set")
        return nil
    }

    /// Keys that the environment has.
    static func keys(_ environment: Environment) -> ResolvedIdentity? {
        guard let id = environment.value("AWS_ACCESS_KEY_ID"), let secret = environment.value("AWS_SECRET_ACCESS_KEY")
        else { return nil }
        let credentials = Credentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: environment.value("AWS_SESSION_TOKEN"))
        return ResolvedIdentity(
            credentials: credentials, accountID: environment.value("AWS_ACCOUNT_ID") ?? [], source: "the environment")
    }
}

extension Inquiry {
    /// For the log: an access key is no secret.
    func described(_ identity: ResolvedIdentity) -> Message {
        var text: Message
        switch goal {
        case .credentials: text = "credentials \(identity.credentials?.accessKeyID ?? [])"
        case .token: text = "a bearer token"
        case .region: text = "the region \(identity.region)"
        }
        text += " from \(identity.source)"
        if let expiry = identity.expiry { text += ", which expire in \(expiry &- wall) s" }
        return text
    }

    /// A failure with all that was tried: "no credentials: ...".
    public func explained(_ reason: Message) -> Message {
        if let leadFailure { return leadFailure }
        let what: Message
        switch goal {
        case .credentials: what = "no credentials: "
        case .token: what = "no bearer token: "
        case .region: what = "no region: "
        }
        let skipped = skippedText
        if reason.isEmpty { return what + skipped }
        return skipped.isEmpty ? what + reason : "\(what)\(reason); before that: \(skipped)"
    }
}
