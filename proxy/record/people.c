#include "record/people.h"

#include "record/pseudonym.h"

enum err people_verify(struct db *db, const struct secret_mac *key,
                       struct fault *fault_out)
{
    char viewer[PSEUDONYM_DIGITS + 1];
    char subject[PSEUDONYM_DIGITS + 1];
    enum err err = ERR_NONE;

    struct db_rows *rows =
        db_query(db,
                 "SELECT seq, viewer_kind, viewer_id, viewer, subject_id, subject"
                 " FROM displays WHERE viewer IS NOT NULL",
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
            fault_set(fault_out, "row %llu of the chain: viewer or subject was changed",
                      (unsigned long long)db_u64(rows, 0));
            err = ERR_SYNTAX;
        }
    }
    db_end(rows);
    return err;
}
