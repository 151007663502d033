/// Every setting of the library, in the order of the lists. What is to be known of each stands in one constant, in
/// `IdentityKeys.swift` and the files beside it.
public enum ConfigKey: Int, CaseIterable, Sendable {
    case region, endpointURL, ignoresConfiguredEndpoints, fips, dualStack, profile, configFile, credentialsFile
    case accessKeyID, secretAccessKey, sessionToken, bearerToken, authScheme, authPreference
    case identitySource, identityTimeout, processTimeout, processShell
    case imdsDisabled, imdsV1Disabled, imdsEndpoint, imdsEndpointMode, imdsTimeout, imdsAttempts
    case retryMode, maxAttempts, maxBackoff, onModelTimeout, minMaxTokens, onModelStreamError
    case recovery, recoveryNudge, fallback, hedgeAfter
    case httpVersion, http2Streams, httpHeaders, userAgentSuffix, proxyURL, proxyUser, proxyPassword, proxyBypass
    case caBundle, clientCertificate, clientKey, clientKeyPassword, minTLSVersion, connectTo, interface
    case connectionMaxIdle, connectionMaxAge, connectionKeepAlive, connectionUnacknowledged
    case connectTimeout, firstByteTimeout, betweenBytesTimeout, totalTimeout, toolTimeout, queueBytes
    case turn, maxRounds, maxResultBytes, tapPath, ioThreads, deliveryQueue
    case maxStreams, queuedStreams, requestsPerMinute, tokensPerMinute, queueTime, group
    case contentType, accept, trace, guardrailIdentifier, guardrailVersion
    case performanceLatency, serviceTier, requestMetadata

    static let count = ConfigKey.requestMetadata.rawValue + 1

    public static func named(_ name: Span<UInt8>) -> ConfigKey? {
        for number in 0..<count {
            if let key = ConfigKey(rawValue: number), name.isEqual(to: key.name.span) { return key }
        }
        return nil
    }

    /// What all calls of a client share: what its identity is found by, who serves them, and its limits.
    var isClients: Bool {
        Self.profile.rawValue...Self.credentialsFile.rawValue ~= rawValue
            || Self.identitySource.rawValue...Self.imdsAttempts.rawValue ~= rawValue
            || Self.ioThreads.rawValue...Self.tokensPerMinute.rawValue ~= rawValue || self == .http2Streams
    }

    /// As in `brs_config_set`.
    public var name: ConfigText { ConfigText(text, 0) }
    /// One of "text", "secret", "url", "path", "boolean", "integer" and "one of: a, b, c".
    public var type: ConfigText { ConfigText(text, 1) }
    /// Empty where there is none.
    public var defaultValue: ConfigText { ConfigText(text, 2) }
    /// The variables that are read where code says nothing: "FIRST, SECOND".
    public var environment: ConfigText { ConfigText(text, 3) }
    /// The property of a profile that is read where neither code nor environment say anything; empty for none.
    public var property: ConfigText { ConfigText(text, 4) }
    public var meaning: ConfigText { ConfigText(text, 5) }

    /// The numbers that a key of type integer takes.
    public var bounds: ClosedRange<Int64> {
        let least = ConfigText(text, 6).span.decimal() ?? 0
        return least...max(ConfigText(text, 7).span.decimal() ?? 0, least)
    }

    public var kind: Kind {
        switch type.span[0] {
        case UInt8(ascii: "s"): .secret
        case UInt8(ascii: "u"): .url
        case UInt8(ascii: "p"): .path
        case UInt8(ascii: "b"): .boolean
        case UInt8(ascii: "i"): .integer
        case UInt8(ascii: "o"): .choice
        default: .text
        }
    }

    public enum Kind: Sendable { case text, secret, url, path, boolean, integer, choice }

    var text: StaticString {
        switch rawValue {
        case ...Self.credentialsFile.rawValue: placeText
        case ...Self.processShell.rawValue: identityText
        case ...Self.imdsAttempts.rawValue: metadataText
        case ...Self.hedgeAfter.rawValue: retryText
        case ...Self.proxyBypass.rawValue: transportText
        case ...Self.connectionUnacknowledged.rawValue: connectionText
        case ...Self.deliveryQueue.rawValue: limitText
        case ...Self.group.rawValue: gateText
        default: invokeText
        }
    }
}

/// A part of a constant whose parts each end with a NUL, where it lies.
public struct ConfigText: @unchecked Sendable {
    public let start: UnsafePointer<UInt8>
    public let count: Int

    init(_ text: StaticString, _ number: Int) {
        let parts = Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount)
        var (lower, upper) = (0, parts.firstIndex(of: 0) ?? parts.count)
        for _ in 0..<number {
            lower = min(upper &+ 1, parts.count)
            upper = parts.firstIndex(of: 0, from: lower) ?? parts.count
        }
        start = text.utf8Start + lower
        count = upper &- lower
    }

    public var isEmpty: Bool { count == 0 }

    public var bytes: Bytes { Bytes(UnsafeBufferPointer(start: start, count: count)) }

    public var span: Span<UInt8> {
        @_lifetime(immortal)
        get { _overrideLifetime(Span(_unsafeStart: start, count: count), copying: ()) }
    }

    /// Whether the words of "one of: a, b" have that one.
    func hasChoice(_ word: Span<UInt8>, ignoringCase: Bool) -> Bool {
        var start = Self.choices.utf8CodeUnitCount
        while start < count {
            let end = span.firstIndex(of: UInt8(ascii: ","), from: start) ?? count
            let choice = span.extracting(start..<end)
            if ignoringCase ? word.isEqualIgnoringCase(choice) : word.isEqual(to: choice) { return true }
            start = end &+ 2
        }
        return false
    }

    private static let choices: StaticString = "one of: "
}
