#include "record/ledger_schema.h"

enum {
    QUICK_CHECK_PAGES_MAX = 65536, /* 256 MiB: longer checks would delay the start. */
};

/* Script N leads from version N to N + 1. */
static const char *const STEPS[] = {
    "PRAGMA application_id = 1129140811;"
    "CREATE TABLE chain_head(id INTEGER PRIMARY KEY, number INTEGER NOT NULL,"
    " head TEXT NOT NULL);"

    /* Rewritten while the ledger fails, to learn whether there is room again. */
    "CREATE TABLE probe(id INTEGER PRIMARY KEY, filler NOT NULL);"
    "INSERT INTO probe(id, filler) VALUES(1, zeroblob(65536));"

    "CREATE TABLE incidents(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,"
    " hash TEXT NOT NULL, opened_at INTEGER NOT NULL, feature TEXT NOT NULL,"
    " drill INTEGER NOT NULL, detector TEXT NOT NULL, reason TEXT NOT NULL,"
    " strong INTEGER NOT NULL, last_at INTEGER NOT NULL,"
    " displays INTEGER NOT NULL DEFAULT 0, notified INTEGER NOT NULL DEFAULT 0,"
    " notified_at INTEGER NOT NULL DEFAULT 0, closed_at INTEGER, closed_by TEXT,"
    " closed_reason TEXT);"
    "CREATE UNIQUE INDEX incidents_open ON incidents(feature, drill)"
    " WHERE closed_at IS NULL;"

    "CREATE TABLE displays(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,"
    " hash TEXT NOT NULL, incident INTEGER NOT NULL REFERENCES incidents(id),"
    " first_at INTEGER NOT NULL, viewer_kind TEXT NOT NULL, viewer_id TEXT NOT NULL,"
    " viewer_confirmed INTEGER NOT NULL, subject_id TEXT NOT NULL, screen NOT NULL,"
    " shows NOT NULL, route NOT NULL, method NOT NULL, path NOT NULL,"
    " status INTEGER NOT NULL, outcome TEXT NOT NULL, detector TEXT NOT NULL,"
    " detectors TEXT NOT NULL, reason NOT NULL, strong INTEGER NOT NULL,"
    " one_of_two INTEGER NOT NULL, drill INTEGER NOT NULL, session TEXT NOT NULL,"
    " client_address NOT NULL, exchange TEXT NOT NULL, echoed NOT NULL,"
    " previous NOT NULL, previous_session NOT NULL, upstream NOT NULL,"
    " connection INTEGER NOT NULL, connection_exchanges INTEGER NOT NULL,"
    " body_size INTEGER NOT NULL, marker_class NOT NULL, viewer, subject,"
    " last_at INTEGER NOT NULL, count INTEGER NOT NULL DEFAULT 1,"
    " withheld INTEGER NOT NULL, cut INTEGER NOT NULL, delivered INTEGER NOT NULL,"
    " strong_count INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX displays_once ON displays(incident, viewer_id, subject_id,"
    " screen, one_of_two);"

    "CREATE TABLE closings(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,"
    " hash TEXT NOT NULL, incident INTEGER NOT NULL, at INTEGER NOT NULL,"
    " who NOT NULL, reason NOT NULL);"

    "CREATE TABLE feature_changes(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,"
    " hash TEXT NOT NULL, at INTEGER NOT NULL, feature TEXT NOT NULL,"
    " state TEXT NOT NULL, who NOT NULL, reason NOT NULL, cause TEXT NOT NULL,"
    " anyway INTEGER NOT NULL, incident INTEGER NOT NULL);"

    "CREATE TABLE features(name TEXT PRIMARY KEY, state TEXT NOT NULL,"
    " at INTEGER NOT NULL, who NOT NULL, reason NOT NULL, incident INTEGER NOT NULL);"

    "CREATE TABLE config_changes(id INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
    " hash NOT NULL, who NOT NULL, summary NOT NULL);"
    "CREATE TABLE accesses(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who NOT NULL,"
    " what NOT NULL);"

    "CREATE TABLE events(id INTEGER PRIMARY KEY, hour INTEGER NOT NULL,"
    " detector TEXT NOT NULL, reason NOT NULL, outcome TEXT NOT NULL, route NOT NULL,"
    " screen NOT NULL, session TEXT NOT NULL, first_at INTEGER NOT NULL,"
    " last_at INTEGER NOT NULL, count INTEGER NOT NULL DEFAULT 1, method NOT NULL,"
    " path NOT NULL, status INTEGER NOT NULL, exchange TEXT NOT NULL,"
    " previous NOT NULL, upstream NOT NULL, connection INTEGER NOT NULL,"
    " client_address NOT NULL);"
    "CREATE UNIQUE INDEX events_once ON events(hour, detector, reason, outcome, route,"
    " screen, session);"

    "CREATE TABLE deliveries(id INTEGER PRIMARY KEY, alert TEXT NOT NULL,"
    " message TEXT NOT NULL, type TEXT NOT NULL, body NOT NULL,"
    " created_at INTEGER NOT NULL, next_at INTEGER NOT NULL,"
    " tries INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting',"
    " status INTEGER NOT NULL DEFAULT 0, error NOT NULL DEFAULT '', done_at INTEGER);"
    "CREATE INDEX deliveries_due ON deliveries(alert, next_at) WHERE state = 'waiting';",

    /* Whose bytes strayed; what would have been done where nothing is enforced. */
    "ALTER TABLE events ADD COLUMN subject_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE events ADD COLUMN echoed TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE events ADD COLUMN would_have TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE displays ADD COLUMN would_have TEXT NOT NULL DEFAULT '';"
    "DROP INDEX events_once;"
    "CREATE UNIQUE INDEX events_once ON events(hour, detector, reason, outcome, route,"
    " screen, session, subject_id, would_have);",

    /* What operators say has changed outside of us. */
    "CREATE TABLE marks(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who NOT NULL,"
    " text NOT NULL);"

    /* Access evidence: goes first when there is no room. */
    "CREATE TABLE writes(id INTEGER PRIMARY KEY, minute INTEGER NOT NULL,"
    " session TEXT NOT NULL, user_id TEXT NOT NULL, route NOT NULL, screen NOT NULL,"
    " method NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
    " count INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX writes_once ON writes(session, minute, user_id, route, method);"
    "CREATE INDEX writes_user ON writes(user_id, minute);"

    "CREATE TABLE coverage(id INTEGER PRIMARY KEY, hour INTEGER NOT NULL,"
    " route NOT NULL, required INTEGER NOT NULL, marked INTEGER NOT NULL,"
    " unmarked INTEGER NOT NULL, uninspected INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX coverage_once ON coverage(hour, route);"

    "CREATE TABLE erasures(id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE,"
    " hash TEXT NOT NULL, at INTEGER NOT NULL, incident INTEGER NOT NULL,"
    " displays INTEGER NOT NULL);"

    /* The viewer's address, to be erased; `client_address` is its keyed hash. */
    "ALTER TABLE displays ADD COLUMN client NOT NULL DEFAULT '';",

    /* One person marked in two classes on one screen is two rows: each class has its own
     * figures. */
    "DROP INDEX displays_once;"
    "CREATE UNIQUE INDEX displays_once ON displays(incident, viewer_id, subject_id,"
    " screen, one_of_two, marker_class);",

    /* What left and what was withheld are rows apart: the chained outcome is that of
     * every display that a row counts. A row of before may have counts of several
     * outcomes. */
    "DROP INDEX displays_once;"
    "CREATE UNIQUE INDEX displays_once ON displays(incident, viewer_id, subject_id,"
    " screen, one_of_two, marker_class, outcome);",

    /* Rows of access evidence end where an incident begins or ends: `cut` is the last
     * such time that is not after the row's first, `cut_end` not after its last. What an
     * older version counted by the hour is doubted for every feature ("*"). */
    "CREATE INDEX incidents_opened ON incidents(opened_at);"
    "CREATE INDEX incidents_closed ON incidents(closed_at);"
    "ALTER TABLE writes ADD COLUMN cut INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE writes ADD COLUMN cut_end INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX writes_once;"
    "CREATE UNIQUE INDEX writes_once ON writes(session, minute, user_id, route, method,"
    " cut, cut_end);"
    "CREATE TABLE doubts(id INTEGER PRIMARY KEY, slot INTEGER NOT NULL,"
    " route NOT NULL, features NOT NULL, kind TEXT NOT NULL,"
    " first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, count INTEGER NOT NULL,"
    " cut INTEGER NOT NULL, cut_end INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX doubts_once ON doubts(slot, cut, cut_end, kind, route,"
    " features);"
    "INSERT INTO doubts(slot, route, features, kind, first_at, last_at, count, cut,"
    " cut_end) SELECT hour * 6, route, '*', 'uninspected', hour * 3600000,"
    " hour * 3600000 + 3599999, uninspected, 0, 0 FROM coverage WHERE required = 1 AND"
    " uninspected > 0;"
    "INSERT INTO doubts(slot, route, features, kind, first_at, last_at, count, cut,"
    " cut_end) SELECT hour * 6, route, '*', 'unmarked', hour * 3600000,"
    " hour * 3600000 + 3599999, unmarked, 0, 0 FROM coverage WHERE required = 1 AND"
    " unmarked > 0;",

    /* In how many of its displays the subject stands for the whole response: of a page
     * with several subjects the first does. Before, each counted as a response. */
    ("ALTER TABLE displays ADD COLUMN responses INTEGER NOT NULL DEFAULT 0;"
     "UPDATE displays SET responses = count;"),
};

enum {
    VERSION = sizeof(STEPS) / sizeof(*STEPS),
};

uint64_t ledger_schema_version(void)
{
    return VERSION;
}

static enum err damaged(const char *reason, const char *path, struct fault *fault_out)
{
    fault_set(fault_out,
              "%s: the ledger is damaged or not a ledger (%s); restore it from a backup, "
              "or move the whole state directory aside to begin a new one. It is the "
              "evidence of past incidents: keep it. Features that were down are up in a "
              "new one",
              path, reason);
    return ERR_STORAGE;
}

static bool passes_quick_check(struct db *db)
{
    if (db_one_u64(db, "PRAGMA page_count", 0) > QUICK_CHECK_PAGES_MAX) {
        return true;
    }
    struct db_rows *rows = db_query(db, "PRAGMA quick_check(1)", NULL, 0);
    bool passes = db_next(rows) && span_equal(db_text(rows, 0), SPAN("ok"));
    db_end(rows);
    return passes && !db_failed(db);
}

static enum err migrate(struct db *db, uint64_t version, const char *path,
                        struct fault *fault_out)
{
    static const char *const numbers[] = {
        "PRAGMA user_version = 1", "PRAGMA user_version = 2", "PRAGMA user_version = 3",
        "PRAGMA user_version = 4", "PRAGMA user_version = 5", "PRAGMA user_version = 6",
        "PRAGMA user_version = 7"};
    _Static_assert(sizeof(numbers) / sizeof(*numbers) == VERSION, "one per step");

    while (version < VERSION) {
        db_begin(db, true);
        db_script(db, STEPS[version]);
        db_script(db, numbers[version]);
        if (db_commit(db) != ERR_NONE) {
            fault_set(fault_out, "%s: cannot be written: %s; is the disk full?", path,
                      db_error_text(db));
            return ERR_STORAGE;
        }
        version++;
    }
    return ERR_NONE;
}

/* What is wrong with the file, or NULL. */
static const char *find_damage(struct db *db, uint64_t version, bool may_be_new)
{
    uint64_t tables = db_one_u64(db, "SELECT count(*) FROM sqlite_schema", 0);

    if (db_failed(db)) {
        return db_error_text(db);
    }
    if (version == 0 && tables > 0) {
        return "its tables are not ours";
    }
    if (version == 0 && !may_be_new) {
        return "it is empty";
    }
    if (!passes_quick_check(db)) {
        return db_failed(db) ? db_error_text(db) : "its pages do not fit together";
    }
    return NULL;
}

enum err ledger_schema_prepare(struct db *db, const char *path, bool may_be_new,
                               struct fault *fault_out)
{
    uint64_t version = db_one_u64(db, "PRAGMA user_version", 0);
    const char *damage = find_damage(db, version, may_be_new);

    if (damage != NULL) {
        return damaged(damage, path, fault_out);
    }
    if (version > VERSION) {
        fault_set(fault_out,
                  "%s: made by a newer version of this program (schema %llu, this one "
                  "knows %d); run that version, or restore an older backup",
                  path, (unsigned long long)version, (int)VERSION);
        return ERR_STORAGE;
    }
    db_script(db, "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216;"
                  "PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;");
    if (db_failed(db)) {
        fault_set(fault_out, "%s: %s", path, db_error_text(db));
        return ERR_STORAGE;
    }
    return migrate(db, version, path, fault_out);
}
