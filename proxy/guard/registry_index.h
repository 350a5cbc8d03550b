/**
 * From a token to the number of the entry that it belongs to.
 *
 * Layer: guard. A room of registry.c. Sharded by token, each shard with a lock of its own
 * that is held for one call and under which no other lock is taken. Open addressing: a
 * record is 24 bytes and nothing is allocated per token.
 */
#pragma once

#include "base/check.h"
#include "base/heap.h"
#include "guard/fingerprint.h"

struct registry_index;

enum index_outcome {
    INDEX_TAKEN, /**< The token leads to another entry. */
    INDEX_MEMORY,
    INDEX_ADDED,
    INDEX_OWN, /**< It led to this entry before. */
};

/** The caller frees it with registry_index_free(). NULL: memory. */
struct registry_index *registry_index_new(struct heap *heap);

void registry_index_free(struct registry_index **self_p);

/** The entry of `token`, or 0. Any thread. */
uint64_t registry_index_find(struct registry_index *self,
                             const struct fingerprint *token);

/** Makes `token` lead to entry `id` unless it leads elsewhere. Any thread. */
MUST_USE enum index_outcome registry_index_add(struct registry_index *self,
                                               const struct fingerprint *token,
                                               uint64_t id);

/** Forgets `token`, which must lead to entry `id`. Any thread. */
void registry_index_remove(struct registry_index *self, const struct fingerprint *token,
                           uint64_t id);
