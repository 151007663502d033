import CSystem.Digest
import CSystem.Memory

/// 32 bytes of a SHA-256 digest, a message authentication code or a derived key.
typealias Digest256 = InlineArray<32, UInt8>

/// SHA-256 and HMAC-SHA-256 of libcrypto, with contexts that are made once. Usable from inline because Embedded Swift
/// must see the deinitialiser wherever a signer ends.
@usableFromInline
struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// nil when libcrypto refuses or memory is short.
    init?() {
        guard let context = sys_digest_new() else { return nil }
        self.context = context
    }

    deinit {
        sys_digest_free(context)
    }

    /// Returns false when libcrypto fails.
    func hash(_ bytes: Span<UInt8>, into digest: inout Digest256) -> Bool {
        var out = digest.mutableSpan
        return bytes.withUnsafeBufferPointer { bytes in
            out.withUnsafeMutableBufferPointer { out in
                guard let base = out.baseAddress else { return false }
                return sys_sha256(context, bytes.baseAddress, bytes.count, base) == 1
            }
        }
    }

    /// Returns false when libcrypto fails.
    func authenticate(_ bytes: Span<UInt8>, key: Span<UInt8>, into code: inout Digest256) -> Bool {
        var out = code.mutableSpan
        return key.withUnsafeBufferPointer { key in
            bytes.withUnsafeBufferPointer { bytes in
                out.withUnsafeMutableBufferPointer { out in
                    guard let base = out.baseAddress else { return false }
                    return sys_hmac_sha256(context, key.baseAddress, key.count, bytes.baseAddress, bytes.count, base)
                        == 1
                }
            }
        }
    }
}

extension InlineArray where Element == UInt8 {
    mutating func wipe() {
        var bytes = mutableSpan
        bytes.withUnsafeMutableBufferPointer { bytes in
            if let base = bytes.baseAddress { sys_zero(base, bytes.count) }
        }
    }
}

extension ByteBuffer {
    /// Lower-case hexadecimal digits, two for each byte.
    mutating func append(hex digest: Digest256) {
        append(upTo: 64) { room in
            for at in 0..<32 {
                room[2 &* at] = Self.hexDigit(digest[at] >> 4)
                room[2 &* at &+ 1] = Self.hexDigit(digest[at] & 15)
            }
            return 64
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? value &+ UInt8(ascii: "0") : value &+ (UInt8(ascii: "a") &- 10)
    }
}
