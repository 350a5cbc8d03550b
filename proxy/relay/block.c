#include "relay/block.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    RESERVE_STEP = 1048576,    /* Bytes asked of the budget at a time. */
    SPARE_BYTES_MAX = 8388608, /* Bytes kept on the free lists. */
};

struct block_store {
    struct block_budget *budget;
    uint64_t reserved; /* Our part of the budget. */
    uint64_t extra;    /* Of it: past the bound, for those alone that may pass it. */
    uint64_t used;
    uint64_t spare;
    struct list small;
    struct list large;
};

struct block_store *block_store_new(struct block_budget *budget)
{
    struct block_store *self = malloc(sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    *self = (struct block_store){.budget = budget};
    list_init(&self->small);
    list_init(&self->large);
    return self;
}

static struct list *list_of(struct block_store *self, size_t size)
{
    return size == BLOCK_SMALL ? &self->small : &self->large;
}

static void free_spares(struct list *list)
{
    for (struct list_link *link = list_take_first(list); link != NULL;
         link = list_take_first(list)) {
        free(LIST_ENTRY(link, struct block, link));
    }
}

void block_store_free(struct block_store **self_p)
{
    struct block_store *self = *self_p;
    if (self == NULL) {
        return;
    }
    CHECK(self->used == 0);
    free_spares(&self->small);
    free_spares(&self->large);
    (void)atomic_fetch_sub(&self->budget->reserved, self->reserved);
    free(self);
    *self_p = NULL;
}

static void give_step_back(struct block_store *self)
{
    self->reserved -= RESERVE_STEP;
    (void)atomic_fetch_sub(&self->budget->reserved, RESERVE_STEP);
}

/* What is not used any more is anybody's again; first what passed the bound. */
static void give_back(struct block_store *self)
{
    while (self->extra > 0 && self->reserved - self->used >= RESERVE_STEP) {
        self->extra -= RESERVE_STEP;
        give_step_back(self);
    }
    while (self->reserved - self->used > 2 * (uint64_t)RESERVE_STEP) {
        give_step_back(self);
    }
}

/* Makes sure that `size` more bytes are ours to use. What one took past the bound is no
 * room for the others: it would be without. */
static bool reserve(struct block_store *self, uint64_t size, uint64_t beyond)
{
    uint64_t kept = beyond == 0 ? self->extra : 0;

    while (self->used + size > self->reserved - kept) {
        uint64_t before = atomic_fetch_add(&self->budget->reserved, RESERVE_STEP);
        if (before + RESERVE_STEP > self->budget->total_max + beyond) {
            (void)atomic_fetch_sub(&self->budget->reserved, RESERVE_STEP);
            give_back(self);
            return false;
        }
        self->reserved += RESERVE_STEP;
        if (before + RESERVE_STEP > self->budget->total_max) {
            self->extra += RESERVE_STEP;
        }
    }
    return true;
}

bool block_store_charge(struct block_store *self, uint64_t size, uint64_t beyond)
{
    if (!reserve(self, size, beyond)) {
        return false;
    }
    self->used += size;
    return true;
}

void block_store_discharge(struct block_store *self, uint64_t size)
{
    CHECK(self->used >= size);
    self->used -= size;
    give_back(self);
}

struct block *block_take(struct block_store *self, size_t size, uint64_t beyond)
{
    CHECK(size == BLOCK_SMALL || size == BLOCK_LARGE);

    if (!reserve(self, size, beyond)) {
        return NULL;
    }
    struct list_link *link = list_first(list_of(self, size));
    struct block *block = NULL;
    if (link != NULL) {
        list_remove(link);
        block = LIST_ENTRY(link, struct block, link);
        self->spare -= size;
    } else {
        block = malloc(sizeof(*block) + size);
        if (block == NULL) {
            return NULL;
        }
        *block = (struct block){.size = size};
    }
    self->used += size;
    return block;
}

void block_give(struct block_store *self, struct block **block_p, bool wipe)
{
    struct block *block = *block_p;

    CHECK(self->used >= block->size);
    *block_p = NULL;
    if (wipe) {
        explicit_bzero(block->bytes, block->size);
    }
    self->used -= block->size;
    give_back(self);
    if (self->spare + block->size > SPARE_BYTES_MAX) {
        free(block);
        return;
    }
    self->spare += block->size;
    list_push_front(list_of(self, block->size), &block->link);
}

uint64_t block_store_used(const struct block_store *self)
{
    return self->used;
}
