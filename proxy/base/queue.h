/**
 * A bounded queue of fixed-size items from many threads to one.
 *
 * Layer: base. Made before and freed after all its threads. Pushing never waits: a full
 * queue says so. Items are copied in and out, in the order in which they came.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct queue;

/** At most `count_max` items of `item_size` bytes, both > 0. NULL: memory. */
struct queue *queue_new(size_t item_size, size_t count_max);

/** Items still inside are dropped; what they point to is the caller's. */
void queue_free(struct queue **self_p);

/** False: full or ended, nothing was taken. Any thread. */
MUST_USE bool queue_push(struct queue *self, const void *item);

/**
 * Takes up to `count_max` items; waits at most `wait_ms` for the first one. Returns how
 * many, 0 after the wait or a queue_end(). One thread.
 */
size_t queue_pop(struct queue *self, void *items_out, size_t count_max, uint64_t wait_ms);

/** From now on pushes fail; what is inside can still be taken. Any thread. */
void queue_end(struct queue *self);

/** True once ended and empty. */
bool queue_ended(struct queue *self);

size_t queue_count(struct queue *self);
