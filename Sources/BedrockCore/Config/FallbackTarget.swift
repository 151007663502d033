/// Who is asked when the attempts at a call are used up.
public struct FallbackTarget: Equatable, Sendable {
    /// Empty for the call's own.
    public var modelID: Bytes
    /// Empty for the call's own.
    public var region: Bytes

    public init(modelID: Bytes, region: Bytes) {
        self.modelID = modelID
        self.region = region
    }
}

extension FallbackTarget {
    /// Reads a list of "MODEL", "MODEL@REGION" and "@REGION". The message of an error says which entry it is.
    static func list(_ text: Span<UInt8>) throws(ArgumentError) -> [FallbackTarget] {
        var targets: [FallbackTarget] = []
        var start = 0
        while true {
            let end = text.firstIndex(of: UInt8(ascii: ","), from: start) ?? text.count
            guard targets.count < Limits.fallbackCount else {
                throw ArgumentError("fallback", "more than \(Limits.fallbackCount) entries")
            }
            targets.append(try entry(text.extracting(start..<end).trimmed(), number: targets.count &+ 1))
            guard end < text.count else { return targets }
            start = end &+ 1
        }
    }

    private static func entry(_ text: Span<UInt8>, number: Int) throws(ArgumentError) -> FallbackTarget {
        guard !text.isEmpty else { throw error(number, "is empty") }
        let mark = text.lastIndex(of: UInt8(ascii: "@"))
        let model = text.extracting(0..<(mark ?? text.count)).trimmed()
        do throws(ArgumentError) {
            if !model.isEmpty { try RequestBuilder.check(modelID: model) }
        } catch {
            throw Self.error(number, "is not usable: " + error.message)
        }
        guard let mark else { return FallbackTarget(modelID: Bytes(copying: model), region: []) }
        let region = text.extracting((mark &+ 1)..<text.count).trimmed()
        guard !region.isEmpty else { throw error(number, "has no region behind the @") }
        do throws(ArgumentError) {
            _ = try Endpoint.regional(region)
        } catch {
            throw Self.error(number, "is not usable: " + error.message)
        }
        return FallbackTarget(modelID: Bytes(copying: model), region: Bytes(copying: region))
    }

    private static func error(_ number: Int, _ what: Message) -> ArgumentError {
        ArgumentError("fallback", "entry \(number) " + what)
    }
}

extension Span where Element == UInt8 {
    fileprivate func lastIndex(of byte: UInt8) -> Int? {
        var at = count
        while at > 0 {
            at &-= 1
            if self[unchecked: at] == byte { return at }
        }
        return nil
    }
}
