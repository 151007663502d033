// Where requests go.
extension Settings {
    /// The endpoint to call.
    public func endpoint() throws(Failure) -> Endpoint {
        do throws(ArgumentError) {
            let url = try endpointURL(of: .bedrockRuntime, region)
            return try Endpoint(url: url.span)
        } catch {
            if region == nil, error.argument.hasSameText(as: "region") { throw Self.missingRegion }
            throw Failure(.endpoint, .prepare, error.message)
        }
    }

    /// The endpoint of a service in a region, and the region that requests there are signed for. Whether FIPS and IPv6
    /// are wanted counts for all services.
    public func place(of service: AWSService, _ region: Bytes) throws(ArgumentError) -> (Endpoint, Bytes) {
        let found = try resolve(service, region)
        return (try Endpoint(url: found.url.span), found.signingRegion ?? region)
    }

    /// The endpoint's URL as it is written. `inCode` is what code says of another service than Bedrock.
    public func endpointURL(
        of service: AWSService, _ region: Bytes?, inCode: Bytes? = nil
    ) throws(ArgumentError) -> Bytes {
        try resolve(service, region, inCode).url
    }

    private func resolve(
        _ service: AWSService, _ region: Bytes?, _ inCode: Bytes? = nil
    ) throws(ArgumentError) -> (url: Bytes, signingRegion: Bytes?) {
        var rules = EndpointRules(service, region: region)
        rules.usesFIPS = flag(.fips)
        rules.usesDualStack = flag(.dualStack)
        rules.custom = endpointURL
        if service != .bedrockRuntime {
            do throws(ConfigError) {
                rules.custom = inCode
                if inCode == nil { rules.custom = try configuredEndpoint(service) }
            } catch {
                throw ArgumentError("endpoint_url", error.message)
            }
        }
        return try rules.resolve()
    }

    /// Nothing else says where requests go, or for which region they are signed.
    var needsRegion: Bool { endpointURL == nil || schemes.contains(.sigv4) }

    static var missingRegion: Failure {
        Failure(
            .region, .prepare,
            EndpointRules.missingRegion.message
                + ": looked at the configuration key region, AWS_REGION, AWS_DEFAULT_REGION and the profile's region")
    }

    /// The URL that is called instead of the region's endpoint of a service; nil for none.
    public func configuredEndpoint(_ service: AWSService) throws(ConfigError) -> Bytes? {
        if service == .bedrockRuntime, let url = config[.endpointURL] { return url }
        if flag(.ignoresConfiguredEndpoints) { return nil }
        for variable in [service.variable, Bytes("AWS_ENDPOINT_URL")] {
            if let url = environment.value(variable.span) { return try checked(url, from: Message(variable)) }
        }
        if let url = try serviceURL(service) { return url }
        guard let found = profile.value(.endpointURL) else { return nil }
        return try checked(found.text, from: found.origin)
    }

    /// What the profile's services section says.
    private func serviceURL(_ service: AWSService) throws(ConfigError) -> Bytes? {
        guard let name = profile.property("services") else { return nil }
        guard profile.files.contains(.services, name.text.span) else {
            throw ConfigError(message: "there is no services section \(Message.shown(name.text)) (from \(name.origin))")
        }
        let section = service.section.span
        guard let found = profile.property(section, of: .services, name.text),
            let url = profile.files.property(section, of: .services, name.text.span)?.property.value
                .nested("endpoint_url")
        else { return nil }
        return try checked(url, from: found.origin)
    }

    private func checked(_ url: Bytes, from origin: Message) throws(ConfigError) -> Bytes {
        do throws(ConfigError) {
            try Config().set(.endpointURL, to: url.span)
        } catch {
            throw ConfigError(message: "\(error.message) (from \(origin))")
        }
        return url
    }
}
