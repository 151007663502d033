/*
 * A server that costs little: one thread, epoll, answers that were rendered before.
 *
 *     server [CERTIFICATE KEY]     prints one line of JSON, {"port":N,"tls_port":N}; ends with standard input
 *     server --dump FILE --count N [--route invoke]    writes an answer of N deltas to a file
 *
 * It listens on 127.0.0.1 to 127.0.0.8, so that a client that opens many connections does not run out of ports. The
 * model id of a request says what the answer is to be like: `struct order`. "GET /stats" tells what happened since it
 * was asked last: how many answers were on their way at once, and how much later than due paced deltas went out.
 */
#include "answers.h"
#include "measure.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

enum { ADDRESSES = 8, SLACK_NS = 20000, REQUEST_ROOM = 16384 };
static const uint64_t HELD = 1ull << 62; /* due when enough answers are on their way */
enum kind { PEER, LISTENER, TLS_LISTENER, INPUT, TIMER };
enum phase { ASKED, BEGUN, ENDING, IDLE };

/* What epoll tells of. Only a PEER uses more than the first two members. */
struct source {
  enum kind kind;
  int fd;
  int is_shaking, wants_room;
  SSL *ssl;
  char *request; /* what came of it; NULL between two requests */
  size_t have;
  struct order order;
  enum phase phase;
  long left;          /* deltas that were not sent yet */
  int at;             /* which of the block comes next */
  const uint8_t *out; /* what is being sent, and where it lies when it lies nowhere else */
  size_t out_len;
  uint8_t *own;
  uint64_t due, gap; /* when the next paced write is due; 0: none is */
  size_t place;      /* in `timers` */
};

static int poller, timer;
static SSL_CTX *tls;
static struct source **timers; /* a heap by `due` */
static size_t timer_count, timer_capacity;
static uint64_t armed_for;
static long answering, most_answering, stalls;
static struct histogram late;
static uint8_t scratch[MOST_PER_WRITE * STAMPED_ROOM + 8192];

/* ---- paced writes */

static void timer_put(struct source *source, size_t place) {
  timers[place] = source;
  source->place = place;
}

static void timer_sift(struct source *source, size_t place) {
  for (; place > 0 && timers[(place - 1) / 2]->due > source->due; place = (place - 1) / 2)
    timer_put(timers[(place - 1) / 2], place);
  for (;;) {
    size_t child = place * 2 + 1;
    if (child + 1 < timer_count && timers[child + 1]->due < timers[child]->due) child++;
    if (child >= timer_count || timers[child]->due >= source->due) break;
    timer_put(timers[child], place);
    place = child;
  }
  timer_put(source, place);
}

static void timer_add(struct source *source, uint64_t due) {
  if (timer_count == timer_capacity) {
    timer_capacity = timer_capacity * 2 + 1024;
    timers = realloc(timers, timer_capacity * sizeof *timers);
    if (timers == NULL) abort();
  }
  source->due = due;
  timer_count++;
  timer_sift(source, timer_count - 1);
}

static void timer_remove(struct source *source) {
  if (source->due == 0) return;
  struct source *last = timers[--timer_count];
  if (last != source) timer_sift(last, source->place);
  source->due = 0;
}

/* As many answers are on their way as were to be: those that waited for it begin, each at another moment. */
static void timers_release(void) {
  uint64_t now = now_ns();
  for (size_t i = 0; i < timer_count; i++)
    if (timers[i]->due == HELD) timers[i]->due = now + 1 + (uint64_t)random() % timers[i]->gap;
  size_t count = timer_count;
  for (timer_count = 1; timer_count <= count; timer_count++) timer_sift(timers[timer_count - 1], timer_count - 1);
  timer_count = count;
}

static void timer_arm(void) {
  uint64_t due = timer_count > 0 ? timers[0]->due : 0;
  if (due == armed_for) return;
  armed_for = due;
  struct itimerspec spec = {.it_value = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* ---- connections */

static void watch(struct source *source, int operation, int wants_room) {
  struct epoll_event event = {.events = EPOLLIN | (wants_room ? (uint32_t)EPOLLOUT : 0), .data.ptr = source};
  source->wants_room = wants_room;
  epoll_ctl(poller, operation, source->fd, &event);
}

static void end_answer(struct source *source) {
  if (source->phase != IDLE) answering--;
  source->phase = IDLE;
  timer_remove(source);
  free(source->own);
  source->own = NULL;
  source->out_len = 0;
}

static void drop(struct source *source) {
  end_answer(source);
  if (source->ssl != NULL) SSL_free(source->ssl);
  close(source->fd);
  free(source->request);
  free(source);
}

static ssize_t write_some(struct source *source, const uint8_t *data, size_t len) {
  if (source->ssl == NULL) {
    ssize_t sent = send(source->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
  }
  int sent = SSL_write(source->ssl, data, (int)len);
  if (sent > 0) return sent;
  int is_full = SSL_get_error(source->ssl, sent) == SSL_ERROR_WANT_WRITE;
  ERR_clear_error();
  return is_full ? 0 : -1;
}

/* 1 when all of `out` was sent, 0 when the socket takes no more, -1 when it is gone. */
static int flush(struct source *source) {
  while (source->out_len > 0) {
    ssize_t sent = write_some(source, source->out, source->out_len);
    if (sent <= 0) return (int)sent;
    source->out += sent;
    source->out_len -= (size_t)sent;
  }
  return 1;
}

/* What `scratch` holds goes out; what the socket does not take is kept. */
static int flush_scratch(struct source *source, size_t len) {
  source->out = scratch;
  source->out_len = len;
  int state = flush(source);
  if (state != 0) return state;
  free(source->own);
  source->own = malloc(source->out_len);
  if (source->own == NULL) return -1;
  memcpy(source->own, source->out, source->out_len);
  source->out = source->own;
  return 0;
}

/* ---- answers */

static size_t scratch_add(size_t at, const void *data, size_t len) {
  memcpy(scratch + at, data, len);
  return at + len;
}

/* Deltas with the time of their sending behind `at` in `scratch`, and the end where they are the last. */
static size_t add_stamped(struct source *source, size_t at) {
  int count = source->left < source->order.per_write ? (int)source->left : source->order.per_write;
  if (count > 0) at += stamped_write(scratch + at, count, now_ns());
  source->left -= count;
  if (source->left > 0) return at;
  source->phase = ENDING;
  const struct pieces *pieces = pieces_of(&source->order);
  return scratch_add(at, pieces->end.data, pieces->end.len);
}

/* The first write of a paced answer goes out at once, the next after a part of the gap that differs. */
static int begin_paced(struct source *source) {
  const struct pieces *pieces = pieces_of(&source->order);
  source->gap = 1000000000u * (uint64_t)source->order.per_write / (uint64_t)source->order.rate;
  size_t len = add_stamped(source, scratch_add(0, pieces->begin.data, pieces->begin.len));
  int is_held = answering < source->order.together;
  if (source->phase != ENDING) timer_add(source, is_held ? HELD : now_ns() + 1 + (uint64_t)random() % source->gap);
  if (!is_held) timers_release();
  return flush_scratch(source, len);
}

static void begin_small(struct source *source) {
  const struct pieces *pieces = pieces_of(&source->order);
  size_t deltas = pieces->offsets[source->left], at = 0;
  free(source->own);
  source->own = malloc(pieces->begin.len + deltas + pieces->end.len);
  if (source->own == NULL) abort();
  const struct bytes parts[] = {pieces->begin, {pieces->block.data, deltas, 0}, pieces->end};
  for (int i = 0; i < 3; at += parts[i++].len) memcpy(source->own + at, parts[i].data, parts[i].len);
  source->out = source->own;
  source->out_len = at;
  source->phase = ENDING;
}

/* Puts the next piece of an answer at full speed into `out`. */
static void next_piece(struct source *source) {
  const struct pieces *pieces = pieces_of(&source->order);
  if (source->phase == ASKED) {
    source->out = pieces->begin.data;
    source->out_len = pieces->begin.len;
    source->phase = BEGUN;
  } else if (source->left > 0) {
    long room = source->order.is_single ? 1 : BLOCK - source->at;
    int count = (int)(source->left < room ? source->left : room);
    source->out = pieces->block.data + pieces->offsets[source->at];
    source->out_len = pieces->offsets[source->at + count] - pieces->offsets[source->at];
    source->at = (source->at + count) % BLOCK;
    source->left -= count;
  } else {
    source->out = pieces->end.data;
    source->out_len = pieces->end.len;
    source->phase = ENDING;
  }
}

/* Sends as much as there is and the socket takes. 0 when the connection is gone. */
static int go_on(struct source *source) {
  for (;;) {
    int state = flush(source);
    if (state < 0) return 0;
    if (source->wants_room != (state == 0)) watch(source, EPOLL_CTL_MOD, state == 0);
    if (state == 0 || source->phase == IDLE) return 1;
    if (source->phase == ENDING) {
      end_answer(source);
      return 1;
    }
    if (source->order.rate > 0 && source->phase == BEGUN) return 1;
    next_piece(source);
  }
}

/*
 * A client that does not read misses its turn: what it gets is never older than its stamp says. Nor does a stream catch
 * up when the server was late by a whole turn: load comes evenly, or there is less of it.
 */
static void pace(struct source *source, uint64_t now) {
  uint64_t late_by = now > source->due ? now - source->due : 0, due = source->due + source->gap;
  histogram_add(&late, late_by);
  if (late_by > source->gap) due = now + source->gap;
  timer_remove(source);
  int state = 0;
  if (source->out_len == 0) state = flush_scratch(source, add_stamped(source, 0));
  else stalls++;
  if (state < 0) return drop(source);
  if (source->phase != ENDING) timer_add(source, due);
  if ((state == 0 || source->phase == ENDING) && !go_on(source)) drop(source);
}

static void tell_stats(struct source *source) {
  char json[256], text[512];
  int len = snprintf(json, sizeof json, "{\"most\":%ld,\"stalls\":%ld,\"late_us_p99\":%.1f,\"late_us_max\":%.1f}",
                     most_answering, stalls, late.total ? histogram_at(&late, 0.99) / 1e3 : 0,
                     (double)late.largest / 1e3);
  len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                 len, json);
  most_answering = answering;
  stalls = 0;
  memset(&late, 0, sizeof late);
  if (write_some(source, (uint8_t *)text, (size_t)len) != len) fprintf(stderr, "server: statistics were cut\n");
}

/* 0 when the connection is gone. */
static int answer(struct source *source, const char *path) {
  if (strcmp(path, "/stats") == 0) return tell_stats(source), 1;
  source->order = order_of(path);
  source->left = source->order.count;
  source->at = 0;
  source->phase = ASKED;
  if (++answering > most_answering) most_answering = answering;
  if (source->order.rate > 0) {
    source->phase = BEGUN;
    return begin_paced(source) >= 0 && go_on(source);
  }
  if (source->left < SMALL_ANSWER && !source->order.is_single) begin_small(source);
  return go_on(source);
}

/* ---- requests */

/* How many bytes the request has whose beginning is there; SIZE_MAX when that is not known yet. */
static size_t request_length(const char *request) {
  const char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "\r\ncontent-length:");
  if (end == NULL) return SIZE_MAX;
  size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
  return (size_t)(end + 4 - request) + body;
}

/* Answers the request where it is whole. 0 when the connection is gone. */
static int take_request(struct source *source) {
  source->request[source->have] = 0;
  if (request_length(source->request) > source->have) return 1;
  char *path = strchr(source->request, ' '), *end = path != NULL ? strchr(path + 1, ' ') : NULL;
  if (end == NULL) return 0;
  *end = 0;
  char *request = source->request;
  source->request = NULL;
  source->have = 0;
  int is_open = answer(source, path + 1);
  free(request);
  return is_open;
}

static ssize_t read_some(struct source *source, char *to, size_t room) {
  if (source->ssl == NULL) {
    ssize_t got = recv(source->fd, to, room, MSG_DONTWAIT);
    return got > 0 ? got : got < 0 && errno == EAGAIN ? 0 : -1;
  }
  int got = SSL_read(source->ssl, to, (int)room);
  if (got > 0) return got;
  int reason = SSL_get_error(source->ssl, got);
  ERR_clear_error();
  return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* 0 when the connection is gone. */
static int read_request(struct source *source) {
  for (;;) {
    if (source->request == NULL) source->request = malloc(REQUEST_ROOM);
    if (source->request == NULL) return 0;
    ssize_t got = read_some(source, source->request + source->have, REQUEST_ROOM - 1 - source->have);
    if (got > 0) {
      source->have += (size_t)got;
      if (!take_request(source)) return 0;
      if (source->ssl == NULL) return 1;
      continue;
    }
    if (source->have == 0) {
      free(source->request);
      source->request = NULL;
    }
    return got == 0;
  }
}

static void peer_ready(struct source *source, uint32_t events) {
  int is_open = (events & (EPOLLERR | EPOLLHUP)) == 0;
  if (is_open && source->is_shaking) {
    int state = SSL_accept(source->ssl), reason = SSL_get_error(source->ssl, state);
    source->is_shaking = state != 1;
    is_open = state == 1 || reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
  }
  if (is_open && !source->is_shaking && (events & EPOLLIN)) is_open = read_request(source);
  if (is_open && (events & EPOLLOUT)) is_open = go_on(source);
  if (!is_open) drop(source);
}

/* ---- the loop */

static void accept_all(const struct source *listener) {
  int fd, on = 1;
  while ((fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL) abort();
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    source->fd = fd;
    source->phase = IDLE;
    if (listener->kind == TLS_LISTENER) {
      source->ssl = SSL_new(tls);
      SSL_set_fd(source->ssl, fd);
      source->is_shaking = 1;
    }
    watch(source, EPOLL_CTL_ADD, 0);
  }
}

/* Listens on one port of each address. Returns the port. */
static int listen_on(enum kind kind) {
  static struct source listeners[2 * ADDRESSES];
  static int used;
  int on = 1, port = 0;
  for (int i = 0; i < ADDRESSES; i++) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0
        || getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
      perror("server: listen");
      exit(1);
    }
    port = ntohs(address.sin_port);
    listeners[used] = (struct source){.kind = kind, .fd = fd};
    watch(&listeners[used++], EPOLL_CTL_ADD, 0);
  }
  return port;
}

static void set_up_tls(const char *certificate, const char *key) {
  tls = SSL_CTX_new(TLS_server_method());
  if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, certificate) != 1
      || SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    exit(1);
  }
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

static void run(void) {
  struct epoll_event events[256];
  for (;;) {
    timer_arm();
    int count = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < count; i++) {
      struct source *source = events[i].data.ptr;
      uint64_t ticks;
      switch (source->kind) {
      case PEER: peer_ready(source, events[i].events); break;
      case LISTENER: case TLS_LISTENER: accept_all(source); break;
      case INPUT: if (read(source->fd, &ticks, 1) <= 0) return; break;
      case TIMER: if (read(source->fd, &ticks, sizeof ticks) > 0) armed_for = 0; break;
      }
    }
    uint64_t now = now_ns();
    for (int i = 0; i < 256 && timer_count > 0 && timers[0]->due <= now + SLACK_NS; i++) {
      pace(timers[0], now);
      if (i % 16 == 15) now = now_ns();
    }
  }
}

int main(int argc, char **argv) {
  static struct source input = {.kind = INPUT}, clock_source = {.kind = TIMER};
  if (argc >= 5 && strcmp(argv[1], "--dump") == 0) return !answer_dump(argv[2], atoi(argv[4]), argc > 6);
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  answers_render();
  poller = epoll_create1(EPOLL_CLOEXEC);
  timer = clock_source.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  watch(&input, EPOLL_CTL_ADD, 0);
  watch(&clock_source, EPOLL_CTL_ADD, 0);
  if (argc > 2) set_up_tls(argv[1], argv[2]);
  int port = listen_on(LISTENER), tls_port = tls != NULL ? listen_on(TLS_LISTENER) : 0;
  printf("{\"port\":%d,\"tls_port\":%d}\n", port, tls_port);
  fflush(stdout);
  run();
  return 0;
}
