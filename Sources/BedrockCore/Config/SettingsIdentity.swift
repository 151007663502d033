/// How a request proves who sends it.
public enum Identity {
    case credentials(Credentials)
    case bearer(Secret)
    case anonymous
}

// What the configuration itself says of who asks; everything else is found out by an inquiry.
extension Settings {
    /// The ways to prove who asks, those to be tried first in front.
    var schemes: [AuthScheme] { authChoice.schemes }

    /// A bearer token that is set in code.
    var staticToken: Secret? { config.secret(.bearerToken) }

    /// Credentials that are set in code; nil where none are.
    func staticCredentials() throws(Failure) -> Credentials? {
        let configured = (config[.accessKeyID], config.secret(.secretAccessKey))
        if let id = configured.0, let secret = configured.1 {
            return Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: config.secret(.sessionToken))
        }
        guard configured.0 == nil, configured.1 == nil else {
            throw Failure(
                .credentials, .prepare,
                "credentials.access_key_id and credentials.secret_access_key go together, one of them is not set")
        }
        return nil
    }

    /// Refuses a bearer token that could not be sent there.
    func checkBearer(_ token: Secret, _ endpoint: Endpoint) throws(Failure) {
        guard endpoint.isSecure || endpoint.isLoopback else {
            throw Failure(
                .endpoint, .prepare,
                "a bearer token is sent over https or to a loopback address only, not to \(endpoint.host)")
        }
        guard !token.span.hasControlCharacter else {
            throw Failure(.credentials, .prepare, "the bearer token has a control character")
        }
    }
}
