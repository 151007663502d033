/// A group of regions with domain names of its own (the partitions of the AWS SDKs' endpoint rules). All of them have
/// endpoints for FIPS and for IPv6.
struct Partition: Sendable {
    /// What its regions begin with, in front of a word and a number.
    private let prefix: StaticString
    /// Stands for the services of the partition that have no region.
    private let pseudoRegion: StaticString
    let suffix: StaticString
    let dualStackSuffix: StaticString
    /// Sign-in has domain names of its own.
    let signInSuffix: StaticString

    /// The one that regions belong to that no rule knows.
    private static let commercial = Partition(
        "", "aws-global", "amazonaws.com", "api.aws", "signin.aws.amazon.com")

    private static let others = [
        Partition(
            "cn-", "aws-cn-global", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "signin.amazonaws.cn"),
        Partition("us-gov-", "aws-us-gov-global", "amazonaws.com", "api.aws", "signin.amazonaws-us-gov.com"),
        Partition("eusc-de-", "", "amazonaws.eu", "api.amazonwebservices.eu", "signin.amazonaws-eusc.eu"),
        Partition("us-iso-", "aws-iso-global", "c2s.ic.gov", "api.aws.ic.gov", "signin.c2shome.ic.gov"),
        Partition("us-isob-", "aws-iso-b-global", "sc2s.sgov.gov", "api.aws.scloud", "signin.sc2shome.sgov.gov"),
        Partition(
            "eu-isoe-", "aws-iso-e-global", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "signin.csphome.adc-e.uk"),
        Partition(
            "us-isof-", "aws-iso-f-global", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "signin.csphome.hci.ic.gov"),
    ]

    private init(
        _ prefix: StaticString, _ pseudoRegion: StaticString, _ suffix: StaticString, _ dualStackSuffix: StaticString,
        _ signInSuffix: StaticString
    ) {
        self.prefix = prefix
        self.pseudoRegion = pseudoRegion
        self.suffix = suffix
        self.dualStackSuffix = dualStackSuffix
        self.signInSuffix = signInSuffix
    }

    static func of(_ region: Span<UInt8>) -> Partition {
        for other in others
        where region.isNumberedRegion(after: other.prefix) || region.isEqual(to: other.pseudoRegion) {
            return other
        }
        return commercial
    }

    var isCommercial: Bool { prefix.utf8CodeUnitCount == 0 }
    var isGovCloud: Bool { prefix.hasSameText(as: "us-gov-") }
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
