#include "record/dossier.h"

#include <stdlib.h>
#include <string.h>

#include "record/dossier_private.h"

enum {
    POOL_BLOCK_SIZE = 65536,
    ITEMS_FIRST = 16,
};

struct dossier_pool {
    struct dossier_pool *next;
    size_t used;
    size_t capacity;
    char bytes[];
};

static char *take(struct dossier_work *work, size_t size)
{
    struct dossier_pool *block = work->dossier->pool;

    if (block == NULL || block->capacity - block->used < size) {
        size_t capacity = size > POOL_BLOCK_SIZE ? size : POOL_BLOCK_SIZE;
        block = malloc(sizeof(*block) + capacity);
        if (block == NULL) {
            return NULL;
        }
        *block = (struct dossier_pool){.next = work->dossier->pool, .capacity = capacity};
        work->dossier->pool = block;
    }
    char *taken = block->bytes + block->used;
    block->used += size;
    return taken;
}

const char *dossier_text(struct dossier_work *work, struct span text)
{
    char *copy = take(work, text.len + 1);

    if (copy == NULL) {
        db_fail(work->db);
        return "";
    }
    (void)span_copy(text, copy, text.len + 1);
    return copy;
}

struct db_rows *dossier_query(struct dossier_work *work, const char *sql,
                              const struct db_value *more, size_t count)
{
    struct db_value values[9];
    CHECK(count + 4 <= sizeof(values) / sizeof(*values));

    memcpy(values, work->scope, sizeof(work->scope));
    if (count > 0) {
        memcpy(values + 4, more, count * sizeof(*more));
    }
    return db_query(work->db, sql, values, count + 4);
}

/* The room is doubled at powers of two, so a count says how much there is. */
void *dossier_add(struct dossier_work *work, void *items_p, size_t *count_p, size_t size,
                  size_t max)
{
    void **items = items_p;
    size_t count = *count_p;

    if (count == max) {
        return NULL;
    }
    if (count == 0 || (count >= ITEMS_FIRST && (count & (count - 1)) == 0)) {
        size_t capacity = count < ITEMS_FIRST ? ITEMS_FIRST : 2 * count;
        void *bigger = realloc(*items, capacity * size);
        if (bigger == NULL) {
            db_fail(work->db);
            return NULL;
        }
        *items = bigger;
    }
    *count_p = count + 1;
    void *item = (char *)*items + count * size;
    memset(item, 0, size);
    return item;
}

/* Incident, window, and what the first incident was. False: there is no such one. */
static bool read_incidents(struct dossier_work *work)
{
    struct dossier *self = work->dossier;
    uint64_t closed_ms = 0;

    struct db_rows *rows = dossier_query(
        work,
        "SELECT opened_at, coalesce(closed_at, 0), feature, detector, reason,"
        " coalesce(closed_reason, ''), drill FROM incidents WHERE id BETWEEN ?1 AND ?2 "
        "AND"
        " last_at >= ?3 AND opened_at < ?4 AND (drill = 0 OR ?1 = ?2) ORDER BY opened_at",
        NULL, 0);
    while (db_next(rows)) {
        if (self->incident_count++ == 0) {
            self->detected_ms = db_u64(rows, 0);
            self->feature = dossier_text(work, db_text(rows, 2));
            self->detector = dossier_text(work, db_text(rows, 3));
            self->reason = dossier_text(work, db_text(rows, 4));
            self->closing = dossier_text(work, db_text(rows, 5));
            self->drill = db_u64(rows, 6) != 0;
        }
        self->open = self->open || db_u64(rows, 1) == 0;
        closed_ms = db_u64(rows, 1) > closed_ms ? db_u64(rows, 1) : closed_ms;
    }
    self->from_ms = self->scope.incident != 0 ? self->detected_ms : self->scope.from_ms;
    self->to_ms = self->scope.incident == 0 ? self->scope.to_ms
                  : self->open              ? self->scope.now_ms
                                            : closed_ms;
    return self->incident_count > 0 || self->scope.incident == 0;
}

static enum err fill(struct dossier_work *work)
{
    struct dossier *self = work->dossier;
    bool one = self->scope.incident != 0;

    work->scope[0] = DB_U64(self->scope.incident);
    work->scope[1] = DB_U64(one ? self->scope.incident : INT64_MAX);
    work->scope[2] = DB_U64(one ? 0 : self->scope.from_ms);
    work->scope[3] = DB_U64(one ? INT64_MAX : self->scope.to_ms);
    db_run(work->db, "BEGIN", NULL, 0);
    if (!read_incidents(work)) {
        return db_failed(work->db) ? ERR_STORAGE : ERR_SYNTAX;
    }
    dossier_read_figures(work);
    dossier_read_people(work);
    dossier_read_events(work);
    return db_failed(work->db) ? ERR_STORAGE : ERR_NONE;
}

enum err dossier_new(const struct state_dir *directory, const struct dossier_scope *scope,
                     const _Atomic(bool) *cancel, struct dossier **self_out)
{
    char path[STATE_DIR_PATH_MAX + 64];
    struct dossier_work work = {.dossier = calloc(1, sizeof(struct dossier))};

    *self_out = NULL;
    if (work.dossier == NULL) {
        return ERR_MEMORY;
    }
    work.dossier->scope = *scope;
    work.dossier->feature = "";
    work.dossier->detector = "";
    work.dossier->reason = "";
    work.dossier->closing = "";
    state_dir_file(directory, "ledger.db", path);
    enum err err = db_open(path, DB_READ, &work.db, NULL);
    if (err == ERR_NONE) {
        if (cancel != NULL) {
            db_watch(work.db, cancel);
        }
        err = fill(&work);
        db_rollback(work.db);
        db_close(&work.db);
    }
    if (err != ERR_NONE) {
        dossier_free(&work.dossier);
    }
    *self_out = work.dossier;
    return err;
}

void dossier_free(struct dossier **self_p)
{
    struct dossier *self = *self_p;
    if (self == NULL) {
        return;
    }
    while (self->pool != NULL) {
        struct dossier_pool *next = self->pool->next;
        free(self->pool);
        self->pool = next;
    }
    free(self->screens);
    free(self->grants);
    free(self->events);
    free(self->glasses);
    free(self->persons);
    free(self->cases);
    free(self);
    *self_p = NULL;
}
