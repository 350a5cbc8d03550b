/**
 * Memory that ends all at once: what a configuration is made of.
 *
 * Layer: app. One thread while it grows; what stands in it may then be read by all.
 * Everything in it is wiped when it ends, for there are secrets among it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct arena;

/** Ends an object of another module that the arena keeps: `self_p` like noun_free's. */
typedef void arena_end_fn(void *object);

/** `size_max`: bytes of all allocations. The caller ends it with arena_free(). NULL:
 * memory. */
struct arena *arena_new(size_t size_max);

/** Ends what was kept, last one first, then wipes and frees. */
void arena_free(struct arena **self_p);

/** `size` zeroed bytes, aligned for any type. NULL past the limit; latched. */
void *arena_alloc(struct arena *self, size_t size);

/** A copy with a NUL. NULL like arena_alloc(). */
char *arena_copy(struct arena *self, struct span text);

/** Calls `end(object)` when the arena ends. False: memory; `object` was ended at once. */
bool arena_keep(struct arena *self, void *object, arena_end_fn *end);

/** True once an allocation failed. */
bool arena_failed(const struct arena *self);
