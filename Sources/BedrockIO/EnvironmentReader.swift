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
                let length = min(strlen(value), Limits.configValueLength)
                environment.add(name, Bytes(UnsafeRawBufferPointer(start: value, count: length)))
            }
        }
        return environment
    }
}
