import BedrockCore
import CSystem.Memory
import CSystem.Posix

extension Environment {
    /// Reads the process's environment, once: only the variables that settings ask for.
    public static func ofProcess() -> Environment {
        var environment = Environment()
        for name in names {
            if let value = read(name) { environment.add(name, value) }
        }
        if environment.value("HOME") == nil, let home = homeFolder() { environment.add("HOME", home) }
        return environment
    }

    /// What traces the request that a function in Lambda works on; empty elsewhere. It is another one each time, so
    /// it is read for each call.
    static func traceID() -> Bytes {
        guard read(Bytes("AWS_LAMBDA_FUNCTION_NAME")) != nil, let trace = read(Bytes("_X_AMZN_TRACE_ID")),
            trace.count <= Limits.traceIDLength
        else { return [] }
        return trace
    }

    private static func read(_ name: Bytes) -> Bytes? {
        (name + [0]).withUnsafeBytes { text in
            guard let pointer = text.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
            return getenv(pointer).map { copy($0) }
        }
    }

    /// As shells and the AWS SDKs find it where HOME does not say it.
    private static func homeFolder() -> Bytes? {
        var path = [CChar](repeating: 0, count: 4096)
        let count = path.withUnsafeMutableBufferPointer { path in
            path.baseAddress.map { sys_home_folder($0, path.count) } ?? 0
        }
        return count > 0 ? path.prefix(Int(count)).map { UInt8(bitPattern: $0) } : nil
    }

    /// The text up to its NUL, which ends the loop, or up to the longest value that a setting may have.
    private static func copy(_ text: UnsafePointer<CChar>) -> Bytes {
        var bytes = Bytes()
        // Growing would leave pieces of secrets behind.
        bytes.reserveCapacity(strnlen(text, Limits.configValueLength))
        while bytes.count < Limits.configValueLength, text[bytes.count] != 0 {
            bytes.append(UInt8(bitPattern: text[bytes.count]))
        }
        return bytes
    }
}
