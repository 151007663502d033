/* Configuration keys: all are listed, all take their default, none takes nonsense. */
#include "support.h"
#include <stdlib.h>

#define MOST_KEYS 200

static int describe(size_t index, brs_config_key *key) {
  *key = (brs_config_key){.size = sizeof *key};
  return brs_config_describe(index, key) == BRS_OK;
}

static brs_config *fresh(void) {
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  return config;
}

TEST(keys_are_described) {
  brs_config_key key, other;
  size_t count = 0;
  for (; count < MOST_KEYS && describe(count, &key); count++) {
    CHECK(key.name != NULL && key.name[0] != 0);
    CHECK(key.type != NULL && key.type[0] != 0);
    CHECK(key.default_value != NULL);
    CHECK(key.environment != NULL);
    CHECK(key.config_file_key != NULL);
    CHECK(key.meaning != NULL && strlen(key.meaning) > 10);
    for (size_t i = 0; i < count; i++)
      if (describe(i, &other)) CHECK(strcmp(other.name, key.name) != 0);
  }
  CHECK(count >= 10 && count < MOST_KEYS);
  key = (brs_config_key){.size = sizeof key};
  CHECK_CODE(brs_config_describe(count, &key), BRS_E_END);
  CHECK_CODE(brs_config_describe(SIZE_MAX, &key), BRS_E_END);
  CHECK_CODE(brs_config_describe((size_t)INT64_MAX + 1, &key), BRS_E_END);
}

TEST(description_respects_size) {
  union {
    brs_config_key key;
    unsigned char raw[sizeof(brs_config_key)];
  } memory;
  memset(memory.raw, 0xa5, sizeof memory.raw);
  memory.key.size = 0;
  CHECK_CODE(brs_config_describe(0, &memory.key), BRS_E_ARGUMENT);
  memory.key.size = sizeof(brs_config_key) - 1;
  CHECK_CODE(brs_config_describe(0, &memory.key), BRS_E_ARGUMENT);
  for (size_t at = sizeof(size_t); at < sizeof memory.raw; at++) CHECK_NUMBER(memory.raw[at], 0xa5);
  struct {
    brs_config_key known;
    char unknown[64];
  } large = {{.size = sizeof large}, {0}};
  CHECK_CODE(brs_config_describe(0, &large.known), BRS_OK);
}

TEST(defaults_and_empty_values_are_taken) {
  brs_config *config = fresh();
  brs_config_key key;
  for (size_t i = 0; describe(i, &key); i++) {
    brs_diagnostic diagnostic = {.size = sizeof diagnostic};
    if (brs_config_set(config, key.name, key.default_value, &diagnostic) != BRS_OK)
      check_failed(__FILE__, __LINE__, "%s = \"%s\": %s", key.name, key.default_value, diagnostic.message);
    if (brs_config_set(config, key.name, "", &diagnostic) != BRS_OK)
      check_failed(__FILE__, __LINE__, "%s = \"\": %s", key.name, diagnostic.message);
  }
  brs_config_free(config);
}

static void refused(brs_config *config, const char *key, const char *value) {
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_code code = brs_config_set(config, key, value, &diagnostic);
  /* What is longer than any key or value may be is a bad argument. */
  brs_code expected = strlen(key) > 1000 || strlen(value) > 65536 ? BRS_E_ARGUMENT : BRS_E_CONFIG;
  if (code != expected) check_failed(__FILE__, __LINE__, "%.60s = %.60s: %s", key, value, brs_code_name(code));
  CHECK_CODE(diagnostic.code, code);
  CHECK(diagnostic.message[0] != 0);
}

TEST(values_that_do_not_fit) {
  static const char *const numbers[] = {"abc", "1x", " 1", "1 ", "0x10", "1.5", "1e3", "99999999999999999999999",
                                        "-1",  "+",  "-"};
  static const char *const booleans[] = {"maybe", "2", "truetrue", " true"};
  static const char *const urls[] = {"nonsense",
                                     "ftp://host",
                                     "http://",
                                     "https://",
                                     "http://host:99999",
                                     "http://host:abc",
                                     "http://user:word@host/",
                                     "http://ho st/",
                                     "http://host/?a=b",
                                     "http://host/#x"};
  brs_config *config = fresh();
  brs_config_key key;
  for (size_t i = 0; describe(i, &key); i++) {
    if (strcmp(key.type, "integer") == 0)
      for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) refused(config, key.name, numbers[k]);
    if (strcmp(key.type, "boolean") == 0)
      for (size_t k = 0; k < sizeof booleans / sizeof *booleans; k++) refused(config, key.name, booleans[k]);
    if (strcmp(key.type, "url") == 0 && strcmp(key.name, KEY_ENDPOINT) == 0)
      for (size_t k = 0; k < sizeof urls / sizeof *urls; k++) refused(config, key.name, urls[k]);
    if (strncmp(key.type, "one of:", 7) == 0) refused(config, key.name, "nonsense");
  }
  brs_config_free(config);
}

/* The message names the key, and of a list the entry. */
TEST(retry_values_that_do_not_fit) {
  static const struct {
    const char *key, *value, *message;
  } rows[] = {
      {KEY_RETRY_MODE, "legacy", "retry.mode: not one of: standard, adaptive, off"},
      {KEY_MAX_ATTEMPTS, "0", "retry.max_attempts: not a whole number from 1 to 100"},
      {"retry.max_backoff_ms", "3600001", "retry.max_backoff_ms: not a whole number from 0 to 3600000"},
      {"retry.on_model_timeout", "halve", "retry.on_model_timeout: not one of: error, retry, halve_max_tokens"},
      {"retry.min_max_tokens", "0", "retry.min_max_tokens: not a whole number from 1 to 1000000000"},
      {"recovery", "continuation", "recovery: not one of: none, restart, continue"},
      {"fallback", "a,,b", "fallback: entry 2 is empty"},
      {"fallback", "a@", "fallback: entry 1 has no region behind the @"},
      {"fallback", "a,b@x.y", "fallback: entry 2 is not usable: the region is no name of letters, digits and hyphens"},
      {"connection.keepalive_s", "32768", "connection.keepalive_s: not a whole number from 0 to 32767"},
  };
  brs_config *config = fresh();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    brs_diagnostic diagnostic = {.size = sizeof diagnostic};
    CHECK_CODE(brs_config_set(config, rows[i].key, rows[i].value, &diagnostic), BRS_E_CONFIG);
    CHECK_TEXT(diagnostic.message, rows[i].message);
  }
  brs_config_free(config);
}

/* What the environment holds is checked as what is set in code, where it counts. */
TEST(retry_values_of_the_environment) {
  static const struct {
    const char *name, *value, *message;
  } rows[] = {
      {"AWS_RETRY_MODE", "sometimes", "retry.mode: not one of: standard, adaptive, off (from AWS_RETRY_MODE)"},
      {"AWS_MAX_ATTEMPTS", "none", "retry.max_attempts: not a whole number from 1 to 100 (from AWS_MAX_ATTEMPTS)"},
  };
  brs_client *client = NULL;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    environment_clean();
    setenv(rows[i].name, rows[i].value, 1);
    brs_diagnostic diagnostic = {.size = sizeof diagnostic};
    brs_config *config = fresh();
    CHECK_CODE(brs_client_new(config, &client, &diagnostic), BRS_E_CONFIG);
    CHECK_TEXT(diagnostic.message, rows[i].message);
    config_put(config, KEY_RETRY_MODE, "off");
    config_put(config, KEY_MAX_ATTEMPTS, "1");
    CHECK_CODE(brs_client_new(config, &client, &diagnostic), BRS_OK);
    brs_client_free(client);
    brs_config_free(config);
  }
  environment_clean();
  setenv("AWS_RETRY_MODE", "legacy", 1);
  CHECK_CODE(brs_client_new(NULL, &client, NULL), BRS_OK);
  brs_client_free(client);
  environment_clean();
}

TEST(unknown_keys) {
  brs_config *config = fresh();
  refused(config, "", "1");
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  CHECK_CODE(brs_config_set(config, "timeout", "1", &diagnostic), BRS_E_CONFIG);
  CHECK_CONTAINS(diagnostic.message, "\"timeout\"");
  CHECK_CODE(brs_config_set(config, KEY_CONNECT_MS, "soon", &diagnostic), BRS_E_CONFIG);
  CHECK_CONTAINS(diagnostic.message, KEY_CONNECT_MS);
  refused(config, "timeout.connect_m", "1");
  refused(config, "timeout.connect_msx", "1");
  refused(config, "TIMEOUT.CONNECT_MS", "1");
  refused(config, " timeout.connect_ms", "1");
  refused(config, "region\n", "1");
  refused(config, "\xff\xfe\x80", "1");
  char *long_key = malloc(1 << 20);
  memset(long_key, 'k', (1 << 20) - 1);
  long_key[(1 << 20) - 1] = 0;
  refused(config, long_key, "1");
  free(long_key);
  brs_config_free(config);
}

/* A message is one line of UTF-8, NUL-terminated, whatever the key was. */
TEST(messages_are_lines) {
  brs_config *config = fresh();
  char *key = malloc(256);
  for (int i = 0; i < 255; i++) key[i] = (char)(i + 1);
  key[255] = 0;
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  CHECK_CODE(brs_config_set(config, key, "1", &diagnostic), BRS_E_CONFIG);
  CHECK(memchr(diagnostic.message, 0, sizeof diagnostic.message) != NULL);
  for (const char *at = diagnostic.message; *at != 0; at++) CHECK((unsigned char)*at >= 0x20);
  free(key);
  brs_config_free(config);
}

TEST(values_have_a_longest) {
  enum { LONGEST = 65536 };
  brs_config *config = fresh();
  char *value = malloc(LONGEST + 2);
  memset(value, 'a', LONGEST + 1);
  value[LONGEST + 1] = 0;
  refused(config, KEY_SECRET_KEY, value);
  value[LONGEST] = 0;
  CHECK_CODE(brs_config_set(config, KEY_SECRET_KEY, value, NULL), BRS_OK);
  free(value);
  brs_config_free(config);
}

/* Most settings travel in headers or host names: a line end in them must not get there. */
TEST(values_with_line_ends) {
  static const char *const values[] = {"a\r\nx-evil: 1", "a\nb", "a\rb", "\r\n"};
  brs_config *config = fresh();
  brs_config_key key;
  for (size_t i = 0; describe(i, &key); i++)
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) refused(config, key.name, values[k]);
  brs_config_free(config);
}

/* A refused value leaves the one before it: the stream still goes to the server. */
TEST(refusal_changes_nothing) {
  static struct server server;
  struct bytes body = {0};
  environment_clean();
  server_start(&server);
  answer_add(&body, 1);
  server_reply(&server, stream_reply(body.data, body.len));
  brs_config *config = config_for(&server);
  refused(config, KEY_ENDPOINT, "nonsense");
  refused(config, KEY_FIRST_BYTE_MS, "soon");
  struct seen seen;
  seen_init(&seen);
  brs_client *client = NULL;
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_config_free(config); /* the client has its own copy */
  brs_stream *stream = stream_open(client, &seen);
  CHECK(seen_wait(&seen));
  CHECK_NUMBER(seen.stops, 1);
  brs_stream_free(stream);
  brs_client_free(client);
  server_stop(&server);
  seen_free(&seen);
  bytes_free(&body);
}

TEST(later_value_replaces) {
  static struct server server;
  struct bytes body = {0};
  environment_clean();
  server_start(&server);
  answer_add(&body, 1);
  server_reply(&server, stream_reply(body.data, body.len));
  brs_config *config = config_for(&server);
  config_put(config, KEY_ENDPOINT, "http://127.0.0.1:1");
  config_put(config, KEY_ENDPOINT, server.url);
  struct seen seen;
  seen_init(&seen);
  brs_client *client = NULL;
  CHECK_CODE(brs_client_new(config, &client, NULL), BRS_OK);
  brs_stream *stream = stream_open(client, &seen);
  CHECK(seen_wait(&seen));
  CHECK_NUMBER(seen.stops, 1);
  brs_stream_free(stream);
  brs_client_free(client);
  brs_config_free(config);
  server_stop(&server);
  seen_free(&seen);
  bytes_free(&body);
}

/* What a key says, or NULL where it is not told; `len` as the call says. */
static const char *told(brs_config *config, const char *key, size_t *len) {
  static char value[70000];
  memset(value, 0xa5, sizeof value);
  *len = 77777;
  return brs_config_get(config, key, value, sizeof value, len, NULL) == BRS_OK ? value : NULL;
}

static int is_secret(const brs_config_key *key) { return strcmp(key->type, "secret") == 0; }

TEST(defaults_are_told) {
  brs_config *config = fresh();
  brs_config_key key;
  size_t len = 0;
  int secrets = 0;
  for (size_t i = 0; describe(i, &key); i++) {
    const char *value = told(config, key.name, &len);
    if (is_secret(&key)) {
      CHECK(value == NULL && len == 77777);
      secrets++;
      continue;
    }
    CHECK_TEXT(value, key.default_value);
    CHECK_NUMBER(len, strlen(key.default_value));
  }
  CHECK(secrets >= 3);
  brs_config_free(config);
}

/* A value that the key takes and that is not its default. */
static const char *value_for(const brs_config_key *key, brs_config *config) {
  static const char *const values[] = {"7", "8", "10001", "text", "http://localhost:1", "eu-west-1", "off", "on", "1.3",
                                       "standard", "restart", "sigv4", "2", "auto", "true", "model@us-east-1",
                                       "{\"a\":\"b\"}", "ipv6", "a:1:b:2", "https://localhost", "lo", "retry",
                                       "profile", "client"};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    if (strcmp(values[i], key->default_value) != 0 && brs_config_set(config, key->name, values[i], NULL) == BRS_OK)
      return values[i];
  check_failed(__FILE__, __LINE__, "%s takes no value of these", key->name);
  return "";
}

TEST(set_values_are_told) {
  brs_config *config = fresh();
  brs_config_key key;
  size_t len = 0;
  for (size_t i = 0; describe(i, &key); i++) {
    const char *expected = value_for(&key, config);
    if (is_secret(&key)) {
      brs_diagnostic diagnostic = {.size = sizeof diagnostic};
      char value[64] = "untouched";
      CHECK_CODE(brs_config_get(config, key.name, value, sizeof value, &len, &diagnostic), BRS_E_CONFIG);
      CHECK_CONTAINS(diagnostic.message, "secret");
      CHECK_CONTAINS(diagnostic.message, key.name);
      CHECK_TEXT(value, "untouched");
      continue;
    }
    CHECK_TEXT(told(config, key.name, &len), expected);
    CHECK_NUMBER(len, strlen(expected));
    CHECK_CODE(brs_config_set(config, key.name, "", NULL), BRS_OK);
    CHECK_TEXT(told(config, key.name, &len), key.default_value);
  }
  brs_config_free(config);
}

TEST(memory_for_a_value_may_be_small) {
  brs_config *config = fresh();
  config_put(config, KEY_REGION, "eu-west-1");
  char value[16];
  for (size_t capacity = 0; capacity <= sizeof value; capacity++) {
    size_t len = 0;
    memset(value, 'x', sizeof value);
    CHECK_CODE(brs_config_get(config, KEY_REGION, value, capacity, &len, NULL), BRS_OK);
    CHECK_NUMBER(len, 9);
    if (capacity > 9) CHECK_TEXT(value, "eu-west-1");
    for (size_t i = capacity > 9 ? 10 : 0; i < sizeof value; i++) CHECK_NUMBER(value[i], 'x');
  }
  size_t len = 0;
  CHECK_CODE(brs_config_get(config, KEY_REGION, NULL, 0, &len, NULL), BRS_OK);
  CHECK_NUMBER(len, 9);
  CHECK_CODE(brs_config_get(config, KEY_REGION, NULL, SIZE_MAX, &len, NULL), BRS_OK);
  CHECK_CODE(brs_config_get(config, KEY_REGION, value, SIZE_MAX, &len, NULL), BRS_OK);
  CHECK_TEXT(value, "eu-west-1");
  CHECK_CODE(brs_config_get(config, KEY_REGION, value, sizeof value, NULL, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_get(config, NULL, value, sizeof value, &len, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_get(NULL, KEY_REGION, value, sizeof value, &len, NULL), BRS_E_ARGUMENT);
  CHECK_CODE(brs_config_get(config, "no.such.key", value, sizeof value, &len, NULL), BRS_E_CONFIG);
  CHECK_CODE(brs_config_get(config, "", value, sizeof value, &len, NULL), BRS_E_CONFIG);
  brs_config_free(config);
}
