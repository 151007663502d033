import CSystem.Memory

/// An AWS identity that signs requests.
public struct Credentials: Equatable, Sendable {
    public let accessKeyID: Bytes
    public let secretAccessKey: Secret
    /// Goes with temporary credentials. Empty means the same as none.
    public let sessionToken: Secret?

    public init(accessKeyID: Bytes, secretAccessKey: Secret, sessionToken: Secret? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    public init(accessKeyID: Bytes, secretAccessKey: Bytes, sessionToken: Bytes? = nil) {
        self.init(
            accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey),
            sessionToken: sessionToken.map { Secret($0) })
    }
}

extension Array where Element == UInt8 {
    /// Overwrites the bytes, then forgets them. Other copies of the array keep theirs: whoever holds the last one
    /// wipes it.
    public mutating func wipe() {
        withUnsafeMutableBufferPointer { bytes in
            if let base = bytes.baseAddress { sys_zero(base, bytes.count) }
        }
        self = []
    }
}
