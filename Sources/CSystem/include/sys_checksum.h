// CRC-32 as zlib, PNG and Ethernet use it, with the processor's carry-less multiplication where there is one.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The checksum of `len` bytes; `crc` is that of the bytes before them, 0 at the beginning.
uint32_t sys_crc32(uint32_t crc, const void *_Nullable bytes, size_t len);

/// The same from tables alone, for processors without that instruction.
uint32_t sys_crc32_tables(uint32_t crc, const void *_Nullable bytes, size_t len);
