/// Where a service is called: what the AWS SDKs' endpoint rules say of region, FIPS and IPv6.
public struct EndpointRules {
    public var service: AWSService
    public var region: Bytes?
    public var usesFIPS = false
    public var usesDualStack = false
    /// Called instead of the region's endpoint.
    public var custom: Bytes?

    public init(_ service: AWSService, region: Bytes?) {
        self.service = service
        self.region = region
    }

    /// The URL, and the region that requests there are signed for where it is not the one that was asked for.
    public func resolve() throws(ArgumentError) -> (url: Bytes, signingRegion: Bytes?) {
        if let custom {
            try checkCustom()
            return (custom, nil)
        }
        guard let region else { throw Self.missingRegion }
        guard region.span.isHostLabel else {
            throw ArgumentError("region", "the region is no name of letters, digits and hyphens")
        }
        if service == .sts, !usesFIPS, !usesDualStack, region == "aws-global" {
            return (Bytes("https://sts.amazonaws.com"), Bytes("us-east-1"))
        }
        return (regional(region, Partition.of(region.span)), nil)
    }

    static var missingRegion: ArgumentError { ArgumentError("region", "Invalid Configuration: Missing Region") }

    private func checkCustom() throws(ArgumentError) {
        guard usesFIPS || usesDualStack else { return }
        let what: StaticString = usesFIPS ? "FIPS" : "Dualstack"
        throw ArgumentError(
            "endpoint_url", "Invalid Configuration: \(what) and custom endpoint are not supported")
    }

    private func regional(_ region: Bytes, _ partition: Partition) -> Bytes {
        if service == .signIn, !usesDualStack, !usesFIPS || partition.isGovCloud { return signIn(region, partition) }
        var url = ByteBuffer()
        url.append("https://")
        url.append(service.hostPrefix)
        // The usual endpoints of GovCloud are FIPS endpoints.
        let isFIPSAnyway = partition.isGovCloud && !usesDualStack && service != .bedrockRuntime
        if usesFIPS, !isFIPSAnyway { url.append("-fips") }
        url.append(UInt8(ascii: "."))
        url.append(region)
        url.append(UInt8(ascii: "."))
        url.append(usesDualStack ? partition.dualStackSuffix : partition.suffix)
        return url.array
    }

    private func signIn(_ region: Bytes, _ partition: Partition) -> Bytes {
        var url = ByteBuffer()
        url.append("https://")
        if !usesFIPS || region != "us-gov-west-1" {
            url.append(region)
            url.append(UInt8(ascii: "."))
        }
        url.append(usesFIPS ? "signin-fips.amazonaws-us-gov.com" : partition.signInSuffix)
        return url.array
    }
}

extension Endpoint {
    /// The public endpoint of a service in a region.
    public static func regional(
        _ region: Span<UInt8>, _ service: AWSService = .bedrockRuntime, usesFIPS: Bool = false,
        usesDualStack: Bool = false
    ) throws(ArgumentError) -> Endpoint {
        var rules = EndpointRules(service, region: Bytes(copying: region))
        rules.usesFIPS = usesFIPS
        rules.usesDualStack = usesDualStack
        let url = try rules.resolve().url
        return try Endpoint(url: url.span)
    }
}

extension Span where Element == UInt8 {
    /// RFC 1123, 2.1, and not all digits, as the endpoint rules of the AWS SDKs want it.
    fileprivate var isHostLabel: Bool {
        guard 1...63 ~= count, self[0] != UInt8(ascii: "-"), self[count &- 1] != UInt8(ascii: "-") else { return false }
        var hasNonDigit = false
        for at in 0..<count {
            let byte = self[at]
            let isDigit = byte &- 48 < 10
            guard isDigit || (byte | 0x20) &- 97 < 26 || byte == UInt8(ascii: "-") else { return false }
            hasNonDigit = hasNonDigit || !isDigit
        }
        return hasNonDigit
    }
}
