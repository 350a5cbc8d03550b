#include "app/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { ALIGNMENT = _Alignof(max_align_t) };

struct block {
    struct block *next;
    size_t size;
    _Alignas(max_align_t) uint8_t bytes[];
};

struct kept {
    struct kept *next;
    void *object;
    arena_end_fn *end;
};

struct arena {
    struct block *blocks;
    struct kept *kept;
    size_t room; /* Bytes that may still be asked for. */
    bool failed;
};

struct arena *arena_new(size_t size_max)
{
    CHECK(size_max > 0);

    struct arena *self = malloc(sizeof(*self));
    if (self != NULL) {
        *self = (struct arena){.room = size_max};
    }
    return self;
}

void arena_free(struct arena **self_p)
{
    struct arena *self = *self_p;

    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    for (const struct kept *kept = self->kept; kept != NULL; kept = kept->next) {
        kept->end(kept->object);
    }
    while (self->blocks != NULL) {
        struct block *block = self->blocks;
        self->blocks = block->next;
        explicit_bzero(block->bytes, block->size);
        free(block);
    }
    free(self);
}

void *arena_alloc(struct arena *self, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    if (rounded < size || rounded > self->room) {
        self->failed = true;
        return NULL;
    }
    struct block *block = calloc(1, sizeof(*block) + rounded);
    if (block == NULL) {
        self->failed = true;
        return NULL;
    }
    self->room -= rounded;
    block->size = rounded;
    block->next = self->blocks;
    self->blocks = block;
    return block->bytes;
}

char *arena_copy(struct arena *self, struct span text)
{
    char *copy = arena_alloc(self, text.len + 1);

    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

bool arena_keep(struct arena *self, void *object, arena_end_fn *end)
{
    struct kept *kept = arena_alloc(self, sizeof(*kept));

    if (kept == NULL) {
        end(object);
        return false;
    }
    *kept = (struct kept){.next = self->kept, .object = object, .end = end};
    self->kept = kept;
    return true;
}

bool arena_failed(const struct arena *self)
{
    return self->failed;
}
