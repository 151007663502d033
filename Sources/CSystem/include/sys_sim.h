// What the simulator needs beyond the Glibc module: epoll, signals as a descriptor, and calls that are variadic
// or macros in C. All inline, so nothing of this reaches the library.
#pragma once
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/** Waits for events, at most `timeout_ns`; a negative number waits forever. */
static inline int sim_epoll_wait(int epoll, struct epoll_event *events, int max, int64_t timeout_ns) {
  struct timespec limit = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  return epoll_pwait2(epoll, events, max, timeout_ns < 0 ? NULL : &limit, NULL);
}

static inline int sim_epoll_set(int epoll, int operation, int fd, uint32_t events, uint64_t tag) {
  struct epoll_event event = {.events = events, .data = {.u64 = tag}};
  return epoll_ctl(epoll, operation, fd, &event);
}

/** A descriptor that becomes readable on SIGTERM or SIGINT, which no longer end the process; SIGPIPE is ignored. */
static inline int sim_stop_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/** Asks the kernel for a signal when the parent ends; -1 when the parent has ended already. */
static inline int sim_end_with_parent(void) {
  pid_t parent = getppid();
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return -1;
  return parent == getppid() && parent != 1 ? 0 : -1;
}

/** As many open files as the hard limit allows. Returns that number. */
static inline int64_t sim_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (int64_t)limit.rlim_cur : -1;
}

/** A listening socket on loopback: 127.0.0.1, or ::1. Negative: failed. `*port` 0 takes any, and gets the one taken. */
static inline int sim_listen(int ipv6, uint16_t *port) {
  struct sockaddr_storage place;
  socklen_t length = ipv6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
  memset(&place, 0, sizeof place);
  struct sockaddr_in *v4 = (struct sockaddr_in *)&place;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&place;
  if (ipv6) {
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_loopback;
    v6->sin6_port = htons(*port);
  } else {
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v4->sin_port = htons(*port);
  }
  int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&place, length) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, (struct sockaddr *)&place, &length) != 0) {
    close(fd);
    return -1;
  }
  *port = ntohs(ipv6 ? v6->sin6_port : v4->sin_port);
  return fd;
}

/** The next connection, non-blocking and without Nagle's delay; negative when there is none. */
static inline int sim_accept(int listener) {
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) return -1;
  int on = 1;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/** Makes the next close() a reset instead of an orderly end. */
static inline void sim_reset_on_close(int fd) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/** Bytes that the peer's kernel has not acknowledged yet. */
static inline int sim_unsent(int fd) {
  int count = 0;
  return ioctl(fd, SIOCOUTQ, &count) == 0 ? count : 0;
}

static inline int64_t sim_monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t sim_wall_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec;
}
