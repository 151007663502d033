/* Prints how long dlopen takes, in milliseconds, for each library named, one after the other in this one process. */
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    void *library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (library == NULL) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    printf("%.4f\n", (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
  }
  return 0;
}
