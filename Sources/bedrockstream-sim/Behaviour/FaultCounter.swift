/// Counts the requests that were to go wrong, for `times`.
struct FaultCounter {
    private var counts: [String: Int] = [:]

    /// The knobs of this request: without their faults where `times` of them have happened.
    mutating func take(_ knobs: Knobs, model: String) -> Knobs {
        guard let times = knobs.times else { return knobs }
        let key = model + "\n" + knobs.key
        let count = counts[key, default: 0]
        counts[key] = count + 1
        return count < times ? knobs : knobs.withoutFaults
    }

    mutating func reset() {
        counts = [:]
    }
}
