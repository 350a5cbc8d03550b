#include <stdio.h>

#include "record/query_private.h"

enum {
    HOUR_MS = 3600000,
};

static void write_hour(struct query *self, struct db_rows *rows, void *context,
                       struct json_write *out)
{
    uint64_t marked = db_u64(rows, 3);
    uint64_t count = marked + db_u64(rows, 4);
    char ratio[32];

    (void)self;
    (void)context;
    json_write_member_time(out, "hour", db_u64(rows, 0) * HOUR_MS);
    json_write_member(out, "route", db_text(rows, 1));
    json_write_member_bool(out, "required", db_u64(rows, 2) != 0);
    json_write_member_u64(out, "marked", marked);
    json_write_member_u64(out, "unmarked", db_u64(rows, 4));
    json_write_member_u64(out, "uninspected", db_u64(rows, 5));
    json_write_key(out, "ratio");
    if (count == 0) {
        json_write_null(out);
    } else {
        (void)snprintf(ratio, sizeof(ratio), "%.6f", (double)marked / (double)count);
        json_write_raw(out, span_of(ratio));
    }
}

enum err query_coverage(struct query *self, unsigned count_max, struct json_write *out)
{
    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT hour, route, required, marked, unmarked, uninspected FROM"
                 " coverage ORDER BY hour DESC, route LIMIT ?",
                 DB_VALUES(DB_U64(count_max)));
    query_write_each(self, rows, write_hour, NULL, out);
    return query_end(self, out);
}
