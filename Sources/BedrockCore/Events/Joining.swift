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
            joint = JointBox(Joint(behind: transcript, isNudge: isNudge))
            return
        }
        transcript = Transcript()
        joint = nil
    }

    /// `finish` for the events of an attempt that goes on with a cut answer.
    @inline(never)
    mutating func finishJoined(_ joint: JointBox, _ type: Span<UInt8>, _ json: Span<UInt8>) -> Outcome {
        if joint.value.fate == .passes {
            if wantsRaw { takeRaw(joint, type, json) }
            if event.hasDelta { answer.delivered &+= 1 }
        } else if joint.value.fate == .held, wantsRaw {
            joint.value.keepRaw(type, json)
        }
        let isWanted = joint.value.fate == .passes && (event.hasDelta || wantsRaw)
        joint.value.fate = .passes
        joint.value.hasNewText = false
        if scratch.isExhausted || joint.value.isExhausted { return .overLimit(.event) }
        guard let first = joint.value.takeFlushed(before: event, isWanted: isWanted) else {
            return isWanted ? .event : .nothing
        }
        event = first
        return .event
    }

    private mutating func takeRaw(_ joint: JointBox, _ type: Span<UInt8>, _ json: Span<UInt8>) {
        if event.kind != .other {
            joint.value.appendRaw(type, json, shape, &event, into: &scratch)
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
    mutating func joinEvent(_ joint: JointBox) -> Bool {
        joint.value.fate = .passes
        let isJoined: Bool
        switch event.kind {
        case .messageStart: isJoined = !transcript.hasStarted
        case .blockStart: isJoined = joinBlockStart(joint)
        case .delta: isJoined = joinDelta(joint)
        case .blockStop: isJoined = joinBlockStop(joint)
        case .messageStop:
            flushHeld(joint)
            isJoined = true
        default: isJoined = true
        }
        if !isJoined, joint.value.fate == .passes { joint.value.fate = .leftOut }
        return isJoined
    }

    private mutating func joinBlockStart(_ joint: JointBox) -> Bool {
        flushHeld(joint)
        if joint.value.isKnown(event.blockIndex) { return place(joint, started.kind) }
        // The open block has begun already. What Converse does not announce may be text or reasoning: its first delta
        // will tell.
        guard joint.value.mayGoOn(started.kind) else { return place(joint, started.kind) }
        if started.kind != .unknown { _ = place(joint, started.kind) }
        return false
    }

    private mutating func joinBlockStop(_ joint: JointBox) -> Bool {
        flushHeld(joint)
        return place(joint, .text)
    }

    private mutating func joinDelta(_ joint: JointBox) -> Bool {
        guard event.hasDelta else { return place(joint, .unknown) }
        let isText = event.deltaKind == .text
        if joint.value.isHolding, !isText { flushHeld(joint) }
        guard place(joint, event.deltaKind.block) else { return false }
        return isText ? joinText(joint) : true
    }

    /// Gives the event its block's index in the answer; false where the block is left out.
    private mutating func place(_ joint: JointBox, _ kind: BlockKind) -> Bool {
        var isOver = false
        let index = joint.value.index(event.blockIndex, kind, &isOver)
        if isOver { exceeded = .blockCount }
        guard let index else { return false }
        event.blockIndex = index
        return true
    }

    /// Takes from the text what was delivered before; false where nothing is left.
    private mutating func joinText(_ joint: JointBox) -> Bool {
        if joint.value.isHolding, joint.value.heldIndex != event.blockIndex { flushHeld(joint) }
        if joint.value.stage == .repeating {
            let isFirst = !joint.value.isHolding
            let count = event.text.count
            joint.value.hold(scratch, event.text, index: event.blockIndex)
            guard let text = joint.value.release(isLast: false, into: &scratch) else {
                joint.value.fate = .held
                return false
            }
            if !isFirst || text.count < count {
                event.text = text
                joint.value.hasNewText = true
            }
        }
        if joint.value.dropSpace(scratch, &event.text) { joint.value.hasNewText = true }
        return event.text.count > 0 || !joint.value.hasNewText
    }

    /// What was held back is handed over before the event in hand.
    private mutating func flushHeld(_ joint: JointBox) {
        guard joint.value.isHolding, var text = joint.value.release(isLast: true, into: &scratch) else { return }
        _ = joint.value.dropSpace(scratch, &text)
        guard text.count > 0 else { return }
        var held = StreamEvent(kind: .delta)
        held.hasDelta = true
        held.deltaKind = .text
        held.blockIndex = joint.value.heldIndex
        held.text = text
        if wantsRaw { joint.value.appendHeldRaw(shape, &held, into: &scratch) }
        keep(held)
        answer.delivered &+= 1
        joint.value.flush(held)
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
