/**
 * What the query's own files share.
 *
 * Layer: record. Only for query*.c.
 */
#pragma once

#include "base/secret.h"
#include "record/db.h"
#include "record/query.h"

struct query {
    struct db *db;
    struct secret_mac pseudonyms;
};

/** Ends a call: ERR_STORAGE when reading or writing the result failed. */
MUST_USE enum err query_end(struct query *self, const struct json_write *out);

enum query_kind {
    QUERY_TEXT,
    QUERY_U64,
    QUERY_TIME, /**< 0 is null. */
    QUERY_BOOL,
    QUERY_ITEMS, /**< An array (items.h). */
};

/** One column of a statement as a member; a table of them ends with a `name` of NULL. */
struct query_column {
    const char *name;
    enum query_kind kind;
};

/** Writes one row into the open object; `context` is the caller's. */
typedef void query_row(struct query *self, struct db_rows *rows, void *context,
                       struct json_write *out);

/** An array with an object for each row, which `write` fills. Ends `rows`. */
void query_write_each(struct query *self, struct db_rows *rows, query_row *write,
                      void *context, struct json_write *out);

/** The same where every column is a member, in the order of the statement. */
void query_write_list(struct query *self, struct db_rows *rows,
                      const struct query_column *columns, struct json_write *out);

/** The members of `columns` from the statement's column `first` on. */
void query_write_columns(struct db_rows *rows, int first,
                         const struct query_column *columns, struct json_write *out);

/** Members `displays`, `outcomes`, `cases` ... of the open object. */
void query_write_figures(struct query *self, uint64_t incident, struct json_write *out);
