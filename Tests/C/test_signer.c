/* The signer alone, against the worked example of AWS's Signature Version 4 documentation. */
#include "support.h"
#include <stdlib.h>
#include <strings.h>

/* GET https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08, 2015-08-30 12:36:00 UTC. */
static const brs_header headers[] = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"},
                                     {"host", "iam.amazonaws.com"}};

static brs_signing_request example(void) {
  return (brs_signing_request){.size = sizeof(brs_signing_request),
                               .method = "GET",
                               .scheme = "https",
                               .host = "iam.amazonaws.com",
                               .path = "/",
                               .query = "Action=ListUsers&Version=2010-05-08",
                               .headers = headers,
                               .header_count = 2,
                               .region = "us-east-1",
                               .service = "iam",
                               .access_key_id = "AKIDEXAMPLE",
                               .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                               .time_s = 1440938160};
}

static const char *value_of(const brs_signature *signature, const char *name) {
  for (size_t i = 0; i < signature->header_count; i++)
    if (strcasecmp(signature->headers[i].name, name) == 0) return signature->headers[i].value;
  return "";
}

static brs_signer *fresh(void) {
  brs_signer *signer = NULL;
  CHECK_CODE(brs_signer_new(&signer), BRS_OK);
  return signer;
}

TEST(documented_example) {
  brs_signer *signer = fresh();
  brs_signing_request request = example();
  brs_signature signature = {.size = sizeof signature};
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  CHECK_CODE(brs_signer_sign(signer, &request, &signature, &diagnostic), BRS_OK);
  CHECK_TEXT(value_of(&signature, "authorization"),
             "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
             "SignedHeaders=content-type;host;x-amz-date, "
             "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  CHECK_TEXT(value_of(&signature, "x-amz-date"), "20150830T123600Z");
  CHECK_TEXT(signature.canonical_request,
             "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
             "content-type:application/x-www-form-urlencoded; charset=utf-8\nhost:iam.amazonaws.com\n"
             "x-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n"
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_TEXT(signature.string_to_sign, "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
                                       "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  brs_signer_free(signer);
}

static void sign(brs_signer *signer, const brs_signing_request *request, char authorization[600]) {
  brs_signature signature = {.size = sizeof signature};
  CHECK_CODE(brs_signer_sign(signer, request, &signature, NULL), BRS_OK);
  snprintf(authorization, 600, "%s", value_of(&signature, "authorization"));
}

/* The derived key is kept: whatever was signed before must not show in what is signed next. */
TEST(kept_key_is_the_right_one) {
  brs_signer *kept = fresh();
  for (int i = 0; i < 64; i++) {
    brs_signing_request request = example();
    char first[600], second[600];
    if (i & 1) request.region = "eu-west-1";
    if (i & 2) request.service = "bedrock";
    if (i & 4) request.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ";
    if (i & 8) request.time_s += 86400;
    if (i & 16) request.access_key_id = "AKIDEXAMPLF";
    if (i & 32) request.body = "{}", request.body_len = 2;
    brs_signer *fresh_one = fresh();
    sign(kept, &request, first);
    sign(fresh_one, &request, second);
    CHECK_TEXT(first, second);
    sign(kept, &request, first);
    CHECK_TEXT(first, second);
    brs_signer_free(fresh_one);
  }
  brs_signer_free(kept);
}

TEST(body_and_token_are_signed) {
  brs_signer *signer = fresh();
  brs_signing_request request = example();
  brs_signature signature = {.size = sizeof signature};
  request.session_token = "token/+=";
  request.body = "abc";
  request.body_len = 3;
  CHECK_CODE(brs_signer_sign(signer, &request, &signature, NULL), BRS_OK);
  CHECK_TEXT(value_of(&signature, "x-amz-security-token"), "token/+=");
  CHECK_CONTAINS(signature.canonical_request, "\nx-amz-security-token:token/+=\n");
  CHECK_CONTAINS(signature.canonical_request, "\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK_CONTAINS(value_of(&signature, "authorization"), "host;x-amz-date;x-amz-security-token,");
  brs_signer_free(signer);
}

/* Times that no calendar of four-digit years holds still give a date of the right form. */
TEST(times_without_measure) {
  static const int64_t times[] = {-1, INT64_MIN, INT64_MAX, 253402300800};
  brs_signer *signer = fresh();
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    brs_signing_request request = example();
    brs_signature signature = {.size = sizeof signature};
    int date, time;
    char end;
    request.time_s = times[i];
    CHECK_CODE(brs_signer_sign(signer, &request, &signature, NULL), BRS_OK);
    CHECK_NUMBER(sscanf(value_of(&signature, "x-amz-date"), "%8dT%6d%c", &date, &time, &end), 3);
    CHECK_NUMBER(strlen(value_of(&signature, "x-amz-date")), 16);
  }
  brs_signer_free(signer);
}

static void refused(void (*spoil)(brs_signing_request *), const char *word, int line) {
  brs_signer *signer = fresh();
  brs_signing_request request = example();
  brs_signature signature = {.size = sizeof signature, .headers = (void *)0x5a5a};
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  spoil(&request);
  brs_code code = brs_signer_sign(signer, &request, &signature, &diagnostic);
  if (code != BRS_E_ARGUMENT && code != BRS_E_SIGNING)
    check_failed(__FILE__, line, "without a good %s: %s", word, brs_code_name(code));
  CHECK_CODE(diagnostic.code, code);
  CHECK_CONTAINS(diagnostic.message, word);
  CHECK(signature.headers == (void *)0x5a5a);
  brs_signer_free(signer);
}

#define REFUSED(NAME, MEMBER, VALUE) \
  static void NAME(brs_signing_request *request) { request->MEMBER = VALUE; }
REFUSED(no_method, method, NULL)
REFUSED(no_scheme, scheme, NULL)
REFUSED(no_host, host, NULL)
REFUSED(no_path, path, NULL)
REFUSED(no_region, region, NULL)
REFUSED(no_service, service, NULL)
REFUSED(no_key, access_key_id, NULL)
REFUSED(no_secret, secret_access_key, NULL)
REFUSED(no_headers, headers, NULL)
REFUSED(no_size, size, 0)
REFUSED(small_size, size, sizeof(brs_signing_request) - 1)
REFUSED(body_without_bytes, body_len, 5)
REFUSED(endless_body, body_len, SIZE_MAX)

static const brs_header nameless[] = {{NULL, "x"}}, valueless[] = {{"x-a", NULL}};
static const brs_header line_end[] = {{"x-a", "1\r\nx-b: 2"}}, line_end_in_name[] = {{"x-a\r\nx-b", "1"}};
static void header_without_name(brs_signing_request *request) {
  request->headers = nameless, request->header_count = 1;
}
static void header_without_value(brs_signing_request *request) {
  request->headers = valueless, request->header_count = 1;
}
static void header_with_line_end(brs_signing_request *request) {
  request->headers = line_end, request->header_count = 1;
}
static void header_name_with_line_end(brs_signing_request *request) {
  request->headers = line_end_in_name, request->header_count = 1;
}

TEST(requests_that_are_refused) {
  refused(no_method, "method", __LINE__);
  refused(no_scheme, "scheme", __LINE__);
  refused(no_host, "host", __LINE__);
  refused(no_path, "path", __LINE__);
  refused(no_region, "region", __LINE__);
  refused(no_service, "service", __LINE__);
  refused(no_key, "access_key_id", __LINE__);
  refused(no_secret, "secret_access_key", __LINE__);
  refused(no_headers, "headers", __LINE__);
  refused(no_size, "size", __LINE__);
  refused(small_size, "size", __LINE__);
  refused(body_without_bytes, "body", __LINE__);
  refused(endless_body, "body", __LINE__);
  refused(header_without_name, "header", __LINE__);
  refused(header_without_value, "header", __LINE__);
  refused(header_with_line_end, "header", __LINE__);
  refused(header_name_with_line_end, "header", __LINE__);
}

TEST(null_arguments) {
  brs_signer *signer = fresh();
  brs_signing_request request = example();
  brs_signature signature = {.size = sizeof signature};
  CHECK_CODE(brs_signer_new(NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_signer_sign(NULL, &request, &signature, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_signer_sign(signer, NULL, &signature, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_signer_sign(signer, &request, NULL, NULL), BRS_E_ARGUMENT);
  signature.size = 0;
  CHECK_CODE(brs_signer_sign(signer, &request, &signature, NULL), BRS_E_ARGUMENT);
  signature.size = sizeof signature - 1;
  CHECK_CODE(brs_signer_sign(signer, &request, &signature, NULL), BRS_E_ARGUMENT);
  signature.size = sizeof signature;
  CHECK_CODE(brs_signer_sign(signer, &request, &signature, NULL), BRS_OK);
  brs_signer_free(signer);
  brs_signer_free(NULL);
}
