/// A service by the name that its endpoint rules go by.
public struct AWSService: Equatable, Sendable {
    /// In lower case, words joined by hyphens.
    public let name: Bytes

    public init(name: Bytes) {
        self.name = name
    }

    public static var bedrockRuntime: AWSService { AWSService(name: Bytes("bedrock-runtime")) }
    public static var sts: AWSService { AWSService(name: Bytes("sts")) }
    public static var sso: AWSService { AWSService(name: Bytes("sso")) }
    public static var ssoOIDC: AWSService { AWSService(name: Bytes("sso-oidc")) }
    public static var signIn: AWSService { AWSService(name: Bytes("signin")) }

    /// Those that the library calls, whose rules it knows.
    public static var known: [AWSService] { [.bedrockRuntime, .sts, .sso, .ssoOIDC, .signIn] }

    /// What its hosts begin with.
    var hostPrefix: Bytes {
        if self == .sso { return Bytes("portal.sso") }
        return self == .ssoOIDC ? Bytes("oidc") : name
    }

    /// Its properties' name in a services section.
    var section: Bytes { name.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 } }

    /// The variable that holds its endpoint.
    var variable: Bytes {
        Bytes("AWS_ENDPOINT_URL_") + section.map { $0 &- 97 < 26 ? $0 & 0xDF : $0 }
    }
}
