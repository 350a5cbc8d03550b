/**
 * One SQLite connection with its prepared statements and one latched error.
 *
 * Layer: record. Used by one thread at a time. After the first error of a transaction
 * every call does nothing and db_commit() rolls back, so callers need not look at each
 * step. SQL texts are string literals: a statement is prepared once and found again by
 * the literal's address.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"
#include "record/fault.h"

struct db;
struct db_rows;

enum db_kind {
    DB_KIND_NULL,
    DB_KIND_U64,
    DB_KIND_TEXT,
};

/** A value to bind or one that was read; text is borrowed. */
struct db_value {
    enum db_kind kind;
    uint64_t number;
    struct span text;
};

#define DB_NULL          ((struct db_value){.kind = DB_KIND_NULL})
#define DB_U64(value)    ((struct db_value){.kind = DB_KIND_U64, .number = (value)})
#define DB_TEXT(value)   ((struct db_value){.kind = DB_KIND_TEXT, .text = (value)})
#define DB_STRING(value) DB_TEXT(span_of(value))

/** The values of a call, as pointer and count. */
#define DB_VALUES(...)                                                                   \
    (const struct db_value[]){__VA_ARGS__},                                              \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)

enum db_mode {
    DB_READ,
    DB_WRITE,
    DB_WRITE_NEW, /**< Made with mode 0600 when it is missing. */
};

/** The caller ends it with db_close(). Errors: ERR_STORAGE and the fault. */
MUST_USE enum err db_open(const char *path, enum db_mode mode, struct db **self_out,
                          struct fault *fault_out);

void db_close(struct db **self_p);

/** Begins to write; `durable`: its commit waits for the disk. Clears the error. */
void db_begin(struct db *self, bool durable);

/** Commits, or rolls back after an error. */
MUST_USE enum err db_commit(struct db *self);

void db_rollback(struct db *self);

/** Latches an error of the caller's own. */
void db_fail(struct db *self);

bool db_failed(const struct db *self);

/** From now on a statement that runs while `cancel` is true fails. Any thread sets it. */
void db_watch(struct db *self, const _Atomic(bool) *cancel);

/** Clears the error outside of a transaction. */
void db_clear(struct db *self);

/** What SQLite said last. Lent. */
const char *db_error_text(const struct db *self);

/** Runs several statements without values; not kept. */
void db_script(struct db *self, const char *sql);

/** Empties the write-ahead log into the database, unless a reader is in the way: nobody
 * is waited for. */
void db_truncate_log(struct db *self);

/** Runs one statement to its end. */
void db_run(struct db *self, const char *sql, const struct db_value *values,
            size_t count);

/** Rows of a query; NULL after an error. End with db_end() or a db_next() that is false.
 */
struct db_rows *db_query(struct db *self, const char *sql, const struct db_value *values,
                         size_t count);

/** Steps to the next row. NULL is fine: false. */
bool db_next(struct db_rows *rows);

void db_end(struct db_rows *rows);

/** Columns of the current row; text lives until the next call on `rows`. */
uint64_t db_u64(struct db_rows *rows, int column);
struct span db_text(struct db_rows *rows, int column);
struct db_value db_column(struct db_rows *rows, int column);

/** Columns of the result; a name lives as long as the row. */
int db_column_count(struct db_rows *rows);
const char *db_column_name(struct db_rows *rows, int column);

/** Copies the whole database, as it is at one moment, to a new file. `progress` may be
 * NULL; percent. */
MUST_USE enum err db_copy(struct db *self, const char *target,
                          void (*progress)(unsigned percent), struct fault *fault_out);

/** The first column of the only row, or `otherwise`. */
uint64_t db_one_u64(struct db *self, const char *sql, uint64_t otherwise);

/** Rows changed by the last db_run(). */
uint64_t db_changes(struct db *self);
