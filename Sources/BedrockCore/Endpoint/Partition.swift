/// A group of regions with domain names of its own (the partitions of the AWS SDKs' endpoint rules).
struct Partition: Sendable {
    let suffix: StaticString
    let dualStackSuffix: StaticString

    private static let aws = Partition("amazonaws.com", "api.aws")
    private static let china = Partition("amazonaws.com.cn", "api.amazonwebservices.com.cn")
    private static let europe = Partition("amazonaws.eu", "api.amazonwebservices.eu")
    private static let iso = Partition("c2s.ic.gov", "api.aws.ic.gov")
    private static let isoB = Partition("sc2s.sgov.gov", "api.aws.scloud")
    private static let isoE = Partition("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk")
    private static let isoF = Partition("csp.hci.ic.gov", "api.aws.hci.ic.gov")

    private init(_ suffix: StaticString, _ dualStackSuffix: StaticString) {
        self.suffix = suffix
        self.dualStackSuffix = dualStackSuffix
    }

    /// The partition of a region; regions that no rule knows are taken for commercial ones. GovCloud's names are
    /// those of the commercial partition.
    init(region: Span<UInt8>) {
        if region.isEqual(to: "aws-cn-global") || region.isNumberedRegion(after: "cn-") {
            self = .china
        } else if region.isNumberedRegion(after: "eusc-de-") {
            self = .europe
        } else if region.isEqual(to: "aws-iso-global") || region.isNumberedRegion(after: "us-iso-") {
            self = .iso
        } else if region.isEqual(to: "aws-iso-b-global") || region.isNumberedRegion(after: "us-isob-") {
            self = .isoB
        } else if region.isEqual(to: "aws-iso-e-global") || region.isNumberedRegion(after: "eu-isoe-") {
            self = .isoE
        } else if region.isEqual(to: "aws-iso-f-global") || region.isNumberedRegion(after: "us-isof-") {
            self = .isoF
        } else {
            self = .aws
        }
    }
}

extension Span where Element == UInt8 {
    /// A word and a number follow the prefix: "west-1" in "us-iso-west-1".
    fileprivate func isNumberedRegion(after prefix: StaticString) -> Bool {
        guard starts(with: prefix) else { return false }
        let rest = extracting(prefix.utf8CodeUnitCount..<count)
        guard let hyphen = rest.firstIndex(of: UInt8(ascii: "-")), hyphen > 0, rest.count > hyphen &+ 1 else {
            return false
        }
        for at in (hyphen &+ 1)..<rest.count where rest[at] &- 48 > 9 { return false }
        return true
    }
}

extension Endpoint {
    /// The public endpoint of a service in a region.
    public static func regional(
        _ region: Span<UInt8>, service: StaticString = "bedrock-runtime", usesFIPS: Bool = false,
        usesDualStack: Bool = false
    ) throws(ArgumentError) -> Endpoint {
        guard region.isHostLabel else {
            throw ArgumentError("region", "the region is no name of letters, digits and hyphens")
        }
        let partition = Partition(region: region)
        var url = ByteBuffer()
        url.append("https://")
        url.append(service)
        if usesFIPS { url.append("-fips") }
        url.append(UInt8(ascii: "."))
        url.append(region)
        url.append(UInt8(ascii: "."))
        url.append(usesDualStack ? partition.dualStackSuffix : partition.suffix)
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
