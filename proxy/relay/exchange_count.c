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
    if (self->routed.requirement.require_mask != 0 && self->answer.has_content &&
        self->upstream_status / 100 == 2) {
        meter_marked(self->relay, meter, route, !judgement->unmarked);
        self->coverage = judgement->unmarked ? ACCESS_LOG_UNMARKED : ACCESS_LOG_MARKED;
    }
    if (judgement->source != SOURCE_NONE) {
        meter_binding(self->relay, binding_source_name(judgement->source));
    }
    exchange_count_findings(self, judgement);
}
