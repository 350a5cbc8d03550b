/* What is recorded beside an answer that leaves, and what waits for the disk. */
#include "relay/exchange_grants.h"

enum {
    NOTES_PER_SECOND = 64, /* Findings of a worker that are only recorded. */
};

/* A cache in front of every page must not fill the record's queue, which refusals need.
 */
static bool may_note(struct relay *relay)
{
    uint64_t second = loop_now_ms(relay->loop) / 1000;

    if (second != relay->noted_second) {
        relay->noted_second = second;
        relay->noted = 0;
    }
    return relay->noted++ < NOTES_PER_SECOND;
}

/* Findings that do not refuse are kept beside a release. */
static void record_beside(struct exchange *self, const struct judgement *judgement)
{
    struct journal *journal = self->relay->shared->journal;
    struct journal_entry entry;

    if (!may_note(self->relay)) {
        return;
    }
    exchange_fill_entry(self, judgement, &entry);
    entry.kind = JOURNAL_EVENT;
    entry.outcome = JOURNAL_DELIVERED;
    (void)journal->post(journal->self, &entry, NULL);
}

/* What is found beside a release goes on record, or is corrected. */
void exchange_record_beside(struct exchange *self, const struct judgement *judgement)
{
    if (judgement->corrects) {
        exchange_correct(self);
    }
    if (judgement->verdict == VERDICT_REFUSE) {
        exchange_observe(self, judgement);
    } else if (findings_with(&judgement->findings, FINDING_RECORD) != NULL) {
        record_beside(self, judgement);
    }
}

/* Waits until the refusal, or who was taken out of the page, is on disk. */
enum step exchange_step_commit(struct exchange *self)
{
    bool redacted = self->grants != NULL && self->grants->redacted;

    if (self->committed && !self->commit_failed && redacted) {
        return exchange_let_go(self);
    }
    if (self->committed && self->commit_failed) {
        return exchange_close_silently(self, ENDING_REFUSED_SILENT);
    }
    if (self->committed && !self->took_down && exchange_is_down(self)) {
        return exchange_settle(self); /* Another one's finding was first (I3). */
    }
    if (self->committed) {
        return exchange_reply_refused(self, ENDING_REFUSED);
    }
    if (self->timed_out || self->client_gone) {
        return exchange_close_silently(self, ENDING_REFUSED_SILENT);
    }
    return STEP_WAIT;
}
