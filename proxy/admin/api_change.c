#include <string.h>

#include "admin/api.h"
#include "admin/order.h"

/* The order in the body. False: answered. */
static bool read_order(struct api_call *call, bool needs_reason, struct order *order_out)
{
    const char *error = order_read(call->body, order_out);

    if (error != NULL) {
        answer_problem(call->answer, 400, error);
        return false;
    }
    if (needs_reason && order_out->reason[0] == '\0') {
        answer_problem(call->answer, 422, "A change needs a `reason`.");
        return false;
    }
    return true;
}

/* False: answered. */
static bool begin(struct api_call *call, enum operation_kind kind)
{
    call->operation =
        operation_new(call->context->operations, call->on_done, call->owner);
    if (call->operation == NULL) {
        answer_problem(call->answer, 503, "Too many changes are under way.");
        return false;
    }
    call->operation->kind = kind;
    return true;
}

/* The control did not take it. */
static void decline(struct api_call *call, unsigned status, const char *detail)
{
    operation_free(&call->operation);
    answer_problem(call->answer, status, detail);
}

/* Nobody would get through a trial without networks. False: answered. */
static bool has_trial(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct control_feature feature = {0};

    for (unsigned i = 0; control->feature(control->self, i, &feature); i++) {
        if (strcmp(feature.name, call->name) == 0 && !feature.has_trial) {
            answer_problem(
                call->answer, 409,
                "No networks are named in `features[].trial`: nobody would get "
                "through.");
            return false;
        }
    }
    return true;
}

static void say_incident_open(uint64_t incident, struct answer *answer)
{
    struct json_write *json = answer_problem_begin(
        answer, 409,
        "The incident is open: close it first, or add --anyway (\"anyway\": true).");

    json_write_member_u64(json, "incident", incident);
    answer_end(answer);
}

/* Kept until its time comes. */
static void schedule_up(struct api_call *call, const struct feature_change *change,
                        uint64_t at_ms)
{
    const struct admin_control *control = call->context->control;
    uint64_t incident = 0;
    const char *error = control->schedule_up(control->self, change, at_ms, &incident);

    if (incident != 0) {
        say_incident_open(incident, call->answer);
        return;
    }
    if (error != NULL) {
        answer_problem(call->answer, 409, error);
        return;
    }
    struct json_write *json = answer_json(call->answer);
    json_write_begin_object(json);
    json_write_member(json, "name", span_of(change->name));
    json_write_member_time(json, "up_at", at_ms);
    json_write_end_object(json);
}

static void change_feature(struct api_call *call, enum feature_state state)
{
    const struct admin_control *control = call->context->control;
    struct feature_change change = {.state = state};
    struct order order;

    if (!read_order(call, true, &order)) {
        return;
    }
    struct span name = span_of(call->name);
    if (name.len >= sizeof(change.name) || !api_is_feature(control, call->name)) {
        answer_problem(call->answer, 404, "There is no such feature.");
        return;
    }
    if (state == FEATURE_TRIAL && !has_trial(call)) {
        return;
    }
    change.anyway = order.anyway;
    (void)span_copy(name, change.name, sizeof(change.name));
    (void)span_copy(span_of(call->who), change.who, sizeof(change.who));
    (void)span_copy(span_of(order.reason), change.reason, sizeof(change.reason));
    if (state == FEATURE_UP && order.at_ms != 0) {
        schedule_up(call, &change, order.at_ms);
        return;
    }
    if (!begin(call, OPERATION_FEATURE)) {
        return;
    }
    (void)span_copy(name, call->operation->name, sizeof(call->operation->name));
    call->operation->state = state;
    if (!control->change_feature(control->self, &change, &call->operation->ticket)) {
        decline(call, 503, "Too many changes wait for the ledger.");
    }
}

void api_down(struct api_call *call)
{
    change_feature(call, FEATURE_DOWN);
}

void api_trial(struct api_call *call)
{
    change_feature(call, FEATURE_TRIAL);
}

void api_up(struct api_call *call)
{
    change_feature(call, FEATURE_UP);
}

void api_close(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct order order;
    uint64_t incident = 0;

    if (!read_order(call, false, &order)) {
        return;
    }
    if (parse_u64(span_of(call->name), &incident) != ERR_NONE) {
        answer_problem(call->answer, 404, "There is no such open incident.");
        return;
    }
    if (begin(call, OPERATION_CLOSE) &&
        !control->close_incident(control->self, incident, call->who, order.reason,
                                 &call->operation->ticket)) {
        decline(call, 503, "Too many changes wait for the ledger.");
    }
}

void api_forget(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct order order;

    if (!read_order(call, false, &order)) {
        return;
    }
    if (order.login[0] == '\0') {
        answer_problem(call->answer, 422, "Whose alias? Give `login`.");
        return;
    }
    enum err err = control->forget(control->self, call->who, span_of(order.login));
    if (err == ERR_SYNTAX) {
        answer_problem(call->answer, 404, "No alias is known for this login.");
        return;
    }
    if (err != ERR_NONE) {
        answer_problem(call->answer, 503,
                       "It could not be recorded, so nothing was forgotten.");
        return;
    }
    struct json_write *json = answer_json(call->answer);
    json_write_begin_object(json);
    json_write_member(json, "login", span_of(order.login));
    json_write_member_bool(json, "forgotten", true);
    json_write_end_object(json);
}

/* A webhook of the site's deployment may come as well: `text` or `reason`. */
void api_mark(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct order order;

    if (!read_order(call, false, &order)) {
        return;
    }
    const char *text = order.text[0] != '\0' ? order.text : order.reason;
    if (text[0] == '\0') {
        answer_problem(call->answer, 422, "A mark needs a `text`.");
        return;
    }
    if (begin(call, OPERATION_MARK) &&
        !control->mark(control->self, call->who, text, &call->operation->ticket)) {
        decline(call, 503, "Too many changes wait for the ledger.");
    }
}

/* What is missing in an order about the mode, or NULL. */
static const char *mode_fault(const struct order *order)
{
    if (order->mode == ORDER_NO_MODE) {
        return "Which `mode`: `enforce` or `observe`?";
    }
    if (order->mode == ORDER_ENFORCE) {
        return order->for_ms != 0 ? "Only `observe` takes `for`." : NULL;
    }
    if (order->reason[0] == '\0') {
        return "`observe` needs a `reason`.";
    }
    if (order->for_ms == 0) {
        return "`observe` needs `for`: how long, `1h` for example.";
    }
    return order->for_ms > CONTROL_GLASS_MS_MAX
               ? "`for` is at most a day; for longer set `mode` in the configuration."
               : NULL;
}

void api_mode(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct order order;

    if (!read_order(call, false, &order)) {
        return;
    }
    const char *fault = mode_fault(&order);
    if (fault != NULL) {
        answer_problem(call->answer, 422, fault);
        return;
    }
    struct mode_change change = {
        .observe = order.mode == ORDER_OBSERVE,
        .for_ms = order.for_ms,
        .who = call->who,
        .reason = order.reason,
    };
    if (control->change_mode(control->self, &change) != ERR_NONE) {
        answer_problem(call->answer, 503,
                       "It could not be recorded, so nothing was changed.");
        return;
    }
    struct control_status status = {0};
    control->status(control->self, &status);
    if (!change.observe && strcmp(status.mode, "observe") == 0) {
        answer_problem(call->answer, 409,
                       "The configuration observes: set `mode: enforce` and reload.");
        return;
    }
    struct json_write *json = answer_json(call->answer);
    json_write_begin_object(json);
    json_write_member(json, "mode", span_of(status.mode));
    json_write_member_time(json, "until", status.glass_until_ms);
    json_write_end_object(json);
}

void api_reload(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct order order;

    if (!read_order(call, false, &order) || !begin(call, OPERATION_RELOAD)) {
        return;
    }
    const char *accepted = order.accept_weaker[0] != '\0' ? order.accept_weaker : NULL;
    if (!control->reload(control->self, call->who, accepted,
                         operation_reload(call->operation))) {
        decline(call, 409, "A reload is under way already.");
    }
}

static void write_lines(const struct operation *operation, const char *key,
                        struct json_write *json)
{
    struct span rest = {.ptr = (const uint8_t *)operation->lines.bytes,
                        .len = operation->lines.len};
    struct span line;

    json_write_key(json, key);
    json_write_begin_array(json);
    while (span_next(&rest, '\n', &line)) {
        if (line.len > 0) {
            json_write_text(json, line);
        }
    }
    json_write_end_array(json);
}

static void finish_reload(const struct operation *operation, struct answer *answer)
{
    if (!operation->in_force) {
        struct json_write *problem = answer_problem_begin(
            answer, 422,
            "The configuration in force stays: the new one has errors or is weaker.");
        write_lines(operation, "errors", problem);
        answer_end(answer);
        return;
    }
    struct json_write *json = answer_json(answer);
    json_write_begin_object(json);
    json_write_member_bool(json, "in_force", true);
    write_lines(operation, "warnings", json);
    json_write_end_object(json);
}

static void finish_feature(const struct operation *operation, struct answer *answer)
{
    struct json_write *json = answer_json(answer);

    json_write_begin_object(json);
    json_write_member(json, "name", span_of(operation->name));
    json_write_member(json, "state", span_of(feature_state_name(operation->state)));
    json_write_member_bool(json, "changed", operation->ticket.result == CONTROL_DONE);
    json_write_end_object(json);
}

static void finish_mark(struct answer *answer)
{
    struct json_write *json = answer_json(answer);

    json_write_begin_object(json);
    json_write_member_bool(json, "marked", true);
    json_write_end_object(json);
}

static void finish_close(const struct operation *operation, struct answer *answer)
{
    struct json_write *json = answer_json(answer);

    json_write_begin_object(json);
    json_write_member_u64(json, "id", operation->ticket.incident);
    json_write_member(json, "state", SPAN("closed"));
    json_write_end_object(json);
}

static void finish_ticket(const struct operation *operation, struct answer *answer)
{
    bool is_feature = operation->kind == OPERATION_FEATURE;

    switch (operation->ticket.result) {
    case CONTROL_DONE:
    case CONTROL_UNCHANGED:
        if (is_feature) {
            finish_feature(operation, answer);
        } else if (operation->kind == OPERATION_MARK) {
            finish_mark(answer);
        } else {
            finish_close(operation, answer);
        }
        return;
    case CONTROL_UNKNOWN:
        answer_problem(answer, 404,
                       is_feature ? "There is no such feature."
                                  : "There is no such open incident.");
        return;
    case CONTROL_INCIDENT_OPEN:
        say_incident_open(operation->ticket.incident, answer);
        return;
    case CONTROL_FINDING:
        answer_problem(answer, 409,
                       "A finding came since this was asked for: it stays down. Look at "
                       "the incidents, then ask again.");
        return;
    case CONTROL_FAILED:
        break;
    }
    answer_problem(answer, 503,
                   "The change is not on disk: what was taken down is down, nothing "
                   "else has changed.");
}

void api_finish(struct operation *operation, struct answer *answer)
{
    CHECK(operation->done);
    if (operation->kind == OPERATION_REPORT) {
        api_finish_report(operation, answer);
        return;
    }
    if (operation->kind == OPERATION_RELOAD) {
        finish_reload(operation, answer);
    } else {
        finish_ticket(operation, answer);
    }
}
