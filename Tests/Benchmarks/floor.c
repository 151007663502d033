/*
 * The floor: libcurl alone. It takes the same arguments as client for the workloads b and t, sends the same request
 * unsigned, and only walks the frames of the answer; no checksum, no JSON.
 */
#include "measure.h"
#include <curl/curl.h>

struct walker {
  uint8_t torn[12];  /* the beginning of a frame whose length is not known yet */
  size_t have, left; /* bytes of it; bytes of the current frame that are still to come */
};

static struct measure *m;
static struct walker walker;

static size_t frame_length(const uint8_t *p) {
  return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

static void walk(const uint8_t *data, size_t len) {
  while (len > 0) {
    size_t used;
    if (walker.left > 0) {
      used = walker.left < len ? walker.left : len;
      walker.left -= used;
      if (walker.left == 0) measure_delta(m, 0, "", 0);
    } else if (walker.have == 0 && len >= 12) {
      used = 12;
      walker.left = frame_length(data) - 12;
    } else {
      used = 12 - walker.have < len ? 12 - walker.have : len;
      memcpy(walker.torn + walker.have, data, used);
      walker.have += used;
      if (walker.have == 12) walker.left = frame_length(walker.torn) - 12, walker.have = 0;
    }
    data += used;
    len -= used;
  }
}

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  (void)user;
  m->bytes += size * count;
  walk((const uint8_t *)data, size * count);
  return size * count;
}

/* One call from beginning to end on the multi interface. */
static int call(CURLM *multi, CURL *easy) {
  int running = 1, queued = 0;
  CURLMsg *message;
  measure_call(m, 0);
  curl_multi_add_handle(multi, easy);
  while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  message = curl_multi_info_read(multi, &queued);
  int is_well = message != NULL && message->data.result == CURLE_OK && walker.have == 0 && walker.left == 0;
  curl_multi_remove_handle(multi, easy);
  measure_done(m, is_well && m->deltas_of_call[0] > 0);
  return is_well;
}

int main(int argc, char **argv) {
  char url[2048];
  m = measure_new(argc, argv, "libcurl");
  curl_global_init(CURL_GLOBAL_DEFAULT);
  m->loaded_at = now_ns();
  CURLM *multi = curl_multi_init();
  CURL *easy = curl_easy_init();
  struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
  snprintf(url, sizeof url, "%s/model/%s/%s", m->url, m->model,
           strcmp(m->route, "invoke") == 0 ? "invoke-with-response-stream" : "converse-stream");
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  if (m->ca != NULL) curl_easy_setopt(easy, CURLOPT_CAINFO, m->ca);
  m->client_at = now_ns();
  measure_begin(m);
  for (int i = 0; i < m->repeat; i++) call(multi, easy);
  int status = measure_report(m);
  curl_easy_cleanup(easy);
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  return status;
}
