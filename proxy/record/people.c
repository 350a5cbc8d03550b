#include "record/people.h"

#include "record/pseudonym.h"

static enum err wrong(struct db_rows *rows, const char *what, struct fault *fault_out)
{
    fault_set(fault_out, "row %llu of the chain (in displays): %s was changed",
              (unsigned long long)db_u64(rows, 0), what);
    return ERR_SYNTAX;
}

/* What was erased is NULL; half a row is not. */
static enum err verify_names(struct db *db, const struct secret_mac *key,
                             struct fault *fault_out)
{
    char viewer[PSEUDONYM_DIGITS + 1];
    char subject[PSEUDONYM_DIGITS + 1];
    enum err err = ERR_NONE;

    struct db_rows *rows =
        db_query(db,
                 "SELECT seq, viewer_kind, viewer_id, viewer, subject_id, subject"
                 " FROM displays WHERE viewer IS NOT NULL OR subject IS NOT NULL",
                 NULL, 0);
    while (err == ERR_NONE && db_next(rows)) {
        enum pseudonym_kind kind = PSEUDONYM_USER;
        if (span_equal(db_text(rows, 1), SPAN("session"))) {
            kind = PSEUDONYM_SESSION;
        } else if (span_equal(db_text(rows, 1), SPAN("address"))) {
            kind = PSEUDONYM_ADDRESS;
        }
        pseudonym_of(key, kind, db_text(rows, 3), viewer);
        pseudonym_of(key, PSEUDONYM_USER, db_text(rows, 5), subject);
        if (!span_equal(span_of(viewer), db_text(rows, 2)) ||
            !span_equal(span_of(subject), db_text(rows, 4))) {
            err = wrong(rows, "viewer or subject", fault_out);
        }
    }
    db_end(rows);
    return err;
}

static enum err verify_addresses(struct db *db, const struct secret_mac *key,
                                 struct fault *fault_out)
{
    char address[PSEUDONYM_DIGITS + 1];
    enum err err = ERR_NONE;

    struct db_rows *rows = db_query(
        db, "SELECT seq, client, client_address FROM displays WHERE client <> ''", NULL,
        0);
    while (err == ERR_NONE && db_next(rows)) {
        pseudonym_of(key, PSEUDONYM_ADDRESS, db_text(rows, 1), address);
        if (!span_equal(span_of(address), db_text(rows, 2))) {
            err = wrong(rows, "client", fault_out);
        }
    }
    db_end(rows);
    return err;
}

enum err people_verify(struct db *db, const struct secret_mac *key,
                       struct fault *fault_out)
{
    enum { ADDRESSES = 3 }; /* The version that keeps them. */
    enum err err = verify_names(db, key, fault_out);

    if (err == ERR_NONE && db_one_u64(db, "PRAGMA user_version", 0) >= ADDRESSES) {
        err = verify_addresses(db, key, fault_out);
    }
    return err;
}
