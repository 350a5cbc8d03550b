#include "guard/memo.h"

#include <string.h>

enum {
    STRIPES = 64,
    WAYS = 8,
    DRAIN_STEP_MS = 3600000, /* A use is a change only so often. */
};

enum { ROW_LIVE = 1, ROW_CHANGED = 2 };

struct row {
    struct fingerprint key;
    struct fingerprint value;
    uint64_t used_at_ms;
    uint32_t count;
    uint32_t next_changed; /* Index and one; 0: the last. */
    uint8_t flags;
};

struct stripe {
    _Alignas(64) pthread_mutex_t lock;
    uint32_t changed;      /* First changed row, index and one; 0: there is none. */
    uint32_t last_changed; /* Last one; only if there is a first. */
};

struct memo {
    struct heap *heap;
    uint64_t idle_ms;
    uint64_t bucket_mask;
    bool drained;
    unsigned drain_next;
    struct row *rows;
    struct stripe stripes[STRIPES];
};

/* Times inside are later by the idle time, so that the age of any row fits. */
static uint64_t clock_of(const struct memo *self, uint64_t now_ms)
{
    return now_ms + self->idle_ms;
}

struct memo *memo_new(struct heap *heap, uint64_t row_count_max, uint64_t idle_ms,
                      bool drained)
{
    CHECK(row_count_max > 0);
    uint64_t buckets = STRIPES;

    while (buckets * WAYS < row_count_max && buckets * WAYS < MEMO_ROWS_MAX) {
        buckets *= 2;
    }
    struct memo *self = heap_alloc_wide(heap, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->heap = heap;
    self->idle_ms = idle_ms;
    self->bucket_mask = buckets - 1;
    self->drained = drained;
    self->rows = heap_alloc(heap, buckets * WAYS * sizeof(*self->rows));
    if (self->rows == NULL) {
        heap_free(heap, self);
        return NULL;
    }
    for (unsigned i = 0; i < STRIPES; i++) {
        heap_lock_init(heap, &self->stripes[i].lock);
    }
    return self;
}

uint64_t memo_layout(uint64_t layout)
{
    return heap_layout(heap_layout(layout, sizeof(struct memo)), sizeof(struct row));
}

void memo_free(struct memo **self_p)
{
    struct memo *self = *self_p;
    if (self == NULL) {
        return;
    }
    for (unsigned i = 0; i < STRIPES; i++) {
        (void)pthread_mutex_destroy(&self->stripes[i].lock);
    }
    heap_free(self->heap, self->rows);
    heap_free(self->heap, self);
    *self_p = NULL;
}

uint64_t memo_idle_ms(const struct memo *self)
{
    return self->idle_ms;
}

static uint64_t bucket_of(const struct memo *self, const struct fingerprint *key)
{
    uint64_t number = 0;
    memcpy(&number, key->bytes, sizeof(number));
    return number & self->bucket_mask;
}

static struct stripe *lock(struct memo *self, uint64_t bucket)
{
    struct stripe *stripe = &self->stripes[bucket % STRIPES];
    heap_lock(&stripe->lock);
    return stripe;
}

/* Changes are handed out in the order in which they came. */
static void note_change(struct memo *self, struct stripe *stripe, struct row *row)
{
    if (!self->drained || (row->flags & ROW_CHANGED) != 0) {
        return;
    }
    uint32_t number = (uint32_t)(row - self->rows) + 1;
    row->flags |= ROW_CHANGED;
    row->next_changed = 0;
    if (stripe->changed == 0) {
        stripe->changed = number;
    } else {
        self->rows[stripe->last_changed - 1].next_changed = number;
    }
    stripe->last_changed = number;
}

static bool expired(const struct memo *self, const struct row *row, uint64_t now_ms)
{
    uint64_t at_ms = clock_of(self, now_ms);
    return at_ms > row->used_at_ms && at_ms - row->used_at_ms > self->idle_ms;
}

/* The live row of `key`, or NULL. */
static struct row *row_of(struct memo *self, uint64_t bucket,
                          const struct fingerprint *key, uint64_t now_ms)
{
    struct row *rows = &self->rows[bucket * WAYS];

    for (unsigned i = 0; i < WAYS; i++) {
        if ((rows[i].flags & ROW_LIVE) != 0 && fingerprint_equal(&rows[i].key, key) &&
            !expired(self, &rows[i], now_ms)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* A row for a new key: the one that it had, else one that is free, else the one that was
 * idle longest. A removal that was not handed out yet is not overwritten, or a restart
 * would undo it; NULL: there are only such. */
static struct row *room(struct memo *self, uint64_t bucket, const struct fingerprint *key)
{
    struct row *rows = &self->rows[bucket * WAYS];
    struct row *best = NULL;

    for (unsigned i = 0; i < WAYS; i++) {
        struct row *row = &rows[i];
        if (row->flags != 0 && fingerprint_equal(&row->key, key)) {
            return row;
        }
        /* What is free was used at 0. */
        if (row->flags != ROW_CHANGED &&
            (best == NULL || row->used_at_ms < best->used_at_ms)) {
            best = row;
        }
    }
    return best;
}

static void use(struct memo *self, struct stripe *stripe, struct row *row,
                uint64_t now_ms)
{
    uint64_t at_ms = clock_of(self, now_ms);

    if (at_ms > row->used_at_ms + DRAIN_STEP_MS) {
        note_change(self, stripe, row);
    }
    row->used_at_ms = at_ms > row->used_at_ms ? at_ms : row->used_at_ms;
}

static void tell(const struct memo *self, const struct row *row, uint64_t now_ms,
                 struct memo_row *row_out)
{
    uint64_t at_ms = clock_of(self, now_ms);

    *row_out = (struct memo_row){
        .key = row->key,
        .value = row->value,
        .count = row->count,
        .idle_for_ms = at_ms > row->used_at_ms ? at_ms - row->used_at_ms : 0,
        .removed = (row->flags & ROW_LIVE) == 0,
    };
}

bool memo_find(struct memo *self, const struct fingerprint *key, uint64_t now_ms,
               struct memo_row *row_out)
{
    uint64_t bucket = bucket_of(self, key);
    struct stripe *stripe = lock(self, bucket);
    struct row *row = row_of(self, bucket, key, now_ms);

    if (row != NULL) {
        use(self, stripe, row, now_ms);
        tell(self, row, now_ms, row_out);
    }
    heap_unlock(&stripe->lock);
    return row != NULL;
}

/* NULL: there is no room. */
static struct row *make(struct memo *self, uint64_t bucket, const struct memo_row *made,
                        uint64_t used_at_ms)
{
    struct row *row = room(self, bucket, &made->key);

    if (row == NULL) {
        return NULL;
    }
    row->key = made->key;
    row->value = made->value;
    row->count = made->count;
    row->used_at_ms = used_at_ms;
    row->flags |= ROW_LIVE;
    return row;
}

void memo_meet(struct memo *self, const struct fingerprint *key,
               const struct fingerprint *value, uint64_t now_ms, struct memo_row *row_out)
{
    uint64_t bucket = bucket_of(self, key);
    struct stripe *stripe = lock(self, bucket);
    struct row *row = row_of(self, bucket, key, now_ms);
    const struct memo_row made = {.key = *key, .value = *value, .count = 1};

    *row_out = made;
    if (row == NULL) {
        row = make(self, bucket, &made, clock_of(self, now_ms));
        if (row != NULL) {
            note_change(self, stripe, row);
        }
    } else if (fingerprint_equal(&row->value, value)) {
        row->count += row->count < UINT32_MAX ? 1 : 0;
        note_change(self, stripe, row);
        use(self, stripe, row, now_ms);
    }
    if (row != NULL) {
        tell(self, row, now_ms, row_out);
    }
    heap_unlock(&stripe->lock);
}

bool memo_forget(struct memo *self, const struct fingerprint *key, uint64_t now_ms)
{
    uint64_t bucket = bucket_of(self, key);
    struct stripe *stripe = lock(self, bucket);
    struct row *row = row_of(self, bucket, key, now_ms);

    if (row != NULL) {
        row->flags &= (uint8_t)~ROW_LIVE;
        row->used_at_ms = 0;
        note_change(self, stripe, row);
    }
    heap_unlock(&stripe->lock);
    return row != NULL;
}

/* Who takes changed rows, and how many more. */
struct taker {
    uint64_t now_ms;
    size_t left;
    memo_row_fn *on_row;
    void *context;
};

static size_t drain_stripe(struct memo *self, struct stripe *stripe, struct taker *taker)
{
    size_t count = 0;

    heap_lock(&stripe->lock);
    while (stripe->changed != 0 && taker->left > 0) {
        struct row *row = &self->rows[stripe->changed - 1];
        struct memo_row told;
        stripe->changed = row->next_changed;
        row->flags &= (uint8_t)~ROW_CHANGED;
        tell(self, row, taker->now_ms, &told);
        taker->on_row(taker->context, &told);
        taker->left--;
        count++;
    }
    heap_unlock(&stripe->lock);
    return count;
}

size_t memo_drain(struct memo *self, uint64_t now_ms, size_t count_max,
                  memo_row_fn *on_row, void *context)
{
    struct taker taker = {
        .now_ms = now_ms, .left = count_max, .on_row = on_row, .context = context};
    size_t count = 0;

    for (unsigned i = 0; i < STRIPES && taker.left > 0; i++) {
        struct stripe *stripe = &self->stripes[self->drain_next];
        count += drain_stripe(self, stripe, &taker);
        self->drain_next = (self->drain_next + 1) % STRIPES;
    }
    return count;
}

bool memo_restore(struct memo *self, const struct memo_row *stored, uint64_t now_ms)
{
    uint64_t bucket = bucket_of(self, &stored->key);

    if (stored->removed || stored->count == 0 || stored->idle_for_ms > self->idle_ms) {
        return false;
    }
    struct stripe *stripe = lock(self, bucket);
    /* It is on disk as it is: no change. */
    bool added =
        row_of(self, bucket, &stored->key, now_ms) == NULL &&
        make(self, bucket, stored, clock_of(self, now_ms) - stored->idle_for_ms) != NULL;
    heap_unlock(&stripe->lock);
    return added;
}
