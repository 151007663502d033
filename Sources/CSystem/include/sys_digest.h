// What is used of OpenSSL's libcrypto: SHA-256 and HMAC-SHA-256 with contexts that are made once and used again, other
// digests now and then, signatures on P-256.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// One thread at a time may use a digest. NULL when libcrypto refuses or memory is short.
typedef struct sys_digest sys_digest;

sys_digest *_Nullable sys_digest_new(void);
void sys_digest_free(sys_digest *_Nullable digest);

/// Each writes 32 bytes to `out` and returns 1, or returns 0 when libcrypto fails.
int sys_sha256(sys_digest *_Nonnull digest, const void *_Nullable bytes, size_t len, unsigned char *_Nonnull out);
int sys_hmac_sha256(sys_digest *_Nonnull digest, const void *_Nullable key, size_t key_len,
                    const void *_Nullable bytes, size_t len, unsigned char *_Nonnull out);

/// The digest of that name ("SHA1", "SHA256"), which has `size` bytes; 1, or 0 when libcrypto fails.
int sys_digest_named(const char *_Nonnull name, const void *_Nullable bytes, size_t len, unsigned char *_Nonnull out,
                     size_t size);

/// A private key on the curve P-256.
typedef struct sys_key sys_key;

/// NULL where the text is no such key in PEM, or one that a passphrase protects: nobody is asked for that.
sys_key *_Nullable sys_key_from_pem(const void *_Nonnull pem, size_t len);
void sys_key_free(sys_key *_Nullable key);

/// Each writes 64 bytes to `out`, two numbers, and returns 1, or returns 0 when libcrypto fails: the coordinates of the
/// public key, the signature of the SHA-256 digest of `bytes` (RFC 7518, 3.4).
int sys_key_public(sys_key *_Nonnull key, unsigned char *_Nonnull out);
int sys_key_sign(sys_key *_Nonnull key, const void *_Nonnull bytes, size_t len, unsigned char *_Nonnull out);
