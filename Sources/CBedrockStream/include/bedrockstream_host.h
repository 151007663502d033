// What a client asks its host, and tells it; the other types are beside this.
#pragma once
#include <stddef.h>
#include <stdint.h>

// [section] Questions and log lines

/** A question of a client to its host about who asks, until it is answered. Answer it once, on any thread. */
typedef struct brs_question {
  /** Private. */
  uintptr_t opaque;
} brs_question;

/** What a host can be asked for; to be combined with |. */
typedef enum brs_question_kind {
  /** Credentials; asked before the environment and the profile are looked at. */
  BRS_ASK_CREDENTIALS = 1,
  /** A bearer token; asked where requests are authenticated by one and none is set. */
  BRS_ASK_TOKEN = 2,
  /** The code that a multi-factor device shows, for a profile with mfa_serial. */
  BRS_ASK_MFA_CODE = 4,
} brs_question_kind;

/**
 * A client has to know who asks: when its first stream is sent, and again before what it was told expires.
 * `detail` is the device's serial number or ARN for BRS_ASK_MFA_CODE, else ""; it lives until the callback returns.
 * `question` is answered by `brs_question_answer` or `brs_question_fail`, in here or later, on any thread; streams that
 * need the answer wait as long as `credentials.timeout_ms`, all others go on.
 * Runs on the client's thread and holds up all of its streams: answer later what takes time to find out.
 */
typedef void (*brs_on_question)(void *user, brs_question_kind kind, const char *detail, brs_question *question);

/** The answer to a question. What the question did not ask for is not looked at. */
typedef struct brs_answer {
  /** (Required) sizeof(brs_answer); set by the caller. */
  size_t size;
  /** BRS_ASK_CREDENTIALS: the access key; NULL where the host has none, then the next source is asked. */
  const char *access_key_id;
  /** The secret key that goes with it. */
  const char *secret_access_key;
  /** (Optional) The session token of temporary credentials. */
  const char *session_token;
  /** (Optional) The account that they belong to. */
  const char *account_id;
  /** BRS_ASK_TOKEN: the bearer token; NULL where the host has none. */
  const char *token;
  /** BRS_ASK_MFA_CODE: the code. */
  const char *mfa_code;
  /** When credentials or token expire, in seconds since 1970; 0 for never. They are asked for anew before that. */
  int64_t expires_s;
} brs_answer;

/** How requests prove who sends them. */
typedef enum brs_scheme {
  /** Not at all. */
  BRS_SCHEME_NONE = 0,
  /** AWS Signature Version 4, with credentials. */
  BRS_SCHEME_SIGV4 = 1,
  /** A bearer token. */
  BRS_SCHEME_BEARER = 2,
} brs_scheme;

/** Who a client's streams are sent by. Owned by the caller, no lifetime to mind; texts are cut where too long. */
typedef struct brs_identity {
  /** (Required) sizeof(brs_identity); set by the caller. */
  size_t size;
  /** How requests prove it. */
  brs_scheme scheme;
  /** The access key, which is no secret; "" without credentials. */
  char access_key_id[132];
  /** The account, where the source says it; else "". */
  char account_id[32];
  /** Where it is from, as half a sentence. */
  char source[600];
  /** When it expires, in seconds since 1970; 0 for never. It is renewed before that. */
  int64_t expires_s;
} brs_identity;

/** How much a log line matters. */
typedef enum brs_log_level {
  /** Nothing is said. */
  BRS_LOG_NONE = 0,
  /** A stream failed. */
  BRS_LOG_ERROR = 1,
  /** Something failed that the library goes on from: an attempt, a renewal of credentials. */
  BRS_LOG_WARNING = 2,
  /** Where credentials were found, and how streams end. */
  BRS_LOG_INFO = 3,
  /** Every request, with the canonical request that was signed. */
  BRS_LOG_DEBUG = 4,
} brs_log_level;

/**
 * A line for the log. It holds no key, token or signature.
 * `message` is UTF-8 without a line end at its end, and has `len` bytes and a NUL; it lives until the callback returns.
 * Runs on the client's thread, on several at once where there are more (`io.threads`); must not wait, and must not call
 * the library.
 */
typedef void (*brs_on_log)(void *user, brs_log_level level, const char *message, size_t len);
