#include "record/query_private.h"

enum err query_alerts(struct query *self, struct json_write *out)
{
    static const struct query_column columns[] = {
        {"alert", QUERY_TEXT},
        {"waiting", QUERY_U64},
        {"delivered", QUERY_U64},
        {"undelivered", QUERY_U64},
        {"oldest_waiting_at", QUERY_TIME},
        {"last_error", QUERY_TEXT},
        {NULL, QUERY_TEXT},
    };

    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT alert, sum(state = 'waiting'), sum(state = 'done'),"
                 " sum(state IN ('given-up', 'stopped')),"
                 " coalesce(min(CASE WHEN state = 'waiting' THEN created_at END), 0),"
                 " coalesce((SELECT error FROM deliveries e WHERE e.alert = d.alert AND"
                 " e.state <> 'done' AND e.tries > 0 ORDER BY e.id DESC LIMIT 1), '')"
                 " FROM deliveries d GROUP BY alert ORDER BY alert",
                 NULL, 0);
    query_write_list(self, rows, columns, out);
    return query_end(self, out);
}

enum err query_deliveries(struct query *self, const struct query_delivery_filter *filter,
                          struct json_write *out)
{
    static const struct query_column columns[] = {
        {"id", QUERY_U64},       {"alert", QUERY_TEXT},   {"message", QUERY_TEXT},
        {"type", QUERY_TEXT},    {"state", QUERY_TEXT},   {"tries", QUERY_U64},
        {"status", QUERY_U64},   {"error", QUERY_TEXT},   {"created_at", QUERY_TIME},
        {"next_at", QUERY_TIME}, {"done_at", QUERY_TIME}, {NULL, QUERY_TEXT},
    };

    db_clear(self->db);
    struct db_rows *rows = db_query(
        self->db,
        "SELECT id, alert, message, type, state, tries, status, error, created_at,"
        " CASE WHEN state = 'waiting' THEN next_at ELSE 0 END, coalesce(done_at, 0)"
        " FROM deliveries WHERE (?1 IS NULL OR state = ?1)"
        " AND (?2 IS NULL OR type = ?2) AND id > ?3 ORDER BY id DESC LIMIT ?4",
        DB_VALUES(filter->state != NULL ? DB_STRING(filter->state) : DB_NULL,
                  filter->type != NULL ? DB_STRING(filter->type) : DB_NULL,
                  DB_U64(filter->after), DB_U64(filter->count_max)));
    query_write_list(self, rows, columns, out);
    return query_end(self, out);
}

enum err query_undelivered(struct query *self, uint64_t id, uint64_t *count_out)
{
    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT count(*) FROM deliveries WHERE state IN ('given-up', 'stopped')"
                 " AND (?1 = 0 OR id = ?1)",
                 DB_VALUES(DB_U64(id)));
    *count_out = db_next(rows) ? db_u64(rows, 0) : 0;
    db_end(rows);
    return query_end(self, NULL);
}

enum err query_last_delivery(struct query *self, uint64_t *id_out)
{
    db_clear(self->db);
    *id_out = db_one_u64(self->db, "SELECT coalesce(max(id), 0) FROM deliveries", 0);
    return query_end(self, NULL);
}

enum err query_arrivals(struct query *self, uint64_t incident, uint64_t after,
                        struct query_arrivals *arrivals_out)
{
    arrivals_out->count = 0;
    db_clear(self->db);
    struct db_rows *rows = db_query(
        self->db,
        "SELECT alert, state, tries, error, coalesce(done_at, 0) FROM deliveries WHERE"
        " type = 'incident.opened' AND id > ?1 AND"
        " json_extract(body, '$.data.incident') = ?2 GROUP BY alert ORDER BY alert"
        " LIMIT ?3",
        DB_VALUES(DB_U64(after), DB_U64(incident), DB_U64(QUERY_ARRIVALS_MAX)));
    while (db_next(rows)) {
        struct query_arrival *arrival = &arrivals_out->items[arrivals_out->count++];
        *arrival = (struct query_arrival){
            .done = span_equal(db_text(rows, 1), SPAN("done")),
            .tries = (unsigned)db_u64(rows, 2),
            .at_ms = db_u64(rows, 4),
        };
        (void)span_copy(db_text(rows, 0), arrival->alert, sizeof(arrival->alert));
        (void)span_copy(db_text(rows, 3), arrival->error, sizeof(arrival->error));
    }
    db_end(rows);
    return query_end(self, NULL);
}

enum err query_open_drill(struct query *self, const char *feature, uint64_t *incident_out)
{
    db_clear(self->db);
    struct db_rows *rows = db_query(self->db,
                                    "SELECT id FROM incidents WHERE closed_at IS NULL AND"
                                    " drill = 1 AND feature = ?",
                                    DB_VALUES(DB_STRING(feature)));
    *incident_out = db_next(rows) ? db_u64(rows, 0) : 0;
    db_end(rows);
    return query_end(self, NULL);
}
