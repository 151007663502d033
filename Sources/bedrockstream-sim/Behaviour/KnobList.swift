// The knobs, with what the documentation says of them. `--list-knobs` prints this; the README repeats it.
extension KnobTable {
    static let answer: [Knob] = [
        .flag("echo", \.echo, "the answer is the user's text and nothing else", "sim.echo"),
        .text("text", \.text, "the answer is this text", "sim.text-hello"),
        .count("words", \.words, most: 1_000_000, "length of the paragraph behind the answer (24)", "sim.words-200"),
        .count("pieces", \.pieces, most: 100_000_000, "the answer comes in exactly N deltas of text", "sim.pieces-500"),
        .count(
            "piece", \.piece, least: 1, most: 1_000_000, "every delta has N bytes of text", "sim.pieces-500.piece-20"),
        .count("huge", \.huge, most: 16_000_000, "one delta more, of N bytes", "sim.huge-1000000"),
        .flag(
            "stamp", \.stamp, "every text begins with its sending time: `@`, 19 digits of CLOCK_MONOTONIC in ns, a bar",
            "sim.pieces-500.stamp"),
        .flag(
            "unicode", \.unicode, "the answer holds many scripts, emoji, quotes and control characters", "sim.unicode"),
        .flag(
            "escapes", \.escapes, "all that is not ASCII is written as \\u escapes, in surrogate pairs",
            "sim.unicode.escapes"),
        .count(
            "reasoning", \.reasoning, "a block of reasoning in N deltas and its signature come first",
            "sim.reasoning-10"),
        .flag("redacted", \.redacted, "a block of redacted reasoning comes first", "sim.redacted"),
        .flag("unsigned", \.isUnsigned, "the reasoning has no signature", "sim.reasoning-10.unsigned"),
        .flag("citation", \.citation, "the text ends with a citation", "sim.citation"),
        .choice(
            "cite", \.cite,
            "the text ends with a citation of a page of the web, of characters, pages or chunks of a document, of a "
                + "search result, or with one of each",
            "sim.cite-all"),
        .flag("image", \.image, "an image comes last", "sim.image"),
        .count(
            "imagepieces", \.imagePieces, least: 1, most: 64, "the image's bytes come in N deltas",
            "sim.image.imagepieces-3"),
        .flag("imageerror", \.hasImageError, "the image ends with an error", "sim.image.imageerror"),
        .flag("servertool", \.serverTool, "a tool that the service runs, and its result, come first", "sim.servertool"),
        .choice(
            "serverresult", \.serverResult, "what that tool's result holds: a text, JSON, both, an error",
            "sim.servertool.serverresult-both"),
        .choice(
            "tool", \.tool,
            "auto: the first tool is called until its result comes; never; always; empty: its input is an empty text; "
                + "broken: its input is cut in the middle, stop reason max_tokens",
            "sim.tool-broken"),
        .count("tools", \.tools, least: 1, most: 64, "N tool calls in one answer", "sim.tools-3"),
        .count("turns", \.turns, least: 1, "tools are called until the conversation holds N results", "sim.turns-4"),
        .count(
            "rounds", \.rounds, least: 1,
            "tools are called in N answers, however many results each gets; in place of `turns`",
            "sim.tools-2.rounds-3"),
        .text("stop", \.stop, "the stop reason", "sim.stop-guardrail_intervened"),
        .flag(
            "guardrail", \.guardrail,
            "a guardrail stops the answer; its trace is told where the request asks for it, or `trace`",
            "sim.guardrail.trace"),
        .flag("novel", \.novel, "events, members and deltas that no model has come in between", "sim.novel"),
        .count(
            "cache", \.cached, most: 1_000_000, "usage tells of N input tokens read from a cache and N written",
            "sim.cache-100"),
        .count(
            "cachehour", \.cachedForAnHour, most: 1_000_000, "usage tells of N more, written to a cache for an hour",
            "sim.cache-100.cachehour-50"),
        .flag("trace", \.trace, "metadata has the trace of a guardrail and of a prompt router", "sim.trace"),
        .flag("fields", \.fields, "the message's end has `additionalModelResponseFields`", "sim.fields"),
        .flag("onechunk", \.isOneChunk, "chat completion: everything comes in one chunk", "openai.sim.onechunk"),
        .flag("nopad", \.noPadding, "without the padding member `p`", "sim.nopad"),
        .flag("noprefill", \.noPrefill, "a conversation that ends with the assistant is refused", "sim.noprefill"),
    ]

    static let pace: [Knob] = [
        .time("first", unit: "MS", of: 1e6, \.first, "time before the first byte of the response", "sim.first-2000"),
        .time(
            "event", unit: "MS", of: 1e6, \.event, "time between the response head and the first frame",
            "sim.event-2000"),
        .time("pace", unit: "MS", of: 1e6, \.pace, "time between two deltas", "sim.pace-50"),
        Knob(name: "rate", value: "N", help: "deltas per second", example: "sim.rate-80") { knobs, value in
            guard let number = Double(value), number >= 0.001, number <= 1e9 else { return false }
            knobs.pace = Int64(1e9 / number)
            return true
        },
        .count(
            "frames", \.frames, least: 1, most: 10_000, "N deltas go out together, in one HTTP chunk", "sim.frames-10"),
        .count("chunk", \.chunk, least: 1, "HTTP chunks of N bytes, wherever frames end", "sim.chunk-7"),
        .count("write", \.write, least: 1, "TCP writes of N bytes, wherever chunks end", "sim.write-3"),
        .time("gap", unit: "MS", of: 1e6, \.gap, "time between two TCP writes", "sim.write-100.gap-5"),
        Knob(name: "drip", value: "MS", help: "one byte every so many milliseconds", example: "sim.drip-20") {
            knobs, value in
            guard let number = Double(value), number >= 0, number <= 1e6 else { return false }
            knobs.write = 1
            knobs.gap = Int64(number * 1e6)
            return true
        },
        .flag("flush", \.flush, "a TCP write for every chunk, also at full speed", "sim.flush"),
        .flag("close", \.closeDelimited, "no chunks: the body ends with the connection", "sim.close"),
    ]

    static let faults: [Knob] = [
        .count(
            "times", \.times, "only the first N requests of this model id and `key` go wrong",
            "sim.status-503.times-2"),
        Knob(
            name: "key", value: "TEXT", help: "what `times` counts by, beside the model id",
            example: "sim.throttle-1.key-a"
        ) {
            knobs, value in
            knobs.key = value
            return true
        },
        Knob(
            name: "throttle", value: "N", help: "429 for the first N requests: `status-429` with `times-N`",
            example: "sim.throttle-2"
        ) { knobs, value in
            guard let number = Int(value), number >= 0 else { return false }
            knobs.status = 429
            knobs.times = number
            return true
        },
        Knob(name: "status", value: "N", help: "answers with this HTTP status", example: "sim.status-500") {
            knobs, value in
            guard let number = Int(value), 200...599 ~= number else { return false }
            knobs.status = number
            return true
        },
        .text("error", \.error, "name of the exception; sets its status too", "sim.error-ModelNotReadyException"),
        .choice(
            "shape", \.shape,
            "body of the error: json (name in a header), html, empty, `__type`, `code`, a nested `__type`, "
                + "`Message` with a capital, plain text",
            "sim.status-500.shape-html"),
        .count(
            "retryafter", \.retryAfter, "`x-amz-retry-after` of the error, in milliseconds",
            "sim.throttle-1.retryafter-50"),
        .flag("silent", \.silent, "the request is read and never answered", "sim.silent"),
        .choice(
            "drop", \.drop, "no response at all: the connection ends once the request is read", "sim.drop-reset.times-1"
        ),
        .choice(
            "head", \.head,
            "in front of the response head: bytes that are no HTTP, 100 KB of headers, an interim response (103)",
            "sim.head-garbage"),
        .text("exception", \.exception, "an exception inside the stream", "sim.exception-throttlingException.after-3"),
        .choice(
            "as", \.form,
            "the exception's message type: exception, event (its name as an event), error, or a chunk in which the "
                + "model's own format tells it",
            "sim.exception-x.as-error"),
        Knob(
            name: "after", value: "N, start, end",
            help: "where the exception comes: behind N deltas (0), before the first frame, behind the last",
            example: "sim.exception-internalServerException.after-start"
        ) { knobs, value in
            switch value {
            case "start": knobs.after = .start
            case "end": knobs.after = .end
            default:
                guard let number = Int(value), number >= 0 else { return false }
                knobs.after = .deltas(number)
            }
            return true
        },
        .count("stall", \.stall, "silence behind N deltas, the connection stays open", "sim.stall-5"),
        .count("cut", \.cutBytes, "the body breaks off after N bytes", "sim.cut-1000.how-close"),
        .count("cutafter", \.cutDeltas, "the body breaks off behind N deltas", "sim.cutafter-5.how-end"),
        .choice(
            "how", \.how, "how it breaks off: TCP reset, connection closed, or the proper end of a shorter body",
            "sim.cutafter-5.how-close"),
        .choice(
            "corrupt", \.corrupt,
            "frame `frame` is damaged: message or prelude checksum wrong, a length far too large or below 16 bytes, "
                + "random bytes in its place, a header twice, no `:message-type`, one that is no string, a payload "
                + "that is no JSON, none",
            "sim.corrupt-crc.frame-4"),
        .count("frame", \.frame, "number of the damaged frame, from 0 (2)", "sim.corrupt-prelude.frame-0"),
        .choice("odd", \.odd, "status 200, but no event stream: a JSON document, a page, nothing", "sim.odd-html"),
        .flag("lone", \.lone, "the first delta holds half of a surrogate pair", "sim.lone"),
        .flag("nostop", \.noStop, "the stream ends without messageStop", "sim.nostop"),
        .flag("nometa", \.noMetadata, "the stream ends without metadata", "sim.nometa"),
        .count("trailing", \.trailing, "N bytes of no frame behind the last frame", "sim.trailing-5"),
        .flag("hangup", \.hangUp, "the connection is closed after the answer, unannounced", "sim.hangup"),
    ]
}
