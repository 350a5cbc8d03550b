#include "guard/registry_shard.h"

/* A number is: epoch (32 bits), shard (6), slot (26). */
enum {
    SLOT_BITS = 26,
    EPOCH_SHIFT = 32,
};

#define SLOT_MASK ((UINT64_C(1) << SLOT_BITS) - 1)

static uint32_t slot_of(uint64_t id)
{
    return (uint32_t)(id & SLOT_MASK);
}

static uint64_t epoch_of(uint64_t id)
{
    return id >> EPOCH_SHIFT;
}

unsigned registry_shard_number(uint64_t id)
{
    return (unsigned)(id >> SLOT_BITS) % REGISTRY_SHARD_COUNT;
}

bool registry_shard_init(struct registry_shard *self, struct heap *heap, unsigned number,
                         uint64_t slot_count_max)
{
    CHECK(number < REGISTRY_SHARD_COUNT);
    uint64_t slots = slot_count_max < SLOT_MASK ? slot_count_max : SLOT_MASK;

    *self = (struct registry_shard){.heap = heap, .number = number};
    self->chunk_count_max = (uint32_t)(slots / REGISTRY_CHUNK_SLOTS + 1);
    atomic_init(&self->oldest_at_ms[USE_UNBOUND], UINT64_MAX);
    atomic_init(&self->oldest_at_ms[USE_BOUND], UINT64_MAX);
    heap_lock_init(heap, &self->lock);
    self->chunks = heap_alloc(heap, self->chunk_count_max * sizeof(*self->chunks));
    return self->chunks != NULL;
}

static struct entry *slot_at(struct registry_shard *self, uint32_t slot)
{
    uint32_t chunk = slot / REGISTRY_CHUNK_SLOTS;
    if (chunk >= self->chunk_count_max) {
        return NULL;
    }
    struct registry_chunk *at =
        atomic_load_explicit(&self->chunks[chunk], memory_order_acquire);
    return at != NULL ? &at->slots[slot % REGISTRY_CHUNK_SLOTS] : NULL;
}

/* A slot that this shard has used. */
static struct entry *known(struct registry_shard *self, uint32_t slot)
{
    struct entry *entry = slot_at(self, slot);
    CHECK(entry != NULL);
    return entry;
}

void registry_shard_end(struct registry_shard *self)
{
    for (uint32_t slot = 1; slot <= self->slot_count; slot++) {
        struct entry *entry = known(self, slot);
        entry_names_free(&entry->names, self->heap);
        entry_tokens_free(&entry->tokens, self->heap);
    }
    for (uint32_t i = 0; self->chunks != NULL && i < self->chunk_count_max; i++) {
        heap_free(self->heap, atomic_load(&self->chunks[i]));
    }
    heap_free(self->heap, self->chunks);
    pthread_mutex_destroy(&self->lock);
}

uint64_t registry_shard_stamp(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = slot_at(self, slot_of(id));
    return entry != NULL ? atomic_load_explicit(&entry->stamp, memory_order_acquire) : 0;
}

static uint64_t id_of(const struct registry_shard *self, uint32_t slot,
                      const struct entry *entry)
{
    uint64_t epoch =
        atomic_load_explicit(&entry->stamp, memory_order_relaxed) >> EPOCH_SHIFT;
    return epoch << EPOCH_SHIFT | (uint64_t)self->number << SLOT_BITS | slot;
}

struct entry *registry_shard_entry(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = slot_at(self, slot_of(id));
    bool found = entry != NULL && (entry->flags & ENTRY_LIVE) != 0 &&
                 id_of(self, slot_of(id), entry) == id;
    return found ? entry : NULL;
}

struct entry *registry_shard_live(struct registry_shard *self, uint32_t slot,
                                  uint64_t *id_out)
{
    struct entry *entry = slot_at(self, slot);
    if (entry == NULL || (entry->flags & ENTRY_LIVE) == 0) {
        return NULL;
    }
    *id_out = id_of(self, slot, entry);
    return entry;
}

/* The entry of a number that must be right, live or not. */
static struct entry *own(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = known(self, slot_of(id));
    CHECK(id_of(self, slot_of(id), entry) == id);
    return entry;
}

uint64_t registry_shard_oldest(struct registry_shard *self, enum use_list list)
{
    return atomic_load_explicit(&self->oldest_at_ms[list], memory_order_relaxed);
}

uint64_t registry_shard_oldest_id(struct registry_shard *self, enum use_list list)
{
    uint32_t slot = self->oldest[list];
    return slot != 0 ? id_of(self, slot, known(self, slot)) : 0;
}

static bool make_chunk(struct registry_shard *self, uint32_t slot)
{
    uint32_t chunk = slot / REGISTRY_CHUNK_SLOTS;
    if (chunk >= self->chunk_count_max) {
        return false;
    }
    if (atomic_load_explicit(&self->chunks[chunk], memory_order_relaxed) != NULL) {
        return true;
    }
    struct registry_chunk *made = heap_alloc(self->heap, sizeof(*made));
    atomic_store_explicit(&self->chunks[chunk], made, memory_order_release);
    return made != NULL;
}

/* The stamp of a slot without an entry: version 0, which no view has. Epoch 0 never
 * comes, as a number is never 0. */
static void next_epoch(struct entry *entry)
{
    uint64_t stamp = atomic_load_explicit(&entry->stamp, memory_order_relaxed);
    uint32_t epoch = (uint32_t)(stamp >> EPOCH_SHIFT) + 1;
    atomic_store_explicit(&entry->stamp,
                          (uint64_t)(epoch != 0 ? epoch : 1) << EPOCH_SHIFT,
                          memory_order_release);
}

uint64_t registry_shard_take(struct registry_shard *self, struct entry **entry_out)
{
    uint32_t slot = self->free_first;

    if (slot != 0) {
        *entry_out = known(self, slot);
        self->free_first = (*entry_out)->older;
        (*entry_out)->older = 0;
        return id_of(self, slot, *entry_out);
    }
    slot = self->slot_count + 1;
    if (!make_chunk(self, slot)) {
        return 0;
    }
    self->slot_count = slot;
    *entry_out = known(self, slot);
    next_epoch(*entry_out);
    return id_of(self, slot, *entry_out);
}

void registry_shard_give(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = own(self, id);
    CHECK((entry->flags & (ENTRY_LIVE | ENTRY_CHANGED)) == 0);

    entry_names_free(&entry->names, self->heap);
    entry_tokens_free(&entry->tokens, self->heap);
    entry->flags = 0;
    entry->older = self->free_first;
    self->free_first = slot_of(id);
}

static enum use_list list_of(const struct entry *entry)
{
    return (entry->flags & ENTRY_BOUND) != 0 ? USE_BOUND : USE_UNBOUND;
}

/* Tells those without the lock; written only when it changed, for the cache's sake. */
static void publish_oldest(struct registry_shard *self, enum use_list list)
{
    uint32_t slot = self->oldest[list];
    uint64_t at_ms = slot != 0 ? known(self, slot)->used_at_ms : UINT64_MAX;
    if (registry_shard_oldest(self, list) != at_ms) {
        atomic_store_explicit(&self->oldest_at_ms[list], at_ms, memory_order_relaxed);
    }
}

void registry_shard_enlist_again(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = own(self, id);
    enum use_list list = list_of(entry);

    entry->newer = 0;
    entry->older = self->newest[list];
    if (entry->older != 0) {
        known(self, entry->older)->newer = slot_of(id);
    } else {
        self->oldest[list] = slot_of(id);
    }
    self->newest[list] = slot_of(id);
    publish_oldest(self, list);
}

void registry_shard_unlist(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = own(self, id);
    enum use_list list = list_of(entry);

    if (entry->newer != 0) {
        known(self, entry->newer)->older = entry->older;
    } else {
        self->newest[list] = entry->older;
    }
    if (entry->older != 0) {
        known(self, entry->older)->newer = entry->newer;
    } else {
        self->oldest[list] = entry->newer;
    }
    entry->newer = 0;
    entry->older = 0;
    publish_oldest(self, list);
}

void registry_shard_enlist(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = own(self, id);
    CHECK((entry->flags & ENTRY_LIVE) == 0);

    entry->flags |= ENTRY_LIVE;
    atomic_store_explicit(&entry->stamp, epoch_of(id) << EPOCH_SHIFT | 1,
                          memory_order_release);
    registry_shard_enlist_again(self, id);
}

uint32_t registry_shard_next_version(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = own(self, id);
    uint64_t stamp = atomic_load_explicit(&entry->stamp, memory_order_relaxed);
    uint32_t version = (uint32_t)stamp + 1;

    version = version != 0 ? version : 1;
    atomic_store_explicit(&entry->stamp, epoch_of(id) << EPOCH_SHIFT | version,
                          memory_order_release);
    return version;
}

void registry_shard_change(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = own(self, id);

    if ((entry->flags & ENTRY_CHANGED) != 0) {
        return;
    }
    entry->flags |= ENTRY_CHANGED;
    entry->changed_next = 0;
    entry->changed_prev = self->changed_last;
    if (self->changed_last != 0) {
        known(self, self->changed_last)->changed_next = slot_of(id);
    } else {
        self->changed_first = slot_of(id);
    }
    self->changed_last = slot_of(id);
}

static void unchange(struct registry_shard *self, struct entry *entry)
{
    if ((entry->flags & ENTRY_CHANGED) == 0) {
        return;
    }
    if (entry->changed_prev != 0) {
        known(self, entry->changed_prev)->changed_next = entry->changed_next;
    } else {
        self->changed_first = entry->changed_next;
    }
    if (entry->changed_next != 0) {
        known(self, entry->changed_next)->changed_prev = entry->changed_prev;
    } else {
        self->changed_last = entry->changed_prev;
    }
    entry->flags &= (uint8_t)~ENTRY_CHANGED;
}

void registry_shard_remove(struct registry_shard *self, uint64_t id)
{
    struct entry *entry = own(self, id);
    CHECK((entry->flags & ENTRY_LIVE) != 0);

    registry_shard_unlist(self, id);
    entry->flags &= (uint8_t)~ENTRY_LIVE;
    entry_names_free(&entry->names, self->heap);
    entry_tokens_free(&entry->tokens, self->heap);
    next_epoch(entry);
    uint64_t void_id = id_of(self, slot_of(id), entry);
    if ((entry->flags & ENTRY_STORED) != 0) {
        registry_shard_change(self, void_id);
    } else {
        unchange(self, entry);
        registry_shard_give(self, void_id);
    }
}

struct entry *registry_shard_next_change(struct registry_shard *self, uint64_t *id_out)
{
    uint32_t slot = self->changed_first;
    if (slot == 0) {
        return NULL;
    }
    struct entry *entry = known(self, slot);
    unchange(self, entry);
    *id_out = id_of(self, slot, entry);
    return entry;
}
