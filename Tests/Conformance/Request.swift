import BedrockCore

/// A request as far as it could be read.
struct Request {
    /// As it was written; nil where there is none.
    private(set) var id: Bytes?
    private(set) var operation: Bytes = []
    private(set) var problem: Refusal?
    private let text: Bytes
    private var argumentsValue: Value?

    init(_ text: Bytes) {
        self.text = text
        do throws(JSONError) {
            try read(Value.read(document: text.span))
        } catch {
            id = Self.firstID(text.span)
            problem = .malformed(error.message.description)
        }
    }

    func arguments() throws(Refusal) -> Arguments {
        guard let argumentsValue else { throw .malformed("args is missing") }
        return try Arguments(argumentsValue, in: text, path: "args")
    }

    private mutating func read(_ value: Value) throws(JSONError) {
        do throws(Refusal) {
            let members = try Arguments(value, in: text, path: "request")
            id = members.value("id").map { Bytes(copying: JSONReader(text.span).raw($0.range)) }
            argumentsValue = members.value("args")
            operation = try members.text("op")
        } catch {
            problem = error
        }
    }

    /// The id that stands in front of what makes the line malformed.
    private static func firstID(_ text: Span<UInt8>) -> Bytes? {
        var reader = JSONReader(text)
        var id: Bytes?
        do throws(JSONError) {
            guard try reader.enterObject() else { return nil }
            while let name = try reader.nextKey() {
                let value = try reader.skipValue()
                if reader.isEqual(name, to: "id") { id = Bytes(copying: reader.raw(value)) }
            }
        } catch {}
        return id
    }
}
