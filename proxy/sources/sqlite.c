/* Grants out of an SQLite database that somebody else writes: read-only, one SELECT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/json_write.h"
#include "net/loop.h"
#include "sources/backend.h"

enum {
    ROWS_MAX = 1000000, /* Of one answer; more is no list of people to see. */
    PROGRESS_STEPS = 1000,
    BUSY_WAIT_MS = 20,
    CHECK_TRIES_MAX = 10,
    VALUES_SIZE_MAX = 1048576,
    QUERY_SIZE_MAX = 65536,
};

struct sqlite_source {
    const struct grant_settings *settings;
    const _Atomic(bool) *stopping;
    sqlite3 *db;
    sqlite3_stmt *statement;
    dev_t device; /* Of the file that is open. */
    ino_t inode;
    const struct grant_question *asked; /* While a query runs. */
};

static bool fails(char *error, const char *what, const char *detail)
{
    (void)snprintf(error, GRANT_ERROR_SIZE, "%s%s%.160s", what,
                   detail[0] != '\0' ? ": " : "", detail);
    return false;
}

/* A SELECT reads tables, calls functions and may recurse: nothing else. */
// NOLINTNEXTLINE(readability-function-size): the parameters are SQLite's.
static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    (void)context;
    (void)first;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return second != NULL && sqlite3_stricmp(second, "load_extension") == 0
                   ? SQLITE_DENY
                   : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

/* Stops a query for which nobody waits any more. */
static int give_up(void *context)
{
    const struct sqlite_source *self = context;

    return atomic_load_explicit(self->stopping, memory_order_relaxed) ||
           (self->asked != NULL && grant_question_late(self->asked));
}

/* Another process writes: waits as long as the question does. */
static int wait_for_lock(void *context, int tries)
{
    const struct sqlite_source *self = context;

    if (give_up(context) || (self->asked == NULL && tries > CHECK_TRIES_MAX)) {
        return 0;
    }
    (void)sqlite3_sleep(BUSY_WAIT_MS);
    return 1;
}

static bool is_blank_tail(const char *tail)
{
    return tail[strspn(tail, " \t\r\n;")] == '\0';
}

static bool check_parameters(sqlite3_stmt *statement, char *error)
{
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        if (name == NULL ||
            (strcmp(name, ":requester") != 0 && strcmp(name, ":values") != 0)) {
            return fails(error,
                         "the query may have the parameters `:requester` and `:values` "
                         "only, not",
                         name != NULL ? name : "?");
        }
    }
    if (sqlite3_bind_parameter_index(statement, ":requester") == 0) {
        return fails(error,
                     "the query must name `:requester`: without it everybody may see "
                     "the same",
                     "");
    }
    return true;
}

static bool check_statement(sqlite3_stmt *statement, const char *tail, char *error)
{
    if (statement == NULL || sqlite3_column_count(statement) == 0) {
        return fails(error, "the query must be one SELECT", "");
    }
    if (!is_blank_tail(tail)) {
        return fails(error, "the query must be one statement; after it stands", tail);
    }
    if (!sqlite3_stmt_readonly(statement) || sqlite3_stmt_isexplain(statement) != 0) {
        return fails(error, "the query must be one SELECT", "");
    }
    if (sqlite3_column_count(statement) != 1) {
        return fails(error, "the query must give one column: whom the requester may see",
                     "");
    }
    return check_parameters(statement, error);
}

/* Declares the table functions of JSON; declaring is no part of a SELECT. */
static void declare_json(sqlite3 *db)
{
    (void)sqlite3_exec(db, "SELECT 1 FROM json_each('[]'), json_tree('[]')", NULL, NULL,
                       NULL);
}

/* GRANT_CHECK_BAD: the query can never do. */
static enum grant_check prepare(struct sqlite_source *self, char *error)
{
    const char *tail = "";

    declare_json(self->db);
    (void)sqlite3_set_authorizer(self->db, authorize, NULL);
    int result =
        sqlite3_prepare_v2(self->db, self->settings->query, -1, &self->statement, &tail);
    if (result == SQLITE_AUTH) {
        (void)fails(error, "the query must be one SELECT", sqlite3_errmsg(self->db));
        return GRANT_CHECK_BAD;
    }
    if (result == SQLITE_ERROR) {
        (void)fails(error, "the query does not fit the database",
                    sqlite3_errmsg(self->db));
        return GRANT_CHECK_BAD;
    }
    if (result != SQLITE_OK) {
        (void)fails(error, "the database cannot be read", sqlite3_errmsg(self->db));
        return GRANT_CHECK_UNREACHABLE;
    }
    return check_statement(self->statement, tail, error) ? GRANT_CHECK_GOOD
                                                         : GRANT_CHECK_BAD;
}

static void close_file(struct sqlite_source *self)
{
    (void)sqlite3_finalize(self->statement);
    (void)sqlite3_close_v2(self->db);
    self->statement = NULL;
    self->db = NULL;
}

static enum grant_check open_file(struct sqlite_source *self, const struct stat *file,
                                  char *error)
{
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;

    self->device = file->st_dev;
    self->inode = file->st_ino;
    if (sqlite3_open_v2(self->settings->sqlite, &self->db, flags, NULL) != SQLITE_OK) {
        (void)fails(error, "the database cannot be opened",
                    self->db != NULL ? sqlite3_errmsg(self->db) : "out of memory");
        close_file(self);
        return GRANT_CHECK_UNREACHABLE;
    }
    (void)sqlite3_limit(self->db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_limit(self->db, SQLITE_LIMIT_SQL_LENGTH, QUERY_SIZE_MAX);
    (void)sqlite3_db_config(self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_progress_handler(self->db, PROGRESS_STEPS, give_up, self);
    (void)sqlite3_busy_handler(self->db, wait_for_lock, self);
    enum grant_check check = prepare(self, error);
    if (check != GRANT_CHECK_GOOD) {
        close_file(self);
    }
    return check;
}

/* The file at the path is the one that is open: a copy may have been put in its place. */
static enum grant_check keep_open(struct sqlite_source *self, char *error)
{
    struct stat file;

    if (stat(self->settings->sqlite, &file) != 0) {
        close_file(self);
        (void)fails(error, "the database is not there", self->settings->sqlite);
        return GRANT_CHECK_UNREACHABLE;
    }
    if (self->db != NULL && (file.st_dev != self->device || file.st_ino != self->inode)) {
        close_file(self);
    }
    return self->db != NULL ? GRANT_CHECK_GOOD : open_file(self, &file, error);
}

/* `:values`: the subjects as a JSON array, for queries that want to look at these only.
 */
static bool bind_values(struct sqlite_source *self, const struct grant_question *question)
{
    int index = sqlite3_bind_parameter_index(self->statement, ":values");
    struct json_write list;

    if (index == 0) {
        return true;
    }
    json_write_init(&list, VALUES_SIZE_MAX);
    json_write_begin_array(&list);
    for (size_t i = 0; i < question->count; i++) {
        json_write_text(&list, question->subjects[i].value);
    }
    json_write_end_array(&list);
    struct span text = json_write_result(&list);
    bool bound =
        text.len > 0 &&
        sqlite3_bind_text64(self->statement, index, (const char *)text.ptr, text.len,
                            SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK;
    json_write_free(&list);
    return bound;
}

static bool bind(struct sqlite_source *self, const struct grant_question *question)
{
    int index = sqlite3_bind_parameter_index(self->statement, ":requester");

    return sqlite3_bind_text64(
               self->statement, index, (const char *)question->requester.ptr,
               question->requester.len, SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK &&
           bind_values(self, question);
}

static int read_rows(struct sqlite_source *self, struct grant_question *question)
{
    int result = SQLITE_ROW;

    for (unsigned rows = 0; rows < ROWS_MAX && result == SQLITE_ROW; rows++) {
        result = sqlite3_step(self->statement);
        if (result == SQLITE_ROW) {
            const unsigned char *text = sqlite3_column_text(self->statement, 0);
            int len = sqlite3_column_bytes(self->statement, 0);
            if (text != NULL && len > 0) {
                grant_question_grant(question,
                                     (struct span){.ptr = text, .len = (size_t)len});
            }
        }
    }
    return result;
}

static bool answer(void *context, struct grant_question *question, char *error)
{
    struct sqlite_source *self = context;

    self->asked = question;
    bool ready = keep_open(self, error) == GRANT_CHECK_GOOD;
    int result = SQLITE_ERROR;
    if (ready) {
        result = bind(self, question) ? read_rows(self, question) : SQLITE_NOMEM;
        if (result != SQLITE_DONE) {
            (void)fails(error, "the query failed",
                        result == SQLITE_ROW ? "too many rows"
                                             : sqlite3_errmsg(self->db));
        }
        (void)sqlite3_reset(self->statement);
        (void)sqlite3_clear_bindings(self->statement);
    }
    self->asked = NULL;
    return ready && result == SQLITE_DONE;
}

static void *make(const struct grant_backend_settings *settings)
{
    struct sqlite_source *self = calloc(1, sizeof(*self));

    if (self != NULL) {
        self->settings = settings->settings;
        self->stopping = settings->stopping;
    }
    return self;
}

static void end(void *context)
{
    struct sqlite_source *self = context;

    close_file(self);
    free(self);
}

static enum grant_check check(const struct grant_settings *settings, char *error)
{
    static const _Atomic(bool) never = false;
    struct sqlite_source self = {.settings = settings, .stopping = &never};

    enum grant_check result = keep_open(&self, error);
    close_file(&self);
    return result;
}

const struct grant_backend GRANT_BACKEND_SQLITE = {
    .kind = GRANT_SOURCE_SQLITE,
    .thread_count = 1,
    .make = make,
    .answer = answer,
    .end = end,
    .check = check,
};
