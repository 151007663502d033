#include "sys_curl.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int global_failed;

// Never undone: the host may use libcurl too, and its own calls of curl_global_init are counted apart.
static void global_init(void) { global_failed = curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK; }

int sys_curl_global(void) {
  pthread_once(&once, global_init);
  return global_failed;
}

// Where HTTP/2 streams share a connection, libcurl 7.88 overlooks ends of streams and lets one that is held back stall
// the others. 8.5 is the oldest that was seen to do neither.
int sys_curl_shares_connections(void) { return curl_version_info(CURLVERSION_NOW)->version_num >= 0x080500; }

int sys_curl_shares_buffers(void) { return curl_version_info(CURLVERSION_NOW)->version_num >= 0x080700; }

CURLcode sys_setopt_long(CURL *easy, CURLoption option, long value) { return curl_easy_setopt(easy, option, value); }

CURLcode sys_setopt_offset(CURL *easy, CURLoption option, int64_t value) {
  return curl_easy_setopt(easy, option, (curl_off_t)value);
}

CURLcode sys_setopt_pointer(CURL *easy, CURLoption option, const void *value) {
  return curl_easy_setopt(easy, option, value);
}

CURLcode sys_setopt_write(CURL *easy, CURLoption option, sys_curl_write function) {
  return curl_easy_setopt(easy, option, function);
}

CURLcode sys_setopt_prereq(CURL *easy, sys_curl_prereq function) {
  return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, function);
}

CURLcode sys_setopt_progress(CURL *easy, sys_curl_progress function) {
  return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, function);
}

static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  unsigned int unacknowledged_ms = (unsigned int)(uintptr_t)user;
  curl_socket_t made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  (void)purpose;
  // Of use where it works: proxies may be reached over a Unix socket.
  if (made >= 0 && unacknowledged_ms > 0)
    (void)setsockopt(made, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
  return made;
}

CURLcode sys_setopt_socket(CURL *easy, long unacknowledged_ms) {
  CURLcode failed = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, (void *)(uintptr_t)unacknowledged_ms);
  return failed ? failed : curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
}

static curl_socket_t open_none(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)user;
  (void)purpose;
  (void)address;
  return CURL_SOCKET_BAD;
}

CURLcode sys_setopt_no_socket(CURL *easy) { return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_none); }

CURLcode sys_setopt_idle(CURL *easy, long seconds) {
  // Before 8.15 libcurl closes what was idle for a whole second more; 0 is no limit since.
  int counts_whole = curl_version_info(CURLVERSION_NOW)->version_num < 0x080f00;
  return curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, counts_whole ? seconds - 1 : seconds);
}

struct curl_slist *sys_slist_append(struct curl_slist *list, const void *text) { return curl_slist_append(list, text); }

long sys_getinfo_long(CURL *easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

int sys_connection_is_open(CURL *easy) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  return !curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket) && socket != CURL_SOCKET_BAD;
}

int64_t sys_getinfo_offset(CURL *easy, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

void *sys_getinfo_private(CURL *easy) {
  char *user = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
  return user;
}

CURLMcode sys_multi_callbacks(CURLM *multi, sys_curl_socket socket, sys_curl_timer timer, void *user) {
  CURLMcode failed = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
  if (!failed) failed = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, user);
  if (!failed) failed = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
  if (!failed) failed = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, user);
  if (!failed) failed = curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
  return failed;
}

CURLMcode sys_multi_share(CURLM *multi, long streams) {
  if (!sys_curl_shares_connections()) return CURLM_OK;
  CURLMcode failed = curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, streams);
  return failed ? failed : curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
}

CURLMcode sys_multi_capacity(CURLM *multi, long count) {
  return curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, count);
}

CURLSH *sys_share_new(void) {
  CURLSH *share = curl_share_init();
  // All that is shared is used by one thread: there is nothing to lock.
  if (!share || !curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION)) return share;
  curl_share_cleanup(share);
  return NULL;
}

CURL *sys_multi_done(CURLM *multi, CURLcode *result) {
  int left;
  CURLMsg *message;
  while ((message = curl_multi_info_read(multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    *result = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}

CURLcode sys_unpause(CURL *easy) { return curl_easy_pause(easy, CURLPAUSE_CONT); }

size_t sys_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }
