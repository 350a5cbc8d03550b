#include <stdlib.h>
#include <string.h>

#include "record/dossier_private.h"

/* Columns: when, about what, how or why, who, whether it was withheld. */
static void add_rows(struct dossier_work *work, enum dossier_kind kind,
                     struct db_rows *rows)
{
    struct dossier *self = work->dossier;

    while (db_next(rows)) {
        struct dossier_event *event = dossier_add(work, &self->events, &self->event_count,
                                                  sizeof(*event), DOSSIER_ROWS_MAX);
        if (event == NULL) {
            continue;
        }
        event->kind = kind;
        event->at_ms = db_u64(rows, 0);
        event->about = dossier_text(work, db_text(rows, 1));
        event->detail = dossier_text(work, db_text(rows, 2));
        event->who = dossier_text(work, db_text(rows, 3));
        event->withheld = db_u64(rows, 4) != 0;
    }
}

/* The last change before the first display, and those in the window. A restart under the
 * same configuration changes nothing and hides no earlier change. */
static void read_changes(struct dossier_work *work)
{
    const struct dossier *self = work->dossier;
    const struct db_value window[] = {DB_U64(self->from_ms), DB_U64(self->to_ms)};

    add_rows(work, DOSSIER_CONFIGURATION,
             db_query(work->db,
                      "WITH c AS (SELECT id, at, hash, who, summary,"
                      " lag(hash, 1, '') OVER (ORDER BY id) AS former FROM"
                      " config_changes) SELECT at, substr(hash, 1, 12), summary, who, 0"
                      " FROM c WHERE hash <> former AND ((at >= ?1 AND at <= ?2) OR"
                      " id = (SELECT max(id) FROM c WHERE hash <> former AND at < ?1))"
                      " ORDER BY at LIMIT 100",
                      window, 2));
    add_rows(work, DOSSIER_MARK,
             db_query(work->db,
                      "SELECT at, '', text, who, 0 FROM marks WHERE (at >= ?1 AND"
                      " at <= ?2) OR id = (SELECT max(id) FROM marks WHERE at < ?1)"
                      " ORDER BY at LIMIT 100",
                      window, 2));
}

/* Of a drill there are no displays, but it was found and closed. */
#define INCIDENTS                                                                        \
    " FROM incidents WHERE id BETWEEN ?1 AND ?2 AND last_at >= ?3 AND opened_at < ?4"    \
    " AND (drill = 0 OR ?1 = ?2)"

#define FIRST "SELECT first_at, '', screen, '', outcome = 'withheld'" DOSSIER_COUNTED

static void read_first(struct dossier_work *work)
{
    const struct dossier *self = work->dossier;
    size_t before = self->event_count;

    add_rows(work, DOSSIER_FIRST_DISPLAY,
             dossier_query(work, FIRST " ORDER BY first_at, seq LIMIT 1", NULL, 0));
    if (self->event_count > before && self->events[before].withheld) {
        add_rows(work, DOSSIER_FIRST_LEFT,
                 dossier_query(work,
                               FIRST " AND outcome <> 'withheld' ORDER BY first_at, seq"
                                     " LIMIT 1",
                               NULL, 0));
    }
}

static void read_findings(struct dossier_work *work)
{
    read_first(work);
    add_rows(work, DOSSIER_DETECTION,
             dossier_query(work,
                           "SELECT opened_at, detector, reason, '', 0" INCIDENTS
                           " ORDER BY opened_at LIMIT 50",
                           NULL, 0));
    add_rows(work, DOSSIER_CLOSING,
             dossier_query(work,
                           "SELECT closed_at, '', coalesce(closed_reason, ''),"
                           " coalesce(closed_by, ''), 0" INCIDENTS
                           " AND closed_at IS NOT NULL ORDER BY closed_at LIMIT 50",
                           NULL, 0));
}

/* `names`: features of the incidents in scope, by name or by what they took down. What a
 * drill did stands in the report of a drill alone. */
#define CHANGES_OF                                                                       \
    "WITH i AS (SELECT id, feature, drill" INCIDENTS "),"                                \
    " names AS (SELECT feature AS name FROM i UNION SELECT feature FROM feature_changes" \
    " WHERE incident IN (SELECT id FROM i))"                                             \
    " SELECT at, feature, reason, who, 0 FROM feature_changes c"                         \
    " WHERE feature IN (SELECT name FROM names) AND at >= ?5 AND"                        \
    " (cause = 'drill') = (SELECT max(drill) FROM i)"

/* The feature was closed until then since before the window's end: since its first change
 * after it was up last. */
#define CLOSED_IN_WINDOW                                                                 \
    " AND (SELECT at FROM feature_changes d WHERE d.feature = c.feature AND"             \
    " d.state <> 'up' AND d.seq <= c.seq AND d.seq > coalesce((SELECT max(seq) FROM"     \
    " feature_changes u WHERE u.feature = c.feature AND u.state = 'up' AND"              \
    " u.seq < c.seq), 0) ORDER BY d.seq LIMIT 1) <= ?6 ORDER BY seq LIMIT 50"

/* In the window and a day before: a reopening may be what the incident came of. How it
 * went on, by trials and by a reopening, also when the incident is closed. */
static void read_features(struct dossier_work *work)
{
    enum { DAY_MS = 86400000 };
    const struct dossier *self = work->dossier;
    const struct db_value window[] = {
        DB_U64(self->from_ms > DAY_MS ? self->from_ms - DAY_MS : 0), DB_U64(self->to_ms)};

    add_rows(work, DOSSIER_TAKE_DOWN,
             dossier_query(work,
                           CHANGES_OF " AND at <= ?6 AND state = 'down' ORDER BY seq"
                                      " LIMIT 50",
                           window, 2));
    add_rows(work, DOSSIER_TRIAL,
             dossier_query(work, CHANGES_OF " AND state = 'trial'" CLOSED_IN_WINDOW,
                           window, 2));
    add_rows(
        work, DOSSIER_REOPENING,
        dossier_query(work, CHANGES_OF " AND state = 'up'" CLOSED_IN_WINDOW, window, 2));
}

static int compare(const void *left, const void *right)
{
    const struct dossier_event *a = left;
    const struct dossier_event *b = right;

    if (a->at_ms != b->at_ms) {
        return a->at_ms < b->at_ms ? -1 : 1;
    }
    return (int)a->kind - (int)b->kind;
}

void dossier_read_events(struct dossier_work *work)
{
    struct dossier *self = work->dossier;

    if (self->incident_count == 0) {
        return;
    }
    read_changes(work);
    read_findings(work);
    read_features(work);
    dossier_read_modes(work);
    if (self->event_count > 1) {
        qsort(self->events, self->event_count, sizeof(*self->events), compare);
    }
}
