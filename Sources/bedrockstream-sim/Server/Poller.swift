import CSystem.Sim
import Glibc

/// The kernel's readiness queue.
final class Poller {
    struct Event {
        var fd: Int32
        /// The serial of the connection that registered, cut to 32 bits: a descriptor's number is used again.
        var serial: UInt32
        var flags: UInt32
        var isReadable: Bool { flags & EPOLLIN.rawValue != 0 }
        /// The peer has ended its side, or the connection is broken.
        var isHangup: Bool { flags & (EPOLLHUP.rawValue | EPOLLERR.rawValue | EPOLLRDHUP.rawValue) != 0 }
    }

    private let epoll: Int32
    private let ready: UnsafeMutablePointer<epoll_event>
    private let capacity: Int32 = 512

    init?() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { return nil }
        ready = .allocate(capacity: Int(capacity))
    }

    deinit {
        ready.deallocate()
        close(epoll)
    }

    func add(_ fd: Int32, serial: UInt64, reads: Bool, writes: Bool) {
        set(EPOLL_CTL_ADD, fd, serial, reads, writes)
    }

    func change(_ fd: Int32, serial: UInt64, reads: Bool, writes: Bool) {
        set(EPOLL_CTL_MOD, fd, serial, reads, writes)
    }

    private func set(_ operation: Int32, _ fd: Int32, _ serial: UInt64, _ reads: Bool, _ writes: Bool) {
        var flags = EPOLLRDHUP.rawValue
        if reads { flags |= EPOLLIN.rawValue }
        if writes { flags |= EPOLLOUT.rawValue }
        let tag = UInt64(UInt32(bitPattern: fd)) << 32 | UInt64(UInt32(truncatingIfNeeded: serial))
        _ = sim_epoll_set(epoll, operation, fd, flags, tag)
    }

    /// Waits until something is ready or `timeout` nanoseconds have passed (nil: no limit).
    func wait(timeout: Int64?) -> [Event] {
        let count = sim_epoll_wait(epoll, ready, capacity, timeout ?? -1)
        return (0..<Int(max(count, 0))).map { at in
            let tag = ready[at].data.u64
            return Event(
                fd: Int32(truncatingIfNeeded: tag >> 32), serial: UInt32(truncatingIfNeeded: tag),
                flags: ready[at].events)
        }
    }
}
