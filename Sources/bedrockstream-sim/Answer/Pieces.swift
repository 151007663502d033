/// A text in the pieces it is streamed in. Those beyond `head` are made when they are asked for, so that a million
/// cost nothing.
struct Pieces {
    private var head: [[UInt8]]
    private(set) var count: Int
    /// Length of made pieces; nil: a word each.
    private var size: Int?

    /// `text` in pieces like a model's tokens.
    init(words text: String) {
        self.init(Self.split(text))
    }

    init(_ pieces: [[UInt8]]) {
        head = pieces
        count = pieces.count
    }

    /// As `pieces`, brought to exactly `count` (nil: as many as there are) and `size` bytes each (nil: words).
    init(_ pieces: [[UInt8]], count: Int?, size: Int?) {
        head = size.map { Self.cut(pieces.flatMap { $0 }, size: $0) } ?? pieces
        self.size = size
        self.count = count ?? head.count
    }

    subscript(at: Int) -> [UInt8] {
        if at < head.count { return head[at] }
        return size.map { Filler.bytes(from: at &* $0, count: $0) } ?? Filler.word(at)
    }

    mutating func keepFirst(_ kept: Int) {
        count = min(count, max(kept, 0))
    }

    /// Most of a text that is made in one piece.
    private static let textLimit = 64 << 20

    /// The whole text.
    var text: [UInt8] {
        var all: [UInt8] = []
        for at in 0..<count where all.count < Self.textLimit { all += self[at] }
        return all
    }

    /// Words with the blank before them; long ones in two, punctuation by itself. Never inside a character's UTF-8.
    private static func split(_ text: String) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var piece: [UInt8] = []
        var letters = 0
        for byte in text.utf8 {
            let isBlank = byte <= 32
            let begins = isBlank ? letters > 0 : isPunctuation(byte) || letters >= 7 && byte & 0xC0 != 0x80
            if begins, !piece.isEmpty {
                pieces.append(piece)
                piece.removeAll()
                letters = 0
            }
            piece.append(byte)
            if !isBlank { letters += 1 }
        }
        if !piece.isEmpty { pieces.append(piece) }
        return pieces
    }

    private static func isPunctuation(_ byte: UInt8) -> Bool {
        33...47 ~= byte || 58...64 ~= byte || 91...96 ~= byte || 123...126 ~= byte
    }

    /// Pieces of `size` bytes, never inside a character: one may be up to three bytes longer. The last is filled up.
    private static func cut(_ bytes: [UInt8], size: Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var at = 0
        while at < bytes.count {
            var end = min(at + size, bytes.count)
            while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
            pieces.append(Array(bytes[at..<end]))
            at = end
        }
        if let last = pieces.last, last.count < size {
            pieces[pieces.count - 1] += Filler.bytes(from: 0, count: size - last.count)
        }
        return pieces
    }
}

/// Text that stands for what a model would have to say.
enum Filler {
    private static let text = Array(
        """
         a river does not hurry and yet it wears its bed into the oldest stone, grain by grain, flood by flood. \
        What it carries it lays down again where the water slows, first the pebbles, then the sand, last the clay. \
        Under all of it lies the rock that was there before the valley had a name and bears the weight of every field.
        """.utf8)
    private static let words = text.split(separator: 32).map { [32] + $0 }

    /// `count` bytes of an endless repetition, from `start` on.
    static func bytes(from start: Int, count: Int) -> [UInt8] {
        let offset = start % text.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let from = bytes.isEmpty ? offset : 0
            bytes += text[from..<min(from + count - bytes.count, text.count)]
        }
        return bytes
    }

    /// A word with a blank before it.
    static func word(_ at: Int) -> [UInt8] { words[at % words.count] }

    /// `count` words, other ones for other seeds.
    static func paragraph(words count: Int, seed: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in seed { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let start = Int(hash % UInt64(words.count))
        var bytes: [UInt8] = []
        for at in 0..<count { bytes += word(start + at) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
