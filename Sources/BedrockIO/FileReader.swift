import BedrockCore
import CSystem.Posix

extension Profile {
    /// Reads the files that the environment points to, once. A file that does not exist says nothing; one that cannot
    /// be read or is malformed is refused with its name.
    static func read(for environment: Environment, _ config: Config) throws(ConfigError) -> Profile {
        let locations = FileLocations(environment, config)
        let files = ProfileFiles(
            config: try profileFile(locations.config, .config),
            credentials: try profileFile(locations.credentials, .credentials))
        return try Profile(files, locations)
    }

    private static func profileFile(_ path: Bytes?, _ kind: ProfileFile.Kind) throws(ConfigError) -> ProfileFile? {
        guard let path else { return nil }
        var contents = ByteBuffer(limit: Limits.profileFileLength + 1, isSecret: true)
        do throws(ProfileFileError) {
            guard try readFile(path, into: &contents, Limits.profileFileLength) else { return nil }
            return try ProfileFile.parse(contents.span, kind)
        } catch {
            throw error.asConfigError(path)
        }
    }
}

/// A file that credentials are read from.
func readIdentityFile(_ path: Bytes) -> Finding {
    var contents = ByteBuffer(limit: Limits.identityAnswerLength + 1, isSecret: true)
    do throws(ProfileFileError) {
        guard try readFile(path, into: &contents, Limits.identityAnswerLength) else {
            return Finding(failure: "does not exist", isMissing: true)
        }
    } catch {
        return Finding(failure: error.message)
    }
    guard contents.count <= Limits.identityAnswerLength else {
        return Finding(failure: "is larger than \(Limits.identityAnswerLength) bytes")
    }
    return Finding(bytes: contents)
}

/// Puts a file in the place of another.
func replaceFile(_ path: Bytes, _ contents: Secret) -> Finding {
    let span = contents.span
    let failed = span.withUnsafeBufferPointer { bytes in
        withPath(path) { sys_file_replace($0, bytes.baseAddress, bytes.count) } ?? sys_out_of_memory()
    }
    return Finding(failure: failed == 0 ? nil : "cannot be written: " + Message(systemError: failed))
}

private func withPath(_ path: Bytes, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32? {
    (path + [0]).withUnsafeBytes { name in name.baseAddress.map { body($0.assumingMemoryBound(to: CChar.self)) } }
}

/// Appends a file's bytes, up to one more than `limit`. False where there is no file.
private func readFile(
    _ path: Bytes, into buffer: inout ByteBuffer, _ limit: Int
) throws(ProfileFileError) -> Bool {
    guard let file = withPath(path, { sys_file_open($0) }) else { return false }
    guard file >= 0 else {
        if sys_is_missing(-file) != 0 { return false }
        throw unreadable(-file)
    }
    defer { sys_file_close(file) }
    while !buffer.isExhausted, buffer.count <= limit {
        let room = min(64 * 1024, limit + 1 - buffer.count)
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
    ProfileFileError(line: 0, message: "cannot be read: " + Message(systemError: error))
}
