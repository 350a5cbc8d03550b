#include "record/ledger_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "record/db.h"
#include "record/ledger_cross.h"
#include "record/ledger_schema.h"
#include "record/people.h"
#include "record/state_dir.h"

enum {
    ROW_SIZE_MAX = 1024 * 1024,
};

/* Its tables are ours: else every query would fail in its own words. */
static enum err open_ledger(const char *path, struct db **db_out, struct fault *fault_out)
{
    enum { OURS = 1129140811 };

    *db_out = NULL;
    if (access(path, R_OK) != 0) {
        char text[128];
        fault_set(fault_out, "%s: %s", path, fault_errno_text(errno, text, sizeof(text)));
        return ERR_STORAGE;
    }
    enum err err = db_open(path, DB_READ, db_out, fault_out);
    if (err != ERR_NONE) {
        return err;
    }
    uint64_t id = db_one_u64(*db_out, "PRAGMA application_id", 0);
    if (db_failed(*db_out) || id != OURS) {
        fault_set(fault_out, "%s: not a ledger%s%s", path, db_failed(*db_out) ? ": " : "",
                  db_failed(*db_out) ? db_error_text(*db_out) : "");
        db_close(db_out);
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

/* Nothing to compare with where the key is not beside. */
static enum err verify_people(struct db *db, const char *path, bool *done_out,
                              struct fault *fault_out)
{
    char directory[STATE_DIR_PATH_MAX];
    uint8_t key[FINGERPRINT_KEY_SIZE];
    struct secret_mac pseudonyms;
    const char *slash = strrchr(path, '/');
    int len = slash != NULL ? (int)(slash - path) : 1;

    *done_out = false;
    int written =
        snprintf(directory, sizeof(directory), "%.*s", len, slash != NULL ? path : ".");
    if (written < 0 || (size_t)written >= sizeof(directory) ||
        state_dir_peek(directory, key) != ERR_NONE) {
        return ERR_NONE;
    }
    secret_mac_start(&pseudonyms, (struct span){.ptr = key, .len = sizeof(key)});
    secret_wipe(key, sizeof(key));
    enum err err = people_verify(db, &pseudonyms, fault_out);
    *done_out = err == ERR_NONE && !db_failed(db);
    secret_wipe(&pseudonyms, sizeof(pseudonyms));
    return err;
}

enum err ledger_file_verify(const char *path, chain_progress *progress,
                            struct ledger_file_chain *out, struct fault *fault_out)
{
    struct db *db = NULL;
    struct chain chain;

    *out = (struct ledger_file_chain){0};
    enum err err = open_ledger(path, &db, fault_out);
    if (err != ERR_NONE) {
        return err;
    }
    err = chain_verify(db, progress, &chain, fault_out);
    out->rows = chain.seq;
    if (err == ERR_NONE) {
        err = ledger_cross_verify(db, fault_out);
    }
    if (err == ERR_NONE) {
        err = verify_people(db, path, &out->people, fault_out);
    }
    memcpy(out->head, chain.head, sizeof(out->head));
    db_close(&db);
    return err;
}

enum err ledger_file_backup(const char *path, const char *target,
                            void (*progress)(unsigned percent), struct fault *fault_out)
{
    struct db *db = NULL;

    if (access(target, F_OK) == 0) {
        fault_set(fault_out, "%s: exists already", target);
        return ERR_STORAGE;
    }
    enum err err = open_ledger(path, &db, fault_out);
    if (err != ERR_NONE) {
        return err;
    }
    err = db_copy(db, target, progress, fault_out);
    db_close(&db);
    if (err != ERR_NONE) {
        (void)unlink(target);
    }
    return err;
}

/* Values of people; their keyed hashes stand beside them. */
static bool is_value(const char *column)
{
    return strcmp(column, "viewer") == 0 || strcmp(column, "subject") == 0 ||
           strcmp(column, "client") == 0;
}

static void write_row(struct db_rows *rows, const char *table, struct json_write *json)
{
    json_write_reset(json);
    json_write_begin_object(json);
    json_write_member(json, "table", span_of(table));
    for (int i = 0; i < db_column_count(rows); i++) {
        const char *name = db_column_name(rows, i);
        struct db_value value = db_column(rows, i);
        if (is_value(name)) {
            continue;
        }
        json_write_key(json, name);
        if (value.kind == DB_KIND_U64) {
            json_write_u64(json, value.number);
        } else if (value.kind == DB_KIND_TEXT) {
            json_write_text(json, value.text);
        } else {
            json_write_null(json);
        }
    }
    json_write_end_object(json);
}

static bool print_rows(struct db_rows *rows, const char *table, struct json_write *json,
                       FILE *file)
{
    while (db_next(rows)) {
        write_row(rows, table, json);
        struct span line = json_write_result(json);
        if (line.len == 0 || fwrite(line.ptr, 1, line.len, file) != line.len ||
            fputc('\n', file) == EOF) {
            db_end(rows);
            return false;
        }
    }
    return true;
}

/* Addresses of clients stand in events by value and are left out. */
static const struct {
    const char *table;
    const char *sql;
    unsigned since; /* Version of the schema; 0: the first. */
} TABLES[] = {
    {"incidents", "SELECT * FROM incidents ORDER BY id", 0},
    {"displays", "SELECT * FROM displays ORDER BY id", 0},
    {"closings", "SELECT * FROM closings ORDER BY id", 0},
    {"feature_changes", "SELECT * FROM feature_changes ORDER BY id", 0},
    {"config_changes", "SELECT * FROM config_changes ORDER BY id", 0},
    {"accesses",
     "SELECT id, at, who, " LEDGER_ACCESSES_WHAT " AS what FROM accesses ORDER BY id", 0},
    {"events",
     "SELECT id, hour, detector, reason, outcome, route, screen, session,"
     " first_at, last_at, count, method, path, status, exchange, previous,"
     " upstream, connection FROM events ORDER BY id",
     0},
    {"marks", "SELECT * FROM marks ORDER BY id", 3},
    {"erasures", "SELECT * FROM erasures ORDER BY id", 3},
    {"coverage", "SELECT * FROM coverage ORDER BY id", 3},
    {"writes", "SELECT * FROM writes ORDER BY id", 3},
    {"doubts", "SELECT * FROM doubts ORDER BY id", 6},
    {"chain_head", "SELECT * FROM chain_head ORDER BY id", 0},
};

enum {
    TABLE_COUNT = sizeof(TABLES) / sizeof(*TABLES),
};

enum err ledger_file_export(const char *path, FILE *file, struct fault *fault_out)
{
    struct db *db = NULL;
    struct json_write json;
    bool written = true;

    enum err err = open_ledger(path, &db, fault_out);
    if (err != ERR_NONE) {
        return err;
    }
    json_write_init(&json, ROW_SIZE_MAX);
    db_run(db, "BEGIN", NULL, 0);
    uint64_t version = db_one_u64(db, "PRAGMA user_version", 0);
    for (int i = 0; written && i < TABLE_COUNT; i++) {
        if (TABLES[i].since > version) {
            continue;
        }
        written = print_rows(db_query(db, TABLES[i].sql, NULL, 0), TABLES[i].table, &json,
                             file);
    }
    if (db_failed(db)) {
        fault_set(fault_out, "%s: %s", path, db_error_text(db));
        err = ERR_STORAGE;
    } else if (!written || fflush(file) != 0) {
        fault_set(fault_out, "the rows cannot be written");
        err = ERR_SYSTEM;
    }
    json_write_free(&json);
    db_close(&db);
    return err;
}
