#include "record/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/utf8.h"
#include "record/db_private.h"

enum {
    STATEMENTS_MAX = 64,
    BUSY_TIMEOUT_MS = 1000,
};

struct db_rows {
    struct db *db;
    const char *sql;
    sqlite3_stmt *statement;
};

struct db {
    sqlite3 *handle;
    const _Atomic(bool) *cancel; /* Of db_watch(). */
    bool failed;
    bool durable;
    unsigned count;
    struct db_rows rows[STATEMENTS_MAX];
};

/* SQLite would make the file readable by others. */
static bool make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    return fd >= 0 && close(fd) == 0;
}

static enum err open_fault(const char *path, const char *reason, struct fault *fault_out)
{
    fault_set(fault_out, "%s: %s", path, reason);
    return ERR_STORAGE;
}

enum err db_open(const char *path, enum db_mode mode, struct db **self_out,
                 struct fault *fault_out)
{
    char reason[128];
    int flags = mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

    *self_out = NULL;
    if (mode == DB_WRITE_NEW && !make_file(path)) {
        return open_fault(path, fault_errno_text(errno, reason, sizeof(reason)),
                          fault_out);
    }
    struct db *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return open_fault(path, "out of memory", fault_out);
    }
    int result = sqlite3_open_v2(path, &self->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK) {
        db_close(&self);
        return open_fault(path, sqlite3_errstr(result), fault_out);
    }
    (void)sqlite3_busy_timeout(self->handle, BUSY_TIMEOUT_MS);
    self->durable = true;
    *self_out = self;
    return ERR_NONE;
}

void db_close(struct db **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    for (unsigned i = 0; i < (*self_p)->count; i++) {
        (void)sqlite3_finalize((*self_p)->rows[i].statement);
    }
    (void)sqlite3_close((*self_p)->handle);
    free(*self_p);
    *self_p = NULL;
}

void db_fail(struct db *self)
{
    self->failed = true;
}

bool db_failed(const struct db *self)
{
    return self->failed;
}

static int is_cancelled(void *context)
{
    const struct db *self = context;
    return atomic_load(self->cancel) ? 1 : 0;
}

void db_watch(struct db *self, const _Atomic(bool) *cancel)
{
    enum { STEPS_BETWEEN = 20000 };

    self->cancel = cancel;
    sqlite3_progress_handler(self->handle, STEPS_BETWEEN, is_cancelled, self);
}

void db_clear(struct db *self)
{
    self->failed = false;
}

const char *db_error_text(const struct db *self)
{
    return sqlite3_errmsg(self->handle);
}

void db_script(struct db *self, const char *sql)
{
    if (!self->failed && sqlite3_exec(self->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        self->failed = true;
    }
}

void db_truncate_log(struct db *self)
{
    (void)sqlite3_busy_timeout(self->handle, 0);
    db_script(self, "PRAGMA wal_checkpoint(TRUNCATE)");
    (void)sqlite3_busy_timeout(self->handle, BUSY_TIMEOUT_MS);
}

void db_begin(struct db *self, bool durable)
{
    if (sqlite3_get_autocommit(self->handle) == 0) {
        db_rollback(self); /* One that failed to roll back. */
    }
    self->failed = false;
    if (durable != self->durable) {
        db_script(self,
                  durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        self->durable = durable;
    }
    db_run(self, "BEGIN IMMEDIATE", NULL, 0);
}

void db_rollback(struct db *self)
{
    self->failed = false;
    if (sqlite3_get_autocommit(self->handle) == 0) {
        db_run(self, "ROLLBACK", NULL, 0);
    }
    self->failed = true;
}

enum err db_commit(struct db *self)
{
    db_run(self, "COMMIT", NULL, 0);
    if (self->failed) {
        db_rollback(self);
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

static struct db_rows *prepared(struct db *self, const char *sql)
{
    for (unsigned i = 0; i < self->count; i++) {
        if (self->rows[i].sql == sql) {
            return &self->rows[i];
        }
    }
    CHECK(self->count < STATEMENTS_MAX);
    struct db_rows *rows = &self->rows[self->count];
    *rows = (struct db_rows){.db = self, .sql = sql};
    if (sqlite3_prepare_v3(self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &rows->statement, NULL) != SQLITE_OK) {
        return NULL;
    }
    self->count++;
    return rows;
}

/* Text that is not UTF-8 goes in as a blob: the same bytes come back. */
static int bind(sqlite3_stmt *statement, int index, const struct db_value *value)
{
    const void *bytes = value->text.len > 0 ? (const void *)value->text.ptr : "";

    switch (value->kind) {
    case DB_KIND_NULL:
        return sqlite3_bind_null(statement, index);
    case DB_KIND_U64:
        return sqlite3_bind_int64(statement, index, (sqlite3_int64)value->number);
    case DB_KIND_TEXT:
        if (utf8_is_text(value->text)) {
            return sqlite3_bind_text64(statement, index, bytes, value->text.len,
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
        }
        return sqlite3_bind_blob64(statement, index, bytes, value->text.len,
                                   SQLITE_TRANSIENT);
    }
    UNREACHABLE();
}

struct db_rows *db_query(struct db *self, const char *sql, const struct db_value *values,
                         size_t count)
{
    if (self->failed) {
        return NULL;
    }
    struct db_rows *rows = prepared(self, sql);
    if (rows == NULL) {
        self->failed = true;
        return NULL;
    }
    (void)sqlite3_reset(rows->statement);
    for (size_t i = 0; i < count; i++) {
        if (bind(rows->statement, (int)i + 1, &values[i]) != SQLITE_OK) {
            self->failed = true;
            return NULL;
        }
    }
    return rows;
}

bool db_next(struct db_rows *rows)
{
    if (rows == NULL) {
        return false;
    }
    int result = sqlite3_step(rows->statement);
    if (result == SQLITE_ROW) {
        return true;
    }
    if (result != SQLITE_DONE) {
        rows->db->failed = true;
    }
    db_end(rows);
    return false;
}

void db_end(struct db_rows *rows)
{
    if (rows != NULL) {
        (void)sqlite3_reset(rows->statement);
        (void)sqlite3_clear_bindings(rows->statement);
    }
}

void db_run(struct db *self, const char *sql, const struct db_value *values, size_t count)
{
    struct db_rows *rows = db_query(self, sql, values, count);
    while (db_next(rows)) {
    }
}

uint64_t db_u64(struct db_rows *rows, int column)
{
    return (uint64_t)sqlite3_column_int64(rows->statement, column);
}

struct span db_text(struct db_rows *rows, int column)
{
    const uint8_t *bytes = sqlite3_column_blob(rows->statement, column);
    return (struct span){.ptr = bytes,
                         .len = (size_t)sqlite3_column_bytes(rows->statement, column)};
}

struct db_value db_column(struct db_rows *rows, int column)
{
    switch (sqlite3_column_type(rows->statement, column)) {
    case SQLITE_INTEGER:
        return DB_U64(db_u64(rows, column));
    case SQLITE_NULL:
        return DB_NULL;
    default:
        return DB_TEXT(db_text(rows, column));
    }
}

uint64_t db_one_u64(struct db *self, const char *sql, uint64_t otherwise)
{
    struct db_rows *rows = db_query(self, sql, NULL, 0);
    uint64_t value = db_next(rows) ? db_u64(rows, 0) : otherwise;
    db_end(rows);
    return value;
}

int db_column_count(struct db_rows *rows)
{
    return sqlite3_column_count(rows->statement);
}

const char *db_column_name(struct db_rows *rows, int column)
{
    return sqlite3_column_name(rows->statement, column);
}

struct sqlite3 *db_handle(struct db *self)
{
    return self->handle;
}

uint64_t db_changes(struct db *self)
{
    return (uint64_t)sqlite3_changes64(self->handle);
}
