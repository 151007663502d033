/// Credentials of a role, by the token of an identity provider that a file holds: so Kubernetes tells who its pods are.
enum WebIdentitySource {
    /// As the environment has it. It says nothing of roles that profiles name, nor they of this.
    static func credentials(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        let environment = inquiry.settings.environment
        guard let file = environment.value("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            inquiry.skip("web identity", "AWS_WEB_IDENTITY_TOKEN_FILE is not set")
            return nil
        }
        guard let role = environment.value("AWS_ROLE_ARN") else {
            throw .failed("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN is not set, which names the role")
        }
        let token = try token(inquiry, file, "AWS_WEB_IDENTITY_TOKEN_FILE")
        return try STSClient.assumeRole(
            inquiry, role, "AWS_ROLE_ARN", session: environment.value("AWS_ROLE_SESSION_NAME"), token: token)
    }

    /// As a profile has it.
    static func credentials(
        _ inquiry: Inquiry, _ section: ProfileSection, _ file: Profile.Value
    ) throws(Halt) -> ResolvedIdentity {
        guard let role = section["role_arn"] else {
            throw .failed(file.origin, "the profile has no role_arn, which names the role")
        }
        return try STSClient.assumeRole(
            inquiry, role.text, role.origin, session: section["role_session_name"]?.text,
            token: try token(inquiry, file.text, file.origin))
    }

    /// The file is read for each call: what it holds is replaced every hour or so.
    private static func token(_ inquiry: Inquiry, _ path: Bytes, _ origin: Message) throws(Halt) -> Secret {
        let expanded = FileLocations.expanded(path, inquiry.settings.environment) ?? path
        let token = try inquiry.read(origin, expanded).trimmedContents
        if token.isEmpty { throw .failed(origin, "\(Message.shown(expanded)) is empty") }
        return token
    }
}
