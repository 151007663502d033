import Glibc

enum TextFile {
    /// nil: it cannot be read, or has more than `limit` bytes.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < limit {
            let count = fread(&room, 1, room.count, file)
            if count == 0 { return ferror(file) == 0 ? bytes : nil }
            bytes += room[0..<count]
        }
        return nil
    }
}
