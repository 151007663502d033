extension Settings {
    /// The same with another region.
    func inRegion(_ region: Bytes) throws(ConfigError) -> Settings {
        let other = Config()
        try other.set(.region, to: region.span)
        return try with(other)
    }
}
