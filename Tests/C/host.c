#include "host.h"
#include <stdlib.h>
#include <time.h>

static void on_question(void *user, brs_question_kind kind, const char *detail, brs_question *question) {
  struct host *host = user;
  pthread_mutex_lock(&host->mutex);
  if (question == NULL || detail == NULL || host->count == ASKED_MOST) {
    host->is_wrong++;
    pthread_mutex_unlock(&host->mutex);
    return;
  }
  struct asked *asked = &host->asked[host->count++];
  *asked = (struct asked){.kind = kind, .question = question};
  snprintf(asked->detail, sizeof asked->detail, "%s", detail);
  void (*act)(struct host *, struct asked *) = host->act;
  pthread_cond_broadcast(&host->changed);
  pthread_mutex_unlock(&host->mutex);
  if (act != NULL) act(host, asked);
}

static void on_log(void *user, brs_log_level level, const char *message, size_t len) {
  struct host *host = user;
  pthread_mutex_lock(&host->mutex);
  if (level < BRS_LOG_ERROR || level > BRS_LOG_DEBUG || strlen(message) != len || len == 0
      || strpbrk(message, "\r\n") != NULL)
    host->is_wrong++;
  else host->lines[level]++;
  host->log = realloc(host->log, host->log_len + len + 4);
  host->log_len += (size_t)sprintf(host->log + host->log_len, "%d %s\n", (int)level, message);
  pthread_cond_broadcast(&host->changed);
  pthread_mutex_unlock(&host->mutex);
}

void host_begin(struct host *host, uint32_t kinds) {
  environment_clean();
  memset(host, 0, sizeof *host);
  pthread_mutex_init(&host->mutex, NULL);
  pthread_cond_init(&host->changed, NULL);
  server_start(&host->fixture.server);
  seen_init(&host->fixture.seen);
  answer_add(&host->answer, 2);
  server_reply(&host->fixture.server, stream_reply(host->answer.data, host->answer.len));
  host->id = "AKIDHOST";
  CHECK_CODE(brs_config_new(&host->config), BRS_OK);
  config_put(host->config, KEY_ENDPOINT, host->fixture.server.url);
  config_put(host->config, KEY_REGION, "us-east-1");
  config_put(host->config, KEY_RETRY_MODE, "off");
  CHECK_CODE(brs_config_on_question(host->config, kinds, on_question, host), BRS_OK);
}

void host_log(struct host *host, brs_log_level level) {
  CHECK_CODE(brs_config_on_log(host->config, level, on_log, host), BRS_OK);
}

void host_start(struct host *host) {
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  if (brs_client_new(host->config, &host->fixture.client, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "brs_client_new: %s", diagnostic.message);
}

void host_end(struct host *host) {
  fixture_end(&host->fixture);
  brs_config_free(host->config);
  for (int i = 0; i < host->count; i++) host_fail(&host->asked[i], NULL);
  CHECK_NUMBER(host->is_wrong, 0);
  bytes_free(&host->answer);
  free(host->log);
  pthread_mutex_destroy(&host->mutex);
  pthread_cond_destroy(&host->changed);
}

struct asked *host_wait(struct host *host, int count) {
  struct timespec until;
  int is_late = 0;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += check_is_slow() ? 60 : 20;
  pthread_mutex_lock(&host->mutex);
  while (host->count < count && !is_late) is_late = pthread_cond_timedwait(&host->changed, &host->mutex, &until) != 0;
  pthread_mutex_unlock(&host->mutex);
  if (is_late) check_failed(__FILE__, __LINE__, "not asked %d times", count);
  return is_late ? NULL : &host->asked[count - 1];
}

int host_count(struct host *host) {
  pthread_mutex_lock(&host->mutex);
  int count = host->count;
  pthread_mutex_unlock(&host->mutex);
  return count;
}

void host_answer(struct host *host, struct asked *asked, const char *id) {
  brs_diagnostic diagnostic = {.size = sizeof diagnostic};
  brs_answer answer = {.size = sizeof answer, .expires_s = host->life_s ? (int64_t)time(NULL) + host->life_s : 0};
  if (asked == NULL) return;
  if (asked->kind == BRS_ASK_TOKEN) answer.token = id;
  else answer.access_key_id = id, answer.secret_access_key = HOST_SECRET, answer.session_token = HOST_TOKEN;
  brs_question *question = asked->question;
  asked->question = NULL;
  if (brs_question_answer(question, &answer, &diagnostic) != BRS_OK)
    check_failed(__FILE__, __LINE__, "brs_question_answer: %s", diagnostic.message);
}

void host_fail(struct asked *asked, const char *reason) {
  if (asked == NULL) return;
  brs_question *question = asked->question;
  asked->question = NULL;
  brs_question_fail(question, reason);
}

void host_act(struct host *host, void (*act)(struct host *host, struct asked *asked)) {
  pthread_mutex_lock(&host->mutex);
  host->act = act;
  pthread_mutex_unlock(&host->mutex);
}

void host_answer_now(struct host *host, struct asked *asked) { host_answer(host, asked, host->id); }

struct later {
  struct host *host;
  struct asked *asked;
};

static int running;

static void *answer_later(void *context) {
  struct later later = *(struct later *)context;
  char id[64];
  free(context);
  sleep_ms(20);
  snprintf(id, sizeof id, "%s%d", later.host->id, (int)(later.asked - later.host->asked));
  host_answer(later.host, later.asked, id);
  __atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

void host_answer_later(struct host *host, struct asked *asked) {
  struct later *later = malloc(sizeof *later);
  pthread_t thread;
  *later = (struct later){host, asked};
  __atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
  if (pthread_create(&thread, NULL, answer_later, later) == 0) pthread_detach(thread);
}

void host_wait_later(struct host *host) {
  (void)host;
  while (__atomic_load_n(&running, __ATOMIC_SEQ_CST) > 0) sleep_ms(1);
}

struct seen *host_run(struct host *host) {
  struct seen *seen = &host->fixture.seen;
  seen_free(seen);
  seen_init(seen);
  brs_stream *stream = stream_open(host->fixture.client, seen);
  if (stream == NULL) return seen;
  if (!seen_wait(seen)) check_failed(__FILE__, __LINE__, "no terminal callback");
  brs_stream_free(stream);
  CHECK_ENDED_ONCE(seen);
  return seen;
}

int host_is_signed_with(struct host *host, const char *id) {
  char part[128];
  snprintf(part, sizeof part, "Credential=%s/", id);
  pthread_mutex_lock(&host->fixture.server.mutex);
  int is_there = strstr(host->fixture.server.request, part) != NULL;
  pthread_mutex_unlock(&host->fixture.server.mutex);
  return is_there;
}

struct reply expired_reply(void) {
  return error_reply(403, "x-amzn-errortype: ExpiredTokenException\r\n",
                     "{\"message\":\"The security token included in the request is expired\"}");
}
