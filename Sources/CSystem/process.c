#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys_posix.h"

// Where the host has closed its standard descriptors: none that is put in their place may be one of them.
static int above_standard(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), failed = errno;
  close(fd);
  errno = failed;
  return moved;
}

// Its own descriptors are the standard ones alone, whatever the host has open; signals that the host ignores are not
// ignored where programs expect to hear of them.
static int start(char *const *words, int input, int output, pid_t *pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  sigset_t none, heard;
  int failed = posix_spawn_file_actions_init(&files);
  if (failed) return failed;
  failed = posix_spawnattr_init(&how);
  if (failed) {
    posix_spawn_file_actions_destroy(&files);
    return failed;
  }
  sigemptyset(&none);
  sigemptyset(&heard);
  sigaddset(&heard, SIGPIPE);
  sigaddset(&heard, SIGCHLD);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setsigdefault(&how, &heard);
  failed = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  if (!failed) failed = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  if (!failed) failed = posix_spawn_file_actions_adddup2(&files, input, STDERR_FILENO);
  if (!failed) failed = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  if (!failed) failed = posix_spawnp(pid, words[0], &files, &how, words, environ);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  return failed;
}

int sys_process_start(char *const *words, int *output, pid_t *pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return errno;
  int written = above_standard(ends[1]);
  int nothing = written < 0 ? -1 : above_standard(open("/dev/null", O_RDWR | O_CLOEXEC));
  int failed = nothing < 0 ? errno : start(words, nothing, written, pid);
  if (nothing >= 0) close(nothing);
  if (written >= 0) close(written);
  if (failed) {
    close(ends[0]);
    return failed;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *output = ends[0];
  return 0;
}

// A program is a child like any other: a host that waits for whichever ends, or ignores SIGCHLD, may have taken the
// status away. Then what the program printed tells how it went.
int sys_process_status(pid_t pid) {
  int status;
  pid_t ended = waitpid(pid, &status, WNOHANG);
  if (ended == 0) return -1;
  if (ended < 0) return errno == EINTR ? -1 : 0;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void sys_process_kill(pid_t pid) {
  siginfo_t info;
  // Once it is waited for its number may be another's.
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT)) return;
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
}

void sys_process_wait(pid_t pid) {
  const struct timespec pause = {.tv_nsec = 1000000};
  // One that has become another user's cannot be ended, and is left to itself.
  for (int left = 1000; left > 0 && sys_process_status(pid) < 0; left--) nanosleep(&pause, NULL);
}
