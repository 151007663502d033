/*
 * What the benchmark programs share: their arguments, clocks, a histogram of latencies, and the line of JSON that each
 * prints last. A program calls measure_begin once, measure_call before each call, measure_delta for each piece of an
 * answer and measure_done at its end. One thread at a time may call these.
 */
#pragma once
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define STAMP_LENGTH 21       /* "@", nineteen digits of CLOCK_MONOTONIC nanoseconds, "|" */

/* Latencies, to within 1/64 of their size. */
#define HISTOGRAM_STEPS 128
struct histogram {
  uint64_t counts[64 * HISTOGRAM_STEPS];
  uint64_t total, largest;
};

struct measure {
  const char *client, *workload, *url, *model, *route, *ca, *file, *style, *http, *threads;
  int streams, repeat, inflight, reps, warm;
  size_t piece, size;
  uint64_t start, main_at, loaded_at, client_at, begin_at, first_delta_at;
  uint64_t *call_at; /* of each stream */
  uint32_t *deltas_of_call;
  uint64_t events, deltas, bytes, calls, failed;
  int begun; /* streams with a first delta */
  uint64_t settle_ns; /* after the last of many streams has begun, its backlog counts no more */
  uint64_t settled_at;
  int is_steady, is_over;
  uint64_t steady_from, steady_to, steady_deltas;
  double steady_cpu, cpu_before, system_before;
  long resident_before, resident_steady;
  double *first_ms; /* time to first delta of each call, in the order in which they came */
  size_t first_count, first_capacity;
  struct histogram latency;
  struct memory {
    long resident_kb;
    size_t heap; /* bytes in use */
  } memory_warm, memory_end;
};

static inline uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

static inline double cpu_seconds(int only_system) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_stime) + (only_system ? 0 : seconds_of(usage.ru_utime));
}

/* A line of /proc/self/status in kB, as "VmRSS:" or "VmHWM:". */
static inline long status_kb(const char *name) {
  char line[256];
  long value = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, name, strlen(name)) == 0) value = strtol(line + strlen(name), NULL, 10);
  if (file != NULL) fclose(file);
  return value;
}

static inline const char *argument(int argc, char **argv, const char *name, const char *otherwise) {
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  return otherwise;
}

/* Every connection of many streams is an open file. */
static inline void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static inline struct measure *measure_new(int argc, char **argv, const char *client) {
  uint64_t main_at = now_ns();
  struct measure *m = calloc(1, sizeof *m);
  if (m == NULL) abort();
  m->main_at = main_at;
  m->client = client;
  m->workload = argument(argc, argv, "--workload", "b");
  m->url = argument(argc, argv, "--url", "http://127.0.0.1:1");
  m->model = argument(argc, argv, "--model", "n100");
  m->route = argument(argc, argv, "--route", "converse");
  m->ca = argument(argc, argv, "--ca", NULL);
  m->file = argument(argc, argv, "--file", NULL);
  m->style = argument(argc, argv, "--style", "threaded");
  m->threads = argument(argc, argv, "--threads", "1");
  m->http = argument(argc, argv, "--http", NULL);
  m->streams = atoi(argument(argc, argv, "--streams", "1"));
  m->repeat = atoi(argument(argc, argv, "--repeat", "1"));
  m->inflight = atoi(argument(argc, argv, "--inflight", "256"));
  m->warm = atoi(argument(argc, argv, "--warm", "0"));
  m->reps = atoi(argument(argc, argv, "--reps", "20"));
  m->settle_ns = strtoull(argument(argc, argv, "--settle-ms", "2000"), NULL, 10) * 1000000u;
  m->piece = strtoul(argument(argc, argv, "--piece", "16384"), NULL, 10);
  m->size = strtoul(argument(argc, argv, "--size", "1024"), NULL, 10);
  m->start = strtoull(argument(argc, argv, "--t0", "0"), NULL, 10);
  if (m->start == 0) m->start = main_at;
  m->call_at = calloc((size_t)m->streams, sizeof *m->call_at);
  m->deltas_of_call = calloc((size_t)m->streams, sizeof *m->deltas_of_call);
  m->first_capacity = (size_t)m->streams * (size_t)m->repeat;
  m->first_ms = malloc(m->first_capacity * sizeof *m->first_ms);
  if (m->call_at == NULL || m->deltas_of_call == NULL || m->first_ms == NULL) abort();
  memset(m->first_ms, 1, m->first_capacity * sizeof *m->first_ms); /* its pages are there before memory is looked at */
  raise_file_limit();
  return m;
}

/* From here on CPU time, memory and the clock count. */
static inline void measure_begin(struct measure *m) {
  m->resident_before = status_kb("VmRSS:");
  m->cpu_before = cpu_seconds(0);
  m->system_before = cpu_seconds(1);
  m->events = m->deltas = m->bytes = m->calls = 0;
  m->begin_at = now_ns();
}

static inline void measure_call(struct measure *m, int stream) {
  m->deltas_of_call[stream] = 0;
  m->call_at[stream] = now_ns();
}

static inline void histogram_add(struct histogram *histogram, uint64_t value) {
  unsigned power = value < HISTOGRAM_STEPS ? 0 : 63u - (unsigned)__builtin_clzll(value) - 6;
  unsigned slot =
      power == 0 ? (unsigned)value : power * HISTOGRAM_STEPS + (unsigned)(value >> power & (HISTOGRAM_STEPS - 1));
  histogram->counts[slot]++;
  histogram->total++;
  if (value > histogram->largest) histogram->largest = value;
}

static inline double histogram_at(const struct histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)((double)histogram->total * share), seen = 0;
  for (unsigned slot = 0; slot < 64 * HISTOGRAM_STEPS; slot++) {
    unsigned power = slot / HISTOGRAM_STEPS, step = slot % HISTOGRAM_STEPS;
    if ((seen += histogram->counts[slot]) > wanted) return power == 0 ? step : (double)((uint64_t)step << power);
  }
  return (double)histogram->largest;
}

static inline void first_delta(struct measure *m, int stream, uint64_t now) {
  if (m->first_delta_at == 0) m->first_delta_at = now;
  if (m->first_count < m->first_capacity) m->first_ms[m->first_count++] = (double)(now - m->call_at[stream]) / 1e6;
  if (++m->begun == m->streams) m->settled_at = now + m->settle_ns;
}

static inline void note_latency(struct measure *m, const char *text, uint64_t now) {
  uint64_t sent = 0;
  for (int i = 1; i < 20; i++) sent = sent * 10 + (uint64_t)(text[i] - '0');
  histogram_add(&m->latency, now > sent ? now - sent : 0);
}

static inline void measure_delta(struct measure *m, int stream, const char *text, size_t len) {
  uint64_t now = 0;
  int is_stamped = len >= STAMP_LENGTH && text[0] == '@';
  m->events++;
  m->deltas++;
  if (m->deltas_of_call[stream]++ == 0) first_delta(m, stream, now = now_ns());
  if (now == 0 && (is_stamped || (m->streams > 1 && m->settled_at != 0 && !m->is_steady))) now = now_ns();
  if (m->streams > 1 && m->settled_at != 0 && !m->is_steady && now >= m->settled_at) {
    m->is_steady = 1;
    m->steady_from = now;
    m->steady_cpu = cpu_seconds(0);
    m->steady_deltas = m->deltas;
  }
  if (is_stamped && m->is_steady && !m->is_over) note_latency(m, text, now);
}

static inline struct memory memory_now(void) {
  return (struct memory){status_kb("VmRSS:"), mallinfo2().uordblks};
}

static inline void measure_done(struct measure *m, int is_well) {
  m->calls++;
  m->failed += !is_well;
  if (m->calls == (uint64_t)m->warm) m->memory_warm = memory_now();
  if (m->warm > 0 && m->calls == (uint64_t)m->streams * (uint64_t)m->repeat) m->memory_end = memory_now();
  if (!m->is_steady || m->is_over || m->repeat != 1) return;
  m->is_over = 1;
  m->steady_to = now_ns();
  m->steady_cpu = cpu_seconds(0) - m->steady_cpu;
  m->steady_deltas = m->deltas - m->steady_deltas;
  m->resident_steady = status_kb("VmRSS:");
}

static inline int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline double since_start_ms(const struct measure *m, uint64_t at) {
  return at == 0 ? 0 : (double)(at - m->start) / 1e6;
}

static inline void print_steady(const struct measure *m) {
  double seconds = (double)(m->steady_to - m->steady_from) / 1e9, deltas = (double)m->steady_deltas;
  printf(",\"steady_s\":%.3f,\"steady_cpu_pct\":%.2f,\"steady_cpu_us_per_event\":%.4f,\"steady_events_per_s\":%.1f,"
         "\"rss_per_stream_kb\":%.3f",
         seconds, m->steady_cpu / seconds * 100, deltas > 0 ? m->steady_cpu * 1e6 / deltas : 0, deltas / seconds,
         (double)(m->resident_steady - m->resident_before) / m->streams);
}

/* The first call of each stream is cold: with more than one, it is told apart and left out of the percentiles. */
static inline void print_first_deltas(struct measure *m) {
  size_t cold = m->repeat > 1 && m->first_count > (size_t)m->streams ? (size_t)m->streams : 0;
  double first = m->first_ms[0], *warm = m->first_ms + cold;
  size_t count = m->first_count - cold;
  qsort(warm, count, sizeof *warm, compare_doubles);
  printf(",\"ttft_ms_first\":%.4f,\"ttft_ms_p50\":%.4f,\"ttft_ms_p99\":%.4f,\"ttft_ms_max\":%.4f", first,
         warm[count / 2], warm[count * 99 / 100], warm[count - 1]);
}

/* Prints the line. Returns the exit status of the program. */
static inline int measure_report(struct measure *m) {
  uint64_t end = now_ns();
  double cpu = cpu_seconds(0) - m->cpu_before, wall = (double)(end - m->begin_at) / 1e9, events = (double)m->events;
  printf("{\"client\":\"%s\",\"style\":\"%s\",\"workload\":\"%s\",\"route\":\"%s\",\"streams\":%d,"
         "\"calls\":%llu,\"failed\":%llu,\"events\":%llu,\"deltas\":%llu,\"bytes\":%llu,\"wall_s\":%.6f,"
         "\"cpu_s\":%.6f,\"sys_s\":%.6f,\"cpu_us_per_event\":%.4f,\"events_per_s\":%.1f,\"mb_per_s\":%.2f,"
         "\"cpu_pct\":%.2f,\"rss_peak_kb\":%ld,\"rss_base_kb\":%ld",
         m->client, m->style, m->workload, m->route, m->streams, (unsigned long long)m->calls,
         (unsigned long long)m->failed,
         (unsigned long long)m->events, (unsigned long long)m->deltas, (unsigned long long)m->bytes, wall, cpu,
         cpu_seconds(1) - m->system_before, m->events ? cpu * 1e6 / events : 0, events / wall,
         (double)m->bytes / wall / 1e6, cpu / wall * 100, status_kb("VmHWM:"), m->resident_before);
  if (m->is_over) print_steady(m);
  if (m->latency.total > 0)
    printf(",\"lat_n\":%llu,\"lat_us_p50\":%.1f,\"lat_us_p90\":%.1f,\"lat_us_p99\":%.1f,\"lat_us_max\":%.1f",
           (unsigned long long)m->latency.total, histogram_at(&m->latency, 0.5) / 1e3,
           histogram_at(&m->latency, 0.9) / 1e3, histogram_at(&m->latency, 0.99) / 1e3,
           (double)m->latency.largest / 1e3);
  if (m->first_count > 0) print_first_deltas(m);
  if (m->memory_end.heap > 0)
    printf(",\"rss_grown_kb\":%ld,\"heap_grown\":%lld", m->memory_end.resident_kb - m->memory_warm.resident_kb,
           (long long)(m->memory_end.heap - m->memory_warm.heap));
  printf(",\"main_ms\":%.3f,\"loaded_ms\":%.3f,\"client_ms\":%.3f,\"first_delta_ms\":%.3f,\"end_ms\":%.3f}\n",
         since_start_ms(m, m->main_at), since_start_ms(m, m->loaded_at), since_start_ms(m, m->client_at),
         since_start_ms(m, m->first_delta_at), since_start_ms(m, end));
  fflush(stdout);
  return m->failed > 0;
}

/* A whole file in memory. */
static inline uint8_t *read_file(const char *path, size_t *len) {
  FILE *file = path ? fopen(path, "rb") : NULL;
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    fprintf(stderr, "cannot read %s\n", path ? path : "--file");
    exit(2);
  }
  *len = (size_t)ftell(file);
  rewind(file);
  uint8_t *data = malloc(*len + 1);
  if (data == NULL || fread(data, 1, *len, file) != *len) exit(2);
  fclose(file);
  return data;
}
