extension Span where Element == UInt8 {
    /// How long the UTF-8 sequence is that starts at `at`; 0 when there is none that RFC 3629 allows:
    /// no overlong form, no surrogate, nothing above U+10FFFF, nothing cut off.
    @_optimize(speed)
    public func utf8SequenceLength(at: Int) -> Int {
        guard at >= 0, at < count else { return 0 }
        let lead = self[unchecked: at]
        switch lead {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: return hasContinuations(1, after: at) ? 2 : 0
        case 0xE0...0xEF: return hasContinuations(2, after: at) && isSecondByteAllowed(at) ? 3 : 0
        case 0xF0...0xF4: return hasContinuations(3, after: at) && isSecondByteAllowed(at) ? 4 : 0
        default: return 0
        }
    }

    /// Whether all of it is UTF-8.
    @_optimize(speed)
    public var isValidUTF8: Bool {
        var at = 0
        while at < count {
            let length = utf8SequenceLength(at: at)
            if length == 0 { return false }
            at &+= length
        }
        return true
    }

    /// How many bytes one U+FFFD stands for at an invalid place: the longest start of a sequence that could have become
    /// valid, at least one byte (Unicode 3.9, "substitution of maximal subparts").
    func invalidUTF8Length(at: Int) -> Int {
        let wanted = utf8Length(ofLead: at < count ? self[unchecked: at] : 0)
        guard wanted > 1, at &+ 1 < count, hasContinuations(1, after: at), isSecondByteAllowed(at) else { return 1 }
        return wanted == 4 && hasContinuations(2, after: at) ? 3 : 2
    }

    /// Whether the bytes end inside a sequence that starts at `at` and is right so far.
    func isCutOffUTF8(at: Int) -> Bool {
        let have = count &- at
        guard have > 0, have < utf8Length(ofLead: self[unchecked: at]) else { return false }
        return have == 1 || hasContinuations(have &- 1, after: at) && isSecondByteAllowed(at)
    }

    private func utf8Length(ofLead lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }

    @inline(__always)
    private func hasContinuations(_ wanted: Int, after at: Int) -> Bool {
        guard count &- at > wanted else { return false }
        for next in 1...wanted where self[unchecked: at &+ next] & 0xC0 != 0x80 { return false }
        return true
    }

    /// The rows of RFC 3629's table whose second byte is not 80-BF. `at + 1` lies inside the bytes.
    @inline(__always)
    private func isSecondByteAllowed(_ at: Int) -> Bool {
        let second = self[unchecked: at &+ 1]
        switch self[unchecked: at] {
        case 0xE0: return second >= 0xA0
        case 0xED: return second < 0xA0
        case 0xF0: return second >= 0x90
        case 0xF4: return second < 0x90
        default: return true
        }
    }
}
