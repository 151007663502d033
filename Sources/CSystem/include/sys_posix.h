// The system calls of the edge, with the macros and variadic functions that Swift cannot see made into functions.
#pragma once
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int sys_errno(void);
void sys_set_errno(int error);
// Why there can be no descriptor now; 0 where there can.
int sys_descriptor_shortage(void);

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
/// Whether one of them means that there is nothing to read yet.
int sys_is_waiting(int error);
/// The errno value of memory that cannot be had.
int sys_out_of_memory(void);
/// What an errno value means, as a constant text; NULL where there is none for it.
const char *_Nullable sys_error_text(int error);

/// Puts a file with these bytes in the place of `path`, readable by its owner alone: whole or not at all. 0, or an
/// errno value.
int sys_file_replace(const char *_Nonnull path, const void *_Nullable bytes, size_t len);

/// The home folder of this user by the system's list of users, copied; 0 where there is none or it does not fit.
size_t sys_home_folder(char *_Nonnull path, size_t capacity);

/// Starts a program, its output readable from `output` without waiting; what it writes to standard error is dropped,
/// its input is empty, and it is the leader of a process group. 0, or an errno value.
int sys_process_start(char *const _Nullable *_Nonnull words, int *_Nonnull output, pid_t *_Nonnull pid);
/// The exit status of a process, 128 and the signal's number where one ended it; negative while it runs, 0 also where
/// the host has taken the status.
int sys_process_status(pid_t pid);
/// Ends a process and what it has started.
void sys_process_kill(pid_t pid);
/// Waits for the end of a process that was ended, a second at most.
void sys_process_wait(pid_t pid);

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

/// A timerfd, which `sys_wake_clear` clears.
int sys_timer_new(void);
/// Readable from `moment_ns` of `sys_now_ns` on; what has passed is at once.
void sys_timer_set(int fd, int64_t moment_ns);
