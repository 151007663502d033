/* A local HTTP server that answers as it is told, byte for byte. One thread accepts, one serves each connection. */
#pragma once
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum framing {
  FRAMING_CHUNKED, /* Transfer-Encoding: chunked */
  FRAMING_LENGTH,  /* Content-Length */
  FRAMING_CLOSE    /* neither: the body ends with the connection */
};

struct reply {
  int status;
  const char *content_type;
  const char *headers; /* further lines, each ended by CR LF; NULL for none */
  const uint8_t *body;
  size_t len;
  enum framing framing;
  int is_cut;   /* the connection ends after the body without the body's proper end */
  size_t holds; /* 1: sends `hold_at` bytes of the body and waits for server_release */
  size_t hold_at;
  size_t piece;     /* sends the body in pieces of so many bytes; 0: at once */
  int piece_us;     /* and waits so long between two */
  uint64_t repeats; /* after the body sends `unit` so many times, then `tail` */
  const uint8_t *unit;
  size_t unit_len;
  const uint8_t *tail;
  size_t tail_len;
  int drops;      /* closes the connection without an answer */
  int never;      /* never answers */
  int waits;      /* for server_release before it answers */
  int closes;     /* closes the connection after the answer */
  size_t raw_len; /* sends `raw` as it stands, instead of all that, and closes */
  const char *raw;
};

/* A copy of bytes that replies point to. */
struct kept {
  struct kept *next;
  uint8_t data[];
};

#define SERVER_CONNECTIONS 4096

struct server {
  int port;
  char url[64];
  int listener;
  int stopping;
  int released;
  pthread_t acceptor;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  /* Under the mutex. */
  struct reply reply;
  struct kept *kept;
  struct reply (*choose)(struct server *server, const char *request); /* instead of `reply` */
  void *context;
  int connections, open, requests;
  uint64_t sent;       /* bytes of bodies */
  char request[65536]; /* the last one, head and body, NUL-terminated */
  int sockets[SERVER_CONNECTIONS];
  pthread_t threads[SERVER_CONNECTIONS];
};

void server_start(struct server *server);
void server_stop(struct server *server);
/* What to answer from now on. The bytes are copied: a connection may still send them when the caller has moved on. */
void server_reply(struct server *server, struct reply reply);
/* Lets replies with `holds` go on, now and later. */
void server_release(struct server *server);
int server_connections(struct server *server);
int server_requests(struct server *server);
uint64_t server_sent(struct server *server);
/* Waits until so many requests have come; 0 when that took too long. */
int server_wait_requests(struct server *server, int count);

/* Waits until so many connections are open; 0 when that took too long. */
int server_wait_open(struct server *server, int count);

/* A reply of status 200 with an event stream. */
struct reply stream_reply(const uint8_t *body, size_t len);
