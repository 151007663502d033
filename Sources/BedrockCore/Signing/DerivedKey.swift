import CSystem.Memory

/// The key that Signature Version 4 derives from a secret for one day, region and service, kept for the next request.
/// Secret and key are overwritten when others take their place, and at the end. Usable from inline for the same reason
/// as `SHA256`.
@usableFromInline
struct DerivedKey: ~Copyable {
    /// "date/region/service/aws4_request" of the request at hand; unambiguous, as none of its parts holds a slash.
    private(set) var scope = ByteBuffer(limit: CanonicalRequest.length)
    private var date = 0..<0
    private var region = 0..<0
    private var service = 0..<0

    /// The scope and the secret ("AWS4" before it) that `key` belongs to.
    private var keyScope = ByteBuffer(limit: CanonicalRequest.length)
    private var secret: Secret?
    private var key = ByteBuffer(isSecret: true)

    /// The key that `derive` left here; empty when it failed.
    var value: Span<UInt8> {
        @_lifetime(borrow self)
        get { key.span }
    }

    mutating func setScope(date: Span<UInt8>, region: Span<UInt8>, service: Span<UInt8>) throws(SigningError) {
        guard date.isScopePart else { throw SigningError("the date is empty or malformed") }
        guard region.isScopePart else { throw SigningError("the region is empty or malformed") }
        guard service.isScopePart else { throw SigningError("the service name is empty or malformed") }
        scope.removeAll()
        self.date = appendToScope(date)
        self.region = appendToScope(region)
        self.service = appendToScope(service)
        scope.append("aws4_request")
        if scope.isExhausted { throw SigningError.outOfMemory }
    }

    private mutating func appendToScope(_ part: Span<UInt8>) -> Range<Int> {
        let start = scope.count
        scope.append(part)
        let end = scope.count
        scope.append(UInt8(ascii: "/"))
        return start..<end
    }

    /// Derives the key of `wanted` for the scope, unless it is the one that lies here.
    mutating func derive(from wanted: Span<UInt8>, with sha: borrowing SHA256) throws(SigningError) {
        if let secret, key.count == 32, keyScope.span.isEqual(to: scope.span),
            secret.span.extracting(4...).isEqual(to: wanted)
        {
            return
        }
        forgetKey()
        keyScope.append(0..<scope.count, of: scope)
        guard let prefixed = Self.prefixed(wanted), !keyScope.isExhausted else {
            forgetKey()
            throw SigningError.outOfMemory
        }
        secret = prefixed
        var digest = Digest256(repeating: 0)
        let isDerived = compute(&digest, prefixed, with: sha)
        key.append(digest.span)
        digest.wipe()
        if !isDerived || key.isExhausted {
            forgetKey()
            throw SigningError.digestFailed
        }
    }

    /// Nil without memory.
    private static func prefixed(_ secret: Span<UInt8>) -> Secret? {
        var text = ByteBuffer(isSecret: true)
        text.append("AWS4")
        text.append(secret)
        let prefixed = Secret(text.span)
        return text.isExhausted || prefixed.isEmpty ? nil : prefixed
    }

    /// One HMAC for each part of the scope, keyed with the one before (AWS, same document, step 3).
    private func compute(_ digest: inout Digest256, _ secret: Secret, with sha: borrowing SHA256) -> Bool {
        var step = Digest256(repeating: 0)
        defer { step.wipe() }
        return sha.authenticate(scope.span(date), key: secret.span, into: &step)
            && sha.authenticate(scope.span(region), key: step.span, into: &digest)
            && sha.authenticate(scope.span(service), key: digest.span, into: &step)
            && sha.authenticate(scope.span((service.upperBound &+ 1)..<scope.count), key: step.span, into: &digest)
    }

    private mutating func forgetKey() {
        secret = nil
        key.wipe()
        keyScope.removeAll()
    }
}
