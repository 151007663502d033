/*
 * Whether libcurl brings HTTP/2 streams that share a connection to their ends: no library of ours in between.
 *
 *     shared URL CA STREAMS ROUNDS    POSTs the same, so many at once, to the benchmarks' server behind nghttpx
 *
 * Prints libcurl's version, and how many streams came to their end, as long as the first one; how many were cut, and
 * how many did not end within five seconds after the last one that did. libcurl 7.88 overlooks some ends.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { SILENCE_MS = 5000 };

static int set, ends, cuts, open_count;
static long timeout_ms = -1;
static size_t whole;

static long long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static int socket_changed(CURL *easy, curl_socket_t socket, int what, void *user, void *of_socket) {
  struct epoll_event event = {.data.fd = socket};
  (void)easy, (void)user, (void)of_socket;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  if (what == CURL_POLL_REMOVE) return epoll_ctl(set, EPOLL_CTL_DEL, socket, NULL), 0;
  if (epoll_ctl(set, EPOLL_CTL_MOD, socket, &event) != 0) epoll_ctl(set, EPOLL_CTL_ADD, socket, &event);
  return 0;
}

static int timer_changed(CURLM *multi, long wanted_ms, void *user) {
  (void)multi, (void)user;
  timeout_ms = wanted_ms;
  return 0;
}

static size_t received(char *bytes, size_t size, size_t count, void *user) {
  (void)bytes, (void)size;
  *(size_t *)user += count;
  return count;
}

static void begin(CURLM *multi, char **argv, size_t *length) {
  static const char body[] = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hello\"}]}]}";
  char url[512];
  CURL *easy = curl_easy_init();
  snprintf(url, sizeof url, "%s/model/n20000/converse-stream", argv[1]);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, received);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, length);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, length);
  curl_multi_add_handle(multi, easy);
  open_count++;
}

/* How many have ended. */
static int collect(CURLM *multi) {
  int left, count = 0;
  for (CURLMsg *message; (message = curl_multi_info_read(multi, &left)); count++) {
    CURL *easy = message->easy_handle;
    size_t *length = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&length);
    if (whole == 0) whole = *length;
    if (message->data.result == CURLE_OK && *length == whole) ends++;
    else cuts++;
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    open_count--;
  }
  return count;
}

static void turn(CURLM *multi) {
  struct epoll_event events[64];
  int running, count = epoll_wait(set, events, 64, timeout_ms < 0 || timeout_ms > 100 ? 100 : (int)timeout_ms);
  for (int i = 0; i < count; i++) {
    int bits = events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0;
    if (events[i].events & EPOLLOUT) bits |= CURL_CSELECT_OUT;
    curl_multi_socket_action(multi, events[i].data.fd, bits, &running);
  }
  if (count == 0) curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

int main(int argc, char **argv) {
  int overlooked = 0;
  if (argc < 5) return 2;
  set = epoll_create1(0);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  for (int round = 0; round < atoi(argv[4]); round++) {
    CURLM *multi = curl_multi_init();
    size_t *lengths = calloc((size_t)atoi(argv[3]), sizeof *lengths);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_changed);
    for (int i = 0; i < atoi(argv[3]); i++) begin(multi, argv, &lengths[i]);
    for (long long last = now_ms(); open_count > 0 && now_ms() - last < SILENCE_MS;) {
      turn(multi);
      if (collect(multi) > 0) last = now_ms();
    }
    overlooked += open_count;
    open_count = 0;
    curl_multi_cleanup(multi); /* what hangs is leaked */
    free(lengths);
  }
  printf("libcurl %s: %d ended, %d cut, %d overlooked\n", curl_version_info(CURLVERSION_NOW)->version, ends, cuts,
         overlooked);
  return cuts > 0 || overlooked > 0;
}
