/// What a request asks the simulator to do. `KnobTable` has the words and their meaning.
struct Knobs {
    enum ToolMode: String, CaseIterable { case auto, never, always, empty, broken }
    enum Corruption: String, CaseIterable {
        case crc, prelude, length, short, garbage, duplicate, untyped, nottext, notjson, nopayload
    }
    enum ExceptionForm: String, CaseIterable { case exception, event, error, chunk }
    enum ErrorShape: String, CaseIterable { case json, html, empty, type, code, nested, upper, text }
    enum Citations: String, CaseIterable { case web, char, page, chunk, search, all }
    enum ServerResult: String, CaseIterable { case text, json, both, error }
    enum OddBody: String, CaseIterable { case json, html, empty }
    enum OddHead: String, CaseIterable { case garbage, huge, interim }

    /// Where in the stream something happens.
    enum Place: Equatable {
        /// Before the first frame.
        case start
        /// When that many deltas have been sent.
        case deltas(Int)
        /// Behind the last frame.
        case end
    }

    // The answer
    var echo = false
    var text: String?
    var words: Int?
    var pieces: Int?
    var piece: Int?
    var huge: Int?
    var stamp = false
    var unicode = false
    var escapes = false
    var reasoning: Int?
    var redacted = false
    var isUnsigned = false
    var citation = false
    var cite: Citations?
    var image = false
    var imagePieces = 1
    var hasImageError = false
    var serverTool = false
    var serverResult = ServerResult.text
    var tool = ToolMode.auto
    var tools = 1
    var turns = 1
    var rounds: Int?
    var stop: String?
    var novel = false
    var lone = false
    var cached: Int?
    var cachedForAnHour: Int?
    var guardrail = false
    var trace = false
    var fields = false
    var isOneChunk = false
    var noPadding = false
    var noPrefill = false

    // Pace
    var first: Int64 = 0
    var event: Int64 = 0
    var pace: Int64 = 0
    var frames = 1
    var chunk = 0
    var write = 0
    var gap: Int64 = 0
    var flush = false
    var closeDelimited = false

    // Faults
    var times: Int?
    var key = ""
    var status: Int?
    var error: String?
    var shape = ErrorShape.json
    var retryAfter: Int?
    var silent = false
    var drop: Delivery.Cut?
    var head: OddHead?
    var exception: String?
    var form = ExceptionForm.exception
    var after = Place.deltas(0)
    var stall: Int?
    var cutBytes: Int?
    var cutDeltas: Int?
    var how = Delivery.Cut.reset
    var corrupt: Corruption?
    var frame = 2
    var odd: OddBody?
    var noStop = false
    var noMetadata = false
    var trailing = 0
    var hangUp = false

    /// The same answer, and nothing that goes wrong.
    var withoutFaults: Knobs {
        let good = Knobs()
        var knobs = self
        (knobs.times, knobs.status, knobs.error, knobs.silent) = (good.times, good.status, good.error, good.silent)
        (knobs.exception, knobs.stall, knobs.corrupt) = (good.exception, good.stall, good.corrupt)
        (knobs.cutBytes, knobs.cutDeltas, knobs.odd) = (good.cutBytes, good.cutDeltas, good.odd)
        (knobs.noStop, knobs.noMetadata) = (good.noStop, good.noMetadata)
        (knobs.trailing, knobs.hangUp) = (good.trailing, good.hangUp)
        (knobs.drop, knobs.head, knobs.lone) = (good.drop, good.head, good.lone)
        return knobs
    }

    var delivery: Delivery {
        Delivery(
            firstDelay: first, isSilent: silent, chunkSize: chunk, pace: Outbox.Pace(size: write, gap: gap),
            isCloseDelimited: closeDelimited, sendsEachWrite: flush, cutAt: cutBytes, cut: how, hangsUp: hangUp,
            drop: drop,
            head: head)
    }
}
