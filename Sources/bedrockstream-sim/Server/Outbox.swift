import CSystem.Sim
import Glibc

/// Bytes on their way to one peer, and how fast they may leave.
struct Outbox {
    enum Result {
        case emptied
        /// The socket takes no more for now.
        case full
        /// Nothing may leave before this time.
        case wait(until: Int64)
        case broken
    }

    /// Most bytes of a single send, and the time between two of them; 0: no bound.
    struct Pace {
        var size = 0
        var gap: Int64 = 0
    }

    private var bytes: [UInt8] = []
    private var start = 0
    /// Bytes that leave without regard to the pace: the head of a response.
    private var unpaced = 0
    private var nextSend: Int64 = 0
    var pace = Pace()
    private(set) var sentTotal: Int64 = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: [UInt8]) {
        bytes.append(contentsOf: more)
    }

    mutating func append(_ more: ArraySlice<UInt8>) {
        bytes.append(contentsOf: more)
    }

    mutating func appendHead(_ head: [UInt8]) {
        unpaced = count + head.count
        append(head)
    }

    mutating func flush(to fd: Int32, now: Int64) -> Result {
        while count > 0 {
            if unpaced == 0, pace.gap > 0, now < nextSend { return .wait(until: nextSend) }
            let sent = bytes.withUnsafeBytes { all in
                send(fd, all.baseAddress.map { $0 + start }, portion, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN ? .full : .broken
            }
            account(sent, now)
        }
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 18)
        start = 0
        return .emptied
    }

    private var portion: Int {
        if unpaced > 0 { return unpaced }
        return pace.size > 0 ? min(pace.size, count) : count
    }

    private mutating func account(_ sent: Int, _ now: Int64) {
        start += sent
        sentTotal += Int64(sent)
        if unpaced == 0 { nextSend = now + pace.gap }
        unpaced = max(unpaced - sent, 0)
    }
}
