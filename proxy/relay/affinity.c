#include "relay/affinity.h"

#include <stdatomic.h>
#include <string.h>

#include "base/check.h"

enum {
    WAYS = 4, /* Places in which a session can be. */
    NUMBER_BITS = 16,
};

/* A place: 48 bits of the fingerprint, then the server's number plus one; 0: free. */
struct affinity {
    struct heap *heap;
    size_t set_count; /* Power of two. */
    _Atomic(uint64_t) places[];
};

struct affinity *affinity_new(struct heap *heap, size_t count)
{
    size_t set_count = 1;

    while (set_count * WAYS < count) {
        set_count *= 2;
    }
    struct affinity *self =
        heap_alloc(heap, sizeof(*self) + set_count * WAYS * sizeof(self->places[0]));
    if (self != NULL) {
        self->heap = heap;
        self->set_count = set_count;
    }
    return self;
}

void affinity_free(struct affinity **self_p)
{
    if (*self_p != NULL) {
        heap_free((*self_p)->heap, *self_p);
    }
    *self_p = NULL;
}

static size_t set_of(const struct affinity *self, const struct fingerprint *key)
{
    uint64_t hash = 0;
    memcpy(&hash, key->bytes, sizeof(hash));
    return (size_t)(hash & (self->set_count - 1)) * WAYS;
}

static uint64_t tag_of(const struct fingerprint *key)
{
    uint64_t tag = 0;
    memcpy(&tag, key->bytes + sizeof(uint64_t), sizeof(tag));
    return tag & ~(uint64_t)UINT16_MAX;
}

/* The newest stands first; the others move one down, and the last falls out. */
void affinity_set(struct affinity *self, const struct fingerprint *key, unsigned number)
{
    size_t set = set_of(self, key);
    uint64_t tag = tag_of(key);
    uint64_t moving = tag | (number + 1);

    CHECK(number < UINT16_MAX);
    for (size_t i = set; i < set + WAYS; i++) {
        uint64_t before = atomic_load_explicit(&self->places[i], memory_order_relaxed);
        if (before == moving) {
            return;
        }
        atomic_store_explicit(&self->places[i], moving, memory_order_relaxed);
        if (before == 0 || (before & ~(uint64_t)UINT16_MAX) == tag) {
            return;
        }
        moving = before;
    }
}

bool affinity_find(const struct affinity *self, const struct fingerprint *key,
                   unsigned *number_out)
{
    size_t set = set_of(self, key);
    uint64_t tag = tag_of(key);

    for (size_t i = set; i < set + WAYS; i++) {
        uint64_t place = atomic_load_explicit(&self->places[i], memory_order_relaxed);
        if (place != 0 && (place & ~(uint64_t)UINT16_MAX) == tag) {
            *number_out = (unsigned)(place & UINT16_MAX) - 1;
            return true;
        }
    }
    return false;
}
