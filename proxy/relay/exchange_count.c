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
    if (judgement->source != SOURCE_NONE) {
        meter_binding(self->relay, binding_source_name(judgement->source));
    }
    exchange_count_findings(self, judgement);
}
