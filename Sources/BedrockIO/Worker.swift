import BedrockCore
import CSystem.Posix
import Synchronization

/// A loop of a client, and the letter box through which other threads reach it.
///
/// It is turned by a thread of its own, or in host-loop style by whoever owns it at the moment: the host, step by step,
/// and every call that has to wait for something. One thread at a time; callbacks run on that one.
final class Worker: @unchecked Sendable {
    enum Letter {
        case start(Stream)
        /// The stream's flags have changed.
        case notice(Stream)
        case cancelAll
        case answered(HostQuestion, Finding)
        case lookUp(Lookup)
        case ask(Petition)
        /// For how many streams at once the loop is to have connections.
        case warm(Int)
    }

    let loop: Loop
    let hasThread: Bool
    private let monitor: Monitor
    private var thread = pthread_t()
    /// Streams that were started here and have not ended; under the client's monitor.
    var openCount = 0

    /// Set under the monitor, so that what is decided by it there holds; each turn looks at it, so not behind the lock.
    private let closing = Atomic(false)

    // Under the monitor.
    private var letters: [Letter] = []
    private var hasExited = false
    /// Who turns the loop.
    private var owner: pthread_t?
    /// How many threads wait for what turning the loop may bring about.
    private var waitingCount = 0

    /// The owner's: letters taken out of the box and not yet looked at, the next one last. A callback that ends the
    /// client finds here what it overtook.
    private var unread: [Letter] = []
    /// The client lives as long as the thread.
    private var client: Client?

    /// How often a step looks again for what has become due meanwhile.
    private static let turnsOfAStep = 8

    private init(_ monitor: Monitor, _ loop: Loop, hasThread: Bool) {
        self.monitor = monitor
        self.loop = loop
        self.hasThread = hasThread
    }

    /// Nil without memory or descriptors.
    static func make(hasThread: Bool) -> Worker? {
        guard let monitor = Monitor(), let loop = Loop.make(isHosted: !hasThread) else { return nil }
        return Worker(monitor, loop, hasThread: hasThread)
    }

    /// False where there can be no thread.
    func start(_ client: Client) -> Bool {
        guard hasThread else { return true }
        self.client = client
        let user = Unmanaged.passRetained(self).toOpaque()
        if sys_thread_start(&thread, "bedrockstream", runWorker, user) == 0 { return true }
        Unmanaged<Worker>.fromOpaque(user).release()
        self.client = nil
        return false
    }

    private var isClosing: Bool { closing.load(ordering: .acquiring) }

    // MARK: Any thread

    /// Whether this thread turns the loop just now, further up.
    var isMine: Bool { monitor.locked { isOwned } }

    private var isOwned: Bool {
        guard let owner else { return false }
        return pthread_equal(owner, pthread_self()) != 0
    }

    /// False when the client is being freed.
    func post(_ letter: Letter) -> Bool {
        let isTaken = monitor.locked {
            if !isClosing { letters.append(letter) }
            return !isClosing
        }
        if isTaken { loop.poller.wake() }
        return isTaken
    }

    /// The same of what counts until the loop has ended.
    func postLate(_ letter: Letter) {
        monitor.locked {
            if !hasExited { letters.append(letter) }
        }
        loop.poller.wake()
    }

    // MARK: Without a thread

    /// Does what is due, without waiting. False while another thread turns the loop, or this one does further up.
    func dispatch() -> Bool {
        let isFree = monitor.locked {
            guard owner == nil, !isClosing else { return false }
            owner = pthread_self()
            return true
        }
        guard isFree else { return false }
        var turns = 1
        while step(0), turns < Self.turnsOfAStep, loop.isDue { turns &+= 1 }
        leave()
        return true
    }

    /// Waits until `isDone`, and turns the loop meanwhile where no other thread does. False when the time, in
    /// nanoseconds, is over before; negative waits without limit. Not inside a callback.
    func attend(_ limit: Int64, until isDone: () -> Bool) -> Bool {
        let end = limit < 0 ? Int64.max : sys_now_ns() &+ min(limit, .max / 2)
        while enter(end, unless: isDone) {
            var isOpen = true
            while isOpen, !isDone(), sys_now_ns() < end {
                isOpen = step(end &- sys_now_ns(), unless: isDone)
                monitor.locked { tellWaiting() }
            }
            leave()
            if !isOpen { break }
        }
        return isDone()
    }

    /// Does something in the owner's place, when it is free, unless `isDone` comes true before.
    func own(unless isDone: () -> Bool, _ work: () -> Void) {
        guard enter(.max, unless: isDone) else { return }
        work()
        leave()
    }

    /// Becomes the owner. False when `isDone`, or the time `end` has come, or the client has been freed.
    private func enter(_ end: Int64, unless isDone: () -> Bool) -> Bool {
        monitor.locked {
            while !isDone(), !hasExited {
                let left = end == .max ? -1 : max(end &- sys_now_ns(), 0)
                if left == 0 { return false }
                if owner == nil, !isClosing {
                    owner = pthread_self()
                    return true
                }
                wait(left)
            }
            return false
        }
    }

    /// Locked, until the loop was turned.
    private func wait(_ limit: Int64 = -1) {
        waitingCount &+= 1
        _ = monitor.wait(timeout: limit)
        waitingCount &-= 1
    }

    /// Locked: the loop was turned.
    private func tellWaiting() {
        if waitingCount > 0 { monitor.broadcast() }
    }

    /// Lets others turn the loop. The host is told by the poller's descriptor when there is something to do.
    private func leave() {
        loop.arm()
        let isEnding = monitor.locked {
            if isClosing, !hasExited { return true }
            release()
            return false
        }
        guard isEnding else { return }
        shutDown()
        monitor.locked { release() }
    }

    private func release() {
        owner = nil
        tellWaiting()
        if !letters.isEmpty { loop.poller.wake() }
    }

    // MARK: The owner

    /// Looks at the letters, and turns the loop once unless `isDone` by then; waits at most so many nanoseconds. False
    /// when the client is being freed.
    private func step(_ longest: Int64, unless isDone: () -> Bool = { false }) -> Bool {
        let hasRead = readLetters()
        guard !isClosing else { return false }
        // A turn leaves nothing to be served.
        if hasRead {
            loop.sweep()
            loop.client?.readyList?.announce()
        }
        if isDone() { return true }
        loop.turn(longest: longest)
        loop.client?.readyList?.announce()
        return true
    }

    /// False where there was none.
    private func readLetters() -> Bool {
        takeLetters()
        guard !unread.isEmpty else { return false }
        while let letter = unread.popLast() {
            switch letter {
            case .start(let stream): loop.start(stream)
            case .notice(let stream): loop.notice(stream)
            case .cancelAll: loop.cancelAll("the client was drained")
            case .answered(let question, let finding): loop.answered(question, finding)
            case .lookUp(let lookup): loop.start(lookup)
            case .ask(let petition): loop.start(petition)
            case .warm(let count): loop.warm(count)
            }
        }
        return true
    }

    private func takeLetters() {
        var box: [Letter] = []
        monitor.locked { swap(&box, &letters) }
        if !box.isEmpty { unread = box.reversed() + unread }
    }

    /// Streams that were opened just before the end are ended as all others.
    private func refuseLetters() {
        takeLetters()
        while let letter = unread.popLast() {
            switch letter {
            case .start(let stream): loop.refuse(stream, Self.freed)
            case .lookUp(let lookup): lookup.finish(nil, Self.wasFreed)
            default: break
            }
        }
    }

    fileprivate func run() {
        monitor.locked { owner = pthread_self() }
        while step(.max) {}
        shutDown()
        client = nil
    }

    private func shutDown() {
        refuseLetters()
        loop.cancelAll(Self.freed)
        loop.sweep()
        loop.refuseLookups(Self.wasFreed)
        monitor.locked {
            hasExited = true
            letters.removeAll()
        }
        loop.shutDown()
    }

    // MARK: The end

    /// From now on nothing is taken.
    func beginClose() {
        monitor.locked { closing.store(true, ordering: .releasing) }
        // Also on the loop's own thread, which may be about to wait when the callback that is running has returned.
        loop.poller.wake()
    }

    func end() {
        beginClose()
        close()
    }

    /// When this returns no callback runs, but for the one it was called from.
    func close() {
        if isMine {
            refuseLetters()
            loop.cancelAll(Self.freed)
            loop.forgetHost()
            if hasThread { pthread_detach(pthread_self()) }
        } else if hasThread {
            pthread_join(thread, nil)
        } else {
            closeInPlace()
        }
    }

    private func closeInPlace() {
        let isMineToEnd = monitor.locked {
            while owner != nil { wait() }
            owner = pthread_self()
            return !hasExited
        }
        if isMineToEnd { shutDown() }
        monitor.locked {
            owner = nil
            tellWaiting()
        }
    }

    private static let freed: StaticString = "the client was freed"
    static var wasFreed: Failure { Failure(.cancelled, .prepare, Message(freed)) }
}

private func runWorker(_ user: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let user else { return nil }
    Unmanaged<Worker>.fromOpaque(user).takeRetainedValue().run()
    return nil
}
