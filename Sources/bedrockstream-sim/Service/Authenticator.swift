import BedrockCore
import CSystem.Sim

/// Checks who sends a request: Signature Version 4, or an API key as a bearer token.
final class Authenticator {
    private let options: Options
    private var signer: SigV4Signer
    /// AWS takes signatures that are at most this far from its own clock.
    private static let tolerance: Int64 = 5 * 60
    private static let algorithm = "AWS4-HMAC-SHA256"

    init(options: Options) {
        self.options = options
        guard let signer = SigV4Signer() else { preconditionFailure("libcrypto has no SHA-256") }
        self.signer = signer
    }

    /// nil: the request may pass.
    func refusal(of request: Request) -> Refusal? {
        guard options.checksAuth else { return nil }
        guard let authorization = request.header("authorization"), !authorization.isEmpty else {
            return Refusal(
                name: "MissingAuthenticationTokenException", status: 403, message: "Missing Authentication Token")
        }
        if let token = authorization.suffix(behind: "Bearer ") { return refusal(ofToken: token) }
        guard let fields = authorization.suffix(behind: Self.algorithm + " ") else {
            return Self.incomplete("Unsupported AWS 'algorithm': '\(authorization.prefix { $0 != " " })'.")
        }
        guard let claim = Claim(fields) else {
            return Self.incomplete(
                "Authorization header requires 'Credential' parameter, 'SignedHeaders' parameter and 'Signature' "
                    + "parameter. Authorization=\(authorization.prefix { $0 != "," })")
        }
        return refusalOfScope(claim) ?? refusalOfTime(claim, request) ?? refusalOfHeaders(claim, request)
            ?? refusalOfSignature(claim, request)
    }

    private func refusal(ofToken token: String) -> Refusal? {
        if token.trimmed == options.bearerToken { return nil }
        return Refusal(
            name: "AccessDeniedException", status: 403,
            message: "Authentication failed: Please make sure your API Key is valid.")
    }

    private static func incomplete(_ message: String) -> Refusal {
        Refusal(name: "IncompleteSignatureException", status: 403, message: message)
    }

    private static func invalid(_ message: String) -> Refusal {
        Refusal(name: "InvalidSignatureException", status: 403, message: message)
    }
}

// MARK: - The checks, in the order the service makes them

extension Authenticator {
    private func refusalOfScope(_ claim: Claim) -> Refusal? {
        guard claim.accessKey == options.accessKey else {
            return Refusal(
                name: "UnrecognizedClientException", status: 403,
                message: "The security token included in the request is invalid.")
        }
        guard claim.service == "bedrock", claim.terminator == "aws4_request" else {
            return Self.invalid("Credential should be scoped to correct service: 'bedrock'.")
        }
        if let region = options.region, region != claim.region {
            return Self.invalid("Credential should be scoped to a valid region, not '\(claim.region)'.")
        }
        return nil
    }

    private func refusalOfTime(_ claim: Claim, _ request: Request) -> Refusal? {
        guard let text = request.header("x-amz-date"), let time = CivilTime.parseBasic(Array(text.utf8).span) else {
            return Self.incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        }
        guard text.hasPrefix(claim.date) else {
            return Self.invalid(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")
        }
        let now = sim_wall_s()
        if abs(time - now) <= Self.tolerance { return nil }
        let clock = Self.basic(now)
        let limit = Self.basic(time < now ? now - Self.tolerance : now + Self.tolerance)
        return Self.invalid(
            time < now
                ? "Signature expired: \(text) is now earlier than \(limit) (\(clock) - 5 min.)"
                : "Signature not yet current: \(text) is still later than \(limit) (\(clock) + 5 min.)")
    }

    private static func basic(_ seconds: Int64) -> String {
        String(CivilTime(epochSeconds: seconds).basic)
    }

    /// What has to be signed (AWS, "Elements of an AWS API request signature"), and the session token.
    private func refusalOfHeaders(_ claim: Claim, _ request: Request) -> Refusal? {
        let isSigned: (String) -> Bool = { claim.signedHeaders.contains($0) }
        for header in request.headers
        where header.name == "host" || header.name == "content-type" || header.name.hasPrefix("x-amz-") {
            guard !isSigned(header.name) else { continue }
            return Self.invalid("'\(header.name)' must be a 'SignedHeader' in the AWS Authorization.")
        }
        for name in ["host", "x-amz-date"] where !isSigned(name) {
            return Self.invalid("'\(name)' must be a 'SignedHeader' in the AWS Authorization.")
        }
        let token = request.header("x-amz-security-token")
        if token == options.sessionToken { return nil }
        return Refusal(
            name: token == nil ? "UnrecognizedClientException" : "ExpiredTokenException", status: 403,
            message: token == nil
                ? "The security token included in the request is invalid."
                : "The security token included in the request is expired")
    }

    private func refusalOfSignature(_ claim: Claim, _ request: Request) -> Refusal? {
        guard let computed = compute(claim, request) else {
            return Self.incomplete("The request's head cannot be brought into canonical form.")
        }
        if computed.signature == claim.signature { return nil }
        return Self.invalid(
            """
            The request signature we calculated does not match the signature you provided. Check your AWS Secret \
            Access Key and signing method. Consult the service documentation for details.

            The Canonical String for this request should have been
            '\(computed.canonicalRequest)'

            The String-to-Sign should have been
            '\(computed.stringToSign)'

            """)
    }

    private struct Computed {
        var canonicalRequest: String
        var stringToSign: String
        var signature: String
    }

    private func compute(_ claim: Claim, _ request: Request) -> Computed? {
        let signing = SigningRequest(
            method: Array(request.method.utf8), scheme: Bytes("http"), host: Array((request.header("host") ?? "").utf8),
            path: Array(request.path.utf8), query: Array(request.query.utf8),
            headers: request.headers.map { HTTPHeader(name: Array($0.name.utf8), value: Array($0.value.utf8)) })
        do throws(SigningError) {
            let hash = try signer.payloadHash(of: request.body.span)
            let names = Array(claim.signedHeaders.joined(separator: ";").utf8)
            let canonical = try signer.canonicalRequest(signing, signedHeaders: names.span, payloadHash: hash.span)
            let region = Array(claim.region.utf8)
            let service = Array(claim.service.utf8)
            let text = try signer.stringToSign(
                canonicalRequest: canonical.span, time: Array((request.header("x-amz-date") ?? "").utf8).span,
                region: region.span, service: service.span)
            let signature = try signer.signature(
                of: text.span, secretAccessKey: Array(options.secretKey.utf8).span, date: Array(claim.date.utf8).span,
                region: region.span, service: service.span)
            return Computed(
                canonicalRequest: String(canonical), stringToSign: String(text), signature: String(signature))
        } catch {
            return nil
        }
    }
}

/// What an Authorization header claims.
private struct Claim {
    var accessKey = ""
    var date = ""
    var region = ""
    var service = ""
    var terminator = ""
    var signedHeaders: [String] = []
    var signature = ""

    /// nil when one of the three fields is missing or malformed.
    init?(_ fields: String) {
        for field in fields.split(separator: ",") {
            let parts = field.trimmed.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            switch parts[0] {
            case "Credential": takeScope(parts[1])
            case "SignedHeaders": signedHeaders = parts[1].split(separator: ";").map { $0.lowercased() }
            case "Signature": signature = String(parts[1])
            default: return nil
            }
        }
        if terminator.isEmpty || signedHeaders.isEmpty || signature.isEmpty { return nil }
    }

    private mutating func takeScope(_ text: Substring) {
        let parts = text.split(separator: "/").map(String.init)
        guard parts.count == 5 else { return }
        (accessKey, date, region, service, terminator) = (parts[0], parts[1], parts[2], parts[3], parts[4])
    }
}

extension String {
    /// What follows `prefix`, which the text begins with; nil when it does not.
    func suffix(behind prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
