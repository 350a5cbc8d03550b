#include "record/clock.h"
#include "record/recorder_private.h"

static bool in_image(const struct state_file_image *image, const char *name)
{
    for (unsigned i = 0; i < image->count; i++) {
        if (span_equal(span_of(image->records[i].name), span_of(name))) {
            return true;
        }
    }
    return false;
}

static bool is_up(const struct recorder *self, const char *name)
{
    unsigned slot = 0;
    return feature_table_find(self->features, span_of(name), &slot) &&
           feature_table_state(self->features, slot) == FEATURE_UP;
}

static void apply_recovery(struct recorder *self, void *context)
{
    const struct state_file_image *ledger = context;

    for (unsigned i = 0; i < self->found.count; i++) {
        const struct state_file_record *record = &self->found.records[i];
        if (!in_image(ledger, record->name) && !is_up(self, record->name)) {
            const struct ledger_change change = {
                .name = record->name,
                .state = record->state,
                .who = "countermark",
                .reason = "was down in features.state, but not in the ledger",
                .cause = "recovered",
                .at_ms = clock_wall_ms(),
            };
            ledger_change_feature(self->ledger, &change);
        }
    }
}

void recorder_recover(struct recorder *self)
{
    struct state_file_image ledger;

    if (self->found.count == 0) {
        return;
    }
    ledger_read_features(self->ledger, &ledger);
    if (recorder_transact(self, true, apply_recovery, &ledger) == ERR_NONE) {
        self->found.count = 0;
    }
}
