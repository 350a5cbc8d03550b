/* Where nothing is enforced: findings go on record with what would have been done, and
 * everything is delivered as it came. */
#include <stdio.h>

#include "relay/drill.h"
#include "relay/exchange_grants.h"

bool exchange_observes(const struct exchange *self)
{
    return self->routed.requirement.observe || relay_breaks_glass(self->relay);
}

static void say(struct exchange *self, const char *would_have)
{
    self->would_have = would_have;
    if (!drill_is(self)) {
        meter_would_have(self->relay, would_have);
    }
}

/* The cases that a rehearsal counts never take down what is enforced elsewhere. */
static const char *would_have(struct exchange *self, const struct judgement *judgement)
{
    struct takedown *rehearsal = self->relay->shared->rehearsal;

    return exchange_note_cases(self, judgement, rehearsal) != 0 ? "take-down" : "refuse";
}

void exchange_observe(struct exchange *self, const struct judgement *judgement)
{
    struct journal_entry entry;
    struct journal *journal = self->relay->shared->journal;

    exchange_fill_entry(self, judgement, &entry);
    entry.outcome = JOURNAL_DELIVERED;
    if (entry.kind == JOURNAL_DISPLAY && !entry.drill) {
        meter_display(self->relay, JOURNAL_DELIVERED);
    }
    say(self, would_have(self, judgement));
    (void)snprintf(entry.would_have, sizeof(entry.would_have), "%s", self->would_have);
    (void)journal->post(journal->self, &entry, NULL);
}

void exchange_correct(struct exchange *self)
{
    if (exchange_observes(self)) {
        say(self, "correct");
    } else if (!self->streaming) {
        exchange_keep_private(self);
    }
}

/* Nothing is held longer than it is scanned, but what may change a session: the next
 * request on it must not come before we know. */
bool exchange_flows(struct exchange *self)
{
    return self->answer_part == ANSWER_BODY && exchange_observes(self) &&
           self->delivery == DELIVERY_WHOLE && self->asker.role == ROLE_NONE &&
           self->answer.issued_count == 0 && exchange_may_stream(self);
}

/* Bytes leave before they are judged. */
static bool left_unjudged(const struct exchange *self)
{
    bool waits =
        self->delivery == DELIVERY_WHOLE ? !self->judged : exchange_message_waits(self);

    return waits && self->streaming && exchange_observes(self);
}

/* An answer ends before its judgement. What a piece of a page lacks may have been about
 * to come: only what was found in it counts. */
void exchange_judge_left(struct exchange *self)
{
    if (!left_unjudged(self)) {
        return;
    }
    bool piece = !self->judged && self->answer_part != ANSWER_COMPLETE;
    exchange_stop_asking(self);
    if (!piece || exchange_judge_part(self) == VERDICT_REFUSE) {
        exchange_judge_late(self);
    }
    self->judged = true;
    exchange_end_message(self);
}
