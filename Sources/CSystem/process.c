#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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
    if (action.sa_handler == SIG_IGN && number != SIGPIPE) continue;
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

int sys_process_start(char *const *words, int *output, pid_t *pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return errno;
  struct start start = {.words = words, .input = open("/dev/null", O_RDWR | O_CLOEXEC), .output = ends[1]};
  char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // No signal at its end: a host that waits for any child, or handles SIGCHLD, does not meet one that is not its own.
  pid_t child = -1;
  int failed = start.input < 0 || stack == MAP_FAILED ? errno : 0;
  if (!failed) {
    child = clone(become, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK, &start);
    failed = child < 0 ? errno : start.failed;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (stack != MAP_FAILED) munmap(stack, STACK_SIZE);
  if (start.input >= 0) close(start.input);
  close(ends[1]);
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

int sys_process_status(pid_t pid) {
  int status;
  pid_t ended = waitpid(pid, &status, WNOHANG | __WALL);
  if (ended == 0) return -1;
  if (ended < 0) return errno == EINTR ? -1 : 0;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void sys_process_kill(pid_t pid) {
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
}

void sys_process_wait(pid_t pid) {
  while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) continue;
}
