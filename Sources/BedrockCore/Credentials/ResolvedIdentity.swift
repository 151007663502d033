/// What a resolution came to. Compared by identity: whose requests were refused must not be taken for a newer one.
public final class ResolvedIdentity: Sendable {
    /// Exactly one of these three is there, as the inquiry's goal has it.
    public let credentials: Credentials?
    public let token: Secret?
    public let region: Bytes

    public let accountID: Bytes
    /// Seconds since 1970; nil for what does not expire.
    public let expiry: Int64?
    /// Where it is from, as half a sentence: "the environment", "the profile "x" in ...".
    public let source: Message

    private init(
        _ credentials: Credentials?, _ token: Secret?, _ region: Bytes, _ accountID: Bytes, _ expiry: Int64?,
        _ source: Message
    ) {
        self.credentials = credentials
        self.token = token
        self.region = region
        self.accountID = accountID
        self.expiry = expiry
        self.source = source
    }

    public convenience init(
        credentials: Credentials, accountID: Bytes = [], expiry: Int64? = nil, source: Message
    ) {
        self.init(credentials, nil, [], accountID, expiry, source)
    }

    public convenience init(token: Secret, expiry: Int64? = nil, source: Message) {
        self.init(nil, token, [], [], expiry, source)
    }

    public convenience init(region: Bytes, source: Message) {
        self.init(nil, nil, region, [], nil, source)
    }

    /// Nothing would change for the service.
    func hasSameKeys(as other: ResolvedIdentity) -> Bool {
        credentials == other.credentials && token == other.token
    }

    /// The same, of that account where none was known.
    func with(accountID other: Bytes?, source: Message) -> ResolvedIdentity {
        ResolvedIdentity(credentials, token, region, accountID.isEmpty ? other ?? [] : accountID, expiry, source)
    }

    /// The same, said to be from somewhere else or to expire at another time.
    func with(expiry: Int64?, source: Message) -> ResolvedIdentity {
        ResolvedIdentity(credentials, token, region, accountID, expiry, source)
    }
}
