/* Where keys are while a client has them, and behind its end: searched for in all memory of the process. */
#include "host.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct host host;

#define LENGTH 40

/* Not as it stands in any memory of the test's. */
static unsigned char masked(int at) {
  return (unsigned char)(("0123456789abcdefghijklmnopqrstuvwxyzABCD"[at] + 1) ^ 0x80);
}

static int is_there(const unsigned char *memory) {
  for (int at = 0; at < LENGTH; at++)
    if (memory[at] != (masked(at) ^ 0x80)) return 0;
  return 1;
}

/* Requests as they go over the wire have it before a line end: libcurl's buffers, and the test's server. */
static int count_in(const unsigned char *memory, size_t len) {
  int count = 0;
  for (size_t at = 0; at + LENGTH < len; at++)
    count += memory[at] == (masked(0) ^ 0x80) && memory[at + LENGTH] != '\r' && is_there(memory + at);
  return count;
}

/* Whether a mapping of memory, whose line of smaps was just read, is left out of core dumps (proc(5), VmFlags). */
static int is_dumped(FILE *maps, char line[512]) {
  while (fgets(line, 512, maps) != NULL)
    if (strncmp(line, "VmFlags:", 8) == 0) return strstr(line, " dd") == NULL;
  return -1;
}

static int dumped_copies; /* those of them that a core dump would have */

/* How often the secret is in memory that can be written, but for requests on the wire. */
static int copies(void) {
  static unsigned char page[65536 + LENGTH];
  char line[512];
  int count = 0, memory = open("/proc/self/mem", O_RDONLY);
  dumped_copies = 0;
  FILE *maps = fopen("/proc/self/smaps", "r");
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    unsigned long from = 0, to = 0;
    char rights[8] = "";
    if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w') continue;
    int before = count;
    for (unsigned long at = from; at < to; at += sizeof page - LENGTH) {
      unsigned long wanted = to - at < sizeof page ? to - at : sizeof page;
      /* Its own page, which holds what was read before. */
      if (at + wanted > (unsigned long)page && at < (unsigned long)(page + sizeof page)) continue;
      ssize_t len = pread(memory, page, wanted, (off_t)at);
      if (len > 0) count += count_in(page, (size_t)len);
      memset(page, 0, sizeof page);
    }
    if (count > before && is_dumped(maps, line)) dumped_copies += count - before;
  }
  if (maps != NULL) fclose(maps);
  close(memory);
  return count;
}

static void write_secret(volatile char *secret) {
  for (int at = 0; at < LENGTH; at++) secret[at] = (char)(masked(at) ^ 0x80);
  secret[LENGTH] = 0;
}

static void forget(volatile char *secret) {
  for (int at = 0; at < LENGTH; at++) secret[at] = 0;
}

static void answer_with_the_secret(struct host *of, struct asked *asked) {
  volatile char secret[LENGTH + 1];
  brs_answer answer = {.size = sizeof answer, .access_key_id = "AKIDHOST", .session_token = "not\na token"};
  (void)of;
  write_secret(secret);
  answer.secret_access_key = (const char *)secret;
  CHECK_CODE(brs_question_answer(asked->question, &answer, NULL), BRS_E_ARGUMENT);
  answer.session_token = NULL;
  CHECK_CODE(brs_question_answer(asked->question, &answer, NULL), BRS_OK);
  asked->question = NULL;
  forget(secret);
}

TEST(a_secret_key_has_no_copy_that_is_not_needed) {
  if (check_is_slow()) return; /* sanitizers keep what was freed, and have much memory */
  host_begin(&host, BRS_ASK_CREDENTIALS);
  host.act = answer_with_the_secret;
  host_log(&host, BRS_LOG_DEBUG);
  host_start(&host);
  CHECK_NUMBER(copies(), 0);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  int count = copies(); /* one that is kept, and one beside the key that was derived from it */
  CHECK(count == 1 || count == 2);
  CHECK_NUMBER(dumped_copies, 0);
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  CHECK_NUMBER(copies(), 0);
  host_end(&host);
}

TEST(a_secret_key_of_a_configuration_is_gone_with_the_client) {
  if (check_is_slow()) return;
  volatile char secret[LENGTH + 1];
  host_begin(&host, 0);
  config_put(host.config, KEY_ACCESS_KEY, "AKIDCODE");
  write_secret(secret);
  config_put(host.config, KEY_SECRET_KEY, (const char *)secret);
  forget(secret);
  CHECK_NUMBER(copies(), 1);
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  CHECK_NUMBER(copies(), 1);
  config_put(host.config, KEY_SECRET_KEY, "");
  CHECK_NUMBER(copies(), 0);
  host_end(&host);
}

TEST(a_secret_key_of_the_environment_is_gone_with_the_client) {
  if (check_is_slow()) return;
  volatile char secret[LENGTH + 1];
  host_begin(&host, 0);
  setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT", 1);
  write_secret(secret);
  setenv("AWS_SECRET_ACCESS_KEY", (const char *)secret, 1);
  forget(secret);
  host_start(&host);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  CHECK_NUMBER(copies(), 1);
  forget(getenv("AWS_SECRET_ACCESS_KEY"));
  CHECK_NUMBER(copies(), 0);
  host_end(&host);
}

static void answer_with_a_secret_token(struct host *of, struct asked *asked) {
  volatile char secret[LENGTH + 1];
  brs_answer answer = {.size = sizeof answer, .access_key_id = "AKIDHOST", .secret_access_key = HOST_SECRET};
  (void)of;
  write_secret(secret);
  if (asked->kind == BRS_ASK_TOKEN) answer.token = (const char *)secret;
  else answer.session_token = (const char *)secret;
  CHECK_CODE(brs_question_answer(asked->question, &answer, NULL), BRS_OK);
  asked->question = NULL;
  forget(secret);
}

/* A token goes out with each request, in a line that libcurl holds until the request is over. */
static void run_with_a_secret_token(uint32_t kind, const char *scheme, brs_log_level level) {
  struct reply held = {0};
  host_begin(&host, kind);
  config_put(host.config, "auth.scheme", scheme);
  host.act = answer_with_a_secret_token;
  host_log(&host, level);
  host_start(&host);
  held = host.fixture.server.reply;
  held.never = 1;
  server_reply(&host.fixture.server, held);
  brs_stream *stream = stream_open(host.fixture.client, &host.fixture.seen);
  CHECK(server_wait_requests(&host.fixture.server, 1));
  CHECK_NUMBER(copies(), 2); /* the one that is kept, and the line */
  CHECK_NUMBER(dumped_copies, 1);
  brs_stream_cancel(stream);
  CHECK(seen_wait(&host.fixture.seen));
  brs_stream_free(stream);
  held.never = 0;
  server_reply(&host.fixture.server, held);
  CHECK_CODE(host_run(&host)->code, BRS_OK);
  CHECK(copies() <= 2);
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  CHECK_NUMBER(copies(), 0);
  host_end(&host);
}

TEST(a_session_token_has_no_copy_that_is_not_needed) {
  if (check_is_slow()) return;
  run_with_a_secret_token(BRS_ASK_CREDENTIALS, "sigv4", BRS_LOG_NONE);
}

TEST(a_session_token_has_no_copy_that_is_not_needed_with_a_log) {
  if (check_is_slow()) return;
  run_with_a_secret_token(BRS_ASK_CREDENTIALS, "sigv4", BRS_LOG_DEBUG);
}

TEST(a_bearer_token_has_no_copy_that_is_not_needed) {
  if (check_is_slow()) return;
  run_with_a_secret_token(BRS_ASK_TOKEN, "bearer", BRS_LOG_DEBUG);
}

TEST(a_signer_keeps_no_token_beyond_its_end) {
  if (check_is_slow()) return;
  volatile char secret[LENGTH + 1];
  brs_signer *signer = NULL;
  brs_signature signature = {.size = sizeof signature};
  brs_signing_request request = {.size = sizeof request, .method = "POST", .scheme = "https", .host = "example.com",
                                 .path = "/", .region = "us-east-1", .service = "bedrock",
                                 .access_key_id = "AKID", .secret_access_key = HOST_SECRET, .time_s = 1440938160};
  CHECK_CODE(brs_signer_new(&signer), BRS_OK);
  write_secret(secret);
  request.session_token = (const char *)secret;
  CHECK_CODE(brs_signer_sign(signer, &request, &signature, NULL), BRS_OK);
  forget(secret);
  CHECK_NUMBER(copies(), 3); /* the one that is kept, and what it gives back: the header, and the canonical request */
  CHECK_NUMBER(dumped_copies, 2);
  request.session_token = NULL;
  CHECK_CODE(brs_signer_sign(signer, &request, &signature, NULL), BRS_OK);
  CHECK_NUMBER(copies(), 0);
  brs_signer_free(signer);
}
