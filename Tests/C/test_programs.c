/* Programs that print credentials, and what a host and its limits do to them. */
#include "host.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYS "{\"Version\":1,\"AccessKeyId\":\"AKIDPROGRAM\",\"SecretAccessKey\":\"" HOST_SECRET "\"}"
#define PRINTS "echo '" KEYS "'\n"
#define SHELL "#!/bin/sh\n"

static struct host host;
static char folder[64], program[96], config_path[96];

static void put(const char *path, const char *text, mode_t mode) {
  FILE *file = fopen(path, "w");
  CHECK(file != NULL);
  if (file == NULL) return;
  CHECK(fputs(text, file) >= 0);
  fclose(file);
  CHECK_NUMBER(chmod(path, mode), 0);
}

/* A client whose default profile has this program, with so many bytes of arguments. */
static void begin(const char *script, size_t len) {
  static char config[70000];
  strcpy(folder, "/tmp/brs-programs-XXXXXX");
  CHECK(mkdtemp(folder) != NULL);
  snprintf(program, sizeof program, "%s/program", folder);
  snprintf(config_path, sizeof config_path, "%s/config", folder);
  put(program, script, 0700);
  size_t at = (size_t)sprintf(config, "[default]\ncredential_process = %s", program);
  for (len += at; at < len; at += 2) memcpy(config + at, " a", 2);
  strcpy(config + at, "\n");
  put(config_path, config, 0600);
  host_begin(&host, 0);
  config_put(host.config, "config_file", config_path);
  host_start(&host);
}

static void end(void) {
  host_end(&host);
  unlink(program);
  unlink(config_path);
  CHECK_NUMBER(rmdir(folder), 0);
}

static void check_run(void) {
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_OK);
  if (seen->code != BRS_OK) check_failed(__FILE__, __LINE__, "%s", seen->message);
  CHECK(host_is_signed_with(&host, "AKIDPROGRAM"));
}

TEST(many_words) {
  begin(SHELL PRINTS, 60000);
  check_run();
  end();
}

TEST(no_program_but_commands) {
  begin(PRINTS, 0);
  struct seen *seen = host_run(&host);
  CHECK_CODE(seen->code, BRS_E_CREDENTIALS);
  /* "cannot be started: Exec format error"; by its exit status where a tool that watches memory forks for it. */
  CHECK(strstr(seen->message, "default\" in") != NULL && strstr(seen->message, ": the program ") != NULL);
  end();
}

TEST(the_host_has_no_standard_descriptors) {
  int kept[3];
  begin(SHELL PRINTS, 0);
  for (int i = 0; i < 3; i++) kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 100), close(i);
  struct seen *seen = host_run(&host);
  for (int i = 0; i < 3; i++) dup2(kept[i], i), close(kept[i]);
  CHECK_CODE(seen->code, BRS_OK);
  end();
}

TEST(the_host_ignores_ends_of_children) {
  begin(SHELL "(exit 7); [ $? = 7 ] && " PRINTS, 0);
  signal(SIGCHLD, SIG_IGN);
  check_run();
  signal(SIGCHLD, SIG_DFL);
  end();
}

static int stops;

static void *take_children(void *unused) {
  while (!__atomic_load_n(&stops, __ATOMIC_SEQ_CST))
    if (waitpid(-1, NULL, WNOHANG) <= 0) sched_yield();
  return unused;
}

TEST(the_host_waits_for_any_child) {
  pthread_t thread;
  begin(SHELL PRINTS "exec >&-\nsleep 0.1", 0);
  stops = 0;
  CHECK_NUMBER(pthread_create(&thread, NULL, take_children, NULL), 0);
  check_run();
  __atomic_store_n(&stops, 1, __ATOMIC_SEQ_CST);
  pthread_join(thread, NULL);
  end();
}

TEST(a_program_ends_and_leaves_another_one_its_output) {
  begin(SHELL "echo '{\"Version\":1,\"AccessKeyId\":\"AKIDPROGRAM\",'\n"
        "sleep 15 &\nsleep 0.1\necho '\"SecretAccessKey\":\"" HOST_SECRET "\"}'\n", 0);
  int64_t from = now_ms();
  check_run();
  CHECK(now_ms() - from < 10000);
  end();
}

TEST(freed_while_a_program_ignores_what_could_end_it) {
  begin(SHELL "trap '' TERM INT HUP\nexec >&-\nsleep 20; sleep 20\n", 0);
  brs_stream *stream = stream_open(host.fixture.client, &host.fixture.seen);
  sleep_ms(200);
  int64_t from = now_ms();
  brs_client_free(host.fixture.client);
  host.fixture.client = NULL;
  CHECK(now_ms() - from < 10000);
  brs_stream_free(stream);
  CHECK_CODE(host.fixture.seen.code, BRS_E_CANCELLED);
  CHECK_NUMBER(waitpid(-1, NULL, WNOHANG), -1);
  end();
}
