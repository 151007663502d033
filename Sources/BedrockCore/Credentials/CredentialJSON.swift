// JSON objects that services, programs and cache files give keys and tokens in. They are small: each look-up reads the
// whole object, and nothing of it is kept but what was asked for. A member of another type is one that is not there.

extension Finding {
    /// It is one JSON object, and nothing behind it.
    var isJSONObject: Bool { Self.isObject(bytes) }

    /// What a member says that is a string; of the object `outer` within the object where that is given. Nil for an
    /// empty string, too.
    func secret(_ name: StaticString, of outer: StaticString = "") -> Secret? { Self.secret(bytes, name, outer) }

    /// The same of what is no secret.
    func text(_ name: StaticString, of outer: StaticString = "") -> Bytes? { secret(name, of: outer)?.copy }

    /// A member that is an integer.
    func integer(_ name: StaticString, of outer: StaticString = "") -> Int64? { Self.integer(bytes, name, outer) }

    // Out of line, with the bytes as a parameter: Embedded Swift 6.3 lends no span of a class's property to a call.

    private static func isObject(_ json: borrowing ByteBuffer) -> Bool { json.span.isJSONObject }

    @inline(never)
    private static func secret(_ json: borrowing ByteBuffer, _ name: StaticString, _ outer: StaticString) -> Secret? {
        let value = json.span.jsonMember(name, of: outer)
        var text = ByteBuffer(isSecret: true)
        do throws(JSONError) {
            var reader = JSONReader(value)
            if let found = try reader.stringOrSkip() { reader.append(found, to: &text) }
        } catch {
            return nil
        }
        return text.isEmpty || text.isExhausted ? nil : Secret(text.span)
    }

    @inline(never)
    private static func integer(_ json: borrowing ByteBuffer, _ name: StaticString, _ outer: StaticString) -> Int64? {
        json.span.jsonMember(name, of: outer).decimal()
    }
}

extension Span where Element == UInt8 {
    var isJSONObject: Bool {
        var at = 0
        while at < count, self[unchecked: at].isBlank { at &+= 1 }
        guard at < count, self[unchecked: at] == UInt8(ascii: "{") else { return false }
        do throws(JSONError) {
            try JSONReader.validate(self)
            return true
        } catch {
            return false
        }
    }

    @_lifetime(copy self)
    func jsonMember(_ name: StaticString, of outer: StaticString) -> Span<UInt8> {
        outer.utf8CodeUnitCount > 0 ? jsonMember(outer).jsonMember(name) : jsonMember(name)
    }

    /// The value of a member of this object as it is written; of several the last, as Python reads them. Empty where
    /// there is none, or where this is no object.
    @_lifetime(copy self)
    @inline(never)
    func jsonMember(_ name: StaticString) -> Span<UInt8> {
        var place = 0..<0
        do throws(JSONError) {
            var reader = JSONReader(self)
            guard try reader.enterObject() else { return extracting(0..<0) }
            while let key = try reader.nextKey() {
                let value = try reader.skipValue()
                if reader.bytes(of: key).span.isMember(name) { place = value }
            }
            return extracting(place)
        } catch {
            return extracting(0..<0)
        }
    }

    /// Services and programs write names both ways: "accessKeyId" and "AccessKeyId".
    func isMember(_ name: StaticString) -> Bool {
        guard count > 0, count == name.utf8CodeUnitCount,
            self[0].asciiLowercased == name.utf8Start[0].asciiLowercased
        else { return false }
        for at in 1..<count where self[unchecked: at] != name.utf8Start[at] { return false }
        return true
    }
}

extension Halt {
    /// "source: what is wrong".
    @inline(never)
    static func failed(_ source: Message, _ wrong: Message) -> Halt { .failed("\(source): \(wrong)") }

    /// "source: has no Name"; what stands there instead may be a secret.
    @inline(never)
    static func missing(_ source: Message, _ name: StaticString) -> Halt { .failed(source, "has no \(name)") }
}

extension Finding {
    /// Keys by their usual names, of which the token's and the time's differ; `outer` as above. A time is RFC 3339, or
    /// an integer of milliseconds since 1970. Those that are for life need neither. `accountID` is for keys that do not
    /// say theirs.
    func keys(
        _ source: Message, token: StaticString, expiry: StaticString, of outer: StaticString = "",
        mayLast: Bool = false, accountID: Bytes = []
    ) throws(Halt) -> ResolvedIdentity {
        guard isJSONObject else { throw .failed(source, "is no JSON object") }
        let id: StaticString = "AccessKeyId"
        let secret: StaticString = "SecretAccessKey"
        let accessKeyID = try needed(source, id, outer).copy
        let secretAccessKey = try needed(source, secret, outer)
        let sessionToken = self.secret(token, of: outer)
        if sessionToken == nil, !mayLast { throw .missing(source, token) }
        let credentials = Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken)
        return ResolvedIdentity(
            credentials: credentials, accountID: text("AccountId", of: outer) ?? accountID,
            expiry: try time(source, expiry, of: outer, isNeeded: !mayLast), source: source)
    }

    /// A string that must be there.
    @inline(never)
    func needed(_ source: Message, _ name: StaticString, _ outer: StaticString = "") throws(Halt) -> Secret {
        guard let secret = secret(name, of: outer) else { throw .missing(source, name) }
        return secret
    }

    /// Seconds since 1970.
    @inline(never)
    func time(
        _ source: Message, _ name: StaticString, of outer: StaticString = "", isNeeded: Bool = true
    ) throws(Halt) -> Int64? {
        if let milliseconds = integer(name, of: outer) { return milliseconds / 1000 }
        guard let text = text(name, of: outer) else {
            if isNeeded { throw .missing(source, name) }
            return nil
        }
        // Older versions of the AWS CLI write "UTC" where a "Z" belongs.
        let end = text.span.ends(with: "UTC") ? text.count &- 3 : text.count
        let written = end < text.count ? Bytes(text[..<end]) + Bytes("Z") : text
        guard let moment = Timestamp(dateTime: written.span) else {
            throw .failed(source, "has a time in \(name) that is not written as in RFC 3339")
        }
        return moment.seconds
    }
}
