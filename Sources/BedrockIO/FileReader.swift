import BedrockCore
import CSystem.Posix

extension Profile {
    /// Reads the files that the environment points to, once. A file that does not exist says nothing; one that cannot
    /// be read or is malformed is refused with its name.
    static func read(for environment: Environment) throws(ConfigError) -> Profile {
        let locations = FileLocations(environment)
        let files = ProfileFiles(
            config: try profileFile(locations.config, .config),
            credentials: try profileFile(locations.credentials, .credentials))
        return try Profile(files, locations)
    }

    private static func profileFile(_ path: Bytes?, _ kind: ProfileFile.Kind) throws(ConfigError) -> ProfileFile? {
        guard let path else { return nil }
        var contents = ByteBuffer(limit: Limits.profileFileLength + 1)
        defer { contents.wipe() }
        do throws(ProfileFileError) {
            guard try readFile(path, into: &contents) else { return nil }
            return try ProfileFile.parse(contents.span, kind)
        } catch {
            throw error.asConfigError(path)
        }
    }
}

/// Appends a file's bytes, as many as the buffer may hold. False where there is no file.
private func readFile(_ path: Bytes, into buffer: inout ByteBuffer) throws(ProfileFileError) -> Bool {
    let file = (path + [0]).withUnsafeBytes { name in
        name.baseAddress.map { sys_file_open($0.assumingMemoryBound(to: CChar.self)) }
    }
    guard let file else { return false }
    guard file >= 0 else {
        if sys_is_missing(-file) != 0 { return false }
        throw unreadable(-file)
    }
    defer { sys_file_close(file) }
    while !buffer.isExhausted, buffer.count <= Limits.profileFileLength {
        let room = min(64 * 1024, Limits.profileFileLength + 1 - buffer.count)
        var result: Int64 = 0
        buffer.append(upTo: room) { bytes in
            bytes.withUnsafeMutableBufferPointer { bytes in
                guard let start = bytes.baseAddress else { return }
                result = sys_file_read(file, start, bytes.count)
            }
            return Int(max(result, 0))
        }
        if result < 0 { throw unreadable(Int32(truncatingIfNeeded: 0 - result)) }
        if result == 0 { break }
    }
    guard !buffer.isExhausted else { throw ProfileFileError(line: 0, message: "does not fit into memory") }
    return true
}

private func unreadable(_ error: Int32) -> ProfileFileError {
    ProfileFileError(line: 0, message: "cannot be read: \(Message(systemError: error))")
}
