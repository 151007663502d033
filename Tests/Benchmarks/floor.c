/*
 * The floor: libcurl alone, as cheaply as it can be used: curl_multi_socket_action under epoll, one thread. It takes
 * the arguments of client for the workloads b, t, c and d, sends the same request unsigned, and only walks over the
 * frames of the answers; no checksum, no JSON.
 */
#include "measure.h"
#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

enum {
  TORN = 256,                                                        /* what is kept of a frame that came in parts */
  TYPE_AT = 12 + 1 + sizeof ":event-type" - 1 + 1,                   /* of the event's type, its length before it */
  TEXT_BEHIND = sizeof "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"" - 1 /* where a delta's text begins */
};

struct stream {
  CURL *easy;
  int number, calls, is_waiting;
  uint32_t have, length; /* bytes of the current frame that came, and all that it has; 0: not known yet */
  uint8_t torn[TORN];
};

static struct measure *m;
static CURLM *multi;
static struct curl_slist *headers;
static int poller, timer, waiting, ended;
static char url[2048];

static uint32_t u32_at(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A frame, of which `have` bytes are here. Deltas are told by the length of their type and its 13th letter. */
static void frame_came(struct stream *stream, const uint8_t *frame, uint32_t have) {
  const uint8_t *type = frame + TYPE_AT;
  if (have < 64 || !((type[1] == 17 && type[14] == 'D') || type[1] == 5)) {
    m->events++;
    return;
  }
  uint32_t text = 12 + u32_at(frame + 4) + TEXT_BEHIND;
  if (have >= text + STAMP_LENGTH) measure_delta(m, stream->number, (const char *)frame + text, STAMP_LENGTH);
  else measure_delta(m, stream->number, "", 0);
}

/* Takes bytes of the frame that came in parts; returns how many. */
static size_t take_torn(struct stream *stream, const uint8_t *data, size_t len) {
  uint32_t need = (stream->length > 0 ? stream->length : 12) - stream->have;
  uint32_t used = len < need ? (uint32_t)len : need;
  if (stream->have < TORN) {
    uint32_t room = TORN - stream->have;
    memcpy(stream->torn + stream->have, data, used < room ? used : room);
  }
  stream->have += used;
  if (stream->length == 0 && stream->have == 12) {
    stream->length = u32_at(stream->torn);
  } else if (stream->have == stream->length) {
    frame_came(stream, stream->torn, stream->have < TORN ? stream->have : TORN);
    stream->have = stream->length = 0;
  }
  return used;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
  struct stream *stream = user;
  const uint8_t *data = (const uint8_t *)bytes;
  size_t len = size * count;
  m->bytes += len;
  if (stream->is_waiting) {
    stream->is_waiting = 0;
    waiting--;
  }
  while (len > 0) {
    size_t used = stream->have == 0 && len >= 12 ? u32_at(data) : 0;
    if (used > 0 && used <= len) frame_came(stream, data, (uint32_t)used);
    else used = take_torn(stream, data, len);
    data += used;
    len -= used;
  }
  return size * count;
}

/* ---- libcurl's sockets and its timer */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known) {
  struct epoll_event event = {.data.fd = fd};
  (void)easy, (void)user;
  if (what == CURL_POLL_REMOVE) return epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL), 0;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  epoll_ctl(poller, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  if (known == NULL) curl_multi_assign(multi, fd, m);
  return 0;
}

static int on_timer(CURLM *which, long ms, void *user) {
  struct itimerspec spec = {{0, 0}, {ms > 0 ? ms / 1000 : 0, ms > 0 ? ms % 1000 * 1000000 : ms == 0}};
  (void)which, (void)user;
  return timerfd_settime(timer, 0, &spec, NULL);
}

static void turn(void) {
  struct epoll_event events[256];
  int count = epoll_wait(poller, events, 256, 1000), running;
  for (int i = 0; i < count; i++) {
    uint64_t ticks;
    int bits = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0)
        | (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    if (events[i].data.fd != timer) curl_multi_socket_action(multi, events[i].data.fd, bits, &running);
    else if (read(timer, &ticks, sizeof ticks) > 0)
      curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

/* ---- calls */

static CURL *easy_of(struct stream *stream) {
  CURL *easy = curl_easy_init();
  int is_new = m->http != NULL && m->http[0] == '2';
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, stream);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, stream);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)(is_new ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  if (is_new) curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  if (m->ca != NULL) curl_easy_setopt(easy, CURLOPT_CAINFO, m->ca);
  return easy;
}

static void begin_call(struct stream *stream) {
  if (stream->easy == NULL) stream->easy = easy_of(stream);
  stream->have = stream->length = 0;
  stream->is_waiting = 1;
  waiting++;
  measure_call(m, stream->number);
  curl_multi_add_handle(multi, stream->easy);
}

static void end_call(struct stream *stream, CURLcode result) {
  int is_well = result == CURLE_OK && stream->have == 0 && m->deltas_of_call[stream->number] > 0;
  if (!is_well && m->failed < 5) fprintf(stderr, "floor: %s\n", curl_easy_strerror(result));
  curl_multi_remove_handle(multi, stream->easy);
  waiting -= stream->is_waiting;
  stream->is_waiting = 0;
  measure_done(m, is_well);
  if (++stream->calls < m->repeat) begin_call(stream);
  else ended++;
}

static void end_calls(void) {
  CURLMsg *message;
  struct stream *stream;
  int queued;
  while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
    CURLcode result = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &stream);
    end_call(stream, result);
  }
}

static void set_up(void) {
  struct epoll_event event = {.events = EPOLLIN};
  multi = curl_multi_init();
  poller = epoll_create1(EPOLL_CLOEXEC);
  event.data.fd = timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)m->streams + 8);
  headers = curl_slist_append(NULL, "Content-Type: application/json");
  snprintf(url, sizeof url, "%s/model/%s/%s", m->url, m->model,
           strcmp(m->route, "invoke") == 0 ? "invoke-with-response-stream" : "converse-stream");
}

int main(int argc, char **argv) {
  m = measure_new(argc, argv, "libcurl");
  m->style = "host";
  curl_global_init(CURL_GLOBAL_DEFAULT);
  m->loaded_at = now_ns();
  set_up();
  m->client_at = now_ns();
  struct stream *streams = calloc((size_t)m->streams, sizeof *streams);
  if (streams == NULL) return 1;
  measure_begin(m);
  for (int begun = 0; ended < m->streams;) {
    for (; begun < m->streams && waiting < m->inflight; begun++) {
      streams[begun].number = begun;
      begin_call(&streams[begun]);
    }
    turn();
    end_calls();
  }
  int status = measure_report(m);
  for (int i = 0; i < m->streams; i++) curl_easy_cleanup(streams[i].easy);
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  free(streams);
  return status;
}
