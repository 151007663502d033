// libcurl, with its variadic setters made into functions of one type each.
#pragma once
#include <curl/curl.h>
#include <stdint.h>

typedef size_t (*sys_curl_write)(char *_Nullable bytes, size_t size, size_t count, void *_Nullable user);
typedef int (*sys_curl_prereq)(void *_Nullable user, char *_Nullable remote_ip, char *_Nullable local_ip,
                               int remote_port, int local_port);
typedef int (*sys_curl_progress)(void *_Nullable user, curl_off_t to_receive, curl_off_t received, curl_off_t to_send,
                                 curl_off_t sent);
typedef int (*sys_curl_socket)(CURL *_Nullable easy, curl_socket_t socket, int what, void *_Nullable user,
                               void *_Nullable per_socket);
typedef int (*sys_curl_timer)(CURLM *_Nullable multi, long timeout_ms, void *_Nullable user);

/// libcurl's global state, made once in a process however many clients there are. 0 on success.
int sys_curl_global(void);

/// Whether the libcurl of this process lets HTTP/2 streams share connections without harm.
int sys_curl_shares_connections(void);

/// Whether its transfers share one buffer for what they read.
int sys_curl_shares_buffers(void);

CURLcode sys_setopt_long(CURL *_Nonnull easy, CURLoption option, long value);
CURLcode sys_setopt_offset(CURL *_Nonnull easy, CURLoption option, int64_t value);
CURLcode sys_setopt_pointer(CURL *_Nonnull easy, CURLoption option, const void *_Nullable value);
CURLcode sys_setopt_write(CURL *_Nonnull easy, CURLoption option, sys_curl_write _Nonnull function);
CURLcode sys_setopt_prereq(CURL *_Nonnull easy, sys_curl_prereq _Nonnull function);
CURLcode sys_setopt_progress(CURL *_Nonnull easy, sys_curl_progress _Nonnull function);
/// Sockets that do not live on in programs which the host starts, and that give a connection up when what was sent on
/// it stays unacknowledged for `unacknowledged_ms`; 0 leaves that to the system (TCP_USER_TIMEOUT, RFC 5482).
CURLcode sys_setopt_socket(CURL *_Nonnull easy, long unacknowledged_ms);
/// No socket at all: the transfer fails when it would connect.
CURLcode sys_setopt_no_socket(CURL *_Nonnull easy);
/// Connections that were idle for `seconds`, 1 or more, are closed when this transfer begins.
CURLcode sys_setopt_idle(CURL *_Nonnull easy, long seconds);
/// A copy of the C string `text` behind a list, NULL for an empty one; NULL without memory.
struct curl_slist *_Nullable sys_slist_append(struct curl_slist *_Nullable list, const void *_Nullable text);
long sys_getinfo_long(CURL *_Nonnull easy, CURLINFO info);
// Whether libcurl keeps the connection of a transfer that has ended, while the multi handle has it.
int sys_connection_is_open(CURL *_Nonnull easy);
int64_t sys_getinfo_offset(CURL *_Nonnull easy, CURLINFO info);
void *_Nullable sys_getinfo_private(CURL *_Nonnull easy);

CURLMcode sys_multi_callbacks(CURLM *_Nonnull multi, sys_curl_socket _Nonnull socket, sys_curl_timer _Nonnull timer,
                              void *_Nullable user);
/// Has at most so many HTTP/2 streams share a connection, where that does no harm; without it each has its own.
CURLMcode sys_multi_share(CURLM *_Nonnull multi, long streams);
/// How many connections are kept at most, those in use included.
CURLMcode sys_multi_capacity(CURLM *_Nonnull multi, long count);
/// A cache of TLS sessions for the handles of one thread; NULL without memory. Free it by curl_share_cleanup.
CURLSH *_Nullable sys_share_new(void);
/// A transfer that is done, with its result; NULL when there is none.
CURL *_Nullable sys_multi_done(CURLM *_Nonnull multi, CURLcode *_Nonnull result);
/// curl_easy_pause with the bits for holding back, or letting go, what is received.
CURLcode sys_unpause(CURL *_Nonnull easy);
/// What a write callback returns to hold a transfer back.
size_t sys_write_pause(void);
