/* Alerts: what waits, what failed, once more, and a test. */
#include <string.h>

#include "admin/api.h"
#include "admin/moment.h"
#include "admin/order.h"

enum {
    DELIVERIES_MAX = 500, /* Of one answer. */
    WORD_MAX = 64,
};

static const char *word_of(struct span query, struct span name, char *word)
{
    struct span value;

    if (!api_query(query, name, &value) || value.len == 0 || value.len >= WORD_MAX) {
        return NULL;
    }
    (void)span_copy(value, word, WORD_MAX);
    return word;
}

void api_alerts(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct json_write *json = answer_json(call->answer);
    char state[WORD_MAX];
    char type[WORD_MAX];
    struct span after;
    struct query_delivery_filter filter = {
        .state = word_of(call->query, SPAN("state"), state),
        .type = word_of(call->query, SPAN("type"), type),
        .count_max = DELIVERIES_MAX,
    };

    if (api_query(call->query, SPAN("after"), &after) &&
        parse_u64(after, &filter.after) != ERR_NONE) {
        answer_problem(call->answer, 400, "`after` is the number of a delivery.");
        return;
    }
    json_write_begin_object(json);
    json_write_key(json, "alerts");
    enum err err = control->alerts(control->self, json);
    json_write_key(json, "deliveries");
    if (err == ERR_NONE) {
        err = control->deliveries(control->self, &filter, json);
    }
    if (err != ERR_NONE) {
        answer_problem(call->answer, 503, "The ledger cannot be read now.");
        return;
    }
    json_write_end_object(json);
}

void api_alert_retry(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    uint64_t id = 0;

    if (strcmp(call->name, "all") != 0 &&
        (parse_u64(span_of(call->name), &id) != ERR_NONE || id == 0)) {
        answer_problem(call->answer, 404, "Which one? Give its number, or `all`.");
        return;
    }
    uint64_t count = control->retry_alerts(control->self, id, call->who);
    if (count == 0) {
        answer_problem(call->answer, 404, "Nothing of the kind is undelivered.");
        return;
    }
    struct json_write *json = answer_json(call->answer);
    json_write_begin_object(json);
    json_write_member_u64(json, "again", count);
    json_write_end_object(json);
}

void api_alert_test(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct order order;
    const char *error = order_read(call->body, &order);

    if (error != NULL) {
        answer_problem(call->answer, 400, error);
        return;
    }
    uint64_t after = 0;
    if (!control->test_alert(control->self, order.alert, call->who, &after)) {
        answer_problem(call->answer, 404,
                       "There is no such receiver in `alerts`, or none at all.");
        return;
    }
    struct json_write *json = answer_json(call->answer);
    json_write_begin_object(json);
    json_write_member(json, "type", SPAN("ping"));
    json_write_member_u64(json, "after", after);
    json_write_end_object(json);
}
