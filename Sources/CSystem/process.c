#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys_posix.h"

enum { STACK_SIZE = 64 * 1024 };

struct start {
  char *const *words;
  int input;
  int output;
  int failed;
};

// The child shares this process's memory until it becomes the program: nothing here may allocate or take a lock.
static int become(void *argument) {
  struct start *start = argument;
  struct sigaction action;
  for (int number = 1; number < NSIG; number++) {
    if (sigaction(number, NULL, &action) || action.sa_handler == SIG_DFL) continue;
    if (action.sa_handler == SIG_IGN && number != SIGPIPE && number != SIGCHLD) continue;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
  }
  sigset_t none;
  sigemptyset(&none);
  if (setpgid(0, 0) || dup2(start->input, 0) < 0 || dup2(start->output, 1) < 0 || dup2(start->input, 2) < 0) {
    start->failed = errno;
    _exit(127);
  }
#ifdef SYS_close_range
  syscall(SYS_close_range, 3U, ~0U, 0U);
#endif
  sigprocmask(SIG_SETMASK, &none, NULL);
  execvp(start->words[0], start->words);
  start->failed = errno;
  _exit(127);
}

// Where the host has closed its standard descriptors: none that is put in their place may be one of them.
static int above_standard(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), failed = errno;
  close(fd);
  errno = failed;
  return moved;
}

// Of a file that is no program execvp makes one of the shell's, with a list of the words on the stack.
static size_t stack_size(char *const *words) {
  size_t size = STACK_SIZE;
  while (*words++) size += sizeof *words;
  return (size + STACK_SIZE - 1) / STACK_SIZE * STACK_SIZE;
}

int sys_process_start(char *const *words, int *output, pid_t *pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return errno;
  struct start start = {.words = words, .output = above_standard(ends[1])};
  start.input = start.output < 0 ? -1 : above_standard(open("/dev/null", O_RDWR | O_CLOEXEC));
  size_t size = stack_size(words);
  char *stack = MAP_FAILED;
  if (start.input >= 0)
    stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  sigset_t all, before;
  pid_t child = -1;
  int failed = stack == MAP_FAILED ? errno : 0;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  if (!failed) {
    child = clone(become, stack + size, CLONE_VM | CLONE_VFORK, &start);
    failed = child < 0 ? errno : start.failed;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (stack != MAP_FAILED) munmap(stack, size);
  if (start.input >= 0) close(start.input);
  if (start.output >= 0) close(start.output);
  if (failed) {
    if (child > 0) waitpid(child, NULL, __WALL);
    close(ends[0]);
    return failed;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *output = ends[0];
  *pid = child;
  return 0;
}

// A program is a child like any other: a host that waits for whichever ends, or ignores SIGCHLD, may have taken the
// status away. Then what the program printed tells how it went.
int sys_process_status(pid_t pid) {
  int status;
  pid_t ended = waitpid(pid, &status, WNOHANG | __WALL);
  if (ended == 0) return -1;
  if (ended < 0) return errno == EINTR ? -1 : 0;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void sys_process_kill(pid_t pid) {
  siginfo_t info;
  // Once it is waited for its number may be another's.
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL)) return;
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
}

void sys_process_wait(pid_t pid) {
  const struct timespec pause = {.tv_nsec = 1000000};
  // One that has become another user's cannot be ended, and is left to itself.
  for (int left = 1000; left > 0 && sys_process_status(pid) < 0; left--) nanosleep(&pause, NULL);
}
