/*
 * A server that costs little: it renders frames once and sends them as often as asked.
 *
 *     server                          listens on a free port of 127.0.0.1 and prints its URL; ends with standard input
 *     server --dump FILE --count N [--route invoke]    writes an answer of N deltas to a file
 *
 * The model id of a request says how many deltas the answer has: "n1000". One thread for each connection.
 */
#include "frames.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 1000 }; /* deltas that are sent with one call */

static struct bytes begin, block, end; /* of a ConverseStream answer, each as HTTP chunks */

static void deltas_add(struct bytes *bytes, int count) {
  static const char *const texts[] = {"the quick model sent", "s tokens over a wire", " and each of them is",
                                      " a \\\"piece\\\" of text\\n"};
  for (int i = 0; i < count; i++) delta_add(bytes, 0, texts[i % 4]);
}

/* Each frame as an HTTP chunk of its own, as the service sends them. */
static struct bytes chunked(struct bytes frames) {
  struct bytes result = {0};
  for (size_t at = 0, len; at < frames.len; at += len) {
    const uint8_t *p = frames.data + at;
    char head[24];
    len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    bytes_add(&result, head, (size_t)snprintf(head, sizeof head, "%zx\r\n", len));
    bytes_add(&result, p, len);
    bytes_add(&result, "\r\n", 2);
  }
  bytes_free(&frames);
  return result;
}

static void render(void) {
  struct bytes frames[3] = {{0}, {0}, {0}};
  answer_begin(&frames[0]);
  deltas_add(&frames[1], BLOCK);
  answer_end(&frames[2]);
  begin = chunked(frames[0]);
  block = chunked(frames[1]);
  end = chunked(frames[2]);
  bytes_add(&end, "0\r\n\r\n", 5);
}

static int send_all(int fd, const void *data, size_t len) {
  for (size_t at = 0; at < len;) {
    ssize_t sent = send(fd, (const char *)data + at, len - at, MSG_NOSIGNAL);
    if (sent <= 0) return 0;
    at += (size_t)sent;
  }
  return 1;
}

static int answer(int fd, long count) {
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
                             "x-amzn-RequestId: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
  struct bytes first = {0};
  bytes_add(&first, head, sizeof head - 1);
  bytes_add(&first, begin.data, begin.len);
  if (count % BLOCK > 0) {
    struct bytes rest = {0};
    deltas_add(&rest, (int)(count % BLOCK));
    rest = chunked(rest);
    bytes_add(&first, rest.data, rest.len);
    bytes_free(&rest);
  }
  if (count < BLOCK) bytes_add(&first, end.data, end.len);
  int is_open = send_all(fd, first.data, first.len);
  bytes_free(&first);
  for (long i = 0; i < count / BLOCK && is_open; i++) is_open = send_all(fd, block.data, block.len);
  return is_open && (count < BLOCK || send_all(fd, end.data, end.len));
}

static void *serve(void *context) {
  int fd = (int)(intptr_t)context;
  char request[16384];
  size_t have = 0;
  for (;;) {
    request[have] = 0;
    char *head_end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "\r\ncontent-length:");
    size_t need = head_end == NULL ? SIZE_MAX : (size_t)(head_end + 4 - request);
    if (head_end != NULL && length != NULL && length < head_end) need += strtoul(length + 17, NULL, 10);
    if (have >= need) {
      char *model = strstr(request, "/model/n");
      if (!answer(fd, model != NULL ? strtol(model + 8, NULL, 10) : 0)) break;
      memmove(request, request + need, have - need);
      have -= need;
      continue;
    }
    ssize_t got = recv(fd, request + have, sizeof request - 1 - have, 0);
    if (got <= 0) break;
    have += (size_t)got;
  }
  close(fd);
  return NULL;
}

static void *accept_all(void *context) {
  int listener = (int)(intptr_t)context, on = 1;
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    pthread_t thread;
    if (fd < 0) return NULL;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0) pthread_detach(thread);
    else close(fd);
  }
}

static int dump(const char *path, int count, int is_invoke) {
  struct bytes frames = {0};
  if (is_invoke) {
    invoke_answer_add(&frames, count);
  } else {
    answer_begin(&frames);
    deltas_add(&frames, count);
    answer_end(&frames);
  }
  FILE *file = fopen(path, "wb");
  int is_well = file != NULL && fwrite(frames.data, 1, frames.len, file) == frames.len && fclose(file) == 0;
  bytes_free(&frames);
  return !is_well;
}

int main(int argc, char **argv) {
  if (argc >= 5 && strcmp(argv[1], "--dump") == 0) return dump(argv[2], atoi(argv[4]), argc > 6);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  pthread_t acceptor;
  char nothing;
  render();
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0
      || getsockname(listener, (struct sockaddr *)&address, &len) != 0
      || pthread_create(&acceptor, NULL, accept_all, (void *)(intptr_t)listener) != 0) {
    perror("server");
    return 1;
  }
  printf("http://127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  while (read(0, &nothing, 1) > 0) {}
  return 0;
}
