/**
 * Memory for bytes in flight: blocks of two sizes from a free list, counted against one
 * bound for the whole process.
 *
 * Layer: relay. A budget is shared by all workers and touched in steps of a MiB; a store
 * of blocks belongs to one worker. Taking a block never allocates once warm.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

enum {
    BLOCK_SMALL = 20480,  /**< A head and a 16 KiB page in one read. */
    BLOCK_LARGE = 131072, /**< For the rest of larger bodies. */
};

/** A run of memory; its owner is whoever took it. */
struct block {
    struct list_link link; /**< For its owner's list. */
    size_t size;           /**< BLOCK_SMALL or BLOCK_LARGE, bytes at `bytes`. */
    uint8_t bytes[];
};

/** The bound of all workers together (hold_total_max). */
struct block_budget {
    _Atomic(uint64_t) reserved;
    uint64_t total_max;
};

struct block_store;

/** The caller frees it with block_store_free() after all blocks came back. NULL: memory.
 */
struct block_store *block_store_new(struct block_budget *budget);

void block_store_free(struct block_store **self_p);

/**
 * A block, or NULL at the bound or without memory.
 *
 * `beyond`: bytes by which the bound may be passed, for the one response that must go on.
 */
struct block *block_take(struct block_store *self, size_t size, uint64_t beyond);

/** Gives a block back and sets NULL. `wipe`: it held bytes of a refused response. */
void block_give(struct block_store *self, struct block **block_p, bool wipe);

/**
 * Counts memory that is no block of ours but grows with what is held. False: at the
 * bound. Whoever was told true discharges as much.
 */
bool block_store_charge(struct block_store *self, uint64_t size, uint64_t beyond);
void block_store_discharge(struct block_store *self, uint64_t size);

/** Bytes of all blocks that are out, and what was charged. */
uint64_t block_store_used(const struct block_store *self);
