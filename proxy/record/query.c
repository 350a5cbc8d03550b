#include "record/query.h"

#include <stdlib.h>

#include "base/items.h"
#include "record/chain.h"
#include "record/ledger_cross.h"
#include "record/ledger_schema.h"
#include "record/people.h"
#include "record/pseudonym.h"
#include "record/query_private.h"

enum err query_open(const struct state_dir *directory, struct query **self_out,
                    struct fault *fault_out)
{
    char path[STATE_DIR_PATH_MAX + 64];
    struct span key = {.ptr = state_dir_pseudonym_key(directory),
                       .len = FINGERPRINT_KEY_SIZE};

    *self_out = NULL;
    struct query *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    secret_mac_start(&self->pseudonyms, key);
    state_dir_file(directory, "ledger.db", path);
    enum err err = db_open(path, DB_READ, &self->db, fault_out);
    if (err != ERR_NONE) {
        query_close(&self);
    }
    *self_out = self;
    return err;
}

void query_close(struct query **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    db_close(&(*self_p)->db);
    secret_wipe(*self_p, sizeof(**self_p));
    free(*self_p);
    *self_p = NULL;
}

enum err query_end(struct query *self, const struct json_write *out)
{
    bool failed = db_failed(self->db);
    db_clear(self->db);
    if (failed) {
        return ERR_STORAGE;
    }
    return out != NULL && json_write_result(out).len == 0 ? ERR_LIMIT : ERR_NONE;
}

void query_write_columns(struct db_rows *rows, int first,
                         const struct query_column *columns, struct json_write *out)
{
    for (int i = 0; columns[i].name != NULL; i++) {
        const char *name = columns[i].name;
        switch (columns[i].kind) {
        case QUERY_TEXT:
            json_write_member(out, name, db_text(rows, first + i));
            break;
        case QUERY_U64:
            json_write_member_u64(out, name, db_u64(rows, first + i));
            break;
        case QUERY_TIME:
            json_write_member_time(out, name, db_u64(rows, first + i));
            break;
        case QUERY_ITEMS:
            items_write(out, name, db_text(rows, first + i));
            break;
        case QUERY_BOOL:
            json_write_member_bool(out, name, db_u64(rows, first + i) != 0);
            break;
        }
    }
}

void query_write_each(struct query *self, struct db_rows *rows, query_row *write,
                      void *context, struct json_write *out)
{
    json_write_begin_array(out);
    while (db_next(rows)) {
        json_write_begin_object(out);
        write(self, rows, context, out);
        json_write_end_object(out);
    }
    json_write_end_array(out);
}

struct columns {
    const struct query_column *items;
};

static void write_columns(struct query *self, struct db_rows *rows, void *context,
                          struct json_write *out)
{
    const struct columns *columns = context;

    (void)self;
    query_write_columns(rows, 0, columns->items, out);
}

void query_write_list(struct query *self, struct db_rows *rows,
                      const struct query_column *columns, struct json_write *out)
{
    struct columns context = {.items = columns};

    query_write_each(self, rows, write_columns, &context, out);
}

#define COUNTED " FROM displays WHERE incident = ?1 AND one_of_two = 0"
#define CASES                                                                            \
    "WITH c AS (SELECT DISTINCT viewer_id AS v, subject_id AS s" COUNTED                 \
    " AND subject_id <> '') "

/* Displays and outcomes count responses, whatever they showed; people are counted by what
 * they saw. */
static void read_displays(struct query *self, uint64_t incident,
                          struct query_figures *figures_out)
{
    struct db_rows *rows = db_query(
        self->db,
        "SELECT coalesce(sum(responses), 0), coalesce(sum(" LEDGER_WITHHELD "), 0),"
        " coalesce(sum(" LEDGER_CUT "), 0), coalesce(sum(" LEDGER_DELIVERED "), 0),"
        " count(DISTINCT viewer_id),"
        " count(DISTINCT CASE WHEN viewer_kind <> 'user' THEN viewer_id END)" COUNTED,
        DB_VALUES(DB_U64(incident)));
    if (db_next(rows)) {
        figures_out->displays = db_u64(rows, 0);
        figures_out->withheld = db_u64(rows, 1);
        figures_out->cut = db_u64(rows, 2);
        figures_out->delivered = db_u64(rows, 3);
        figures_out->viewers = db_u64(rows, 4);
        figures_out->viewers_unidentified = db_u64(rows, 5);
    }
    db_end(rows);
}

static void read_cases(struct query *self, uint64_t incident,
                       struct query_figures *figures_out)
{
    struct db_rows *rows = db_query(
        self->db,
        CASES
        "SELECT count(*), count(DISTINCT s), (SELECT count(*) FROM"
        " (SELECT DISTINCT min(v, s), max(v, s) FROM c)),"
        " (SELECT count(*) FROM c a JOIN c b ON a.v = b.s AND a.s = b.v WHERE a.v < a.s),"
        " (SELECT count(DISTINCT a.v) FROM c a JOIN c b ON a.v = b.s) FROM c",
        DB_VALUES(DB_U64(incident)));
    if (db_next(rows)) {
        figures_out->cases = db_u64(rows, 0);
        figures_out->subjects = db_u64(rows, 1);
        figures_out->pairs = db_u64(rows, 2);
        figures_out->mutual_pairs = db_u64(rows, 3);
        figures_out->both = db_u64(rows, 4);
    }
    db_end(rows);
}

static bool exists(struct query *self, uint64_t incident)
{
    struct db_rows *rows = db_query(self->db, "SELECT 1 FROM incidents WHERE id = ?",
                                    DB_VALUES(DB_U64(incident)));
    bool found = db_next(rows);
    db_end(rows);
    return found;
}

enum err query_figures(struct query *self, uint64_t incident,
                       struct query_figures *figures_out)
{
    *figures_out = (struct query_figures){0};
    db_clear(self->db);
    if (!exists(self, incident)) {
        return query_end(self, NULL) == ERR_NONE ? ERR_SYNTAX : ERR_STORAGE;
    }
    read_displays(self, incident, figures_out);
    read_cases(self, incident, figures_out);
    return query_end(self, NULL);
}

enum err query_open_count(struct query *self, uint64_t *count_out)
{
    db_clear(self->db);
    *count_out = db_one_u64(
        self->db, "SELECT count(*) FROM incidents WHERE closed_at IS NULL AND drill = 0",
        0);
    return query_end(self, NULL);
}

enum err query_incident_of(struct query *self, const char *name, uint64_t *incident_out)
{
    db_clear(self->db);
    struct db_rows *rows =
        db_query(self->db, LEDGER_INCIDENT_OF, DB_VALUES(DB_STRING(name)));
    *incident_out = db_next(rows) ? db_u64(rows, 0) : 0;
    db_end(rows);
    return query_end(self, NULL);
}

void query_write_figures(struct query *self, uint64_t incident, struct json_write *out)
{
    struct query_figures figures = {0};

    read_displays(self, incident, &figures);
    read_cases(self, incident, &figures);
    json_write_member_u64(out, "displays", figures.displays);
    json_write_key(out, "outcomes");
    json_write_begin_object(out);
    json_write_member_u64(out, "withheld", figures.withheld);
    json_write_member_u64(out, "cut", figures.cut);
    json_write_member_u64(out, "delivered", figures.delivered);
    json_write_end_object(out);
    json_write_member_u64(out, "cases", figures.cases);
    json_write_member_u64(out, "pairs", figures.pairs);
    json_write_member_u64(out, "mutual_pairs", figures.mutual_pairs);
    json_write_member_u64(out, "subjects", figures.subjects);
    json_write_member_u64(out, "viewers", figures.viewers);
    json_write_member_u64(out, "viewers_unidentified", figures.viewers_unidentified);
    json_write_member_u64(out, "both", figures.both);
}

enum err query_verify(struct query *self, uint64_t *rows_out, struct fault *fault_out)
{
    db_clear(self->db);
    struct chain verified;
    enum err err = chain_verify(self->db, NULL, &verified, fault_out);
    *rows_out = verified.seq;
    if (err == ERR_NONE) {
        err = ledger_cross_verify(self->db, fault_out);
    }
    if (err == ERR_NONE) {
        err = people_verify(self->db, &self->pseudonyms, fault_out);
    }
    if (db_failed(self->db)) {
        fault_set(fault_out, "the ledger cannot be read: %s", db_error_text(self->db));
    }
    enum err read_err = query_end(self, NULL);
    return err == ERR_NONE ? read_err : err;
}
