/// The proof that a request comes from who holds a key: a DPoP token (RFC 9449, 4.2).
enum PossessionProof {
    /// Of a POST to `url`, made at that second; `id` comes once. Nil where `pem` is no private key on P-256, when
    /// libcrypto fails, or memory is short.
    static func make(_ pem: Secret, url: Bytes, seconds: Int64, id: Bytes) -> Bytes? {
        guard let key = ProofKey(pem: pem.span), let numbers = key.coordinates() else { return nil }
        var token = ByteBuffer()
        token.append(base64URL: head(numbers.span).span)
        token.append(UInt8(ascii: "."))
        token.append(base64URL: claims(url, seconds, id).span)
        guard !token.isExhausted, let signature = key.sign(token.span) else { return nil }
        token.append(UInt8(ascii: "."))
        token.append(base64URL: signature.span)
        return token.isExhausted ? nil : token.array
    }

    private static func head(_ numbers: Span<UInt8>) -> Bytes {
        var json = ByteBuffer()
        json.append(#"{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":""# as StaticString)
        json.append(base64URL: numbers.extracting(0..<32))
        json.append(#"","y":""# as StaticString)
        json.append(base64URL: numbers.extracting(32..<64))
        json.append(#""}}"# as StaticString)
        return json.array
    }

    private static func claims(_ url: Bytes, _ seconds: Int64, _ id: Bytes) -> Bytes {
        var json = ByteBuffer()
        json.append(#"{"htm":"POST","htu":""# as StaticString)
        json.append(escaping: url.span)
        json.append(#"","iat":"# as StaticString)
        json.append(decimal: seconds)
        json.append(#","jti":""# as StaticString)
        json.append(escaping: id.span)
        json.append(#""}"# as StaticString)
        return json.array
    }
}

extension ByteBuffer {
    /// Base64 of the alphabet for URLs (RFC 4648, section 5), without padding.
    @inline(never)
    fileprivate mutating func append(base64URL bytes: Span<UInt8>) {
        var digits = ByteBuffer()
        Base64.encode(bytes, into: &digits)
        let span = digits.span
        for at in 0..<span.count {
            switch span[unchecked: at] {
            case UInt8(ascii: "+"): append(UInt8(ascii: "-"))
            case UInt8(ascii: "/"): append(UInt8(ascii: "_"))
            case UInt8(ascii: "="): break
            default: append(span[unchecked: at])
            }
        }
    }
}
