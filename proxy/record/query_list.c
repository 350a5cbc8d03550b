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

static const struct query_column INCIDENT[] = {
    {"id", QUERY_U64},         {"feature", QUERY_TEXT},   {"state", QUERY_TEXT},
    {"opened_at", QUERY_TIME}, {"last_at", QUERY_TIME},   {"detector", QUERY_TEXT},
    {"reason", QUERY_TEXT},    {"strength", QUERY_TEXT},  {"drill", QUERY_BOOL},
    {"closed_at", QUERY_TIME}, {"closed_by", QUERY_TEXT}, {"closed_reason", QUERY_TEXT},
    {NULL, QUERY_TEXT},
};

#define STRENGTH "CASE strong WHEN 0 THEN 'weak' ELSE 'strong' END"

#define INCIDENT_SELECT                                                                  \
    "SELECT id, feature, CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END,"     \
    " opened_at, last_at, detector, reason, " STRENGTH ", drill,"                        \
    " coalesce(closed_at, 0), coalesce(closed_by, ''), coalesce(closed_reason, '')"      \
    " FROM incidents "

static void write_incident(struct query *self, struct db_rows *rows, void *context,
                           struct json_write *out)
{
    (void)context;
    query_write_columns(rows, 0, INCIDENT, out);
    query_write_figures(self, db_u64(rows, 0), out);
}

enum err query_incidents(struct query *self, bool open_only, unsigned count_max,
                         struct json_write *out)
{
    db_clear(self->db);
    struct db_rows *rows = db_query(self->db,
                                    INCIDENT_SELECT "WHERE ?1 = 0 OR closed_at IS NULL"
                                                    " ORDER BY id DESC LIMIT ?2",
                                    DB_VALUES(DB_U64(open_only), DB_U64(count_max)));
    query_write_each(self, rows, write_incident, NULL, out);
    return query_end(self, out);
}

/* The notices' figure: one case per viewer, subject and screen. */
static void write_screens(struct query *self, uint64_t incident, struct json_write *out)
{
    static const struct query_column columns[] = {
        {"screen", QUERY_TEXT}, {"shows", QUERY_ITEMS}, {"displays", QUERY_U64},
        {"cases", QUERY_U64},   {NULL, QUERY_TEXT},
    };

    struct db_rows *rows =
        db_query(self->db,
                 "SELECT screen, max(shows), sum(responses), count(DISTINCT CASE WHEN"
                 " subject_id <> '' THEN viewer_id || subject_id END) FROM displays WHERE"
                 " incident = ? AND one_of_two = 0 GROUP BY screen ORDER BY "
                 "min(first_at), min(seq)",
                 DB_VALUES(DB_U64(incident)));
    json_write_key(out, "screens");
    query_write_list(self, rows, columns, out);
}

/* After the persons, whose five columns come first. */
static const struct query_column DISPLAY[] = {
    {"screen", QUERY_TEXT},
    {"shows", QUERY_ITEMS},
    {"count", QUERY_U64},
    {"first_at", QUERY_TIME},
    {"last_at", QUERY_TIME},
    {"route", QUERY_TEXT},
    {"method", QUERY_TEXT},
    {"path", QUERY_TEXT},
    {"status", QUERY_U64},
    {"outcome", QUERY_TEXT},
    {"withheld", QUERY_U64}, /* An old row may count several of these. */
    {"cut", QUERY_U64},
    {"delivered", QUERY_U64},
    {"would_have", QUERY_TEXT},
    {"detectors", QUERY_TEXT},
    {"reason", QUERY_TEXT},
    {"strength", QUERY_TEXT},
    {"one_of_two", QUERY_BOOL},
    {"session", QUERY_TEXT},
    {"exchange", QUERY_TEXT},
    {"echoed", QUERY_TEXT},
    {"previous_exchange", QUERY_TEXT},
    {"previous_session", QUERY_TEXT},
    {"upstream", QUERY_TEXT},
    {"upstream_connection", QUERY_U64},
    {"upstream_exchanges", QUERY_U64},
    {"body_size", QUERY_U64},
    {"marker", QUERY_TEXT},
    {"viewer_confirmed", QUERY_BOOL},
    {NULL, QUERY_TEXT},
};

enum { PERSON_COLUMNS = 7 };

static void write_display(struct query *self, struct db_rows *rows, void *context,
                          struct json_write *out)
{
    const bool reveal = *(const bool *)context;
    const struct span none = {0};

    (void)self;
    json_write_member_u64(out, "number", db_u64(rows, 0));
    write_person(out, "viewer", db_text(rows, 1), db_text(rows, 2),
                 reveal ? db_text(rows, 4) : none);
    json_write_member(out, "viewer_is", db_text(rows, 1));
    write_person(out, "subject", SPAN("user"), db_text(rows, 3),
                 reveal ? db_text(rows, 5) : none);
    query_write_columns(rows, PERSON_COLUMNS, DISPLAY, out);
    if (reveal) {
        json_write_member(out, "client_address", db_text(rows, 6));
    }
}

static void write_displays(struct query *self, uint64_t incident, bool reveal,
                           unsigned count_max, struct json_write *out)
{
    struct db_rows *rows = db_query(
        self->db,
        "SELECT seq, viewer_kind, viewer_id, subject_id, viewer, subject, client,"
        " screen, shows, count, first_at, last_at, route, method, path, status, outcome,"
        " withheld, cut, delivered, would_have, detectors, reason, " STRENGTH
        ", one_of_two, session, exchange,"
        " echoed, previous, previous_session, upstream, connection,"
        " connection_exchanges, body_size, marker_class, viewer_confirmed"
        " FROM displays WHERE incident = ? ORDER BY seq LIMIT ?",
        DB_VALUES(DB_U64(incident), DB_U64(count_max)));
    json_write_key(out, "rows");
    query_write_each(self, rows, write_display, &reveal, out);
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
    query_write_columns(rows, 0, INCIDENT, out);
    db_end(rows);
    query_write_figures(self, incident, out);
    write_screens(self, incident, out);
    write_displays(self, incident, reveal, count_max, out);
    json_write_end_object(out);
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

static void write_event(struct query *self, struct db_rows *rows, void *context,
                        struct json_write *out)
{
    static const struct query_column columns[] = {
        {"number", QUERY_U64}, {"type", QUERY_TEXT},    {"at", QUERY_TIME},
        {"about", QUERY_TEXT}, {"incident", QUERY_U64}, {"detail", QUERY_TEXT},
        {NULL, QUERY_TEXT},
    };
    uint64_t *last = context;

    (void)self;
    *last = db_u64(rows, 0);
    query_write_columns(rows, 0, columns, out);
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
    query_write_each(self, rows, write_event, last_out, out);
    return query_end(self, out);
}
