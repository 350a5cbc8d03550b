/**
 * What the rooms of the registry share: its struct, its clock, and how room is made.
 *
 * Layer: guard. Private to registry.c, registry_commit.c and registry_store.c.
 * Locks: a shard's lock, and under it an index shard's inside one call of it; never two
 * shards' locks at once. The index may lead to an entry that is just being made or
 * removed: who follows it takes the shard's lock and looks whether the entry has the
 * token, and asks again if not.
 */
#pragma once

#include "guard/registry_index.h"
#include "guard/registry_shard.h"

struct registry {
    struct heap *heap;
    uint64_t entry_count_max;
    uint64_t idle_ms;
    struct registry_index *index;
    _Atomic(uint64_t) entries;
    _Atomic(uint64_t) bound;
    _Atomic(uint64_t) evicted_unbound;
    _Atomic(uint64_t) evicted_bound;
    _Atomic(uint64_t) expired;
    unsigned drain_next; /**< Shard where the next drain begins. */
    struct registry_shard shards[REGISTRY_SHARD_COUNT];
};

/** Times inside are later by the idle time, so that the age of any entry fits. */
static inline uint64_t registry_room_clock(const struct registry *self, uint64_t now_ms)
{
    return now_ms + self->idle_ms;
}

/** True when what was used at `used_at_ms` (inside time) has been idle too long. */
bool registry_room_expired(const struct registry *self, uint64_t used_at_ms,
                           uint64_t now_ms);

/** The shard of entry `id`. */
static inline struct registry_shard *registry_room_shard(struct registry *self,
                                                         uint64_t id)
{
    return &self->shards[registry_shard_number(id)];
}

/** The shard of the entries named after `first`. */
static inline struct registry_shard *
registry_room_shard_of(struct registry *self, const struct fingerprint *first)
{
    return &self->shards[first->bytes[FINGERPRINT_SIZE - 1] % REGISTRY_SHARD_COUNT];
}

static inline void registry_room_count(_Atomic(uint64_t) *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline void registry_room_uncount(_Atomic(uint64_t) *counter)
{
    atomic_fetch_sub_explicit(counter, 1, memory_order_relaxed);
}

/** Removes a live entry with its tokens. The shard's lock is held. */
void registry_room_remove(struct registry *self, struct registry_shard *shard,
                          uint64_t id);

/**
 * Removes the entry of that list that is idle longest in its shard, when it is expired or
 * `evict`. False: there was none.
 */
bool registry_room_remove_oldest(struct registry *self, struct registry_shard *shard,
                                 enum use_list list, uint64_t now_ms, bool evict);

/** What stands in the index for a name that is no token of its entry any more. */
struct fingerprint registry_room_name_key(const struct fingerprint *first);

/** Frees the name of entry `id` if it was kept. */
void registry_room_free_name(struct registry *self, const struct fingerprint *first,
                             uint64_t id);

/**
 * Counts one more entry; at the bound another one goes for it when `evict`. False: no
 * room. No lock may be held.
 */
bool registry_room_reserve(struct registry *self, uint64_t now_ms, bool evict);
