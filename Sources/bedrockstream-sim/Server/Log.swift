import Glibc

/// One line for each request.
final class Log {
    private let file: UnsafeMutablePointer<FILE>?

    /// nil path: no log. "-": standard output.
    init?(path: String?) {
        switch path {
        case nil: file = nil
        case "-": file = fdopen(1, "a")
        case let path?: file = fopen(path, "ae")
        }
        if path != nil, file == nil { return nil }
    }

    deinit {
        if let file { fclose(file) }
    }

    var isOn: Bool { file != nil }

    func write(_ line: String) {
        guard let file else { return }
        fputs(line + "\n", file)
        fflush(file)
    }
}
