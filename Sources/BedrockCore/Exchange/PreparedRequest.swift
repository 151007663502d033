/// A request as it goes to the transport: where to, and every header that it carries.
public struct PreparedRequest {
    public var url: Bytes
    public var headers: [HTTPHeader]
    public var proxy: Bytes
    public var body: RequestBody
    /// The token that goes with it.
    var token: Secret?
    /// What was signed, for the log; empty where it is not wanted, and for what is not signed.
    var canonicalRequest: Bytes = []

    /// Builds the head, and signs for who asks. `epochSeconds` is what the service's clock shows;
    /// `attemptHeaders` are not signed.
    public init(
        operation: Operation, modelID: Bytes, body: RequestBody, settings: Settings, endpoint: Endpoint,
        identity: Identity, signer: RequestSigner, epochSeconds: Int64, attemptHeaders: [HTTPHeader],
        isLogged: Bool = false
    ) throws(Failure) {
        self.body = body
        let head: RequestHead
        do throws(ArgumentError) {
            head = try RequestBuilder.head(
                operation: operation, modelID: modelID.span, basePath: endpoint.basePath.span,
                options: settings.invokeOptions)
        } catch {
            throw Failure(.argument, .prepare, error.message)
        }
        url = endpoint.url(path: head.path.span)
        proxy = try settings.proxy(for: endpoint)
        headers = head.headers + [HTTPHeader("host", endpoint.host)] + settings.extraHeaders
        switch identity {
        case .anonymous: break
        case .bearer(let token):
            // In the clear it goes to this machine alone, and a proxy may be another.
            if !endpoint.isSecure { proxy = [] }
            headers.append(HTTPHeader("authorization", Bytes("Bearer "), secret: token))
            self.token = token
        case .credentials(let credentials):
            let request = SigningRequest(
                method: head.method, scheme: endpoint.scheme, host: endpoint.host, path: head.path, query: head.query,
                headers: headers)
            let region = settings.region ?? []
            let signed = try signer.sign(
                request, body.bytes, credentials, region, epochSeconds, isLogged ? .redacted : .none)
            headers += signed.headers
            canonicalRequest = signed.canonicalRequest
            token = credentials.sessionToken
        }
        headers += attemptHeaders
        headers.append(HTTPHeader("user-agent", settings.userAgent))
    }
}

/// A signer that several owners may hold, one thread at a time.
public final class RequestSigner {
    private var signer: SigV4Signer

    /// Nil without memory.
    public init?() {
        guard let signer = SigV4Signer() else { return nil }
        self.signer = signer
    }

    public func sign(
        _ request: SigningRequest, body: Span<UInt8>, credentials: Credentials, region: Bytes, service: Bytes,
        epochSeconds: Int64, record: SigningOptions.Record = .none
    ) throws(SigningError) -> SignedRequest {
        try signer.sign(
            request, body: body, credentials: credentials, region: region, service: service,
            epochSeconds: epochSeconds, options: SigningOptions(record: record))
    }

    fileprivate func sign(
        _ request: SigningRequest, _ body: borrowing ByteBuffer, _ credentials: Credentials, _ region: Bytes,
        _ epochSeconds: Int64, _ record: SigningOptions.Record
    ) throws(Failure) -> SignedRequest {
        do throws(SigningError) {
            return try signer.sign(
                request, body: body.span, credentials: credentials, region: region, service: Bytes("bedrock"),
                epochSeconds: epochSeconds, options: SigningOptions(record: record))
        } catch {
            throw Failure(.signing, .prepare, error.message)
        }
    }
}
