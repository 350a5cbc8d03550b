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

/** Members `displays`, `outcomes`, `cases` ... of the open object. */
void query_write_figures(struct query *self, uint64_t incident, struct json_write *out);
