/// A model that is named by its Amazon Resource Name: "arn:partition:bedrock:region:account:resource".
enum ModelARN {
    /// The region in it; empty where there is none.
    static func region(_ modelID: Bytes) -> Bytes {
        let text = modelID.span
        guard text.starts(with: "arn:") else { return [] }
        var start = 0
        for _ in 0..<3 {
            guard let colon = text.firstIndex(of: UInt8(ascii: ":"), from: start) else { return [] }
            start = colon &+ 1
        }
        let end = text.firstIndex(of: UInt8(ascii: ":"), from: start) ?? start
        return Bytes(copying: text.extracting(start..<end))
    }
}
