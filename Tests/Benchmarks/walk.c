/*
 * The floor of decoding: steps over the frames of a corpus in memory by their lengths, and reads nothing else.
 * Takes the arguments of client for workload a.
 */
#include "measure.h"

int main(int argc, char **argv) {
  struct measure *m = measure_new(argc, argv, "walk");
  size_t len;
  uint8_t *data = read_file(m->file, &len);
  for (int pass = -1; pass < m->reps; pass++) {
    if (pass == 0) measure_begin(m);
    for (size_t at = 0; at + 16 <= len;) {
      const volatile uint8_t *p = data + at;
      at += (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
      m->events++;
    }
    m->bytes += len;
  }
  free(data);
  return measure_report(m);
}
