/// What a host can be asked for; the numbers of `brs_question_kind`.
public struct HostKinds: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static var credentials: HostKinds { HostKinds(rawValue: 1) }
    public static var token: HostKinds { HostKinds(rawValue: 2) }
    public static var mfaCode: HostKinds { HostKinds(rawValue: 4) }
}
