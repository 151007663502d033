import Testing

@testable import BedrockCore

/// Runs one source, answers what it asks from tables, and writes down what that was.
final class InquiryDriver {
    /// What an HTTP request comes to.
    enum Answer {
        case http(Int, String)
        case refused
        case timeout
        /// An answer that the edge does not take, or a transport that fails in another way.
        case failure(String)
    }

    var environment = ["HOME": "/h"]
    /// Contents of the config file.
    var config = ""
    /// Contents of the credentials file; nil where there is none.
    var credentials: String?
    /// Configuration keys.
    var code: [String: String] = [:]
    /// By path. Another does not exist.
    var files: [String: String] = [:]
    /// By path, why it cannot be read.
    var brokenFiles: [String: String] = [:]
    /// By "METHOD url", one after the other; the last one stays. What is not here refuses the connection.
    var http: [String: [Answer]] = [:]
    /// By the program's words. What is not here cannot be run.
    var programs: [[String]: (status: Int, output: String)] = [:]
    var mfaCode: String?
    /// The host has a callback for codes.
    var asksForCodes = false
    /// What the clocks of servers show; nil where their answers do not tell.
    var serverSeconds: Int64?
    /// Called when a request was answered.
    var onHTTP: () -> Void = {}
    var goal = Inquiry.Goal.credentials
    /// 2026-01-02T03:04:05Z
    var wall: Int64 = 1_767_323_045
    var seed: UInt64 = 7

    /// One line for each ask: "file /x", "GET http://x {name: value}", "POST http://x body", "wait 1000 ms".
    private(set) var asked: [String] = []
    private(set) var requests: [IdentityRequest] = []
    private(set) var written: [String: String] = [:]
    /// Of the run that ended.
    private(set) var skipped = ""
    private(set) var failure: String?

    /// Nil where the source is not configured, or has failed.
    @discardableResult
    func run(_ source: (Inquiry) throws(Halt) -> ResolvedIdentity?) throws -> ResolvedIdentity? {
        (asked, requests, failure) = ([], [], nil)
        let shared = SharedState(signer: try #require(RequestSigner()), seed: seed)
        shared.hostKinds = asksForCodes ? .mfaCode : []
        let inquiry = Inquiry(goal, try settings(), shared, readsSources: false, wall: wall)
        defer { skipped = "\(inquiry.skippedText)" }
        while true {
            do throws(Halt) {
                let identity = try inquiry.run(wall: wall, source)
                guard let ask = inquiry.pending else { return identity }
                inquiry.found(answer(ask))
            } catch {
                failure = "\(error.failure ?? "")"
                return nil
            }
        }
    }

    private func settings() throws -> Settings {
        let config = Config()
        for (name, value) in code { try config.set(name, value) }
        let variables = BedrockCoreTests.environment(environment)
        let files = ProfileFiles(
            config: try ProfileFile.parse(Bytes(self.config.utf8).span, .config),
            credentials: try credentials.map { try ProfileFile.parse(Bytes($0.utf8).span, .credentials) })
        return try Settings.make(config, variables, try Profile(files, FileLocations(variables, config)))
    }

    private func answer(_ ask: Ask) -> Finding {
        switch ask.kind {
        case .file: return file(String(ask.text))
        case .write: return write(String(ask.text), ask.contents)
        case .http: return send(ask.request)
        case .process: return run(ask.words.map { String($0) }, ask.time)
        case .wait:
            asked.append("wait \(ask.time / 1_000_000) ms")
            return Finding()
        case .host where ask.host == .mfaCode:
            asked.append("code \(String(ask.text))")
            return mfaCode.map { Finding(bytes: buffer($0)) } ?? Finding(failure: "has none")
        case .sources, .host, .lead:
            asked.append("\(ask.kind)")
            return Finding()
        }
    }

    private func file(_ path: String) -> Finding {
        asked.append("file \(path)")
        if let reason = brokenFiles[path] { return Finding(failure: BedrockCore.Message(text: reason)) }
        guard let text = written[path] ?? files[path] else {
            return Finding(failure: "does not exist", isMissing: true)
        }
        return Finding(bytes: buffer(text))
    }

    private func write(_ path: String, _ contents: Secret?) -> Finding {
        asked.append("write \(path)")
        if let reason = brokenFiles["write \(path)"] { return Finding(failure: BedrockCore.Message(text: reason)) }
        written[path] = contents.map { String($0.copy) } ?? ""
        return Finding()
    }

    private func send(_ request: IdentityRequest?) -> Finding {
        guard let request else { return Finding(failure: "no request") }
        requests.append(request)
        let key = "\(request.method) \(String(request.url))"
        let headers = request.headers.map { "{\(String($0.name)): \(String($0.wholeValue))}" }
        let body = request.body.bytes.array
        asked.append(([key] + headers + (body.isEmpty ? [] : [String(body)])).joined(separator: " "))
        var answers = http[key] ?? [.refused]
        let answer = answers.count > 1 ? answers.removeFirst() : answers.first ?? .refused
        http[key] = answers
        defer { onHTTP() }
        switch answer {
        case .http(let status, let text):
            let finding = Finding(status: status, bytes: buffer(text))
            finding.serverSeconds = serverSeconds
            return finding
        case .refused: return Finding(failure: "could not connect: refused")
        case .failure(let reason): return Finding(failure: BedrockCore.Message(text: reason))
        case .timeout:
            let finding = Finding(failure: "timed out")
            finding.isTimeout = true
            return finding
        }
    }

    private func run(_ words: [String], _ limit: Int64) -> Finding {
        asked.append("run \(words.joined(separator: "|")) within \(limit / 1_000_000) ms")
        guard let program = programs[words] else { return Finding(failure: "cannot be run: no such file") }
        return Finding(status: program.status, bytes: buffer(program.output))
    }

    private func buffer(_ text: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.append(Bytes(text.utf8))
        return buffer
    }
}

extension ResolvedIdentity {
    var keyID: String? { credentials.map { String($0.accessKeyID) } }
    var secretKey: String? { credentials.map { String($0.secretAccessKey.copy) } }
    var sessionToken: String? { credentials?.sessionToken.map { String($0.copy) } }
    /// A bearer token.
    var tokenText: String? { token.map { String($0.copy) } }
}
