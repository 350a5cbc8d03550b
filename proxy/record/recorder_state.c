/* What features.state says of the feature table. */
#include "record/recorder_private.h"

static enum err write_state(struct recorder *self, int but_slot)
{
    struct state_file_image image = {0};
    unsigned count = atomic_load_explicit(&self->features->count, memory_order_acquire);
    uint64_t down_mask = 0;
    uint64_t trial_mask = 0;

    for (unsigned i = 0; i < count && i < FEATURE_COUNT_MAX; i++) {
        enum feature_state state = feature_table_state(self->features, i);
        if (state != FEATURE_UP && (int)i != but_slot) {
            struct state_file_record *record = &image.records[image.count++];
            span_copy(span_of(self->features->names[i]), record->name,
                      sizeof(record->name));
            record->state = state;
            down_mask |= UINT64_C(1) << i;
            trial_mask |= state == FEATURE_TRIAL ? UINT64_C(1) << i : 0;
        }
    }
    enum err err = state_file_write(self->state_file, &image);
    if (err == ERR_NONE) {
        self->stated_down_mask = down_mask;
        self->stated_trial_mask = trial_mask;
    }
    return err;
}

enum err recorder_write_state(struct recorder *self, int but_slot)
{
    state_file_lock(self->state_file);
    enum err err = write_state(self, but_slot);
    state_file_unlock(self->state_file);
    return err;
}

/*
 * Before any commit and any answer: what is down in memory is down in features.state. A
 * worker may ask about a feature that another one took down and has not told us of yet.
 * ERR_STORAGE: it is not.
 */
enum err recorder_state_take_downs(struct recorder *self)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < self->kept_count; i++) {
        struct recorder_item *item = &self->kept[i];
        if (item->kind == RECORDER_ENTRY && !item->stated) {
            const struct journal_entry *entry = item->body;
            mask |= entry->took_down_mask;
            item->stated = true;
        }
    }
    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        if ((mask >> slot & 1) != 0) {
            feature_table_set(self->features, slot, FEATURE_DOWN);
        }
    }
    if (!atomic_load(&self->shared) &&
        atomic_load(&self->features->down_mask) == self->stated_down_mask &&
        atomic_load(&self->features->trial_mask) == self->stated_trial_mask) {
        return ERR_NONE;
    }
    enum err err = recorder_write_state(self, -1);
    if (err != ERR_NONE) {
        recorder_count(self, STAT_LEDGER_FAILURES, "");
    }
    return err;
}
