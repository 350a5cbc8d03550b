/* What was changed, by whom and why: of us, of the site, of features; who saw values. */
#include "record/ledger_schema.h"
#include "record/query_private.h"

struct part {
    const char *key;
    const char *statement;
    const struct query_column *columns;
};

#define COLUMNS(...)                                                                     \
    (const struct query_column[])                                                        \
    {                                                                                    \
        __VA_ARGS__,                                                                     \
        {                                                                                \
            NULL, QUERY_TEXT                                                             \
        }                                                                                \
    }

static const struct part PARTS[] = {
    {"config",
     "SELECT at, hash, who, summary FROM config_changes ORDER BY id DESC LIMIT ?",
     COLUMNS({"at", QUERY_TIME}, {"hash", QUERY_TEXT}, {"who", QUERY_TEXT},
             {"summary", QUERY_TEXT})},
    {"marks", "SELECT at, who, text FROM marks ORDER BY id DESC LIMIT ?",
     COLUMNS({"at", QUERY_TIME}, {"who", QUERY_TEXT}, {"text", QUERY_TEXT})},
    {"features",
     "SELECT at, feature, state, who, reason, cause FROM feature_changes"
     " ORDER BY seq DESC LIMIT ?",
     COLUMNS({"at", QUERY_TIME}, {"feature", QUERY_TEXT}, {"state", QUERY_TEXT},
             {"who", QUERY_TEXT}, {"reason", QUERY_TEXT}, {"cause", QUERY_TEXT})},
    {"accesses",
     "SELECT at, who, " LEDGER_ACCESSES_WHAT " FROM accesses ORDER BY id DESC LIMIT ?",
     COLUMNS({"at", QUERY_TIME}, {"who", QUERY_TEXT}, {"what", QUERY_TEXT})},
};

enum err query_changes(struct query *self, unsigned count_max, struct json_write *out)
{
    db_clear(self->db);
    json_write_begin_object(out);
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        const struct part *part = &PARTS[i];
        struct db_rows *rows =
            db_query(self->db, part->statement, DB_VALUES(DB_U64(count_max)));
        json_write_key(out, part->key);
        query_write_list(self, rows, part->columns, out);
    }
    json_write_end_object(out);
    return query_end(self, out);
}

enum err query_last_event(struct query *self, uint64_t *last_out)
{
    db_clear(self->db);
    *last_out = db_one_u64(
        self->db, "SELECT coalesce((SELECT number FROM chain_head WHERE id = 1), 0)", 0);
    return query_end(self, NULL);
}
