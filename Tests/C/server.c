#include "server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
  struct server *server;
  int fd, slot;
  char head[65536];
  size_t have;
};

static void must(int is_well, const char *what) {
  if (is_well) return;
  perror(what);
  abort();
}

static int is_stopping(struct server *server) {
  pthread_mutex_lock(&server->mutex);
  int stopping = server->stopping;
  pthread_mutex_unlock(&server->mutex);
  return stopping;
}

/* Sends all of it; 0 when the peer is gone. */
static int send_all(struct server *server, int fd, const void *data, size_t len, int counts) {
  for (size_t at = 0; at < len;) {
    ssize_t sent = send(fd, (const char *)data + at, len - at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return 0;
    at += (size_t)sent;
    if (counts) {
      pthread_mutex_lock(&server->mutex);
      server->sent += (uint64_t)sent;
      pthread_mutex_unlock(&server->mutex);
    }
  }
  return 1;
}

/* Waits for server_release; 0 when the peer has gone or the server stops. */
static int wait_release(struct server *server, int fd) {
  for (;;) {
    pthread_mutex_lock(&server->mutex);
    int released = server->released, stopping = server->stopping;
    pthread_mutex_unlock(&server->mutex);
    if (stopping) return 0;
    if (released) return 1;
    struct pollfd peer = {fd, POLLRDHUP, 0};
    if (poll(&peer, 1, 2) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR))) return 0;
  }
}

static int send_part(struct server *server, int fd, const struct reply *reply, const uint8_t *data, size_t len) {
  char size[24];
  if (len == 0) return 1;
  if (reply->framing != FRAMING_CHUNKED) return send_all(server, fd, data, len, 1);
  int head = snprintf(size, sizeof size, "%zx\r\n", len);
  return send_all(server, fd, size, (size_t)head, 0) && send_all(server, fd, data, len, 1)
         && send_all(server, fd, "\r\n", 2, 0);
}

static int send_span(struct server *server, int fd, const struct reply *reply, const uint8_t *data, size_t len) {
  size_t piece = reply->piece ? reply->piece : len;
  for (size_t at = 0; at < len; at += piece) {
    if (at > 0 && reply->piece_us > 0) {
      struct timespec pause = {reply->piece_us / 1000000, reply->piece_us % 1000000 * 1000L};
      nanosleep(&pause, NULL);
    }
    if (!send_part(server, fd, reply, data + at, len - at < piece ? len - at : piece)) return 0;
  }
  return 1;
}

static int send_body(struct server *server, int fd, const struct reply *reply) {
  size_t first = reply->holds ? reply->hold_at : reply->len;
  if (!send_span(server, fd, reply, reply->body, first)) return 0;
  if (reply->holds) {
    if (!wait_release(server, fd)) return 0;
    if (!send_span(server, fd, reply, reply->body + first, reply->len - first)) return 0;
  }
  for (uint64_t i = 0; i < reply->repeats; i++)
    if (!send_part(server, fd, reply, reply->unit, reply->unit_len)) return 0;
  if (!send_part(server, fd, reply, reply->tail, reply->tail_len)) return 0;
  if (reply->framing == FRAMING_CHUNKED && !reply->is_cut) return send_all(server, fd, "0\r\n\r\n", 5, 0);
  return 1;
}

/* Answers one request; 0 when the connection is to be closed. */
static int answer(struct server *server, int fd, const struct reply *reply) {
  char head[2048], length[64] = "";
  if (reply->waits && !wait_release(server, fd)) return 0;
  if (reply->drops) return 0;
  if (reply->raw_len > 0) return send_all(server, fd, reply->raw, reply->raw_len, 0) && 0;
  if (reply->never) return wait_release(server, fd) && 0;
  if (reply->framing == FRAMING_CHUNKED) snprintf(length, sizeof length, "Transfer-Encoding: chunked\r\n");
  if (reply->framing == FRAMING_LENGTH)
    snprintf(length, sizeof length, "Content-Length: %llu\r\n",
             (unsigned long long)(reply->len + reply->repeats * reply->unit_len + reply->tail_len
                                  + (reply->is_cut ? 1000 : 0)));
  int len = snprintf(head, sizeof head, "HTTP/1.1 %d Whatever\r\nContent-Type: %s\r\n%s%s%s\r\n", reply->status,
                     reply->content_type, length, reply->closes ? "Connection: close\r\n" : "",
                     reply->headers ? reply->headers : "");
  if (!send_all(server, fd, head, (size_t)len, 0) || !send_body(server, fd, reply)) return 0;
  return !reply->is_cut && !reply->closes && reply->framing != FRAMING_CLOSE;
}

/* The length of the request that stands at the beginning of `head`, or 0 when more is to be read. */
static size_t request_length(struct connection *connection) {
  connection->head[connection->have] = 0;
  char *end = strstr(connection->head, "\r\n\r\n");
  if (end == NULL) return 0;
  size_t body = 0;
  for (char *line = connection->head; line < end; line = strstr(line, "\r\n") + 2)
    if (strncasecmp(line, "content-length:", 15) == 0) body = (size_t)strtoul(line + 15, NULL, 10);
  return (size_t)(end + 4 - connection->head) + body;
}

/* Reads a request; its length, 0 when there is none. A body larger than the buffer is read and dropped. */
static size_t read_request(struct connection *connection) {
  size_t length, seen = connection->have;
  while ((length = request_length(connection)) == 0 || seen < length) {
    int is_full = connection->have == sizeof connection->head - 1;
    char rest[16384];
    if (is_full && length == 0) return 0;
    ssize_t got = is_full ? recv(connection->fd, rest, sizeof rest < length - seen ? sizeof rest : length - seen, 0)
                          : recv(connection->fd, connection->head + connection->have,
                                 sizeof connection->head - 1 - connection->have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    seen += (size_t)got;
    if (!is_full) connection->have += (size_t)got;
  }
  return length < connection->have ? length : connection->have;
}

static struct reply note_request(struct connection *connection, size_t length) {
  struct server *server = connection->server;
  pthread_mutex_lock(&server->mutex);
  server->requests++;
  memcpy(server->request, connection->head, length);
  server->request[length < sizeof server->request ? length : length - 1] = 0;
  struct reply reply = server->choose ? server->choose(server, server->request) : server->reply;
  pthread_cond_broadcast(&server->changed);
  pthread_mutex_unlock(&server->mutex);
  return reply;
}

static void *serve(void *context) {
  struct connection *connection = context;
  struct server *server = connection->server;
  size_t length;
  while (!is_stopping(server) && (length = read_request(connection)) > 0) {
    struct reply reply = note_request(connection, length);
    memmove(connection->head, connection->head + length, connection->have - length);
    connection->have -= length;
    if (!answer(server, connection->fd, &reply)) break;
  }
  pthread_mutex_lock(&server->mutex);
  server->sockets[connection->slot] = -1;
  server->open--;
  shutdown(connection->fd, SHUT_WR); /* before close, so that what the peer still sends makes no reset */
  pthread_mutex_unlock(&server->mutex);
  char rest[4096];
  struct pollfd peer = {connection->fd, POLLIN, 0};
  while (poll(&peer, 1, 50) > 0 && recv(connection->fd, rest, sizeof rest, MSG_DONTWAIT) > 0) {}
  close(connection->fd);
  free(connection);
  return NULL;
}

static void *accept_connections(void *context) {
  struct server *server = context;
  for (;;) {
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
    pthread_mutex_lock(&server->mutex);
    if (fd < 0 || server->stopping || server->connections == SERVER_CONNECTIONS) {
      int is_over = server->stopping || server->connections == SERVER_CONNECTIONS || errno != EINTR;
      pthread_mutex_unlock(&server->mutex);
      if (fd >= 0) close(fd);
      if (is_over) return NULL;
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = calloc(1, sizeof *connection);
    must(connection != NULL, "calloc");
    *connection = (struct connection){.server = server, .fd = fd, .slot = server->connections};
    server->sockets[connection->slot] = fd;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    must(pthread_create(&server->threads[server->connections], &small, serve, connection) == 0, "pthread_create");
    pthread_attr_destroy(&small);
    server->connections++;
    server->open++;
    pthread_mutex_unlock(&server->mutex);
  }
}

void server_start(struct server *server) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  memset(server, 0, sizeof *server);
  pthread_mutex_init(&server->mutex, NULL);
  pthread_cond_init(&server->changed, NULL);
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(bind(server->listener, (struct sockaddr *)&address, sizeof address) == 0, "bind");
  must(listen(server->listener, 1024) == 0, "listen");
  must(getsockname(server->listener, (struct sockaddr *)&address, &len) == 0, "getsockname");
  server->port = ntohs(address.sin_port);
  snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", server->port);
  must(pthread_create(&server->acceptor, NULL, accept_connections, server) == 0, "pthread_create");
}

void server_stop(struct server *server) {
  pthread_mutex_lock(&server->mutex);
  server->stopping = 1;
  for (int i = 0; i < server->connections; i++)
    if (server->sockets[i] >= 0) shutdown(server->sockets[i], SHUT_RDWR);
  pthread_mutex_unlock(&server->mutex);
  shutdown(server->listener, SHUT_RDWR);
  pthread_join(server->acceptor, NULL);
  for (int i = 0; i < server->connections; i++) pthread_join(server->threads[i], NULL);
  close(server->listener);
  for (struct kept *kept = server->kept, *next; kept != NULL; kept = next) {
    next = kept->next;
    free(kept);
  }
  pthread_mutex_destroy(&server->mutex);
  pthread_cond_destroy(&server->changed);
}

static const void *keep(struct server *server, const void *data, size_t len) {
  if (data == NULL) return NULL;
  struct kept *kept = malloc(sizeof *kept + len + 1);
  must(kept != NULL, "malloc");
  memcpy(kept->data, data, len);
  kept->next = server->kept;
  server->kept = kept;
  return kept->data;
}

void server_reply(struct server *server, struct reply reply) {
  pthread_mutex_lock(&server->mutex);
  reply.body = keep(server, reply.body, reply.len);
  reply.unit = keep(server, reply.unit, reply.unit_len);
  reply.tail = keep(server, reply.tail, reply.tail_len);
  reply.raw = keep(server, reply.raw, reply.raw_len);
  reply.headers = keep(server, reply.headers, reply.headers ? strlen(reply.headers) + 1 : 0);
  server->reply = reply;
  pthread_mutex_unlock(&server->mutex);
}

void server_release(struct server *server) {
  pthread_mutex_lock(&server->mutex);
  server->released = 1;
  pthread_mutex_unlock(&server->mutex);
}

int server_connections(struct server *server) {
  pthread_mutex_lock(&server->mutex);
  int count = server->connections;
  pthread_mutex_unlock(&server->mutex);
  return count;
}

int server_requests(struct server *server) {
  pthread_mutex_lock(&server->mutex);
  int count = server->requests;
  pthread_mutex_unlock(&server->mutex);
  return count;
}

uint64_t server_sent(struct server *server) {
  pthread_mutex_lock(&server->mutex);
  uint64_t sent = server->sent;
  pthread_mutex_unlock(&server->mutex);
  return sent;
}

int server_wait_requests(struct server *server, int count) {
  struct timespec until;
  int is_late = 0;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 20;
  pthread_mutex_lock(&server->mutex);
  while (server->requests < count && !is_late)
    is_late = pthread_cond_timedwait(&server->changed, &server->mutex, &until) == ETIMEDOUT;
  pthread_mutex_unlock(&server->mutex);
  return !is_late;
}

int server_wait_open(struct server *server, int count) {
  int open = -1;
  for (int i = 0; i < 2000 && open != count; i++) {
    pthread_mutex_lock(&server->mutex);
    open = server->open;
    pthread_mutex_unlock(&server->mutex);
    const struct timespec pause = {0, 10000000};
    if (open != count) nanosleep(&pause, NULL);
  }
  return open == count;
}

struct reply stream_reply(const uint8_t *body, size_t len) {
  return (struct reply){.status = 200,
                        .content_type = "application/vnd.amazon.eventstream",
                        .headers = "x-amzn-RequestId: 11111111-2222-3333-4444-555555555555\r\n",
                        .body = body,
                        .len = len};
}
