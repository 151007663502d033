#include "sys_digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

struct sys_digest {
  EVP_MD *sha256;
  EVP_MD_CTX *hash;
  EVP_MAC_CTX *mac;
};

sys_digest *sys_digest_new(void) {
  sys_digest *digest = calloc(1, sizeof *digest);
  if (!digest) return NULL;
  digest->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  digest->hash = EVP_MD_CTX_new();
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  digest->mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
  EVP_MAC_free(hmac);
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
                         OSSL_PARAM_construct_end()};
  if (digest->sha256 && digest->hash && digest->mac && EVP_MAC_CTX_set_params(digest->mac, params)) return digest;
  sys_digest_free(digest);
  return NULL;
}

void sys_digest_free(sys_digest *digest) {
  if (!digest) return;
  EVP_MAC_CTX_free(digest->mac);
  EVP_MD_CTX_free(digest->hash);
  EVP_MD_free(digest->sha256);
  free(digest);
}

int sys_sha256(sys_digest *digest, const void *bytes, size_t len, unsigned char *out) {
  return EVP_DigestInit_ex2(digest->hash, digest->sha256, NULL) && EVP_DigestUpdate(digest->hash, bytes, len) &&
         EVP_DigestFinal_ex(digest->hash, out, NULL);
}

int sys_hmac_sha256(sys_digest *digest, const void *key, size_t key_len, const void *bytes, size_t len,
                    unsigned char *out) {
  size_t written = 0;
  static const unsigned char empty[1];
  return EVP_MAC_init(digest->mac, key_len ? key : empty, key_len, NULL) && EVP_MAC_update(digest->mac, bytes, len) &&
         EVP_MAC_final(digest->mac, out, &written, 32) && written == 32;
}
