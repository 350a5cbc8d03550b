/* The many subjects that one answer may show: each is a display of its own. */
#include <stdlib.h>

#include "relay/exchange_grants.h"

/* Every other subject. Without memory the first one stands for all. */
static void fill_subjects(struct exchange *self, const struct findings *findings,
                          unsigned first, struct journal_entry *entry)
{
    const struct site *site = self->plan->site;

    if (findings->shown_count <= first) {
        return;
    }
    free(self->subjects);
    self->subjects = calloc(findings->shown_count - first, sizeof(*self->subjects));
    for (unsigned i = first; self->subjects != NULL && i < findings->shown_count; i++) {
        const struct shown *shown = &findings->shown[i];
        const struct observation *seen = self->answer.observations[shown->observation];
        self->subjects[entry->more_count++] = (struct journal_subject){
            .value = seen->value,
            .marker_class = site->classes[seen->class_index].name,
            .detector = DETECTOR_GRANTED_MARKER,
            .strong = shown->strength == STRENGTH_STRONG,
        };
    }
    entry->more = self->subjects;
}

/* What a `granted-marker` finding is about are the subjects that were shown. */
void exchange_fill_shown(struct exchange *self, const struct findings *findings,
                         const struct finding *base, struct journal_entry *entry)
{
    unsigned first = 0;

    if (base->detector == DETECTOR_GRANTED_MARKER && findings->shown_count > 0) {
        const struct shown *shown = &findings->shown[first++];
        const struct observation *seen = self->answer.observations[shown->observation];
        struct journal_subject subject = {
            .value = seen->value,
            .marker_class = self->plan->site->classes[seen->class_index].name,
            .detector = base->detector,
            .strong = shown->strength == STRENGTH_STRONG,
        };
        journal_entry_about(entry, &subject);
    }
    fill_subjects(self, findings, first, entry);
}
