import BedrockCore
import CSystem.Curl
import CSystem.Posix

/// The host, who may know what nobody else does. Called on the client's thread; must not wait there.
public protocol IdentityHost: AnyObject {
    var kinds: HostKinds { get }
    /// `detail` is the multi-factor device for a code.
    func ask(_ kind: HostKinds, _ detail: Bytes, _ question: HostQuestion)
}

/// Finds out what the inquiries of a client want to know, without ever waiting for it: files at once, HTTP through the
/// loop's multi handle, programs through its poller. The loop's thread alone.
final class Investigator {
    /// What is being found out for a keeper.
    private struct Search {
        let keeper: IdentityKeeper
        var errand: Errand?
        var process: ProcessRun?
        var question: HostQuestion?
        /// When to look again; nil for when something happens.
        var due: Int64?
    }

    private unowned(unsafe) let loop: Loop
    private var searches: [Search] = []
    /// Programs that were ended and whose end has not been seen.
    private var ending: [pid_t] = []
    private static let endingInterval: Int64 = 20_000_000
    private var lookAtEnding: Int64 = 0

    init(_ loop: Loop) {
        self.loop = loop
    }

    // MARK: Asks

    /// Takes up what the keepers ask, until all of it takes time.
    func work() {
        guard loop.shared.hasAsk else { return }
        for keeper in loop.shared.keepers {
            while let ask = keeper.takeAsk() { begin(ask, keeper) }
        }
    }

    private func begin(_ ask: Ask, _ keeper: IdentityKeeper) {
        switch ask.kind {
        case .sources: answer(keeper, loop.readSources())
        case .file: answer(keeper, readIdentityFile(ask.text))
        case .write: answer(keeper, ask.contents.map { replaceFile(ask.text, $0) } ?? Finding())
        case .wait: searches.append(Search(keeper: keeper, due: loop.now &+ ask.time))
        case .http: send(ask, keeper)
        case .process: run(ask, keeper)
        case .host: askHost(ask, keeper)
        case .lead: askLead(ask, keeper)
        }
    }

    private func answer(_ keeper: IdentityKeeper, _ finding: Finding) {
        keeper.found(finding, loop.clock)
    }

    private func send(_ ask: Ask, _ keeper: IdentityKeeper) {
        guard let request = ask.request, let settings = loop.shared.settings else { return answer(keeper, Finding()) }
        do throws(Failure) {
            let errand = try loop.send(request, settings, for: keeper, of: self)
            searches.append(Search(keeper: keeper, errand: errand))
        } catch {
            answer(keeper, Finding(failure: error.message))
        }
    }

    private func run(_ ask: Ask, _ keeper: IdentityKeeper) {
        let limit = ask.time > 0 ? loop.now &+ ask.time : .max
        switch ProcessRun.start(ask.words, deadline: limit) {
        case .failure(let finding): answer(keeper, finding)
        case .success(let process):
            loop.poller.watch(process.output)
            searches.append(Search(keeper: keeper, process: process, due: loop.now &+ ProcessRun.interval))
        }
    }

    private func askHost(_ ask: Ask, _ keeper: IdentityKeeper) {
        guard let host = loop.host, let client = loop.client, let worker = loop.worker else {
            return answer(keeper, Finding(failure: "is gone"))
        }
        let question = HostQuestion(keeper, client, worker)
        searches.append(Search(keeper: keeper, question: question))
        host.ask(ask.host, ask.text, question)
    }

    private func askLead(_ ask: Ask, _ keeper: IdentityKeeper) {
        guard let client = loop.client, let worker = loop.worker else { return answer(keeper, Finding()) }
        let question = HostQuestion(keeper, client, worker)
        searches.append(Search(keeper: keeper, question: question))
        client.askLead(Petition(ask, question))
    }

    // MARK: Answers

    private func take(_ matches: (Search) -> Bool) -> Search? {
        searches.firstIndex(where: matches).map { searches.remove(at: $0) }
    }

    /// An errand's end; libcurl still has the handle.
    func ended(_ errand: Errand, _ finding: Finding) {
        guard let search = take({ $0.errand === errand }) else { return }
        loop.recycle(errand)
        answer(search.keeper, finding)
    }

    func answered(_ question: HostQuestion, _ finding: Finding) {
        guard let search = take({ $0.question === question }) else { return }
        answer(search.keeper, finding)
    }

    /// False for a descriptor that is none of a program's.
    func readable(_ descriptor: Int32) -> Bool {
        guard let at = searches.firstIndex(where: { $0.process?.output == descriptor }),
            let process = searches[at].process
        else { return false }
        if !process.read() { return true }
        closeOutput(process)
        searches[at].due = loop.now
        return true
    }

    // MARK: Time

    /// When `timePassed` is to be called; `.max` for never.
    var nearest: Int64 {
        var nearest = ending.isEmpty ? Int64.max : lookAtEnding
        for search in searches {
            if let due = search.due { nearest = min(nearest, due) }
            if let deadline = search.keeper.deadline { nearest = min(nearest, deadline) }
        }
        return nearest
    }

    func timePassed() {
        reap()
        while let search = take({ ($0.due ?? .max) <= loop.now }) { goOn(search) }
        while let search = take({ ($0.keeper.deadline ?? .max) <= loop.now }) {
            abandon(search)
            _ = search.keeper.timePassed(loop.clock)
        }
    }

    /// A wait is over, or it is time to look at a program.
    private func goOn(_ search: Search) {
        guard let process = search.process else { return answer(search.keeper, Finding()) }
        if let finding = process.finding(loop.now) {
            if process.isRunning { abandon(search) } else { closeOutput(process) }
            return answer(search.keeper, finding)
        }
        var search = search
        search.due = min(loop.now &+ ProcessRun.interval, process.deadline)
        searches.append(search)
    }

    /// Nobody wants to know any more.
    private func abandon(_ search: Search) {
        if let errand = search.errand { loop.recycle(errand) }
        guard let process = search.process else { return }
        closeOutput(process)
        sys_process_kill(process.pid)
        ending.append(process.pid)
        lookAtEnding = loop.now &+ Self.endingInterval
    }

    private func closeOutput(_ process: ProcessRun) {
        if process.output >= 0 { loop.poller.forget(process.output) }
        process.closeOutput()
    }

    private func reap() {
        guard !ending.isEmpty, lookAtEnding <= loop.now else { return }
        ending.removeAll { sys_process_status($0) >= 0 }
        lookAtEnding = loop.now &+ Self.endingInterval
    }

    /// The loop ends; what still runs is ended with it.
    func shutDown() {
        for keeper in loop.shared.keepers { keeper.close() }
        while let search = searches.popLast() { abandon(search) }
        for pid in ending { sys_process_wait(pid) }
        ending.removeAll()
    }
}

/// A question, mostly to the host, that is answered once, on any thread, at any time; the client lives until then.
public final class HostQuestion: @unchecked Sendable {
    let keeper: IdentityKeeper
    private let client: Client
    private let worker: Worker

    init(_ keeper: IdentityKeeper, _ client: Client, _ worker: Worker) {
        self.keeper = keeper
        self.client = client
        self.worker = worker
    }

    public var isForked: Bool { client.isForked }

    /// The first answer counts; one that comes when nobody waits for it any more does nothing.
    public func answer(_ finding: Finding) {
        if !isForked { worker.postLate(.answered(self, finding)) }
    }
}
