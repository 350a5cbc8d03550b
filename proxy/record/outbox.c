#include "record/outbox.h"

#include <stdlib.h>

#include "record/db.h"

struct outbox {
    struct db *db;
};

enum err outbox_open(const struct state_dir *directory, struct outbox **self_out,
                     struct fault *fault_out)
{
    char path[STATE_DIR_PATH_MAX + 64];

    *self_out = NULL;
    struct outbox *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    state_dir_file(directory, "ledger.db", path);
    enum err err = db_open(path, DB_READ, &self->db, fault_out);
    if (err != ERR_NONE) {
        outbox_close(&self);
    }
    *self_out = self;
    return err;
}

void outbox_close(struct outbox **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    db_close(&(*self_p)->db);
    free(*self_p);
    *self_p = NULL;
}

bool outbox_next(struct outbox *self, const struct outbox_filter *filter,
                 struct outbox_item *item_out)
{
    bool found = false;

    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT id, tries, created_at, message, body FROM deliveries"
                 " WHERE alert = ? AND state = 'waiting' AND next_at <= ?"
                 " ORDER BY next_at, id LIMIT 64",
                 DB_VALUES(DB_STRING(filter->alert), DB_U64(filter->now_ms)));
    while (!found && db_next(rows)) {
        item_out->id = db_u64(rows, 0);
        item_out->tries = (unsigned)db_u64(rows, 1);
        if (!filter->skip(filter->context, item_out->id, item_out->tries)) {
            item_out->created_at_ms = db_u64(rows, 2);
            span_copy(db_text(rows, 3), item_out->message, sizeof(item_out->message));
            item_out->body_len =
                span_copy(db_text(rows, 4), item_out->body, sizeof(item_out->body));
            found = true;
        }
    }
    db_end(rows);
    return found;
}

uint64_t outbox_due_at(struct outbox *self, uint64_t after_ms)
{
    db_clear(self->db);
    struct db_rows *rows = db_query(self->db,
                                    "SELECT coalesce(min(next_at), -1) FROM deliveries"
                                    " WHERE state = 'waiting' AND next_at > ?",
                                    DB_VALUES(DB_U64(after_ms)));
    uint64_t at = db_next(rows) ? db_u64(rows, 0) : UINT64_MAX;
    db_end(rows);
    return at;
}

uint64_t outbox_count(struct outbox *self)
{
    db_clear(self->db);
    return db_one_u64(self->db, "SELECT count(*) FROM deliveries WHERE state = 'waiting'",
                      0);
}

void outbox_each_open(struct outbox *self, outbox_open_fn *each, void *context)
{
    bool more = true;

    db_clear(self->db);
    struct db_rows *rows = db_query(
        self->db,
        "SELECT CAST(id AS TEXT), feature, detector, reason, CAST(displays AS TEXT),"
        " opened_at, drill, '' FROM incidents WHERE closed_at IS NULL"
        " UNION ALL SELECT '', name, '', reason, '', at, coalesce((SELECT cause = 'drill'"
        " FROM feature_changes WHERE feature = name ORDER BY seq DESC LIMIT 1), 0), state"
        " FROM features WHERE state <> 'up'",
        NULL, 0);
    while (more && db_next(rows)) {
        const struct outbox_open open = {
            .incident = db_text(rows, 0),
            .feature = db_text(rows, 1),
            .detector = db_text(rows, 2),
            .reason = db_text(rows, 3),
            .displays = db_text(rows, 4),
            .at_ms = db_u64(rows, 5),
            .drill = db_u64(rows, 6) != 0,
            .trial = span_equal(db_text(rows, 7), SPAN("trial")),
        };
        more = each(context, &open);
    }
    db_end(rows);
}
