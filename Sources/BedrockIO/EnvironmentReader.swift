import BedrockCore
import CSystem.Memory
import CSystem.Posix

extension Environment {
    /// Reads the process's environment, once: only the variables that settings ask for.
    public static func ofProcess() -> Environment {
        var environment = Environment()
        for name in names {
            name.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.utf8CodeUnitCount + 1) { pointer in
                guard let value = getenv(pointer) else { return }
                environment.add(name, copy(value))
            }
        }
        return environment
    }

    /// The text up to its NUL, which ends the loop, or up to the longest value that a setting may have.
    private static func copy(_ text: UnsafePointer<CChar>) -> Bytes {
        var bytes = Bytes()
        while bytes.count < Limits.configValueLength, text[bytes.count] != 0 {
            bytes.append(UInt8(bitPattern: text[bytes.count]))
        }
        return bytes
    }
}
