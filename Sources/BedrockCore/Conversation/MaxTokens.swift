/// Asks for a shorter answer: models that run out of time often have enough of it for less.
public enum MaxTokens {
    /// The body with half of its limit of tokens, but at least `floor`. Nil where there is no such integer, where there
    /// are two, or where it is `floor` or less already.
    public static func halved(_ body: Span<UInt8>, operation: Operation, floor: Int64) -> ByteBuffer? {
        guard let place = place(body, operation), let limit = body.extracting(place).decimal(), limit > floor else {
            return nil
        }
        var buffer = ByteBuffer(limit: Limits.requestBodyLength)
        buffer.append(body.extracting(0..<place.lowerBound))
        buffer.append(decimal: max(limit / 2, floor))
        buffer.append(body.extracting(place.upperBound..<body.count))
        if buffer.isExhausted { return nil }
        return buffer
    }

    /// The body's limit of tokens, where there is one that is an integer.
    static func limit(_ body: Span<UInt8>, _ operation: Operation) -> Int64? {
        guard let place = place(body, operation) else { return nil }
        return body.extracting(place).decimal()
    }

    private static func place(_ body: Span<UInt8>, _ operation: Operation) -> Range<Int>? {
        var search = MaxTokensSearch(isInvoke: operation.isInvoke)
        do throws(JSONError) {
            try search.read(body)
        } catch {
            return nil
        }
        return search.place
    }
}

/// Finds `inferenceConfig.maxTokens` (Converse, Amazon Nova), or `max_tokens` of the other formats.
private struct MaxTokensSearch {
    let isInvoke: Bool
    private var nested: Range<Int>?
    private var outermost: Range<Int>?
    /// Readers of JSON differ in which of two members they take.
    private var isAmbiguous = false

    init(isInvoke: Bool) {
        self.isInvoke = isInvoke
    }

    var place: Range<Int>? { isAmbiguous ? nil : nested ?? outermost }

    mutating func read(_ body: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(body)
        guard try reader.enterObject() else { return }
        var hasConfig = false
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "inferenceConfig") {
                if hasConfig { isAmbiguous = true }
                hasConfig = true
                guard try reader.enterObject() else { continue }
                while let key = try reader.nextKey() {
                    let value = try reader.skipValue()
                    if reader.isEqual(key, to: "maxTokens") { isAmbiguous = Self.note(value, &nested) || isAmbiguous }
                }
            } else {
                let value = try reader.skipValue()
                if isInvoke, reader.isEqual(key, to: "max_tokens") {
                    isAmbiguous = Self.note(value, &outermost) || isAmbiguous
                }
            }
        }
        _ = try reader.next()  // refuses what stands behind the object
    }

    /// True for the second of two.
    private static func note(_ value: Range<Int>, _ place: inout Range<Int>?) -> Bool {
        defer { place = value }
        return place != nil
    }
}
