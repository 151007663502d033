import CSystem.Memory

/// An AWS identity that signs requests.
public struct Credentials: Equatable, Sendable {
    public var accessKeyID: Bytes
    public var secretAccessKey: Bytes
    /// Goes with temporary credentials. Empty means the same as none.
    public var sessionToken: Bytes?

    public init(accessKeyID: Bytes, secretAccessKey: Bytes, sessionToken: Bytes? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// Overwrites the secrets. Other copies of this value keep theirs: whoever holds the last one wipes it.
    public mutating func wipe() {
        secretAccessKey.wipe()
        sessionToken?.wipe()
        sessionToken = nil
    }
}

extension Array where Element == UInt8 {
    /// Overwrites the bytes, then forgets them.
    public mutating func wipe() {
        withUnsafeMutableBufferPointer { bytes in
            if let base = bytes.baseAddress { sys_zero(base, bytes.count) }
        }
        self = []
    }
}
