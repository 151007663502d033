// C, because Swift has no names for these instructions, and no constant tables that are read in place.
//
// Bit order is reflected: the lowest bit of the first byte is the highest power. The polynomial P is
// x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1,
// 0xEDB88320 reflected.
#include "sys_checksum.h"

// A table's entry for a byte is the sum (exclusive or) of the entries of its bits: eight constants make 256 entries.
#define BITS1(v, a) (v), (v) ^ (a)
#define BITS2(v, a, b) BITS1(v, a), BITS1((v) ^ (b), a)
#define BITS3(v, a, b, c) BITS2(v, a, b), BITS2((v) ^ (c), a, b)
#define BITS4(v, a, b, c, d) BITS3(v, a, b, c), BITS3((v) ^ (d), a, b, c)
#define BITS5(v, a, b, c, d, e) BITS4(v, a, b, c, d), BITS4((v) ^ (e), a, b, c, d)
#define BITS6(v, a, b, c, d, e, f) BITS5(v, a, b, c, d, e), BITS5((v) ^ (f), a, b, c, d, e)
#define BITS7(v, a, b, c, d, e, f, g) BITS6(v, a, b, c, d, e, f), BITS6((v) ^ (g), a, b, c, d, e, f)
#define BITS8(a, b, c, d, e, f, g, h) {BITS7(0u, a, b, c, d, e, f, g), BITS7(h, a, b, c, d, e, f, g)}

// Row k: a byte that k more bytes follow. Read from right to left, row after row, the constants are
// x^32, x^33, ... x^95 modulo P: each is the one before, shifted by one, with P added where a bit fell out.
static const uint32_t table[8][256] = {
    BITS8(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190, 0xedb88320),
    BITS8(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05, 0x3b83984b),
    BITS8(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0, 0xe1351b80),
    BITS8(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d, 0xed59b63b),
    BITS8(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04, 0x58f35849, 0xb1e6b092),
    BITS8(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536, 0x0f580a6c, 0x1eb014d8),
    BITS8(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c, 0x440b7579, 0x8816eaf2),
    BITS8(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256, 0x299dc2ed, 0x533b85da),
};

static uint64_t little64(const uint8_t *at) {
  uint64_t word = 0;
  for (int k = 7; k >= 0; k--) word = word << 8 | at[k];
  return word;
}

uint32_t sys_crc32_tables(uint32_t crc, const void *bytes, size_t len) {
  const uint8_t *at = bytes;
  crc = ~crc;
  for (; len >= 8; at += 8, len -= 8) {
    uint64_t word = little64(at) ^ crc;
    crc = table[7][word & 255] ^ table[6][word >> 8 & 255] ^ table[5][word >> 16 & 255] ^ table[4][word >> 24 & 255] ^
          table[3][word >> 32 & 255] ^ table[2][word >> 40 & 255] ^ table[1][word >> 48 & 255] ^ table[0][word >> 56];
  }
  while (len--) crc = crc >> 8 ^ table[0][(crc ^ *at++) & 255];
  return ~crc;
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

#define FOLDS __attribute__((target("pclmul,sse4.1")))

// Distances in bits over which 128 bits are moved: { x^(d+32), x^(d-32) } modulo P, reflected, shifted left by one.
// Folding as in Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel, 2009).
#define BY_512 _mm_set_epi64x(0x1c6e41596, 0x154442bd4)
#define BY_384 _mm_set_epi64x(0x174359406, 0x03db1ecdc)
#define BY_256 _mm_set_epi64x(0x15a546366, 0x0f1da05aa)
#define BY_128 _mm_set_epi64x(0x0ccaa009e, 0x1751997d0)

FOLDS static inline __m128i load(const uint8_t *at) { return _mm_loadu_si128((const __m128i *)at); }

FOLDS static inline __m128i fold(__m128i lane, __m128i distance) {
  return _mm_xor_si128(_mm_clmulepi64_si128(lane, distance, 0x00), _mm_clmulepi64_si128(lane, distance, 0x11));
}

/// 96 bits to the remainder: over 64 bits, then Barrett's division by floor(x^64 / P).
FOLDS static inline uint32_t remainder96(__m128i rest) {
  const __m128i low32 = _mm_set_epi32(0, 0, 0, -1);
  const __m128i division = _mm_set_epi64x(0x1f7011641, 0x1db710641);
  rest = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(rest, low32), _mm_set_epi64x(0, 0x163cd6124), 0x00),
                       _mm_srli_si128(rest, 4));
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(rest, low32), division, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low32), division, 0x00);
  return ~(uint32_t)_mm_extract_epi32(_mm_xor_si128(rest, quotient), 1);
}

/// Shuffles that move a vector: from `window + n` to higher places by 16 - n bytes, from `window + 16 + n` to lower
/// places by n bytes. Zeros come in.
static const uint8_t window[48] = {
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
};

/// At least 16 bytes. Zeros before a message change nothing, so the odd bytes are taken first, at the end of a
/// block of zeros; what follows is a multiple of 16.
FOLDS static uint32_t crc32_folded(uint32_t crc, const uint8_t *at, size_t len) {
  const __m128i start = _mm_cvtsi32_si128((int)~crc);
  __m128i lane = _mm_xor_si128(load(at), start);
  size_t odd = len & 15;
  if (odd) {
    lane = _mm_shuffle_epi8(lane, load(window + odd));
    __m128i next = _mm_xor_si128(load(at + odd), _mm_shuffle_epi8(start, load(window + 16 + odd)));
    lane = _mm_xor_si128(fold(lane, BY_128), next);
  }
  size_t taken = 16 + odd;
  at += taken, len -= len < taken ? len : taken;
  if (len >= 48) {
    __m128i second = load(at), third = load(at + 16), fourth = load(at + 32);
    for (at += 48, len -= 48; len >= 64; at += 64, len -= 64) {
      lane = _mm_xor_si128(fold(lane, BY_512), load(at));
      second = _mm_xor_si128(fold(second, BY_512), load(at + 16));
      third = _mm_xor_si128(fold(third, BY_512), load(at + 32));
      fourth = _mm_xor_si128(fold(fourth, BY_512), load(at + 48));
    }
    lane = _mm_xor_si128(_mm_xor_si128(fold(lane, BY_384), fold(second, BY_256)),
                         _mm_xor_si128(fold(third, BY_128), fourth));
  }
  for (; len >= 16; at += 16, len -= 16) lane = _mm_xor_si128(fold(lane, BY_128), load(at));
  return remainder96(_mm_xor_si128(_mm_clmulepi64_si128(lane, BY_128, 0x10), _mm_srli_si128(lane, 8)));
}

/// Exactly 8 bytes, as in the prelude of a message.
FOLDS static uint32_t crc32_of_8(uint32_t crc, const uint8_t *at) {
  return remainder96(_mm_xor_si128(_mm_loadl_epi64((const __m128i *)at), _mm_cvtsi32_si128((int)~crc)));
}

/// Asked once, since asking takes longer than a checksum; threads that ask at the same time hear the same. The
/// compiler's own __builtin_cpu_supports knows every processor there is, in five kilobytes.
static int can_fold(void) {
  static atomic_int known;
  int answer = atomic_load_explicit(&known, memory_order_relaxed);
  if (answer) return answer > 0;
  unsigned a, b, c = 0, d;
  int can = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_PCLMUL) && (c & bit_SSE4_1);
  atomic_store_explicit(&known, can ? 1 : -1, memory_order_relaxed);
  return can;
}

uint32_t sys_crc32(uint32_t crc, const void *bytes, size_t len) {
  if (!can_fold()) return sys_crc32_tables(crc, bytes, len);
  if (len >= 16) return crc32_folded(crc, bytes, len);
  return len == 8 ? crc32_of_8(crc, bytes) : sys_crc32_tables(crc, bytes, len);
}
#else
uint32_t sys_crc32(uint32_t crc, const void *bytes, size_t len) { return sys_crc32_tables(crc, bytes, len); }
#endif
