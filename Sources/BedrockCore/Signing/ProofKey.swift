import CSystem.Digest

/// A private key on the curve P-256, for proofs that one holds it.
struct ProofKey: ~Copyable {
    /// Two numbers of 32 bytes.
    typealias Pair = InlineArray<64, UInt8>

    private let key: OpaquePointer

    /// Nil for what is no such key in PEM, or is protected by a passphrase.
    init?(pem: Span<UInt8>) {
        let key = pem.withUnsafeBufferPointer { pem in pem.baseAddress.flatMap { sys_key_from_pem($0, pem.count) } }
        guard let key else { return nil }
        self.key = key
    }

    deinit {
        sys_key_free(key)
    }

    /// The public key's coordinates, x and y; nil when libcrypto fails.
    func coordinates() -> Pair? {
        var pair = Pair(repeating: 0)
        var out = pair.mutableSpan
        let isMade = out.withUnsafeMutableBufferPointer { out in
            out.baseAddress.map { sys_key_public(key, $0) == 1 } ?? false
        }
        return isMade ? pair : nil
    }

    /// The signature ES256 (RFC 7518, 3.4), r and s; nil when libcrypto fails.
    func sign(_ bytes: Span<UInt8>) -> Pair? {
        var pair = Pair(repeating: 0)
        var out = pair.mutableSpan
        let isMade = bytes.withUnsafeBufferPointer { bytes in
            out.withUnsafeMutableBufferPointer { out in
                guard let out = out.baseAddress, let base = bytes.baseAddress else { return false }
                return sys_key_sign(key, base, bytes.count, out) == 1
            }
        }
        return isMade ? pair : nil
    }
}

/// The digest of a text in lower-case hexadecimal digits, for names; nil when libcrypto fails.
enum DigestName {
    static func sha1(_ text: Bytes) -> Bytes? { make("SHA1", 20, text) }

    static func sha256(_ text: Bytes) -> Bytes? { make("SHA256", 32, text) }

    private static func make(_ name: StaticString, _ size: Int, _ text: Bytes) -> Bytes? {
        var digest = Bytes(repeating: 0, count: size)
        let isMade = digest.withUnsafeMutableBufferPointer { out in
            text.withUnsafeBufferPointer { text in
                guard let out = out.baseAddress else { return false }
                let name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
                return sys_digest_named(name, text.baseAddress, text.count, out, size) == 1
            }
        }
        return isMade ? Hex.bytes(digest.span) : nil
    }
}
