/* Whose data one answer shows: each subject is a row of its own, a case of its own,
 * and has sessions of its own. */
#include <stdlib.h>

#include "guard/standing.h"
#include "relay/drill.h"
#include "relay/exchange_grants.h"

enum {
    QUARANTINE_SUBJECTS_MAX = 8, /* Of one answer: each is a walk through all sessions. */
};

static bool is_listed(const struct journal_entry *entry, struct span value)
{
    bool found = span_equal(user_span(&entry->subject), value);

    for (unsigned i = 0; !found && i < entry->more_count; i++) {
        found = span_equal(entry->more[i].value, value);
    }
    return found;
}

/* Without memory the first one stands for all. */
static void list(struct exchange *self, struct journal_subject subject,
                 struct journal_entry *entry)
{
    if (self->subjects != NULL && !is_listed(entry, subject.value)) {
        self->subjects[entry->more_count++] = subject;
    }
}

/* A further requester class is another name of the same users: no further subject. */
static bool names_a_user(const struct exchange *self, const struct finding *finding)
{
    struct rules rules = exchange_rules(self);

    return finding->subject.len > 0 && finding->strength != STRENGTH_NONE &&
           finding->detector != DETECTOR_GRANTED_MARKER &&
           (finding->detector != DETECTOR_OWNER_MARKER ||
            finding->marker_class == standing_identity_class(&rules));
}

static void list_finding(struct exchange *self, const struct finding *finding,
                         struct journal_entry *entry)
{
    const struct site *site = self->plan->site;
    bool marked = finding->marker_class < site->class_count;

    list(self,
         (struct journal_subject){
             .value = user_span(&finding->subject),
             .marker_class =
                 marked ? site->classes[finding->marker_class].name : (struct span){0},
             .detector = finding->detector,
             .strong = finding->strength == STRENGTH_STRONG,
         },
         entry);
}

static struct journal_subject subject_of(const struct exchange *self,
                                         const struct shown *shown)
{
    const struct observation *seen = self->answer.observations[shown->observation];

    return (struct journal_subject){
        .value = seen->value,
        .marker_class = self->plan->site->classes[seen->class_index].name,
        .detector = shown->detector,
        .strong = shown->strength == STRENGTH_STRONG,
    };
}

void exchange_fill_shown(struct exchange *self, const struct findings *findings,
                         const struct finding *base, struct journal_entry *entry)
{
    unsigned kept = findings->count < FINDINGS_MAX ? findings->count : FINDINGS_MAX;

    if (base->detector == DETECTOR_GRANTED_MARKER && findings->shown_count > 0) {
        struct journal_subject subject = subject_of(self, &findings->shown[0]);
        journal_entry_about(entry, &subject);
    }
    if (kept + findings->shown_count < 2) {
        return;
    }
    free(self->subjects);
    self->subjects = calloc(kept + findings->shown_count, sizeof(*self->subjects));
    entry->more = self->subjects;
    for (unsigned i = 0; i < kept; i++) {
        if (names_a_user(self, &findings->items[i])) {
            list_finding(self, &findings->items[i], entry);
        }
    }
    for (unsigned i = 0; i < findings->shown_count; i++) {
        list(self, subject_of(self, &findings->shown[i]), entry);
    }
}

static bool is_about_users(const struct finding *finding)
{
    return finding->action == FINDING_REFUSE &&
           detector_down(finding->detector) == DOWN_IDENTITY;
}

/* Who saw, with every token that was sent; unknown ones have no entry to mark. */
static uint64_t quarantine_viewer(struct exchange *self)
{
    struct registry *registry = self->relay->shared->registry;
    uint64_t count = 0;

    for (unsigned i = 0; i < self->asker.token_count; i++) {
        struct session session;
        registry_find(registry, &self->asker.tokens[i], loop_now_ms(self->relay->loop),
                      false, &session);
        count += session.id != 0 && registry_quarantine(registry, session.id) ? 1 : 0;
    }
    meter_quarantined(self->relay, "viewer", count);
    return count;
}

/* Whose data it was, where that is strong: else a viewer could log others out. */
static uint64_t quarantine_subjects(struct exchange *self,
                                    const struct findings *findings)
{
    struct registry *registry = self->relay->shared->registry;
    uint64_t count = 0;
    unsigned walks = 0;

    for (unsigned i = 0; i < findings->count && i < FINDINGS_MAX; i++) {
        const struct finding *finding = &findings->items[i];
        if (is_about_users(finding) && finding->strength == STRENGTH_STRONG) {
            count += registry_quarantine_user(registry, &finding->subject);
            walks++;
        }
    }
    for (unsigned i = 0; i < findings->shown_count && walks < QUARANTINE_SUBJECTS_MAX;
         i++) {
        const struct shown *shown = &findings->shown[i];
        struct user user;
        if (shown->strength == STRENGTH_STRONG &&
            detector_down(shown->detector) == DOWN_IDENTITY &&
            user_set(&user, subject_of(self, shown).value)) {
            count += registry_quarantine_user(registry, &user);
            walks++;
        }
    }
    meter_quarantined(self->relay, "subject", count);
    return count;
}

bool exchange_quarantine(struct exchange *self, const struct judgement *judgement)
{
    const struct findings *findings = &judgement->findings;
    enum quarantine policy = self->plan->site->quarantine;
    bool identity = false;
    uint64_t count = 0;

    if (policy == QUARANTINE_NONE || drill_is(self)) {
        return false;
    }
    for (unsigned i = 0; i < findings->count && i < FINDINGS_MAX; i++) {
        identity = identity || is_about_users(&findings->items[i]);
    }
    if (identity && policy == QUARANTINE_BOTH) {
        count += quarantine_subjects(self, findings);
    }
    count += identity ? quarantine_viewer(self) : 0;
    return count > 0;
}
