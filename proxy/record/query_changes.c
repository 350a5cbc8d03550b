/* What was changed, by whom and why: of us, of the site, of features; who saw values. */
#include "record/query_private.h"

enum {
    TEXTS_MAX = 5,
};

/* One array: the statement's first column is `at`, the others are these members. */
struct part {
    const char *key;
    const char *statement;
    const char *names[TEXTS_MAX + 1];
};

static const struct part PARTS[] = {
    {"config",
     "SELECT at, hash, who, summary FROM config_changes ORDER BY id DESC LIMIT ?",
     {"hash", "who", "summary"}},
    {"marks",
     "SELECT at, who, text FROM marks ORDER BY id DESC LIMIT ?",
     {"who", "text"}},
    {"features",
     "SELECT at, feature, state, who, reason, cause FROM feature_changes ORDER BY seq "
     "DESC"
     " LIMIT ?",
     {"feature", "state", "who", "reason", "cause"}},
    /* A login name is a value that only operators ask for. */
    {"accesses",
     "SELECT at, who, CASE WHEN what LIKE 'alias of the login %' THEN 'an alias "
     "forgotten'"
     " ELSE what END FROM accesses ORDER BY id DESC LIMIT ?",
     {"who", "what"}},
};

static void write_part(struct query *self, const struct part *part, unsigned count_max,
                       struct json_write *out)
{
    struct db_rows *rows =
        db_query(self->db, part->statement, DB_VALUES(DB_U64(count_max)));

    json_write_key(out, part->key);
    json_write_begin_array(out);
    while (db_next(rows)) {
        json_write_begin_object(out);
        json_write_member_time(out, "at", db_u64(rows, 0));
        for (int i = 0; part->names[i] != NULL; i++) {
            json_write_member(out, part->names[i], db_text(rows, i + 1));
        }
        json_write_end_object(out);
    }
    json_write_end_array(out);
}

enum err query_changes(struct query *self, unsigned count_max, struct json_write *out)
{
    db_clear(self->db);
    json_write_begin_object(out);
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        write_part(self, &PARTS[i], count_max, out);
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
