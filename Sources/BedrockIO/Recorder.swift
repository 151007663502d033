import BedrockCore
import CSystem.Posix
import Synchronization

/// Writes the exchanges of one stream to the file that `tap.path` names, one line at a time.
///
/// Each line is one write to a descriptor that appends, so that streams, clients and processes may share a file. A line
/// that does not get in whole, as on a full disk, is the last one; the stream goes on. All but `open` is the loop's.
public final class Recorder: @unchecked Sendable {
    private let counter: ExchangeCounter
    private var record: ExchangeRecord
    /// The lane of what is recorded, and what goes out in the other one.
    private var lane = Lane.first
    private var beside: (request: PreparedRequest, attempt: UInt32, sentAt: Int64)?
    /// Negative: nothing is written any more.
    private var file: Int32

    static func open(_ path: Bytes, _ counter: ExchangeCounter) throws(ConfigError) -> Recorder {
        let file = (path + [0]).withUnsafeBytes { name in
            name.baseAddress.map { sys_file_append($0.assumingMemoryBound(to: CChar.self)) } ?? 0
        }
        guard file < 0 else { return Recorder(file, counter) }
        throw ConfigError(message: "tap.path: the file cannot be opened: \(Message(systemError: -file))")
    }

    private init(_ file: Int32, _ counter: ExchangeCounter) {
        self.file = file
        self.counter = counter
        record = ExchangeRecord(process: counter.process)
    }

    deinit {
        close()
    }

    func begin(_ request: PreparedRequest, attempt: UInt32, now: Int64) {
        guard file >= 0 else { return }
        write(record.begin(request, number: counter.next(), attempt: attempt, now: now))
    }

    /// What goes out beside the request that is recorded.
    func keep(_ request: PreparedRequest, attempt: UInt32, now: Int64) {
        beside = (request, attempt, now)
    }

    /// Records what is in this lane, where the request that was sent beside the other has taken its place.
    func follow(_ lane: Lane, now: Int64) {
        guard lane != self.lane else { return }
        self.lane = lane
        end(cut: "another request goes on in its place", now: now)
        if let beside { begin(beside.request, attempt: beside.attempt, now: beside.sentAt) }
        beside = nil
    }

    func head(_ line: Span<UInt8>, now: Int64) {
        guard file >= 0, let line = record.head(line, now: now) else { return }
        write(line)
    }

    func bytes(_ bytes: Span<UInt8>, now: Int64) {
        guard file >= 0, let line = record.bytes(bytes, now: now) else { return }
        write(line)
    }

    /// The answer is whole; or it was cut, where a reason is given. The first of several ends is told.
    func end(cut reason: Message? = nil, now: Int64) {
        guard file >= 0, let line = record.end(cut: reason, now: now) else { return }
        write(line)
    }

    func close() {
        if file >= 0 { sys_file_close(file) }
        file = -1
    }

    private func write(_ line: borrowing ByteBuffer) {
        guard !line.isExhausted, let bytes = line.pointer else { return close() }
        let written = sys_file_write(file, bytes, line.count)
        guard written != Int64(line.count) else { return }
        // Lines of others begin on a line of their own.
        if written > 0 { _ = sys_file_write(file, "\n", 1) }
        close()
    }
}

/// Numbers the exchanges of a client.
public final class ExchangeCounter: Sendable {
    let process = sys_random()
    private let last = Atomic<Int64>(0)

    func next() -> Int64 {
        last.add(1, ordering: .relaxed).newValue
    }
}
