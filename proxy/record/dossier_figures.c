#include <stdio.h>
#include <string.h>

#include "record/dossier_private.h"
#include "record/ledger_evidence.h"
#include "record/ledger_schema.h"

/* How often a row counts for the part ?5. */
#define TIMES                                                                            \
    "CASE ?5 WHEN 1 THEN withheld WHEN 2 THEN cut WHEN 3 THEN delivered"                 \
    " WHEN 4 THEN cut + delivered WHEN 5 THEN strong_count ELSE count END"

/* The same in responses: each is one row's, however many it showed. How many of them were
 * strong is known up to these. */
#define LEFT LEDGER_CUT " + " LEDGER_DELIVERED
#define RESPONSES                                                                        \
    "CASE ?5 WHEN 1 THEN " LEDGER_WITHHELD " WHEN 2 THEN " LEDGER_CUT                    \
    " WHEN 3 THEN " LEDGER_DELIVERED " WHEN 4 THEN " LEFT                                \
    " WHEN 5 THEN min(strong_count, responses) ELSE responses END"

/* Displays count responses; cases need a subject. */
static void read_tally(struct dossier_work *work, enum dossier_part part,
                       struct dossier_tally *tally)
{
    const struct db_value which = DB_U64(part);

    struct db_rows *rows = dossier_query(
        work,
        "WITH r AS MATERIALIZED (SELECT viewer_id AS v, subject_id AS s, viewer_kind AS "
        "k,"
        " " RESPONSES " AS n" DOSSIER_COUNTED " AND " TIMES " > 0),"
        " c AS MATERIALIZED (SELECT DISTINCT v, s FROM r WHERE s <> '')"
        " SELECT (SELECT coalesce(sum(n), 0) FROM r), (SELECT count(*) FROM c),"
        " (SELECT count(*) FROM (SELECT DISTINCT min(v, s), max(v, s) FROM c)),"
        " (SELECT count(*) FROM c a JOIN c b ON a.v = b.s AND a.s = b.v WHERE a.v < a.s),"
        " (SELECT count(DISTINCT s) FROM c), (SELECT count(DISTINCT v) FROM r),"
        " (SELECT count(DISTINCT v) FROM r WHERE k <> 'user'),"
        " (SELECT count(DISTINCT a.v) FROM c a JOIN c b ON a.v = b.s)",
        &which, 1);
    if (db_next(rows)) {
        *tally = (struct dossier_tally){
            .displays = db_u64(rows, 0),
            .cases = db_u64(rows, 1),
            .pairs = db_u64(rows, 2),
            .mutual_pairs = db_u64(rows, 3),
            .subjects = db_u64(rows, 4),
            .viewers = db_u64(rows, 5),
            .viewers_unidentified = db_u64(rows, 6),
            .both = db_u64(rows, 7),
        };
    }
    db_end(rows);
}

static void read_screens(struct dossier_work *work)
{
    struct dossier *self = work->dossier;
    struct dossier_screen *screen = NULL;

    struct db_rows *rows = dossier_query(
        work,
        "SELECT screen, max(shows), sum(responses), count(DISTINCT CASE WHEN"
        " subject_id <> '' THEN viewer_id || subject_id END), sum(" LEFT
        ")" DOSSIER_COUNTED " GROUP BY screen ORDER BY min(first_at), min(seq)",
        NULL, 0);
    while (db_next(rows) &&
           (screen = dossier_add(work, &self->screens, &self->screen_count,
                                 sizeof(*screen), DOSSIER_ROWS_MAX)) != NULL) {
        screen->screen = dossier_text(work, db_text(rows, 0));
        screen->shows = dossier_text(work, db_text(rows, 1));
        screen->displays = db_u64(rows, 2);
        screen->cases = db_u64(rows, 3);
        screen->left = db_u64(rows, 4);
    }
    db_end(rows);
}

/* The mean is rounded half up, in whole numbers. */
static void read_grants(struct dossier_work *work)
{
    struct dossier *self = work->dossier;
    struct dossier_grant *grant = NULL;

    struct db_rows *rows = dossier_query(
        work,
        "SELECT m, count(*), max(n), (2 * sum(n) + count(*)) / (2 * count(*)) FROM"
        " (SELECT marker_class AS m, count(DISTINCT subject_id) AS n" DOSSIER_COUNTED
        " AND subject_id <> '' AND detector = 'granted-marker'"
        " GROUP BY marker_class, viewer_id) GROUP BY m ORDER BY m",
        NULL, 0);
    while (db_next(rows) &&
           (grant = dossier_add(work, &self->grants, &self->grant_count, sizeof(*grant),
                                DOSSIER_ROWS_MAX)) != NULL) {
        grant->marker = dossier_text(work, db_text(rows, 0));
        grant->viewers = db_u64(rows, 1);
        grant->subjects_max = db_u64(rows, 2);
        grant->subjects_mean = db_u64(rows, 3);
    }
    db_end(rows);
}

/* Unsafe requests in the window of whoever is a viewer or a subject. */
static void read_writes(struct dossier_work *work)
{
    struct dossier *self = work->dossier;
    const struct db_value window[] = {DB_U64(self->from_ms), DB_U64(self->to_ms)};

    struct db_rows *rows = dossier_query(
        work,
        "WITH r AS MATERIALIZED (SELECT session, viewer_id, subject_id" DOSSIER_COUNTED
        ") SELECT coalesce(sum(count), 0) FROM writes WHERE last_at >= ?5 AND"
        " first_at <= ?6 AND ((session IN (SELECT session FROM r) AND session <> '') OR"
        " (user_id <> '' AND user_id IN (SELECT viewer_id FROM r UNION"
        " SELECT subject_id FROM r)))",
        window, 2);
    self->writes = db_next(rows) ? db_u64(rows, 0) : 0;
    db_end(rows);
}

/* The feature whose routes alone are doubted, as it stands in `doubts`; "": all. An
 * incident of `login` is about whoever is logged in, on any route. */
static void name_feature(const struct dossier *self, char *text, size_t size)
{
    bool all = self->scope.incident == 0 || self->feature[0] == '\0' ||
               strcmp(self->feature, "login") == 0;

    text[0] = '\0';
    if (!all) {
        (void)snprintf(text, size, ",%s,", self->feature);
    }
}

#define DOUBTED                                                                          \
    " FROM doubts WHERE slot BETWEEN ?5 AND ?6 AND last_at >= ?7 AND first_at <= ?8 AND" \
    " (?9 = '' OR features = '*' OR instr(features, ?9) > 0)"

/* What left without being verified, where a marker is required. */
static void read_bound(struct dossier_work *work)
{
    struct dossier *self = work->dossier;
    uint64_t back_ms =
        self->from_ms > LEDGER_ROW_MS_MAX ? self->from_ms - LEDGER_ROW_MS_MAX : 0;
    char feature[FEATURE_NAME_SIZE_MAX + 2];
    name_feature(self, feature, sizeof(feature));
    const struct db_value window[] = {DB_U64(back_ms / LEDGER_DOUBT_SLOT_MS),
                                      DB_U64(self->to_ms / LEDGER_DOUBT_SLOT_MS),
                                      DB_U64(self->from_ms), DB_U64(self->to_ms),
                                      DB_STRING(feature)};

    struct db_rows *rows = dossier_query(
        work,
        "SELECT (SELECT coalesce(sum(responses), 0)" DOSSIER_SCOPE " AND one_of_two = 1),"
        " (SELECT coalesce(sum(count), 0)" DOUBTED " AND kind = 'uninspected'),"
        " (SELECT coalesce(sum(count), 0)" DOUBTED " AND kind = 'unmarked'),"
        " (SELECT coalesce(sum(" LEFT "), 0)" DOSSIER_SCOPE " AND one_of_two = 1)",
        window, 5);
    if (db_next(rows)) {
        self->one_of_two = db_u64(rows, 0);
        self->uninspected = db_u64(rows, 1);
        self->unmarked = db_u64(rows, 2);
        self->one_of_two_left = db_u64(rows, 3);
        self->upper_bound = self->one_of_two + self->uninspected + self->unmarked;
    }
    db_end(rows);
}

static void read_times(struct dossier_work *work)
{
    struct db_rows *rows = dossier_query(
        work,
        "SELECT coalesce(min(first_at), 0), coalesce(max(last_at), 0)" DOSSIER_SCOPE,
        NULL, 0);
    if (db_next(rows)) {
        work->dossier->first_ms = db_u64(rows, 0);
        work->dossier->last_ms = db_u64(rows, 1);
    }
    db_end(rows);
}

void dossier_read_figures(struct dossier_work *work)
{
    struct dossier *self = work->dossier;

    for (int part = 0; part < DOSSIER_PART_COUNT; part++) {
        read_tally(work, (enum dossier_part)part, &self->tallies[part]);
    }
    self->weak_cases =
        self->tallies[DOSSIER_ALL].cases - self->tallies[DOSSIER_STRONG].cases;
    read_times(work);
    read_screens(work);
    read_grants(work);
    if (self->incident_count > 0) {
        read_writes(work);
        read_bound(work);
    }
}
