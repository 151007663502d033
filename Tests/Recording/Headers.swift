import BedrockCore

extension Array where Element == HTTPHeader {
    /// What the first header of that name says over the wire.
    public func wholeValue(of name: StaticString) -> Bytes? {
        first { String($0.name).lowercased() == "\(name)".lowercased() }?.wholeValue
    }
}
