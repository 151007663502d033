// What the rule sets of two services say beyond what the library asks for: it calls STS by its regional endpoints, and
// of sign-in the one for tokens.
extension EndpointRules {
    /// As `resolve`, with the endpoint of STS that is the same for all old regions.
    public func resolveGlobal() throws(ArgumentError) -> (url: Bytes, signingRegion: Bytes?) {
        let found = try resolve()
        guard service == .sts, custom == nil, !usesFIPS, !usesDualStack, let region, found.signingRegion == nil else {
            return found
        }
        for old in Self.oldRegions where region == old {
            return (Bytes("https://sts.amazonaws.com"), Bytes("us-east-1"))
        }
        return (found.url, region)
    }

    /// The regions that there were when STS had but one endpoint.
    private static let oldRegions: [StaticString] = [
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
        "us-west-2",
    ]

    /// As `resolve`, with the endpoint of sign-in where it is managed; it wins over a custom one.
    public func resolveControlPlane() throws(ArgumentError) -> (url: Bytes, signingRegion: Bytes?) {
        guard let region else { return try resolve() }
        var rules = EndpointRules(service, region: region)
        rules.usesDualStack = true
        return (try rules.resolve().url, region)
    }

    /// As `resolve`, with the endpoint of sign-in for programs that act for others.
    public func resolveOAuth() throws(ArgumentError) -> (url: Bytes, signingRegion: Bytes?) {
        if usesFIPS {
            throw ArgumentError(
                "endpoint.fips",
                "FIPS endpoints are not supported for OAuth operations. Disable FIPS or use a non-OAuth operation.")
        }
        let found = try resolve()
        guard custom == nil, let region, Partition.of(region.span).isCommercial else { return found }
        return (Bytes("https://") + region + Bytes(".oauth.signin.aws"), region)
    }
}
