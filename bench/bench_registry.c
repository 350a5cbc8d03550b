/*
 * What one look-up of a session costs, and what its entry takes: 10^3 to 10^6 entries
 * with a token and a requester each, 1 and 2 threads that ask for them in no order.
 * Prints nanoseconds of CPU time for a look-up, look-ups a second of all threads
 * together, and bytes of the heap for an entry with its place in the index.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guard/registry.h"

enum { LOOKUPS = 1000000, RUNS = 3, THREADS_MAX = 2, NS_PER_SECOND = 1000000000 };

static const uint64_t NOW_MS = 1000;

struct asker {
    pthread_t thread;
    struct registry *registry;
    uint64_t entry_count;
    uint64_t seed;
    double cpu_ns;
};

static double clock_ns(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (double)now.tv_sec * NS_PER_SECOND + (double)now.tv_nsec;
}

static void fail(void)
{
    (void)fprintf(stderr, "unexpected outcome\n");
    abort();
}

/* A well mixed number (splitmix64): tokens are keyed hashes and as even as these. */
static uint64_t mixed(uint64_t number)
{
    uint64_t mix = number * UINT64_C(0x9e3779b97f4a7c15);
    mix = (mix ^ (mix >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mix = (mix ^ (mix >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mix ^ (mix >> 31);
}

static struct fingerprint token_of(uint64_t number)
{
    struct fingerprint token;
    uint64_t halves[2] = {mixed(number + 1), mixed(~number)};
    memcpy(token.bytes, halves, sizeof(token.bytes));
    return token;
}

static void *ask(void *argument)
{
    struct asker *asker = argument;
    struct session session;
    double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (uint64_t i = 0; i < LOOKUPS; i++) {
        struct fingerprint token = token_of(mixed(asker->seed + i) % asker->entry_count);
        registry_find(asker->registry, &token, NOW_MS, true, &session);
        if (session.id == 0) {
            fail();
        }
    }
    asker->cpu_ns = (clock_ns(CLOCK_THREAD_CPUTIME_ID) - start) / LOOKUPS;
    return NULL;
}

/* The best of some runs. */
static void measure(struct registry *registry, uint64_t entry_count, unsigned threads)
{
    double best_ns = 1e18;
    double best_rate = 0;
    for (unsigned run = 0; run < RUNS; run++) {
        struct asker askers[THREADS_MAX];
        double cpu_ns = 0;
        double start = clock_ns(CLOCK_MONOTONIC);
        for (unsigned i = 0; i < threads; i++) {
            askers[i] = (struct asker){.registry = registry,
                                       .entry_count = entry_count,
                                       .seed = (uint64_t)LOOKUPS * (run * threads + i)};
            if (pthread_create(&askers[i].thread, NULL, ask, &askers[i]) != 0) {
                fail();
            }
        }
        for (unsigned i = 0; i < threads; i++) {
            (void)pthread_join(askers[i].thread, NULL);
            cpu_ns += askers[i].cpu_ns / threads;
        }
        double rate = (double)LOOKUPS * threads /
                      ((clock_ns(CLOCK_MONOTONIC) - start) / NS_PER_SECOND);
        best_ns = cpu_ns < best_ns ? cpu_ns : best_ns;
        best_rate = rate > best_rate ? rate : best_rate;
    }
    (void)printf("registry, %7llu entries, threads: %u %9.0f ns %12.0f/s\n",
                 (unsigned long long)entry_count, threads, best_ns, best_rate);
}

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void fill(struct registry *registry, uint64_t entry_count)
{
    for (uint64_t i = 0; i < entry_count; i++) {
        struct session session = {.generation = 1, .binding = BINDING_CONFIRMED};
        struct fingerprint token = token_of(i);
        (void)user_set(&session.requester, SPAN("member-0123456"));
        if (registry_commit(registry, &session, &token, 1, NOW_MS) != REGISTRY_STORED) {
            fail();
        }
    }
}

static void bench(uint64_t entry_count)
{
    const struct registry_limits limits = {.entry_count_max = 1000000,
                                           .idle_ms = 7200000};
    struct registry *registry = registry_new(&limits);
    if (registry == NULL) {
        fail();
    }
    size_t before = heap_bytes();
    fill(registry, entry_count);
    (void)printf("registry, %7llu entries, each %9.0f bytes\n",
                 (unsigned long long)entry_count,
                 (double)(heap_bytes() - before) / (double)entry_count);
    for (unsigned threads = 1; threads <= THREADS_MAX; threads++) {
        measure(registry, entry_count, threads);
    }
    registry_free(&registry);
}

int main(void)
{
    for (uint64_t entry_count = 1000; entry_count <= 1000000; entry_count *= 10) {
        bench(entry_count);
    }
    return 0;
}
