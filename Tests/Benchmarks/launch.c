/* launch PROGRAM ARGUMENTS: runs it with "--t0" and the time added, so that a cold start counts from its own exec. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char text[32], **arguments = calloc((size_t)argc + 2, sizeof *arguments);
  struct timespec now;
  if (argc < 2 || arguments == NULL) return 2;
  for (int i = 1; i < argc; i++) arguments[i - 1] = argv[i];
  arguments[argc - 1] = "--t0";
  arguments[argc] = text;
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(text, sizeof text, "%llu", (unsigned long long)now.tv_sec * 1000000000u + (unsigned long long)now.tv_nsec);
  execvp(argv[1], arguments);
  perror(argv[1]);
  return 127;
}
