/// What somebody who signed in left in a file, and what is renewed there: SSO tokens, login sessions.
struct LoginCache {
    /// For messages: "the SSO token in ...".
    private(set) var source: Message
    /// The file's contents, or what they have become.
    private(set) var contents: Finding
    private let inquiry: Inquiry
    private let path: Bytes
    /// The command that signs in again.
    private let command: StaticString
    /// The object that has the time; empty for the outermost.
    private let outer: StaticString

    /// `folder` may begin with a tilde. The file's name is `digest` and an ending.
    static func open(
        _ inquiry: Inquiry, _ what: Message, folder: Bytes, digest: Bytes?, command: StaticString,
        outer: StaticString = ""
    ) throws(Halt) -> LoginCache {
        guard let digest, let folder = FileLocations.expanded(folder, inquiry.settings.environment) else {
            throw .failed(what, "there is no home folder to look for it in")
        }
        let path = folder + Bytes("/") + digest + Bytes(".json")
        let source: Message = "\(what) in \"\(path, upTo: 300)\""
        let contents = try inquiry.find { Ask.file(path) }
        if let failure = contents.failure {
            throw .failed(source, contents.isMissing ? "\(failure): run \"\(command)\"" : failure)
        }
        guard contents.isJSONObject else { throw .failed(source, "is no JSON object") }
        return LoginCache(
            source: source, contents: contents, inquiry: inquiry, path: path, command: command, outer: outer)
    }

    private init(
        source: Message, contents: Finding, inquiry: Inquiry, path: Bytes, command: StaticString, outer: StaticString
    ) {
        self.source = source
        self.contents = contents
        self.inquiry = inquiry
        self.path = path
        self.command = command
        self.outer = outer
    }

    /// Seconds since 1970.
    func expiry() throws(Halt) -> Int64 { try contents.time(source, "expiresAt", of: outer) ?? 0 }

    /// Signing in again helps.
    func ended(_ why: Message) -> Halt { .failed(source, "\(why): run \"\(command)\"") }

    /// Has it renewed where less than `margin` seconds are left: by `request`, which is nil where that cannot be, and
    /// whose answer `merge` makes contents of. Where it does not work out what is there is used as long as it can be.
    mutating func renew(
        within margin: Int64, _ request: () throws(Halt) -> IdentityRequest?,
        _ merge: (_ answer: Finding, _ expiresAt: Secret) throws(Halt) -> Secret?
    ) throws(Halt) {
        let expiry = try expiry()
        guard expiry <= inquiry.startedAt &+ margin else { return }
        do throws(Halt) {
            guard let request = try request() else { throw ended("has ended") }
            let answer = try inquiry.find { Ask.http(request) }
            guard answer.failure == nil, answer.status == 200 else { throw refused(answer) }
            try keep(try merge(answer, try newExpiry(answer)))
        } catch {
            // Waiting is no failure.
            guard error.failure != nil else { throw error }
            try lookAgain(expiry, error)
        }
    }

    private func newExpiry(_ answer: Finding) throws(Halt) -> Secret {
        guard let seconds = answer.integer("expiresIn") else { throw .missing("what renews \(source)", "expiresIn") }
        // Ten years at most.
        let moment = CivilTime(epochSeconds: inquiry.startedAt &+ min(max(seconds, 0), 315_360_000))
        return Secret(moment.dateTime)
    }

    private mutating func keep(_ new: Secret?) throws(Halt) {
        guard let new else { throw .failed(source, "out of memory") }
        let written = try inquiry.find { Ask.write(path, new) }
        contents = Finding(copying: new)
        if let failure = written.failure { source += ", renewed, which \(failure)" }
    }

    /// Another process may have been faster, so that what this one had was good no more; the file may come a moment
    /// later than the refusal.
    private mutating func lookAgain(_ expiry: Int64, _ failure: Halt) throws(Halt) {
        for pause in [0, 200_000_000, 800_000_000] as [Int64] {
            if pause > 0 { _ = try inquiry.find { Ask.wait(pause) } }
            let again = try inquiry.find { Ask.file(path) }
            if again.isJSONObject, let newer = try again.time(source, "expiresAt", of: outer, isNeeded: false),
                newer > max(expiry, inquiry.startedAt)
            {
                contents = again
                return
            }
            if expiry > inquiry.startedAt { return }
        }
        throw failure
    }

    private static let final: [StaticString] = [
        "TOKEN_EXPIRED", "USER_CREDENTIALS_CHANGED", "invalid_grant", "invalid_client", "UnauthorizedException",
    ]

    /// Why there was nothing for what is there; some of that is cured by signing in again.
    func refused(_ answer: Finding, by service: Message? = nil) -> Halt {
        let source = service ?? self.source
        let code = answer.errorCode ?? []
        for final in Self.final where code.span.ends(with: final) {
            return .refused(source, answer, "; run \"\(command)\"")
        }
        return .refused(source, answer, answer.status == 401 ? "; run \"\(command)\"" : "")
    }
}

/// A member of an object, as it is to be.
struct NewMember {
    let name: StaticString
    /// A string's text, or a whole value.
    let value: Secret
    let isText: Bool

    init(_ name: StaticString, _ value: Secret, isText: Bool = true) {
        self.name = name
        self.value = value
        self.isText = isText
    }
}

extension Finding {
    convenience init(copying secret: Secret) {
        var bytes = ByteBuffer(isSecret: true)
        bytes.append(secret.span)
        self.init(bytes: bytes)
    }

    /// This object, or the one that is its member `inner`, with the `new` members instead of those of the same names or
    /// behind them all. What is not known of is kept. Nil when memory is short.
    func object(_ inner: StaticString = "", with new: [NewMember]) -> Secret? { Self.rewritten(bytes, inner, new) }

    private static func rewritten(
        _ json: borrowing ByteBuffer, _ inner: StaticString, _ new: [NewMember]
    ) -> Secret? {
        var writer = JSONWriter(limit: 4 * Limits.identityAnswerLength, isSecret: true)
        writer.beginObject()
        writer.members(inner.utf8CodeUnitCount > 0 ? json.span.jsonMember(inner) : json.span, with: new)
        writer.endObject()
        let secret = writer.buffer.isExhausted ? nil : Secret(writer.buffer.span)
        return secret?.isEmpty ?? true ? nil : secret
    }
}

extension IdentityRequest {
    /// Asks for a new token by what the old one came with.
    static func renewal(_ url: Bytes, _ members: [NewMember]) -> IdentityRequest {
        var body = JSONWriter(isSecret: true)
        body.beginObject()
        body.key("grantType")
        body.string("refresh_token")
        body.append(members)
        body.endObject()
        return IdentityRequest(
            "POST", url, headers: [HTTPHeader("content-type", Bytes("application/json"))],
            body: RequestBody(body.take()))
    }
}

extension JSONWriter {
    fileprivate mutating func members(_ old: Span<UInt8>, with new: [NewMember]) {
        var left = new
        do throws(JSONError) {
            var reader = JSONReader(old)
            guard try reader.enterObject() else { return }
            while let text = try reader.nextKey() {
                let name = reader.bytes(of: text)
                let value = try reader.skipValue()
                if new.contains(where: { name.span.isMember($0.name) }) {
                    guard let at = left.firstIndex(where: { name.span.isMember($0.name) }) else { continue }
                    key(name.span)
                    self.value(left.remove(at: at))
                } else {
                    key(name.span)
                    raw(reader.raw(value))
                }
            }
        } catch {
            buffer.exhaust()
        }
        append(left)
    }

    fileprivate mutating func append(_ members: [NewMember]) {
        for member in members {
            key(member.name)
            value(member)
        }
    }

    private mutating func value(_ member: NewMember) {
        if member.isText { string(member.value.span) } else { raw(member.value.span) }
    }
}
