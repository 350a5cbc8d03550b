#include "guard/feature.h"

#include <string.h>

void feature_table_init(struct feature_table *self, const struct heap *heap)
{
    heap_lock_init(heap, &self->lock);
    memset(self->asked, 0, sizeof(self->asked));
    memset(self->names, 0, sizeof(self->names));
    atomic_store(&self->down_mask, 0);
    atomic_store(&self->trial_mask, 0);
    atomic_store(&self->unsettled, 0);
    atomic_store(&self->observe_until_ms, 0);
    atomic_store(&self->count, 0);

    unsigned slot = 0;
    enum err err = feature_table_slot(self, SPAN("login"), &slot);
    CHECK(err == ERR_NONE && slot == FEATURE_LOGIN);
}

bool feature_table_find(const struct feature_table *self, struct span name,
                        unsigned *slot_out)
{
    unsigned count = atomic_load_explicit(&self->count, memory_order_acquire);

    for (unsigned slot = 0; slot < count; slot++) {
        if (span_equal(span_of(self->names[slot]), name)) {
            *slot_out = slot;
            return true;
        }
    }
    return false;
}

enum err feature_table_slot(struct feature_table *self, struct span name,
                            unsigned *slot_out)
{
    unsigned count = atomic_load(&self->count);

    if (feature_table_find(self, name, slot_out)) {
        return ERR_NONE;
    }
    if (name.len == 0 || span_find(name, '\0') < name.len) {
        return ERR_SYNTAX;
    }
    if (count == FEATURE_COUNT_MAX || name.len >= FEATURE_NAME_SIZE_MAX) {
        return ERR_LIMIT;
    }
    span_copy(name, self->names[count], FEATURE_NAME_SIZE_MAX);
    atomic_store_explicit(&self->count, count + 1, memory_order_release);
    *slot_out = count;
    return ERR_NONE;
}

/* A reader between the two sees down. */
static uint64_t close_all(struct feature_table *self, uint64_t mask)
{
    uint64_t down_before = atomic_fetch_or(&self->down_mask, mask);
    uint64_t trial_before = atomic_fetch_and(&self->trial_mask, ~mask);

    return mask & (~down_before | trial_before);
}

uint64_t feature_table_take_down(struct feature_table *self, uint64_t mask)
{
    heap_lock(&self->lock);
    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        self->asked[slot] += mask >> slot & 1;
    }
    uint64_t taken = close_all(self, mask);
    heap_unlock(&self->lock);
    return taken;
}

uint64_t feature_table_asked(struct feature_table *self, unsigned slot)
{
    CHECK(slot < FEATURE_COUNT_MAX);

    heap_lock(&self->lock);
    uint64_t asked = self->asked[slot];
    heap_unlock(&self->lock);
    return asked;
}

/* The order of the two stores is the safe one: a reader between them sees down. */
static void set(struct feature_table *self, unsigned slot, enum feature_state state)
{
    uint64_t bit = UINT64_C(1) << slot;

    switch (state) {
    case FEATURE_DOWN:
        (void)close_all(self, bit);
        return;
    case FEATURE_TRIAL:
        atomic_fetch_or(&self->down_mask, bit);
        atomic_fetch_or(&self->trial_mask, bit);
        return;
    case FEATURE_UP:
        atomic_fetch_and(&self->trial_mask, ~bit);
        atomic_fetch_and(&self->down_mask, ~bit);
        return;
    }
    UNREACHABLE();
}

bool feature_table_open(struct feature_table *self, unsigned slot,
                        enum feature_state state, uint64_t asked)
{
    CHECK(slot < atomic_load(&self->count));
    CHECK(state != FEATURE_DOWN);

    heap_lock(&self->lock);
    bool same = self->asked[slot] == asked;
    if (same) {
        set(self, slot, state);
    }
    heap_unlock(&self->lock);
    return same;
}

void feature_table_set(struct feature_table *self, unsigned slot,
                       enum feature_state state)
{
    CHECK(slot < atomic_load(&self->count));

    heap_lock(&self->lock);
    set(self, slot, state);
    heap_unlock(&self->lock);
}

enum feature_state feature_table_state(const struct feature_table *self, unsigned slot)
{
    CHECK(slot < atomic_load(&self->count));
    uint64_t bit = UINT64_C(1) << slot;
    uint64_t trial = atomic_load(&self->trial_mask);

    if ((atomic_load(&self->down_mask) & bit) == 0) {
        return FEATURE_UP;
    }
    return (trial & bit) != 0 ? FEATURE_TRIAL : FEATURE_DOWN;
}

const char *feature_state_name(enum feature_state state)
{
    switch (state) {
    case FEATURE_DOWN:
        return "down";
    case FEATURE_TRIAL:
        return "trial";
    case FEATURE_UP:
        return "up";
    }
    UNREACHABLE();
}
