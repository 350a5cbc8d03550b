/**
 * Counters and histograms: one block per thread, added up when somebody reads.
 *
 * Layer: base. The set of series is shared and grows only when the configuration is read;
 * a block belongs to one thread, which adds without a lock; any thread may render. A
 * series is a family of stats.def with its labels; its number stays valid for the life of
 * the process, so counters survive a reload.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

enum {
    STATS_SERIES_MAX = 65536,  /**< Slots of all series; a histogram takes several. */
    STATS_RESERVED = 2048,     /**< Of them for families without the label `route`. */
    STATS_LABELS_MAX = 4096,   /**< Bytes of all labels of a series, with the NUL. */
    STATS_RATIO_ONE = 1000000, /**< What a STAT_RATIO of 1 is stored as. */
};

enum stat_kind {
    STAT_COUNTER,
    STAT_GAUGE,     /**< Blocks are added up; use deltas, or one block that sets. */
    STAT_RATIO,     /**< A gauge in millionths: STATS_RATIO_ONE is rendered as 1. */
    STAT_HISTOGRAM, /**< Observed in microseconds, rendered in seconds. */
};

/** Families, from stats.def. */
enum stat_id {
#define STAT(id, kind, name, labels, help) STAT_##id,
#include "base/stats.def"
#undef STAT
    STAT_COUNT
};

struct stats;

/** One thread's slots. */
struct stats_block {
    _Atomic(uint64_t) slots[STATS_SERIES_MAX];
};

/**
 * Families without labels have their one series from the start.
 * The caller frees it with stats_free(), after all blocks' threads have ended. NULL:
 * memory.
 */
struct stats *stats_new(void);

void stats_free(struct stats **self_p);

/** A block that belongs to `self` and is freed with it. NULL: memory. Thread-safe. */
struct stats_block *stats_block_new(struct stats *self);

/**
 * The first slot of a series, made when it is new. Thread-safe; takes a lock.
 *
 * `labels`: `route="/a",code_class="2xx"` with values escaped by stats_label(), or "".
 * When all slots are taken (or memory is) slot 0 is returned, and the log says so once:
 * it and the slots of a histogram behind it may be written and are never shown. Routes
 * cannot take the last slots: what alerts look at has its place however many routes there
 * are.
 */
unsigned stats_series(struct stats *self, enum stat_id family, const char *labels);

/** The value is as it is: not escaped yet. */
struct stat_label {
    const char *name; /**< NULL: no label. */
    const char *value;
};

/** The same by one label, or by two. Too long for any page: slot 0. */
unsigned stats_series_of(struct stats *self, enum stat_id family, struct stat_label label,
                         struct stat_label other);

/**
 * Shows no series of a gauge any more, but those that stats_series() is asked for again:
 * what the configuration in force no longer has goes. Each keeps its slot, so that who
 * holds one may write to it at any time, and has it back when it is asked for. Counters
 * stay: what they counted has happened. Thread-safe; takes a lock.
 */
void stats_retire(struct stats *self, enum stat_id family);

/**
 * Writes `name="value"` and a NUL with `value` escaped, cut whole characters before
 * `capacity`; returns the length that it has or needs without the NUL.
 */
size_t stats_label(char *buffer, size_t capacity, const char *name, struct span value);

/** Adds to a counter or gauge. Only the block's own thread. */
static inline void stats_add(struct stats_block *block, unsigned slot, uint64_t count)
{
    _Atomic(uint64_t) *at = &block->slots[slot];
    atomic_store_explicit(at, atomic_load_explicit(at, memory_order_relaxed) + count,
                          memory_order_relaxed);
}

/** Takes from a gauge. Only the block's own thread. */
static inline void stats_subtract(struct stats_block *block, unsigned slot,
                                  uint64_t count)
{
    stats_add(block, slot, (uint64_t)0 - count);
}

/** Sets a gauge that only this block writes. */
static inline void stats_set(struct stats_block *block, unsigned slot, uint64_t value)
{
    atomic_store_explicit(&block->slots[slot], value, memory_order_relaxed);
}

/** Adds one observation to the histogram at `slot`. Only the block's own thread. */
void stats_observe(struct stats_block *block, unsigned slot, uint64_t microseconds);

/** The sum of one slot over all blocks. Thread-safe. */
uint64_t stats_read(struct stats *self, unsigned slot);

/** Takes rendered text. */
typedef void stats_write_fn(void *context, struct span text);

/**
 * Writes all series as Prometheus text 0.0.4, or OpenMetrics 1.0 when `openmetrics`.
 * Thread-safe; `write` runs under the lock of `self` and must not call it.
 */
void stats_render(struct stats *self, bool openmetrics, stats_write_fn *write,
                  void *context);
