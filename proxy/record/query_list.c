#include "record/pseudonym.h"
#include "record/query_private.h"

/* A person, by pseudonym; the value only where it was asked for. */
static void write_person(struct json_write *out, const char *name, struct span kind,
                         struct span digits, struct span value)
{
    char text[PSEUDONYM_SHORT_SIZE];

    pseudonym_short(kind, digits, text);
    json_write_member(out, name, value.len > 0 ? value : span_of(text));
}

static void write_incident_row(struct db_rows *rows, struct json_write *out)
{
    json_write_member_u64(out, "id", db_u64(rows, 0));
    json_write_member(out, "feature", db_text(rows, 1));
    json_write_member(out, "state", db_u64(rows, 2) != 0 ? SPAN("closed") : SPAN("open"));
    json_write_member_time(out, "opened_at", db_u64(rows, 3));
    json_write_member_time(out, "last_at", db_u64(rows, 4));
    json_write_member(out, "detector", db_text(rows, 5));
    json_write_member(out, "reason", db_text(rows, 6));
    json_write_member(out, "strength",
                      db_u64(rows, 7) != 0 ? SPAN("strong") : SPAN("weak"));
    json_write_member_bool(out, "drill", db_u64(rows, 8) != 0);
    json_write_member_time(out, "closed_at", db_u64(rows, 2));
    json_write_member(out, "closed_by", db_text(rows, 9));
    json_write_member(out, "closed_reason", db_text(rows, 10));
}

#define INCIDENT_SELECT                                                                  \
    "SELECT id, feature, coalesce(closed_at, 0), opened_at, last_at, detector, reason,"  \
    " strong, drill, coalesce(closed_by, ''), coalesce(closed_reason, '')"               \
    " FROM incidents "

enum err query_incidents(struct query *self, bool open_only, unsigned count_max,
                         struct json_write *out)
{
    db_clear(self->db);
    struct db_rows *rows = db_query(self->db,
                                    INCIDENT_SELECT "WHERE ?1 = 0 OR closed_at IS NULL"
                                                    " ORDER BY id DESC LIMIT ?2",
                                    DB_VALUES(DB_U64(open_only), DB_U64(count_max)));
    json_write_begin_array(out);
    while (db_next(rows)) {
        json_write_begin_object(out);
        write_incident_row(rows, out);
        query_write_figures(self, db_u64(rows, 0), out);
        json_write_end_object(out);
    }
    json_write_end_array(out);
    return query_end(self, out);
}

/* The notices' figure: one case per viewer, subject and screen. */
static void write_screens(struct query *self, uint64_t incident, struct json_write *out)
{
    struct db_rows *rows = db_query(
        self->db,
        "SELECT screen, max(shows), sum(count), count(DISTINCT CASE WHEN subject_id <> ''"
        " THEN viewer_id || subject_id END) FROM displays WHERE incident = ? AND"
        " one_of_two = 0 GROUP BY screen ORDER BY min(first_at), min(seq)",
        DB_VALUES(DB_U64(incident)));
    json_write_key(out, "screens");
    json_write_begin_array(out);
    while (db_next(rows)) {
        json_write_begin_object(out);
        json_write_member(out, "screen", db_text(rows, 0));
        json_write_member(out, "shows", db_text(rows, 1));
        json_write_member_u64(out, "displays", db_u64(rows, 2));
        json_write_member_u64(out, "cases", db_u64(rows, 3));
        json_write_end_object(out);
    }
    json_write_end_array(out);
}

static void write_evidence(struct db_rows *rows, struct json_write *out)
{
    json_write_member(out, "route", db_text(rows, 9));
    json_write_member(out, "method", db_text(rows, 10));
    json_write_member(out, "path", db_text(rows, 11));
    json_write_member_u64(out, "status", db_u64(rows, 12));
    json_write_member(out, "outcome", db_text(rows, 13));
    json_write_member(out, "would_have", db_text(rows, 32));
    json_write_member(out, "detectors", db_text(rows, 14));
    json_write_member(out, "reason", db_text(rows, 15));
    json_write_member(out, "strength",
                      db_u64(rows, 16) != 0 ? SPAN("strong") : SPAN("weak"));
    json_write_member_bool(out, "one_of_two", db_u64(rows, 17) != 0);
    json_write_member(out, "session", db_text(rows, 18));
    json_write_member(out, "exchange", db_text(rows, 19));
    json_write_member(out, "echoed", db_text(rows, 20));
    json_write_member(out, "previous_exchange", db_text(rows, 21));
    json_write_member(out, "previous_session", db_text(rows, 22));
    json_write_member(out, "upstream", db_text(rows, 23));
    json_write_member_u64(out, "upstream_connection", db_u64(rows, 24));
    json_write_member_u64(out, "upstream_exchanges", db_u64(rows, 25));
    json_write_member_u64(out, "body_size", db_u64(rows, 26));
    json_write_member(out, "marker", db_text(rows, 27));
    json_write_member_bool(out, "viewer_confirmed", db_u64(rows, 28) != 0);
}

static void write_display(struct db_rows *rows, bool reveal, struct json_write *out)
{
    const struct span none = {0};

    json_write_begin_object(out);
    json_write_member_u64(out, "number", db_u64(rows, 0));
    write_person(out, "viewer", db_text(rows, 1), db_text(rows, 2),
                 reveal ? db_text(rows, 29) : none);
    json_write_member(out, "viewer_is", db_text(rows, 1));
    write_person(out, "subject", SPAN("user"), db_text(rows, 3),
                 reveal ? db_text(rows, 30) : none);
    json_write_member(out, "screen", db_text(rows, 4));
    json_write_member(out, "shows", db_text(rows, 5));
    json_write_member_u64(out, "count", db_u64(rows, 6));
    json_write_member_time(out, "first_at", db_u64(rows, 7));
    json_write_member_time(out, "last_at", db_u64(rows, 8));
    write_evidence(rows, out);
    if (reveal) {
        json_write_member(out, "client_address", db_text(rows, 31));
    }
    json_write_end_object(out);
}

static void write_displays(struct query *self, uint64_t incident, bool reveal,
                           unsigned count_max, struct json_write *out)
{
    struct db_rows *rows = db_query(
        self->db,
        "SELECT seq, viewer_kind, viewer_id, subject_id, screen, shows, count, first_at,"
        " last_at, route, method, path, status, outcome, detectors, reason, strong,"
        " one_of_two, session, exchange, echoed, previous, previous_session, upstream,"
        " connection, connection_exchanges, body_size, marker_class, viewer_confirmed,"
        " viewer, subject, client, would_have FROM displays WHERE incident = ?"
        " ORDER BY seq LIMIT ?",
        DB_VALUES(DB_U64(incident), DB_U64(count_max)));
    json_write_key(out, "rows");
    json_write_begin_array(out);
    while (db_next(rows)) {
        write_display(rows, reveal, out);
    }
    json_write_end_array(out);
}

enum err query_incident(struct query *self, uint64_t incident, bool reveal,
                        unsigned count_max, struct json_write *out)
{
    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db, INCIDENT_SELECT "WHERE id = ?", DB_VALUES(DB_U64(incident)));
    if (!db_next(rows)) {
        return query_end(self, NULL) == ERR_NONE ? ERR_SYNTAX : ERR_STORAGE;
    }
    json_write_begin_object(out);
    write_incident_row(rows, out);
    db_end(rows);
    query_write_figures(self, incident, out);
    write_screens(self, incident, out);
    write_displays(self, incident, reveal, count_max, out);
    json_write_end_object(out);
    return query_end(self, out);
}

enum err query_features(struct query *self, struct json_write *out)
{
    db_clear(self->db);
    struct db_rows *rows = db_query(
        self->db,
        "SELECT name, state, at, who, reason, incident FROM features ORDER BY name", NULL,
        0);
    json_write_begin_array(out);
    while (db_next(rows)) {
        json_write_begin_object(out);
        json_write_member(out, "feature", db_text(rows, 0));
        json_write_member(out, "state", db_text(rows, 1));
        json_write_member_time(out, "at", db_u64(rows, 2));
        json_write_member(out, "who", db_text(rows, 3));
        json_write_member(out, "reason", db_text(rows, 4));
        json_write_member_u64(out, "incident", db_u64(rows, 5));
        json_write_end_object(out);
    }
    json_write_end_array(out);
    return query_end(self, out);
}

enum err query_feature(struct query *self, const char *name,
                       struct query_feature *feature_out)
{
    *feature_out = (struct query_feature){0};
    db_clear(self->db);
    struct db_rows *rows = db_query(
        self->db, "SELECT at, who, reason, incident FROM features WHERE name = ?1",
        DB_VALUES(DB_STRING(name)));
    if (db_next(rows)) {
        feature_out->at_ms = db_u64(rows, 0);
        (void)span_copy(db_text(rows, 1), feature_out->who, sizeof(feature_out->who));
        (void)span_copy(db_text(rows, 2), feature_out->reason,
                        sizeof(feature_out->reason));
        feature_out->incident = db_u64(rows, 3);
        db_end(rows);
    }
    return db_failed(self->db) ? ERR_STORAGE : ERR_NONE;
}

enum err query_feature_changes(struct query *self, const char *feature,
                               unsigned count_max, struct json_write *out)
{
    db_clear(self->db);
    struct db_rows *rows = db_query(
        self->db,
        "SELECT seq, at, feature, state, who, reason, cause, anyway, incident"
        " FROM feature_changes WHERE ?1 IS NULL OR feature = ?1 ORDER BY seq DESC"
        " LIMIT ?2",
        DB_VALUES(feature != NULL ? DB_STRING(feature) : DB_NULL, DB_U64(count_max)));
    json_write_begin_array(out);
    while (db_next(rows)) {
        json_write_begin_object(out);
        json_write_member_u64(out, "number", db_u64(rows, 0));
        json_write_member_time(out, "at", db_u64(rows, 1));
        json_write_member(out, "feature", db_text(rows, 2));
        json_write_member(out, "state", db_text(rows, 3));
        json_write_member(out, "who", db_text(rows, 4));
        json_write_member(out, "reason", db_text(rows, 5));
        json_write_member(out, "cause", db_text(rows, 6));
        json_write_member_bool(out, "anyway", db_u64(rows, 7) != 0);
        json_write_member_u64(out, "incident", db_u64(rows, 8));
        json_write_end_object(out);
    }
    json_write_end_array(out);
    return query_end(self, out);
}

enum err query_events(struct query *self, uint64_t after, unsigned count_max,
                      uint64_t *last_out, struct json_write *out)
{
    *last_out = after;
    db_clear(self->db);
    struct db_rows *rows = db_query(
        self->db,
        "SELECT seq, 'incident.opened', opened_at, feature, id, detector FROM incidents"
        " WHERE seq > ?1 UNION ALL "
        "SELECT seq, 'display', first_at, screen, incident, outcome FROM displays"
        " WHERE seq > ?1 UNION ALL "
        "SELECT seq, 'incident.closed', at, who, incident, reason FROM closings"
        " WHERE seq > ?1 UNION ALL "
        "SELECT seq, 'feature.' || state, at, feature, incident, reason"
        " FROM feature_changes WHERE seq > ?1 ORDER BY 1 LIMIT ?2",
        DB_VALUES(DB_U64(after), DB_U64(count_max)));
    json_write_begin_array(out);
    while (db_next(rows)) {
        *last_out = db_u64(rows, 0);
        json_write_begin_object(out);
        json_write_member_u64(out, "number", *last_out);
        json_write_member(out, "type", db_text(rows, 1));
        json_write_member_time(out, "at", db_u64(rows, 2));
        json_write_member(out, "about", db_text(rows, 3));
        json_write_member_u64(out, "incident", db_u64(rows, 4));
        json_write_member(out, "detail", db_text(rows, 5));
        json_write_end_object(out);
    }
    json_write_end_array(out);
    return query_end(self, out);
}
