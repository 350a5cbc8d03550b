/* What is kept besides findings: marks, access evidence, coverage by the hour. */
#include "record/ledger_evidence.h"

#include "base/parse.h"
#include "record/ledger_private.h"

enum {
    MINUTE_MS = 60000,
    HOUR_MS = 3600000,
    SLOT_MS = LEDGER_DOUBT_SLOT_MS,
    TRIM_ROWS = 5000,
};

void ledger_mark(struct ledger *self, const char *who, const char *text, uint64_t at_ms)
{
    db_run(self->db, "INSERT INTO marks(at, who, text) VALUES(?, ?, ?)",
           DB_VALUES(DB_U64(at_ms), DB_STRING(who), DB_STRING(text)));
}

void ledger_take_evidence(struct ledger *self, bool takes)
{
    self->declines_evidence = !takes;
}

/* The last time up to `at` at which an incident began or had just ended: rows of equal
 * ones have none of these between them, and may be added up. */
#define EDGE(at)                                                                         \
    "max(coalesce((SELECT max(opened_at) FROM incidents WHERE opened_at <= " at "), 0)," \
    " coalesce((SELECT max(closed_at) + 1 FROM incidents WHERE closed_at < " at "), 0))"

/* `cut` and `cut_end` of a row from ?1 to ?2; what becomes of one that has the same. */
#define EDGES EDGE("?1") ", " EDGE("?2")
#define ADD_UP                                                                           \
    " DO UPDATE SET count = count + excluded.count,"                                     \
    " first_at = min(first_at, excluded.first_at),"                                      \
    " last_at = max(last_at, excluded.last_at)"

void ledger_add_write(struct ledger *self, const struct journal_write *write)
{
    char session[FINGERPRINT_DIGITS + 1] = "";
    char user[PSEUDONYM_DIGITS + 1];

    if (self->declines_evidence) {
        return;
    }
    format_hex(write->session.bytes, FINGERPRINT_SIZE, session);
    pseudonym_of(&self->pseudonyms, PSEUDONYM_USER, user_span(&write->user), user);
    db_run(self->db,
           "INSERT INTO writes(first_at, last_at, cut, cut_end, minute, session, user_id,"
           " route, screen, method, count) VALUES(?1, ?2, " EDGES ", ?3, ?4, ?5, ?6, ?7,"
           " ?8, ?9) ON CONFLICT(session, minute, user_id, route, method, cut, "
           "cut_end)" ADD_UP,
           DB_VALUES(DB_U64(write->first_at_ms), DB_U64(write->last_at_ms),
                     DB_U64(write->first_at_ms / MINUTE_MS), DB_STRING(session),
                     DB_STRING(user), DB_STRING(write->route), DB_STRING(write->screen),
                     DB_STRING(write->method), DB_U64(write->count)));
}

void ledger_add_doubt(struct ledger *self, const struct journal_doubt *doubt,
                      const char *features)
{
    static const char *const KINDS[] = {
        [JOURNAL_UNINSPECTED] = "uninspected",
        [JOURNAL_UNMARKED] = "unmarked",
    };

    db_run(self->db,
           "INSERT INTO doubts(first_at, last_at, cut, cut_end, slot, route, features,"
           " kind, count) VALUES(?1, ?2, " EDGES ", ?3, ?4, ?5, ?6, ?7)"
           " ON CONFLICT(slot, cut, cut_end, kind, route, features)" ADD_UP,
           DB_VALUES(DB_U64(doubt->first_at_ms), DB_U64(doubt->last_at_ms),
                     DB_U64(doubt->first_at_ms / SLOT_MS), DB_STRING(doubt->route),
                     DB_STRING(features), DB_STRING(KINDS[doubt->kind]),
                     DB_U64(doubt->count)));
}

void ledger_add_hour(struct ledger *self, const struct recorder_hour *hour)
{
    db_run(self->db,
           "INSERT INTO coverage(hour, route, required, marked, unmarked, uninspected)"
           " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(hour, route) DO UPDATE SET"
           " required = max(required, excluded.required),"
           " marked = marked + excluded.marked, unmarked = unmarked + excluded.unmarked,"
           " uninspected = uninspected + excluded.uninspected",
           DB_VALUES(DB_U64(hour->at_ms / HOUR_MS), DB_STRING(hour->route),
                     DB_U64(hour->required), DB_U64(hour->marked), DB_U64(hour->unmarked),
                     DB_U64(hour->uninspected)));
}

uint64_t ledger_size(struct ledger *self)
{
    db_clear(self->db);
    uint64_t pages = db_one_u64(self->db, "PRAGMA page_count", 0);
    uint64_t unused = db_one_u64(self->db, "PRAGMA freelist_count", 0);
    return (pages - unused) * db_one_u64(self->db, "PRAGMA page_size", 0);
}

/* Unsafe requests, then doubts, then events, then alerts that were delivered. */
uint64_t ledger_trim(struct ledger *self)
{
    const struct db_value rows = DB_U64(TRIM_ROWS);

    db_run(self->db,
           "DELETE FROM writes WHERE id IN (SELECT id FROM writes ORDER BY id LIMIT ?)",
           &rows, 1);
    uint64_t count = db_changes(self->db);
    if (count == 0) {
        db_run(self->db,
               "DELETE FROM doubts WHERE id IN (SELECT id FROM doubts ORDER BY id LIMIT"
               " ?)",
               &rows, 1);
        count = db_changes(self->db);
    }
    if (count == 0) {
        db_run(self->db,
               "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT"
               " ?)",
               &rows, 1);
        count = db_changes(self->db);
    }
    if (count == 0) {
        db_run(self->db,
               "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE"
               " state = 'done' ORDER BY id LIMIT ?)",
               &rows, 1);
        count = db_changes(self->db);
    }
    return db_failed(self->db) ? 0 : count;
}

uint64_t ledger_find_expired(struct ledger *self, uint64_t before_ms)
{
    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT id FROM incidents WHERE closed_at < ? AND id NOT IN (SELECT"
                 " incident FROM erasures) ORDER BY id LIMIT 1",
                 DB_VALUES(DB_U64(before_ms)));
    uint64_t incident = db_next(rows) ? db_u64(rows, 0) : 0;
    db_end(rows);
    return incident;
}

void ledger_erase(struct ledger *self, uint64_t incident, uint64_t at_ms)
{
    db_run(self->db,
           "UPDATE displays SET viewer = NULL, subject = NULL, client = '' WHERE"
           " incident = ?",
           DB_VALUES(DB_U64(incident)));
    const struct db_value chained[] = {DB_U64(at_ms), DB_U64(incident),
                                       DB_U64(db_changes(self->db))};
    const struct chain_row row = {
        .table = CHAIN_ERASURES, .chained = chained, .chained_count = 3};
    chain_insert(&self->chain, self->db, &row);
}

void ledger_sweep(struct ledger *self)
{
    db_clear(self->db);
    db_truncate_log(self->db);
    db_clear(self->db);
}

static uint64_t forget(struct ledger *self, const char *sql, uint64_t before)
{
    db_run(self->db, sql, DB_VALUES(DB_U64(before), DB_U64(LEDGER_FORGET_MAX)));
    return db_changes(self->db);
}

/* Incidents that are open, or that were closed since `before_ms`, need theirs longer. */
static uint64_t needed_from(struct ledger *self, uint64_t before_ms)
{
    struct db_rows *rows =
        db_query(self->db,
                 "SELECT min(opened_at) FROM incidents WHERE drill = 0 AND"
                 " (closed_at IS NULL OR closed_at >= ?)",
                 DB_VALUES(DB_U64(before_ms)));
    uint64_t from_ms = before_ms;

    if (db_next(rows) && db_column(rows, 0).kind != DB_KIND_NULL) {
        uint64_t opened_ms = db_u64(rows, 0);
        from_ms = opened_ms > LEDGER_ROW_MS_MAX ? opened_ms - LEDGER_ROW_MS_MAX : 0;
    }
    db_end(rows);
    return from_ms < before_ms ? from_ms : before_ms;
}

/* No index of `writes` begins with a time, but they come in its order. */
bool ledger_forget_evidence(struct ledger *self, uint64_t before_ms)
{
    before_ms = needed_from(self, before_ms);
    uint64_t count = forget(self,
                            "DELETE FROM writes WHERE minute < ?1 AND id IN (SELECT id"
                            " FROM writes ORDER BY id LIMIT ?2)",
                            before_ms / MINUTE_MS);
    count += forget(self,
                    "DELETE FROM doubts WHERE id IN (SELECT id FROM doubts WHERE"
                    " slot < ?1 LIMIT ?2)",
                    before_ms / SLOT_MS);
    count += forget(self,
                    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE"
                    " hour < ?1 LIMIT ?2)",
                    before_ms / HOUR_MS);
    count += forget(self,
                    "DELETE FROM coverage WHERE id IN (SELECT id FROM coverage WHERE"
                    " hour < ?1 LIMIT ?2)",
                    before_ms / HOUR_MS);
    return !db_failed(self->db) && count > 0;
}
