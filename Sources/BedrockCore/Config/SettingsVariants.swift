extension Settings {
    /// The same with another region.
    /// In the region of a call where there is none; an unusable one is no reason to fail here.
    func of(region other: Bytes) -> Settings {
        guard region == nil, !other.isEmpty else { return self }
        do throws(ConfigError) {
            return try inRegion(other)
        } catch {
            return self
        }
    }

    func inRegion(_ region: Bytes) throws(ConfigError) -> Settings {
        let other = Config()
        try other.set(.region, to: region.span)
        return try with(other)
    }
}
