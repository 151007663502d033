extension Settings {
    /// The same with another region.
    func inRegion(_ region: Bytes) throws(ConfigError) -> Settings {
        let other = config.copy()
        try other.set(.region, to: region.span)
        return try Settings.make(other, environment, profile)
    }

    /// The same with another environment.
    func with(_ environment: Environment) throws(ConfigError) -> Settings {
        try Settings.make(config, environment, profile)
    }
}
