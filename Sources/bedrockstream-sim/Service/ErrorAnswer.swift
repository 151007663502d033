/// The errors that knobs ask for, in the shapes that clients meet.
enum ErrorAnswer {
    static func reply(_ knobs: Knobs) -> Reply? {
        guard knobs.status != nil || knobs.error != nil else { return nil }
        let known = Refusal.statuses.first { $0.name == knobs.error }?.status
        let status = knobs.status ?? known ?? 400
        let name = knobs.error ?? Refusal.name(forStatus: status) ?? "UnknownError"
        var reply = shaped(Refusal(name: name, status: status, message: message(name)), knobs.shape)
        if let milliseconds = knobs.retryAfter {
            reply.headers.append(Header(name: "x-amz-retry-after", value: "\(milliseconds)"))
        }
        return reply
    }

    private static func message(_ name: String) -> String {
        switch name {
        case "ThrottlingException": "Too many requests, please wait before trying again."
        case "ModelNotReadyException": "Model is getting ready for inference. Try your request again later."
        case "ServiceUnavailableException": "Bedrock is unable to process your request."
        case "ModelTimeoutException": "Model has timed out in processing the request. Try your request again."
        case "ExpiredTokenException": "The security token included in the request is expired"
        default: "The simulator was asked for \(name)."
        }
    }

    private static func shaped(_ refusal: Refusal, _ shape: Knobs.ErrorShape) -> Reply {
        let message = JSONValue.string(refusal.message)
        switch shape {
        case .json: return refusal.reply
        case .upper: return json(refusal, [("Message", message)], named: true)
        case .type:
            return json(
                refusal, [("__type", .string("com.amazon.coral.service#\(refusal.name)")), ("message", message)])
        case .code: return json(refusal, [("code", .string(refusal.name)), ("message", message)])
        case .nested:
            let inner: [(String, JSONValue)] = [("__type", .string(refusal.name)), ("message", message)]
            return json(refusal, [("Output", .object(inner)), ("Version", .string("1.0"))])
        case .html:
            return plain(
                refusal, "text/html",
                "<html><body><h1>\(refusal.status) \(Reply.reason(refusal.status))</h1></body></html>\n")
        case .text: return plain(refusal, "text/plain", "upstream connect error\n")
        case .empty: return Reply(status: refusal.status)
        }
    }

    private static func json(_ refusal: Refusal, _ members: [(String, JSONValue)], named: Bool = false) -> Reply {
        var reply = Reply(status: refusal.status, body: .bytes(JSONValue.object(members).bytes))
        reply.headers = [Header(name: "Content-Type", value: "application/json")]
        if named {
            reply.headers.append(Header(name: "x-amzn-ErrorType", value: refusal.name + ":http://internal.amazon.com/"))
        }
        return reply
    }

    private static func plain(_ refusal: Refusal, _ type: String, _ text: String) -> Reply {
        Reply(
            status: refusal.status, headers: [Header(name: "Content-Type", value: type)], body: .bytes(Array(text.utf8))
        )
    }
}
