import CSystem.Posix

/// A mutex and a condition. The memory for one may be missing: then its owner is not made.
final class Monitor: @unchecked Sendable {
    private let monitor: OpaquePointer

    init?() {
        guard let made = sys_monitor_new() else { return nil }
        monitor = made
    }

    deinit {
        sys_monitor_free(monitor)
    }

    @inline(__always)
    func locked<Value>(_ body: () -> Value) -> Value {
        sys_monitor_lock(monitor)
        defer { sys_monitor_unlock(monitor) }
        return body()
    }

    /// Wakes all who wait; call it locked.
    func broadcast() {
        sys_monitor_broadcast(monitor)
    }

    /// Waits for a broadcast; call it locked. False when the time is over; a negative one never is.
    func wait(timeout: Int64 = -1) -> Bool {
        sys_monitor_wait(monitor, timeout) != 0
    }
}
