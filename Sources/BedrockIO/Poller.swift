import CSystem.Curl
import CSystem.Posix

/// An epoll set of libcurl's sockets and the descriptor that wakes the loop.
final class Poller {
    private let set: Int32
    private let wakeup: Int32
    /// Bounded: what is not reported now is reported by the next wait.
    private let ready: UnsafeMutablePointer<sys_ready>
    private var readyCount = 0
    private static let capacity = 256

    init?() {
        set = sys_poll_new()
        wakeup = sys_wake_new()
        guard set >= 0, wakeup >= 0, let memory = malloc(Self.capacity * MemoryLayout<sys_ready>.stride) else {
            if set >= 0 { close(set) }
            if wakeup >= 0 { close(wakeup) }
            return nil
        }
        ready = memory.bindMemory(to: sys_ready.self, capacity: Self.capacity)
        _ = sys_poll_watch(set, wakeup, Int32(SYS_READABLE), 0)
    }

    deinit {
        close(set)
        close(wakeup)
        free(ready)
    }

    /// Any thread: ends a wait now, or the next one at once.
    func wake() {
        sys_wake(wakeup)
    }

    /// What libcurl wants to know of a socket now (CURL_POLL_*). `isKnown` says whether it is in the set.
    func watch(_ socket: Int32, for what: Int32, isKnown: Bool) {
        var bits = 0
        if what == CURL_POLL_IN || what == CURL_POLL_INOUT { bits |= SYS_READABLE }
        if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { bits |= SYS_WRITABLE }
        _ = sys_poll_watch(set, socket, Int32(bits), isKnown ? 1 : 0)
    }

    /// Waits for something to read from a descriptor that is not libcurl's.
    func watch(_ descriptor: Int32) {
        _ = sys_poll_watch(set, descriptor, Int32(SYS_READABLE), 0)
    }

    func forget(_ socket: Int32) {
        _ = sys_poll_forget(set, socket)
    }

    /// Waits until something is ready, is woken, or the time is over; negative waits without limit. False where more
    /// may be ready than could be told.
    func wait(milliseconds: Int32) -> Bool {
        readyCount = Int(sys_poll_wait(set, ready, Int32(Self.capacity), milliseconds))
        return readyCount < Self.capacity
    }

    /// Hands over the sockets that are ready, with libcurl's bits (CURL_CSELECT_*).
    func handOver(_ body: (_ socket: Int32, _ bits: Int32) -> Void) {
        var at = 0
        while at < readyCount {
            let event = ready[at]
            at &+= 1
            guard event.fd != wakeup else {
                sys_wake_clear(wakeup)
                continue
            }
            var bits: Int32 = 0
            if event.bits & Int32(SYS_READABLE) != 0 { bits |= CURL_CSELECT_IN }
            if event.bits & Int32(SYS_WRITABLE) != 0 { bits |= CURL_CSELECT_OUT }
            if event.bits & Int32(SYS_FAULTY) != 0 { bits |= CURL_CSELECT_ERR }
            body(event.fd, bits)
        }
    }
}
