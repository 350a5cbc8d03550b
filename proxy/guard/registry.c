#include "guard/registry.h"

#include "guard/registry_room.h"

enum {
    TOUCH_STEP_MS = 1000,  /* Uses nearer together are one: the order of use stands. */
    REPORTS_PER_IDLE = 16, /* A used entry is handed out so often in its idle time. */
    TRIES_MAX = 1000,      /* Lost races in a row before a token counts as unknown. */
};

/* Slots of one shard at most: twice the entries (the removed ones wait until they were
 * handed out), and room for chance, as a keyed hash deals them out. */
static uint64_t slots_per_shard(uint64_t entry_count_max)
{
    uint64_t fair = entry_count_max / REGISTRY_SHARD_COUNT * 8 + 4096;
    uint64_t all = entry_count_max * 2 + 1;
    return fair < all ? fair : all;
}

struct registry *registry_new(const struct registry_limits *limits)
{
    CHECK(limits->entry_count_max > 0 && limits->entry_count_max < UINT32_MAX);

    struct registry *self = heap_alloc_wide(limits->heap, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->heap = limits->heap;
    self->entry_count_max = limits->entry_count_max;
    self->idle_ms = limits->idle_ms;
    self->index = registry_index_new(limits->heap);
    bool made = self->index != NULL;
    for (unsigned i = 0; i < REGISTRY_SHARD_COUNT; i++) {
        made &= registry_shard_init(&self->shards[i], limits->heap, i,
                                    slots_per_shard(limits->entry_count_max));
    }
    if (!made) {
        registry_free(&self);
    }
    return self;
}

uint64_t registry_layout(uint64_t layout)
{
    layout = heap_layout(layout, sizeof(struct registry));
    layout = heap_layout(layout, sizeof(struct registry_shard));
    layout = heap_layout(layout, sizeof(struct registry_chunk));
    layout = heap_layout(layout, sizeof(struct entry));
    return heap_layout(layout, USER_SIZE_MAX);
}

void registry_free(struct registry **self_p)
{
    struct registry *self = *self_p;
    if (self == NULL) {
        return;
    }
    for (unsigned i = 0; i < REGISTRY_SHARD_COUNT; i++) {
        registry_shard_end(&self->shards[i]);
    }
    registry_index_free(&self->index);
    heap_free(self->heap, self);
    *self_p = NULL;
}

static void use_entry(struct registry *self, struct registry_shard *shard,
                      struct entry *entry, uint64_t id, uint64_t now_ms)
{
    uint64_t at_ms = registry_room_clock(self, now_ms);

    if (at_ms < entry->used_at_ms + TOUCH_STEP_MS) {
        return;
    }
    registry_shard_unlist(shard, id);
    entry->used_at_ms = at_ms;
    registry_shard_enlist_again(shard, id);
    if ((entry->flags & ENTRY_STORED) != 0 &&
        at_ms - entry->reported_at_ms > self->idle_ms / REPORTS_PER_IDLE) {
        registry_shard_change(shard, id);
    }
}

/* The live entry `id`, unless it has just been idle too long. The lock is held. */
static struct entry *entry_in_use(struct registry *self, struct registry_shard *shard,
                                  uint64_t id, uint64_t now_ms)
{
    struct entry *entry = registry_shard_entry(shard, id);

    if (entry != NULL && registry_room_expired(self, entry->used_at_ms, now_ms)) {
        registry_room_remove(self, shard, id);
        registry_room_count(&self->expired);
        return NULL;
    }
    return entry;
}

/* What is asked of the entry that has a token. */
struct question {
    const struct fingerprint *token;
    uint64_t now_ms;
    bool touch;
};

/* False: the entry that had the token changed meanwhile; ask the index again. */
static bool look(struct registry *self, uint64_t id, const struct question *question,
                 struct session *session_out)
{
    struct registry_shard *shard = registry_room_shard(self, id);

    heap_lock(&shard->lock);
    struct entry *entry = entry_in_use(self, shard, id, question->now_ms);
    bool found = entry != NULL && entry_has_token(entry, question->token);
    if (found) {
        entry_view(entry, id, session_out);
    }
    if (found && question->touch) {
        use_entry(self, shard, entry, id, question->now_ms);
    }
    heap_unlock(&shard->lock);
    return found;
}

void registry_find(struct registry *self, const struct fingerprint *token,
                   uint64_t now_ms, bool touch, struct session *session_out)
{
    const struct question question = {.token = token, .now_ms = now_ms, .touch = touch};

    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        uint64_t id = registry_index_find(self->index, token);
        if (id == 0) {
            break;
        }
        if (look(self, id, &question, session_out)) {
            return;
        }
    }
    entry_view_none(session_out);
}

void registry_get(struct registry *self, uint64_t id, uint64_t now_ms,
                  struct session *session_out)
{
    struct registry_shard *shard = registry_room_shard(self, id);

    heap_lock(&shard->lock);
    const struct entry *entry = entry_in_use(self, shard, id, now_ms);
    if (entry != NULL) {
        entry_view(entry, id, session_out);
    } else {
        entry_view_none(session_out);
    }
    heap_unlock(&shard->lock);
}

bool registry_is_current(struct registry *self, uint64_t id, uint32_t version)
{
    uint64_t stamp = registry_shard_stamp(registry_room_shard(self, id), id);
    return version != 0 && stamp == (id >> 32 << 32 | version);
}

void registry_remove(struct registry *self, uint64_t id)
{
    struct registry_shard *shard = registry_room_shard(self, id);

    heap_lock(&shard->lock);
    if (registry_shard_entry(shard, id) != NULL) {
        registry_room_remove(self, shard, id);
    }
    heap_unlock(&shard->lock);
}

static bool expire_one(struct registry *self, struct registry_shard *shard,
                       uint64_t now_ms)
{
    for (int list = USE_UNBOUND; list < USE_LIST_COUNT; list++) {
        uint64_t used_at_ms = registry_shard_oldest(shard, (enum use_list)list);
        if (registry_room_expired(self, used_at_ms, now_ms) &&
            registry_room_remove_oldest(self, shard, (enum use_list)list, now_ms,
                                        false)) {
            return true;
        }
    }
    return false;
}

void registry_expire(struct registry *self, uint64_t now_ms, size_t count_max)
{
    for (unsigned i = 0; i < REGISTRY_SHARD_COUNT; i++) {
        while (count_max > 0 && expire_one(self, &self->shards[i], now_ms)) {
            count_max--;
        }
    }
}

struct registry_counts registry_counts(struct registry *self)
{
    return (struct registry_counts){
        .entries = atomic_load(&self->entries),
        .bound = atomic_load(&self->bound),
        .evicted_unbound = atomic_load(&self->evicted_unbound),
        .evicted_bound = atomic_load(&self->evicted_bound),
        .expired = atomic_load(&self->expired),
    };
}
