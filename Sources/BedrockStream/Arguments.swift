import BedrockCore
import CBedrockStream
import CSystem.Memory

/// A call that is refused: the code, and what the diagnostic says.
struct Refusal: Error {
    let code: brs_code
    let message: Message

    init(_ code: brs_code, _ message: Message) {
        self.code = code
        self.message = message
    }

    static func null(_ name: StaticString) -> Refusal {
        Refusal(BRS_E_ARGUMENT, "\(name): is NULL")
    }

    static var memory: Refusal { Refusal(BRS_E_MEMORY, "out of memory") }
    static var forked: Refusal {
        Refusal(BRS_E_FORKED, "the client was made before a fork(): make a new one in the child")
    }
}

/// Runs the body of an export and tells code and diagnostic how it went.
func answering(
    _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?, _ body: () throws(Refusal) -> Void
) -> brs_code {
    if let diagnostic, diagnostic.pointee.size < MemoryLayout<brs_diagnostic>.size { return BRS_E_ARGUMENT }
    do throws(Refusal) {
        try body()
        write(BRS_OK, "", to: diagnostic)
        return BRS_OK
    } catch {
        write(error.code, error.message, to: diagnostic)
        return error.code
    }
}

private func write(_ code: brs_code, _ message: Message, to diagnostic: UnsafeMutablePointer<brs_diagnostic>?) {
    guard let diagnostic else { return }
    diagnostic.pointee.code = code
    let room = MemoryLayout.size(ofValue: diagnostic.pointee.message) - 1
    withUnsafeMutableBytes(of: &diagnostic.pointee.message) { text in
        var written = 0
        for byte in message.bytes.prefix(room) {
            text[written] = byte
            written += 1
        }
        // Not in the middle of a character.
        if written == room {
            while written > 0, text[written - 1] & 0xC0 == 0x80 { written -= 1 }
            if written > 0, text[written - 1] >= 0xC0 { written -= 1 }
        }
        text[written] = 0
    }
}

/// The bytes of a C string that must be there.
func text(_ pointer: UnsafePointer<CChar>?, _ name: StaticString, limit: Int) throws(Refusal) -> Bytes {
    guard let pointer else { throw .null(name) }
    let length = strnlen(pointer, limit + 1)
    guard length <= limit else { throw Refusal(BRS_E_ARGUMENT, "\(name): longer than \(limit) bytes") }
    return pointer.withMemoryRebound(to: UInt8.self, capacity: length) {
        Bytes(UnsafeBufferPointer(start: $0, count: length))
    }
}

/// The bytes of a C string, or none.
func optionalText(_ pointer: UnsafePointer<CChar>?, _ name: StaticString, limit: Int) throws(Refusal) -> Bytes? {
    pointer == nil ? nil : try text(pointer, name, limit: limit)
}

/// A copy of memory that the caller owns.
func copied(
    _ pointer: UnsafePointer<CChar>?, _ length: Int, _ name: StaticString, limit: Int
) throws(Refusal) -> ByteBuffer {
    guard length >= 0, length <= limit else { throw Refusal(BRS_E_ARGUMENT, "\(name): longer than \(limit) bytes") }
    guard length == 0 || pointer != nil else { throw .null(name) }
    var buffer = ByteBuffer(limit: limit)
    if let pointer {
        pointer.withMemoryRebound(to: UInt8.self, capacity: length) {
            buffer.append(Span(_unsafeStart: $0, count: length))
        }
    }
    guard !buffer.isExhausted else { throw .memory }
    return buffer
}

/// Structs grow at their end: a larger one comes from a newer header, whose new members this library does not know.
func checkSize(_ size: Int, atLeast expected: Int, _ name: StaticString) throws(Refusal) {
    guard size >= expected else {
        throw Refusal(BRS_E_ARGUMENT, "\(name).size: is \(size), must be sizeof, which is \(expected)")
    }
}

extension Refusal {
    init(_ error: ArgumentError) {
        self.init(BRS_E_ARGUMENT, "\(error.argument): \(error.message)")
    }

    init(_ error: ConfigError) {
        self.init(BRS_E_CONFIG, error.message)
    }
}
