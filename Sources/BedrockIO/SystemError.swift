import BedrockCore
import CSystem.Memory
import CSystem.Posix

extension Client {
    /// Why one could not be made just now.
    public static var lastSystemError: Message { Message(systemError: sys_errno()) }
}

/// Does what may overwrite why something failed.
func keepingSystemError(_ work: () -> Void) {
    let error = sys_errno()
    work()
    sys_set_errno(error)
}

extension Message {
    /// The text of C; it is copied.
    init(cString text: UnsafePointer<CChar>) {
        let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        self.init(copying: Span(_unsafeStart: start, count: strlen(text)))
    }

    /// What the system calls an error number.
    init(systemError error: Int32) {
        if let text = sys_error_text(error) {
            self.init(cString: text)
        } else {
            self = "error \(error)"
        }
    }
}
