#include <stdio.h>

#include "record/clock.h"
#include "record/ledger_evidence.h"
#include "record/recorder_private.h"

/* The feature whose incident an entry belongs to: the first, which is `login` if any. */
const char *recorder_feature_of(const struct recorder *self,
                                const struct journal_entry *entry)
{
    uint64_t mask = entry->feature_mask | entry->took_down_mask;
    return mask == 0 ? "" : self->features->names[__builtin_ctzll(mask)];
}

static void apply_take_down(struct recorder *self, const struct journal_entry *entry,
                            uint64_t incident)
{
    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        if ((entry->took_down_mask >> slot & 1) != 0) {
            const struct ledger_change change = {
                .name = self->features->names[slot],
                .state = FEATURE_DOWN,
                .who = "countermark",
                .reason = entry->reason,
                .cause = "finding",
                .incident = incident,
                .at_ms = entry->at_ms,
            };
            ledger_change_feature(self->ledger, &change);
        }
    }
}

bool recorder_knows(struct recorder *self, const struct journal_entry *entry)
{
    const char *feature = recorder_feature_of(self, entry);
    bool knows = ledger_knows(self->ledger, entry, feature);

    if (knows && entry->more_count > 0) {
        struct journal_entry one = *entry;
        for (unsigned i = 0; knows && i < entry->more_count; i++) {
            journal_entry_about(&one, &entry->more[i]);
            knows = ledger_knows(self->ledger, &one, feature);
        }
    }
    return knows;
}

static void apply_entry(struct recorder *self, struct recorder_item *item)
{
    const struct journal_entry *entry = item->body;

    item->incident = 0;
    if (entry->kind == JOURNAL_DISPLAY) {
        item->incident =
            ledger_add_display(self->ledger, entry, recorder_feature_of(self, entry));
    } else {
        ledger_add_event(self->ledger, entry);
    }
    apply_take_down(self, entry, item->incident);
}

static void apply_note(struct recorder *self, const struct recorder_note *note)
{
    if (note->hash[0] != '\0') {
        ledger_note_config(self->ledger, note->hash, note->who, note->text, note->at_ms);
    } else {
        ledger_note_access(self->ledger, note->who, note->text, note->at_ms);
    }
}

static void apply_alert(struct recorder *self, const struct recorder_alert *alert)
{
    ledger_add_alert(self->ledger, alert->alert[0] != '\0' ? alert->alert : NULL,
                     alert->type, (struct span){.ptr = alert->data, .len = alert->len},
                     alert->at_ms);
}

static void apply_writes(struct recorder *self, const struct recorder_writes *writes)
{
    for (unsigned i = 0; i < writes->count; i++) {
        ledger_add_write(self->ledger, &writes->rows[i]);
    }
}

/* As ledger_add_doubt() wants them. */
static void name_features(const struct recorder *self, uint64_t mask, char *text,
                          size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        if ((mask >> slot & 1) != 0) {
            len += (size_t)snprintf(text + len, size - len, "%s%s,", len == 0 ? "," : "",
                                    self->features->names[slot]);
            CHECK(len < size);
        }
    }
}

static void apply_doubts(struct recorder *self, const struct recorder_doubts *doubts)
{
    char features[FEATURE_COUNT_MAX * (FEATURE_NAME_SIZE_MAX + 1) + 2];

    for (unsigned i = 0; i < doubts->count; i++) {
        name_features(self, doubts->rows[i].feature_mask, features, sizeof(features));
        ledger_add_doubt(self->ledger, &doubts->rows[i], features);
    }
}

static void apply_coverage(struct recorder *self, const struct recorder_hours *hours)
{
    for (unsigned i = 0; i < hours->count; i++) {
        ledger_add_hour(self->ledger, &hours->rows[i]);
    }
}

void recorder_apply(struct recorder *self, struct recorder_item *item)
{
    switch (item->kind) {
    case RECORDER_BARRIER:
        return;
    case RECORDER_RETRY:
        ledger_retry_deliveries(self->ledger, *(const uint64_t *)item->body,
                                clock_wall_ms());
        return;
    case RECORDER_ENTRY:
        apply_entry(self, item);
        return;
    case RECORDER_NOTE:
        apply_note(self, item->body);
        return;
    case RECORDER_ALERT:
        apply_alert(self, item->body);
        return;
    case RECORDER_WRITES:
        apply_writes(self, item->body);
        return;
    case RECORDER_DOUBTS:
        apply_doubts(self, item->body);
        return;
    case RECORDER_COVERAGE:
        apply_coverage(self, item->body);
        return;
    case RECORDER_SYNC:
        return;
    case RECORDER_CLOSED:
        recorder_apply_change(self, item->body);
        return;
    case RECORDER_DELIVERY:
        ledger_finish_delivery(self->ledger, item->body, clock_wall_ms());
        return;
    case RECORDER_ALERTS:
    case RECORDER_HOUSE:
    case RECORDER_CHANGE:
    case RECORDER_CLOSE:
    case RECORDER_MARK:
        break; /* Never kept. */
    }
    UNREACHABLE();
}
