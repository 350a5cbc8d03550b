#include "record/chain.h"

#include <string.h>

#include "base/parse.h"
#include "base/secret.h"

enum {
    VALUES_MAX = 64,
};

#define INCIDENT_COLUMNS "id, opened_at, feature, drill, detector, reason, strong"
#define DISPLAY_COLUMNS                                                                  \
    "incident, first_at, viewer_kind, viewer_id, viewer_confirmed, subject_id, screen, " \
    "shows, route, method, path, status, outcome, detector, detectors, reason, strong, " \
    "one_of_two, drill, session, client_address, exchange, echoed, previous, "           \
    "previous_session, upstream, connection, connection_exchanges, body_size, "          \
    "marker_class"
#define CLOSING_COLUMNS "incident, at, who, reason"
#define ERASURE_COLUMNS "at, incident, displays"
#define CHANGE_COLUMNS  "at, feature, state, who, reason, cause, anyway, incident"

#define MARKS_3  "?, ?, ?"
#define MARKS_4  "?, ?, ?, ?"
#define MARKS_7  MARKS_4 ", ?, ?, ?"
#define MARKS_8  MARKS_4 ", " MARKS_4
#define MARKS_30 MARKS_8 ", " MARKS_8 ", " MARKS_8 ", " MARKS_4 ", ?, ?"

struct table {
    const char *name;
    unsigned chained; /* Columns of the hash, without seq. */
    const char *insert;
    const char *select; /* seq, hash, chained columns. */
};

// NOLINTBEGIN(bugprone-macro-parentheses): literals that are joined.
#define TABLE(name_, chained_, columns, marks, more, more_marks)                         \
    {                                                                                    \
        .name = name_, .chained = (chained_),                                            \
        .insert = "INSERT INTO " name_ "(seq, hash, " columns more                       \
                  ") VALUES(?, ?, " marks more_marks ")",                                \
        .select = "SELECT seq, hash, " columns " FROM " name_ " ORDER BY seq",           \
    }

// NOLINTEND(bugprone-macro-parentheses)

static const struct table TABLES[CHAIN_TABLE_COUNT] = {
    [CHAIN_INCIDENTS] =
        TABLE("incidents", 7, INCIDENT_COLUMNS, MARKS_7, ", last_at", ", ?"),
    [CHAIN_DISPLAYS] =
        TABLE("displays", 30, DISPLAY_COLUMNS, MARKS_30,
              ", viewer, subject, last_at, withheld, cut, delivered, strong_count,"
              " would_have, client, responses",
              ", ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"),
    [CHAIN_CLOSINGS] = TABLE("closings", 4, CLOSING_COLUMNS, MARKS_4, "", ""),
    [CHAIN_ERASURES] = TABLE("erasures", 3, ERASURE_COLUMNS, MARKS_3, "", ""),
    [CHAIN_CHANGES] = TABLE("feature_changes", 8, CHANGE_COLUMNS, MARKS_8, "", ""),
};

static void add_u64(struct secret_hash *hash, uint64_t value)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    }
    secret_hash_add(hash, (struct span){.ptr = bytes, .len = sizeof(bytes)});
}

static void add_value(struct secret_hash *hash, const struct db_value *value)
{
    switch (value->kind) {
    case DB_KIND_NULL:
        secret_hash_add(hash, SPAN("n"));
        return;
    case DB_KIND_U64:
        secret_hash_add(hash, SPAN("i"));
        add_u64(hash, value->number);
        return;
    case DB_KIND_TEXT:
        secret_hash_add(hash, SPAN("t"));
        add_u64(hash, value->text.len);
        secret_hash_add(hash, value->text);
        return;
    }
    UNREACHABLE();
}

/* The state after the row that follows `self`. */
static struct chain follow(const struct chain *self, const char *table,
                           const struct db_value *values, size_t count)
{
    struct secret_hash hash;
    uint8_t digest[SECRET_DIGEST_SIZE];
    struct chain next = {.seq = self->seq + 1};

    secret_hash_start(&hash);
    secret_hash_add(&hash, span_of(self->head));
    secret_hash_add(&hash, span_of(table));
    add_u64(&hash, next.seq);
    for (size_t i = 0; i < count; i++) {
        add_value(&hash, &values[i]);
    }
    secret_hash_end(&hash, digest);
    format_hex(digest, sizeof(digest), next.head);
    next.head[CHAIN_HASH_DIGITS] = '\0';
    return next;
}

void chain_load(struct chain *self, struct db *db)
{
    *self = (struct chain){0};
    struct db_rows *rows =
        db_query(db, "SELECT number, head FROM chain_head WHERE id = 1", NULL, 0);
    if (db_next(rows)) {
        self->seq = db_u64(rows, 0);
        span_copy(db_text(rows, 1), self->head, sizeof(self->head));
    }
    db_end(rows);
}

void chain_insert(struct chain *self, struct db *db, const struct chain_row *row)
{
    const struct table *table = &TABLES[row->table];
    size_t count = row->chained_count;
    struct db_value values[VALUES_MAX];
    CHECK(count == table->chained && count + row->more_count + 2 <= VALUES_MAX);

    struct chain next = follow(self, table->name, row->chained, count);
    values[0] = DB_U64(next.seq);
    values[1] = DB_STRING(next.head);
    memcpy(values + 2, row->chained, count * sizeof(*values));
    if (row->more_count > 0) {
        memcpy(values + 2 + count, row->more, row->more_count * sizeof(*values));
    }
    db_run(db, table->insert, values, 2 + count + row->more_count);
    db_run(db, "INSERT OR REPLACE INTO chain_head(id, number, head) VALUES(1, ?, ?)",
           DB_VALUES(DB_U64(next.seq), DB_STRING(next.head)));
    *self = next;
}

/* A cursor over one table, on the next row that was not looked at. */
struct cursor {
    const struct table *table;
    struct db_rows *rows;
    bool more;
};

static bool check_row(struct cursor *cursor, struct chain *state)
{
    struct db_value values[VALUES_MAX];

    for (unsigned i = 0; i < cursor->table->chained; i++) {
        values[i] = db_column(cursor->rows, (int)i + 2);
    }
    struct chain next =
        follow(state, cursor->table->name, values, cursor->table->chained);
    bool same = span_equal(db_text(cursor->rows, 1), span_of(next.head));
    *state = next;
    return same;
}

static struct cursor *find_next(struct cursor *cursors, uint64_t seq)
{
    for (int i = 0; i < CHAIN_TABLE_COUNT; i++) {
        if (cursors[i].more && db_u64(cursors[i].rows, 0) == seq) {
            return &cursors[i];
        }
    }
    return NULL;
}

static bool any_left(const struct cursor *cursors)
{
    for (int i = 0; i < CHAIN_TABLE_COUNT; i++) {
        if (cursors[i].more) {
            return true;
        }
    }
    return false;
}

/* Percent of the rows, each once. */
static void tell_progress(chain_progress *progress, uint64_t row, uint64_t rows)
{
    if (progress != NULL && row <= rows && row * 100 / rows != (row - 1) * 100 / rows) {
        progress((unsigned)(row * 100 / rows));
    }
}

static enum err walk(struct cursor *cursors, const struct chain *expected,
                     chain_progress *progress, struct chain *state,
                     struct fault *fault_out)
{
    while (state->seq < expected->seq || any_left(cursors)) {
        struct cursor *cursor = find_next(cursors, state->seq + 1);
        if (cursor == NULL) {
            fault_set(fault_out, "row %llu of the chain is missing, or one was added",
                      (unsigned long long)state->seq + 1);
            return ERR_SYNTAX;
        }
        if (!check_row(cursor, state)) {
            fault_set(fault_out, "row %llu of the chain (in %s) was changed",
                      (unsigned long long)state->seq, cursor->table->name);
            return ERR_SYNTAX;
        }
        cursor->more = db_next(cursor->rows);
        tell_progress(progress, state->seq, expected->seq);
    }
    if (strcmp(state->head, expected->head) != 0) {
        fault_set(fault_out, "the head of the chain does not fit its last row");
        return ERR_SYNTAX;
    }
    return ERR_NONE;
}

enum err chain_verify(struct db *db, chain_progress *progress, struct chain *verified_out,
                      struct fault *fault_out)
{
    struct cursor cursors[CHAIN_TABLE_COUNT];
    struct chain expected;
    struct chain state = {0};

    db_run(db, "BEGIN", NULL, 0);
    chain_load(&expected, db);
    bool old = db_one_u64(db, "PRAGMA user_version", 0) < 3;
    for (int i = 0; i < CHAIN_TABLE_COUNT; i++) {
        cursors[i] = (struct cursor){.table = &TABLES[i]};
        if (old && i == CHAIN_ERASURES) {
            continue; /* Nothing was erased then. */
        }
        cursors[i].rows = db_query(db, TABLES[i].select, NULL, 0);
        cursors[i].more = db_next(cursors[i].rows);
    }
    enum err err = ERR_STORAGE;
    if (!db_failed(db)) {
        err = walk(cursors, &expected, progress, &state, fault_out);
    }
    for (int i = 0; i < CHAIN_TABLE_COUNT; i++) {
        db_end(cursors[i].rows);
    }
    if (db_failed(db)) {
        fault_set(fault_out, "the ledger cannot be read: %s", db_error_text(db));
        err = ERR_STORAGE;
    }
    db_rollback(db);
    db_clear(db);
    if (err != ERR_NONE && state.seq > 0) {
        state.seq--;
        state.head[0] = '\0';
    }
    *verified_out = state;
    return err;
}
