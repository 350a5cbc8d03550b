/**
 * What was seen together before: from one keyed hash to another, bounded and expiring.
 *
 * Layer: guard. Shared by all workers; locks behind this header; no I/O, no clock. Rows
 * are keyed hashes already, so clients cannot aim at one bucket. A bucket that is full
 * lets its row go that was idle longest. Nothing in it can be read back as text.
 */
#pragma once

#include "base/check.h"
#include "base/heap.h"
#include "guard/fingerprint.h"

struct memo;

enum {
    MEMO_ROWS_MAX = 4194304, /**< Memory for all is asked for at once. */
};

struct memo_row {
    struct fingerprint key;
    struct fingerprint value;
    unsigned count;       /**< How often the two were seen together. */
    uint64_t idle_for_ms; /**< Since it was last used. */
    bool removed;         /**< Drained: the row is gone. */
};

/**
 * `row_count_max`: > 0, made a little larger, MEMO_ROWS_MAX at most. `idle_ms`: a row
 * unused for so long is gone. `drained`: changes are kept for memo_drain(). NULL: memory.
 * Memory is taken from the system as rows come.
 */
struct memo *memo_new(struct heap *heap, uint64_t row_count_max, uint64_t idle_ms,
                      bool drained);

/** As registry_layout(). */
uint64_t memo_layout(uint64_t layout);

/** After all threads. Sets NULL; NULL is fine. */
void memo_free(struct memo **self_p);

/** The row of `key`; counts as use. False: there is none. Any thread. */
bool memo_find(struct memo *self, const struct fingerprint *key, uint64_t now_ms,
               struct memo_row *row_out);

/**
 * Puts `value` beside `key` unless another value is there already: what is there
 * afterwards, with its count, is `row_out`. The same value counts once more, and as use.
 * Where its bucket is full of removals that were not drained yet it is not kept.
 * Any thread.
 */
void memo_meet(struct memo *self, const struct fingerprint *key,
               const struct fingerprint *value, uint64_t now_ms,
               struct memo_row *row_out);

/** Forgets `key`. True: it was there. Any thread. */
bool memo_forget(struct memo *self, const struct fingerprint *key, uint64_t now_ms);

uint64_t memo_idle_ms(const struct memo *self);

typedef void memo_row_fn(void *context, const struct memo_row *row);

/**
 * Hands out rows that changed since, removed ones too, those of a key in order, at most
 * `count_max`; returns how many. `on_row` runs under a lock and calls nothing of the
 * memo. One thread at a time.
 */
size_t memo_drain(struct memo *self, uint64_t now_ms, size_t count_max,
                  memo_row_fn *on_row, void *context);

/** Puts a stored row back, at start. False: it is too old, or is there already. */
bool memo_restore(struct memo *self, const struct memo_row *row, uint64_t now_ms);
