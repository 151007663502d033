// SHA-256 and HMAC-SHA-256 of OpenSSL's libcrypto, with contexts that are made once and used again.
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
