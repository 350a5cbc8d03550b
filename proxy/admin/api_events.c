/* GET /api/v1/events: from where a client wants to hear. */
#include "admin/api.h"

/* A number in the query. False: it is there and is none. */
static bool number_of(struct span query, struct span name, uint64_t *number_p)
{
    struct span value;
    return !api_query(query, name, &value) || parse_u64(value, number_p) == ERR_NONE;
}

/* A client that was cut off says what it heard last. False: answered. */
static bool read_last_heard(struct api_call *call, uint64_t *after_p)
{
    const struct field *field = head_field_named(call->head, SPAN("last-event-id"));

    if (field == NULL || parse_u64(field->value, after_p) == ERR_NONE) {
        return true;
    }
    answer_problem(call->answer, 400, "`Last-Event-ID` is the number of an event.");
    return false;
}

/* False: answered. */
static bool read_start(struct api_call *call, uint64_t *after_out)
{
    const struct admin_control *control = call->context->control;
    uint64_t recent = 0;
    uint64_t last = 0;

    if (control->last_event(control->self, &last) != ERR_NONE) {
        answer_problem(call->answer, 503, "The ledger cannot be read now.");
        return false;
    }
    if (!number_of(call->query, SPAN("recent"), &recent) || recent > FEED_RECENT_MAX) {
        answer_problem(call->answer, 400, "`recent` is a number up to 500.");
        return false;
    }
    *after_out = recent < last ? last - recent : 0;
    if (!number_of(call->query, SPAN("after"), after_out)) {
        answer_problem(call->answer, 400, "`after` is the number of an event.");
        return false;
    }
    return read_last_heard(call, after_out);
}

void api_events(struct api_call *call)
{
    uint64_t after = 0;

    if (call->head->method == METHOD_HEAD) {
        answer_problem(call->answer, 405, "This path has no end, so ask with GET.");
        call->answer->allow = "GET";
        return;
    }
    if (!read_start(call, &after)) {
        return;
    }
    call->feed = feed_new(call->context->feeds, call->context->control, after);
    if (call->feed == NULL) {
        answer_problem(call->answer, 503, "Too many listen already.");
        return;
    }
    (void)answer_page(call->answer, ANSWER_TYPE_EVENTS);
    call->answer->endless = true;
    call->answer->close = true;
}
