import BedrockCore
import CSystem.Posix

/// A program that prints credentials.
final class ProcessRun {
    enum Start {
        case success(ProcessRun)
        case failure(Finding)
    }

    /// How often it is seen whether a program has ended, in nanoseconds.
    static let interval: Int64 = 10_000_000
    /// How long the end of its output is waited for when it has ended.
    private static let rest: Int64 = 500_000_000

    let pid: pid_t
    /// What it prints; negative when that is closed.
    private(set) var output: Int32
    private(set) var deadline: Int64
    private var status: Int32 = -1
    var isRunning: Bool { status < 0 }
    private var bytes = ByteBuffer(limit: Limits.identityAnswerLength, isSecret: true)

    private init(_ pid: pid_t, _ output: Int32, _ deadline: Int64) {
        self.pid = pid
        self.output = output
        self.deadline = deadline
    }

    deinit {
        closeOutput()
    }

    static func start(_ words: [Bytes], deadline: Int64) -> Start {
        var (output, pid) = (Int32(-1), pid_t(0))
        let failed = withPointers(words) { sys_process_start($0, &output, &pid) }
        guard failed == 0 else {
            return .failure(Finding(failure: "cannot be started: " + Message(systemError: failed)))
        }
        return .success(ProcessRun(pid, output, deadline))
    }

    /// As C wants a list of words: each ends with a NUL, the list with a null pointer.
    private static func withPointers(
        _ words: [Bytes], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        var copies: [UnsafeMutablePointer<CChar>?] = []
        for word in words { copies.append((word + [0]).withUnsafeBytes { copyText($0.baseAddress) }) }
        defer { for copy in copies { free(copy) } }
        guard !words.isEmpty, copies.allSatisfy({ $0 != nil }) else { return sys_out_of_memory() }
        copies.append(nil)
        return copies.withUnsafeBufferPointer { list in list.baseAddress.map(body) ?? sys_out_of_memory() }
    }

    private static func copyText(_ text: UnsafeRawPointer?) -> UnsafeMutablePointer<CChar>? {
        text.flatMap { strdup($0.assumingMemoryBound(to: CChar.self)) }
    }

    /// Takes what has been printed. True when there will be no more, or too much of it.
    func read() -> Bool {
        var result: Int64 = 1
        while result > 0, !bytes.isExhausted {
            let room = max(min(16 * 1024, Limits.identityAnswerLength &- bytes.count), 1)
            bytes.append(upTo: room) { bytes in
                bytes.withUnsafeMutableBufferPointer { bytes in
                    guard let start = bytes.baseAddress else { return }
                    result = sys_file_read(output, start, bytes.count)
                }
                return Int(max(result, 0))
            }
        }
        return result >= 0 || sys_is_waiting(Int32(truncatingIfNeeded: 0 &- result)) == 0
    }

    func closeOutput() {
        if output >= 0 { sys_file_close(output) }
        output = -1
    }

    /// What came of it; nil while it runs and may. Others may hold its output open when it has ended: what it has left
    /// running, or a process that the host forked just then.
    func finding(_ now: Int64) -> Finding? {
        if isRunning {
            status = sys_process_status(pid)
            if !isRunning { deadline = min(deadline, now &+ Self.rest) }
            if output >= 0 { _ = read() }
        }
        if bytes.isExhausted { return Finding(failure: "prints more than \(Limits.identityAnswerLength) bytes") }
        if !isRunning, output < 0 || deadline <= now {
            var printed = ByteBuffer()
            swap(&printed, &bytes)
            return Finding(status: Int(status), bytes: printed)
        }
        return now < deadline ? nil : Finding(failure: "has not ended in time and was ended")
    }
}
