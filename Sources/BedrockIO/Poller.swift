import CSystem.Curl
import CSystem.Posix

/// An epoll set of libcurl's sockets and the descriptor that wakes the loop.
final class Poller {
    private let set: Int32
    private let wakeup: Int32
    /// Bounded: what is not reported now is reported by the next wait.
    private let ready: UnsafeMutablePointer<sys_ready>
    private var readyCount = 0
    /// Makes the set ready at a moment; negative where the loop's own thread waits for that.
    private let timer: Int32
    private var armedFor = Int64.max
    private static let capacity = 256

    /// Nil without memory or descriptors. One that is hosted has a timer: whoever waits for its set knows of no other.
    static func make(isHosted: Bool) -> Poller? {
        let set = sys_poll_new()
        let wakeup = sys_wake_new()
        let timer = isHosted ? sys_timer_new() : -1
        guard set >= 0, wakeup >= 0, timer >= 0 || !isHosted,
            let memory = malloc(Self.capacity * MemoryLayout<sys_ready>.stride)
        else {
            for descriptor in [set, wakeup, timer] where descriptor >= 0 { close(descriptor) }
            return nil
        }
        return Poller(set, wakeup, timer, memory)
    }

    private init(_ set: Int32, _ wakeup: Int32, _ timer: Int32, _ memory: UnsafeMutableRawPointer) {
        self.set = set
        self.wakeup = wakeup
        self.timer = timer
        ready = memory.bindMemory(to: sys_ready.self, capacity: Self.capacity)
        _ = sys_poll_watch(set, wakeup, Int32(SYS_READABLE), 0)
        if timer >= 0 { watch(timer) }
    }

    deinit {
        close(set)
        close(wakeup)
        if timer >= 0 { close(timer) }
        free(ready)
    }

    /// What can be waited for in place of `wait`.
    var descriptor: Int32 { self.set }

    /// The descriptor is ready at that moment of the clock, in nanoseconds, at the latest; `.max` for no moment.
    func arm(_ moment: Int64) {
        // One that comes too early does no harm, and costs less than being set anew each time.
        guard timer >= 0, moment < armedFor else { return }
        armedFor = moment
        sys_timer_set(timer, moment)
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
            guard event.fd != wakeup, event.fd != timer else {
                sys_wake_clear(event.fd)
                if event.fd == timer { armedFor = .max }
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
