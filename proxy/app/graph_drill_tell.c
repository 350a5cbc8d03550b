/* Whether everything of a drill arrived, and where after how long. */
#include "app/graph_drill.h"

bool graph_drill_is_refused(const struct graph_drill *self)
{
    const struct drill_result *result = &self->order.result;

    return result->error == NULL && result->refused_us > 0 && result->answered_us > 0 &&
           result->ending == ENDING_REFUSED && !result->leaked;
}

bool graph_drill_is_recorded(const struct graph_drill *self)
{
    return self->order.result.recorded_us > 0 && self->order.result.incident > 0;
}

bool graph_drill_is_delivered(const struct graph_drill *self)
{
    for (unsigned i = 0; i < self->arrivals.count; i++) {
        if (!self->arrivals.items[i].done) {
            return false;
        }
    }
    return true;
}

bool graph_drill_has_passed(const struct graph_drill *self)
{
    bool feature = self->take_down_s == 0 || self->step == FEATURE_IS_BACK;
    return graph_drill_is_refused(self) && graph_drill_is_recorded(self) &&
           graph_drill_is_delivered(self) && feature;
}

static void begin_part(struct json_write *out, const char *name, bool arrived,
                       uint64_t after_ms)
{
    json_write_key(out, name);
    json_write_begin_object(out);
    json_write_member_bool(out, "arrived", arrived);
    json_write_key(out, "after_ms");
    if (arrived) {
        json_write_u64(out, after_ms);
    } else {
        json_write_null(out);
    }
}

/* At least one, so that it differs from nothing. */
static uint64_t ms_of(uint64_t us)
{
    return us / 1000 > 0 ? us / 1000 : 1;
}

static void write_answer(const struct graph_drill *self, struct json_write *out)
{
    const struct drill_result *result = &self->order.result;

    begin_part(out, "refused", graph_drill_is_refused(self), ms_of(result->answered_us));
    json_write_member_u64(out, "status", result->status);
    json_write_member(
        out, "ending",
        span_of(result->ending != ENDING_NONE ? ending_word(result->ending) : ""));
    json_write_member(out, "request", span_of(result->exchange_id));
    json_write_member_bool(out, "leaked", result->leaked);
    json_write_end_object(out);
    begin_part(out, "recorded", graph_drill_is_recorded(self),
               ms_of(result->recorded_us));
    json_write_member_u64(out, "incident", result->incident);
    json_write_end_object(out);
}

static void write_alerts(const struct graph_drill *self, struct json_write *out)
{
    uint64_t began_ms = self->order.result.began_ms;

    json_write_key(out, "alerts");
    json_write_begin_array(out);
    for (unsigned i = 0; i < self->arrivals.count; i++) {
        const struct query_arrival *arrival = &self->arrivals.items[i];
        json_write_begin_object(out);
        json_write_member(out, "alert", span_of(arrival->alert));
        json_write_member(out, "type", SPAN("incident.opened"));
        json_write_member_bool(out, "arrived", arrival->done);
        json_write_key(out, "after_ms");
        if (arrival->done) {
            json_write_u64(out,
                           arrival->at_ms > began_ms ? arrival->at_ms - began_ms : 1);
        } else {
            json_write_null(out);
        }
        json_write_member_u64(out, "tries", arrival->tries);
        json_write_member(out, "error", span_of(arrival->error));
        json_write_end_object(out);
    }
    json_write_end_array(out);
}

static void write_feature(const struct graph_drill *self, struct json_write *out)
{
    if (self->take_down_s == 0) {
        return;
    }
    begin_part(out, "down", self->down_ms > 0, self->down_ms);
    json_write_member_u64(out, "for_s", self->take_down_s);
    json_write_end_object(out);
    begin_part(out, "up", self->up_ms > 0, self->up_ms);
    json_write_end_object(out);
}

void graph_drill_state(void *context, struct json_write *out)
{
    const struct graph *graph = context;
    const struct graph_drill *self = graph->drill;

    json_write_begin_object(out);
    if (self != NULL) {
        /* While a worker has the order, what comes of it is the worker's. */
        const char *error = self->asked ? NULL : self->order.result.error;
        json_write_member_u64(out, "drill", self->number);
        json_write_member(out, "state", self->done ? SPAN("done") : SPAN("running"));
        json_write_member_bool(out, "passed", self->done && graph_drill_has_passed(self));
        json_write_member(out, "feature", span_of(self->feature));
        json_write_member(out, "path", span_of(self->order.aim.target));
        json_write_member(out, "route", span_of(self->order.aim.route));
        json_write_member(out, "who", span_of(self->who));
        json_write_member(out, "reason", span_of(self->reason));
        json_write_member(out, "error", span_of(error != NULL ? error : ""));
        json_write_member_time(out, "at", self->asked ? 0 : self->order.result.began_ms);
        if (!self->asked) {
            write_answer(self, out);
            write_alerts(self, out);
            write_feature(self, out);
        }
    }
    json_write_end_object(out);
}
