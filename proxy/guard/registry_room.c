#include "guard/registry_room.h"

enum {
    TRIES_MAX = 1000, /* Lost races in a row before it is given up. */
};

bool registry_room_expired(const struct registry *self, uint64_t used_at_ms,
                           uint64_t now_ms)
{
    uint64_t at_ms = registry_room_clock(self, now_ms);
    return at_ms > used_at_ms && at_ms - used_at_ms > self->idle_ms;
}

struct fingerprint registry_room_name_key(const struct fingerprint *first)
{
    struct fingerprint key;
    for (unsigned i = 0; i < FINGERPRINT_SIZE; i++) {
        key.bytes[i] = (uint8_t)~first->bytes[i];
    }
    return key;
}

void registry_room_free_name(struct registry *self, const struct fingerprint *first,
                             uint64_t id)
{
    struct fingerprint key = registry_room_name_key(first);
    if (registry_index_find(self->index, &key) == id) {
        registry_index_remove(self->index, &key, id);
    }
}

void registry_room_remove(struct registry *self, struct registry_shard *shard,
                          uint64_t id)
{
    const struct entry *entry = registry_shard_entry(shard, id);
    const struct fingerprint *tokens = entry_tokens_of(entry);

    for (unsigned i = 0; i < entry->tokens.count; i++) {
        registry_index_remove(self->index, &tokens[i], id);
    }
    registry_room_free_name(self, &entry->first, id);
    if ((entry->flags & ENTRY_BOUND) != 0) {
        registry_room_uncount(&self->bound);
    }
    registry_shard_remove(shard, id);
    registry_room_uncount(&self->entries);
}

bool registry_room_remove_oldest(struct registry *self, struct registry_shard *shard,
                                 enum use_list list, uint64_t now_ms, bool evict)
{
    heap_lock(&shard->lock);
    uint64_t id = registry_shard_oldest_id(shard, list);
    bool expired = id != 0 && registry_room_expired(
                                  self, registry_shard_oldest(shard, list), now_ms);
    if (id != 0 && (expired || evict)) {
        registry_room_remove(self, shard, id);
        registry_room_count(expired             ? &self->expired
                            : list == USE_BOUND ? &self->evicted_bound
                                                : &self->evicted_unbound);
    }
    heap_unlock(&shard->lock);
    return id != 0 && (expired || evict);
}

/* The shard whose entry of that list is idle longest; NULL: the lists are empty. */
static struct registry_shard *idlest_shard(struct registry *self, enum use_list list,
                                           uint64_t *used_at_ms_out)
{
    struct registry_shard *idlest = NULL;

    *used_at_ms_out = UINT64_MAX;
    for (unsigned i = 0; i < REGISTRY_SHARD_COUNT; i++) {
        uint64_t at_ms = registry_shard_oldest(&self->shards[i], list);
        if (at_ms < *used_at_ms_out) {
            *used_at_ms_out = at_ms;
            idlest = &self->shards[i];
        }
    }
    return idlest;
}

/* Expired ones first, then unbound ones, then bound ones; idle longest first. */
static bool make_room(struct registry *self, uint64_t now_ms)
{
    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        uint64_t bound_at_ms = 0;
        uint64_t unbound_at_ms = 0;
        struct registry_shard *bound = idlest_shard(self, USE_BOUND, &bound_at_ms);
        struct registry_shard *unbound = idlest_shard(self, USE_UNBOUND, &unbound_at_ms);
        bool bound_first =
            unbound == NULL || registry_room_expired(self, bound_at_ms, now_ms);
        enum use_list list = bound_first ? USE_BOUND : USE_UNBOUND;
        struct registry_shard *shard = bound_first ? bound : unbound;
        bool evict = !bound_first || unbound == NULL;
        if (shard == NULL) {
            return false;
        }
        if (registry_room_remove_oldest(self, shard, list, now_ms, evict)) {
            return true;
        }
    }
    return false;
}

/* Counts one more entry unless the bound is reached. */
static bool count_entry(struct registry *self)
{
    uint64_t entries = atomic_load(&self->entries);

    while (entries < self->entry_count_max) {
        if (atomic_compare_exchange_weak(&self->entries, &entries, entries + 1)) {
            return true;
        }
    }
    return false;
}

bool registry_room_reserve(struct registry *self, uint64_t now_ms, bool evict)
{
    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        if (count_entry(self)) {
            return true;
        }
        if (!evict || !make_room(self, now_ms)) {
            return false;
        }
    }
    return false;
}
