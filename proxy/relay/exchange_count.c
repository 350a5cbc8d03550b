/* What is counted of an answer. */
#include "relay/drill.h"
#include "relay/exchange_rooms.h"

void exchange_count_findings(struct exchange *self, const struct judgement *judgement)
{
    unsigned counted = drill_is(self) ? 0 : judgement->findings.count;

    for (unsigned i = 0; i < counted && i < FINDINGS_MAX; i++) {
        meter_finding(self->relay, &judgement->findings.items[i]);
    }
    if (judgement->findings.count > 0) {
        self->detector = detector_name(judgement->findings.items[0].detector);
    }
}

/* Did it carry what its route expects? */
static void count_coverage(struct exchange *self, const struct judgement *judgement)
{
    const struct requirement *requirement = &self->routed.requirement;
    bool required = requirement->require_mask != 0;

    if ((!required && !requirement->echo_expected) || !self->answer.has_content ||
        self->upstream_status / 100 != 2) {
        return;
    }
    if (judgement->unechoed && !judgement->unmarked) {
        meter_unechoed(self->relay, self->plan->meter, self->routed.index);
    } else {
        meter_marked(self->relay, self->plan->meter, self->routed.index,
                     !judgement->unmarked);
    }
    if (required) {
        self->coverage = judgement->unmarked ? ACCESS_LOG_UNMARKED : ACCESS_LOG_MARKED;
    }
}

void exchange_note_doubt(struct exchange *self, enum journal_doubt_kind kind)
{
    const struct evidence_log_doubt doubt = {
        .at_ms = loop_unix_ms(self->relay->loop),
        .kind = kind,
        .feature_mask = self->routed.features,
        .route = self->routed.route->pattern,
    };

    if (self->routed.requirement.require_mask != 0 && !drill_is(self)) {
        evidence_log_add_doubt(self->relay->evidence_log, &doubt);
    }
}

/* No byte of the answer has left, and none will. */
static bool reaches_nobody(const struct exchange *self, const struct judgement *judgement)
{
    bool refused = judgement->verdict == VERDICT_REFUSE && !exchange_observes(self);

    return !self->streaming && (refused || self->overflow || self->logout_while_down ||
                                exchange_is_down(self));
}

/* Refused or observed, a finding about a person is a display of its own. */
static bool is_display(const struct judgement *judgement)
{
    unsigned count = judgement->verdict == VERDICT_REFUSE ? judgement->findings.count : 0;

    for (unsigned i = 0; i < count && i < FINDINGS_MAX; i++) {
        if (judgement->findings.items[i].strength != STRENGTH_NONE) {
            return true;
        }
    }
    return false;
}

/* What left and nobody verified; each answer once. */
static void note_doubt(struct exchange *self, const struct judgement *judgement)
{
    bool read = self->inspected && !self->undecodable && !self->overflow;

    if (reaches_nobody(self, judgement) || is_display(judgement)) {
        return;
    }
    if (!read && (self->overflow || self->answer.has_content)) {
        exchange_note_doubt(self, JOURNAL_UNINSPECTED);
    } else if (judgement->unmarked) {
        exchange_note_doubt(self, JOURNAL_UNMARKED);
    }
}

/* Counters of the answer, once per exchange. */
void exchange_count_answer(struct exchange *self, const struct judgement *judgement)
{
    const struct meter *meter = self->plan->meter;
    unsigned route = self->routed.index;

    if (drill_is(self)) {
        exchange_count_findings(self, judgement); /* For its line in the log. */
        return;
    }
    if (self->overflow) {
        meter_uninspected(self->relay, meter, route, UNINSPECTED_LIMIT);
    } else if (self->inspected && !self->undecodable) {
        meter_inspected(self->relay, meter, route);
    } else if (self->answer.has_content) {
        meter_uninspected(self->relay, meter, route, self->uninspected);
    }
    count_coverage(self, judgement);
    note_doubt(self, judgement);
    if (judgement->source != SOURCE_NONE) {
        meter_binding(self->relay, binding_source_name(judgement->source));
    }
    exchange_count_findings(self, judgement);
}

/* As whom the request came, known or not: by a token or a credential. NULL: as nobody. */
static const struct fingerprint *name_of(const struct asker *asker)
{
    if (asker->session.id != 0) {
        return &asker->session.first;
    }
    if (asker->token_count > 0) {
        return &asker->tokens[0];
    }
    return fingerprint_none(&asker->credential) ? NULL : &asker->credential;
}

static const struct user *user_of(const struct asker *asker)
{
    if (asker->kind == ASKER_STATELESS) {
        return &asker->named;
    }
    return asker->session.binding != BINDING_NONE ? &asker->session.requester : NULL;
}

/* Evidence of what may have changed another person's data, should this session turn out
 * to be part of an incident. Logins and logouts change nobody's. */
void exchange_note_write(struct exchange *self)
{
    const struct asker *asker = &self->asker;
    const struct fingerprint *name = asker->unsafe ? name_of(asker) : NULL;

    if (name == NULL || self->upstream_number == 0 || self->routed.role != ROLE_NONE) {
        return;
    }
    const struct evidence_log_write write = {
        .at_ms = loop_unix_ms(self->relay->loop),
        .session = name,
        .user = user_of(asker),
        .route = self->routed.route->pattern,
        .screen = self->routed.route->screen,
        .method = self->method_text,
    };
    evidence_log_add_write(self->relay->evidence_log, &write);
}
