#include "base/check.h"
#include "relay/drill.h"
#include "relay/exchange_court.h"

/* The answer may leave, unless a flag says otherwise: read right before its first byte.
 */
enum step exchange_let_go(struct exchange *self)
{
    exchange_part_with_upstream(self);
    if (self->logout_while_down) {
        return exchange_reply_logged_out(self);
    }
    if (exchange_is_down(self)) {
        if (self->streaming) {
            return exchange_close_silently(self, ENDING_CUT);
        }
        return exchange_settle(self);
    }
    if (self->streaming) {
        return exchange_become(self, STATE_STREAM);
    }
    return exchange_release(self);
}

/* Flag, record, then the page. */
static enum step refuse(struct exchange *self, const struct judgement *judgement)
{
    struct journal_entry entry;

    exchange_fill_entry(self, judgement, &entry);
    entry.outcome = self->streaming ? JOURNAL_CUT : JOURNAL_WITHHELD;
    entry.took_down_mask = exchange_take_down(self, judgement);
    self->took_down = entry.took_down_mask != 0;
    entry.quarantined = exchange_quarantine(self, judgement);
    if (entry.kind == JOURNAL_DISPLAY && !entry.drill) {
        meter_display(self->relay, entry.outcome);
        if (self->upstream != NULL) {
            pool_blame(self->upstream);
        }
    }
    drill_note_refused(self);
    exchange_drop_upstream(self);
    bool posted = exchange_post(self, &entry);
    if (self->streaming) {
        return exchange_cut(self, ENDING_CUT);
    }
    exchange_stop_answer(self, true);
    if (!posted) {
        return exchange_close_silently(self, ENDING_REFUSED_SILENT);
    }
    exchange_set_deadline(self, self->plan->site->ledger_deadline_ms);
    return exchange_become(self, STATE_COMMIT);
}

/* Judges one message of an answer that goes on; the first time with its fields. False:
 * it is refused, as `step_out` says. */
bool exchange_judge_message(struct exchange *self, enum step *step_out)
{
    struct court court;
    bool first = !self->judged;

    if (!exchange_decide(self, &court)) {
        *step_out = exchange_reply_error(self, 503, ENDING_INTERNAL);
        return false;
    }
    self->judged = true;
    if (first) {
        exchange_count_answer(self, &court.judgement);
    } else {
        exchange_count_findings(self, &court.judgement);
    }
    if (court.judgement.verdict == VERDICT_REFUSE && !exchange_observes(self)) {
        *step_out = refuse(self, &court.judgement);
        return false;
    }
    exchange_record_beside(self, &court.judgement);
    return true;
}

/* Judges for the record alone what has left, as far as it came. */
void exchange_judge_late(struct exchange *self)
{
    struct court court;
    bool whole = !self->judged && self->answer_part == ANSWER_COMPLETE;

    if (!exchange_decide(self, &court)) {
        return;
    }
    if (whole) {
        exchange_count_answer(self, &court.judgement);
    } else {
        exchange_count_findings(self, &court.judgement);
    }
    exchange_record_beside(self, &court.judgement);
}

enum step exchange_judge(struct exchange *self)
{
    struct court court;
    /* What stopped a stream is enforced, also if break-glass has begun just now. */
    bool stopped = exchange_is_stopped(self);
    bool observes = !stopped && exchange_observes(self);

    if (exchange_wants_grants(self)) {
        return exchange_ask_grants(self);
    }
    exchange_redact(self);
    if (!exchange_decide(self, &court)) {
        return stopped ? exchange_cut(self, ENDING_CUT)
                       : exchange_reply_error(self, 503, ENDING_INTERNAL);
    }
    self->judged = true;
    exchange_count_answer(self, &court.judgement);
    if (self->overflow && observes) {
        return exchange_reply_error(self, 502, ENDING_HOLD_LIMIT);
    }
    if (court.judgement.verdict == VERDICT_REFUSE && !observes) {
        return refuse(self, &court.judgement);
    }
    exchange_record_beside(self, &court.judgement);
    if (findings_with(&court.judgement.findings, FINDING_REDACT) != NULL) {
        return exchange_commit_redacted(self, &court.judgement);
    }
    if (self->overflow) {
        return exchange_reply_refused(self, ENDING_HOLD_LIMIT);
    }
    return exchange_let_go(self);
}

bool exchange_may_stream(struct exchange *self)
{
    /* On a route that observes no verdict cuts, and there is nothing to tell. */
    bool tells = self->answer_framing == FRAMING_LENGTH || !self->taste.old ||
                 self->routed.requirement.observe;

    if (!tells || self->logout_while_down || exchange_is_down(self)) {
        return false;
    }
    if (exchange_observes(self)) {
        return true;
    }
    if (!route_may_stream(self->plan->site, &self->routed)) {
        return false;
    }
    bool corrects = false;
    bool verified = exchange_verified_so_far(self, &corrects);
    if (verified && corrects) {
        exchange_correct(self);
    }
    return verified;
}
