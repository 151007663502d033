/* Has every client of the tests serve its streams in the way that CHECK_STYLE names: "threads" for four threads, "host"
   for none, with a loop of the host's own on a thread of the test's. Without it clients are as the tests make them.
   The linker leads the tests' calls of brs_client_new and brs_client_free here (--wrap). */
#include "support.h"
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

brs_code __real_brs_client_new(const brs_config *config, brs_client **client, brs_diagnostic *diagnostic);
void __real_brs_client_free(brs_client *client);
brs_code __wrap_brs_client_new(const brs_config *config, brs_client **client, brs_diagnostic *diagnostic);
void __wrap_brs_client_free(brs_client *client);

struct host_loop {
  struct host_loop *next;
  brs_client *client;
  int fd, stop;
  pid_t process;
  pthread_t thread;
  int is_freed; /* by a callback inside of brs_client_dispatch */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct host_loop *loops;

static void *run_host_loop(void *argument) {
  struct host_loop *loop = argument;
  struct pollfd fds[2] = {{loop->fd, POLLIN, 0}, {loop->stop, POLLIN, 0}};
  while (!loop->is_freed) {
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) break;
    /* Somebody who waits for a stream may be in there. */
    if (brs_client_dispatch(loop->client) == BRS_E_STATE) usleep(500);
  }
  if (loop->is_freed) {
    close(loop->stop);
    free(loop);
  }
  return NULL;
}

static void start_host_loop(brs_client *client) {
  struct host_loop *loop = calloc(1, sizeof *loop);
  if (loop == NULL) abort();
  loop->client = client;
  loop->process = getpid();
  loop->stop = eventfd(0, EFD_CLOEXEC);
  CHECK_CODE(brs_client_fd(client, &loop->fd), BRS_OK);
  pthread_mutex_lock(&mutex);
  loop->next = loops;
  loops = loop;
  pthread_mutex_unlock(&mutex);
  if (pthread_create(&loop->thread, NULL, run_host_loop, loop) != 0) abort();
}

static struct host_loop *take_loop(const brs_client *client) {
  struct host_loop *found = NULL;
  pthread_mutex_lock(&mutex);
  for (struct host_loop **place = &loops; *place != NULL; place = &(*place)->next) {
    if ((*place)->client != client || (*place)->process != getpid()) continue;
    found = *place;
    *place = found->next;
    break;
  }
  pthread_mutex_unlock(&mutex);
  return found;
}

static brs_code client_of_style(brs_config *config, const char *threads, brs_client **client,
                                brs_diagnostic *diagnostic) {
  CHECK_CODE(brs_config_set(config, "io.threads", threads, NULL), BRS_OK);
  brs_code code = __real_brs_client_new(config, client, diagnostic);
  CHECK_CODE(brs_config_set(config, "io.threads", "", NULL), BRS_OK);
  return code;
}

brs_code __wrap_brs_client_new(const brs_config *given, brs_client **client, brs_diagnostic *diagnostic) {
  char set[8] = "1";
  size_t len = 0;
  brs_config *config = (brs_config *)given, *made = NULL;
  if (config != NULL) (void)brs_config_get(config, "io.threads", set, sizeof set, &len, NULL);
  if (check_style_is(NULL) || strcmp(set, "1") != 0) return __real_brs_client_new(given, client, diagnostic);
  int is_hosted = check_style_is("host");
  if (!is_hosted && !check_style_is("threads")) check_failed(__FILE__, __LINE__, "CHECK_STYLE is no style");
  if (config == NULL && brs_config_new(&made) != BRS_OK) abort();
  brs_code code = client_of_style(made ? made : config, is_hosted ? "0" : "4", client, diagnostic);
  brs_config_free(made);
  if (code == BRS_OK && is_hosted) start_host_loop(*client);
  return code;
}

void __wrap_brs_client_free(brs_client *client) {
  struct host_loop *loop = client ? take_loop(client) : NULL;
  if (loop == NULL) {
    __real_brs_client_free(client);
  } else if (pthread_equal(loop->thread, pthread_self())) {
    pthread_detach(loop->thread);
    loop->is_freed = 1;
    __real_brs_client_free(client);
  } else {
    uint64_t one = 1;
    if (write(loop->stop, &one, sizeof one) < 0) abort();
    pthread_join(loop->thread, NULL);
    close(loop->stop);
    __real_brs_client_free(client);
    free(loop);
  }
}
