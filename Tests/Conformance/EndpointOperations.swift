import BedrockCore

extension Port {
    /// The parameters have the names that the services' rule sets give them.
    static func resolveEndpoint(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("service", "params")
        let service = try arguments.service()
        guard AWSService.known.contains(service) else { throw .unsupported }
        let params = try arguments.optionalObject("params")
        if service == .sts {
            try params?.allow("Region", "UseFIPS", "UseDualStack", "Endpoint", "UseGlobalEndpoint")
        } else if service == .signIn {
            try params?.allow("Region", "UseFIPS", "UseDualStack", "Endpoint", "IsControlPlane", "IsOAuthEndpoint")
        } else {
            try params?.allow("Region", "UseFIPS", "UseDualStack", "Endpoint")
        }
        var rules = EndpointRules(service, region: try params?.optionalText("Region"))
        rules.usesFIPS = try params?.bool("UseFIPS", otherwise: false) ?? false
        rules.usesDualStack = try params?.bool("UseDualStack", otherwise: false) ?? false
        rules.custom = try params?.optionalText("Endpoint")
        let found = try resolve(rules, params)
        writer.beginObject()
        writer.member("url", found.url)
        writer.member("signing_region", optional: found.signingRegion)
        writer.endObject()
    }

    private static func resolve(
        _ rules: EndpointRules, _ params: Arguments?
    ) throws(Refusal) -> (url: Bytes, signingRegion: Bytes?) {
        let isGlobal = try params?.bool("UseGlobalEndpoint", otherwise: false) ?? false
        let isControlPlane = try params?.bool("IsControlPlane", otherwise: false) ?? false
        let isOAuth = try params?.bool("IsOAuthEndpoint", otherwise: false) ?? false
        do throws(ArgumentError) {
            if isControlPlane, rules.region != nil { return try rules.resolveControlPlane() }
            if isOAuth { return try rules.resolveOAuth() }
            return isGlobal ? try rules.resolveGlobal() : try rules.resolve()
        } catch {
            throw .failed(kind: "endpoint", message: error.message.description)
        }
    }

    static func configuredEndpoint(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("service", "profile", "config_text", "env", "client_config")
        let service = try arguments.service()
        let given = try arguments.optionalObject("client_config")
        try given?.allow("ignore_configured_endpoint_urls", "endpoint_url")
        let code = try given?.optionalText("endpoint_url")
        let isIgnoring = try given?.bool("ignore_configured_endpoint_urls", otherwise: false) ?? false
        // A client, whose settings these are, must know where Bedrock is; here that may be asked for nobody.
        let bedrock = service == .bedrockRuntime ? code : Bytes("https://localhost")
        let settings = try settings(arguments, bedrock, isIgnoring)
        let url: Bytes
        do throws(ArgumentError) {
            url = try settings.endpointURL(of: service, settings.region, inCode: code)
        } catch {
            throw .failed(kind: "endpoint", message: error.message.description)
        }
        writer.beginObject()
        writer.member("url", url)
        writer.endObject()
    }

    static func authScheme(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("env", "in_code")
        let code = try arguments.optionalObject("in_code")
        try code?.allow("scheme", "preference")
        let scheme = try code?.optionalText("scheme")
        let preference = try code?.optionalText("preference")
        let environment = try arguments.environment("env")
        let choice: AuthChoice
        do throws(ConfigError) {
            let config = Config()
            if let scheme { try config.set(.authScheme, to: scheme.span) }
            if let preference { try config.set(.authPreference, to: preference.span) }
            choice = try Settings.make(config, environment).authChoice
        } catch {
            throw .failed(kind: "request", message: error.message.description)
        }
        // The first for which there is something to prove it with; there are credentials.
        let taken = choice.schemes.first { $0 != .bearer || choice.token != nil } ?? .bearer
        writer.beginObject()
        writer.member("scheme", Bytes(taken.word))
        if taken == .bearer { writer.member("token", optional: choice.token) }
        writer.endObject()
    }
}

extension Port {
    /// The settings of a client with these texts around it.
    private static func settings(
        _ arguments: Arguments, _ endpointURL: Bytes?, _ isIgnoring: Bool
    ) throws(Refusal) -> Settings {
        let environment = try arguments.environment("env")
        let text = try arguments.optionalText("config_text")
        let name = try arguments.optionalText("profile")
        do throws(ConfigError) {
            let config = Config()
            if let endpointURL { try config.set(.endpointURL, to: endpointURL.span) }
            if isIgnoring { try config.set(.ignoresConfiguredEndpoints, to: Bytes("on").span) }
            if let name { try config.set(.profile, to: name.span) }
            var file: ProfileFile?
            if let text { file = try profileFile(text) }
            let profile = try Profile(
                ProfileFiles(config: file, credentials: nil), FileLocations(environment, config))
            return try Settings.make(config, environment, profile)
        } catch {
            throw .failed(kind: "endpoint", message: error.message.description)
        }
    }

    private static func profileFile(_ text: Bytes) throws(ConfigError) -> ProfileFile {
        do throws(ProfileFileError) {
            return try ProfileFile.parse(text.span, .config)
        } catch {
            throw error.asConfigError(Bytes("config_text"))
        }
    }
}

extension AuthScheme {
    fileprivate var word: StaticString {
        switch self {
        case .sigv4: "sigv4"
        case .bearer: "bearer"
        case .anonymous: "none"
        }
    }
}

extension Arguments {
    /// A service, by its endpoint's name or by its id: "sso-oidc", "SSO OIDC".
    fileprivate func service() throws(Refusal) -> AWSService {
        let name = try text("service").map { $0 == 0x20 || $0 == UInt8(ascii: "_") ? 0x2D : $0.asciiLowercased }
        guard !name.isEmpty, name.allSatisfy({ $0.isUnreserved }) else { throw .malformed("args.service is no name") }
        return AWSService(name: name)
    }
}
