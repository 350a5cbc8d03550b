#include "base/heap.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP = 16,             /* Small blocks are multiples of it. */
    SMALL_SIZE_MAX = 4096, /* With the head; larger ones are powers of two. */
    SMALL_CLASSES = SMALL_SIZE_MAX / STEP + 1,
    LARGE_CLASSES = 64,
    CLASSES = SMALL_CLASSES + LARGE_CLASSES,
};

#define MAGIC UINT64_C(0x6d656d6f72792031)

/* Stands right before a block. */
struct head {
    uint64_t class;
    uint64_t unused;
};

/* What a free block begins with. */
struct spare {
    struct spare *next;
};

struct heap {
    uint64_t magic;
    void *region; /* Where it was made; only there its pointers are right. */
    size_t size;
    pthread_mutex_t lock;
    _Atomic(uint64_t) used;
    _Atomic(void *) root;
    struct spare *spares[CLASSES];
};

_Static_assert(sizeof(struct head) == STEP, "blocks stay aligned");

static size_t round_up(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

void heap_lock_init(const struct heap *self, pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    if (self == NULL) {
        CHECK(pthread_mutex_init(lock, NULL) == 0);
        return;
    }
    CHECK(pthread_mutexattr_init(&attributes) == 0);
    CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutex_init(lock, &attributes) == 0);
    CHECK(pthread_mutexattr_destroy(&attributes) == 0);
}

struct heap *heap_make(void *region, size_t size)
{
    struct heap *self = region;

    CHECK(region != NULL && size > 65536);
    CHECK((uintptr_t)region % HEAP_ALIGNMENT == 0);
    self->region = region;
    self->size = size;
    atomic_store(&self->used, round_up(sizeof(*self), HEAP_ALIGNMENT));
    heap_lock_init(self, &self->lock);
    self->magic = MAGIC;
    return self;
}

struct heap *heap_join(void *region, size_t size)
{
    struct heap *self = region;

    CHECK(region != NULL && size > 65536);
    bool whole = self->magic == MAGIC && self->region == region && self->size == size;
    return whole ? self : NULL;
}

/* Which list a block of `size` bytes with its head belongs to, and the size of those. */
static unsigned class_of(size_t size, bool wide, size_t *size_out)
{
    if (!wide && size + sizeof(struct head) <= SMALL_SIZE_MAX) {
        *size_out = round_up(size + sizeof(struct head), STEP);
        return (unsigned)(*size_out / STEP);
    }
    unsigned power = 7;
    while (power < LARGE_CLASSES - 1 && (size_t)1 << power < size) {
        power++;
    }
    *size_out = (size_t)1 << power;
    return SMALL_CLASSES + power;
}

static bool is_large(unsigned class)
{
    return class >= SMALL_CLASSES;
}

/* The lock is held. NULL: the region is full. */
static void *carve(struct heap *self, unsigned class, size_t size)
{
    uint64_t at = atomic_load_explicit(&self->used, memory_order_relaxed);
    uint64_t block = at + sizeof(struct head);

    if (is_large(class)) {
        block = round_up(block, HEAP_ALIGNMENT);
        size += block - at;
    }
    if (size > self->size || at > self->size - size) {
        return NULL;
    }
    atomic_store_explicit(&self->used, at + size, memory_order_relaxed);
    struct head *head = (struct head *)((uint8_t *)self->region + block) - 1;
    head->class = class;
    return head + 1;
}

static void *take(struct heap *self, size_t wanted, bool wide)
{
    size_t size = 0;
    unsigned class = class_of(wanted, wide, &size);

    CHECK(wanted > 0);
    heap_lock(&self->lock);
    struct spare *spare = self->spares[class];
    void *block = spare;
    if (spare != NULL) {
        self->spares[class] = spare->next;
    } else {
        block = carve(self, class, size);
    }
    heap_unlock(&self->lock);
    if (spare != NULL) {
        memset(block, 0, wanted); /* A fresh one is zeroes, and stays untouched. */
    }
    return block;
}

void *heap_alloc(struct heap *self, size_t size)
{
    return self != NULL ? take(self, size, false) : calloc(1, size);
}

void *heap_alloc_wide(struct heap *self, size_t size)
{
    if (self != NULL) {
        return take(self, size, true);
    }
    size_t whole = round_up(size, HEAP_ALIGNMENT);
    void *block = aligned_alloc(HEAP_ALIGNMENT, whole);
    if (block != NULL) {
        memset(block, 0, whole);
    }
    return block;
}

void heap_free(struct heap *self, void *block)
{
    struct spare *spare = block;

    if (self == NULL || block == NULL) {
        free(block);
        return;
    }
    uint64_t class = ((struct head *)block - 1)->class;
    CHECK(class > 0 && class < CLASSES);
    heap_lock(&self->lock);
    spare->next = self->spares[class];
    self->spares[class] = spare;
    heap_unlock(&self->lock);
}

uint64_t heap_used(const struct heap *self)
{
    return atomic_load_explicit(&self->used, memory_order_relaxed);
}

void heap_set_root(struct heap *self, void *root)
{
    atomic_store(&self->root, root);
}

void *heap_root(const struct heap *self)
{
    return atomic_load(&self->root);
}
