/**
 * Memory in one region that two processes may share at the same address.
 *
 * Layer: base. Pure: the region is an argument. Whoever maps it at the address where it
 * was made may follow every pointer in it, take its locks, and allocate. A block is
 * zeroed when it is handed out and never moves. Small blocks are kept by size, large ones
 * by power of two; what was never touched costs no memory. Without a heap (NULL) all
 * calls are the C library's, for what one process has alone.
 *
 * Locks in it are robust: a process that ended while it held one has left behind what
 * nobody can vouch for, so the next one to ask stops (CHECK) and a restart reads the
 * disk.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

enum {
    HEAP_ALIGNMENT = 64, /**< Of blocks from 4 KiB on, and of heap_alloc_wide(). */
};

struct heap;

/** Makes one in `size` bytes of zeroes at `region`, which is aligned to a page and stays
 * the caller's. `size` > 64 KiB. */
struct heap *heap_make(void *region, size_t size);

/** The one that another process made at this very address; NULL: there is none. */
struct heap *heap_join(void *region, size_t size);

/** `size` bytes of zeroes, > 0; ended with heap_free(). NULL: no room. Any thread. */
void *heap_alloc(struct heap *self, size_t size);

/** The same, aligned to HEAP_ALIGNMENT. */
void *heap_alloc_wide(struct heap *self, size_t size);

/** NULL is fine. Any thread. */
void heap_free(struct heap *self, void *block);

/** Bytes that were ever handed out, of those that there are. */
uint64_t heap_used(const struct heap *self);

/** One pointer that whoever joins finds; NULL until it is set. */
void heap_set_root(struct heap *self, void *root);
void *heap_root(const struct heap *self);

/** A lock that lies in this heap, or anywhere without one. */
void heap_lock_init(const struct heap *self, pthread_mutex_t *lock);

static inline void heap_lock(pthread_mutex_t *lock)
{
    int result = pthread_mutex_lock(lock);
    CHECK(result == 0);
}

static inline void heap_unlock(pthread_mutex_t *lock)
{
    int result = pthread_mutex_unlock(lock);
    CHECK(result == 0);
}

/** Mixes one more number into that of a layout; two programs share what agrees in it. */
static inline uint64_t heap_layout(uint64_t layout, uint64_t number)
{
    return (layout ^ number) * UINT64_C(1099511628211) + 1;
}
