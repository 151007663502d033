/// A service that the library calls.
public enum AWSService: CaseIterable, Sendable {
    case bedrockRuntime, sts, sso, ssoOIDC, signIn

    /// The name that its rules go by.
    public var name: StaticString {
        switch self {
        case .bedrockRuntime: "bedrock-runtime"
        case .sts: "sts"
        case .sso: "sso"
        case .ssoOIDC: "sso-oidc"
        case .signIn: "signin"
        }
    }

    /// What its hosts begin with.
    var hostPrefix: StaticString {
        switch self {
        case .sso: "portal.sso"
        case .ssoOIDC: "oidc"
        default: name
        }
    }

    /// Its properties' name in a services section.
    var section: StaticString {
        switch self {
        case .bedrockRuntime: "bedrock_runtime"
        case .ssoOIDC: "sso_oidc"
        default: name
        }
    }

    /// The variable that holds its endpoint.
    var variable: StaticString {
        switch self {
        case .bedrockRuntime: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"
        case .sts: "AWS_ENDPOINT_URL_STS"
        case .sso: "AWS_ENDPOINT_URL_SSO"
        case .ssoOIDC: "AWS_ENDPOINT_URL_SSO_OIDC"
        case .signIn: "AWS_ENDPOINT_URL_SIGNIN"
        }
    }
}
