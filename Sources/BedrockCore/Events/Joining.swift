/// How the next attempt stands to the ones before it.
public enum Renewal: Equatable, Sendable {
    /// Nothing was delivered: there was none before it.
    case fresh
    /// It answers from the beginning.
    case restart
    /// It answers the results of tools: what was delivered before stays.
    case round
    /// It goes on where the answer was cut; asked to by a message of the user's where the model takes no turn that the
    /// assistant has begun.
    case continuation(isNudge: Bool)
}

// What the events of several attempts have to do with each other. All of this is off the usual way.

extension EventDecoder {
    /// Readies the decoder for the body of another attempt.
    public mutating func renew(_ how: Renewal) {
        scratch.removeAll()
        event = StreamEvent()
        queue.removeAll()
        started = StartedBlock()
        tools = ToolCalls()
        exceeded = nil
        contentFault = nil
        renewAnswer(how)
        family = .unknown
        flat = FlatBlocks()
        isIntervened = false
    }

    private mutating func renewAnswer(_ how: Renewal) {
        switch how {
        case .fresh: answer.beginAgain()
        case .restart: answer.restart()
        case .round:
            answer.finishRound(transcript)
            if answer.earlierText.isExhausted { exceeded = .length }
            round &+= 1
        case .continuation(let isNudge):
            answer.goOn()
            joint = Joint(behind: transcript, isNudge: isNudge)
            return
        }
        transcript = Transcript()
        joint = Joint()
    }

    /// `finish` for the events of an attempt that goes on with a cut answer.
    @inline(never)
    mutating func finishJoined(_ type: Span<UInt8>, _ json: Span<UInt8>) -> Outcome {
        if joint.fate == .passes {
            if wantsRaw { takeRaw(type, json) }
            if event.hasDelta { answer.delivered &+= 1 }
        } else if joint.fate == .held, wantsRaw {
            joint.keepRaw(type, json)
        }
        let isWanted = joint.fate == .passes && (event.hasDelta || wantsRaw)
        joint.fate = .passes
        joint.hasNewText = false
        if scratch.isExhausted || joint.isExhausted { return .overLimit(.event) }
        guard let first = joint.takeFlushed(before: event, isWanted: isWanted) else {
            return isWanted ? .event : .nothing
        }
        event = first
        return .event
    }

    private mutating func takeRaw(_ type: Span<UInt8>, _ json: Span<UInt8>) {
        if event.kind != .other {
            joint.appendRaw(type, json, shape, &event, into: &scratch)
        } else {
            event.type = scratch.appendSlice(type)
            event.json = scratch.appendSlice(json)
        }
    }

    private var shape: EventShape {
        operation.isInvoke ? family == .anthropic ? .anthropic : .nova : .converse
    }

    // MARK: The joint

    /// Finds the event in hand its place behind what was delivered. False where it is left out, or held back: then it
    /// changes nothing else either.
    @inline(never)
    mutating func joinEvent() -> Bool {
        joint.fate = .passes
        let isJoined: Bool
        switch event.kind {
        case .messageStart: isJoined = !transcript.hasStarted
        case .blockStart: isJoined = joinBlockStart()
        case .delta: isJoined = joinDelta()
        case .blockStop: isJoined = joinBlockStop()
        case .messageStop:
            flushHeld()
            isJoined = true
        default: isJoined = true
        }
        if !isJoined, joint.fate == .passes { joint.fate = .leftOut }
        return isJoined
    }

    private mutating func joinBlockStart() -> Bool {
        flushHeld()
        if joint.isKnown(event.blockIndex) { return place(started.kind) }
        // The open block has begun already. What Converse does not announce may be text or reasoning: its first delta
        // will tell.
        guard joint.mayGoOn(started.kind) else { return place(started.kind) }
        if started.kind != .unknown { _ = place(started.kind) }
        return false
    }

    private mutating func joinBlockStop() -> Bool {
        flushHeld()
        return place(.text)
    }

    private mutating func joinDelta() -> Bool {
        guard event.hasDelta else { return place(.unknown) }
        let isText = event.deltaKind == .text
        if joint.isHolding, !isText { flushHeld() }
        guard place(event.deltaKind.block) else { return false }
        return isText ? joinText() : true
    }

    /// Gives the event its block's index in the answer; false where the block is left out.
    private mutating func place(_ kind: BlockKind) -> Bool {
        var isOver = false
        let index = joint.index(event.blockIndex, kind, &isOver)
        if isOver { exceeded = .blockCount }
        guard let index else { return false }
        event.blockIndex = index
        return true
    }

    /// Takes from the text what was delivered before; false where nothing is left.
    private mutating func joinText() -> Bool {
        if joint.isHolding, joint.heldIndex != event.blockIndex { flushHeld() }
        if joint.stage == .repeating {
            let isFirst = !joint.isHolding
            let count = event.text.count
            joint.hold(scratch, event.text, index: event.blockIndex)
            guard let text = joint.release(isLast: false, into: &scratch) else {
                joint.fate = .held
                return false
            }
            if !isFirst || text.count < count {
                event.text = text
                joint.hasNewText = true
            }
        }
        if joint.dropSpace(scratch, &event.text) { joint.hasNewText = true }
        return event.text.count > 0 || !joint.hasNewText
    }

    /// What was held back is handed over before the event in hand.
    private mutating func flushHeld() {
        guard joint.isHolding, var text = joint.release(isLast: true, into: &scratch) else { return }
        _ = joint.dropSpace(scratch, &text)
        guard text.count > 0 else { return }
        var held = StreamEvent(kind: .delta)
        held.hasDelta = true
        held.deltaKind = .text
        held.blockIndex = joint.heldIndex
        held.text = text
        if wantsRaw { joint.appendHeldRaw(shape, &held, into: &scratch) }
        keep(held)
        answer.delivered &+= 1
        joint.flush(held)
    }
}

extension DeltaKind {
    /// The kind of block that such a delta belongs to.
    fileprivate var block: BlockKind {
        switch self {
        case .text, .citation: .text
        case .reasoning, .reasoningSignature, .reasoningRedacted: .reasoning
        case .toolInput: .toolUse
        case .toolResult, .image, .other: .other
        }
    }
}
