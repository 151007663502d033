#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "sys_digest.h"

enum { NUMBER = 32, DER = 80 };

// A sys_key is an EVP_PKEY under a name of our own.
static EVP_PKEY *key_of(sys_key *key) { return (EVP_PKEY *)key; }

int sys_digest_named(const char *name, const void *bytes, size_t len, unsigned char *out, size_t size) {
  EVP_MD *digest = EVP_MD_fetch(NULL, name, NULL);
  int made = digest && (size_t)EVP_MD_get_size(digest) == size && EVP_Digest(bytes, len, out, NULL, digest, NULL);
  EVP_MD_free(digest);
  return made;
}

static int no_passphrase(char *buffer, int size, int writing, void *user) {
  (void)buffer, (void)size, (void)writing, (void)user;
  return -1;
}

static int is_p256(EVP_PKEY *key) {
  char name[32];
  size_t len = 0;
  return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, name, sizeof name, &len) &&
         strcmp(name, "prime256v1") == 0;
}

sys_key *sys_key_from_pem(const void *pem, size_t len) {
  if (len > INT_MAX) return NULL;
  ERR_set_mark();
  BIO *text = BIO_new_mem_buf(pem, (int)len);
  EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, no_passphrase, NULL) : NULL;
  BIO_free(text);
  if (key && !is_p256(key)) {
    EVP_PKEY_free(key);
    key = NULL;
  }
  ERR_pop_to_mark();
  return (sys_key *)key;
}

void sys_key_free(sys_key *key) { EVP_PKEY_free(key_of(key)); }

int sys_key_public(sys_key *key, unsigned char *out) {
  BIGNUM *x = NULL, *y = NULL;
  int made = EVP_PKEY_get_bn_param(key_of(key), OSSL_PKEY_PARAM_EC_PUB_X, &x) &&
             EVP_PKEY_get_bn_param(key_of(key), OSSL_PKEY_PARAM_EC_PUB_Y, &y) &&
             BN_bn2binpad(x, out, NUMBER) == NUMBER && BN_bn2binpad(y, out + NUMBER, NUMBER) == NUMBER;
  BN_free(x);
  BN_free(y);
  return made;
}

int sys_key_sign(sys_key *key, const void *bytes, size_t len, unsigned char *out) {
  unsigned char der[DER];
  size_t length = sizeof der;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int made = context && EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key_of(key), NULL) &&
             EVP_DigestSign(context, der, &length, bytes, len) == 1;
  EVP_MD_CTX_free(context);
  const unsigned char *at = der;
  ECDSA_SIG *signature = made ? d2i_ECDSA_SIG(NULL, &at, (long)length) : NULL;
  made = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, NUMBER) == NUMBER &&
         BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + NUMBER, NUMBER) == NUMBER;
  ECDSA_SIG_free(signature);
  return made;
}
