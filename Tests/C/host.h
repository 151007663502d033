/* What the tests of questions share: a host that keeps its clients' questions, or answers them, and their log lines. */
#pragma once
#include "support.h"

#define HOST_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define HOST_TOKEN "IQoJb3JpZ2luX2VjEXAMPLETOKEN"
#define HOST_BEARER "ABSKQmVkcm9ja0FQSUtleUVYQU1QTEU"
#define ASKED_MOST 256

struct asked {
  brs_question_kind kind;
  char detail[128];
  brs_question *question; /* NULL when it is answered */
};

struct host {
  struct fixture fixture;
  brs_config *config; /* what the client is made with; freed at the end */
  struct bytes answer;
  /* What is done with a question, inside the callback; NULL keeps it. `id` is the access key, or the token. */
  void (*act)(struct host *host, struct asked *asked);
  const char *id;
  int64_t life_s; /* of what is answered; 0 for ever */
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  /* Under the mutex. */
  int count;
  struct asked asked[ASKED_MOST];
  int is_wrong;
  char *log; /* each line with its level in front, as "4 POST ...", and a line end */
  size_t log_len;
  int lines[5]; /* by level */
};

/* A server that answers well, and a configuration without credentials whose host may be asked for `kinds`. */
void host_begin(struct host *host, uint32_t kinds);
/* Makes the client of fixture.client; `host_begin` and settings come before. */
void host_start(struct host *host);
void host_end(struct host *host);
/* Has the client's log lines up to `level` kept. */
void host_log(struct host *host, brs_log_level level);
/* Waits until so many questions were asked; the last of them, or NULL when that took too long. */
struct asked *host_wait(struct host *host, int count);
int host_count(struct host *host);

/* Answers with keys of this id, or with the token of this name. What cannot be answered is a failed check. */
void host_answer(struct host *host, struct asked *asked, const char *id);
void host_fail(struct asked *asked, const char *reason);
/* Sets `act` while the client runs. */
void host_act(struct host *host, void (*act)(struct host *host, struct asked *asked));
/* For `act`: answers at once with `id`. */
void host_answer_now(struct host *host, struct asked *asked);
/* For `act`: answers after a while, on another thread, each time with an id of its own: `id` and the number. */
void host_answer_later(struct host *host, struct asked *asked);
void host_wait_later(struct host *host);

/* One whole stream, recorded in fixture.seen, which is made anew. */
struct seen *host_run(struct host *host);
/* Whether the last request was signed with the key `id`. */
int host_is_signed_with(struct host *host, const char *id);
/* A reply of the service that says that credentials have expired. */
struct reply expired_reply(void);
