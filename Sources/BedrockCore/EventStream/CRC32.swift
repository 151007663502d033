import CSystem.Checksum

/// CRC-32 with the reflected polynomial 0xEDB88320, as zlib has it: the event stream's checksum.
public enum CRC32 {
    /// The checksum of `bytes`; `seed` is the checksum of what came before them.
    @inline(__always)
    public static func checksum(_ bytes: Span<UInt8>, seed: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBufferPointer { sys_crc32(seed, $0.baseAddress, $0.count) }
    }

    /// The same without special instructions, as processors compute it that have none.
    static func checksumFromTables(_ bytes: Span<UInt8>, seed: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBufferPointer { sys_crc32_tables(seed, $0.baseAddress, $0.count) }
    }
}
