#include "admin/order.h"

#include <string.h>

#include "admin/moment.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "http/json.h"

enum member {
    MEMBER_REASON,
    MEMBER_ANYWAY,
    MEMBER_LOGIN,
    MEMBER_TEXT,
    MEMBER_MODE,
    MEMBER_FOR,
    MEMBER_ALERT,
    MEMBER_AT,
    MEMBER_ACCEPT_WEAKER,
    MEMBER_FEATURE,
    MEMBER_PATH,
    MEMBER_TAKE_DOWN,
    MEMBER_COUNT,
};

static const char *const POINTERS[MEMBER_COUNT] = {
    [MEMBER_REASON] = "/reason",
    [MEMBER_ANYWAY] = "/anyway",
    [MEMBER_LOGIN] = "/login",
    [MEMBER_TEXT] = "/text",
    [MEMBER_MODE] = "/mode",
    [MEMBER_FOR] = "/for",
    [MEMBER_ALERT] = "/alert",
    [MEMBER_AT] = "/at",
    [MEMBER_ACCEPT_WEAKER] = "/accept_weaker",
    [MEMBER_FEATURE] = "/feature",
    [MEMBER_PATH] = "/path",
    [MEMBER_TAKE_DOWN] = "/take_down",
};

struct reading {
    struct order *order;
    unsigned seen; /* A bit for each member. */
    const char *error;
};

static const char *take_reason(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING) {
        return "`reason` must be a string.";
    }
    if (match->too_long) {
        return "`reason` is longer than 511 bytes.";
    }
    if (!utf8_is_text(match->value)) {
        return "`reason` must be UTF-8 text.";
    }
    (void)span_copy(match->value, order->reason, sizeof(order->reason));
    return NULL;
}

static const char *take_text(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING || match->too_long || !utf8_is_text(match->value)) {
        return "`text` must be a string of at most 511 bytes of UTF-8.";
    }
    (void)span_copy(match->value, order->text, sizeof(order->text));
    return NULL;
}

static const char *take_accept_weaker(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING || match->too_long || !utf8_is_text(match->value)) {
        return "`accept_weaker` must be the reason: at most 511 bytes of UTF-8.";
    }
    (void)span_copy(match->value, order->accept_weaker, sizeof(order->accept_weaker));
    return NULL;
}

static const char *take_anyway(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_BOOLEAN) {
        return "`anyway` must be true or false.";
    }
    order->anyway = span_equal(match->value, SPAN("true"));
    return NULL;
}

static const char *take_login(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING || match->value.len == 0) {
        return "`login` must be a string with the name.";
    }
    if (match->too_long || match->value.len > USER_SIZE_MAX) {
        return "`login` is longer than 256 bytes.";
    }
    if (memchr(match->value.ptr, '\0', match->value.len) != NULL) {
        return "`login` has a NUL.";
    }
    (void)span_copy(match->value, order->login, sizeof(order->login));
    return NULL;
}

static const char *take_mode(struct order *order, const struct json_match *match)
{
    bool observe = span_equal(match->value, SPAN("observe"));

    if (match->kind != JSON_STRING ||
        !(observe || span_equal(match->value, SPAN("enforce")))) {
        return "`mode` must be `enforce` or `observe`.";
    }
    order->mode = observe ? ORDER_OBSERVE : ORDER_ENFORCE;
    return NULL;
}

static const char *take_for(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING ||
        parse_duration(match->value, &order->for_ms) != ERR_NONE || order->for_ms == 0) {
        return "`for` must be a duration like `30m` or `1h`.";
    }
    return NULL;
}

static const char *take_alert(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING || match->too_long ||
        match->value.len >= sizeof(order->alert)) {
        return "`alert` must be the name of a receiver.";
    }
    (void)span_copy(match->value, order->alert, sizeof(order->alert));
    return NULL;
}

static const char *take_at(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING || match->too_long ||
        !moment_parse(match->value, &order->at_ms)) {
        return "`at` must be a time like 2026-03-22T17:00:00+09:00.";
    }
    return NULL;
}

static const char *take_feature(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING || match->too_long ||
        match->value.len >= sizeof(order->feature) || !utf8_is_text(match->value)) {
        return "`feature` must be the name of a feature.";
    }
    (void)span_copy(match->value, order->feature, sizeof(order->feature));
    return NULL;
}

static const char *take_path(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_STRING || match->too_long ||
        match->value.len >= sizeof(order->path) || !utf8_is_text(match->value)) {
        return "`path` must be a path of at most 255 bytes.";
    }
    (void)span_copy(match->value, order->path, sizeof(order->path));
    return NULL;
}

static const char *take_take_down(struct order *order, const struct json_match *match)
{
    if (match->kind != JSON_NUMBER || match->too_long ||
        parse_u64(match->value, &order->take_down_s) != ERR_NONE ||
        order->take_down_s == 0 || order->take_down_s > ORDER_TAKE_DOWN_S_MAX) {
        return "`take_down` must be a number of seconds from 1 to 3600.";
    }
    return NULL;
}

static const char *(*const TAKE[MEMBER_COUNT])(struct order *order,
                                               const struct json_match *match) = {
    [MEMBER_REASON] = take_reason,
    [MEMBER_ANYWAY] = take_anyway,
    [MEMBER_LOGIN] = take_login,
    [MEMBER_MODE] = take_mode,
    [MEMBER_FOR] = take_for,
    [MEMBER_TEXT] = take_text,
    [MEMBER_ALERT] = take_alert,
    [MEMBER_AT] = take_at,
    [MEMBER_ACCEPT_WEAKER] = take_accept_weaker,
    [MEMBER_FEATURE] = take_feature,
    [MEMBER_PATH] = take_path,
    [MEMBER_TAKE_DOWN] = take_take_down,
};

static void on_match(void *context, const struct json_match *match)
{
    struct reading *self = context;
    unsigned bit = 1U << match->pointer_index;
    const char *error = NULL;

    if ((self->seen & bit) != 0) {
        error = "A member is given twice.";
    } else {
        error = TAKE[match->pointer_index](self->order, match);
    }
    self->seen |= bit;
    self->error = self->error != NULL ? self->error : error;
}

static const char *walk(struct span body, const struct json_wanted *wanted,
                        struct reading *reading)
{
    struct json *json = json_new(wanted);
    if (json == NULL) {
        return "There is no memory for the body.";
    }
    json_start(json, reading);
    bool whole = json_feed(json, body) != JSON_BAD && json_finish(json) == JSON_DONE;
    json_free(&json);
    return whole ? reading->error : "The body is not valid JSON.";
}

/* The walker takes any value; members of nothing would be silently absent. */
static bool is_object(struct span body)
{
    size_t at = 0;

    while (at < body.len && strchr(" \t\r\n", body.ptr[at]) != NULL &&
           body.ptr[at] != '\0') {
        at++;
    }
    return at < body.len && body.ptr[at] == '{';
}

const char *order_read(struct span body, struct order *order_out)
{
    struct pointer pointers[MEMBER_COUNT];
    const struct json_wanted wanted = {
        .pointers = pointers,
        .pointer_count = MEMBER_COUNT,
        .value_size_max = RECORDER_REASON_SIZE_MAX - 1,
        .sink = on_match,
    };
    struct reading reading = {.order = order_out};

    *order_out = (struct order){0};
    if (body.len == 0) {
        return NULL;
    }
    if (!is_object(body)) {
        return "The body must be a JSON object.";
    }
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const char *error = pointer_parse(span_of(POINTERS[i]), &pointers[i]);
        CHECK(error == NULL);
    }
    return walk(body, &wanted, &reading);
}
