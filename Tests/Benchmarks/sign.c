/*
 * The floor of signing: Signature Version 4 straight with OpenSSL, all but the body's hash and the canonical request
 * kept from call to call: texts are printed, the derived key is ready. Takes the arguments of client for workload e.
 */
#include "measure.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

static void hex_of(const uint8_t digest[32], char text[65]) {
  for (int i = 0; i < 32; i++) {
    text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  text[64] = 0;
}

static void mac(const void *key, int key_len, const char *text, uint8_t digest[32]) {
  unsigned len = 32;
  HMAC(EVP_sha256(), key, key_len, (const uint8_t *)text, strlen(text), digest, &len);
}

static void derive(uint8_t key[32]) {
  static const char *const parts[] = {"us-east-1", "bedrock", "aws4_request"};
  mac("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 44, "20250701", key);
  for (int i = 0; i < 3; i++) mac(key, 32, parts[i], key);
}

/* Writes the value of the header Authorization. */
static void sign(const uint8_t key[32], const uint8_t *body, size_t len, char value[512]) {
  static const char names[] = "content-type;host;x-amz-content-sha256;x-amz-date";
  char canonical[1024], text[256], hex[65];
  uint8_t digest[32];
  SHA256(body, len, digest);
  hex_of(digest, hex);
  int count = snprintf(canonical, sizeof canonical,
                       "POST\n/model/anthropic.claude-3-5-sonnet-20241022-v2%%253A0/converse-stream\n\n"
                       "content-type:application/json\nhost:bedrock-runtime.us-east-1.amazonaws.com\n"
                       "x-amz-content-sha256:%s\nx-amz-date:20250701T000000Z\n\n%s\n%s",
                       hex, names, hex);
  SHA256((const uint8_t *)canonical, (size_t)count, digest);
  hex_of(digest, hex);
  snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n20250701T000000Z\n20250701/us-east-1/bedrock/aws4_request\n%s", hex);
  mac(key, 32, text, digest);
  hex_of(digest, hex);
  snprintf(value, 512,
           "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20250701/us-east-1/bedrock/aws4_request, SignedHeaders=%s, "
           "Signature=%s",
           names, hex);
}

int main(int argc, char **argv) {
  struct measure *m = measure_new(argc, argv, "openssl");
  char value[512];
  uint8_t key[32], *body = malloc(m->size);
  volatile char used = 0;
  if (body == NULL) return 1;
  for (size_t i = 0; i < m->size; i++) body[i] = (uint8_t)(i * 31 + 7);
  derive(key);
  for (int pass = -5; pass < m->reps; pass++) {
    if (pass == 0) measure_begin(m);
    sign(key, body, m->size, value);
    used = value[150];
    m->events++;
    m->bytes += m->size;
  }
  (void)used;
  free(body);
  return measure_report(m);
}
