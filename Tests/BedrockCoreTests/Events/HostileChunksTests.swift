import Testing

@testable import BedrockCore

/// Every value of every family's chunks and bodies is replaced by others in turn. Whatever that does to an answer, it
/// is read or refused, and what is said of it holds together.
@Suite struct HostileChunks {
    private static let values = [
        "null", "0", "-1", "9223372036854775807", "1e999", #""""#, #""x""#, "[]", "{}", "[null]", "[{}]",
        #"[{"index":2147483648,"text":"x","delta":{"content":[[]]}}]"#, #"{"text":{"text":1},"content":"x"}"#, "true",
    ]

    @Test(arguments: families)
    func streams(_ family: Family) {
        for (at, chunk) in family.chunks.enumerated() {
            for broken in Self.variants(of: chunk) {
                var chunks = family.chunks
                chunks[at] = broken
                check(TypedAnswer(chunks: chunks), broken)
            }
        }
    }

    @Test(arguments: families)
    func bodies(_ family: Family) {
        for broken in Self.variants(of: family.body) {
            check(TypedAnswer(body: broken), broken)
            check(TypedAnswer(body: broken, .converse), broken)
        }
    }

    /// Each chunk by itself, twice, and in the stream of each other family.
    @Test func mixtures() {
        let all = families.flatMap(\.chunks)
        for chunk in all {
            check(TypedAnswer(chunks: [chunk, chunk]), chunk)
            for other in families { check(TypedAnswer(chunks: [other.chunks[0], chunk]), chunk) }
        }
    }

    private func check(_ answer: TypedAnswer, _ source: String) {
        #expect(answer.delivered == UInt64(answer.deltas.count) || answer.fault != nil, "\(source)")
        #expect(answer.message.isEmpty || Bytes(answer.message.utf8).span.isJSON, "\(source): \(answer.message)")
        #expect(answer.events.filter { $0.delta != nil && $0.kind != .delta } == [], "\(source)")
    }

    /// The document with each of its members' values replaced in turn.
    static func variants(of json: String) -> [String] {
        let bytes = Bytes(json.utf8)
        return places(in: bytes).flatMap { place in
            values.map { String(bytes[..<place.lowerBound]) + $0 + String(bytes[place.upperBound...]) }
        }
    }

    private static func places(in json: Bytes) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var reader = JSONReader(json.span)
        do {
            while true {
                switch try reader.next() {
                case .key:
                    var ahead = reader
                    places.append(try ahead.skipValue())
                case .end: return places
                default: break
                }
            }
        } catch {
            return places
        }
    }
}

extension String {
    fileprivate init(_ bytes: ArraySlice<UInt8>) { self = String(decoding: bytes, as: UTF8.self) }
}
