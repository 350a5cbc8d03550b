#include "guard/registry_index.h"

#include <string.h>

enum {
    SHARD_COUNT = 64,
    CAPACITY_FIRST = 16, /* Records of a shard; a power of two, doubled when 4/5 full. */
};

/* `id` 0: free. */
struct record {
    struct fingerprint token;
    uint64_t id;
};

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    struct heap *heap;
    struct record *records;
    size_t capacity;
    size_t count;
};

struct registry_index {
    struct shard shards[SHARD_COUNT];
};

/* The bytes of a fingerprint are a keyed hash: any of them will do. */
static uint64_t hash_of(const struct fingerprint *token)
{
    uint64_t hash = 0;
    memcpy(&hash, token->bytes, sizeof(hash));
    return hash;
}

static struct shard *shard_of(struct registry_index *self,
                              const struct fingerprint *token)
{
    return &self->shards[token->bytes[FINGERPRINT_SIZE - 1] % SHARD_COUNT];
}

struct registry_index *registry_index_new(struct heap *heap)
{
    struct registry_index *self = heap_alloc_wide(heap, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    for (unsigned i = 0; i < SHARD_COUNT; i++) {
        self->shards[i].heap = heap;
        heap_lock_init(heap, &self->shards[i].lock);
    }
    return self;
}

void registry_index_free(struct registry_index **self_p)
{
    struct registry_index *self = *self_p;
    if (self == NULL) {
        return;
    }
    struct heap *heap = self->shards[0].heap;
    for (unsigned i = 0; i < SHARD_COUNT; i++) {
        pthread_mutex_destroy(&self->shards[i].lock);
        heap_free(heap, self->shards[i].records);
    }
    heap_free(heap, self);
    *self_p = NULL;
}

/* Where `token` is, or the free place where it belongs. The shard has a free place. */
static size_t place_of(const struct shard *shard, const struct fingerprint *token)
{
    size_t mask = shard->capacity - 1;
    size_t at = hash_of(token) & mask;
    while (shard->records[at].id != 0 &&
           !fingerprint_equal(&shard->records[at].token, token)) {
        at = (at + 1) & mask;
    }
    return at;
}

static bool grow(struct shard *shard)
{
    struct record *old = shard->records;
    size_t old_capacity = shard->capacity;
    size_t capacity = old_capacity > 0 ? old_capacity * 2 : CAPACITY_FIRST;
    struct record *records = heap_alloc(shard->heap, capacity * sizeof(*records));

    if (records == NULL) {
        return false;
    }
    shard->records = records;
    shard->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].id != 0) {
            records[place_of(shard, &old[i].token)] = old[i];
        }
    }
    heap_free(shard->heap, old);
    return true;
}

uint64_t registry_index_find(struct registry_index *self, const struct fingerprint *token)
{
    struct shard *shard = shard_of(self, token);

    heap_lock(&shard->lock);
    uint64_t id = shard->count > 0 ? shard->records[place_of(shard, token)].id : 0;
    heap_unlock(&shard->lock);
    return id;
}

static enum index_outcome add(struct shard *shard, const struct fingerprint *token,
                              uint64_t id)
{
    bool full = (shard->count + 1) * 5 > shard->capacity * 4;
    if (full && !grow(shard)) {
        return INDEX_MEMORY;
    }
    struct record *record = &shard->records[place_of(shard, token)];
    if (record->id != 0) {
        return record->id == id ? INDEX_OWN : INDEX_TAKEN;
    }
    *record = (struct record){.token = *token, .id = id};
    shard->count++;
    return INDEX_ADDED;
}

enum index_outcome registry_index_add(struct registry_index *self,
                                      const struct fingerprint *token, uint64_t id)
{
    CHECK(id != 0);
    struct shard *shard = shard_of(self, token);

    heap_lock(&shard->lock);
    enum index_outcome outcome = add(shard, token, id);
    heap_unlock(&shard->lock);
    return outcome;
}

/* Moves back every record behind the hole that could not be found across it. */
static void close_hole(struct shard *shard, size_t hole)
{
    size_t mask = shard->capacity - 1;
    for (size_t at = (hole + 1) & mask; shard->records[at].id != 0;
         at = (at + 1) & mask) {
        size_t home = hash_of(&shard->records[at].token) & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            shard->records[hole] = shard->records[at];
            hole = at;
        }
    }
    shard->records[hole].id = 0;
}

void registry_index_remove(struct registry_index *self, const struct fingerprint *token,
                           uint64_t id)
{
    struct shard *shard = shard_of(self, token);

    heap_lock(&shard->lock);
    CHECK(shard->count > 0);
    size_t at = place_of(shard, token);
    CHECK(shard->records[at].id == id);
    close_hole(shard, at);
    shard->count--;
    heap_unlock(&shard->lock);
}
