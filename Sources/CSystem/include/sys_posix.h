// The system calls of the edge, with the macros and variadic functions that Swift cannot see made into functions.
#pragma once
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int sys_errno(void);

/// Nanoseconds of a clock that never goes back and counts while the machine sleeps.
int64_t sys_now_ns(void);
/// Seconds since 1970 UTC, for signatures.
int64_t sys_wall_s(void);

/// A number that differs between processes and calls; no secret may depend on it.
uint64_t sys_random(void);

/// Opens a file for reading, without ever waiting for somebody at its other end. Negative: an errno value, ENOENT also
/// for a file in a folder that this user may not look into.
int sys_file_open(const char *_Nonnull path);
/// Reads up to `capacity` bytes, 0 at the end. Negative: an errno value.
int64_t sys_file_read(int fd, void *_Nonnull bytes, size_t capacity);
/// Opens a file for appending, made for its owner alone where there is none; a pipe without a reader is refused.
/// Negative: an errno value.
int sys_file_append(const char *_Nonnull path);
/// Writes once; may write less. Negative: an errno value, EAGAIN also for a pipe that is full.
int64_t sys_file_write(int fd, const void *_Nonnull bytes, size_t len);
void sys_file_close(int fd);
/// Whether an errno value of these means that there is no file.
int sys_is_missing(int error);
/// What an errno value means, as a constant text; NULL where there is none for it.
const char *_Nullable sys_error_text(int error);

/// A mutex and a condition in one.
typedef struct sys_monitor sys_monitor;
sys_monitor *_Nullable sys_monitor_new(void);
void sys_monitor_free(sys_monitor *_Nullable monitor);
void sys_monitor_lock(sys_monitor *_Nonnull monitor);
void sys_monitor_unlock(sys_monitor *_Nonnull monitor);
void sys_monitor_broadcast(sys_monitor *_Nonnull monitor);
/// Waits, the monitor locked, for a broadcast; at most `timeout_ns` unless negative. 0 when the time is over.
int sys_monitor_wait(sys_monitor *_Nonnull monitor, int64_t timeout_ns);

/// Starts a thread that takes no signals of the process. Returns 0, or an errno value.
int sys_thread_start(pthread_t *_Nonnull thread, const char *_Nonnull name,
                     void *_Nullable (*_Nonnull run)(void *_Nullable), void *_Nullable argument);

/// An epoll set. Headers of epoll stay inside, because regular Swift has them in a module of its own.
enum { SYS_READABLE = 1, SYS_WRITABLE = 2, SYS_FAULTY = 4 };
typedef struct sys_ready {
  int fd;
  int bits;
} sys_ready;
int sys_poll_new(void);
/// Adds a descriptor to the set, or changes what is waited for; `is_known` tells which.
int sys_poll_watch(int set, int fd, int bits, int is_known);
int sys_poll_forget(int set, int fd);
/// How many of `ready` were filled; at most `capacity`, which is at most 256.
int sys_poll_wait(int set, sys_ready *_Nonnull ready, int capacity, int timeout_ms);

/// An eventfd of the loop: written from any thread to wake it.
int sys_wake_new(void);
void sys_wake(int fd);
void sys_wake_clear(int fd);
