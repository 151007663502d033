/* The files with profiles: read once when a client is made, behind code and environment, and refused by name. */
#include "support.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], config_path[96], credentials_path[96];

/* An environment that points to two files which do not exist yet. */
static void places(void) {
  environment_clean();
  unsetenv("AWS_MAX_ATTEMPTS");
  strcpy(folder, "/tmp/brs-profiles-XXXXXX");
  CHECK(mkdtemp(folder) != NULL);
  snprintf(config_path, sizeof config_path, "%s/config", folder);
  snprintf(credentials_path, sizeof credentials_path, "%s/credentials", folder);
  setenv("AWS_CONFIG_FILE", config_path, 1);
  setenv("AWS_SHARED_CREDENTIALS_FILE", credentials_path, 1);
}

static void places_end(void) {
  unlink(config_path);
  unlink(credentials_path);
  rmdir(folder);
  environment_clean();
}

static void put_bytes(const char *path, const char *bytes, size_t len) {
  FILE *file = fopen(path, "w");
  CHECK(file != NULL);
  if (file == NULL) return;
  CHECK_NUMBER(fwrite(bytes, 1, len, file), len);
  fclose(file);
}

static void put(const char *path, const char *text) { put_bytes(path, text, strlen(text)); }

/* What making a client with this configuration says; "" for success. */
static const char *outcome(brs_config *config) {
  static brs_diagnostic diagnostic;
  diagnostic = (brs_diagnostic){.size = sizeof diagnostic};
  brs_client *client = NULL;
  brs_code code = brs_client_new(config, &client, &diagnostic);
  CHECK(code == BRS_OK || code == BRS_E_CONFIG);
  CHECK_CODE(diagnostic.code, code);
  CHECK((client != NULL) == (code == BRS_OK));
  brs_client_free(client);
  return diagnostic.message;
}

static void check_outcome(const char *message) {
  char wanted[400];
  snprintf(wanted, sizeof wanted, message, folder);
  CHECK_TEXT(outcome(NULL), wanted);
}

TEST(files_that_do_not_exist) {
  places();
  check_outcome("");
  put(config_path, "");
  check_outcome("");
  setenv("AWS_CONFIG_FILE", "/dev/null", 1);
  check_outcome("");
  setenv("AWS_CONFIG_FILE", "/dev/null/config", 1);
  check_outcome("");
  unsetenv("AWS_CONFIG_FILE");
  unsetenv("HOME");
  check_outcome("");
  places_end();
}

TEST(files_of_the_home_folder) {
  places();
  char path[160];
  snprintf(path, sizeof path, "%s/.aws", folder);
  CHECK_NUMBER(mkdir(path, 0700), 0);
  snprintf(path, sizeof path, "%s/.aws/config", folder);
  put(path, "[default]\nmax_attempts = none\n");
  setenv("HOME", folder, 1);
  check_outcome("");
  unsetenv("AWS_CONFIG_FILE");
  check_outcome("retry.max_attempts: not a whole number from 1 to 100 (from max_attempts of the profile \"default\" in "
                "\"%s/.aws/config\", line 2)");
  setenv("AWS_CONFIG_FILE", "~/none", 1);
  check_outcome("");
  setenv("AWS_CONFIG_FILE", "~/.aws/config", 1);
  CHECK_CONTAINS(outcome(NULL), "/.aws/config\", line 2");
  unlink(path);
  snprintf(path, sizeof path, "%s/.aws", folder);
  rmdir(path);
  places_end();
}

/* Code wins over the environment, that over the profile, and what does not count is not checked. */
TEST(sources_in_their_order) {
  places();
  put(config_path, "[default]\nretry_mode = sometimes\n");
  check_outcome("retry.mode: not one of: standard, adaptive, off (from retry_mode of the profile \"default\" in "
                "\"%s/config\", line 2)");
  put(credentials_path, "[default]\nretry_mode = never\n");
  check_outcome("retry.mode: not one of: standard, adaptive, off (from retry_mode of the profile \"default\" in "
                "\"%s/credentials\", line 2)");
  setenv("AWS_RETRY_MODE", "legacy", 1);
  check_outcome("");
  setenv("AWS_RETRY_MODE", "ever", 1);
  CHECK_CONTAINS(outcome(NULL), "(from AWS_RETRY_MODE)");
  brs_config *config = NULL;
  CHECK_CODE(brs_config_new(&config), BRS_OK);
  config_put(config, KEY_RETRY_MODE, "off");
  CHECK_TEXT(outcome(config), "");
  brs_config_free(config);
  unsetenv("AWS_RETRY_MODE");
  put(credentials_path, "[default]\nretry_mode = legacy\nmax_attempts = 2\n");
  check_outcome("");
  places_end();
}

TEST(named_profiles) {
  places();
  put(config_path, "[default]\nmax_attempts = x\n[profile dev]\nmax_attempts = 2\n");
  setenv("AWS_PROFILE", "dev", 1);
  check_outcome("");
  setenv("AWS_PROFILE", "prod", 1);
  CHECK_CONTAINS(outcome(NULL), "there is no profile \"prod\", which AWS_PROFILE names: looked into \"/tmp/");
  put(credentials_path, "[prod]\n");
  check_outcome("");
  unlink(config_path);
  unlink(credentials_path);
  setenv("AWS_PROFILE", "default", 1);
  check_outcome("");
  places_end();
}

TEST(files_that_are_not_usable) {
  places();
  put(config_path, "[default]\nregion = us-east-1\n\nretry_mode adaptive\n");
  check_outcome("\"%s/config\", line 4: a property without an equals sign");
  put(config_path, "[default]\n");
  put(credentials_path, "[default]\r\n[a\r\n");
  check_outcome("\"%s/credentials\", line 2: a section without a closing bracket");
  setenv("AWS_SHARED_CREDENTIALS_FILE", folder, 1);
  check_outcome("\"%s\": cannot be read: Is a directory");
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/zero", 1);
  check_outcome("\"/dev/zero\": is larger than 4194304 bytes");
  if (geteuid() != 0) {
    setenv("AWS_SHARED_CREDENTIALS_FILE", credentials_path, 1);
    chmod(credentials_path, 0);
    check_outcome("\"%s/credentials\": cannot be read: Permission denied");
    chmod(folder, 0);
    check_outcome("");
    chmod(folder, 0700);
  }
  places_end();
}

/* A pipe that nobody writes to keeps nobody waiting. */
TEST(pipes) {
  places();
  CHECK_NUMBER(mkfifo(config_path, 0600), 0);
  check_outcome("");
  places_end();
}

TEST(large_files) {
  enum { LARGEST = 4 * 1024 * 1024 };
  places();
  char *text = malloc(LARGEST + 1);
  memset(text, '#', LARGEST + 1);
  put_bytes(config_path, text, LARGEST);
  check_outcome("");
  put_bytes(config_path, text, LARGEST + 1);
  check_outcome("\"%s/config\": is larger than 4194304 bytes");
  free(text);
  places_end();
}

/* The key's column says what is read. */
TEST(keys_of_profiles) {
  static const char *const rows[][2] = {
      {KEY_RETRY_MODE, "retry_mode"}, {KEY_MAX_ATTEMPTS, "max_attempts"}, {KEY_CONNECT_MS, ""}};
  brs_config_key key = {.size = sizeof key};
  int found = 0;
  for (size_t at = 0; brs_config_describe(at, &key) == BRS_OK; at++)
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
      if (strcmp(key.name, rows[row][0]) != 0) continue;
      CHECK_TEXT(key.config_file_key, rows[row][1]);
      found++;
    }
  CHECK_NUMBER(found, 3);
}

/* What the profile says is what a stream does: one attempt, or two. */
TEST(attempts_of_a_profile) {
  for (unsigned attempts = 1; attempts <= 2; attempts++) {
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    char text[64];
    places();
    snprintf(text, sizeof text, "[default]\nmax_attempts = %u\n", attempts);
    put(config_path, text);
    server_start(&fixture.server);
    seen_init(&fixture.seen);
    brs_config *config = config_for(&fixture.server);
    config_put(config, KEY_RETRY_MODE, "");
    config_put(config, KEY_MAX_ATTEMPTS, "");
    CHECK_CODE(brs_client_new(config, &fixture.client, NULL), BRS_OK);
    unlink(config_path); /* it was read */
    brs_config_free(config);
    exchange(&fixture, (struct reply){.status = 503, .content_type = "application/json", .framing = FRAMING_LENGTH});
    CHECK_CODE(fixture.seen.code, BRS_E_SERVICE_UNAVAILABLE);
    CHECK_NUMBER(fixture.seen.attempts, attempts);
    fixture_end(&fixture);
    places_end();
  }
}
