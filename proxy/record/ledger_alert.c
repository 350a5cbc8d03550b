#include <string.h>

#include "base/items.h"
#include "base/parse.h"
#include "record/ledger_private.h"
#include "record/ledger_schema.h"

enum {
    MESSAGE_RANDOM_SIZE = 16,
    SHOWS_SIZE_MAX = 2048, /* What told.c reads of one value. */
};

void ledger_set_alerts(struct ledger *self, const struct alert_route *routes,
                       unsigned count)
{
    CHECK(count <= RECORDER_ALERTS_MAX);
    for (unsigned i = 0; i < count; i++) {
        self->alerts[i] = routes[i];
    }
    self->alert_count = count;
}

/* What one alert is about, for whoever gets it. */
struct telling {
    const char *type;
    uint64_t incident; /* 0: not of one. */
    struct span data;
    uint64_t at_ms;
};

static void write_link(struct json_write *body, const struct alert_route *route,
                       uint64_t incident)
{
    char link[ALERT_LINK_SIZE_MAX];

    alert_link(route->console, incident, link);
    if (link[0] != '\0') {
        json_write_member(body, "link", span_of(link));
    }
}

/* The head of the chain goes into every alert, first of all in its data. */
static struct span write_body(struct ledger *self, const struct alert_route *route,
                              const struct telling *telling)
{
    struct json_write *body = &self->body;
    struct span type = span_of(telling->type);
    struct span data = telling->data;

    json_write_reset(body);
    json_write_begin_object(body);
    json_write_member(body, "type", type);
    json_write_member_time(body, "timestamp", telling->at_ms);
    json_write_key(body, "data");
    json_write_begin_object(body);
    json_write_member(body, "chain_head", span_of(self->chain.head));
    json_write_member_u64(body, "chain_row", self->chain.seq);
    json_write_member(body, "severity",
                      span_of(alert_severity_name(alert_kind_of(type)->severity)));
    write_link(body, route, telling->incident);
    if (data.len > 2 && data.ptr[0] == '{') {
        json_write_raw(body, span_first(span_from(data, 1), data.len - 2));
    }
    json_write_end_object(body);
    json_write_end_object(body);
    return json_write_result(body);
}

static bool new_message_id(char *id_out)
{
    uint8_t random[MESSAGE_RANDOM_SIZE];

    if (secret_random(random, sizeof(random)) != ERR_NONE) {
        return false;
    }
    memcpy(id_out, "msg_", 4);
    format_hex(random, sizeof(random), id_out + 4);
    id_out[4 + 2 * MESSAGE_RANDOM_SIZE] = '\0';
    return true;
}

static void add_delivery(struct ledger *self, const struct alert_route *route,
                         const char *message, const struct telling *telling)
{
    struct span body = write_body(self, route, telling);

    if (body.len == 0) {
        db_fail(self->db);
        return;
    }
    db_run(self->db,
           "INSERT INTO deliveries(alert, message, type, body, created_at, next_at)"
           " VALUES(?, ?, ?, ?, ?, ?)",
           DB_VALUES(DB_STRING(route->name), DB_STRING(message), DB_STRING(telling->type),
                     DB_TEXT(body), DB_U64(telling->at_ms), DB_U64(telling->at_ms)));
    self->added++;
}

static void tell(struct ledger *self, const char *only, const struct telling *telling)
{
    char message[4 + 2 * MESSAGE_RANDOM_SIZE + 1];

    if (!new_message_id(message)) {
        db_fail(self->db);
        return;
    }
    for (unsigned i = 0; i < self->alert_count; i++) {
        const struct alert_route *route = &self->alerts[i];
        bool wanted = only != NULL ? strcmp(only, route->name) == 0
                                   : alert_route_takes(route, span_of(telling->type));
        if (wanted) {
            add_delivery(self, route, message, telling);
        }
    }
}

void ledger_add_alert(struct ledger *self, const char *only, const char *type,
                      struct span data, uint64_t at_ms)
{
    tell(self, only, &(struct telling){.type = type, .data = data, .at_ms = at_ms});
}

static void write_person(struct json_write *data, const char *name, struct span kind,
                         struct span digits)
{
    char text[PSEUDONYM_SHORT_SIZE];
    pseudonym_short(kind, digits, text);
    json_write_member(data, name, span_of(text));
}

/* An alert is for people. */
static void write_shows(struct json_write *data, struct span items)
{
    char text[SHOWS_SIZE_MAX];

    json_write_member(data, "shows",
                      items_join(items, items_comma(items), text, sizeof(text)));
}

/* The newest display of the incident, by its first subject: an alert's example. */
static void write_example(struct ledger *self, uint64_t incident)
{
    struct json_write *data = &self->data;
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT viewer_kind, viewer_id, subject_id, screen, shows, route,"
                 " outcome, upstream FROM displays WHERE incident = ? AND responses > 0"
                 " ORDER BY seq DESC LIMIT 1",
                 DB_VALUES(DB_U64(incident)));
    if (db_next(rows)) {
        write_person(data, "viewer", db_text(rows, 0), db_text(rows, 1));
        write_person(data, "subject", SPAN("user"), db_text(rows, 2));
        json_write_member(data, "screen", db_text(rows, 3));
        write_shows(data, db_text(rows, 4));
        json_write_member(data, "route", db_text(rows, 5));
        json_write_member(data, "outcome", db_text(rows, 6));
        json_write_member(data, "upstream", db_text(rows, 7));
    }
    db_end(rows);
}

/* How many displays came how far. */
static void write_outcomes(struct ledger *self, uint64_t incident)
{
    struct json_write *data = &self->data;
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT coalesce(sum(" LEDGER_WITHHELD "), 0),"
                 " coalesce(sum(" LEDGER_CUT "), 0), coalesce(sum(" LEDGER_DELIVERED
                 "), 0) FROM displays WHERE incident = ?",
                 DB_VALUES(DB_U64(incident)));
    if (db_next(rows)) {
        json_write_key(data, "outcomes");
        json_write_begin_object(data);
        json_write_member_u64(data, "withheld", db_u64(rows, 0));
        json_write_member_u64(data, "cut", db_u64(rows, 1));
        json_write_member_u64(data, "delivered", db_u64(rows, 2));
        json_write_end_object(data);
    }
    db_end(rows);
}

static void write_incident(struct ledger *self, uint64_t incident)
{
    struct json_write *data = &self->data;
    struct db_rows *rows = db_query(
        self->db,
        "SELECT feature, opened_at, last_at, displays, detector, reason, strong, drill,"
        " closed_at, closed_by, closed_reason, (SELECT count(*) FROM (SELECT DISTINCT"
        " viewer_id, subject_id FROM displays WHERE incident = incidents.id AND"
        " one_of_two = 0 AND subject_id <> '')) FROM incidents WHERE id = ?",
        DB_VALUES(DB_U64(incident)));
    if (db_next(rows)) {
        json_write_member_u64(data, "incident", incident);
        json_write_member(data, "feature", db_text(rows, 0));
        json_write_member_time(data, "opened_at", db_u64(rows, 1));
        json_write_member_time(data, "last_at", db_u64(rows, 2));
        json_write_member_u64(data, "displays", db_u64(rows, 3));
        json_write_member_u64(data, "cases", db_u64(rows, 11));
        json_write_member(data, "detector", db_text(rows, 4));
        json_write_member(data, "reason", db_text(rows, 5));
        json_write_member(data, "strength",
                          db_u64(rows, 6) != 0 ? SPAN("strong") : SPAN("weak"));
        json_write_member_bool(data, "drill", db_u64(rows, 7) != 0);
        if (db_u64(rows, 8) != 0) {
            json_write_member_time(data, "closed_at", db_u64(rows, 8));
            json_write_member(data, "closed_by", db_text(rows, 9));
            json_write_member(data, "closed_reason", db_text(rows, 10));
        }
    }
    db_end(rows);
}

/* Whether its feature is down: what takes it down follows in the same transaction. */
static void write_state(struct ledger *self, uint64_t incident, bool goes_down)
{
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT state FROM features WHERE name <> '' AND name ="
                 " (SELECT feature FROM incidents WHERE id = ?)",
                 DB_VALUES(DB_U64(incident)));
    struct span state = db_next(rows) ? db_text(rows, 0) : SPAN("up");

    json_write_member(&self->data, "feature_state", goes_down ? SPAN("down") : state);
    db_end(rows);
}

void ledger_tell_incident(struct ledger *self, const char *type, uint64_t incident,
                          bool goes_down, uint64_t at_ms)
{
    json_write_reset(&self->data);
    json_write_begin_object(&self->data);
    write_incident(self, incident);
    write_state(self, incident, goes_down);
    write_outcomes(self, incident);
    write_example(self, incident);
    json_write_end_object(&self->data);
    tell(self, NULL,
         &(struct telling){.type = type,
                           .incident = incident,
                           .data = json_write_result(&self->data),
                           .at_ms = at_ms});
    db_run(self->db,
           "UPDATE incidents SET notified = displays, notified_at = ? WHERE id = ?",
           DB_VALUES(DB_U64(at_ms), DB_U64(incident)));
}

#define UPDATES_DUE                                                                      \
    " FROM incidents WHERE closed_at IS NULL AND notified < displays AND"                \
    " (notified_at <= ?1 - ?2 OR notified_at > ?1)"

/* The next one that needs an update, 0: none. */
static uint64_t next_update(struct ledger *self, uint64_t at_ms)
{
    struct db_rows *rows =
        db_query(self->db, "SELECT id" UPDATES_DUE " LIMIT 1",
                 DB_VALUES(DB_U64(at_ms), DB_U64(LEDGER_UPDATE_INTERVAL_MS)));
    uint64_t incident = db_next(rows) ? db_u64(rows, 0) : 0;
    db_end(rows);
    return incident;
}

bool ledger_updates_due(struct ledger *self, uint64_t at_ms)
{
    db_clear(self->db);
    return next_update(self, at_ms) != 0;
}

void ledger_add_updates(struct ledger *self, uint64_t at_ms)
{
    uint64_t incident = next_update(self, at_ms);
    while (incident != 0 && !db_failed(self->db)) {
        ledger_tell_incident(self, "incident.updated", incident, false, at_ms);
        incident = next_update(self, at_ms);
    }
}

static const char *delivery_state_name(enum delivery_state state)
{
    switch (state) {
    case DELIVERY_WAITING:
        return "waiting";
    case DELIVERY_DONE:
        return "done";
    case DELIVERY_STOPPED:
        return "stopped";
    case DELIVERY_GIVEN_UP:
        return "given-up";
    }
    UNREACHABLE();
}

void ledger_finish_delivery(struct ledger *self, const struct delivery_result *result,
                            uint64_t at_ms)
{
    bool ended = result->state != DELIVERY_WAITING;
    db_run(self->db,
           "UPDATE deliveries SET tries = tries + 1, state = ?, next_at = ?, status = ?,"
           " error = ?, done_at = ? WHERE id = ? AND state = 'waiting'",
           DB_VALUES(DB_STRING(delivery_state_name(result->state)),
                     DB_U64(result->next_at_ms), DB_U64(result->status),
                     DB_STRING(result->error), ended ? DB_U64(at_ms) : DB_NULL,
                     DB_U64(result->id)));
}

void ledger_retry_deliveries(struct ledger *self, uint64_t id, uint64_t at_ms)
{
    db_run(self->db,
           "UPDATE deliveries SET state = 'waiting', next_at = ?1, done_at = NULL"
           " WHERE state IN ('given-up', 'stopped') AND (?2 = 0 OR id = ?2)",
           DB_VALUES(DB_U64(at_ms), DB_U64(id)));
    self->added++; /* Whoever delivers is told. */
}
