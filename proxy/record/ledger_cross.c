#include "record/ledger_cross.h"

#include <limits.h>

/* Of which versions of the schema, what is wrong where there is a row, and its number. */
struct check {
    unsigned since; /* 0: the first. */
    unsigned until; /* Not any more. */
    const char *of;
    const char *wrong;
    const char *sql;
};

enum {
    ERASES = 3,  /* The version that brought erasures and addresses by value. */
    RESPONDS = 7 /* The version that brought `responses`. */
};

#define CHAIN_OF(table) "the chain (in " table ")"

/* How often the chained outcome was counted. */
#define OF_OUTCOME                                                                       \
    "CASE outcome WHEN 'withheld' THEN withheld WHEN 'cut' THEN cut"                     \
    " WHEN 'delivered' THEN delivered ELSE 0 END"

/* What must be so, and the displays of which it is not: NULL is not so either. */
#define DISPLAYS_BUT(condition) "SELECT seq FROM displays WHERE (" condition ") IS NOT 1"

#define NOT_ERASED "incident NOT IN (SELECT incident FROM erasures)"

/* The rows of each incident together: `n` displays, the last at `l`. */
#define INCIDENTS_BUT(displays, condition)                                               \
    "SELECT i.seq FROM incidents i LEFT JOIN (SELECT incident, sum(" displays ") AS n,"  \
    " max(last_at) AS l FROM displays GROUP BY incident) d ON d.incident = i.id"         \
    " WHERE (" condition ") IS NOT 1"

static const struct check CHECKS[] = {
    {0, ERASES, CHAIN_OF("displays"), "viewer or subject is gone",
     DISPLAYS_BUT("viewer IS NOT NULL AND subject IS NOT NULL")},
    {ERASES, UINT_MAX, CHAIN_OF("displays"),
     "viewer or subject is gone, but was not erased",
     DISPLAYS_BUT("viewer IS NOT NULL AND subject IS NOT NULL") " AND " NOT_ERASED},
    /* Older versions kept none: the first rows may be without. */
    {ERASES, UINT_MAX, CHAIN_OF("displays"),
     "the client's address is gone, but was not erased",
     "SELECT seq FROM displays WHERE client = '' AND client_address <> '' AND " NOT_ERASED
     " AND seq > (SELECT min(seq) FROM displays WHERE client <> '')"},
    {0, UINT_MAX, CHAIN_OF("displays"), "count is not that of all outcomes",
     DISPLAYS_BUT("count >= 1 AND min(withheld, cut, delivered) >= 0"
                  " AND withheld + cut + delivered = count")},
    {0, UINT_MAX, CHAIN_OF("displays"), "its own outcome is not counted",
     DISPLAYS_BUT(OF_OUTCOME " > 0")},
    /* The first display was as strong as the chain says. */
    {0, UINT_MAX, CHAIN_OF("displays"), "strong_count does not fit count",
     DISPLAYS_BUT("strong_count BETWEEN strong AND count - 1 + strong")},
    {RESPONDS, UINT_MAX, CHAIN_OF("displays"), "responses do not fit count",
     DISPLAYS_BUT("count - responses BETWEEN 0 AND " OF_OUTCOME)},
    {0, UINT_MAX, CHAIN_OF("displays"), "last_at is before first_at",
     DISPLAYS_BUT("last_at >= first_at")},
    {0, RESPONDS, CHAIN_OF("incidents"), "displays are not those of its rows",
     INCIDENTS_BUT("count", "i.displays = n")},
    {RESPONDS, UINT_MAX, CHAIN_OF("incidents"), "displays are not those of its rows",
     INCIDENTS_BUT("responses", "i.displays = n")},
    {0, UINT_MAX, CHAIN_OF("incidents"), "last_at is not that of its rows",
     INCIDENTS_BUT("count", "i.last_at = l")},
    {0, UINT_MAX, CHAIN_OF("closings"), "incidents has another closing, or none",
     "SELECT c.seq FROM closings c LEFT JOIN incidents i ON i.id = c.incident WHERE"
     " (i.closed_at = c.at AND i.closed_by = c.who AND i.closed_reason = c.reason)"
     " IS NOT 1"},
    {0, UINT_MAX, CHAIN_OF("incidents"), "it is closed, but closings has nothing of it",
     "SELECT seq FROM incidents WHERE coalesce(closed_at, closed_by, closed_reason)"
     " IS NOT NULL AND id NOT IN (SELECT incident FROM closings)"},
    {0, UINT_MAX, CHAIN_OF("feature_changes"), "it is the last, but features has another",
     "SELECT c.seq FROM (SELECT feature, max(seq) AS last FROM feature_changes"
     " GROUP BY feature) l JOIN feature_changes c ON c.seq = l.last LEFT JOIN features f"
     " ON f.name = c.feature WHERE (f.state = c.state AND f.at = c.at AND f.who = c.who"
     " AND f.reason = c.reason AND f.incident = c.incident) IS NOT 1"},
    {0, UINT_MAX, "features", "feature_changes has nothing of it",
     "SELECT rowid FROM features WHERE name NOT IN (SELECT feature FROM"
     " feature_changes)"},
};

enum {
    CHECK_COUNT = sizeof(CHECKS) / sizeof(*CHECKS),
};

static bool fits(struct db *db, const struct check *check, struct fault *fault_out)
{
    struct db_rows *rows = db_query(db, check->sql, NULL, 0);
    bool found = db_next(rows);

    if (found) {
        fault_set(fault_out, "row %llu of %s: %s", (unsigned long long)db_u64(rows, 0),
                  check->of, check->wrong);
    }
    db_end(rows);
    return !found;
}

enum err ledger_cross_verify(struct db *db, struct fault *fault_out)
{
    enum err err = ERR_NONE;

    db_run(db, "BEGIN", NULL, 0);
    uint64_t version = db_one_u64(db, "PRAGMA user_version", 0);
    for (int i = 0; err == ERR_NONE && i < CHECK_COUNT; i++) {
        const struct check *check = &CHECKS[i];
        if (version >= check->since && version < check->until &&
            !fits(db, check, fault_out)) {
            err = ERR_SYNTAX;
        }
    }
    if (db_failed(db)) {
        fault_set(fault_out, "the ledger cannot be read: %s", db_error_text(db));
        err = ERR_STORAGE;
    }
    db_rollback(db);
    db_clear(db);
    return err;
}
