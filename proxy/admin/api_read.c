#include "admin/api.h"
#include "admin/metrics.h"

static const char *const READY_NAMES[] = {
    [CONTROL_STARTING] = "starting",
    [CONTROL_READY] = "ready",
    [CONTROL_DRAINING] = "draining",
    [CONTROL_NO_LEDGER] = "no route can be served",
    [CONTROL_NO_UPSTREAM] = "no route can be served",
    [CONTROL_NO_ROUTE] = "no route can be served",
};

static const char *const READY_DETAILS[] = {
    [CONTROL_STARTING] = "Do not send clients here now.",
    [CONTROL_READY] = "",
    [CONTROL_DRAINING] = "Do not send clients here now.",
    [CONTROL_NO_LEDGER] = "Every route requires a marker, and the ledger fails.",
    [CONTROL_NO_UPSTREAM] = "No server of any route's upstream answers.",
    [CONTROL_NO_ROUTE] = "The ledger fails; where it is not needed no server answers.",
};

static const struct admin_control *control_of(const struct api_call *call)
{
    return call->context->control;
}

static bool is_set(struct span query, struct span name)
{
    struct span value;
    return api_query(query, name, &value) &&
           (value.len == 0 || span_equal(value, SPAN("true")) ||
            span_equal(value, SPAN("1")));
}

void api_live(struct api_call *call)
{
    page_put(answer_page(call->answer, ANSWER_TYPE_TEXT), SPAN("alive\n"));
}

void api_ready(struct api_call *call)
{
    enum control_ready ready = control_of(call)->ready(control_of(call)->self);

    if (ready == CONTROL_READY) {
        page_put(answer_page(call->answer, ANSWER_TYPE_TEXT), SPAN("ready\n"));
        return;
    }
    struct json_write *json =
        answer_problem_begin(call->answer, 503, READY_DETAILS[ready]);
    json_write_member(json, "state", span_of(READY_NAMES[ready]));
    answer_end(call->answer);
}

static void put_text(void *context, struct span text)
{
    page_put(context, text);
}

void api_metrics(struct api_call *call)
{
    const struct field *accept = head_field(call->head, FIELD_ACCEPT);
    bool openmetrics = accept != NULL && metrics_wants_openmetrics(accept->value);
    struct page *page = answer_page(call->answer, openmetrics ? METRICS_TYPE_OPENMETRICS
                                                              : METRICS_TYPE_PROMETHEUS);

    control_of(call)->refresh(control_of(call)->self);
    stats_render(call->context->stats, openmetrics, put_text, page);
}

/* A text that may be absent: then null. */
static void write_text(struct json_write *json, const char *key, const char *text)
{
    if (text != NULL) {
        json_write_member(json, key, span_of(text));
        return;
    }
    json_write_key(json, key);
    json_write_null(json);
}

static void write_feature(struct json_write *json, const struct control_feature *feature)
{
    json_write_begin_object(json);
    json_write_member(json, "name", span_of(feature->name));
    json_write_member(json, "state", span_of(feature_state_name(feature->state)));
    json_write_member_time(json, "since", feature->since_ms);
    write_text(json, "who", feature->who);
    write_text(json, "reason", feature->reason);
    if (feature->incident != 0) {
        json_write_member_u64(json, "incident", feature->incident);
    } else {
        write_text(json, "incident", NULL);
    }
    json_write_member_time(json, "up_at", feature->up_at_ms);
    json_write_member_bool(json, "has_trial", feature->has_trial);
    json_write_end_object(json);
}

static void write_features(const struct admin_control *control, struct json_write *json)
{
    struct control_feature feature = {0};

    json_write_key(json, "features");
    json_write_begin_array(json);
    for (unsigned i = 0; control->feature(control->self, i, &feature); i++) {
        write_feature(json, &feature);
        feature = (struct control_feature){0};
    }
    json_write_end_array(json);
}

void api_features(struct api_call *call)
{
    struct json_write *json = answer_json(call->answer);

    json_write_begin_object(json);
    write_features(control_of(call), json);
    json_write_end_object(json);
}

static void write_nested(struct json_write *json, const struct control_status *status)
{
    json_write_key(json, "config");
    json_write_begin_object(json);
    write_text(json, "hash", status->config_hash);
    json_write_member_time(json, "loaded_at", status->config_loaded_at_ms);
    json_write_end_object(json);
    json_write_key(json, "ledger");
    json_write_begin_object(json);
    json_write_member_bool(json, "ok", status->ledger_ok);
    json_write_end_object(json);
    json_write_key(json, "alerts");
    json_write_begin_object(json);
    json_write_member_u64(json, "queue", status->alerts_queued);
    json_write_end_object(json);
}

/* Whether nothing is enforced by an operator's order, and what that let through. */
static void write_glass(struct json_write *json, const struct control_status *status)
{
    json_write_key(json, "break_glass");
    if (status->glass_until_ms != 0) {
        json_write_begin_object(json);
        json_write_member_time(json, "until", status->glass_until_ms);
        write_text(json, "who", status->glass_who);
        write_text(json, "reason", status->glass_reason);
        json_write_end_object(json);
    } else {
        json_write_null(json);
    }
    json_write_key(json, "would_have");
    json_write_begin_object(json);
    json_write_member_u64(json, "refused", status->would_have_refused);
    json_write_member_u64(json, "taken_down", status->would_have_taken_down);
    json_write_end_object(json);
}

/* Who asks, as it will be recorded, and what they may do. */
static void write_caller(struct json_write *json, const struct api_call *call)
{
    json_write_key(json, "you");
    json_write_begin_object(json);
    json_write_member(json, "name", span_of(call->who));
    json_write_member(json, "role",
                      call->role == ACCESS_OPERATOR ? SPAN("operator") : SPAN("viewer"));
    json_write_end_object(json);
}

void api_status(struct api_call *call)
{
    const struct admin_control *control = control_of(call);
    struct json_write *json = answer_json(call->answer);
    struct control_status status = {0};

    control->status(control->self, &status);
    json_write_begin_object(json);
    write_text(json, "version", status.version);
    write_text(json, "mode", status.mode);
    json_write_member_bool(json, "ready", status.ready == CONTROL_READY);
    json_write_member(json, "state", span_of(READY_NAMES[status.ready]));
    json_write_member_u64(json, "workers", status.workers);
    json_write_member_u64(json, "incidents_open", status.incidents_open);
    json_write_member_u64(json, "sessions", status.sessions);
    write_glass(json, &status);
    write_nested(json, &status);
    write_features(control, json);
    write_caller(json, call);
    json_write_end_object(json);
}

static void say_unreadable(struct answer *answer)
{
    answer_problem(answer, 503, "The ledger cannot be read now.");
}

void api_incidents(struct api_call *call)
{
    const struct admin_control *control = control_of(call);
    struct json_write *json = answer_json(call->answer);
    bool open_only = is_set(call->query, SPAN("open"));

    json_write_begin_object(json);
    json_write_key(json, "incidents");
    if (control->incidents(control->self, open_only, CONTROL_INCIDENTS_MAX, json) !=
        ERR_NONE) {
        say_unreadable(call->answer);
        return;
    }
    json_write_end_object(json);
}

/* Values instead of pseudonyms are for operators, who are recorded as having seen them.
 */
static bool may_reveal(struct api_call *call)
{
    if (call->role == ACCESS_OPERATOR) {
        return true;
    }
    answer_problem(call->answer, 403, "Only an operator may see values.");
    return false;
}

void api_incident(struct api_call *call)
{
    const struct admin_control *control = control_of(call);
    bool reveal = is_set(call->query, SPAN("reveal"));
    uint64_t id = 0;

    if (reveal && !may_reveal(call)) {
        return;
    }
    enum err err = parse_u64(span_of(call->name), &id);
    if (err == ERR_NONE) {
        err = control->incident(control->self, id, reveal ? call->who : NULL,
                                CONTROL_DISPLAYS_MAX, answer_json(call->answer));
    }
    if (err == ERR_SYNTAX || err == ERR_LIMIT) {
        answer_problem(call->answer, 404, "There is no such incident.");
    } else if (err != ERR_NONE) {
        say_unreadable(call->answer);
    }
}

void api_coverage(struct api_call *call)
{
    const struct admin_control *control = control_of(call);
    struct json_write *json = answer_json(call->answer);

    if (control->coverage == NULL) {
        answer_problem(call->answer, 404, "This version does not tell its coverage.");
        return;
    }
    json_write_begin_object(json);
    json_write_key(json, "coverage");
    control->coverage(control->self, json);
    json_write_key(json, "history");
    if (control->coverage_history(control->self, json) != ERR_NONE) {
        say_unreadable(call->answer);
        return;
    }
    json_write_end_object(json);
}

void api_session(struct api_call *call)
{
    const struct admin_control *control = control_of(call);
    struct span fingerprint;

    if (control->session == NULL) {
        answer_problem(call->answer, 404, "This version does not tell its sessions.");
    } else if (!api_query(call->query, SPAN("fingerprint"), &fingerprint) ||
               fingerprint_parse(fingerprint, &(struct fingerprint){0}) != ERR_NONE) {
        answer_problem(call->answer, 400,
                       "The query needs fingerprint=, 32 hex digits as in the log.");
    } else if (!control->session(control->self, fingerprint, answer_json(call->answer))) {
        answer_problem(call->answer, 404, "There is no such session.");
    }
}

void api_changes(struct api_call *call)
{
    const struct admin_control *control = control_of(call);
    struct json_write *json = answer_json(call->answer);

    if (control->changes(control->self, CONTROL_CHANGES_MAX, json) != ERR_NONE) {
        say_unreadable(call->answer);
    }
}
