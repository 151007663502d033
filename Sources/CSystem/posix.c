#define _GNU_SOURCE
#include "sys_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

int sys_errno(void) { return errno; }

void sys_set_errno(int error) { errno = error; }

int sys_descriptor_shortage(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

static int64_t nanoseconds(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now)) return 0;
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t sys_now_ns(void) { return nanoseconds(CLOCK_BOOTTIME); }

int64_t sys_wall_s(void) { return nanoseconds(CLOCK_REALTIME) / 1000000000; }

uint64_t sys_random(void) {
  uint64_t value;
  if (getrandom(&value, sizeof value, GRND_NONBLOCK) == (ssize_t)sizeof value) return value;
  // Before the kernel's own source is ready: jitter differs enough.
  return (uint64_t)sys_now_ns() ^ ((uint64_t)getpid() << 32);
}

int sys_file_open(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd >= 0) return fd;
  struct stat there;
  if (errno == EACCES && stat(path, &there) && errno == EACCES) return -ENOENT;
  return -errno;
}

int64_t sys_file_read(int fd, void *bytes, size_t capacity) {
  ssize_t count;
  do count = read(fd, bytes, capacity);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

int sys_file_append(const char *path) {
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  return fd < 0 ? -errno : fd;
}

int64_t sys_file_write(int fd, const void *bytes, size_t len) {
  ssize_t count;
  do count = write(fd, bytes, len);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

void sys_file_close(int fd) { close(fd); }

int sys_file_replace(const char *path, const void *bytes, size_t len) {
  size_t length = strlen(path);
  char *made = malloc(length + 8);
  if (!made) return ENOMEM;
  memcpy(made, path, length);
  memcpy(made + length, ".XXXXXX", 8);
  int fd = mkostemp(made, O_CLOEXEC);
  int failed = fd < 0 ? errno : 0;
  for (size_t at = 0; !failed && at < len;) {
    int64_t written = sys_file_write(fd, (const char *)bytes + at, len - at);
    if (written < 0) failed = (int)-written;
    else at += (size_t)written;
  }
  if (!failed && fsync(fd)) failed = errno;
  if (fd >= 0) close(fd);
  if (!failed && rename(made, path)) failed = errno;
  if (failed && fd >= 0) unlink(made);
  free(made);
  return failed;
}

size_t sys_home_folder(char *path, size_t capacity) {
  char memory[16 * 1024];
  struct passwd entry, *found = NULL;
  if (getpwuid_r(getuid(), &entry, memory, sizeof memory, &found) || !found || !found->pw_dir) return 0;
  size_t len = strlen(found->pw_dir);
  if (len >= capacity) return 0;
  memcpy(path, found->pw_dir, len + 1);
  return len;
}

int sys_is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

int sys_is_waiting(int error) { return error == EAGAIN; }

int sys_out_of_memory(void) { return ENOMEM; }

const char *sys_error_text(int error) { return strerrordesc_np(error); }

struct sys_monitor {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
};

sys_monitor *sys_monitor_new(void) {
  sys_monitor *monitor = malloc(sizeof *monitor);
  if (!monitor) return NULL;
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&monitor->mutex, NULL);
  pthread_cond_init(&monitor->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  return monitor;
}

void sys_monitor_free(sys_monitor *monitor) {
  if (!monitor) return;
  pthread_cond_destroy(&monitor->changed);
  pthread_mutex_destroy(&monitor->mutex);
  free(monitor);
}

void sys_monitor_lock(sys_monitor *monitor) { pthread_mutex_lock(&monitor->mutex); }

void sys_monitor_unlock(sys_monitor *monitor) { pthread_mutex_unlock(&monitor->mutex); }

void sys_monitor_broadcast(sys_monitor *monitor) { pthread_cond_broadcast(&monitor->changed); }

int sys_monitor_wait(sys_monitor *monitor, int64_t timeout_ns) {
  if (timeout_ns < 0) return pthread_cond_wait(&monitor->changed, &monitor->mutex) == 0;
  int64_t end = nanoseconds(CLOCK_MONOTONIC);
  end = timeout_ns > INT64_MAX - end ? INT64_MAX : end + timeout_ns;
  struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
  return pthread_cond_timedwait(&monitor->changed, &monitor->mutex, &until) == 0;
}

int sys_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(thread, NULL, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!failed) pthread_setname_np(*thread, name);
  else errno = failed;
  return failed;
}

int sys_poll_new(void) { return epoll_create1(EPOLL_CLOEXEC); }

int sys_poll_watch(int set, int fd, int bits, int is_known) {
  struct epoll_event event = {.data.fd = fd};
  if (bits & SYS_READABLE) event.events |= EPOLLIN;
  if (bits & SYS_WRITABLE) event.events |= EPOLLOUT;
  return epoll_ctl(set, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

int sys_poll_forget(int set, int fd) {
  struct epoll_event event = {.data.fd = fd};
  return epoll_ctl(set, EPOLL_CTL_DEL, fd, &event);
}

int sys_poll_wait(int set, sys_ready *ready, int capacity, int timeout_ms) {
  struct epoll_event events[256];
  int count = epoll_wait(set, events, capacity < 256 ? capacity : 256, timeout_ms);
  for (int at = 0; at < count; at++) {
    uint32_t happened = events[at].events;
    ready[at].fd = events[at].data.fd;
    ready[at].bits = (happened & (EPOLLIN | EPOLLHUP) ? SYS_READABLE : 0) | (happened & EPOLLOUT ? SYS_WRITABLE : 0) |
                     (happened & EPOLLERR ? SYS_FAULTY : 0);
  }
  return count;
}

int sys_timer_new(void) { return timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC); }

void sys_timer_set(int fd, int64_t moment_ns) {
  int64_t moment = moment_ns > 0 ? moment_ns : 1; // 0 would disarm it
  struct itimerspec when = {.it_value = {.tv_sec = moment / 1000000000, .tv_nsec = moment % 1000000000}};
  (void)timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL);
}

int sys_wake_new(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void sys_wake(int fd) { (void)!eventfd_write(fd, 1); }

void sys_wake_clear(int fd) {
  eventfd_t count;
  (void)!eventfd_read(fd, &count);
}
