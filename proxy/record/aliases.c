#include "record/aliases.h"

#include <stdlib.h>

#include "base/parse.h"
#include "record/db.h"

enum {
    ROWS_MAX = 256, /* A batch: short enough not to delay a refusal. */
};

struct aliases {
    struct db *db;
    size_t count;
    struct memo_row rows[ROWS_MAX]; /* Drained, not yet written. */
};

static const char SCHEMA[] =
    "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216;"
    "PRAGMA secure_delete = ON;"
    "CREATE TABLE IF NOT EXISTS aliases(login TEXT PRIMARY KEY, marker TEXT NOT NULL,"
    " logins INTEGER NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

static enum err prepare(struct aliases *self, const char *path, struct fault *fault_out)
{
    uint64_t version = db_one_u64(self->db, "PRAGMA user_version", 0);
    if (version <= 1) {
        db_script(self->db, SCHEMA);
    }
    if (db_failed(self->db) || version > 1) {
        fault_set(fault_out,
                  "%s: damaged or of a newer version (%s); remove this one file to start "
                  "without aliases: they are learned again at two logins",
                  path, db_error_text(self->db));
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

enum err aliases_open(const struct state_dir *directory, struct aliases **self_out,
                      struct fault *fault_out)
{
    char path[STATE_DIR_PATH_MAX + 64];

    *self_out = NULL;
    struct aliases *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    state_dir_file(directory, "aliases.db", path);
    enum err err = db_open(path, DB_WRITE_NEW, &self->db, fault_out);
    if (err == ERR_NONE) {
        err = prepare(self, path, fault_out);
    }
    if (err != ERR_NONE) {
        aliases_close(&self);
    }
    *self_out = self;
    return err;
}

void aliases_close(struct aliases **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    db_close(&(*self_p)->db);
    free(*self_p);
    *self_p = NULL;
}

static void store(struct aliases *self, const struct memo_row *row, uint64_t wall_ms)
{
    char login[FINGERPRINT_DIGITS];
    char marker[FINGERPRINT_DIGITS];

    format_hex(row->key.bytes, FINGERPRINT_SIZE, login);
    format_hex(row->value.bytes, FINGERPRINT_SIZE, marker);
    struct span key = {.ptr = (const uint8_t *)login, .len = sizeof(login)};
    struct span value = {.ptr = (const uint8_t *)marker, .len = sizeof(marker)};
    if (row->removed) {
        db_run(self->db, "DELETE FROM aliases WHERE login = ?", DB_VALUES(DB_TEXT(key)));
        return;
    }
    uint64_t used_at = wall_ms > row->idle_for_ms ? wall_ms - row->idle_for_ms : 0;
    db_run(self->db,
           "INSERT OR REPLACE INTO aliases(login, marker, logins, used_at)"
           " VALUES(?, ?, ?, ?)",
           DB_VALUES(DB_TEXT(key), DB_TEXT(value), DB_U64(row->count), DB_U64(used_at)));
}

static void on_row(void *context, const struct memo_row *row)
{
    struct aliases *self = context;
    if (self->count < ROWS_MAX) {
        self->rows[self->count++] = *row;
    }
}

enum err aliases_save(struct aliases *self, struct memo *memo, uint64_t now_ms,
                      uint64_t wall_ms, bool *more_out)
{
    *more_out = false;
    if (self->count == 0) {
        (void)memo_drain(memo, now_ms, ROWS_MAX, on_row, self);
    }
    if (self->count == 0) {
        return ERR_NONE;
    }
    db_begin(self->db, false);
    for (size_t i = 0; i < self->count; i++) {
        store(self, &self->rows[i], wall_ms);
    }
    enum err err = db_commit(self->db);
    if (err == ERR_NONE) {
        *more_out = self->count == ROWS_MAX;
        self->count = 0;
    }
    return err;
}

/* False: not a row of ours. */
static bool read_row(struct db_rows *rows, uint64_t wall_ms, struct memo_row *row_out)
{
    uint64_t used_at = db_u64(rows, 3);

    *row_out = (struct memo_row){
        .count = (unsigned)db_u64(rows, 2),
        .idle_for_ms = wall_ms > used_at ? wall_ms - used_at : 0,
    };
    return parse_hex(db_text(rows, 0), row_out->key.bytes, FINGERPRINT_SIZE) ==
               ERR_NONE &&
           parse_hex(db_text(rows, 1), row_out->value.bytes, FINGERPRINT_SIZE) ==
               ERR_NONE;
}

uint64_t aliases_load(struct aliases *self, struct memo *memo, uint64_t now_ms,
                      uint64_t wall_ms)
{
    struct memo_row row;
    uint64_t count = 0;
    uint64_t kept_from = wall_ms > memo_idle_ms(memo) ? wall_ms - memo_idle_ms(memo) : 0;

    db_clear(self->db);
    db_begin(self->db, false);
    db_run(self->db, "DELETE FROM aliases WHERE used_at < ?",
           DB_VALUES(DB_U64(kept_from)));
    if (db_commit(self->db) != ERR_NONE) {
        db_clear(self->db); /* They are too old to be put back all the same. */
    }
    struct db_rows *rows = db_query(self->db,
                                    "SELECT login, marker, logins, used_at FROM aliases"
                                    " ORDER BY used_at",
                                    NULL, 0);
    while (db_next(rows)) {
        if (read_row(rows, wall_ms, &row) && memo_restore(memo, &row, now_ms)) {
            count++;
        }
    }
    return count;
}
